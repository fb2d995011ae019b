/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/pool.h"
#include "nn/kernels.h"

void pool_forward(int blocks, int h, int w, const float *x, float *y)
{
    ISA_PICK(pool_layer)->forward(blocks, h, w, x, y);
}

void pool_backward(int blocks, int h, int w, const float *x, const float *dy, float *dx)
{
    ISA_PICK(pool_layer)->backward(blocks, h, w, x, dy, dx);
}
