/* SPDX-License-Identifier: BSD-3-Clause */
/* 3x3 convolutions, stride 1, zero padding 1, on nChw16c activations: the one door to the
 * kernels, whatever algorithm is behind it (Winograd F(4x4,3x3) after Lavin and Gray 2016, or
 * direct). Callers share slices among threads, each with its own scratch. A call takes n slices,
 * one behind the other: several at once only save reading the weights again, which counts where
 * maps are small; the result of a slice is the same bits for any n.
 *
 * x [n][c/16][h][w][16], y [n][o/16][h][w][16]; weights are stored [o][c][3][3] and packed once per
 * change. The input may come in two pieces (skip concatenation without a copy): channels
 * [0, c0) from x0 and [c0, c) from x1, c0 a multiple of 16. c = 1 is a plain image [h][w].
 * h and w are any size >= 1. Pointers to activations are 64-byte aligned. All Local. */
#ifndef BEN_NN_CONV_H
#define BEN_NN_CONV_H

#include "nn/share.h"

#include <stddef.h>
#include <stdint.h>

struct conv_shape {
    int c, o; /* channels in (1 or a multiple of 16) and out (multiple of 16) */
    int h, w; /* rows and columns */
    int n;    /* slices in this call, >= 1 */
    /* Of a forward function: what of its results the call gives. The calls of all shares, each with
     * scratch of its own, may run at a time and together give the bits of one call. */
    struct share share;
};

struct conv_input {
    const float *x0, *x1; /* x1 NULL: all channels in x0 */
    int c0;               /* channels in x0 */
};

/* Floats of the packed weights, and of the scratch that one thread needs for any call below with
 * this shape (for any n up to the shape's). Both start on 64-byte boundaries. */
size_t conv_packed_floats(const struct conv_shape *shape);
size_t conv_scratch_floats(const struct conv_shape *shape);

/* weight [o][c][3][3] -> packed, for forward. */
void conv_pack(const struct conv_shape *shape, const float *weight, float *packed);

/* A fixed scale and shift per channel behind the ELU, as batch norm is in inference, and dropout
 * behind that (nn/dropout.h; not for c = 1). */
struct conv_norm {
    const float *scale, *shift; /* [o] */
    const uint16_t *keep;       /* [n][o/16][h][w], bit c: channel c stays; NULL: all stay */
    float keep_scale;           /* 1 / (1 - rate); unused without keep */
};

/* y = dropout(elu(conv(x) + bias) * scale + shift); bias [o]; norm NULL: none of what follows the
 * ELU, whose alpha is 1. */
void conv_elu_forward(const struct conv_shape *shape, const struct conv_input *x,
                      const float *packed, const float *bias, const struct conv_norm *norm,
                      float *y, float *scratch);

/* A convolution is linear, so some of its input channels may be done ahead: what channels
 * [first, first + count) of the packed weights' c add to each output. */
struct conv_part {
    const float *x;   /* [n][count/16][h][w][16] */
    int first, count; /* multiples of 16 */
};

/* y = that part of conv(x), without bias and ELU. */
void conv_part_forward(const struct conv_shape *shape, const struct conv_part *part,
                       const float *packed, float *y, float *scratch);

/* y = elu(part of conv(x) + done + bias): done [o/16][h][w][16] of one slice, what the other
 * channels add, counts for each of the n slices. Differs from conv_elu_forward by rounding. */
void conv_rest_forward(const struct conv_shape *shape, const struct conv_part *part,
                       const float *packed, const float *bias, const float *done, float *y,
                       float *scratch);

/* Where the gradient of an input goes, in pieces like the input. */
struct conv_input_gradient {
    float *dx0, *dx1; /* dx1 NULL: one piece */
    int c0;           /* channels in dx0 */
    const float
        *y; /* NULL, or the input, one piece, as the ELU of something: that thing's gradient */
};

/* The adjoint in x: dy [n][o/16][h][w][16] -> dx [n][c/16][h][w][16]. packed from
 * conv_pack_adjoint, as large as conv_packed_floats of the shape with c and o exchanged. Not for
 * c = 1 (nobody asks for the image's gradient). */
void conv_pack_adjoint(const struct conv_shape *shape, const float *weight, float *packed);
void conv_backward_data(const struct conv_shape *shape, const float *dy, const float *packed,
                        const struct conv_input_gradient *dx, float *scratch);

/* The adjoint in the weights, of one slice whatever n is: dweight [o][c][3][3] and dbias [o] are overwritten. */
void conv_backward_weights(const struct conv_shape *shape, const struct conv_input *x,
                           const float *dy, float *dweight, float *dbias, float *scratch);

#endif
