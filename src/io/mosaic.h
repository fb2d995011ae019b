/* SPDX-License-Identifier: BSD-3-Clause */
/* A picture to judge a mask by: a PNG of slices side by side, grey, with the mask's outline
 * drawn thinly over it, in the way radiologists look (patient's left on the right). */
#ifndef BEN_IO_MOSAIC_H
#define BEN_IO_MOSAIC_H

#include "base/status.h"
#include "io/volume.h"

#include <stdint.h>

struct mosaic_options {
    int across;          /* canonical axis across the slices: 0 sagittal, 1 coronal, 2 axial */
    int tiles;           /* slices at most; 0: 24 */
    int width_px;        /* of the picture at most; 0: 1600 */
    const char *caption; /* one line of ASCII below; NULL: none */
};

/* volume: canonical orientation (RAS+); mask and reference [dim2][dim1][dim0], non-zero inside,
 * either may be NULL. The slices spread over the extent of mask and reference together (of the
 * volume where both are empty). Intensities run from the 1st to the 99th percentile; pixels are
 * square in mm. mask's outline is red, reference's green. Written atomically. Local.
 * Fails: BEN_E_IO, BEN_E_MEMORY. */
enum ben_status mosaic_write(const char *path, const struct volume *volume, const uint8_t *mask,
                             const uint8_t *reference, const struct mosaic_options *options);

#endif
