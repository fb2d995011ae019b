/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices painted from whole heads (train/heads.h) instead of scanned: a plane through the head,
 * tilted, stretched and bent at random, as thick as slices are in the field, a random grey for each
 * label after the manner of a sequence or of none, texture, scaled as prep/normalise.h would. What a
 * network learns from them does not depend on any one contrast (the idea of SynthSeg, Billot et
 * al. 2023). Artefacts are added by train/augment.h. */
#ifndef BEN_TRAIN_SYNTH_H
#define BEN_TRAIN_SYNTH_H

#include "train/heads.h"
#include "train/knots.h"

/* Paints one slice: x [size][size] within [0, 1] or a little above, y [size][size] 0 or 1. A
 * function of the key and the heads alone. scratch [size][size]. Local. */
void synth_slice(const struct heads *heads, const struct sample_key *key, int size, float *x,
                 float *y, float *scratch);

#endif
