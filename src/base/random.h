/* SPDX-License-Identifier: BSD-3-Clause */
/* Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): a number is a pure function
 * of (seed, purpose, a, b, index), never of rank, thread, order or time. */
#ifndef BEN_BASE_RANDOM_H
#define BEN_BASE_RANDOM_H

#include <stdint.h>

/* What the numbers are for: two purposes never share a stream. Values are part of the file
 * format of seeds (training is reproducible across versions): only ever append. */
enum random_purpose {
    BEN_RANDOM_INIT = 1,    /* a: parameter */
    BEN_RANDOM_SHUFFLE = 2, /* a: epoch */
    BEN_RANDOM_AUGMENT = 3, /* a: epoch, b: sample */
    BEN_RANDOM_DROPOUT = 4, /* a: step or scan, b: sample or slice and layer */
    BEN_RANDOM_SYNTH = 5,
    BEN_RANDOM_TEST = 6,
    BEN_RANDOM_BOOTSTRAP = 7,
    BEN_RANDOM_FOLDS = 8,
};

struct random_stream {
    uint32_t key[2];
    uint32_t counter[3]; /* purpose, a, b */
};

struct random_stream random_open(uint64_t seed, enum random_purpose purpose, uint32_t a,
                                 uint32_t b);

/* One Philox block: 4 words for counter and key. */
void random_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The index-th number of the stream: 32 random bits; [0,1); standard normal (Box-Muller). */
uint32_t random_u32(const struct random_stream *stream, uint32_t index);
double random_uniform(const struct random_stream *stream, uint32_t index);
double random_normal(const struct random_stream *stream, uint32_t index);

/* order[0..n) := a permutation of 0..n-1 (Fisher-Yates). */
void random_permutation(const struct random_stream *stream, uint32_t n, uint32_t *order);

#endif
