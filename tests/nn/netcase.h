/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the whole network share: the batch and the values of tools/reference.py, made
 * from the same random numbers. */
#ifndef BEN_TESTS_NETCASE_H
#define BEN_TESTS_NETCASE_H

#include "base/random.h"
#include "nn/net.h"

#include "check.h"

#include <string.h>

enum { CASE_SEED = 20220711, CASE_SIZE = 32, CASE_PIXELS = CASE_SIZE * CASE_SIZE };
enum { CASE_IMAGE = 1000, CASE_SIGNS = 2000, CASE_ENTRIES = 3000 };

/* Under valgrind and sanitizers: the parts that check memory, not all that check numbers. */
static inline bool case_quick(void)
{
    return getenv("BEN_TEST_QUICK") != NULL;
}

/* The first n words of a stream. The caller frees. */
static inline uint32_t *case_words(uint32_t a, uint32_t b, size_t n)
{
    struct random_stream stream = random_open(CASE_SEED, BEN_RANDOM_TEST, a, b);
    uint32_t *words = malloc((n + 3) / 4 * 4 * sizeof *words);
    CU_ASSERT_PTR_NOT_NULL_FATAL(words);
    for (size_t i = 0; i < (n + 3) / 4; i++) {
        uint32_t counter[4] = {(uint32_t)i, stream.counter[0], stream.counter[1],
                               stream.counter[2]};
        random_block(counter, stream.key, words + 4 * i);
    }
    return words;
}

static inline double case_value(const struct net_param *param, double u)
{
    size_t length = strlen(param->name);
    if (!strcmp(param->name + length - 5, ".mean"))
        return u - 0.5;
    if (!strcmp(param->name + length - 4, ".var"))
        return 0.5 + u;
    if (!strcmp(param->name + length - 5, ".bias"))
        return 0.2 * (u - 0.5);
    double value = (u - 0.5) * sqrt(24.0 / param->fan_in);
    return strstr(param->name, "theta") || strstr(param->name, "phi") ? value * 0.3 : value;
}

static inline void case_fill(struct net *net)
{
    int n;
    const struct net_param *params = net_params(net, &n);
    float *values = net_values(net, NULL, NULL);
    for (int p = 0; p < n; p++) {
        uint32_t *words = case_words((uint32_t)p, 0, params[p].count);
        for (size_t i = 0; i < params[p].count; i++)
            values[params[p].offset + i] = (float)case_value(&params[p], words[i] * 0x1p-32);
        free(words);
    }
    net_refresh(net);
}

/* images, masks [n][32][32]: a disc per slice in noise; the last one of `last` is empty. */
static inline void case_batch(int n, int last, float *images, float *masks)
{
    for (int s = 0; s < n; s++) {
        int radius = s == last - 1 ? 0 : 6 + 3 * s;
        uint32_t *words = case_words(CASE_IMAGE, (uint32_t)s, CASE_PIXELS);
        for (int p = 0; p < CASE_PIXELS; p++) {
            int i = p / CASE_SIZE - 12 - s, j = p % CASE_SIZE - 16 + s;
            double mask = i * i + j * j < radius * radius;
            masks[s * CASE_PIXELS + p] = (float)mask;
            images[s * CASE_PIXELS + p] = (float)(0.5 * mask + 0.5 * (words[p] * 0x1p-32));
        }
        free(words);
    }
}

static inline float *case_floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    memset(x, 0, n * sizeof *x);
    return x;
}

static inline struct net_config case_config(bool nonlocal, double dropout)
{
    struct net_config config = net_config_default();
    config.size = CASE_SIZE;
    config.nonlocal = nonlocal;
    for (int b = 0; b < BEN_BLOCKS; b++)
        config.dropout[b] = dropout;
    return config;
}

#endif
