/* SPDX-License-Identifier: BSD-3-Clause */
/* Transposed convolution 2x2, stride 2, with bias, on one slice: x [c/16][h][w][16] ->
 * y [o/16][2h][2w][16], y(o, 2i+a, 2j+b) = bias(o) + sum over c of weight(c, o, a, b) x(c, i, j):
 * the way up of the network. Weights are stored [c][o][2][2], as PyTorch, and packed once per
 * change. c is a multiple of 32, o of 16. Pointers are 64-byte aligned but for weights, bias and
 * their gradients. All Local. */
#ifndef BEN_NN_UPCONV_H
#define BEN_NN_UPCONV_H

#include "nn/share.h"

#include <stddef.h>

struct upconv_shape {
    int c, o; /* channels in and out */
    int h, w; /* rows and columns of x */
};

/* Floats of either packed form, and of the scratch of upconv_backward_weights. */
size_t upconv_packed_floats(const struct upconv_shape *shape);

void upconv_pack(const struct upconv_shape *shape, const float *weight, float *packed);

/* share: of the results. */
void upconv_forward(const struct upconv_shape *shape, struct share share, const float *x,
                    const float *packed, const float *bias, float *y);

/* The adjoint in x; packed by upconv_pack_adjoint. */
void upconv_pack_adjoint(const struct upconv_shape *shape, const float *weight, float *packed);
void upconv_backward_data(const struct upconv_shape *shape, const float *dy,
                          const float *packed, float *dx);

/* The adjoint in the weights: dweight [c][o][2][2] and dbias [o] are overwritten. */
void upconv_backward_weights(const struct upconv_shape *shape, const float *x, const float *dy,
                             float *dweight, float *dbias, float *scratch);

#endif
