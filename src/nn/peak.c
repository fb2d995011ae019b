/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/peak.h"
#include "base/util.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdlib.h>

#define RUN_S        0.003
#define STREAM_COUNT ((size_t)16 << 20) /* floats of each array: 64 MiB */

static double run_flops(long rounds, double *seconds)
{
    const struct peak_kernels *kernels = ISA_PICK(peak_layer);
    double flops = 0, start = util_now_s();
    float sum = 0;
#pragma omp parallel reduction(+ : flops, sum)
    {
        float out;
        flops += kernels->multiply_add(rounds, &out);
        sum += out;
    }
    *seconds = util_now_s() - start;
    ENSURE(isfinite(sum));
    return flops / *seconds;
}

double peak_flops(int runs)
{
    long rounds = 1000;
    double best = 0, seconds = 0;
    for (run_flops(rounds, &seconds); seconds < RUN_S; run_flops(rounds, &seconds))
        rounds *= 2;
    for (int r = 0; r < runs; r++)
        best = fmax(best, run_flops(rounds, &seconds));
    return best;
}

static void triad(const float *b, const float *c, float *a)
{
#pragma omp parallel for simd schedule(static)
    for (size_t i = 0; i < STREAM_COUNT; i++)
        a[i] = b[i] + 3.0f * c[i];
}

enum ben_status peak_bandwidth(int runs, double *bytes_per_s)
{
    enum ben_status st = BEN_OK;
    float *a = NULL;
    *bytes_per_s = 0;
    TRY_NEW(a = malloc(3 * STREAM_COUNT * sizeof *a));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < STREAM_COUNT; i++)
        a[i] = a[STREAM_COUNT + i] = a[2 * STREAM_COUNT + i] = 1;
    for (int r = 0; r < runs; r++) {
        double start = util_now_s();
        triad(a + STREAM_COUNT, a + 2 * STREAM_COUNT, a);
        double took = util_now_s() - start;
        ENSURE(a[STREAM_COUNT - 1] == 4);
        *bytes_per_s = fmax(*bytes_per_s, 12.0 * STREAM_COUNT / took);
    }
out:
    free(a);
    return st;
}
