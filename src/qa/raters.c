/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/raters.h"

#include "base/log.h"
#include "base/util.h"
#include "mpi/spread.h"
#include "qa/evaluate_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INSIDE 0.5 /* what lies above it is inside the consensus */

/* All pairs in the order of their scans: those of scan s are pair[order[start[s]...start[s+1])],
 * methods first. */
struct rater_job {
    const struct pairs *pairs;
    const struct evaluate_options *options;
    const struct raters_options *raters;
    long *order, *start;
    long n_scans, most; /* most: pairs of one scan */
};

/* What one pair of a scan gives. */
struct rater_entry {
    struct evaluate_row row;
    struct rater_score score;
};

/* A scan in work: what each rater marked in each voxel. */
struct rater_scan {
    const struct rater_job *job;
    const long *pair; /* [n_pairs] */
    long n_pairs, n_methods;
    int n_raters;
    unsigned who; /* raters whose masks could be used */
    struct nifti_info info;
    struct nifti_geometry geometry;
    size_t voxels;
    uint16_t *pattern; /* [voxels] */
    uint64_t *counts;  /* [1 << n_raters] */
    struct rater_entry *entries;
};

static const struct pair *pair_of(const struct rater_scan *scan, long i)
{
    return &scan->job->pairs->list[scan->pair[i]];
}

/* ---- the raters' masks ---- */

static enum ben_status start_grid(struct rater_scan *scan, const struct nifti_info *info,
                                  const struct nifti_geometry *geometry)
{
    enum ben_status st = BEN_OK;
    const int *d = info->dim;
    scan->info = *info;
    scan->geometry = *geometry;
    scan->voxels = (size_t)d[0] * (size_t)d[1] * (size_t)d[2];
    TRY_NEW(scan->pattern = calloc(scan->voxels, sizeof *scan->pattern));
out:
    return st;
}

/* Rater r's mask into the patterns. */
static enum ben_status take_rater(struct rater_scan *scan, int r)
{
    enum ben_status st = BEN_OK;
    const struct pair *pair = pair_of(scan, scan->n_methods + r);
    struct nifti_info info;
    struct nifti_geometry geometry;
    uint8_t *mask = NULL;
    if (!pair->pred)
        FAIL(BEN_E_INPUT, "%s: this rater has no mask of the scan", pair->method);
    TRY(nifti_read_mask(pair->pred, BEN_VOLUME_DEFAULT, &mask, &info, &geometry));
    if (!scan->pattern)
        TRY(start_grid(scan, &info, &geometry));
    if (memcmp(info.dim, scan->info.dim, sizeof info.dim) != 0)
        FAIL(BEN_E_INPUT, "%s has %d x %d x %d voxels, another rater's mask %d x %d x %d",
             pair->pred, info.dim[0], info.dim[1], info.dim[2], scan->info.dim[0],
             scan->info.dim[1], scan->info.dim[2]);
    for (size_t i = 0; i < scan->voxels; i++)
        scan->pattern[i] |= (uint16_t)(mask[i] << r);
    scan->who |= 1u << r;
out:
    free(mask);
    return st;
}

static enum ben_status take_raters(struct rater_scan *scan)
{
    enum ben_status st = BEN_OK;
    for (int r = 0; r < scan->n_raters; r++) {
        long i = scan->n_methods + r;
        st = take_rater(scan, r);
        if (st == BEN_E_MEMORY)
            return st;
        if (st != BEN_OK)
            evaluate_fail_row(&scan->entries[i].row, pair_of(scan, i)->id);
    }
    st = BEN_OK;
    if (__builtin_popcount(scan->who) < 2)
        FAIL(BEN_E_INPUT, "fewer than two raters have a mask of this scan that can be used");
    TRY_NEW(scan->counts = calloc((size_t)1 << scan->n_raters, sizeof *scan->counts));
    for (size_t i = 0; i < scan->voxels; i++)
        scan->counts[scan->pattern[i]]++;
out:
    return st;
}

/* ---- maps ---- */

/* FOLDER/ID + ending; the caller frees. */
static char *map_path(const struct rater_job *job, const char *id, const char *ending)
{
    return util_format("%s/%s_%s.nii.gz", job->raters->folder, id, ending);
}

static void paint(const struct rater_scan *scan, const struct consensus *consensus,
                  uint8_t *mask)
{
    for (size_t i = 0; i < scan->voxels; i++)
        mask[i] = consensus->inside[scan->pattern[i]] > INSIDE;
}

static enum ben_status write_map(const struct rater_scan *scan, const char *ending,
                                 const float *of_pattern, const char *about)
{
    enum ben_status st = BEN_OK;
    char *path = map_path(scan->job, pair_of(scan, 0)->id, ending);
    float *map = NULL;
    TRY_NEW(path);
    TRY_NEW(map = malloc(scan->voxels * sizeof *map));
    for (size_t i = 0; i < scan->voxels; i++)
        map[i] = of_pattern[scan->pattern[i]];
    TRY(nifti_write_f32(path, &scan->geometry, map, about));
out:
    free(map);
    free(path);
    return st;
}

static enum ben_status write_mask(const struct rater_scan *scan,
                                  const struct consensus *consensus)
{
    enum ben_status st = BEN_OK;
    char *path = map_path(scan->job, pair_of(scan, 0)->id, "desc-consensus_mask");
    uint8_t *mask = NULL;
    TRY_NEW(path);
    TRY_NEW(mask = malloc(scan->voxels));
    paint(scan, consensus, mask);
    TRY(util_make_parents(path));
    TRY(nifti_write_u8(path, &scan->geometry, mask, "consensus of raters"));
out:
    free(mask);
    free(path);
    return st;
}

static enum ben_status write_maps(const struct rater_scan *scan,
                                  const struct consensus *consensus)
{
    enum ben_status st = BEN_OK;
    float values[1 << CONSENSUS_RATERS];
    const int n = __builtin_popcount(scan->who);
    TRY(write_mask(scan, consensus));
    for (unsigned d = 0; d < 1u << scan->n_raters; d++)
        values[d] = (float)consensus_disagreement(d & scan->who, n);
    TRY(write_map(scan, "desc-disagreement_map", values, "chance that two raters disagree"));
    for (unsigned d = 0; d < 1u << scan->n_raters; d++)
        values[d] = (float)consensus->inside[d];
    if (scan->job->raters->kind == CONSENSUS_STAPLE)
        TRY(write_map(scan, "desc-consensus_probseg", values, "STAPLE of raters"));
out:
    return st;
}

/* ---- scores ---- */

static void score_scan(const struct rater_scan *scan, const struct consensus *consensus,
                       struct rater_score *score)
{
    const double *mm = scan->info.voxel_mm;
    double voxel_mm3 = mm[0] * mm[1] * mm[2], any = 0, agreed = 0, torn = 0;
    score->raters = __builtin_popcount(scan->who);
    for (unsigned d = 1; d < 1u << scan->n_raters; d++) {
        double n = (double)scan->counts[d];
        any += n;
        agreed += consensus->inside[d] > INSIDE ? n : 0;
        torn += n * consensus_disagreement(d & scan->who, score->raters);
    }
    score->consensus_mm3 = agreed * voxel_mm3;
    score->union_mm3 = any * voxel_mm3;
    score->disagreement = any > 0 ? torn / any : NAN;
}

static void score_rater(const struct rater_scan *scan, const struct consensus *consensus, int r,
                        struct rater_score *score)
{
    double sum = 0;
    score_scan(scan, consensus, score);
    for (int other = 0; other < scan->n_raters; other++)
        if (other != r && scan->who >> other & 1)
            sum += consensus_dice(scan->counts, scan->n_raters, r, other);
    score->dice_with_others = sum / (score->raters - 1);
    score->sensitivity = consensus->sensitivity[r];
    score->specificity = consensus->specificity[r];
}

/* ---- comparisons ---- */

static enum ben_status compare_method(const struct rater_scan *scan, long i,
                                      struct evaluate_image *reference, FILE *slices)
{
    enum ben_status st = BEN_OK;
    const struct pair *pair = pair_of(scan, i);
    struct evaluate_image pred = {0};
    if (!pair->pred)
        FAIL(BEN_E_INPUT, "no prediction for this scan");
    TRY(nifti_read_mask(pair->pred, BEN_VOLUME_DEFAULT, &pred.mask, &pred.info, NULL));
    TRY(evaluate_compare(pair, scan->job->options, &pred, reference, &scan->entries[i].row,
                         slices));
out:
    free(pred.mask);
    return st;
}

static enum ben_status compare_rater(const struct rater_scan *scan, int r,
                                     struct evaluate_image *reference, FILE *slices)
{
    enum ben_status st = BEN_OK;
    const long i = scan->n_methods + r;
    struct evaluate_image own = {NULL, scan->info};
    TRY_NEW(own.mask = malloc(scan->voxels));
    for (size_t v = 0; v < scan->voxels; v++)
        own.mask[v] = scan->pattern[v] >> r & 1;
    TRY(evaluate_compare(pair_of(scan, i), scan->job->options, &own, reference,
                         &scan->entries[i].row, slices));
out:
    free(own.mask);
    return st;
}

/* Pair i against the consensus of all raters but itself. */
static enum ben_status compare_pair(const struct rater_scan *scan, const struct consensus *all,
                                    long i, uint8_t *room, FILE *slices)
{
    enum ben_status st = BEN_OK;
    struct consensus others;
    struct evaluate_image reference = {room, scan->info};
    int r = (int)(i - scan->n_methods);
    if (r < 0) {
        paint(scan, all, room);
        return compare_method(scan, i, &reference, slices);
    }
    if (!(scan->who >> r & 1))
        return BEN_OK; /* failed already */
    TRY(consensus_find(scan->job->raters->kind, scan->counts, scan->n_raters,
                       scan->who & ~(1u << r), &others));
    paint(scan, &others, room);
    TRY(compare_rater(scan, r, &reference, slices));
    score_rater(scan, all, r, &scan->entries[i].score);
out:
    return st;
}

static enum ben_status compare_all(const struct rater_scan *scan,
                                   const struct consensus *consensus, FILE *slices)
{
    enum ben_status st = BEN_OK;
    uint8_t *room = NULL;
    TRY_NEW(room = malloc(scan->voxels));
    for (long i = 0; i < scan->n_pairs; i++) {
        st = compare_pair(scan, consensus, i, room, slices);
        if (st == BEN_E_MEMORY)
            goto out;
        if (st != BEN_OK)
            evaluate_fail_row(&scan->entries[i].row, pair_of(scan, i)->id);
    }
    st = BEN_OK;
out:
    free(room);
    return st;
}

/* A failure of a map ends the run; one of the masks is a scan's own. */
static enum ben_status work_through(struct rater_scan *scan, FILE *slices)
{
    enum ben_status st = BEN_OK;
    struct consensus consensus;
    st = take_raters(scan);
    if (st == BEN_E_INPUT) {
        for (long i = 0; i < scan->n_pairs; i++)
            if (scan->entries[i].row.status != BEN_EVALUATE_FAILED)
                evaluate_fail_row(&scan->entries[i].row, pair_of(scan, i)->id);
        return BEN_OK;
    }
    if (st != BEN_OK)
        return st;
    TRY(consensus_find(scan->job->raters->kind, scan->counts, scan->n_raters, scan->who,
                       &consensus));
    TRY(write_maps(scan, &consensus));
    TRY(compare_all(scan, &consensus, slices));
out:
    return st;
}

/* ---- the ranks' work ---- */

static double cost_of_scan(void *context, long item)
{
    const struct rater_job *job = context;
    const struct pair *pair = &job->pairs->list[job->order[job->start[item]]];
    struct nifti_info info;
    if (!pair->pred || nifti_inspect(pair->pred, &info) != BEN_OK)
        return 0;
    return (double)info.dim[0] * info.dim[1] * info.dim[2];
}

static enum ben_status work_on_scan(void *context, long item, void *to, FILE *slices)
{
    const struct rater_job *job = context;
    struct rater_scan scan = {.job = job,
                              .pair = job->order + job->start[item],
                              .n_pairs = job->start[item + 1] - job->start[item],
                              .entries = to};
    while (scan.n_methods < scan.n_pairs && scan.pair[scan.n_methods] < job->raters->first_pair)
        scan.n_methods++;
    scan.n_raters = (int)(scan.n_pairs - scan.n_methods);
    for (long i = 0; i < scan.n_pairs; i++)
        evaluate_start_row(&scan.entries[i].row);
    enum ben_status st = work_through(&scan, slices);
    free(scan.pattern);
    free(scan.counts);
    return st;
}

static int by_scan(const void *a, const void *b, void *list)
{
    const long x = *(const long *)a, y = *(const long *)b;
    const struct pair *pairs = list;
    int order = strcmp(pairs[x].id, pairs[y].id);
    return order ? order : (x > y) - (x < y);
}

static enum ben_status order_pairs(struct rater_job *job)
{
    enum ben_status st = BEN_OK;
    const struct pairs *pairs = job->pairs;
    size_t n = (size_t)pairs->n;
    TRY_NEW(job->order = malloc((n + 1) * sizeof *job->order));
    TRY_NEW(job->start = calloc(n + 1, sizeof *job->start));
    for (long i = 0; i < pairs->n; i++)
        job->order[i] = i;
    qsort_r(job->order, n, sizeof *job->order, by_scan, pairs->list);
    for (long i = 0; i < pairs->n; i++) {
        if (i == 0 ||
            strcmp(pairs->list[job->order[i - 1]].id, pairs->list[job->order[i]].id) != 0)
            job->start[job->n_scans++] = i;
        job->start[job->n_scans] = i + 1;
        if (i + 1 - job->start[job->n_scans - 1] > job->most)
            job->most = i + 1 - job->start[job->n_scans - 1];
    }
out:
    return st;
}

static enum ben_status check_raters(const struct pairs *pairs, long first)
{
    enum ben_status st = BEN_OK;
    int n = 0;
    for (long i = first; i < pairs->n; i++)
        n += i == first || strcmp(pairs->list[i].method, pairs->list[i - 1].method) != 0;
    if (n < 2 || n > CONSENSUS_RATERS)
        FAIL(BEN_E_ARG, "a consensus needs 2 to %d raters, not %d", CONSENSUS_RATERS, n);
out:
    return st;
}

static void spread_entries(const struct rater_job *job, const struct rater_entry *entries,
                           struct evaluate_row *rows, struct rater_score *scores)
{
    for (long s = 0; s < job->n_scans; s++)
        for (long i = job->start[s]; i < job->start[s + 1]; i++) {
            const struct rater_entry *e = &entries[s * job->most + i - job->start[s]];
            rows[job->order[i]] = e->row;
            scores[job->order[i]] = e->score;
        }
}

/* The references are now the consensus: of all raters, or of the others. */
static enum ben_status name_references(const struct rater_job *job, struct pairs *pairs)
{
    enum ben_status st = BEN_OK;
    for (long i = 0; i < pairs->n; i++) {
        char *name = i < job->raters->first_pair
                         ? map_path(job, pairs->list[i].id, "desc-consensus_mask")
                         : strdup("consensus of the other raters");
        TRY_NEW(name);
        free(pairs->list[i].ref);
        pairs->list[i].ref = name;
    }
out:
    return st;
}

enum ben_status raters_evaluate(const struct comm *comm, struct pairs *pairs,
                                const struct evaluate_options *options,
                                const struct raters_options *raters, struct evaluate_row *rows,
                                struct rater_score *scores, char **slices)
{
    enum ben_status st = BEN_OK;
    struct rater_job job = {.pairs = pairs, .options = options, .raters = raters};
    struct rater_entry *entries = NULL;
    TRY(check_raters(pairs, raters->first_pair));
    TRY(comm_agree(comm, order_pairs(&job)));
    TRY(comm_agree(comm, name_references(&job, pairs)));
    size_t row_bytes = (size_t)job.most * sizeof *entries;
    entries = calloc((size_t)job.n_scans + 1, row_bytes);
    TRY(comm_agree(comm, entries ? BEN_OK
                                 : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                             "out of memory")));
    const struct spread spread = {job.n_scans, row_bytes, &job, cost_of_scan, work_on_scan};
    TRY(spread_work(comm, &spread, entries, slices));
    spread_entries(&job, entries, rows, scores);
out:
    free(job.order);
    free(job.start);
    free(entries);
    return st;
}
