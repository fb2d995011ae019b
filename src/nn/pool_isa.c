/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/kernels.h"
#include "nn/vec.h"

static void forward(int blocks, int h, int w, const float *restrict x, float *restrict y)
{
    size_t row = (size_t)w * 16;
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < h / 2; i++) {
            const float *top = x + ((size_t)b * h + 2 * i) * row;
            float *out = y + ((size_t)b * (h / 2) + i) * (w / 2) * 16;
            for (int j = 0; j < w / 2 * BEN_VECS; j++) {
                const float *at = top + j / BEN_VECS * 32 + j % BEN_VECS * BEN_LANES;
                vec left = vec_max(vec_load(at), vec_load(at + row));
                vec right = vec_max(vec_load(at + 16), vec_load(at + row + 16));
                vec_store(out + j * BEN_LANES, vec_max(left, right));
            }
        }
}

/* One vector of a window: the first place in reading order that holds the maximum gets g. */
VEC_INLINE void give(const float *x, size_t row, vec g, float *dx)
{
    const size_t place[4] = {0, 16, row, row + 16};
    vec best = vec_max(vec_max(vec_load(x), vec_load(x + 16)),
                       vec_max(vec_load(x + row), vec_load(x + row + 16)));
    for (int k = 0; k < 4; k++) {
        vec here = vec_if_greater(best, vec_load(x + place[k]), vec_set(0), g);
        vec_store(dx + place[k], vec_load(dx + place[k]) + here);
        g -= here;
    }
}

static void backward(int blocks, int h, int w, const float *restrict x,
                     const float *restrict dy, float *restrict dx)
{
    size_t row = (size_t)w * 16;
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < h / 2; i++) {
            size_t top = ((size_t)b * h + 2 * i) * row;
            const float *in = dy + ((size_t)b * (h / 2) + i) * (w / 2) * 16;
            for (int j = 0; j < w / 2 * BEN_VECS; j++) {
                size_t at = top + j / BEN_VECS * 32 + j % BEN_VECS * BEN_LANES;
                give(x + at, row, vec_load(in + j * BEN_LANES), dx + at);
            }
        }
}

const struct pool_kernels ISA_NAME(pool_layer) = {forward, backward};
