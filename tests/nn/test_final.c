/* SPDX-License-Identifier: BSD-3-Clause */
/* The last layer against a naive twin in double, forward and backward. */
#include "nn/final.h"

#include "layercase.h"

/* A logit is up to 48 products of unit normal values; the sigmoid's slope is at most 1/4. Sums
 * over the pixels are compared in units of their root. */
static const struct {
    double forward, backward;
} limits = {1e-6, 1e-6};

static double logit_of(int channels, size_t pixels, const float *x, const float *weight,
                       size_t p)
{
    double sum = weight[channels];
    for (int c = 0; c < channels; c++)
        sum += (double)weight[c] * x[layer_at(pixels, c, p)];
    return sum;
}

static void compare(int blocks, size_t pixels)
{
    int channels = blocks * 16;
    size_t n = (size_t)channels * pixels;
    float *x = layer_random(n, 1), *weight = layer_random((size_t)channels + 1, 2);
    float *dlogit = layer_random(pixels, 3), *dx = layer_unset(n), *prob = layer_unset(pixels);
    float *dweight = layer_unset((size_t)channels + 1);
    final_forward(blocks, pixels, x, weight, prob);
    final_backward(blocks, pixels, x, weight, dlogit, dx, dweight);
    double bias = 0;
    for (size_t p = 0; p < pixels; p++) {
        CHECK_NEAR(prob[p], 1 / (1 + exp(-logit_of(channels, pixels, x, weight, p))),
                   limits.forward);
        bias += dlogit[p];
    }
    CHECK_NEAR(dweight[channels] / sqrt((double)pixels), bias / sqrt((double)pixels),
               limits.backward);
    for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t p = 0; p < pixels; p++) {
            sum += (double)dlogit[p] * x[layer_at(pixels, c, p)];
            CHECK_NEAR(dx[layer_at(pixels, c, p)], weight[c] * dlogit[p], limits.backward);
        }
        CHECK_NEAR(dweight[c] / sqrt((double)pixels), sum / sqrt((double)pixels),
                   limits.backward);
    }
    float *all[] = {x, weight, dlogit, dx, prob, dweight};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void every_case(void)
{
    compare(1, 16);
    compare(1, 256);
    compare(3, 144);
}

static void test_twin(void)
{
    layer_each_isa(every_case);
}

/* Logits far out: the probability saturates and stays a number. */
static void extremes(void)
{
    float *x = layer_random(16 * 16, 1), weight[17] = {0}, prob[16];
    for (int sign = -1; sign <= 1; sign += 2) {
        weight[16] = (float)sign * 1e4f;
        final_forward(1, 16, x, weight, prob);
        for (int p = 0; p < 16; p++)
            CHECK_NEAR(prob[p], sign > 0, 1e-30);
    }
    free(x);
}

static void test_extremes(void)
{
    layer_each_isa(extremes);
}

static const struct check_test tests[] = {{"naive twin", test_twin},
                                          {"extremes", test_extremes}};
CHECK_MAIN("nn final", tests)
