/* SPDX-License-Identifier: BSD-3-Clause */
/* The histogram step of N4 (Sled 1998, eq. 9-12; Tustison 2010): the histogram of the log
 * intensities is the true one blurred by the field's distribution, taken to be a Gaussian. Wiener
 * deconvolution estimates the true one, and from it follows what log intensity to expect at a
 * voxel of a given measured one. All Local. */
#ifndef BEN_PREP_N4_SHARPEN_H
#define BEN_PREP_N4_SHARPEN_H

#include "base/status.h"

struct sharpen;

struct sharpen_config {
    int bins;     /* 2..65536 */
    double fwhm;  /* of the field's Gaussian, in log intensity */
    double noise; /* of the Wiener filter */
};

enum ben_status sharpen_create(const struct sharpen_config *config, struct sharpen **sharpen);
void sharpen_free(struct sharpen **sharpen);

/* counts [bins] of the log intensities, bin i centred at low + i step, step > 0 -> expected
 * [bins], the true log intensity to expect for each bin. A bin too far from all counts to say
 * expects its own centre. */
void sharpen_map(struct sharpen *sharpen, const double *counts, double low, double step,
                 double *expected);

#endif
