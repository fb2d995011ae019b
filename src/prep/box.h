/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of a volume that a mask occupies, so that costly steps run on that part alone. */
#ifndef BEN_PREP_BOX_H
#define BEN_PREP_BOX_H

#include <stdbool.h>
#include <stdint.h>

struct box {
    int first[3]; /* its lowest voxel */
    int size[3];  /* voxels along each axis; all 0 where it is empty */
};

/* The smallest box that holds every voxel of mask [dim[2]][dim[1]][dim[0]] that is not 0. */
struct box box_find(const int dim[3], const uint8_t *mask);

/* The smallest box that holds both; an empty one adds nothing. */
struct box box_join(const struct box *a, const struct box *b);

/* The voxels of the box -> part [size[2]][size[1]][size[0]], 1 for whatever is not 0. */
void box_cut(const struct box *box, const int dim[3], const uint8_t *mask, uint8_t *part);

/* The voxels of the box slice by slice across axis, one in slices being whatever is not 0, from the
 * mask, or back to it. Rows follow each other along the higher of the two other axes. */
void box_slices(const struct box *box, const int dim[3], int axis, bool back, uint8_t *mask,
                uint8_t *slices);

#endif
