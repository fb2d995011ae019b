/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/kernels.h"
#include "nn/vec.h"

static void softmax_row(int stride, float *s)
{
    vec most = vec_load(s);
    for (int i = BEN_LANES; i < stride; i += BEN_LANES)
        most = vec_max(most, vec_load(s + i));
    float top = most[0];
    for (int k = 1; k < BEN_LANES; k++)
        top = most[k] > top ? most[k] : top;
    vec sum = vec_set(0);
    for (int i = 0; i < stride; i += BEN_LANES) {
        vec e = vec_exp(vec_load(s + i) - top);
        vec_store(s + i, e);
        sum += e;
    }
    float scale = 1 / vec_sum(sum);
    for (int i = 0; i < stride; i += BEN_LANES)
        vec_store(s + i, vec_load(s + i) * scale);
}

/* s [rows][stride], of which the first columns count; the others become 0. */
static void softmax(int rows, int columns, int stride, float *s)
{
    for (int r = 0; r < rows; r++) {
        float *row = s + (size_t)r * stride;
        for (int i = columns; i < stride; i++)
            row[i] = -1e30f; /* exp of it cannot be seen beside the largest entry's 1 */
        softmax_row(stride, row);
        for (int i = columns; i < stride; i++)
            row[i] = 0;
    }
}

/* In place ds [rows][stride] = s (ds - sum of s ds); s is 0 beyond the columns that count. */
static void softmax_backward(int rows, int stride, const float *restrict s, float *restrict ds)
{
    for (int r = 0; r < rows; r++, s += stride, ds += stride) {
        vec sum = vec_set(0);
        for (int i = 0; i < stride; i += BEN_LANES)
            sum += vec_load(s + i) * vec_load(ds + i);
        float mean = vec_sum(sum);
        for (int i = 0; i < stride; i += BEN_LANES)
            vec_store(ds + i, vec_load(s + i) * (vec_load(ds + i) - mean));
    }
}

const struct nonlocal_kernels ISA_NAME(nonlocal_layer) = {softmax, softmax_backward};
