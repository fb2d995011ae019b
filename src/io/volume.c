/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/volume.h"
#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t volume_voxels(const struct volume *volume)
{
    return (size_t)volume->dim[0] * (size_t)volume->dim[1] * (size_t)volume->dim[2];
}

enum ben_status volume_create(const int dim[3], const double voxel_mm[3],
                              struct volume **volume)
{
    enum ben_status st = BEN_OK;
    struct volume *v = NULL;
    TRY_NEW(v = calloc(1, sizeof *v));
    for (int i = 0; i < 3; i++) {
        v->dim[i] = dim[i];
        v->voxel_mm[i] = voxel_mm[i];
        v->affine[i][i] = voxel_mm[i];
    }
    v->oriented = true;
    TRY_NEW(v->data = util_zeroed_room(volume_voxels(v) * sizeof *v->data));
    *volume = v;
    v = NULL;
out:
    volume_free(&v);
    return st;
}

enum ben_status volume_copy_voxels(const struct volume *volume, float **voxels)
{
    enum ben_status st = BEN_OK;
    const size_t bytes = volume_voxels(volume) * sizeof **voxels;
    TRY_NEW(*voxels = util_room(bytes));
    memcpy(*voxels, volume->data, bytes);
out:
    return st;
}

void volume_free(struct volume **volume)
{
    if (!*volume)
        return;
    free((*volume)->data);
    free(*volume);
    *volume = NULL;
}

double volume_axes(const double affine[3][4], int world[3], int sign[3])
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double best = -1;
    for (int o = 0; o < 6; o++) {
        double product = 1;
        for (int c = 0; c < 3; c++)
            product *= fabs(affine[orders[o][c]][c]) /
                       hypot(hypot(affine[0][c], affine[1][c]), affine[2][c]);
        /* a hair's difference is rounding, not a better assignment */
        if (product > best + 1e-6) {
            best = product;
            memcpy(world, orders[o], sizeof orders[o]);
        }
    }
    for (int c = 0; c < 3; c++)
        sign[c] = affine[world[c]][c] < 0 ? -1 : 1;
    return best;
}
