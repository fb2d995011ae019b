/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads that are made up: around a brain's surface come fluid, bone, muscle with fat, air ways,
 * eyes, spinal cord and skin; inside it cortex, white matter, deep grey, ventricles. Thickness,
 * shape and place of all vary by smooth random fields. Nothing of it is anybody's anatomy: it
 * teaches what may lie around a brain. All Local. */
#ifndef BEN_TRAIN_HEAD_MAKE_H
#define BEN_TRAIN_HEAD_MAKE_H

#include "base/random.h"
#include "train/heads.h"

/* Signed distance to a brain's surface in mm, negative inside, on an isotropic canonical grid. */
struct brain_field {
    int dim[3];
    double mm;
    float *distance; /* [dim[2]][dim[1]][dim[0]], owned */
    double round;    /* 0: a rodent's long, low brain; 1: a primate's */
};

void brain_field_free(struct brain_field *field);

/* A brain of random shape: cerebrum, bulbs, temporal lobes, cerebellum, stem. */
enum ben_status brain_shape(const struct random_stream *stream, struct brain_field *field);

/* The brain of a mask, [dim[2]][dim[1]][dim[0]] in canonical order, 1 inside. round is of its
 * species. Between thick slices the surface is interpolated. Fails: BEN_E_INPUT without brain. */
enum ben_status brain_of_mask(const int dim[3], const double voxel_mm[3], const uint8_t *mask,
                              double round, struct brain_field *field);

/* The head around it: fills head but for offset and plane; voxels fresh [field's grid]. */
enum ben_status head_around(const struct random_stream *stream, const struct brain_field *field,
                            struct head *head, uint8_t **voxels);

#endif
