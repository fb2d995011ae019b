/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of single layers share. */
#ifndef BEN_TESTS_LAYERCASE_H
#define BEN_TESTS_LAYERCASE_H

#include "base/random.h"
#include "nn/isa.h"

#include "check.h"

#include <string.h>

static inline void *layer_memory(size_t bytes)
{
    void *p = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

/* Normal numbers, 64-byte aligned; the caller frees. */
static inline float *layer_random(size_t n, uint32_t key)
{
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, key, 0);
    float *x = layer_memory(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)random_normal(&stream, (uint32_t)i);
    return x;
}

/* NaN everywhere, so that what a kernel leaves out shows. */
static inline float *layer_unset(size_t n)
{
    float *x = layer_memory(n * sizeof *x);
    memset(x, 0xff, n * sizeof *x);
    return x;
}

/* Channel c at pixel p in [blocks][pixels][16]. */
static inline size_t layer_at(size_t pixels, int c, size_t p)
{
    return ((size_t)(c / 16) * pixels + p) * 16 + (size_t)(c % 16);
}

static inline double layer_dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Runs the test on every instruction set that this CPU has. */
static inline void layer_each_isa(void (*run)(void))
{
    enum isa before = isa_now();
    for (int isa = BEN_ISA_GENERIC; isa <= BEN_ISA_AVX512; isa++)
        if (isa_force((enum isa)isa))
            run();
    isa_force(before);
}

#endif
