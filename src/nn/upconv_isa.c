/* SPDX-License-Identifier: BSD-3-Clause */
/* All three products keep a tile of sums in registers: TILE pixels by two vectors forward and
 * for the data's gradient, CHANNELS input channels by the four taps for the weights' gradient. */
#include "nn/kernels.h"
#include "nn/vec.h"

#if BEN_LANES == 16
#define TILE     8
#define CHANNELS 4
#else
#define TILE     4
#define CHANNELS 2
#endif
#define PAIRS (32 / (2 * BEN_LANES)) /* pairs of vectors in 32 floats */
#define RUN   64                     /* pixels summed before a sum goes to memory */

/* sum[t][v] += over 16 channels k of x[t * step + k] * packed[k][32 floats, pair's vectors]. */
VEC_INLINE void multiply(int tile, const float *x, size_t step, const float *packed,
                         vec sum[][2])
{
    for (int k = 0; k < 16; k++) {
        vec w0 = vec_load(packed + k * 32), w1 = vec_load(packed + k * 32 + BEN_LANES);
#pragma GCC unroll 8
        for (int t = 0; t < tile; t++) {
            vec value = vec_set(x[(size_t)t * step + k]);
            sum[t][0] += value * w0;
            sum[t][1] += value * w1;
        }
    }
}

/* One tile of pixels of row i from column j, output row 2i + a of block ob. */
VEC_INLINE void forward_tile(int tile, const struct upconv_shape *s, const float *x,
                             const float *packed, const float *bias, float *y)
{
    size_t plane = (size_t)s->h * s->w * 16;
    for (int pair = 0; pair < PAIRS; pair++) {
        int v = pair * 2 * BEN_LANES; /* place in the 32 floats of two output pixels */
        vec sum[TILE][2];
        for (int t = 0; t < tile; t++)
            for (int k = 0; k < 2; k++)
                sum[t][k] = vec_load_loose(bias + (v + k * BEN_LANES) % 16);
        for (int cb = 0; cb < s->c / 16; cb++)
            multiply(tile, x + (size_t)cb * plane, 16, packed + (size_t)cb * 512 + v, sum);
        for (int t = 0; t < tile; t++)
            for (int k = 0; k < 2; k++)
                vec_store(y + (size_t)t * 32 + v + k * BEN_LANES, sum[t][k]);
    }
}

static void forward(const struct upconv_shape *s, struct share share, const float *restrict x,
                    const float *restrict packed, const float *restrict bias, float *restrict y)
{
    long first, end;
    share_range(share, s->h, &first, &end);
    for (long i = first; i < end; i++)
        for (int row = 0; row < s->o / 16 * 2; row++) { /* output block and row of its pair */
            const float *weights = packed + (size_t)row * s->c * 32;
            const float *from = x + (size_t)i * (size_t)s->w * 16, *b = bias + row / 2 * 16;
            size_t line = ((size_t)(row / 2) * s->h + (size_t)i) * 2 + (size_t)(row % 2);
            float *to = y + line * s->w * 32;
            int j = 0;
            for (; j + TILE <= s->w; j += TILE)
                forward_tile(TILE, s, from + j * 16, weights, b, to + (size_t)j * 32);
            for (; j < s->w; j++)
                forward_tile(1, s, from + j * 16, weights, b, to + (size_t)j * 32);
        }
}

/* One tile of pixels of row i from column j, input channels of blocks cb and cb + 1. */
VEC_INLINE void data_tile(int tile, const struct upconv_shape *s, const float *dy,
                          const float *packed, float *dx)
{
    size_t plane = (size_t)s->h * s->w * 16, line = (size_t)s->w * 32;
    for (int pair = 0; pair < PAIRS; pair++) {
        int v = pair * 2 * BEN_LANES;
        vec sum[TILE][2];
        for (int t = 0; t < tile; t++)
            sum[t][0] = sum[t][1] = vec_set(0);
        for (int tap = 0; tap < s->o / 16 * 4; tap++) {
            const float *from = dy + (size_t)(tap / 4) * plane * 4 +
                                (size_t)(tap / 2 % 2) * line + (size_t)(tap % 2) * 16;
            multiply(tile, from, 32, packed + (size_t)tap * 512 + v, sum);
        }
        float *to = dx + (size_t)(v / 16) * plane + v % 16;
        size_t second = BEN_LANES == 16 ? plane : BEN_LANES;
        for (int t = 0; t < tile; t++) {
            vec_store(to + (size_t)t * 16, sum[t][0]);
            vec_store(to + second + (size_t)t * 16, sum[t][1]);
        }
    }
}

static void backward_data(const struct upconv_shape *s, const float *restrict dy,
                          const float *restrict packed, float *restrict dx)
{
    size_t plane = (size_t)s->h * s->w * 16;
    for (int i = 0; i < s->h; i++)
        for (int two = 0; two < s->c / 32; two++) {
            const float *weights = packed + (size_t)two * s->o * 4 * 32;
            const float *from = dy + (size_t)i * s->w * 64;
            float *to = dx + (size_t)two * 2 * plane + (size_t)i * s->w * 16;
            int j = 0;
            for (; j + TILE <= s->w; j += TILE)
                data_tile(TILE, s, from + (size_t)j * 32, weights, to + j * 16);
            for (; j < s->w; j++)
                data_tile(1, s, from + (size_t)j * 32, weights, to + j * 16);
        }
}

/* sums [CHANNELS][4 taps] += over the pixels of one row of x(c) * dy(tap), one vector of output
 * channels. */
VEC_INLINE void outer_row(int w, const float *x, const float *dy, vec sum[CHANNELS][4])
{
    for (int j = 0; j < w; j++) {
        const float *top = dy + (size_t)j * 32, *bottom = top + (size_t)w * 32;
        vec tap[4] = {vec_load(top), vec_load(top + 16), vec_load(bottom),
                      vec_load(bottom + 16)};
        for (int c = 0; c < CHANNELS; c++)
            for (int t = 0; t < 4; t++)
                sum[c][t] += vec_set(x[(size_t)j * 16 + c]) * tap[t];
    }
}

/* total [16 c][4 taps][16 o] += over rows [i, end) for one pair of blocks. */
VEC_INLINE void outer_rows(int i, int end, int w, const float *x, const float *dy, float *total)
{
    for (int part = 0; part < 16 / CHANNELS * BEN_VECS; part++) {
        int c = part / BEN_VECS * CHANNELS, v = part % BEN_VECS * BEN_LANES;
        vec sum[CHANNELS][4];
        for (int k = 0; k < CHANNELS * 4; k++)
            sum[k / 4][k % 4] = vec_set(0);
        for (int r = i; r < end; r++)
            outer_row(w, x + (size_t)r * w * 16 + c, dy + (size_t)r * w * 64 + v, sum);
        for (int k = 0; k < CHANNELS * 4; k++) {
            float *to = total + (c * 4 + k) * 16 + v;
            vec_store(to, vec_load(to) + sum[k / 4][k % 4]);
        }
    }
}

static void sum_bias(int pixels, const float *dy, float *dbias)
{
    for (int v = 0; v < 16; v += BEN_LANES) {
        vec total = vec_set(0);
        for (int p = 0; p < pixels; p += RUN) {
            vec sum = vec_set(0);
            for (int k = p; k < p + RUN && k < pixels; k++)
                sum += vec_load(dy + (size_t)k * 16 + v);
            total += sum;
        }
        vec_store_loose(dbias + v, total);
    }
}

/* scratch [c/16][o/16][16][4][16] -> dweight [c][o][4]. */
static void unpack(const struct upconv_shape *s, const float *scratch, float *dweight)
{
    int blocks = s->o / 16;
    for (int c = 0; c < s->c; c++)
        for (int o = 0; o < s->o; o++)
            for (int tap = 0; tap < 4; tap++) {
                size_t block = (size_t)(c / 16) * blocks + o / 16;
                dweight[((size_t)c * s->o + o) * 4 + tap] =
                    scratch[((block * 16 + c % 16) * 4 + tap) * 16 + o % 16];
            }
}

static void backward_weights(const struct upconv_shape *s, const float *restrict x,
                             const float *restrict dy, float *restrict dweight,
                             float *restrict dbias, float *restrict scratch)
{
    size_t plane = (size_t)s->h * s->w * 16;
    int rows = s->w < RUN ? RUN / s->w : 1, blocks = s->o / 16;
    memset(scratch, 0, (size_t)s->c * s->o * 4 * sizeof *scratch);
    for (int i = 0; i < s->h; i += rows) {
        int end = i + rows < s->h ? i + rows : s->h;
        for (int two = 0; two < s->c / 16 * blocks; two++)
            outer_rows(i, end, s->w, x + (size_t)(two / blocks) * plane,
                       dy + (size_t)(two % blocks) * plane * 4, scratch + (size_t)two * 1024);
    }
    unpack(s, scratch, dweight);
    for (int b = 0; b < blocks; b++)
        sum_bias(s->h * s->w * 4, dy + (size_t)b * plane * 4, dbias + b * 16);
}

const struct upconv_kernels ISA_NAME(upconv_layer) = {forward, backward_data, backward_weights};
