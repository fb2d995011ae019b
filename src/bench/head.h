/* SPDX-License-Identifier: BSD-3-Clause */
/* A made head to measure on: scalp, skull and brain as ellipsoids with texture, a smooth bias
 * field and noise. Equal arguments give equal bytes. All Local. */
#ifndef BEN_BENCH_HEAD_H
#define BEN_BENCH_HEAD_H

#include "base/status.h"
#include "io/volume.h"

#include <stdint.h>

/* A canonical volume of a human head, 128 x 160 x 96 voxels of 1.25 x 1.25 x 1.75 mm with values
 * from 0 to about 1000, and its brain, 0 or 1, on the same grid (NULL: not wanted). Both fresh.
 * Fails: BEN_E_MEMORY. */
enum ben_status head_make(uint64_t seed, struct volume **image, struct volume **brain);

/* Axial slices about the head's middle, in [0, 1], and masks: x, target [n][size][size]. More than
 * the head has start again. Fails: BEN_E_MEMORY. */
enum ben_status head_slices(uint64_t seed, int size, int n, float *x, float *target);

#endif
