/* SPDX-License-Identifier: BSD-3-Clause */
/* The last layer on one slice: 1x1 convolution to one channel and sigmoid, x
 * [blocks][pixels][16] -> prob [pixels]. weight [16 blocks], and behind it the bias: they are
 * neighbours in the network's values. pixels is a multiple of 16. Local. */
#ifndef BEN_NN_FINAL_H
#define BEN_NN_FINAL_H

#include <stddef.h>

void final_forward(int blocks, size_t pixels, const float *x, const float *weight, float *prob);

/* dlogit [pixels], the gradient ahead of the sigmoid -> dx [blocks][pixels][16] and dweight
 * [16 blocks + 1], the bias's last; both overwritten. */
void final_backward(int blocks, size_t pixels, const float *x, const float *weight,
                    const float *dlogit, float *dx, float *dweight);

#endif
