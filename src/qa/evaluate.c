/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/evaluate.h"
#include "qa/evaluate_inner.h"

#include "base/log.h"
#include "io/nifti.h"
#include "mpi/spread.h"
#include "prep/close.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID_TOLERANCE 0.1 /* of the smallest voxel edge */
#define EDGE_TOLERANCE 0.01

/* What the ranks work with. */
struct evaluation {
    const struct pairs *pairs;
    const struct evaluate_options *options;
};

void evaluate_start_row(struct evaluate_row *row)
{
    memset(row, 0, sizeof *row);
    row->metrics = (struct metrics){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

void evaluate_fail_row(struct evaluate_row *row, const char *id)
{
    row->status = BEN_EVALUATE_FAILED;
    snprintf(row->reason, sizeof row->reason, "%s", ben_error_text());
    log_warn("%s: %s", id, row->reason);
}

static void row_warn(struct evaluate_row *row, const char *reason)
{
    size_t used = strlen(row->reason);
    row->status = BEN_EVALUATE_WARNING;
    snprintf(row->reason + used, sizeof row->reason - used, "%s%s", used ? "; " : "", reason);
}

static double smallest_edge(const struct nifti_info *info)
{
    return fmin(info->voxel_mm[0], fmin(info->voxel_mm[1], info->voxel_mm[2]));
}

/* Grids that agree; where one file says nothing about the world, the voxel sizes must do. */
static bool grids_agree(const struct nifti_info *pred, const struct nifti_info *ref)
{
    if (pred->space != BEN_SPACE_NONE && ref->space != BEN_SPACE_NONE)
        return nifti_same_grid(pred, ref, GRID_TOLERANCE * smallest_edge(ref));
    for (int a = 0; a < 3; a++)
        if (fabs(pred->voxel_mm[a] / ref->voxel_mm[a] - 1) > EDGE_TOLERANCE)
            return false;
    return true;
}

static void warn_of_oddities(const struct pair *pair, const struct evaluate_image *pred,
                             const struct evaluate_image *ref, struct evaluate_row *row)
{
    if (!grids_agree(&pred->info, &ref->info))
        row_warn(row, "prediction and reference are of one size but at different places in "
                      "the world; compared voxel by voxel");
    if (row->metrics.pred_mm3 <= 0)
        row_warn(row, "the prediction is empty");
    if (row->metrics.ref_mm3 <= 0)
        row_warn(row, "the reference is empty");
    if (row->status == BEN_EVALUATE_WARNING)
        log_warn("%s: %s", pair->id, row->reason);
}

enum ben_status evaluate_compare(const struct pair *pair,
                                 const struct evaluate_options *options,
                                 const struct evaluate_image *pred, struct evaluate_image *ref,
                                 struct evaluate_row *row, FILE *slices)
{
    enum ben_status st = BEN_OK;
    const int *p = pred->info.dim, *r = ref->info.dim;
    const struct evaluate_masks masks = {&ref->info, pred->mask, ref->mask};
    memcpy(row->dim, ref->info.dim, sizeof row->dim);
    memcpy(row->voxel_mm, ref->info.voxel_mm, sizeof row->voxel_mm);
    if (p[0] != r[0] || p[1] != r[1] || p[2] != r[2])
        FAIL(BEN_E_INPUT,
             "%s has %d x %d x %d voxels, its reference %s has %d x %d x %d; bring them to one "
             "grid",
             pair->pred, p[0], p[1], p[2], pair->ref, r[0], r[1], r[2]);
    if (options->ref_close_mm > 0)
        TRY(close_mask(r, ref->info.voxel_mm, options->ref_close_mm, ref->mask));
    TRY(metrics_compute(r, ref->info.voxel_mm, pred->mask, ref->mask, &row->metrics));
    if (slices)
        TRY(evaluate_slices(pair, &masks, options->plane, slices));
    warn_of_oddities(pair, pred, ref, row);
out:
    return st;
}

static enum ben_status compare(const struct pair *pair, const struct evaluate_options *options,
                               struct evaluate_row *row, FILE *slices)
{
    enum ben_status st = BEN_OK;
    struct evaluate_image pred = {0}, ref = {0};
    if (!pair->pred)
        FAIL(BEN_E_INPUT, "%s: no prediction for this reference", pair->ref);
    TRY(nifti_read_mask(pair->pred, BEN_VOLUME_DEFAULT, &pred.mask, &pred.info, NULL));
    TRY(nifti_read_mask(pair->ref, BEN_VOLUME_DEFAULT, &ref.mask, &ref.info, NULL));
    TRY(evaluate_compare(pair, options, &pred, &ref, row, slices));
out:
    free(pred.mask);
    free(ref.mask);
    return st;
}

/* A pair's cost is its voxels; one that cannot be read costs nothing and fails later. */
static double cost_of_pair(void *context, long item)
{
    const struct evaluation *e = context;
    const struct pair *pair = &e->pairs->list[item];
    struct nifti_info info;
    if (!pair->pred || nifti_inspect(pair->ref, &info) != BEN_OK)
        return 0;
    return (double)info.dim[0] * info.dim[1] * info.dim[2];
}

static enum ben_status work_on_pair(void *context, long item, void *to, FILE *slices)
{
    const struct evaluation *e = context;
    const struct pair *pair = &e->pairs->list[item];
    struct evaluate_row *row = to;
    evaluate_start_row(row);
    enum ben_status st = compare(pair, e->options, row, slices);
    if (st == BEN_E_MEMORY)
        return st;
    if (st != BEN_OK)
        evaluate_fail_row(row, pair->id);
    return BEN_OK;
}

enum ben_status evaluate_pairs(const struct comm *comm, const struct pairs *pairs,
                               const struct evaluate_options *options,
                               struct evaluate_row *rows, char **slices)
{
    struct evaluation evaluation = {pairs, options};
    const struct spread spread = {pairs->n, sizeof *rows, &evaluation, cost_of_pair,
                                  work_on_pair};
    return spread_work(comm, &spread, rows, slices);
}
