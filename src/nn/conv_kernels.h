/* SPDX-License-Identifier: BSD-3-Clause */
/* Between nn/conv.c and its kernel files: one job per call and the table of kernels that each
 * instruction set fills. Not for others.
 *
 * Winograd F(4x4,3x3): the map is cut into tiles of 4x4 outputs, each from a 6x6 patch of
 * inputs; in the domain of the 36 values xi of the transformed patch the convolution is 36
 * products of matrices [tiles x c] [c x o]. Tiles are taken in blocks:
 *   v [c/16][xi][block][16]   transformed inputs      (xi lie CONV_STEP(block) floats apart)
 *   m [o/16][xi][block][16]   products, or transformed gradients of the outputs
 *   u [36][o/16][c][16]       transformed weights, "packed". */
#ifndef BEN_NN_CONV_KERNELS_H
#define BEN_NN_CONV_KERNELS_H

#include "nn/conv.h"
#include "nn/isa.h"

enum {
    CONV_XI = 36,
    CONV_BLOCK = 28, /* tiles at a time: v and m share the second-level cache */
    CONV_FEW = 64,   /* so many are taken at once by the gradient in the weights */
    CONV_PANEL = 2,  /* blocks of 16 outputs at a time */
    CONV_CHUNK = 64, /* input channels at a time of the gradient, for few tiles */
};

/* The odd line of 64 bytes keeps the 36 values of a tile out of each other's cache sets. */
#define CONV_STEP(block) (16 * (size_t)(block) + 16)

/* Activations of one tensor in up to two pieces of channels. */
struct conv_pieces {
    float *p0, *p1; /* p1 NULL: one piece */
    int c0;         /* channels in p0 */
};

struct conv_job {
    struct conv_shape shape;
    struct conv_pieces in, out; /* in is only read */
    const float *packed;        /* from the first of the shape's channels on */
    int packed_c;               /* channels it was packed for */
    const float *done;          /* of one slice: is added ahead of the bias; NULL: nothing */
    const float
        *slope; /* as out, one piece: out is times the slope of the ELU that gave it; NULL:
                           plain; only without bias */
    const float *bias; /* NULL: out is the plain convolution, no bias, no ELU, nothing done */
    const struct conv_norm *norm;
    float *scratch;
};

struct conv_gradient_job {
    struct conv_shape shape;
    struct conv_pieces in; /* only read */
    const float *dy;
    float *dweight, *dbias;
    float *scratch;
};

/* adjoint: the filters turned around and with c and o exchanged, as backward data wants them. */
struct conv_pack_kernels {
    void (*pack)(const struct conv_shape *shape, const float *weight, int adjoint,
                 float *packed);
};
struct conv_apply_kernels {
    void (*apply)(const struct conv_job *job);
};
struct conv_gradient_kernels {
    void (*gradient)(const struct conv_gradient_job *job);
};

ISA_DECLARE(struct conv_pack_kernels, conv_pack_winograd);
ISA_DECLARE(struct conv_apply_kernels, conv_apply_winograd);
ISA_DECLARE(struct conv_gradient_kernels, conv_gradient_winograd);
ISA_DECLARE(struct conv_pack_kernels, conv_pack_image);
ISA_DECLARE(struct conv_apply_kernels, conv_apply_image);
ISA_DECLARE(struct conv_gradient_kernels, conv_gradient_image);

/* Floats of one padded row of a plain image, whole lines of 64 bytes. */
static inline size_t conv_image_row(int w)
{
    return ((size_t)w + 2 + 15) / 16 * 16;
}

static inline int conv_tiles(const struct conv_shape *shape)
{
    return (shape->h + 3) / 4 * ((shape->w + 3) / 4);
}

/* Whether the gradient takes all tiles of a slice at once. */
static inline int conv_few_tiles(const struct conv_shape *shape)
{
    return conv_tiles(shape) <= CONV_FEW;
}

#endif
