/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"

#include <math.h>

struct random_stream random_open(uint64_t seed, enum random_purpose purpose, uint32_t a,
                                 uint32_t b)
{
    return (struct random_stream){.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                                  .counter = {(uint32_t)purpose, a, b}};
}

void random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t random_u32(const struct random_stream *stream, uint32_t index)
{
    uint32_t counter[4] = {index / 4, stream->counter[0], stream->counter[1],
                           stream->counter[2]};
    uint32_t out[4];
    random_block(counter, stream->key, out);
    return out[index % 4];
}

double random_uniform(const struct random_stream *stream, uint32_t index)
{
    return random_u32(stream, index) * 0x1p-32;
}

double random_normal(const struct random_stream *stream, uint32_t index)
{
    uint32_t even = index & ~1u;
    double u = (random_u32(stream, even) + 0.5) * 0x1p-32;
    double angle = 2 * M_PI * random_u32(stream, even + 1) * 0x1p-32;
    double radius = sqrt(-2 * log(u));
    return index == even ? radius * cos(angle) : radius * sin(angle);
}

void random_permutation(const struct random_stream *stream, uint32_t n, uint32_t *order)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)(((uint64_t)random_u32(stream, i) * i) >> 32);
        uint32_t swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}
