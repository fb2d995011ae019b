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

void volume_free(struct volume **volume);

#endif
