/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/upconv.h"
#include "nn/kernels.h"

size_t upconv_packed_floats(const struct upconv_shape *shape)
{
    return (size_t)shape->c * shape->o * 4;
}

/* packed [o/16][a][c][b][16 o]: for an output row the weights of both its pixels together. */
void upconv_pack(const struct upconv_shape *shape, const float *weight, float *packed)
{
    for (int c = 0; c < shape->c; c++)
        for (int o = 0; o < shape->o; o++)
            for (int tap = 0; tap < 4; tap++) {
                size_t row = (size_t)(o / 16) * 2 + (size_t)(tap / 2);
                packed[((row * shape->c + c) * 2 + tap % 2) * 16 + o % 16] =
                    weight[((size_t)c * shape->o + o) * 4 + tap];
            }
}

/* packed [c/32][o/16][tap][16 o][32 c]. */
void upconv_pack_adjoint(const struct upconv_shape *shape, const float *weight, float *packed)
{
    int blocks = shape->o / 16;
    for (int c = 0; c < shape->c; c++)
        for (int o = 0; o < shape->o; o++)
            for (int tap = 0; tap < 4; tap++) {
                size_t row = ((size_t)(c / 32) * blocks + o / 16) * 4 + tap;
                packed[(row * 16 + o % 16) * 32 + c % 32] =
                    weight[((size_t)c * shape->o + o) * 4 + tap];
            }
}

void upconv_forward(const struct upconv_shape *shape, struct share share, const float *x,
                    const float *packed, const float *bias, float *y)
{
    ISA_PICK(upconv_layer)->forward(shape, share, x, packed, bias, y);
}

void upconv_backward_data(const struct upconv_shape *shape, const float *dy,
                          const float *packed, float *dx)
{
    ISA_PICK(upconv_layer)->backward_data(shape, dy, packed, dx);
}

void upconv_backward_weights(const struct upconv_shape *shape, const float *x, const float *dy,
                             float *dweight, float *dbias, float *scratch)
{
    ISA_PICK(upconv_layer)->backward_weights(shape, x, dy, dweight, dbias, scratch);
}
