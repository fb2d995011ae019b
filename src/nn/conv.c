/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/conv.h"

#include "base/status.h"
#include "nn/conv_kernels.h"

/* Transformed inputs and products of one block of tiles should stay in the second-level cache
 * beside the weights that stream through it. */
enum { BLOCK_FLOATS = 128 * 1024, BLOCK_MIN = 28, BLOCK_MAX = 112 };

static int block_tiles(int c, int o)
{
    int fit = BLOCK_FLOATS / (CONV_XI * (c + o)) / BLOCK_MIN * BLOCK_MIN;
    return fit < BLOCK_MIN ? BLOCK_MIN : fit > BLOCK_MAX ? BLOCK_MAX : fit;
}

static size_t block_floats(int c, int o)
{
    int block = block_tiles(c, o);
    return CONV_XI * (conv_stride(block, c) + conv_stride(block, o));
}

static const struct conv_kernels *kernels(const struct conv_shape *shape)
{
    return shape->c == 1 ? ISA_PICK(conv_image) : ISA_PICK(conv_winograd);
}

size_t conv_packed_floats(const struct conv_shape *shape)
{
    size_t pairs = (size_t)shape->c * (size_t)shape->o;
    return pairs * (shape->c == 1 ? 9 : CONV_XI);
}

size_t conv_scratch_floats(const struct conv_shape *shape)
{
    if (shape->c == 1)
        return 16;
    size_t pairs = (size_t)shape->c * (size_t)shape->o;
    return block_floats(shape->c, shape->o) + CONV_XI * pairs;
}

void conv_pack(const struct conv_shape *shape, const float *weight, float *packed)
{
    kernels(shape)->pack(shape, weight, 0, packed);
}

void conv_pack_adjoint(const struct conv_shape *shape, const float *weight, float *packed)
{
    ENSURE(shape->c > 1);
    kernels(shape)->pack(shape, weight, 1, packed);
}

/* The kernels only read their input; the type is shared with the output's. */
static struct conv_pieces input_pieces(const struct conv_input *x, int c)
{
    return (struct conv_pieces){(float *)x->x0, (float *)x->x1, x->x1 ? x->c0 : c};
}

void conv_elu_forward(const struct conv_shape *shape, const struct conv_input *x,
                      const float *packed, const float *bias, const struct conv_norm *norm,
                      float *y, float *scratch)
{
    struct conv_job job = {
        .shape = *shape,
        .in = input_pieces(x, shape->c),
        .out = {y, NULL, shape->o},
        .packed = packed,
        .bias = bias,
        .norm = norm,
        .block = block_tiles(shape->c, shape->o),
        .scratch = scratch,
    };
    kernels(shape)->apply(&job);
}

void conv_backward_data(const struct conv_shape *shape, const float *dy, const float *packed,
                        float *dx0, float *dx1, int c0, float *scratch)
{
    ENSURE(shape->c > 1);
    struct conv_job job = {
        .shape = {shape->o, shape->c, shape->h, shape->w, shape->n},
        .in = {(float *)dy, NULL, shape->o},
        .out = {dx0, dx1, dx1 ? c0 : shape->c},
        .packed = packed,
        .block = block_tiles(shape->c, shape->o),
        .scratch = scratch,
    };
    kernels(shape)->apply(&job);
}

void conv_backward_weights(const struct conv_shape *shape, const struct conv_input *x,
                           const float *dy, float *dweight, float *dbias, float *scratch)
{
    struct conv_gradient_job job = {
        .shape = *shape,
        .in = input_pieces(x, shape->c),
        .dy = dy,
        .dweight = dweight,
        .dbias = dbias,
        .block = block_tiles(shape->c, shape->o),
        .scratch = scratch,
    };
    kernels(shape)->gradient(&job);
}
