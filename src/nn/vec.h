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

/* Of a NaN x the result is NaN. */
VEC_INLINE vec vec_at_least(vec x, float low)
{
    return vec_if_greater(vec_set(low), x, vec_set(low), x);
}

VEC_INLINE vec vec_at_most(vec x, float high)
{
    return vec_if_greater(x, vec_set(high), vec_set(high), x);
}

VEC_INLINE vec vec_max(vec a, vec b)
{
    return vec_if_greater(a, b, a, b);
}

/* x = n ln(2) + r: sets scale = 2^n and returns expm1(r), so exp(x) = scale * (1 + expm1(r)).
 * For -87.3 <= x <= 88.3. */
VEC_INLINE vec vec_exp_parts(vec x, vec *scale)
{
    const float shift = 0x1.8p23f; /* adding it rounds to an integer, found in the low bits */
    vec t = x * 0x1.715476p+0f + shift;
    vec n = t - shift;
    vec r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln(2) in two parts */
    vec q = r * 0x1.6d9956p-10f + 0x1.122838p-7f;
    q = q * r + 0x1.555486p-5f;
    q = q * r + 0x1.5554b0p-3f;
    q = q * r + 0.5f;
    *scale = (vec)((((vec_int)t + 127) & 0x1ff) << 23);
    return (r * r) * q + r;
}

/* Within 1.5 units in the last place; x is taken as if within [-87.3, 88.3]. */
VEC_INLINE vec vec_exp(vec x)
{
    vec scale;
    vec p = vec_exp_parts(vec_at_most(vec_at_least(x, -87.3f), 88.3f), &scale);
    return scale * p + scale;
}

/* x > 0 ? x : exp(x) - 1, precise for small x too. */
VEC_INLINE vec vec_elu(vec x)
{
    vec scale;
    vec p = vec_exp_parts(vec_at_least(x, -20.0f), &scale);
    return vec_if_greater(x, vec_set(0), x, scale * p + (scale - 1));
}

/* 1 / (1 + exp(-x)). */
VEC_INLINE vec vec_sigmoid(vec x)
{
    return 1 / (1 + vec_exp(-x));
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
