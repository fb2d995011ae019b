/* SPDX-License-Identifier: BSD-3-Clause */
/* The exact Euclidean distance transform, one axis after the other: along x two sweeps, along y
 * and z the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012). */
#ifndef BEN_PREP_DISTANCE_H
#define BEN_PREP_DISTANCE_H

#include "base/status.h"

#include <stdint.h>

/* squared [dim[2]][dim[1]][dim[0]] := from each voxel's centre the squared distance to the nearest
 * centre of a voxel of mask that is not 0, spacing being the voxels' edges (mm, or 1 each for
 * voxels); infinity where the mask is empty. Each pass rounds to float: relative error below
 * 2e-7. Local; deterministic; threads share the lines. Fails: BEN_E_MEMORY. */
enum ben_status distance_squared(const int dim[3], const double spacing[3], const uint8_t *mask,
                                 float *squared);

#endif
