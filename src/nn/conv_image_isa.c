/* SPDX-License-Identifier: BSD-3-Clause */
/* 3x3 convolution of a plain image [h][w], one channel in: direct, since a tile's transforms
 * would cost more than its nine products. */
#include "nn/conv_kernels.h"
#include "nn/vec.h"

enum { TAPS = 9 };

/* packed [o/16][9][16]. */
static void pack(const struct conv_shape *shape, const float *weight, int adjoint,
                 float *packed)
{
    (void)adjoint;
    for (int o = 0; o < shape->o; o++)
        for (int i = 0; i < TAPS; i++)
            packed[(o / 16 * TAPS + i) * 16 + o % 16] = weight[TAPS * o + i];
}

/* The nine values around (y, x), zero outside. */
static void neighbours(const struct conv_shape *shape, const float *image, int y, int x,
                       float tap[TAPS])
{
    for (int i = 0; i < TAPS; i++) {
        int r = y + i / 3 - 1, q = x + i % 3 - 1;
        int inside = r >= 0 && r < shape->h && q >= 0 && q < shape->w;
        tap[i] = inside ? image[(size_t)r * (size_t)shape->w + (size_t)q] : 0;
    }
}

VEC_INLINE vec pixel(const float *const tap[3], const vec w[TAPS], vec bias)
{
    vec z = bias;
#pragma GCC unroll 9
    for (int i = 0; i < TAPS; i++)
        z += vec_set(tap[i / 3][i % 3]) * w[i];
    return vec_elu(z);
}

/* One row of one vector of channels. */
static void apply_row(const struct conv_job *job, const float *image, int y, int channel,
                      float *out)
{
    const struct conv_shape *shape = &job->shape;
    vec w[TAPS], bias = vec_load_loose(job->bias + channel), scale = vec_set(1), shift = {0};
    for (int i = 0; i < TAPS; i++)
        w[i] = vec_load(job->packed + (size_t)(channel / 16 * TAPS + i) * 16 + channel % 16);
    if (job->norm) {
        scale = vec_load_loose(job->norm->scale + channel);
        shift = vec_load_loose(job->norm->shift + channel);
    }
    for (int x = 0; x < shape->w; x++) {
        float around[TAPS];
        const float *tap[3] = {around, around + 3, around + 6};
        if (y > 0 && y + 1 < shape->h && x > 0 && x + 1 < shape->w)
            for (int i = 0; i < 3; i++)
                tap[i] = image + (size_t)(y + i - 1) * (size_t)shape->w + (size_t)x - 1;
        else
            neighbours(shape, image, y, x, around);
        vec z = pixel(tap, w, bias);
        if (job->norm)
            z = z * scale + shift;
        vec_store(out + 16 * (size_t)x, z);
    }
}

static void apply(const struct conv_job *job)
{
    const struct conv_shape *shape = &job->shape;
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    for (int s = 0; s < shape->n; s++)
        for (int o = 0; o < shape->o; o += BEN_LANES) {
            const float *image = job->in.p0 + (size_t)s * pixels;
            float *out = job->out.p0 +
                         ((size_t)s * (size_t)shape->o + (size_t)(o / 16 * 16)) * pixels +
                         o % 16;
            for (int y = 0; y < shape->h; y++)
                apply_row(job, image, y, o, out + (size_t)y * 16 * (size_t)shape->w);
        }
}

/* sum [9] and the bias' sum [1] += one row's part. */
static void gradient_row(const struct conv_shape *shape, const float *image, const float *dy,
                         int y, vec sum[TAPS + 1])
{
    vec part[TAPS + 1] = {{0}};
    for (int x = 0; x < shape->w; x++) {
        float around[TAPS];
        vec d = vec_load(dy + 16 * (size_t)x);
        neighbours(shape, image, y, x, around);
#pragma GCC unroll 9
        for (int i = 0; i < TAPS; i++)
            part[i] += vec_set(around[i]) * d;
        part[TAPS] += d;
    }
    for (int i = 0; i <= TAPS; i++)
        sum[i] += part[i];
}

static void gradient(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    size_t pixels = (size_t)shape->h * (size_t)shape->w, row = 16 * (size_t)shape->w;
    for (int o = 0; o < shape->o; o += BEN_LANES) {
        vec sum[TAPS + 1] = {{0}};
        const float *dy = job->dy + (size_t)(o / 16 * 16) * pixels + o % 16;
        for (int y = 0; y < shape->h; y++)
            gradient_row(shape, job->in.p0, dy + (size_t)y * row, y, sum);
        for (int l = 0; l < BEN_LANES; l++)
            for (int i = 0; i < TAPS; i++)
                job->dweight[TAPS * (o + l) + i] = sum[i][l];
        vec_store_loose(job->dbias + o, sum[TAPS]);
    }
}

const struct conv_pack_kernels ISA_NAME(conv_pack_image) = {pack};
const struct conv_apply_kernels ISA_NAME(conv_apply_image) = {apply};
const struct conv_gradient_kernels ISA_NAME(conv_gradient_image) = {gradient};
