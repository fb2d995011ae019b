/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/consensus.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define STAPLE_START 0.99999
#define STAPLE_STOP  1e-12 /* largest change of a sensitivity or specificity */
#define STAPLE_STEPS 10000

/* What expectation maximisation works on. */
struct staple {
    int n;
    unsigned who;
    const double *voxels; /* [1 << n] of the patterns of those who count */
    double prior;
    struct consensus *result;
};

static bool has(unsigned pattern, int rater)
{
    return pattern >> rater & 1;
}

static int raters_in(unsigned pattern)
{
    return __builtin_popcount(pattern);
}

/* The probability of inside, given the raters' present sensitivities and specificities. */
static double posterior(const struct staple *s, unsigned pattern)
{
    double inside = s->prior, outside = 1 - s->prior;
    for (int r = 0; r < s->n; r++) {
        double p = s->result->sensitivity[r], q = s->result->specificity[r];
        if (!has(s->who, r))
            continue;
        inside *= has(pattern, r) ? p : 1 - p;
        outside *= has(pattern, r) ? 1 - q : q;
    }
    return inside + outside > 0 ? inside / (inside + outside) : 0;
}

/* One step; returns the largest change. */
static double step(struct staple *s)
{
    double in = 0, out = 0, hit[CONSENSUS_RATERS] = {0}, miss[CONSENSUS_RATERS] = {0};
    double change = 0;
    for (unsigned d = 0; d < 1u << s->n; d++) {
        if (!(s->voxels[d] > 0))
            continue;
        double w = s->voxels[d] * posterior(s, d), rest = s->voxels[d] - w;
        in += w;
        out += rest;
        for (int r = 0; r < s->n; r++) {
            hit[r] += has(d, r) ? w : 0;
            miss[r] += has(d, r) ? 0 : rest;
        }
    }
    for (int r = 0; r < s->n; r++) {
        double *p = &s->result->sensitivity[r], *q = &s->result->specificity[r];
        double new_p = in > 0 ? hit[r] / in : *p, new_q = out > 0 ? miss[r] / out : *q;
        if (!has(s->who, r))
            continue;
        change = fmax(change, fmax(fabs(new_p - *p), fabs(new_q - *q)));
        *p = new_p;
        *q = new_q;
    }
    return change;
}

static void find_staple(struct staple *s)
{
    double marked = 0, all = 0;
    for (unsigned d = 0; d < 1u << s->n; d++) {
        marked += s->voxels[d] * raters_in(d & s->who);
        all += s->voxels[d] * raters_in(s->who);
    }
    s->prior = all > 0 ? marked / all : 0;
    for (int r = 0; r < s->n; r++)
        if (has(s->who, r))
            s->result->sensitivity[r] = s->result->specificity[r] = STAPLE_START;
    for (int i = 0; i < STAPLE_STEPS && step(s) > STAPLE_STOP;)
        i++;
    for (unsigned d = 0; d < 1u << s->n; d++)
        s->result->inside[d] = posterior(s, d & s->who);
}

enum ben_status consensus_find(enum consensus_kind kind, const uint64_t *voxels, int n,
                               unsigned who, struct consensus *consensus)
{
    enum ben_status st = BEN_OK;
    double *counted = NULL;
    ENSURE(n >= 1 && n <= CONSENSUS_RATERS && who != 0 && who < 1u << n);
    struct staple s = {.n = n, .who = who, .result = consensus};
    TRY_NEW(counted = calloc((size_t)1 << n, sizeof *counted));
    s.voxels = counted;
    for (int r = 0; r < CONSENSUS_RATERS; r++)
        consensus->sensitivity[r] = consensus->specificity[r] = NAN;
    for (unsigned d = 0; d < 1u << n; d++) {
        counted[d & who] += (double)voxels[d];
        consensus->inside[d] = (double)raters_in(d & who) / raters_in(who);
    }
    if (kind == CONSENSUS_STAPLE)
        find_staple(&s);
out:
    free(counted);
    return st;
}

double consensus_disagreement(unsigned pattern, int n)
{
    double k = raters_in(pattern);
    ENSURE(n >= 2);
    return 2 * k * (n - k) / ((double)n * (n - 1));
}

double consensus_dice(const uint64_t *voxels, int n, int a, int b)
{
    double both = 0, sum = 0;
    for (unsigned d = 0; d < 1u << n; d++) {
        both += has(d, a) && has(d, b) ? (double)voxels[d] : 0;
        sum += (double)voxels[d] * (has(d, a) + has(d, b));
    }
    return sum > 0 ? 2 * both / sum : 1;
}
