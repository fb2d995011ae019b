/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of scans and of regions. */
#include "base/util.h"
#include "qa/evaluate.h"
#include "qa/outlier.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct table_level status_levels[] = {
    {"ok", "the mask was measured"},
    {"empty", "the mask holds no voxel: left out of groups and changes"},
    {"failed", "the mask could not be read, see the reason"},
    {NULL, NULL},
};
static const struct table_level outlier_levels[] = {
    {"no", "like the others of its group"},
    {"small", "volume_z is below -3.5"},
    {"large", "volume_z is above 3.5"},
    {"uncertain", "uncertainty_z is above 3.5"},
    {"small, uncertain", "both"},
    {"large, uncertain", "both"},
    {NULL, NULL},
};

enum {
    PARTICIPANT,
    SESSION,
    ID,
    SPECIES,
    GROUP,
    STATUS,
    VOLUME,
    VOXELS,
    EDGES,
    UNCERTAINTY,
    TIME,
    VOLUME_Z,
    UNCERTAINTY_Z,
    OUTLIER,
    MASK,
    LABELS,
    REASON,
    COLUMNS
};

static const struct table_column scan_columns[COLUMNS] = {
    [PARTICIPANT] = {"participant_id", BEN_TABLE_TEXT, 0, NULL, "the animal or person", NULL},
    [SESSION] = {"session_id", BEN_TABLE_TEXT, 0, NULL, "session of the scan", NULL},
    [ID] = {"id", BEN_TABLE_TEXT, 0, NULL, "the mask's path in its folder, without ending",
            NULL},
    [SPECIES] = {"species", BEN_TABLE_TEXT, 0, NULL, "as the tables say", NULL},
    [GROUP] = {"group", BEN_TABLE_TEXT, 0, NULL, "what scans were grouped by", NULL},
    [STATUS] = {"status", BEN_TABLE_TEXT, 0, NULL, "whether the mask could be measured",
                status_levels},
    [VOLUME] = {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3", "volume of the brain mask", NULL},
    [VOXELS] = {"voxels", BEN_TABLE_INTEGER, 0, NULL, "voxels in the mask", NULL},
    [EDGES] = {"voxel_mm", BEN_TABLE_TEXT, 0, "mm", "edges of a voxel", NULL},
    [UNCERTAINTY] = {"uncertainty", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL,
                     "of the mask, as the table of its results says", NULL},
    [TIME] = {"time", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL,
              "age or date of the scan (dates: days since 1970)", NULL},
    [VOLUME_Z] = {"volume_z", BEN_TABLE_REAL, 3, NULL,
                  "robust z score of the volume in its species and group: 0.6745 times its "
                  "distance from the median by the median absolute deviation; n/a in groups of "
                  "fewer than 5",
                  NULL},
    [UNCERTAINTY_Z] = {"uncertainty_z", BEN_TABLE_REAL, 3, NULL, "the same of the uncertainty",
                       NULL},
    [OUTLIER] = {"outlier", BEN_TABLE_TEXT, 0, NULL, "whether the scan lies far off",
                 outlier_levels},
    [MASK] = {"mask", BEN_TABLE_TEXT, 0, NULL, "file of the mask, or cohort file it is in",
              NULL},
    [LABELS] = {"labels", BEN_TABLE_TEXT, 0, NULL, "file of the label map", NULL},
    [REASON] = {"reason", BEN_TABLE_TEXT, 0, NULL, "of a failure, or why regions are missing",
                NULL},
};

static const char *outlier_text(double volume_z, double uncertainty_z)
{
    int size = volume_z < -BEN_OUTLIER_Z ? 1 : volume_z > BEN_OUTLIER_Z ? 2 : 0;
    bool unsure = uncertainty_z > BEN_OUTLIER_Z;
    if (!isfinite(volume_z) && !isfinite(uncertainty_z))
        return NULL;
    return outlier_levels[unsure ? 3 + size : size].value;
}

static enum ben_status set_measured(struct table *table, long at, const struct volumes_row *row)
{
    enum ben_status st = BEN_OK;
    const double *mm = row->voxel_mm;
    char *edges = NULL;
    TRY_NEW(edges = util_format("%gx%gx%g", mm[0], mm[1], mm[2]));
    TRY(table_set_real(table, at, VOLUME, row->mm3));
    TRY(table_set_integer(table, at, VOXELS, (int64_t)row->voxels));
    TRY(table_set_text(table, at, EDGES, edges));
out:
    free(edges);
    return st;
}

static enum ben_status add_scan(struct table *table, const struct volumes *volumes, long i,
                                double volume_z, double uncertainty_z)
{
    enum ben_status st = BEN_OK;
    const struct volumes_scan *scan = &volumes->scans[i];
    const struct volumes_known *known = &volumes->known[i];
    const struct volumes_row *row = &volumes->rows[i];
    long at;
    TRY(table_add_row(table, &at));
    TRY(table_set_text(table, at, PARTICIPANT, known->participant));
    TRY(table_set_text(table, at, SESSION, known->session));
    TRY(table_set_text(table, at, ID, scan->id));
    TRY(table_set_text(table, at, SPECIES, known->species));
    TRY(table_set_text(table, at, GROUP, known->group));
    TRY(table_set_text(table, at, STATUS, status_levels[row->status].value));
    if (row->status != BEN_VOLUMES_FAILED)
        TRY(set_measured(table, at, row));
    TRY(table_set_real(table, at, UNCERTAINTY, known->uncertainty));
    TRY(table_set_real(table, at, TIME, known->time));
    TRY(table_set_real(table, at, VOLUME_Z, volume_z));
    TRY(table_set_real(table, at, UNCERTAINTY_Z, uncertainty_z));
    TRY(table_set_text(table, at, OUTLIER, outlier_text(volume_z, uncertainty_z)));
    TRY(table_set_text(table, at, MASK,
                       scan->row >= 0 ? volumes->inputs[scan->input] : scan->path));
    TRY(table_set_text(table, at, LABELS, scan->labels));
    TRY(table_set_text(table, at, REASON, row->reason));
out:
    return st;
}

static enum ben_status write_scans(const char *path, const struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    double *z = NULL;
    size_t n = (size_t)volumes->n + 1;
    TRY_NEW(z = malloc(2 * n * sizeof *z));
    TRY(volumes_scores(volumes, z, z + n));
    TRY(table_create(scan_columns, COLUMNS, &table));
    for (long i = 0; i < volumes->n; i++)
        TRY(add_scan(table, volumes, i, z[i], z[n + (size_t)i]));
    TRY(table_write(table, path));
out:
    free(z);
    table_free(&table);
    return st;
}

/* ---- regions ---- */

static const struct table_column region_columns[] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "the animal or person", NULL},
    {"session_id", BEN_TABLE_TEXT, 0, NULL, "session of the scan", NULL},
    {"id", BEN_TABLE_TEXT, 0, NULL, "the mask's path in its folder, without ending", NULL},
    {"group", BEN_TABLE_TEXT, 0, NULL, "what scans were grouped by", NULL},
    {"region", BEN_TABLE_TEXT, 0, NULL, "name of the label, or its number", NULL},
    {"label", BEN_TABLE_INTEGER, 0, NULL, "value in the label map", NULL},
    {"voxels", BEN_TABLE_INTEGER, 0, NULL, "voxels of the label", NULL},
    {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3", "volume of the label", NULL},
    {"inside_mm3", BEN_TABLE_REAL, 3, "mm^3", "of it inside the brain mask", NULL},
    {"percent_of_brain", BEN_TABLE_REAL, 4, "%", "volume of the label by that of the mask",
     NULL},
};
#define REGION_COLUMNS (int)(sizeof region_columns / sizeof region_columns[0])

static enum ben_status add_region(struct table *table, const struct volumes *volumes,
                                  const struct volumes_names *names,
                                  const struct volumes_region *region)
{
    enum ben_status st = BEN_OK;
    const struct volumes_known *known = &volumes->known[region->scan];
    char *name = volumes_region(names, region->label);
    const char *texts[] = {known->participant, known->session, volumes->scans[region->scan].id,
                           known->group, name};
    const double reals[] = {region->mm3, region->inside_mm3,
                            100 * region->mm3 / volumes->rows[region->scan].mm3};
    long at;
    TRY_NEW(name);
    TRY(table_add_row(table, &at));
    for (int c = 0; c < 5; c++)
        TRY(table_set_text(table, at, c, texts[c]));
    TRY(table_set_integer(table, at, 5, region->label));
    TRY(table_set_integer(table, at, 6, (int64_t)region->voxels));
    for (int c = 0; c < 3; c++)
        TRY(table_set_real(table, at, 7 + c, reals[c]));
out:
    free(name);
    return st;
}

static enum ben_status write_regions(const char *path, const struct volumes *volumes,
                                     const struct volumes_names *names)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(region_columns, REGION_COLUMNS, &table));
    for (long i = 0; i < volumes->n_regions; i++)
        TRY(add_region(table, volumes, names, &volumes->regions[i]));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

/* ---- all ---- */

enum ben_status volumes_check_path(const char *path)
{
    return evaluate_check_path(path);
}

static enum ben_status write_parts(const char *path, const struct volumes *volumes,
                                   const struct volumes_options *options,
                                   const struct volumes_names *names)
{
    enum ben_status st = BEN_OK;
    struct volumes_values values = {0};
    int stem = (int)strlen(path) - 4;
    char *groups = util_format("%.*s_groups.tsv", stem, path);
    char *tests = util_format("%.*s_tests.tsv", stem, path);
    char *change = util_format("%.*s_change.tsv", stem, path);
    char *rates = util_format("%.*s_rates.tsv", stem, path);
    char *rates_tests = util_format("%.*s_rates_tests.tsv", stem, path);
    char *regions = util_format("%.*s_regions.tsv", stem, path);
    if (!groups || !tests || !change || !rates || !rates_tests || !regions)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(volumes_collect(volumes, &values));
    const struct volumes_group_tables tables = {groups, tests, "mm^3", "scans", 3};
    TRY(volumes_write_groups(&tables, volumes, &values, names));
    TRY(volumes_write_change(change, volumes, &values, names, options));
    TRY(volumes_write_rates(rates, rates_tests, volumes, &values, names, options));
    if (volumes->n_regions > 0)
        TRY(write_regions(regions, volumes, names));
out:
    free(values.list);
    free(groups);
    free(tests);
    free(change);
    free(rates);
    free(rates_tests);
    free(regions);
    return st;
}

enum ben_status volumes_write(const char *path, const struct volumes *volumes,
                              const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct volumes_names names = {0};
    TRY(volumes_check_path(path));
    TRY(volumes_open_names(options->label_names, &names));
    TRY(util_make_parents(path));
    TRY(write_scans(path, volumes));
    TRY(write_parts(path, volumes, options, &names));
out:
    tsv_free(&names.table);
    return st;
}
