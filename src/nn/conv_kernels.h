/* SPDX-License-Identifier: BSD-3-Clause */
/* Between nn/conv.c and its kernel files: one job per call and the table of kernels that each
 * instruction set fills. Not for others.
 *
 * Winograd F(4x4,3x3): the map is cut into tiles of 4x4 outputs, each from a 6x6 patch of
 * inputs; in the domain of the 36 values xi of the transformed patch the convolution is 36
 * products of matrices [tiles x c] [c x o]. Tiles are taken in blocks of BLOCK tiles:
 *   v [36][c/16][BLOCK][16]  transformed inputs    (stride between xi: conv_stride(BLOCK, c))
 *   m [36][o/16][BLOCK][16]  products              (conv_stride(BLOCK, o))
 *   u [36][o/16][c][16]      transformed weights, "packed". */
#ifndef BEN_NN_CONV_KERNELS_H
#define BEN_NN_CONV_KERNELS_H

#include "nn/conv.h"
#include "nn/isa.h"

#define CONV_XI 36

/* Activations of one tensor in up to two pieces of channels. */
struct conv_pieces {
    float *p0, *p1; /* p1 NULL: one piece */
    int c0;         /* channels in p0 */
};

struct conv_job {
    struct conv_shape shape;
    struct conv_pieces in, out; /* in is only read */
    const float *packed;
    const float *bias; /* NULL: out is the plain convolution, no bias, no ELU */
    const struct conv_norm *norm;
    int block; /* tiles per block */
    float *scratch;
};

struct conv_gradient_job {
    struct conv_shape shape;
    struct conv_pieces in; /* only read */
    const float *dy;
    float *dweight, *dbias;
    int block;
    float *scratch;
};

struct conv_kernels {
    /* adjoint: of the filters turned around and with c and o exchanged. */
    void (*pack)(const struct conv_shape *shape, const float *weight, int adjoint,
                 float *packed);
    void (*apply)(const struct conv_job *job);
    void (*gradient)(const struct conv_gradient_job *job);
};

ISA_DECLARE(struct conv_kernels, conv_winograd);
ISA_DECLARE(struct conv_kernels, conv_image);

/* Floats from one xi to the next. The odd line of 64 bytes keeps the 36 values of a tile out of
 * each other's cache sets. */
static inline size_t conv_stride(int block, int channels)
{
    return (size_t)block * (size_t)channels + 16;
}

static inline int conv_tiles(int length)
{
    return (length + 3) / 4;
}

#endif
