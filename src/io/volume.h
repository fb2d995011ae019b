/* SPDX-License-Identifier: BSD-3-Clause */
/* A volume in memory: voxels as float in C order with x fastest, and where they are in the
 * world. Everything between reading and writing works on this. */
#ifndef BEN_IO_VOLUME_H
#define BEN_IO_VOLUME_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct volume {
    int dim[3];          /* voxels along i, j, k; each >= 1 */
    double voxel_mm[3];  /* edge lengths, > 0 */
    double affine[3][4]; /* voxel index (i, j, k, 1) to world mm, RAS+ */
    bool oriented;       /* false: the file had neither qform nor sform */
    float *data;         /* [dim[2]][dim[1]][dim[0]], owned */
};

size_t volume_voxels(const struct volume *volume);

/* A zeroed volume of that size with identity affine scaled by voxel_mm. Local.
 * Fails: BEN_E_MEMORY. */
enum ben_status volume_create(const int dim[3], const double voxel_mm[3],
                              struct volume **volume);

/* *voxels [voxels] := a copy of the volume's; the caller frees. Local. Fails: BEN_E_MEMORY. */
enum ben_status volume_copy_voxels(const struct volume *volume, float **voxels);

void volume_free(struct volume **volume);

/* The world axis (0 right, 1 front, 2 up) that each voxel axis runs along, and its sign (1 or
 * -1): the assignment whose product of absolute direction cosines is largest, which for an
 * oblique grid is the nearest one; the first in lexical order among equals. Returns that product:
 * 1 for a grid along the axes. Columns of zero length must not occur. */
double volume_axes(const double affine[3][4], int world[3], int sign[3]);

#endif
