/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch norm with dropout behind and ELU ahead, over a batch of two slices: sums against naive
 * ones, forward against a twin in double, backward against central differences of the twin. */
#include "nn/norm.h"

#include "layercase.h"

enum { SLICES = 2 };

/* Forward is three operations in single precision; backward cancels terms of size 1, and the
 * central difference is good to 1e-8. Sums in double of n values differ by their order alone. */
static const struct {
    double sums, forward, backward;
} limits = {1e-13, 2e-6, 1e-5};

static const double eps = 1e-3, keep_scale = 1.25;

struct data {
    int blocks, pixels;
    size_t n;         /* floats of a slice */
    float *ahead, *x; /* [SLICES][n]: ahead of the ELU and behind it */
    float *weight;    /* [SLICES][n]: the loss is the dot product of it and z */
    uint16_t *keep;   /* [SLICES][n / 16] */
};

static struct data setup(int blocks, int pixels)
{
    size_t n = (size_t)blocks * 16 * (size_t)pixels;
    struct data d = {blocks,
                     pixels,
                     n,
                     layer_random(SLICES * n, 1),
                     layer_unset(SLICES * n),
                     layer_random(SLICES * n, 2),
                     layer_memory(SLICES * n / 16 * 2)};
    struct random_stream stream = random_open(2, BEN_RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < SLICES * n; i++)
        d.x[i] = d.ahead[i] > 0 ? d.ahead[i] : expm1f(d.ahead[i]);
    for (size_t i = 0; i < SLICES * n / 16; i++)
        d.keep[i] = (uint16_t)random_u32(&stream, (uint32_t)i);
    return d;
}

static void teardown(struct data *d)
{
    free(d->ahead);
    free(d->x);
    free(d->weight);
    free(d->keep);
}

static double elu(double u)
{
    return u > 0 ? u : expm1(u);
}

/* The loss of channel c: its values, ahead of the ELU, come from get. */
static double channel_loss(const struct data *d, int c, const double *ahead, int live,
                           double *z)
{
    int count = SLICES * d->pixels;
    double mean = 0, var = 0, loss = 0;
    for (int i = 0; i < count; i++)
        mean += elu(ahead[i]) / count;
    for (int i = 0; i < count; i++)
        var += (elu(ahead[i]) - mean) * (elu(ahead[i]) - mean) / count;
    for (int i = 0; i < count; i++) {
        size_t slice = (size_t)(i / d->pixels), p = (size_t)(i % d->pixels);
        size_t at = slice * d->n + layer_at((size_t)d->pixels, c, p);
        double kept = !live ? 1 : d->keep[at / 16] >> (c % 16) & 1 ? keep_scale : 0;
        double value = (elu(ahead[i]) - mean) / sqrt(var + eps) * kept;
        if (z)
            z[i] = value;
        loss += value * d->weight[at];
    }
    return loss;
}

/* Statistics of the batch by norm_sums -> scale, shift. */
static void statistics(const struct data *d, float *scale, float *shift)
{
    int channels = d->blocks * 16;
    double *sums = layer_memory(SLICES * 2 * (size_t)channels * sizeof *sums);
    for (int s = 0; s < SLICES; s++)
        norm_sums(d->blocks, d->pixels, d->x + (size_t)s * d->n, NULL, sums + 2 * s * channels);
    for (int c = 0; c < channels; c++) {
        double count = SLICES * d->pixels;
        double mean = (sums[c] + sums[2 * channels + c]) / count;
        double square = (sums[channels + c] + sums[3 * channels + c]) / count;
        scale[c] = (float)(1 / sqrt(square - mean * mean + eps));
        shift[c] = (float)(-mean / sqrt(square - mean * mean + eps));
    }
    free(sums);
}

static struct norm_slice slice_of(const struct data *d, int s, const float *scale,
                                  const float *shift, int live)
{
    return (struct norm_slice){d->blocks,
                               d->pixels,
                               d->x + (size_t)s * d->n,
                               scale,
                               shift,
                               live ? d->keep + (size_t)s * d->n / 16 : NULL,
                               live ? (float)keep_scale : 1};
}

/* z and the gradient ahead of the ELU of both slices, by the layer. */
static void run(const struct data *d, int live, float *z, float *dz)
{
    int channels = d->blocks * 16;
    float *scale = layer_unset((size_t)channels), *shift = layer_unset((size_t)channels);
    float *g = layer_unset((size_t)channels), *gx = layer_unset((size_t)channels);
    double *sums = layer_memory(SLICES * 2 * (size_t)channels * sizeof *sums);
    statistics(d, scale, shift);
    for (int s = 0; s < SLICES; s++) {
        struct norm_slice slice = slice_of(d, s, scale, shift, live);
        norm_forward(&slice, z + (size_t)s * d->n);
        norm_backward_sums(&slice, dz + (size_t)s * d->n, sums + 2 * s * channels);
    }
    for (int c = 0; c < channels; c++) {
        g[c] = (float)((sums[c] + sums[2 * channels + c]) / (SLICES * d->pixels));
        gx[c] = (float)((sums[channels + c] + sums[3 * channels + c]) / (SLICES * d->pixels));
    }
    for (int s = 0; s < SLICES; s++) {
        struct norm_slice slice = slice_of(d, s, scale, shift, live);
        norm_backward(&slice, g, gx, dz + (size_t)s * d->n);
    }
    float *all[] = {scale, shift, g, gx};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(sums);
}

static void check_channel(const struct data *d, int c, int live, const float *z,
                          const float *dz)
{
    int count = SLICES * d->pixels;
    double *ahead = layer_memory((size_t)count * sizeof *ahead), h = 1e-5;
    double *want = layer_memory((size_t)count * sizeof *want);
    for (int i = 0; i < count; i++)
        ahead[i] = d->ahead[(size_t)(i / d->pixels) * d->n +
                            layer_at((size_t)d->pixels, c, (size_t)(i % d->pixels))];
    channel_loss(d, c, ahead, live, want);
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)(i / d->pixels) * d->n +
                    layer_at((size_t)d->pixels, c, (size_t)(i % d->pixels));
        double here = ahead[i];
        CHECK_NEAR(z[at], want[i], limits.forward);
        ahead[i] = here + h;
        double up = channel_loss(d, c, ahead, live, NULL);
        ahead[i] = here - h;
        double down = channel_loss(d, c, ahead, live, NULL);
        ahead[i] = here;
        CHECK_NEAR(dz[at], (up - down) / (2 * h), limits.backward);
    }
    free(ahead);
    free(want);
}

static void compare(int blocks, int pixels, int live)
{
    struct data d = setup(blocks, pixels);
    float *z = layer_unset(SLICES * d.n), *dz = layer_unset(SLICES * d.n);
    memcpy(dz, d.weight, SLICES * d.n * sizeof *dz);
    run(&d, live, z, dz);
    for (int c = 0; c < blocks * 16; c++)
        check_channel(&d, c, live, z, dz);
    free(z);
    free(dz);
    teardown(&d);
}

static void every_case(void)
{
    for (int live = 0; live < 2; live++) {
        compare(1, 7, live);
        compare(2, 1, live);
        compare(3, 12, live);
    }
}

static void test_layer(void)
{
    layer_each_isa(every_case);
}

static void sums_twin(void)
{
    enum { CHANNELS = 32, PIXELS = 37 };
    float *x = layer_random(CHANNELS * PIXELS, 5), *about = layer_random(CHANNELS, 6);
    double sums[2 * CHANNELS];
    norm_sums(CHANNELS / 16, PIXELS, x, about, sums);
    for (int c = 0; c < CHANNELS; c++) {
        double sum = 0, square = 0;
        for (size_t p = 0; p < PIXELS; p++) {
            double v = x[layer_at(PIXELS, c, p)] - about[c];
            sum += v;
            square += v * v;
        }
        CHECK_NEAR(sums[c] / PIXELS, sum / PIXELS, limits.sums);
        CHECK_NEAR(sums[CHANNELS + c] / PIXELS, square / PIXELS, limits.sums);
    }
    free(x);
    free(about);
}

static void test_sums(void)
{
    layer_each_isa(sums_twin);
}

static const struct check_test tests[] = {{"sums", test_sums},
                                          {"forward and backward", test_layer}};
CHECK_MAIN("nn norm", tests)
