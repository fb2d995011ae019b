/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/norm.h"
#include "nn/kernels.h"

void norm_sums(int blocks, int pixels, const float *x, const float *about, double *sums)
{
    ISA_PICK(norm_layer)->sums(blocks, pixels, x, about, sums);
}

void norm_forward(const struct norm_slice *slice, float *z)
{
    ISA_PICK(norm_layer)->forward(slice, z);
}

void norm_backward_sums(const struct norm_slice *slice, const float *dz, double *sums)
{
    ISA_PICK(norm_layer)->backward_sums(slice, dz, sums);
}

void norm_backward(const struct norm_slice *slice, const float *mean_g, const float *mean_gx,
                   float *dz)
{
    ISA_PICK(norm_layer)->backward(slice, mean_g, mean_gx, dz);
}
