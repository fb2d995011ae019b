/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics slice by slice. */
#include "base/util.h"
#include "qa/evaluate_inner.h"

#include <stdlib.h>
#include <string.h>

static const struct table_column lead[] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "participant, as in the file's name", NULL},
    {"id", BEN_TABLE_TEXT, 0, NULL, "the reference's path in its folder, without ending", NULL},
    {"method", BEN_TABLE_TEXT, 0, NULL, "what made the prediction", NULL},
    {"plane", BEN_TABLE_TEXT, 0, NULL, "nearest anatomical plane of the slice", NULL},
    {"axis", BEN_TABLE_TEXT, 0, NULL, "axis of the file that slices are counted along", NULL},
    {"slice", BEN_TABLE_INTEGER, 0, NULL, "index along that axis, from 0", NULL},
};
#define LEAD    (int)(sizeof lead / sizeof lead[0])
#define COLUMNS (LEAD + METRICS_FIELDS)

/* How slices are cut out of a volume: the axis across them, and the two in them. */
struct cut {
    int across, in[2];
    int dim[3];         /* of a slice: dim[2] is 1 */
    double voxel_mm[3]; /* of a slice */
};

static int thickest_axis(const double voxel_mm[3])
{
    int axis = 2;
    for (int a = 0; a < 2; a++)
        if (voxel_mm[a] > 1.001 * voxel_mm[axis])
            axis = a;
    return axis;
}

static struct cut cut_across(const struct nifti_info *info, int plane)
{
    int world[3] = {0, 1, 2}, sign[3];
    struct cut c = {.across = thickest_axis(info->voxel_mm)};
    if (info->space != BEN_SPACE_NONE)
        volume_axes(info->affine, world, sign);
    for (int a = 0; a < 3; a++)
        if (plane != EVALUATE_AUTO_PLANE && world[a] == plane)
            c.across = a;
    c.in[0] = util_lower_axis(c.across);
    c.in[1] = util_higher_axis(c.across);
    const int order[3] = {c.in[0], c.in[1], c.across};
    for (int a = 0; a < 3; a++) {
        c.dim[a] = info->dim[order[a]];
        c.voxel_mm[a] = info->voxel_mm[order[a]];
    }
    c.dim[2] = 1;
    return c;
}

static const char *plane_name(const struct nifti_info *info, const struct cut *cut)
{
    int world[3], sign[3];
    if (info->space == BEN_SPACE_NONE)
        return NULL;
    volume_axes(info->affine, world, sign);
    return species_plane_name((enum slice_plane)world[cut->across]);
}

/* One slice of mask into slice; whether it holds anything. */
static bool take_slice(const struct cut *cut, const int dim[3], const uint8_t *mask, int index,
                       uint8_t *slice)
{
    const size_t step[3] = {1, (size_t)dim[0], (size_t)dim[0] * (size_t)dim[1]};
    const uint8_t *from = mask + (size_t)index * step[cut->across];
    bool any = false;
    for (int j = 0; j < cut->dim[1]; j++)
        for (int i = 0; i < cut->dim[0]; i++) {
            uint8_t voxel = from[(size_t)j * step[cut->in[1]] + (size_t)i * step[cut->in[0]]];
            slice[(size_t)j * (size_t)cut->dim[0] + (size_t)i] = voxel;
            any = any || voxel;
        }
    return any;
}

static void make_columns(struct table_column *columns)
{
    memcpy(columns, lead, sizeof lead);
    evaluate_metric_columns(columns + LEAD);
}

static enum ben_status add_slice(struct table *table, const char *const *texts, int index,
                                 const struct metrics *metrics)
{
    enum ben_status st = BEN_OK;
    long row;
    TRY(table_add_row(table, &row));
    TRY(evaluate_set_texts(table, row, 0, texts, LEAD - 1));
    TRY(table_set_integer(table, row, LEAD - 1, index));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(table_set_real(table, row, LEAD + f, metrics_value(metrics, f)));
out:
    return st;
}

static enum ben_status add_slices(struct table *table, const struct evaluate_masks *masks,
                                  const struct cut *cut, const char *const *texts)
{
    enum ben_status st = BEN_OK;
    const int *dim = masks->info->dim;
    size_t n = (size_t)cut->dim[0] * (size_t)cut->dim[1];
    uint8_t *slices = NULL;
    struct metrics metrics;
    TRY_NEW(slices = malloc(2 * n));
    for (int k = 0; k < dim[cut->across]; k++) {
        bool in_pred = take_slice(cut, dim, masks->pred, k, slices);
        bool in_ref = take_slice(cut, dim, masks->ref, k, slices + n);
        if (!in_pred && !in_ref)
            continue;
        TRY(metrics_compute_slice(cut->dim, cut->voxel_mm, slices, slices + n, &metrics));
        TRY(add_slice(table, texts, k, &metrics));
    }
out:
    free(slices);
    return st;
}

static enum ben_status print_lines(const struct table *table, FILE *to)
{
    enum ben_status st = BEN_OK;
    for (long row = 0; row < table_rows(table); row++) {
        char *line;
        TRY_NEW(line = table_line(table, row));
        fprintf(to, "%s\n", line);
        free(line);
    }
out:
    return st;
}

enum ben_status evaluate_slices(const struct pair *pair, const struct evaluate_masks *masks,
                                int plane, FILE *to)
{
    enum ben_status st = BEN_OK;
    static const char *const axis_names[] = {"i", "j", "k"};
    const struct cut cut = cut_across(masks->info, plane);
    struct table_column columns[COLUMNS];
    struct table *table = NULL;
    char *participant = evaluate_participant(pair->id);
    const char *texts[] = {participant, pair->id, pair->method, plane_name(masks->info, &cut),
                           axis_names[cut.across]};
    TRY_NEW(participant);
    make_columns(columns);
    TRY(table_create(columns, COLUMNS, &table));
    TRY(add_slices(table, masks, &cut, texts));
    TRY(print_lines(table, to));
out:
    table_free(&table);
    free(participant);
    return st;
}

enum ben_status evaluate_write_slices(const char *path, const char *lines)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[COLUMNS];
    struct table *table = NULL;
    make_columns(columns);
    TRY(table_create(columns, COLUMNS, &table));
    TRY(table_write_lines(table, path, lines));
out:
    table_free(&table);
    return st;
}
