/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/loss.h"

#include <math.h>

#define LEAST_PROB 1e-7

struct loss_config loss_config_paper(void)
{
    return (struct loss_config){.cross_entropy = 1, .dice = 1, .smooth = 1};
}

struct loss_config loss_config_code(void)
{
    return (struct loss_config){.cross_entropy = 1, .dice = 0.2, .smooth = 1e-3};
}

struct slice_sums {
    double entropy, both, prob, target; /* of -y log p - (1-y) log(1-p), p y, p, y */
};

static double cross_entropy(double p, double y)
{
    double least = fmax(p, LEAST_PROB), rest = fmax(1 - p, LEAST_PROB);
    if (y == 0 || y == 1)
        return -log(y > 0 ? least : rest);
    return -y * log(least) - (1 - y) * log(rest);
}

static struct slice_sums slice_sums(size_t pixels, const float *prob, const float *target)
{
    struct slice_sums s = {0};
    for (size_t i = 0; i < pixels; i++) {
        double p = prob[i], y = target[i];
        s.entropy += cross_entropy(p, y);
        s.both += p * y;
        s.prob += p;
        s.target += y;
    }
    return s;
}

/* d(1 - D)/dp = (D - 2 y) / area; through the sigmoid times p (1 - p), and CE's is p - y. */
static void slice_gradient(const struct loss_config *config, size_t pixels, int batch,
                           const struct slice_sums *s, const float *prob, const float *target,
                           float *dlogit)
{
    double area = s->prob + s->target + config->smooth;
    double score = (2 * s->both + config->smooth) / area;
    double entropy = config->cross_entropy / (double)pixels / batch;
    double dice = config->dice / area / batch;
    for (size_t i = 0; i < pixels; i++) {
        double p = prob[i], y = target[i];
        dlogit[i] = (float)(entropy * (p - y) + dice * (score - 2 * y) * p * (1 - p));
    }
}

void loss_slices(const struct loss_config *config, const struct loss_shape *shape,
                 const float *prob, const float *target, double *losses, float *dlogit)
{
    const size_t pixels = shape->pixels;
#pragma omp parallel for
    for (int i = 0; i < shape->n; i++) {
        const float *p = prob + (size_t)i * pixels, *y = target + (size_t)i * pixels;
        struct slice_sums s = slice_sums(pixels, p, y);
        double score = (2 * s.both + config->smooth) / (s.prob + s.target + config->smooth);
        losses[2 * i] = s.entropy / (double)pixels;
        losses[2 * i + 1] = 1 - score;
        if (dlogit)
            slice_gradient(config, pixels, shape->batch, &s, p, y, dlogit + (size_t)i * pixels);
    }
}
