/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/metrics.h"

#include "mpi/comm.h"
#include "prep/box.h"
#include "prep/distance.h"
#include "prep/percentile.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ISOTROPIC 1e-9 /* relative difference of edges that are the same */

const struct metrics_field metrics_fields[METRICS_FIELDS] = {
    {"dice", offsetof(struct metrics, dice), 6, NULL,
     "Dice coefficient of prediction and reference"},
    {"jaccard", offsetof(struct metrics, jaccard), 6, NULL,
     "Jaccard index of prediction and reference"},
    {"sensitivity", offsetof(struct metrics, sensitivity), 6, NULL,
     "share of the reference that the prediction holds"},
    {"specificity", offsetof(struct metrics, specificity), 6, NULL,
     "share of the voxels outside the reference that the prediction leaves outside"},
    {"hd_mm", offsetof(struct metrics, hd_mm), 6, "mm",
     "Hausdorff distance between boundary voxels"},
    {"hd_voxels", offsetof(struct metrics, hd_voxels), 6, "voxels",
     "Hausdorff distance between boundary voxels on a grid with edges of 1"},
    {"hd95_mm", offsetof(struct metrics, hd95_mm), 6, "mm",
     "larger of the two directed 95th percentiles of distances between boundary voxels"},
    {"asd_mm", offsetof(struct metrics, asd_mm), 6, "mm",
     "mean distance from the prediction's boundary voxels to the reference's"},
    {"assd_mm", offsetof(struct metrics, assd_mm), 6, "mm",
     "mean distance between boundary voxels, both directions taken together"},
    {"pred_mm3", offsetof(struct metrics, pred_mm3), 6, "mm^3", "volume of the prediction"},
    {"ref_mm3", offsetof(struct metrics, ref_mm3), 6, "mm^3", "volume of the reference"},
};

/* A mask within the common box. */
struct part {
    uint8_t *mask, *boundary;
    long voxels, surface; /* inside; on the boundary */
    float *away;          /* [surface] distances to the other's boundary */
    int axes;             /* of the boundary: 3, or 2 in a slice */
};

double metrics_value(const struct metrics *metrics, int field)
{
    double value;
    ENSURE(field >= 0 && field < METRICS_FIELDS);
    memcpy(&value, (const char *)metrics + metrics_fields[field].offset, sizeof value);
    return value;
}

/* Whether a voxel of the mask has a neighbour outside it along one of the first axes. */
static bool is_boundary(const int size[3], int axes, const uint8_t *mask, const int at[3])
{
    const ptrdiff_t step[3] = {1, size[0], (ptrdiff_t)size[0] * size[1]};
    const uint8_t *voxel = mask + at[2] * step[2] + at[1] * step[1] + at[0];
    for (int a = 0; a < axes; a++)
        if (at[a] == 0 || at[a] == size[a] - 1 || !voxel[step[a]] || !voxel[-step[a]])
            return true;
    return false;
}

static void mark_boundary(const int size[3], struct part *part)
{
    long voxels = 0, surface = 0;
#pragma omp parallel for schedule(static) reduction(+ : voxels, surface)
    for (int k = 0; k < size[2]; k++)
        for (int j = 0; j < size[1]; j++) {
            size_t row = ((size_t)k * (size_t)size[1] + (size_t)j) * (size_t)size[0];
            for (int i = 0; i < size[0]; i++) {
                const int at[3] = {i, j, k};
                bool edge =
                    part->mask[row + i] && is_boundary(size, part->axes, part->mask, at);
                part->boundary[row + i] = edge;
                voxels += part->mask[row + i];
                surface += edge;
            }
        }
    part->voxels = voxels;
    part->surface = surface;
}

static enum ben_status part_create(const struct box *box, const int dim[3], const uint8_t *mask,
                                   struct part *part)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)box->size[0] * (size_t)box->size[1] * (size_t)box->size[2];
    TRY_NEW(part->mask = malloc(n + 1));
    TRY_NEW(part->boundary = malloc(n + 1));
    box_cut(box, dim, mask, part->mask);
    mark_boundary(box->size, part);
    TRY_NEW(part->away = malloc(((size_t)part->surface + 1) * sizeof *part->away));
out:
    return st;
}

static void part_free(struct part *part)
{
    free(part->mask);
    free(part->boundary);
    free(part->away);
}

/* from->away := distances from its boundary voxels to the nearest of to. squared is scratch. */
static enum ben_status measure_away(const int size[3], const double spacing[3],
                                    struct part *from, const struct part *to, float *squared)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
    float *away = from->away;
    TRY(distance_squared(size, spacing, to->boundary, squared));
    for (size_t i = 0; i < n; i++)
        if (from->boundary[i])
            *away++ = sqrtf(squared[i]);
out:
    return st;
}

static double largest(const struct part *part)
{
    float most = 0;
    for (long i = 0; i < part->surface; i++)
        most = fmaxf(most, part->away[i]);
    return most;
}

static double total(const struct part *part)
{
    double sum = 0;
    for (long i = 0; i < part->surface; i++)
        sum += part->away[i];
    return sum;
}

static enum ben_status percentile_95(const struct part *part, double *value)
{
    const struct comm self = comm_self();
    const double percent = 95;
    return percentile_find(&self, part->away, (size_t)part->surface, NULL, &percent, 1, value);
}

static enum ben_status distances_mm(const int size[3], const double voxel_mm[3],
                                    struct part parts[2], float *squared, struct metrics *m)
{
    enum ben_status st = BEN_OK;
    double forth, back;
    TRY(measure_away(size, voxel_mm, &parts[0], &parts[1], squared));
    TRY(measure_away(size, voxel_mm, &parts[1], &parts[0], squared));
    TRY(percentile_95(&parts[0], &forth));
    TRY(percentile_95(&parts[1], &back));
    m->hd_mm = fmax(largest(&parts[0]), largest(&parts[1]));
    m->hd95_mm = fmax(forth, back);
    m->asd_mm = total(&parts[0]) / (double)parts[0].surface;
    m->assd_mm =
        (total(&parts[0]) + total(&parts[1])) / (double)(parts[0].surface + parts[1].surface);
out:
    return st;
}

static enum ben_status distance_voxels(const int size[3], const double voxel_mm[3],
                                       struct part parts[2], float *squared, struct metrics *m)
{
    enum ben_status st = BEN_OK;
    const double unit[3] = {1, 1, 1};
    if (fabs(voxel_mm[1] / voxel_mm[0] - 1) < ISOTROPIC &&
        fabs(voxel_mm[2] / voxel_mm[0] - 1) < ISOTROPIC) {
        m->hd_voxels = m->hd_mm / voxel_mm[0];
        return BEN_OK;
    }
    TRY(measure_away(size, unit, &parts[0], &parts[1], squared));
    TRY(measure_away(size, unit, &parts[1], &parts[0], squared));
    m->hd_voxels = fmax(largest(&parts[0]), largest(&parts[1]));
out:
    return st;
}

static void overlap(const int dim[3], const double voxel_mm[3], const struct part parts[2],
                    size_t n, struct metrics *m)
{
    double all = (double)dim[0] * dim[1] * dim[2],
           mm3 = voxel_mm[0] * voxel_mm[1] * voxel_mm[2];
    double pred = (double)parts[0].voxels, ref = (double)parts[1].voxels;
    long both = 0;
    for (size_t i = 0; i < n; i++)
        both += parts[0].mask[i] & parts[1].mask[i];
    double common = (double)both;
    m->dice = pred + ref > 0 ? 2 * common / (pred + ref) : 1;
    m->jaccard = pred + ref > 0 ? common / (pred + ref - common) : 1;
    m->sensitivity = ref > 0 ? common / ref : NAN;
    m->specificity = ref < all ? (all - pred - ref + common) / (all - ref) : NAN;
    m->pred_mm3 = pred * mm3;
    m->ref_mm3 = ref * mm3;
}

static enum ben_status compute(const int dim[3], const double voxel_mm[3],
                               const uint8_t *const masks[2], int axes, struct metrics *metrics)
{
    enum ben_status st = BEN_OK;
    const struct box boxes[2] = {box_find(dim, masks[0]), box_find(dim, masks[1])};
    const struct box box = box_join(&boxes[0], &boxes[1]);
    size_t n = (size_t)box.size[0] * (size_t)box.size[1] * (size_t)box.size[2];
    struct part parts[2] = {{.axes = axes}, {.axes = axes}};
    float *squared = NULL;
    struct metrics m = {
        .hd_mm = NAN, .hd_voxels = NAN, .hd95_mm = NAN, .asd_mm = NAN, .assd_mm = NAN};
    TRY(part_create(&box, dim, masks[0], &parts[0]));
    TRY(part_create(&box, dim, masks[1], &parts[1]));
    overlap(dim, voxel_mm, parts, n, &m);
    if (parts[0].voxels > 0 && parts[1].voxels > 0) {
        TRY_NEW(squared = malloc(n * sizeof *squared));
        TRY(distances_mm(box.size, voxel_mm, parts, squared, &m));
        TRY(distance_voxels(box.size, voxel_mm, parts, squared, &m));
    }
    *metrics = m;
out:
    free(squared);
    part_free(&parts[0]);
    part_free(&parts[1]);
    return st;
}

enum ben_status metrics_compute(const int dim[3], const double voxel_mm[3], const uint8_t *pred,
                                const uint8_t *ref, struct metrics *metrics)
{
    const uint8_t *const masks[2] = {pred, ref};
    return compute(dim, voxel_mm, masks, 3, metrics);
}

enum ben_status metrics_compute_slice(const int dim[3], const double voxel_mm[3],
                                      const uint8_t *pred, const uint8_t *ref,
                                      struct metrics *metrics)
{
    const uint8_t *const masks[2] = {pred, ref};
    ENSURE(dim[2] == 1);
    return compute(dim, voxel_mm, masks, 2, metrics);
}
