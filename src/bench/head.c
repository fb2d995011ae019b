/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/head.h"
#include "base/random.h"
#include "prep/slices.h"

#include <math.h>

static const int dim[3] = {128, 160, 96};
static const double voxel_mm[3] = {1.25, 1.25, 1.75};
static const double brain_mm[3] = {55, 70, 52}; /* semi-axes */

/* Radii in brain units: fluid, skull and scalp end here. */
#define FLUID 1.06
#define SKULL 1.15
#define SCALP 1.27

/* Intensity at p, in brain units, of radius r, before field and noise. */
static double tissue(const double p[3], double r)
{
    double folds = sin(9 * p[0]) * sin(8 * p[1]) * sin(10 * p[2]);
    if (r > SCALP)
        return 0;
    if (r > SKULL)
        return 900;
    if (r > FLUID)
        return 80;
    if (r > 1)
        return 180;
    return folds + 2.2 * (0.8 - r) > 0 ? 780 : 560; /* white, grey */
}

static double field(const double p[3])
{
    return exp(0.25 * sin(1.1 * p[0] + 0.4) * cos(0.9 * p[1]) + 0.15 * p[2]);
}

static void fill_plane(uint64_t seed, int k, float *image, float *brain)
{
    struct random_stream noise = random_open(seed, BEN_RANDOM_SYNTH, (uint32_t)k, 0);
    for (int at = 0; at < dim[0] * dim[1]; at++) {
        const int voxel[3] = {at % dim[0], at / dim[0], k};
        double p[3], r = 0;
        for (int a = 0; a < 3; a++) {
            p[a] = (voxel[a] - 0.5 * (dim[a] - 1)) * voxel_mm[a] / brain_mm[a];
            r += p[a] * p[a];
        }
        r = sqrt(r);
        double value = tissue(p, r) * field(p);
        image[at] = (float)fabs(value + 15 * random_normal(&noise, (uint32_t)at));
        if (brain)
            brain[at] = r <= 1;
    }
}

enum ben_status head_make(uint64_t seed, struct volume **image, struct volume **brain)
{
    enum ben_status st = BEN_OK;
    struct volume *fresh = NULL, *inside = NULL;
    const size_t plane = (size_t)dim[0] * (size_t)dim[1];
    TRY(volume_create(dim, voxel_mm, &fresh));
    if (brain)
        TRY(volume_create(dim, voxel_mm, &inside));
#pragma omp parallel for
    for (int k = 0; k < dim[2]; k++)
        fill_plane(seed, k, fresh->data + (size_t)k * plane,
                   inside ? inside->data + (size_t)k * plane : NULL);
    *image = fresh;
    if (brain)
        *brain = inside;
    fresh = inside = NULL;
out:
    volume_free(&fresh);
    volume_free(&inside);
    return st;
}

enum ben_status head_slices(uint64_t seed, int size, int n, float *x, float *target)
{
    enum ben_status st = BEN_OK;
    struct volume *image = NULL, *brain = NULL;
    struct slice_geometry geometry;
    const size_t pixels = (size_t)size * (size_t)size;
    TRY(head_make(seed, &image, &brain));
    TRY(slices_plan(image, BEN_AXIAL, size, &geometry));
    int first = n < dim[2] ? (dim[2] - n) / 2 : 0;
    for (int i = 0; i < n; i++) {
        int from = (first + i) % dim[2];
        slices_extract(&geometry, image, from, 1, x + (size_t)i * pixels);
        slices_extract_mask(&geometry, brain, from, 1, target + (size_t)i * pixels);
    }
    for (size_t i = 0; i < (size_t)n * pixels; i++)
        x[i] = fminf(x[i] * 1e-3f, 1);
out:
    volume_free(&image);
    volume_free(&brain);
    return st;
}
