/* SPDX-License-Identifier: BSD-3-Clause */
/* Canonical orientation and back. A volume's axes are permuted and flipped, never resampled, so
 * that i runs to the right, j to the front and k up (RAS+) as nearly as its affine says;
 * oblique axes go to the nearest canonical one. The way back is exact. */
#ifndef BEN_PREP_ORIENT_H
#define BEN_PREP_ORIENT_H

#include "io/volume.h"

#include <stdbool.h>
#include <stdint.h>

struct orientation {
    int axis[3]; /* canonical axis a is the volume's own axis axis[a] */
    int flip[3]; /* 1: and runs the other way */
    int dim[3];  /* the volume's own size, for the way back */
};

/* The orientation of an affine: the assignment of axes to directions whose product of absolute
 * direction cosines is largest. A volume without orientation is taken as it is. Local. */
struct orientation orient_find(const struct volume *volume);

/* A fresh canonical copy, affine, voxel_mm and dim moved along. Local. */
enum ben_status orient_apply(const struct orientation *orientation, const struct volume *volume,
                             struct volume **canonical);

/* The same of a volume that is not needed any more: *volume, freed or taken over as it is where it lies
 * so already, becomes NULL. Local. */
enum ben_status orient_take(const struct orientation *orientation, struct volume **volume,
                            struct volume **canonical);

/* True where canonical order is the volume's own. Local. */
bool orient_is_own(const struct orientation *orientation);

/* Canonical voxels back to the volume's own order; to has as many voxels. Local. */
void orient_back_u8(const struct orientation *orientation, const uint8_t *canonical,
                    uint8_t *to);
void orient_back_f32(const struct orientation *orientation, const float *canonical, float *to);

#endif
