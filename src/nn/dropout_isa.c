/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox4x32-10 (base/random.h) with one counter in each 64-bit lane: a product's high half is
 * then a shift away. Only the low half of a lane counts between the rounds, so what the upper
 * halves hold need not be cleared. */
#include "nn/kernels.h"
#include "nn/vec.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define WIDE (BEN_LANES / 2)

typedef uint64_t wide __attribute__((vector_size(BEN_LANES * 4), may_alias));
typedef uint16_t words __attribute__((vector_size(BEN_LANES), may_alias));

/* Low halves' product. */
VEC_INLINE wide multiply(wide a, uint32_t b)
{
    wide factor = (wide){0} + b;
#if defined(__AVX512F__)
    return (wide)_mm512_mul_epu32((__m512i)a, (__m512i)factor);
#elif defined(__AVX2__)
    return (wide)_mm256_mul_epu32((__m256i)a, (__m256i)factor);
#elif defined(__x86_64__)
    return (wide)_mm_mul_epu32((__m128i)a, (__m128i)factor);
#else
    return (a & 0xffffffffu) * factor;
#endif
}

/* c[0]: the counters' first words; the others are the stream's. Out: four words each. */
VEC_INLINE void philox(const uint32_t counter[3], const uint32_t key[2], wide c[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < 3; i++)
        c[i + 1] = (wide){0} + counter[i];
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        wide p0 = multiply(c[0], 0xD2511F53u), p1 = multiply(c[2], 0xCD9E8D57u);
        c[0] = (p1 >> 32) ^ c[1] ^ k0;
        c[2] = (p0 >> 32) ^ c[3] ^ k1;
        c[1] = p1;
        c[3] = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Bits 2k and 32 + 2k: whether the low and the high half word are at least the threshold, by the
 * carry of adding 2^16 - threshold to both at once. */
VEC_INLINE wide compare(wide word, uint64_t complement, int k)
{
    wide halves = (word & 0xffff) | (word & 0xffff0000) << 16;
    wide carry = (halves + complement) & (UINT64_C(1) << 48 | 1 << 16);
    return carry >> (16 - 2 * k);
}

/* The masks of groups g .. g + WIDE - 1, in 64-bit lanes. */
VEC_INLINE wide masks(const uint32_t counter[3], const uint32_t key[2], uint64_t complement,
                      wide g)
{
    wide bits = {0};
    for (int half = 0; half < 2; half++) {
        wide c[4];
        c[0] = 2 * g + (unsigned)half;
        philox(counter, key, c);
        for (int k = 0; k < 4; k++)
            bits |= compare(c[k], complement, 4 * half + k);
    }
    return bits | bits >> 31; /* the high halves' bits, one place up from the low halves' */
}

static void mask(const uint32_t counter[3], const uint32_t key[2], uint32_t threshold,
                 size_t groups, uint16_t *restrict keep)
{
    uint64_t complement = (uint64_t)(65536 - threshold) << 32 | (65536 - threshold);
    wide g = {0};
    for (int i = 0; i < WIDE; i++)
        g[i] = (uint64_t)i;
    size_t at = 0;
    for (; at + WIDE <= groups; at += WIDE, g += WIDE) {
        words bits = __builtin_convertvector(masks(counter, key, complement, g), words);
        memcpy(keep + at, &bits, sizeof bits);
    }
    words rest = __builtin_convertvector(masks(counter, key, complement, g), words);
    memcpy(keep + at, &rest, (groups - at) * sizeof *keep);
}

static void apply(size_t groups, const uint16_t *restrict keep, float scale, float *restrict x)
{
    for (size_t g = 0; g < groups; g++)
        for (int c = 0; c < 16; c += BEN_LANES) {
            float *at = x + g * 16 + c;
            vec_store(at, vec_keep(vec_load(at) * scale, (unsigned)keep[g] >> c));
        }
}

const struct dropout_kernels ISA_NAME(dropout_layer) = {mask, apply};
