/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/kernels.h"
#include "nn/vec.h"

#define WIDE 16 /* groups at a time: lanes of the loops that the compiler vectorises */

/* Philox4x32-10 (base/random.h) of WIDE counters at once: c[0] differs, the rest is given. */
VEC_INLINE void philox(const uint32_t counter[3], const uint32_t key[2], uint32_t c[4][WIDE])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < WIDE; i++) {
        c[1][i] = counter[0];
        c[2][i] = counter[1];
        c[3][i] = counter[2];
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < WIDE; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c[0][i], p1 = (uint64_t)0xCD9E8D57u * c[2][i];
            c[0][i] = (uint32_t)(p1 >> 32) ^ c[1][i] ^ k0;
            c[2][i] = (uint32_t)(p0 >> 32) ^ c[3][i] ^ k1;
            c[1][i] = (uint32_t)p1;
            c[3][i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

static void mask(const uint32_t counter[3], const uint32_t key[2], uint32_t threshold,
                 size_t groups, uint16_t *restrict keep)
{
    for (size_t g = 0; g < groups; g += WIDE) {
        uint32_t bits[WIDE] = {0}, c[4][WIDE];
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < WIDE; i++)
                c[0][i] = (uint32_t)(2 * (g + (size_t)i)) + (uint32_t)half;
            philox(counter, key, c);
            for (int word = 0; word < 4; word++)
                for (int i = 0; i < WIDE; i++) {
                    uint32_t two = ((c[word][i] & 0xffffu) >= threshold) |
                                   (uint32_t)((c[word][i] >> 16) >= threshold) << 1;
                    bits[i] |= two << (8 * half + 2 * word);
                }
        }
        for (size_t i = 0; i < WIDE && g + i < groups; i++)
            keep[g + i] = (uint16_t)bits[i];
    }
}

static void apply(size_t groups, const uint16_t *restrict keep, float scale, float *restrict x)
{
    for (size_t g = 0; g < groups; g++) {
        unsigned bits = keep[g];
        for (int c = 0; c < 16; c++)
            x[g * 16 + c] = bits >> c & 1 ? x[g * 16 + c] * scale : 0;
    }
}

const struct dropout_kernels ISA_NAME(dropout_layer) = {mask, apply};
