/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/distance.h"

#include <math.h>
#include <omp.h>
#include <stddef.h>
#include <stdlib.h>

#define TILE 16 /* neighbouring lines that one thread takes at once: a cache line of floats */

/* What one thread needs for lines of n voxels. */
struct envelope {
    double *height; /* [n] the line's values */
    double *from;   /* [n] where each parabola of the envelope takes over, in voxels */
    int *vertex;    /* [n] and where its vertex is */
    float *tile;    /* [TILE][n] */
};

static size_t envelope_bytes(int n)
{
    return (size_t)n * (2 * sizeof(double) + TILE * sizeof(float) + 2 * sizeof(int));
}

static struct envelope envelope_at(char *block, int n)
{
    struct envelope e;
    e.height = (double *)block;
    e.from = e.height + n;
    e.tile = (float *)(e.from + n);
    e.vertex = (int *)(e.tile + (size_t)TILE * n);
    return e;
}

static void sweep_row(const uint8_t *mask, int n, double spacing, float *squared)
{
    double steps = INFINITY;
    for (int i = 0; i < n; i++) {
        steps = mask[i] ? 0 : steps + 1;
        squared[i] = (float)(steps * steps * spacing * spacing);
    }
    steps = INFINITY;
    for (int i = n - 1; i >= 0; i--) {
        steps = mask[i] ? 0 : steps + 1;
        squared[i] = fminf(squared[i], (float)(steps * steps * spacing * spacing));
    }
}

/* Where the parabola with its vertex at q becomes lower than the one at v < q. */
static double crossing(const struct envelope *e, int v, int q, double squared_spacing)
{
    double rise = (e->height[q] - e->height[v]) / squared_spacing;
    return (rise + (double)q * q - (double)v * v) / (2.0 * (q - v));
}

/* The envelope of the finite heights; returns the number of its parabolas. */
static int envelope_build(struct envelope *e, int n, double squared_spacing)
{
    int count = 0;
    for (int q = 0; q < n; q++) {
        double at = -INFINITY;
        if (isinf(e->height[q]))
            continue;
        while (count > 0) {
            at = crossing(e, e->vertex[count - 1], q, squared_spacing);
            if (at > e->from[count - 1])
                break;
            count--;
        }
        e->vertex[count] = q;
        e->from[count] = count > 0 ? at : -INFINITY;
        count++;
    }
    return count;
}

static void transform_line(struct envelope *e, float *line, int n, double squared_spacing)
{
    int p = 0;
    for (int i = 0; i < n; i++)
        e->height[i] = line[i];
    int count = envelope_build(e, n, squared_spacing);
    if (count == 0)
        return;
    for (int i = 0; i < n; i++) {
        while (p + 1 < count && e->from[p + 1] < i)
            p++;
        double away = i - e->vertex[p];
        line[i] = (float)(away * away * squared_spacing + e->height[e->vertex[p]]);
    }
}

/* Transforms the width <= TILE lines that begin at first and next to it. */
static void transform_tile(struct envelope *e, float *first, int width, int n, ptrdiff_t step,
                           double squared_spacing)
{
    for (int i = 0; i < n; i++)
        for (int t = 0; t < width; t++)
            e->tile[(ptrdiff_t)t * n + i] = first[i * step + t];
    for (int t = 0; t < width; t++)
        transform_line(e, e->tile + (ptrdiff_t)t * n, n, squared_spacing);
    for (int i = 0; i < n; i++)
        for (int t = 0; t < width; t++)
            first[i * step + t] = e->tile[(ptrdiff_t)t * n + i];
}

/* All lines along an axis whose neighbours are step floats apart; outer blocks of n*step. */
static enum ben_status transform_axis(float *squared, long outer, int n, ptrdiff_t step,
                                      double spacing)
{
    enum ben_status st = BEN_OK;
    size_t bytes = (envelope_bytes(n) + 63) / 64 * 64;
    long tiles = (step + TILE - 1) / TILE;
    char *blocks = NULL;
    if (n == 1)
        return BEN_OK;
    TRY_NEW(blocks = malloc((size_t)omp_get_max_threads() * bytes));
#pragma omp parallel for schedule(static)
    for (long i = 0; i < outer * tiles; i++) {
        struct envelope e = envelope_at(blocks + (size_t)omp_get_thread_num() * bytes, n);
        ptrdiff_t at = i % tiles * TILE;
        int width = (int)(step - at < TILE ? step - at : TILE);
        transform_tile(&e, squared + i / tiles * n * step + at, width, n, step,
                       spacing * spacing);
    }
out:
    free(blocks);
    return st;
}

enum ben_status distance_squared(const int dim[3], const double spacing[3], const uint8_t *mask,
                                 float *squared)
{
    enum ben_status st = BEN_OK;
    long rows = (long)dim[1] * dim[2];
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; row++)
        sweep_row(mask + row * dim[0], dim[0], spacing[0], squared + row * dim[0]);
    TRY(transform_axis(squared, dim[2], dim[1], dim[0], spacing[1]));
    TRY(transform_axis(squared, 1, dim[2], (ptrdiff_t)dim[0] * dim[1], spacing[2]));
out:
    return st;
}
