/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/selftrain.h"
#include "base/log.h"
#include "base/util.h"
#include "mpi/shared.h"
#include "prep/post.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pixels of a prediction and its reference, all and of the kept slices. */
struct overlap {
    unsigned long both, sum, kept_both, kept_sum;
};

struct selftrain {
    const struct comm *world;
    struct selftrain_config config;
    struct selftrain_scorer scorer;
    int max_batch;
    struct dataset dataset; /* the data set's, with masks of our own */
    const struct dataset *original;
    struct shared *shared;
    uint8_t *masks; /* [n_slices][size][size] of the whole data set, in shared */

    long n, first, count;             /* candidates; this rank's */
    long *slices;                     /* [n] ascending */
    int *scans;                       /* [n] whose they are */
    double (*parts)[SELFTRAIN_PARTS]; /* [n] */
    double *uncertainty;              /* [n] */
    double (*sums)[SELFTRAIN_PARTS];  /* [n_scans] */
    double *scan_uncertainty;         /* [n_scans] NAN: no candidate */
    struct overlap *overlaps;         /* [n_scans] */
    bool *chosen;                     /* [n] */
    bool *kept;                       /* [n_slices] */
    float *x;                         /* [max_batch][size][size] */
    uint32_t *keys;                   /* [max_batch] */
    struct net_certainty maps;        /* [max_batch][size][size] each */
};

static size_t pixels_of(const struct selftrain *s)
{
    return (size_t)s->dataset.size * (size_t)s->dataset.size;
}

static enum ben_status reserve_maps(struct selftrain *s)
{
    enum ben_status st = BEN_OK;
    size_t floats = (size_t)s->max_batch * pixels_of(s);
    TRY_NEW(s->x = malloc(floats * sizeof *s->x));
    TRY_NEW(s->keys = calloc((size_t)s->max_batch, sizeof *s->keys));
    TRY_NEW(s->maps.mean = malloc(floats * sizeof(float)));
    TRY_NEW(s->maps.aleatoric = malloc(floats * sizeof(float)));
    TRY_NEW(s->maps.epistemic = malloc(floats * sizeof(float)));
    TRY_NEW(s->maps.votes = malloc(floats * sizeof(float)));
out:
    return st;
}

static enum ben_status reserve(struct selftrain *s, const bool *unlabelled)
{
    enum ben_status st = BEN_OK;
    const struct dataset *d = s->original;
    size_t slices = (size_t)d->n_slices + 1, scans = (size_t)d->n_scans + 1;
    TRY_NEW(s->slices = calloc(slices, sizeof *s->slices));
    TRY_NEW(s->scans = calloc(slices, sizeof *s->scans));
    TRY_NEW(s->parts = calloc(slices, sizeof *s->parts));
    TRY_NEW(s->uncertainty = calloc(slices, sizeof *s->uncertainty));
    TRY_NEW(s->chosen = calloc(slices, sizeof *s->chosen));
    TRY_NEW(s->kept = calloc(slices, sizeof *s->kept));
    TRY_NEW(s->sums = calloc(scans, sizeof *s->sums));
    TRY_NEW(s->scan_uncertainty = calloc(scans, sizeof *s->scan_uncertainty));
    TRY_NEW(s->overlaps = calloc(scans, sizeof *s->overlaps));
    TRY(reserve_maps(s));
    for (int scan = 0; scan < d->n_scans; scan++)
        for (int i = 0; unlabelled[scan] && i < d->scans[scan].count; i++) {
            s->slices[s->n] = d->scans[scan].first + i;
            s->scans[s->n++] = scan;
        }
    comm_share(s->n, s->world->rank, s->world->size, &s->first, &s->count);
out:
    return st;
}

enum ben_status selftrain_create(const struct comm *world, const struct dataset *dataset,
                                 const bool *unlabelled, const struct selftrain_config *config,
                                 const struct selftrain_scorer *scorer, int max_batch,
                                 struct selftrain **selftrain)
{
    enum ben_status st = BEN_OK;
    struct selftrain *s = calloc(1, sizeof *s);
    if (s) {
        s->world = world;
        s->config = *config;
        s->scorer = *scorer;
        s->max_batch = max_batch;
        s->original = dataset;
        s->dataset = *dataset;
        st = reserve(s, unlabelled);
    } else {
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    }
    TRY(comm_agree(world, st));
    TRY(shared_create(world, (size_t)dataset->n_slices * pixels_of(s), &s->shared));
    s->masks = shared_bytes(s->shared);
    s->dataset.masks = s->masks;
    *selftrain = s;
    s = NULL;
out:
    selftrain_free(&s);
    return st;
}

void selftrain_free(struct selftrain **selftrain)
{
    struct selftrain *s = *selftrain;
    if (!s)
        return;
    shared_free(&s->shared);
    free(s->slices);
    free(s->scans);
    free(s->parts);
    free(s->uncertainty);
    free(s->chosen);
    free(s->kept);
    free(s->sums);
    free(s->scan_uncertainty);
    free(s->overlaps);
    free(s->x);
    free(s->keys);
    free(s->maps.mean);
    free(s->maps.aleatoric);
    free(s->maps.epistemic);
    free(s->maps.votes);
    free(s);
    *selftrain = NULL;
}

const struct dataset *selftrain_dataset(const struct selftrain *selftrain)
{
    return &selftrain->dataset;
}

const bool *selftrain_kept(const struct selftrain *selftrain)
{
    return selftrain->kept;
}

long selftrain_slices(const struct selftrain *selftrain)
{
    return selftrain->n;
}

/* From the maps of n candidates, at of them on: masks and what the scores need. */
static void take_maps(struct selftrain *s, long at, int n)
{
    const size_t pixels = pixels_of(s);
    const float threshold = (float)s->config.threshold;
#pragma omp parallel for
    for (int i = 0; i < n; i++) {
        size_t skip = (size_t)i * pixels;
        struct net_certainty maps = {s->maps.mean + skip, s->maps.aleatoric + skip,
                                     s->maps.epistemic + skip, s->maps.votes + skip};
        uint8_t *mask = s->masks + (size_t)s->slices[at + i] * pixels;
        for (size_t k = 0; k < pixels; k++)
            mask[k] = maps.mean[k] >= threshold;
        s->scorer.measure(s->dataset.size, s->config.samples, s->config.threshold, &maps,
                          s->parts[at + i]);
    }
}

/* This rank's candidates. Local; stops early when asked to. */
static enum ben_status predict(struct selftrain *s, struct net *net, uint64_t seed, int round,
                               bool (*stop)(void))
{
    enum ben_status st = BEN_OK;
    struct net_samples samples = {.seed = seed,
                                  .keys = s->keys,
                                  .first = (uint32_t)round * (uint32_t)s->config.samples,
                                  .count = (uint32_t)s->config.samples};
    double start = util_now_s();
    for (long done = 0; done < s->count; done += s->max_batch) {
        long at = s->first + done, left = s->count - done;
        int n = left < s->max_batch ? (int)left : s->max_batch;
        if (stop && stop())
            FAIL(BEN_E_INTERRUPTED, "stopped by a signal; the same command goes on");
        for (int i = 0; i < n; i++) {
            dataset_read_image(s->original, s->slices[at + i], s->x + (size_t)i * pixels_of(s));
            s->keys[i] = (uint32_t)s->slices[at + i];
        }
        net_monte_carlo(net, s->x, n, &samples, &s->maps);
        take_maps(s, at, n);
        log_progress("pseudo-labels", (double)(done + n), (double)s->count, start);
    }
    log_progress_end();
out:
    return st;
}

/* Every rank's slices first..first+count-1 of the list, by comm_share of n items whose slices
 * are from[first] ... to[first + count - 1], become what all ranks read. Collective. */
static enum ben_status publish(struct selftrain *s, const long *from, const long *to, long n)
{
    enum ben_status st = BEN_OK;
    const size_t pixels = pixels_of(s);
    for (int rank = 0; rank < s->world->size; rank++) {
        long first, count;
        comm_share(n, rank, s->world->size, &first, &count);
        if (count == 0)
            continue;
        long begin = from[first], end = to[first + count - 1] + 1;
        TRY(shared_publish(s->shared, (size_t)begin * pixels, (size_t)(end - begin) * pixels,
                           rank));
    }
out:
    return st;
}

/* The scans with candidates: list of them, their first and last slices. */
struct scan_list {
    long n;
    int *scans;
    long *first, *last;
};

static enum ben_status list_scans(const struct selftrain *s, struct scan_list *list)
{
    enum ben_status st = BEN_OK;
    size_t room = (size_t)s->dataset.n_scans + 1;
    *list = (struct scan_list){0};
    TRY_NEW(list->scans = calloc(room, sizeof *list->scans));
    TRY_NEW(list->first = calloc(room, sizeof *list->first));
    TRY_NEW(list->last = calloc(room, sizeof *list->last));
    for (long i = 0; i < s->n; i++) {
        if (i > 0 && s->scans[i] == s->scans[i - 1])
            continue;
        const struct dataset_scan *scan = &s->dataset.scans[s->scans[i]];
        list->scans[list->n] = s->scans[i];
        list->first[list->n] = scan->first;
        list->last[list->n++] = scan->first + scan->count - 1;
    }
out:
    return st;
}

static void free_scans(struct scan_list *list)
{
    free(list->scans);
    free(list->first);
    free(list->last);
}

static enum ben_status clean_share(struct selftrain *s, const struct scan_list *list)
{
    enum ben_status st = BEN_OK;
    struct post_config config = post_defaults();
    long first, count, voxels;
    config.mend_plane = 2;
    comm_share(list->n, s->world->rank, s->world->size, &first, &count);
    for (long k = first; k < first + count; k++) {
        const struct dataset_scan *scan = &s->dataset.scans[list->scans[k]];
        const int dim[3] = {s->dataset.size, s->dataset.size, scan->count};
        const double mm[3] = {scan->mm, scan->mm, scan->thickness_mm};
        TRY(post_clean(&config, dim, mm, s->masks + (size_t)scan->first * pixels_of(s),
                       &voxels));
    }
out:
    return st;
}

/* Collective. */
static enum ben_status clean(struct selftrain *s)
{
    enum ben_status st = BEN_OK;
    struct scan_list list;
    TRY(comm_agree(s->world, list_scans(s, &list)));
    TRY(comm_agree(s->world, clean_share(s, &list)));
    TRY(publish(s, list.first, list.last, list.n));
out:
    free_scans(&list);
    return st;
}

static void judge(struct selftrain *s)
{
    memset(s->sums, 0, (size_t)s->dataset.n_scans * sizeof *s->sums);
    for (int scan = 0; scan < s->dataset.n_scans; scan++)
        s->scan_uncertainty[scan] = NAN;
    for (long i = 0; i < s->n; i++) {
        s->uncertainty[i] = s->scorer.judge_slice(s->parts[i]);
        for (int k = 0; k < SELFTRAIN_PARTS; k++)
            s->sums[s->scans[i]][k] += s->parts[i][k];
    }
    for (long i = 0; i < s->n; i++)
        if (i == 0 || s->scans[i] != s->scans[i - 1])
            s->scan_uncertainty[s->scans[i]] = s->scorer.judge_scan(s->sums[s->scans[i]]);
}

static struct selftrain_candidates candidates_of(const struct selftrain *s)
{
    return (struct selftrain_candidates){s->n, s->uncertainty, s->scans, s->dataset.n_scans,
                                         s->scan_uncertainty};
}

static enum ben_status rank_candidates(struct selftrain *s, uint64_t seed, int round)
{
    enum ben_status st = BEN_OK;
    const struct selftrain_candidates candidates = candidates_of(s);
    judge(s);
    TRY(selftrain_select(&s->config, &candidates, seed, round, s->chosen));
    memset(s->kept, 0, (size_t)s->dataset.n_slices * sizeof *s->kept);
    for (long i = 0; i < s->n; i++)
        s->kept[s->slices[i]] = s->chosen[i];
out:
    return st;
}

/* This rank's candidates against the masks that are known. */
static void compare_share(struct selftrain *s)
{
    const size_t pixels = pixels_of(s);
    memset(s->overlaps, 0, (size_t)s->dataset.n_scans * sizeof *s->overlaps);
    for (long i = s->first; i < s->first + s->count; i++) {
        struct overlap *o = &s->overlaps[s->scans[i]];
        const uint8_t *mine = s->masks + (size_t)s->slices[i] * pixels;
        const uint8_t *reference = dataset_mask(s->original, s->slices[i]);
        unsigned long both = 0, sum = 0;
        for (size_t k = 0; k < pixels; k++) {
            both += mine[k] & reference[k];
            sum += (unsigned)mine[k] + reference[k];
        }
        o->both += both;
        o->sum += sum;
        o->kept_both += s->chosen[i] ? both : 0;
        o->kept_sum += s->chosen[i] ? sum : 0;
    }
}

static void report_references(const struct selftrain *s, struct selftrain_report *r)
{
    unsigned long both = 0, sum = 0;
    r->dice = 0;
    r->dice_lowest = INFINITY;
    for (long i = 0; i < s->n; i++) {
        int scan = s->scans[i];
        const struct overlap *o = &s->overlaps[scan];
        if ((i > 0 && scan == s->scans[i - 1]) || !s->dataset.scans[scan].source->mask)
            continue;
        double dice = o->sum ? 2.0 * (double)o->both / (double)o->sum : 1;
        r->references++;
        r->dice += dice;
        r->dice_lowest = fmin(r->dice_lowest, dice);
        both += o->kept_both;
        sum += o->kept_sum;
    }
    r->dice = r->references ? r->dice / r->references : NAN;
    r->dice_lowest = r->references ? r->dice_lowest : NAN;
    r->kept_dice = sum ? 2.0 * (double)both / (double)sum : NAN;
}

static void report(const struct selftrain *s, struct selftrain_report *r)
{
    int last_kept = -1;
    const struct selftrain_candidates candidates = candidates_of(s);
    *r = (struct selftrain_report){.candidates = s->n, .worst_kept = NAN};
    selftrain_count_scans(&s->config, &candidates, &r->scans, &r->scans_sure);
    for (long i = 0; i < s->n; i++) {
        if (!s->chosen[i])
            continue;
        r->kept++;
        r->scans_kept += s->scans[i] != last_kept;
        last_kept = s->scans[i];
        double worst = s->config.rule == BEN_KEEP_SCANS ? s->scan_uncertainty[s->scans[i]]
                                                        : s->uncertainty[i];
        r->worst_kept = fmax(r->worst_kept, worst); /* fmax: the number, if one is NAN */
    }
    report_references(s, r);
}

enum ben_status selftrain_round(struct selftrain *selftrain, struct net *net, uint64_t seed,
                                int round, bool (*stop)(void), struct selftrain_report *result)
{
    enum ben_status st = BEN_OK;
    struct selftrain *s = selftrain;
    memset(s->kept, 0, (size_t)s->dataset.n_slices * sizeof *s->kept);
    TRY(comm_agree(s->world, BEN_OK)); /* nobody reads the old masks any more */
    TRY(comm_agree(s->world, predict(s, net, seed, round, stop)));
    TRY(comm_share_rows(s->world, s->parts, s->n, sizeof *s->parts));
    TRY(publish(s, s->slices, s->slices, s->n));
    if (s->config.clean)
        TRY(clean(s));
    TRY(comm_agree(s->world, rank_candidates(s, seed, round)));
    compare_share(s);
    TRY(comm_sum_u64(s->world, &s->overlaps[0].both, 4 * (size_t)s->dataset.n_scans));
    report(s, result);
out:
    return st;
}
