/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables that the layers' kernel files define per instruction set and their doors call
 * through; each entry is described at the function of its name in the layer's header. */
#ifndef BEN_NN_KERNELS_H
#define BEN_NN_KERNELS_H

#include "nn/isa.h"
#include "nn/norm.h"
#include "nn/upconv.h"

#include <stddef.h>
#include <stdint.h>

struct pool_kernels {
    void (*forward)(int blocks, int h, int w, const float *x, float *y);
    void (*backward)(int blocks, int h, int w, const float *x, const float *dy, float *dx);
};

struct norm_kernels {
    void (*sums)(int blocks, int pixels, const float *x, const float *about, double *sums);
    void (*forward)(const struct norm_slice *slice, float *z);
    void (*backward_sums)(const struct norm_slice *slice, const float *dz, double *sums);
    void (*backward)(const struct norm_slice *slice, const float *mean_g, const float *mean_gx,
                     float *dz);
};

struct dropout_kernels {
    void (*mask)(const uint32_t counter[3], const uint32_t key[2], uint32_t threshold,
                 size_t groups, uint16_t *keep);
    void (*apply)(size_t groups, const uint16_t *keep, float scale, float *x);
};

struct upconv_kernels {
    void (*forward)(const struct upconv_shape *shape, struct share share, const float *x,
                    const float *packed, const float *bias, float *y);
    void (*backward_data)(const struct upconv_shape *shape, const float *dy,
                          const float *packed, float *dx);
    void (*backward_weights)(const struct upconv_shape *shape, const float *x, const float *dy,
                             float *dweight, float *dbias, float *scratch);
};

struct final_kernels {
    void (*forward)(int blocks, size_t pixels, const float *x, const float *weight,
                    float *prob);
    void (*backward)(int blocks, size_t pixels, const float *x, const float *weight,
                     const float *dlogit, float *dx, float *dweight);
};

struct nonlocal_kernels {
    void (*softmax)(int rows, int columns, int stride, float *s);
    void (*softmax_backward)(int rows, int stride, const float *s, float *ds);
};

struct peak_kernels {
    /* Runs rounds of independent chains; returns the operations done, *out depends on all. */
    double (*multiply_add)(long rounds, float *out);
};

ISA_DECLARE(struct pool_kernels, pool_layer);
ISA_DECLARE(struct peak_kernels, peak_layer);
ISA_DECLARE(struct norm_kernels, norm_layer);
ISA_DECLARE(struct dropout_kernels, dropout_layer);
ISA_DECLARE(struct upconv_kernels, upconv_layer);
ISA_DECLARE(struct final_kernels, final_layer);
ISA_DECLARE(struct nonlocal_kernels, nonlocal_layer);

#endif
