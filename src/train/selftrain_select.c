/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "train/selftrain.h"

#include <math.h>
#include <stdlib.h>

struct entry {
    double uncertainty;
    long index;
};

static int by_uncertainty(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->uncertainty != y->uncertainty)
        return x->uncertainty < y->uncertainty ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static bool is_within(double uncertainty, double limit)
{
    return isfinite(uncertainty) && (limit <= 0 || uncertainty <= limit);
}

static bool is_scan_within(const struct selftrain_config *config,
                           const struct selftrain_candidates *c, int scan)
{
    return config->scan_limit <= 0 || is_within(c->scan_uncertainty[scan], config->scan_limit);
}

/* Slice i: by its own uncertainty and by its scan's. */
static bool is_candidate(const struct selftrain_config *config,
                         const struct selftrain_candidates *c, long i)
{
    return is_within(c->uncertainty[i], config->zeta) && is_scan_within(config, c, c->scans[i]);
}

void selftrain_count_scans(const struct selftrain_config *config,
                           const struct selftrain_candidates *c, int *scans, int *sure)
{
    *scans = *sure = 0;
    for (long i = 0; i < c->n; i++)
        if (i == 0 || c->scans[i] != c->scans[i - 1]) {
            (*scans)++;
            *sure += is_scan_within(config, c, c->scans[i]);
        }
}

/* A network that is sure of few scans is lost: those few would pull it away from the others. */
static bool has_quorum(const struct selftrain_config *config,
                       const struct selftrain_candidates *c)
{
    int scans, sure;
    selftrain_count_scans(config, c, &scans, &sure);
    return sure >= config->quorum * scans;
}

static void rank(struct entry *entries, long n)
{
    qsort(entries, (size_t)n, sizeof *entries, by_uncertainty);
}

/* Of those that may be kept. */
static long share_of(const struct selftrain_config *config, long n)
{
    long share = (long)ceil(config->keep * (double)n - 1e-9);
    return share < 1 && n > 0 ? 1 : share;
}

static void keep_slices(const struct selftrain_config *config,
                        const struct selftrain_candidates *c, struct entry *entries, bool *kept)
{
    long found = 0;
    for (long i = 0; i < c->n; i++)
        if (is_candidate(config, c, i))
            entries[found++] = (struct entry){c->uncertainty[i], i};
    rank(entries, found);
    for (long k = 0, share = share_of(config, found); k < share; k++)
        kept[entries[k].index] = true;
}

/* Of a scan that is kept also the slices that no score is finite for. */
static void keep_scans(const struct selftrain_config *config,
                       const struct selftrain_candidates *c, struct entry *entries, bool *kept)
{
    long found = 0;
    for (int scan = 0; scan < c->n_scans; scan++)
        if (is_within(c->scan_uncertainty[scan], config->scan_limit))
            entries[found++] = (struct entry){c->scan_uncertainty[scan], scan};
    rank(entries, found);
    for (long k = 0, share = share_of(config, found); k < share; k++)
        for (long i = 0; i < c->n; i++)
            kept[i] |= c->scans[i] == entries[k].index;
}

/* Dealt anew each round, so that each slice meets other ones. */
static enum ben_status keep_minimum(const struct selftrain_config *config,
                                    const struct selftrain_candidates *c, uint64_t seed,
                                    int round, bool *kept)
{
    enum ben_status st = BEN_OK;
    struct random_stream stream = random_open(seed, BEN_RANDOM_SHUFFLE, (uint32_t)round, 1);
    uint32_t *order = NULL;
    TRY_NEW(order = calloc((size_t)c->n + 1, sizeof *order));
    random_permutation(&stream, (uint32_t)c->n, order);
    for (long first = 0; first < c->n; first += config->batch) {
        struct entry best = {INFINITY, -1};
        for (long k = first; k < c->n && k < first + config->batch; k++) {
            struct entry mine = {c->uncertainty[order[k]], (long)order[k]};
            if (is_candidate(config, c, mine.index) && by_uncertainty(&mine, &best) < 0)
                best = mine;
        }
        if (best.index >= 0)
            kept[best.index] = true;
    }
out:
    free(order);
    return st;
}

enum ben_status selftrain_select(const struct selftrain_config *config,
                                 const struct selftrain_candidates *candidates, uint64_t seed,
                                 int round, bool *kept)
{
    enum ben_status st = BEN_OK;
    struct entry *entries = NULL;
    TRY_NEW(entries = calloc((size_t)candidates->n + (size_t)candidates->n_scans + 1,
                             sizeof *entries));
    for (long i = 0; i < candidates->n; i++)
        kept[i] = false;
    if (!has_quorum(config, candidates))
        goto out;
    if (config->rule == BEN_KEEP_SLICES)
        keep_slices(config, candidates, entries, kept);
    if (config->rule == BEN_KEEP_SCANS)
        keep_scans(config, candidates, entries, kept);
    if (config->rule == BEN_KEEP_MINIMUM)
        TRY(keep_minimum(config, candidates, seed, round, kept));
out:
    free(entries);
    return st;
}
