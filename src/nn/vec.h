/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors for kernel files (*_isa.c): BEN_LANES floats of the widest kind of the instruction
 * set that the file is compiled for. A block of 16 channels is 16 / BEN_LANES of them. Loads
 * and stores need 64-byte alignment of the block unless they say loose. Inline, for inner loops.
 *
 * vec_exp and what is built on it: arguments are reduced to |r| <= ln(2)/2 (Cody and Waite) and
 * expm1(r) is a minimax polynomial of degree 6, relative error 1.4e-8 before rounding. NaN stays
 * NaN. The same value gives the same result in every lane and place. */
#ifndef BEN_NN_VEC_H
#define BEN_NN_VEC_H

#include <stdint.h>
#include <string.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define BEN_LANES 16
#elif defined(__AVX2__)
#define BEN_LANES 8
#else
#define BEN_LANES 4
#endif
#define BEN_VECS (16 / BEN_LANES) /* vectors in a block of 16 channels */

typedef float vec __attribute__((vector_size(BEN_LANES * 4), may_alias));
typedef int32_t vec_int __attribute__((vector_size(BEN_LANES * 4), may_alias));

#define VEC_INLINE static inline __attribute__((always_inline, unused))

VEC_INLINE vec vec_set(float x)
{
    return x - (vec){0};
}

VEC_INLINE vec vec_load(const float *p)
{
    return *(const vec *)p;
}

VEC_INLINE void vec_store(float *p, vec x)
{
    *(vec *)p = x;
}

VEC_INLINE vec vec_load_loose(const float *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}

VEC_INLINE void vec_store_loose(float *p, vec x)
{
    memcpy(p, &x, sizeof x);
}

/* a > b ? yes : no, lane by lane; no where one of them is NaN. */
VEC_INLINE vec vec_if_greater(vec a, vec b, vec yes, vec no)
{
#if defined(__AVX512F__)
    return (vec)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ),
                                     (__m512)no, (__m512)yes);
#else
    vec_int mask = a > b;
    return (vec)((mask & (vec_int)yes) | (~mask & (vec_int)no));
#endif
}

/* x where the lane's bit is set, else 0. */
VEC_INLINE vec vec_keep(vec x, unsigned bits)
{
#if defined(__AVX512F__)
    return (vec)_mm512_maskz_mov_ps((__mmask16)bits, (__m512)x);
#elif BEN_LANES == 8
    const vec_int bit = {1, 2, 4, 8, 16, 32, 64, 128};
    return (vec)((vec_int)x & ((((vec_int){0} + (int)bits) & bit) != 0));
#else
    const vec_int bit = {1, 2, 4, 8};
    return (vec)((vec_int)x & ((((vec_int){0} + (int)bits) & bit) != 0));
#endif
}

/* Of a NaN x the result is NaN. */
VEC_INLINE vec vec_at_least(vec x, float low)
{
#if defined(__AVX512F__)
    return (vec)_mm512_max_ps(_mm512_set1_ps(low), (__m512)x); /* the second where unordered */
#else
    return vec_if_greater(vec_set(low), x, vec_set(low), x);
#endif
}

VEC_INLINE vec vec_at_most(vec x, float high)
{
    return vec_if_greater(x, vec_set(high), vec_set(high), x);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return vec_if_greater(a, b, a, b);
}

/* expm1(r) for |r| <= ln(2)/2. */
VEC_INLINE vec vec_expm1_small(vec r)
{
    vec q = r * 0x1.6d9956p-10f + 0x1.122838p-7f;
    q = q * r + 0x1.555486p-5f;
    q = q * r + 0x1.5554b0p-3f;
    q = q * r + 0.5f;
    return (r * r) * q + r;
}

/* Adding it rounds x / ln(2) to an integer n, and leaves n + 127 in the low bits. */
#define VEC_EXP_SHIFT 0x1.8000fep23f

/* Within 1.5 units in the last place; x is taken as if within [-87.3, 88.3]. */
VEC_INLINE vec vec_exp(vec x)
{
    x = vec_at_most(vec_at_least(x, -87.3f), 88.3f);
    vec t = x * 0x1.715476p+0f + VEC_EXP_SHIFT, n = t - VEC_EXP_SHIFT;
    vec r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln(2) in two parts */
    vec scale = (vec)((vec_int)t << 23);                  /* 2^n */
    return scale * vec_expm1_small(r) + scale;
}

/* x > 0 ? x : exp(x) - 1, precise for small x too; ln(2) in one part will do, since where n is
 * large the result is near -1. */
VEC_INLINE vec vec_elu(vec x)
{
    vec y = vec_at_least(x, -20.0f);
    vec t = y * 0x1.715476p+0f + VEC_EXP_SHIFT, n = t - VEC_EXP_SHIFT;
    vec scale = (vec)((vec_int)t << 23), p = vec_expm1_small(y - n * 0x1.62e43p-1f);
    return vec_if_greater(x, vec_set(0), x, scale * p + (scale - 1));
}

/* The slope of the ELU where it gives y. */
VEC_INLINE vec vec_elu_slope(vec y)
{
    return vec_if_greater(y, vec_set(0), vec_set(1), y + 1);
}

/* 1 / (1 + exp(-x)). */
VEC_INLINE vec vec_sigmoid(vec x)
{
    return 1 / (1 + vec_exp(-x));
}

/* rows[i][j] <-> rows[j][i]. */
VEC_INLINE void vec_transpose(vec rows[BEN_LANES])
{
    vec_int lane;
    for (int l = 0; l < BEN_LANES; l++)
        lane[l] = l;
#pragma GCC unroll 4
    for (int s = 1; s < BEN_LANES; s *= 2) { /* swaps the off-diagonal blocks of s x s */
        vec_int low = lane + (lane & s) * ((BEN_LANES - s) / s), high = low + s;
#pragma GCC unroll 16
        for (int i = 0; i < BEN_LANES; i++)
            if ((i & s) == 0) {
                vec a = rows[i], b = rows[i + s];
                rows[i] = __builtin_shuffle(a, b, low);
                rows[i + s] = __builtin_shuffle(a, b, high);
            }
    }
}

VEC_INLINE float vec_sum(vec x)
{
    float sum[BEN_LANES];
    vec_store_loose(sum, x);
    for (int n = BEN_LANES / 2; n > 0; n /= 2)
        for (int i = 0; i < n; i++)
            sum[i] += sum[i + n];
    return sum[0];
}

#endif
