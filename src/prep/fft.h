/* SPDX-License-Identifier: BSD-3-Clause */
/* The discrete Fourier transform of a complex signal whose length is a power of two: what the
 * deconvolution of a histogram needs, no more. All Local. */
#ifndef BEN_PREP_FFT_H
#define BEN_PREP_FFT_H

#include "base/status.h"

struct fft;

/* Tables for signals of n values, n a power of two >= 1. Fails: BEN_E_MEMORY. */
enum ben_status fft_create(int n, struct fft **fft);
void fft_free(struct fft **fft);

/* re, im [n], in place: X[k] = sum over j of x[j] exp(-2 pi i j k / n). With re and im swapped in
 * the call it is the inverse times n. */
void fft_forward(const struct fft *fft, double *re, double *im);

#endif
