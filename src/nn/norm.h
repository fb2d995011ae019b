/* SPDX-License-Identifier: BSD-3-Clause */
/* Batch norm without scale and shift (Ioffe and Szegedy 2015) on one slice [blocks][pixels][16],
 * in the pieces between which the caller sums over the global batch: statistics, application,
 * and for backward the two sums of its formula and their application. Dropout behind the norm
 * and the ELU ahead of it ride along, so that memory is passed over once. All Local.
 *
 * With M pixels in the global batch: mean = sum x / M, variance = sum x^2 / M - mean^2 (biased),
 * xhat = (x - mean) / sqrt(variance + eps), z = keep * xhat / (1 - rate), and backward, with
 * g = keep * dz / (1 - rate), dx = (g - sum g / M - xhat * sum(g xhat) / M) / sqrt(variance + eps).
 * Sums are taken in double precision: values are single, so their squares are exact and the
 * difference of sums loses nothing that matters. */
#ifndef BEN_NN_NORM_H
#define BEN_NN_NORM_H

#include <stddef.h>
#include <stdint.h>

struct norm_slice {
    int blocks, pixels;
    const float *x;             /* [blocks][pixels][16]: what is normalised, an ELU's output */
    const float *scale, *shift; /* [16 blocks]: xhat = x * scale + shift */
    const uint16_t *keep;       /* [blocks][pixels], bit c: channel c stays; NULL: all stay */
    float keep_scale;           /* 1 / (1 - rate); 1 without keep */
};

/* sums [2][16 blocks] = sum (x - about), sum (x - about)^2 over the pixels; about [16 blocks],
 * NULL: 0. */
void norm_sums(int blocks, int pixels, const float *x, const float *about, double *sums);

/* z [blocks][pixels][16]. */
void norm_forward(const struct norm_slice *slice, float *z);

/* sums [2][16 blocks] = sum g, sum g xhat over the pixels. */
void norm_backward_sums(const struct norm_slice *slice, const float *dz, double *sums);

/* In place dz -> the gradient ahead of the ELU; mean_g, mean_gx [16 blocks]: the sums over the
 * global batch by its M. */
void norm_backward(const struct norm_slice *slice, const float *mean_g, const float *mean_gx,
                   float *dz);

#endif
