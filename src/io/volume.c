/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/volume.h"

#include <stdlib.h>

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
    TRY_NEW(v->data = calloc(volume_voxels(v), sizeof *v->data));
    *volume = v;
    v = NULL;
out:
    volume_free(&v);
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
