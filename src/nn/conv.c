/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/conv.h"

#include "base/status.h"
#include "nn/conv_kernels.h"

static size_t apply_floats(const struct conv_shape *shape)
{
    size_t blocks = (size_t)(shape->c / 16 + CONV_PANEL);
    return blocks * CONV_XI * CONV_STEP(CONV_BLOCK);
}

static size_t gradient_floats(const struct conv_shape *shape)
{
    size_t blocks = (size_t)(shape->c + shape->o) / 16;
    if (conv_few_tiles(shape))
        return CONV_XI * (blocks * CONV_STEP(CONV_FEW) + 16 * CONV_PANEL * CONV_CHUNK + 16);
    return CONV_XI * (blocks * CONV_STEP(CONV_BLOCK) + (size_t)shape->c * (size_t)shape->o);
}

/* What backward data applies: c and o exchanged. */
static struct conv_shape turned(const struct conv_shape *shape)
{
    return (struct conv_shape){shape->o, shape->c, shape->h, shape->w, shape->n, {0, 0}};
}

size_t conv_packed_floats(const struct conv_shape *shape)
{
    size_t pairs = (size_t)shape->c * (size_t)shape->o;
    return pairs * (shape->c == 1 ? 9 : CONV_XI);
}

size_t conv_scratch_floats(const struct conv_shape *shape)
{
    if (shape->c == 1)
        return 3 * conv_image_row(shape->w);
    struct conv_shape back = turned(shape);
    size_t floats[] = {apply_floats(shape), apply_floats(&back), gradient_floats(shape)},
           most = 0;
    for (int i = 0; i < 3; i++)
        most = floats[i] > most ? floats[i] : most;
    return most;
}

void conv_pack(const struct conv_shape *shape, const float *weight, float *packed)
{
    if (shape->c == 1)
        ISA_PICK(conv_pack_image)->pack(shape, weight, 0, packed);
    else
        ISA_PICK(conv_pack_winograd)->pack(shape, weight, 0, packed);
}

void conv_pack_adjoint(const struct conv_shape *shape, const float *weight, float *packed)
{
    ENSURE(shape->c > 1);
    ISA_PICK(conv_pack_winograd)->pack(shape, weight, 1, packed);
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
        .packed_c = shape->c,
        .bias = bias,
        .norm = norm,
        .scratch = scratch,
    };
    ENSURE(shape->c > 1 || !norm || !norm->keep);
    if (shape->c == 1)
        ISA_PICK(conv_apply_image)->apply(&job);
    else
        ISA_PICK(conv_apply_winograd)->apply(&job);
}

/* 16 outputs of one input channel lie side by side in the packed weights. */
static struct conv_job part_job(const struct conv_shape *shape, const struct conv_part *part,
                                const float *packed, float *y, float *scratch)
{
    struct conv_job job = {
        .shape = *shape,
        .in = {(float *)part->x, NULL, part->count},
        .out = {y, NULL, shape->o},
        .packed = packed + 16 * (size_t)part->first,
        .packed_c = shape->c,
        .scratch = scratch,
    };
    ENSURE(shape->c > 1 && part->first + part->count <= shape->c);
    job.shape.c = part->count;
    return job;
}

void conv_part_forward(const struct conv_shape *shape, const struct conv_part *part,
                       const float *packed, float *y, float *scratch)
{
    struct conv_job job = part_job(shape, part, packed, y, scratch);
    ISA_PICK(conv_apply_winograd)->apply(&job);
}

void conv_rest_forward(const struct conv_shape *shape, const struct conv_part *part,
                       const float *packed, const float *bias, const float *done, float *y,
                       float *scratch)
{
    struct conv_job job = part_job(shape, part, packed, y, scratch);
    job.bias = bias;
    job.done = done;
    ISA_PICK(conv_apply_winograd)->apply(&job);
}

void conv_backward_data(const struct conv_shape *shape, const float *dy, const float *packed,
                        const struct conv_input_gradient *dx, float *scratch)
{
    ENSURE(shape->c > 1 && !(dx->dx1 && dx->y));
    struct conv_job job = {
        .shape = turned(shape),
        .in = {(float *)dy, NULL, shape->o},
        .out = {dx->dx0, dx->dx1, dx->dx1 ? dx->c0 : shape->c},
        .packed = packed,
        .packed_c = shape->o,
        .slope = dx->y,
        .scratch = scratch,
    };
    ISA_PICK(conv_apply_winograd)->apply(&job);
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
        .scratch = scratch,
    };
    if (shape->c == 1)
        ISA_PICK(conv_gradient_image)->gradient(&job);
    else
        ISA_PICK(conv_gradient_winograd)->gradient(&job);
}
