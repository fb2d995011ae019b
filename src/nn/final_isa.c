/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/kernels.h"
#include "nn/vec.h"

#define RUN 64 /* pixels summed before a sum joins the total */

/* Sums of neighbours: first those of a, then those of b. */
VEC_INLINE vec fold(vec a, vec b)
{
#if BEN_LANES == 16
    const vec_int even = {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30};
#elif BEN_LANES == 8
    const vec_int even = {0, 2, 4, 6, 8, 10, 12, 14};
#else
    const vec_int even = {0, 2, 4, 6};
#endif
    return __builtin_shuffle(a, b, even) + __builtin_shuffle(a, b, even + 1);
}

/* The logits of BEN_LANES pixels from at on. */
VEC_INLINE vec logits(int blocks, size_t pixels, const float *x, const float *weight, size_t at)
{
    vec sum[BEN_LANES];
    for (int p = 0; p < BEN_LANES; p++)
        sum[p] = vec_set(0);
    for (int c = 0; c < blocks * 16; c += BEN_LANES) {
        const float *from = x + ((size_t)(c / 16) * pixels + at) * 16 + c % 16;
        vec w = vec_load_loose(weight + c);
        for (int p = 0; p < BEN_LANES; p++)
            sum[p] += vec_load(from + p * 16) * w;
    }
#pragma GCC unroll 4
    for (int n = BEN_LANES / 2; n > 0; n /= 2)
#pragma GCC unroll 8
        for (int p = 0; p < n; p++)
            sum[p] = fold(sum[2 * p], sum[2 * p + 1]);
    return sum[0] + weight[blocks * 16];
}

static void forward(int blocks, size_t pixels, const float *restrict x,
                    const float *restrict weight, float *restrict prob)
{
    for (size_t p = 0; p < pixels; p += BEN_LANES)
        vec_store_loose(prob + p, vec_sigmoid(logits(blocks, pixels, x, weight, p)));
}

static void backward(int blocks, size_t pixels, const float *restrict x,
                     const float *restrict weight, const float *restrict dlogit,
                     float *restrict dx, float *restrict dweight)
{
    for (int c = 0; c < blocks * 16; c += BEN_LANES) {
        size_t at = (size_t)(c / 16) * pixels * 16 + c % 16;
        vec w = vec_load_loose(weight + c), total = vec_set(0), sum = vec_set(0);
        for (size_t p = 0; p < pixels; p++) {
            vec_store(dx + at + p * 16, w * dlogit[p]);
            sum += vec_load(x + at + p * 16) * dlogit[p];
            if (p % RUN == RUN - 1) {
                total += sum;
                sum = vec_set(0);
            }
        }
        vec_store_loose(dweight + c, total + sum);
    }
    double bias = 0;
    for (size_t p = 0; p < pixels; p++)
        bias += dlogit[p];
    dweight[blocks * 16] = (float)bias;
}

const struct final_kernels ISA_NAME(final_layer) = {forward, backward};
