/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices of a scan as HTML: each a small SVG that holds the grey slice as PNG data and, over it,
 * what a reader switches on and off: the mask's outline as vectors, the bias-corrected slice,
 * maps as translucent colour. Sizes are in voxels, so a browser scales them; patient's left is on
 * the right, front and top are left and up. All Local. */
#ifndef BEN_QA_TILES_H
#define BEN_QA_TILES_H

#include "io/volume.h"

#include <stdint.h>
#include <stdio.h>

/* All in one canonical grid (RAS+); but for the image each may be NULL. */
struct tiles_input {
    const struct volume *image;
    const struct volume *corrected; /* bias-corrected */
    const uint8_t *mask;            /* red; [dim2][dim1][dim0] */
    const uint8_t *redrawn;         /* the mask as somebody corrected it, green */
    const float *uncertainty;       /* shown from 0 to 0.25, the most there is */
    const float *attention;         /* shown from 0 to its largest value */
};

/* What is found once for all planes. */
struct tiles_view {
    struct tiles_input input;
    int first[3], end[3];           /* the box that is shown: head and masks */
    int mask_first[3], mask_end[3]; /* of the masks; the box where they are empty */
    float low, high;                /* intensities from black to white */
    float corrected_low, corrected_high;
    float attention_high;
};

/* Fails: BEN_E_INPUT for an image without contrast; BEN_E_MEMORY. */
enum ben_status tiles_open(const struct tiles_input *input, struct tiles_view *view);

/* Writes at most count slices across that canonical axis (0 sagittal, 1 coronal, 2 axial), spread
 * over the masks, as <figure> elements of class tile. The same voxels give the same bytes.
 * Fails: BEN_E_MEMORY. */
enum ben_status tiles_write(FILE *to, const struct tiles_view *view, int across, int count);

#endif
