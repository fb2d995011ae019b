/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/smooth.h"
#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void smooth_kernel(double sd, int radius, float *weights)
{
    double sum = 0;
    for (int d = -radius; d <= radius; d++)
        sum += exp(-0.5 * d * d / (sd * sd));
    for (int d = -radius; d <= radius; d++)
        weights[d + radius] = (float)(exp(-0.5 * d * d / (sd * sd)) / sum);
}

static int clamp(int at, int n)
{
    return at < 0 ? 0 : at < n ? at : n - 1;
}

static void along_row(const float *restrict from, int n, const float *weights, int radius,
                      float *restrict to)
{
    for (int i = 0; i < n; i++) {
        float sum = 0;
        for (int d = -radius; d <= radius; d++)
            sum += weights[d + radius] * from[clamp(i + d, n)];
        to[i] = sum;
    }
}

static void add_row(const float *restrict from, int n, float weight, float *restrict to)
{
    for (int i = 0; i < n; i++)
        to[i] += weight * from[i];
}

/* Rows lie along axis 0; axis 1 or 2: whole rows are added up. */
static void along_axis(const struct volume *volume, int axis, const float *weights, int radius,
                       float *to)
{
    const int *dim = volume->dim;
    const size_t row = (size_t)dim[0];
#pragma omp parallel for collapse(2) schedule(static)
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++) {
            float *here = to + ((size_t)k * (size_t)dim[1] + (size_t)j) * row;
            if (axis == 0) {
                along_row(volume->data + (here - to), dim[0], weights, radius, here);
                continue;
            }
            memset(here, 0, row * sizeof *here);
            for (int d = -radius; d <= radius; d++) {
                size_t jj = (size_t)(axis == 1 ? clamp(j + d, dim[1]) : j);
                size_t kk = (size_t)(axis == 2 ? clamp(k + d, dim[2]) : k);
                add_row(volume->data + (kk * (size_t)dim[1] + jj) * row, dim[0],
                        weights[d + radius], here);
            }
        }
}

enum ben_status smooth_volume(struct volume *volume, const double sd[3])
{
    enum ben_status st = BEN_OK;
    float *weights = NULL, *other = NULL;
    for (int axis = 0; axis < 3; axis++) {
        const int radius = (int)ceil(3 * sd[axis]);
        if (radius == 0)
            continue;
        free(weights);
        TRY_NEW(weights = malloc((2 * (size_t)radius + 1) * sizeof *weights));
        if (!other)
            TRY_NEW(other = util_room(volume_voxels(volume) * sizeof *other));
        smooth_kernel(sd[axis], radius, weights);
        along_axis(volume, axis, weights, radius, other);
        float *smooth = other;
        other = volume->data;
        volume->data = smooth;
    }
out:
    free(weights);
    free(other);
    return st;
}

enum ben_status sharpen_volume(struct volume *volume, const double sd[3], double amount)
{
    enum ben_status st = BEN_OK;
    struct volume smooth = *volume;
    const float more = (float)amount;
    smooth.data = NULL;
    TRY(volume_copy_voxels(volume, &smooth.data));
    TRY(smooth_volume(&smooth, sd));
    float *v = volume->data;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < volume_voxels(volume); i++)
        v[i] = fmaxf(v[i] + more * (v[i] - smooth.data[i]), 0);
out:
    free(smooth.data);
    return st;
}
