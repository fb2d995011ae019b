/* SPDX-License-Identifier: BSD-3-Clause */
/* A volume smoothed by a Gaussian, which takes noise away and fine detail with it. */
#ifndef BEN_PREP_SMOOTH_H
#define BEN_PREP_SMOOTH_H

#include "io/volume.h"

/* In place, along each axis a by a standard deviation of sd[a] voxels; 0: not along it. The kernel
 * ends at three of them, and beyond the volume its outermost voxels go on. The same bits for any
 * number of threads. Local. Fails: BEN_E_MEMORY. */
enum ben_status smooth_volume(struct volume *volume, const double sd[3]);

/* The same of what smoothing takes away, which is added amount times instead (an unsharp mask); what
 * comes out below 0 becomes 0. Fails: BEN_E_MEMORY. */
enum ben_status sharpen_volume(struct volume *volume, const double sd[3], double amount);

/* A Gaussian of sd > 0 pixels, cut at radius: weights [2 radius + 1], their sum 1. */
void smooth_kernel(double sd, int radius, float *weights);

#endif
