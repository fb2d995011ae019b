/* SPDX-License-Identifier: BSD-3-Clause */
/* The loss against its formulas in double, its gradient against central differences. */
#include "nn/loss.h"

#include "layercase.h"

enum { SLICES = 3, PIXELS = 48, BATCH = 5 };

/* Probabilities are rounded to single precision, 6e-8 of themselves, and so is the gradient. */
static const struct {
    double loss, gradient;
} limits = {1e-6, 1e-7};

static double sigmoid(double u)
{
    return 1 / (1 + exp(-u));
}

static void parts_of(const struct loss_config *config, const double *logit, const float *y,
                     double parts[2])
{
    double both = 0, area = config->smooth;
    parts[0] = 0;
    for (int i = 0; i < PIXELS; i++) {
        double p = sigmoid(logit[i]);
        parts[0] -= (y[i] * log(p) + (1 - y[i]) * log(1 - p)) / PIXELS;
        both += p * y[i];
        area += p + y[i];
    }
    parts[1] = 1 - (2 * both + config->smooth) / area;
}

static double loss_of(const struct loss_config *config, const double *logit, const float *y)
{
    double parts[2];
    parts_of(config, logit, y, parts);
    return config->cross_entropy * parts[0] + config->dice * parts[1];
}

/* Targets of slice 0: a mask; 1: none; 2: soft. */
static float target_at(int slice, int i)
{
    return slice == 0 ? i % 3 == 0 : slice == 1 ? 0 : (float)(i % 5) / 4;
}

static void check_slice(const struct loss_config *config, double *logit, const float *y,
                        const double *losses, const float *dlogit)
{
    double parts[2], h = 1e-5;
    parts_of(config, logit, y, parts);
    CHECK_NEAR(losses[0], parts[0], limits.loss);
    CHECK_NEAR(losses[1], parts[1], limits.loss);
    for (int i = 0; i < PIXELS; i++) {
        double here = logit[i];
        logit[i] = here + h;
        double up = loss_of(config, logit, y);
        logit[i] = here - h;
        double down = loss_of(config, logit, y);
        logit[i] = here;
        CHECK_NEAR(dlogit[i], (up - down) / (2 * h) / BATCH, limits.gradient);
    }
}

static void compare(struct loss_config config)
{
    const struct loss_shape shape = {SLICES, BATCH, PIXELS};
    float *u = layer_random(SLICES * PIXELS, 1), prob[SLICES * PIXELS], y[SLICES * PIXELS];
    float dlogit[SLICES * PIXELS];
    double logit[SLICES * PIXELS], losses[2 * SLICES], again[2 * SLICES];
    for (int i = 0; i < SLICES * PIXELS; i++) {
        logit[i] = 2 * u[i];
        prob[i] = (float)sigmoid(logit[i]);
        y[i] = target_at(i / PIXELS, i % PIXELS);
    }
    loss_slices(&config, &shape, prob, y, losses, dlogit);
    for (int s = 0; s < SLICES; s++)
        check_slice(&config, logit + s * PIXELS, y + s * PIXELS, losses + 2 * s,
                    dlogit + s * PIXELS);
    loss_slices(&config, &shape, prob, y, again, NULL);
    CU_ASSERT_EQUAL(memcmp(again, losses, sizeof losses), 0);
    free(u);
}

static void test_formulas(void)
{
    compare(loss_config_paper());
    compare(loss_config_code());
    compare((struct loss_config){.cross_entropy = 0, .dice = 2, .smooth = 10});
}

/* Certain and wrong, certain and right, nothing anywhere: all finite. */
static void test_extremes(void)
{
    struct loss_config config = loss_config_code();
    const struct loss_shape shape = {1, 1, 4};
    float prob[4] = {0, 1, 0, 1}, y[4] = {1, 0, 0, 1}, none[4] = {0}, dlogit[4];
    double losses[2];
    loss_slices(&config, &shape, prob, y, losses, dlogit);
    CHECK_NEAR(losses[0], -log(1e-7) / 2, 1e-6);
    CHECK_NEAR(losses[1], 0.5, 1e-3);
    CHECK_NEAR(dlogit[0], -0.25, 1e-6);
    CHECK_NEAR(dlogit[2], 0, 1e-6);
    loss_slices(&config, &shape, none, none, losses, dlogit);
    CHECK_NEAR(losses[0], 0, 1e-6);
    CHECK_NEAR(losses[1], 0, 1e-12);
}

static const struct check_test tests[] = {{"formulas and differences", test_formulas},
                                          {"extremes", test_extremes}};
CHECK_MAIN("nn loss", tests)
