/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/adam.h"
#include "base/tree.h"

#include <math.h>
#include <stdlib.h>

#define NORM_BLOCK  4096 /* values whose squares are summed in a row */
#define NORM_BLOCKS 256  /* partial sums held at a time */

enum ben_status adam_create(size_t n, struct adam *adam)
{
    enum ben_status st = BEN_OK;
    *adam = (struct adam){.n = n};
    TRY_NEW(adam->m = calloc(n + 1, sizeof *adam->m));
    TRY_NEW(adam->v = calloc(n + 1, sizeof *adam->v));
out:
    if (st)
        adam_free(adam);
    return st;
}

void adam_free(struct adam *adam)
{
    free(adam->m);
    free(adam->v);
    *adam = (struct adam){0};
}

static double block_squares(const float *x, size_t n)
{
    double lanes[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++)
            lanes[k] += (double)x[i + k] * x[i + k];
    for (; i < n; i++)
        lanes[i % 8] += (double)x[i] * x[i];
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

double adam_norm(const float *gradient, size_t n)
{
    double sum = 0, parts[NORM_BLOCKS];
    struct tree_node nodes[BEN_TREE_NODES];
    const size_t span = (size_t)NORM_BLOCK * NORM_BLOCKS;
    for (size_t first = 0; first < n; first += span) {
        size_t count = n - first < span ? n - first : span;
        int blocks = (int)((count + NORM_BLOCK - 1) / NORM_BLOCK);
#pragma omp parallel for
        for (int b = 0; b < blocks; b++) {
            size_t at = (size_t)b * NORM_BLOCK;
            size_t length = count - at < NORM_BLOCK ? count - at : NORM_BLOCK;
            parts[b] = block_squares(gradient + first + at, length);
        }
        tree_sum_f64(parts, 0, blocks, blocks, 1, nodes);
        sum += parts[0];
    }
    return sqrt(sum);
}

struct update {
    float beta1, beta2, eps, scale, rate, root, keep;
};

/* PyTorch's form: the root of v is divided by the root of its correction, then eps is added. */
static void update_values(struct adam *adam, const struct update *u,
                          const float *restrict gradient, float *restrict values)
{
    float *restrict m = adam->m, *restrict v = adam->v;
    const struct update c = *u;
#pragma omp parallel for simd
    for (size_t i = 0; i < adam->n; i++) {
        float g = gradient[i] * c.scale;
        m[i] = c.beta1 * m[i] + (1 - c.beta1) * g;
        v[i] = c.beta2 * v[i] + (1 - c.beta2) * g * g;
        values[i] = values[i] * c.keep - c.rate * m[i] / (sqrtf(v[i]) * c.root + c.eps);
    }
}

double adam_step(struct adam *adam, const struct adam_config *config, double rate,
                 const float *gradient, float *values)
{
    double norm = adam_norm(gradient, adam->n);
    if (!isfinite(norm))
        return norm;
    adam->step++;
    double correction1 = 1 - pow(config->beta1, (double)adam->step);
    double correction2 = 1 - pow(config->beta2, (double)adam->step);
    double clip =
        config->clip_norm > 0 && norm > config->clip_norm ? config->clip_norm / norm : 1;
    struct update update = {
        .beta1 = (float)config->beta1,
        .beta2 = (float)config->beta2,
        .eps = (float)config->eps,
        .scale = (float)clip,
        .rate = (float)(rate / correction1),
        .root = (float)(1 / sqrt(correction2)),
        .keep = (float)(1 - rate * config->weight_decay),
    };
    update_values(adam, &update, gradient, values);
    return norm;
}

void adam_average(double decay, const float *restrict values, float *restrict average, size_t n)
{
    float keep = (float)decay;
#pragma omp parallel for simd
    for (size_t i = 0; i < n; i++)
        average[i] += (1 - keep) * (values[i] - average[i]);
}

double adam_rate_at(const struct adam_rate *rate, double step)
{
    if (step < rate->warmup)
        return rate->rate * (step + 1) / (rate->warmup + 1);
    if (rate->schedule == BEN_RATE_CONSTANT)
        return rate->rate;
    double span = rate->n_steps - rate->warmup;
    double done = span > 1 ? (step - rate->warmup) / span : 0;
    done = done > 1 ? 1 : done;
    return rate->rate * (rate->final + (1 - rate->final) * 0.5 * (1 + cos(M_PI * done)));
}
