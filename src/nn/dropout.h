/* SPDX-License-Identifier: BSD-3-Clause */
/* Inverted dropout (Srivastava et al. 2014), element by element. Masks are bits: group g of a
 * slice [blocks][pixels][16] is its g-th run of 16 channels, bit c of keep[g] says whether
 * channel c stays. They are a pure function of the stream and g, the same on every instruction
 * set: group g takes the 16 half words of the stream's Philox blocks 2g and 2g+1 (low half
 * first), and a channel is dropped where its half word is below rate * 2^16. All Local. */
#ifndef BEN_NN_DROPOUT_H
#define BEN_NN_DROPOUT_H

#include "base/random.h"

#include <stddef.h>
#include <stdint.h>

/* rate in [0, 1), rounded to 2^-16. keep [groups]. */
void dropout_mask(const struct random_stream *stream, double rate, size_t groups,
                  uint16_t *keep);

/* 1 / (1 - rate), of the rate rounded as above. */
float dropout_scale(double rate);

/* In place x [groups][16] = x * scale where kept, 0 elsewhere. 64-byte aligned. */
void dropout_apply(size_t groups, const uint16_t *keep, float scale, float *x);

#endif
