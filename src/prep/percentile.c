/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/percentile.h"

#include <omp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BINS       2048
#define TARGETS    (2 * PERCENTILE_MAX)
#define TOP_SHIFT  21
#define EXPONENT   255u /* of infinities and NaN */
#define SIGN_BIT   UINT32_C(0x80000000)
#define ROUNDS     3
#define THREAD_MIN 4096 /* values that are worth a thread */

static const int round_shift[ROUNDS] = {TOP_SHIFT, 10, 0};
static const int round_bits[ROUNDS] = {11, 11, 10};

/* An order statistic being narrowed down: the bits known so far and its rank among the values
 * that share them. */
struct target {
    uint32_t key;
    unsigned long rank;
    int group;
};

/* Targets that share their known bits share a histogram. */
struct selection {
    const float *values;
    size_t n;
    const float *skip;
    struct target targets[TARGETS];
    int n_targets;
    uint32_t prefixes[TARGETS];
    int n_groups;
    int n_threads;
    unsigned long *counts; /* [n_threads][TARGETS][BINS]; the sum ends in thread 0's part */
};

/* Unsigned order of keys = order of floats. */
static uint32_t key_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & SIGN_BIT ? ~bits : bits | SIGN_BIT;
}

static float float_of_key(uint32_t key)
{
    uint32_t bits = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void count_top(const struct selection *s, size_t from, size_t to, unsigned long *counts)
{
    for (size_t i = from; i < to; i++)
        if (!s->skip || s->values[i] != *s->skip)
            counts[key_of_float(s->values[i]) >> TOP_SHIFT]++;
}

static void count_below(const struct selection *s, int round, size_t from, size_t to,
                        unsigned long *counts)
{
    int shift = round_shift[round], known = shift + round_bits[round];
    uint32_t mask = (UINT32_C(1) << round_bits[round]) - 1;
    for (size_t i = from; i < to; i++) {
        uint32_t key = key_of_float(s->values[i]);
        for (int g = 0; g < s->n_groups; g++)
            if (key >> known == s->prefixes[g] && (!s->skip || s->values[i] != *s->skip))
                counts[g * BINS + (key >> shift & mask)]++;
    }
}

static void count_share(const struct selection *s, int round, int thread)
{
    unsigned long *counts = s->counts + (size_t)thread * TARGETS * BINS;
    long from, count;
    memset(counts, 0, (size_t)s->n_groups * BINS * sizeof *counts);
    comm_share((long)s->n, thread, s->n_threads, &from, &count);
    if (round == 0)
        count_top(s, (size_t)from, (size_t)(from + count), counts);
    else
        count_below(s, round, (size_t)from, (size_t)(from + count), counts);
}

/* One histogram per group over the whole team, in s->counts. */
static enum ben_status count_round(const struct comm *team, struct selection *s, int round)
{
    size_t width = (size_t)s->n_groups * BINS;
#pragma omp parallel for schedule(static) num_threads(s->n_threads)
    for (int t = 0; t < s->n_threads; t++)
        count_share(s, round, t);
    for (int t = 1; t < s->n_threads; t++)
        for (size_t i = 0; i < width; i++)
            s->counts[i] += s->counts[(size_t)t * TARGETS * BINS + i];
    return comm_sum_u64(team, s->counts, width);
}

static void target_narrow(struct target *target, const unsigned long *counts, int bits)
{
    uint32_t bin = 0;
    while (target->rank >= counts[bin])
        target->rank -= counts[bin++];
    target->key = target->key << bits | bin;
}

/* Narrows every target by its group's histogram, then forms the groups of the next round. */
static void selection_narrow(struct selection *s, int round)
{
    for (int i = 0; i < s->n_targets; i++)
        target_narrow(&s->targets[i], s->counts + s->targets[i].group * BINS,
                      round_bits[round]);
    s->n_groups = 0;
    for (int i = 0; i < s->n_targets; i++) {
        int g = 0;
        while (g < s->n_groups && s->prefixes[g] != s->targets[i].key)
            g++;
        s->prefixes[g] = s->targets[i].key;
        s->targets[i].group = g;
        s->n_groups += g == s->n_groups;
    }
}

static bool top_is_finite(const unsigned long *counts)
{
    for (uint32_t bin = 0; bin < BINS; bin++) {
        uint32_t bits = bin & BINS / 2 ? bin : ~bin;
        if ((bits >> 2 & EXPONENT) == EXPONENT && counts[bin])
            return false;
    }
    return true;
}

static unsigned long top_total(const unsigned long *counts)
{
    unsigned long total = 0;
    for (int bin = 0; bin < BINS; bin++)
        total += counts[bin];
    return total;
}

static void targets_set(struct selection *s, unsigned long total, const double *percents,
                        int n_percents, double *weights)
{
    s->n_targets = 2 * n_percents;
    for (int i = 0; i < n_percents; i++) {
        double place = percents[i] / 100 * (double)(total - 1);
        unsigned long low = (unsigned long)place;
        low = low < total ? low : total - 1;
        weights[i] = place - (double)low;
        s->targets[2 * i] = (struct target){.rank = low};
        s->targets[2 * i + 1] = (struct target){.rank = low + 1 < total ? low + 1 : low};
    }
}

static enum ben_status selection_open(const struct comm *team, struct selection *s)
{
    enum ben_status st = BEN_OK;
    int wanted = (int)(s->n / THREAD_MIN < 1024 ? s->n / THREAD_MIN : 1024) + 1;
    s->n_threads = wanted < omp_get_max_threads() ? wanted : omp_get_max_threads();
    s->n_groups = 1;
    TRY_NEW(s->counts = malloc((size_t)s->n_threads * TARGETS * BINS * sizeof *s->counts));
out:
    return comm_agree(team, st);
}

enum ben_status percentile_find(const struct comm *team, const float *values, size_t n,
                                const float *skip, const double *percents, int n_percents,
                                double *results)
{
    enum ben_status st = BEN_OK;
    double weights[PERCENTILE_MAX];
    struct selection s = {.values = values, .n = n, .skip = skip};
    ENSURE(n_percents >= 1 && n_percents <= PERCENTILE_MAX);
    TRY(selection_open(team, &s));
    TRY(count_round(team, &s, 0));
    if (!top_is_finite(s.counts))
        FAIL(BEN_E_INPUT, "the image has NaN or infinite values");
    if (top_total(s.counts) == 0)
        FAIL(BEN_E_INPUT, "there are no values to take percentiles of");
    targets_set(&s, top_total(s.counts), percents, n_percents, weights);
    selection_narrow(&s, 0);
    for (int round = 1; round < ROUNDS; round++) {
        TRY(count_round(team, &s, round));
        selection_narrow(&s, round);
    }
    for (int i = 0; i < n_percents; i++) {
        double low = float_of_key(s.targets[2 * i].key);
        double high = float_of_key(s.targets[2 * i + 1].key);
        results[i] = low + (high - low) * weights[i];
    }
out:
    free(s.counts);
    return st;
}
