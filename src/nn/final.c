/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/final.h"
#include "nn/kernels.h"

void final_forward(int blocks, size_t pixels, const float *x, const float *weight, float *prob)
{
    ISA_PICK(final_layer)->forward(blocks, pixels, x, weight, prob);
}

void final_backward(int blocks, size_t pixels, const float *x, const float *weight,
                    const float *dlogit, float *dx, float *dweight)
{
    ISA_PICK(final_layer)->backward(blocks, pixels, x, weight, dlogit, dx, dweight);
}
