/* SPDX-License-Identifier: BSD-3-Clause */
/* What scanners, coils and sequences do to a slice beyond bias, blur and noise (train/augment.h):
 * other contrasts of brain and surroundings, signal loss, coils that see only the near, ghosts of
 * motion, coarse pixels, cut fields of view, skulls already stripped. All Local; x, y
 * [size][size], in place; draws decide the strength. */
#ifndef BEN_TRAIN_ARTEFACT_H
#define BEN_TRAIN_ARTEFACT_H

#include "train/knots.h"

#include <stddef.h>

/* to := the mean of from over squares of 2 * radius + 1 pixels; the borders repeat. to is not from. */
void artefact_average(int size, int radius, const float *from, float *to);

/* New intensities by two random curves, one inside the brain and one outside, which may cross,
 * mixed over a few pixels at the brain's edge: texture stays, contrast is another one. Curves keep
 * background dark. scratch [size][size]. */
void artefact_repaint(struct draws *draws, int size, const float *y, float *x, float *scratch);

/* Up to three smooth blobs fade, as where air is near (EPI). */
void artefact_loss(struct draws *draws, int size, float *x);

/* Intensity falls off from a place at the border, as under a surface coil. */
void artefact_coil(struct draws *draws, int size, float *x);

/* Only what is near the brain stays, as after a rough skull stripping. scratch [2][size][size]. */
void artefact_strip(struct draws *draws, int size, const float *y, float *x, float *scratch);

/* All but the brain and what is near is darker, down to nothing: fat suppression, coils and EPI leave
 * little of a head. scratch [2][size][size]. */
void artefact_dim(struct draws *draws, int size, const float *y, float *x, float *scratch);

/* Coarser pixels along each axis, down to the fraction lowest of the size: area means, then
 * linear between them, as prep/slices.h brings small matrices to the network's size.
 * scratch [size][size]. */
void artefact_resolution(struct draws *draws, double lowest, int size, float *x,
                         float *scratch);

/* Copies shifted along one axis, faint. scratch [size][size]. */
void artefact_ghost(struct draws *draws, int size, float *x, float *scratch);

/* The field of view ends early along an axis: nothing outside, brain neither. */
void artefact_frame(struct draws *draws, int size, float *x, float *y);

#endif
