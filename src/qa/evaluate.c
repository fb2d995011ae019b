/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/evaluate.h"

#include "base/log.h"
#include "io/nifti.h"
#include "mpi/plan.h"
#include "prep/close.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID_TOLERANCE 0.1 /* of the smallest voxel edge */
#define EDGE_TOLERANCE 0.01

/* One side of a pair, read. */
struct mask_image {
    uint8_t *mask;
    struct nifti_info info;
};

static void row_clear(struct evaluate_row *row, long pair)
{
    memset(row, 0, sizeof *row);
    row->pair = pair;
    row->metrics = (struct metrics){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
}

static void row_fail(struct evaluate_row *row, const char *reason)
{
    row->status = BEN_EVALUATE_FAILED;
    snprintf(row->reason, sizeof row->reason, "%s", reason);
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

static void warn_of_oddities(const struct pair *pair, const struct mask_image *pred,
                             const struct mask_image *ref, struct evaluate_row *row)
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

static enum ben_status compare(const struct pair *pair, double ref_close_mm,
                               struct evaluate_row *row)
{
    enum ben_status st = BEN_OK;
    struct mask_image pred = {0}, ref = {0};
    const int *p = pred.info.dim, *r = ref.info.dim;
    if (!pair->pred)
        FAIL(BEN_E_INPUT, "%s: no prediction for this reference", pair->ref);
    TRY(nifti_read_mask(pair->pred, BEN_VOLUME_DEFAULT, &pred.mask, &pred.info, NULL));
    TRY(nifti_read_mask(pair->ref, BEN_VOLUME_DEFAULT, &ref.mask, &ref.info, NULL));
    memcpy(row->dim, ref.info.dim, sizeof row->dim);
    memcpy(row->voxel_mm, ref.info.voxel_mm, sizeof row->voxel_mm);
    if (p[0] != r[0] || p[1] != r[1] || p[2] != r[2])
        FAIL(BEN_E_INPUT,
             "%s has %d x %d x %d voxels, its reference %s has %d x %d x %d; bring them to one "
             "grid",
             pair->pred, p[0], p[1], p[2], pair->ref, r[0], r[1], r[2]);
    if (ref_close_mm > 0)
        TRY(close_mask(ref.info.dim, ref.info.voxel_mm, ref_close_mm, ref.mask));
    TRY(metrics_compute(ref.info.dim, ref.info.voxel_mm, pred.mask, ref.mask, &row->metrics));
    warn_of_oddities(pair, &pred, &ref, row);
out:
    free(pred.mask);
    free(ref.mask);
    return st;
}

/* A pair's cost is its voxels; one that cannot be read costs nothing and fails later. */
static enum ben_status share_costs(const struct comm *comm, const struct pairs *pairs,
                                   double *costs)
{
    enum ben_status st = BEN_OK;
    char *all = NULL;
    size_t *offsets = NULL;
    long first, count;
    comm_share(pairs->n, comm->rank, comm->size, &first, &count);
    for (long i = first; i < first + count; i++) {
        struct nifti_info info;
        costs[i] = 0;
        if (pairs->list[i].pred && nifti_inspect(pairs->list[i].ref, &info) == BEN_OK)
            costs[i] = (double)info.dim[0] * info.dim[1] * info.dim[2];
    }
    TRY(comm_gather_all(comm, costs + first, (size_t)count * sizeof *costs, &all, &offsets));
    memcpy(costs, all, (size_t)pairs->n * sizeof *costs);
out:
    free(all);
    free(offsets);
    return st;
}

/* The first rank of each team works: one pair is not worth more. */
static bool leads_team(const struct plan *plan, int rank)
{
    return rank == 0 || plan->team_of_rank[rank] != plan->team_of_rank[rank - 1];
}

static enum ben_status work(const struct comm *comm, const struct pairs *pairs,
                            const struct plan *plan, double ref_close_mm,
                            struct evaluate_row *mine, long *n_mine)
{
    enum ben_status st = BEN_OK;
    const long *list = plan_scans(plan, comm->rank, n_mine);
    if (!leads_team(plan, comm->rank))
        *n_mine = 0;
    for (long i = 0; i < *n_mine; i++) {
        const struct pair *pair = &pairs->list[list[i]];
        row_clear(&mine[i], list[i]);
        st = compare(pair, ref_close_mm, &mine[i]);
        if (st == BEN_E_MEMORY)
            return st;
        if (st != BEN_OK) {
            row_fail(&mine[i], ben_error_text());
            log_warn("%s: %s", pair->id, mine[i].reason);
        }
    }
    return BEN_OK;
}

static enum ben_status gather_rows(const struct comm *comm, const struct evaluate_row *mine,
                                   long n_mine, struct evaluate_row *rows)
{
    enum ben_status st = BEN_OK;
    char *all = NULL;
    size_t *offsets = NULL;
    TRY(comm_gather_all(comm, mine, (size_t)n_mine * sizeof *mine, &all, &offsets));
    for (size_t at = 0; at < offsets[comm->size]; at += sizeof *mine) {
        struct evaluate_row row;
        memcpy(&row, all + at, sizeof row);
        rows[row.pair] = row;
    }
out:
    free(all);
    free(offsets);
    return st;
}

enum ben_status evaluate_pairs(const struct comm *comm, const struct pairs *pairs,
                               double ref_close_mm, struct evaluate_row *rows)
{
    enum ben_status st = BEN_OK;
    double *costs = calloc((size_t)pairs->n + 1, sizeof *costs);
    struct evaluate_row *mine = calloc((size_t)pairs->n + 1, sizeof *mine);
    struct plan *plan = NULL;
    long n_mine = 0;
    TRY(comm_agree(comm, costs && mine ? BEN_OK : BEN_E_MEMORY));
    TRY(share_costs(comm, pairs, costs));
    TRY(comm_agree(comm, plan_share(costs, pairs->n, comm->size, &plan)));
    TRY(comm_agree(comm, work(comm, pairs, plan, ref_close_mm, mine, &n_mine)));
    TRY(gather_rows(comm, mine, n_mine, rows));
out:
    free(costs);
    free(mine);
    plan_free(&plan);
    return st;
}

enum ben_status evaluate_summarise(const struct evaluate_row *rows, long n,
                                   struct summary *summaries)
{
    enum ben_status st = BEN_OK;
    double *values = NULL;
    TRY_NEW(values = malloc(((size_t)n + 1) * sizeof *values));
    for (int f = 0; f < METRICS_FIELDS; f++) {
        for (long i = 0; i < n; i++)
            values[i] = metrics_value(&rows[i].metrics, f);
        TRY(statistics_summary(values, n, &summaries[f]));
    }
out:
    free(values);
    return st;
}
