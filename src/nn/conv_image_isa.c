/* SPDX-License-Identifier: BSD-3-Clause */
/* 3x3 convolution of a plain image [h][w], one channel in: direct, since a tile's transforms
 * would cost more than its nine products. Three rows of the image at a time lie in scratch,
 * padded with zeros, [3][conv_image_row(w)]. */
#include "nn/conv_kernels.h"
#include "nn/vec.h"

#include <stdbool.h>

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

/* Row y of the image (zero outside it) between two zeros. */
static void row_fill(const struct conv_shape *shape, const float *image, int y, float *row)
{
    size_t w = (size_t)shape->w;
    memset(row, 0, (w + 2) * sizeof *row);
    if (y >= 0 && y < shape->h)
        memcpy(row + 1, image + (size_t)y * w, w * sizeof *row);
}

/* The padded rows y-1, y, y+1 of which row y+1 is new; all three where nothing was ahead. */
static void rows_step(const struct conv_shape *shape, const float *image, int y, bool ahead,
                      float *scratch, const float *rows[3])
{
    for (int i = ahead ? 1 : -1; i <= 1; i++)
        row_fill(shape, image, y + i,
                 scratch + (size_t)((y + i + 1) % 3) * conv_image_row(shape->w));
    for (int i = 0; i < 3; i++)
        rows[i] = scratch + (size_t)((y + i) % 3) * conv_image_row(shape->w);
}

/* One row of one vector of channels. */
VEC_INLINE void apply_row(const struct conv_job *job, const float *const rows[3], int channel,
                          float *out, int norm)
{
    const float *above = rows[0], *here = rows[1], *below = rows[2];
    vec w[TAPS], bias = vec_load_loose(job->bias + channel), scale = {0}, shift = {0};
    for (int i = 0; i < TAPS; i++)
        w[i] = vec_load(job->packed + (size_t)(channel / 16 * TAPS + i) * 16 + channel % 16);
    if (norm) {
        scale = vec_load_loose(job->norm->scale + channel);
        shift = vec_load_loose(job->norm->shift + channel);
    }
    for (int x = 0; x < job->shape.w; x++, out += 16) {
        vec z = bias;
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
            z += vec_set(above[x + i]) * w[i];
            z += vec_set(here[x + i]) * w[3 + i];
            z += vec_set(below[x + i]) * w[6 + i];
        }
        z = vec_elu(z);
        if (norm)
            z = z * scale + shift;
        vec_store(out, z);
    }
}

static void apply(const struct conv_job *job)
{
    const struct conv_shape *shape = &job->shape;
    size_t row = 16 * (size_t)shape->w, pixels = (size_t)shape->h * (size_t)shape->w;
    long first, end;
    share_range(shape->share, (long)shape->n * shape->h, &first, &end);
    for (long r = first; r < end; r++) {
        const float *rows[3];
        size_t s = (size_t)(r / shape->h);
        int y = (int)(r % shape->h);
        rows_step(shape, job->in.p0 + s * pixels, y, r > first && y > 0, job->scratch, rows);
        for (int o = 0; o < shape->o; o += BEN_LANES) {
            float *out = job->out.p0 + (s * (size_t)shape->o + (size_t)(o / 16 * 16)) * pixels +
                         (size_t)y * row + o % 16;
            if (job->norm)
                apply_row(job, rows, o, out, 1);
            else
                apply_row(job, rows, o, out, 0);
        }
    }
}

/* sum [9] and the bias' sum [1] += one row's part. */
static void gradient_row(int w, const float *const rows[3], const float *dy, vec sum[TAPS + 1])
{
    const float *above = rows[0], *here = rows[1], *below = rows[2];
    vec part[TAPS + 1] = {{0}};
    for (int x = 0; x < w; x++, dy += 16) {
        vec d = vec_load(dy);
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++) {
            part[i] += vec_set(above[x + i]) * d;
            part[3 + i] += vec_set(here[x + i]) * d;
            part[6 + i] += vec_set(below[x + i]) * d;
        }
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
        const float *dy = job->dy + (size_t)(o / 16 * 16) * pixels + o % 16;
        vec sum[TAPS + 1] = {{0}};
        for (int y = 0; y < shape->h; y++) {
            const float *rows[3];
            rows_step(shape, job->in.p0, y, y > 0, job->scratch, rows);
            gradient_row(shape->w, rows, dy + (size_t)y * row, sum);
        }
        for (int l = 0; l < BEN_LANES; l++)
            for (int i = 0; i < TAPS; i++)
                job->dweight[TAPS * (o + l) + i] = sum[i][l];
        vec_store_loose(job->dbias + o, sum[TAPS]);
    }
}

const struct conv_pack_kernels ISA_NAME(conv_pack_image) = {pack};
const struct conv_apply_kernels ISA_NAME(conv_apply_image) = {apply};
const struct conv_gradient_kernels ISA_NAME(conv_gradient_image) = {gradient};
