/* SPDX-License-Identifier: BSD-3-Clause */
/* From a probability map to a mask: threshold, mend slices that contradict their neighbours, keep
 * the largest components, drop small ones, the same again of what is left where slices beyond a
 * waist are cut off, fill holes, in this order. Components of the mask and
 * of its holes are connected through voxel faces; of two equally large ones the one that holds
 * the earlier voxel counts as larger. */
#ifndef BEN_PREP_POST_H
#define BEN_PREP_POST_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define POST_NO_PLANE (-1)

struct post_config {
    float threshold; /* inside is above it */
    int mend_plane; /* slices across this axis are mended (prep/outlier.h) and cut off (prep/waist.h);
                     * POST_NO_PLANE: not */
    int components;  /* how many of the largest stay; 0 keeps all */
    double min_mm3;  /* smaller components go, even the last one */
    long min_voxels; /* the same in voxels */
    bool fill_holes; /* fill background that does not reach the volume's border */
    int fill_plane;  /* and within each slice across this axis (0, 1, 2); POST_NO_PLANE: not */
};

/* 0.5, no slices mended, the largest component, no minimum, holes filled in 3-D only. */
struct post_config post_defaults(void);

/* prob [dim[2]][dim[1]][dim[0]] -> mask, 1 inside and 0 outside, which may begin where prob does
 * and takes its place then; *voxels := those inside, 0 for an empty mask, which is no error here.
 * Local; deterministic; threads share the voxels.
 * Fails: BEN_E_ARG a bad configuration, BEN_E_MEMORY. */
enum ben_status post_mask(const struct post_config *config, const int dim[3],
                          const double voxel_mm[3], const float *prob, uint8_t *mask,
                          long *voxels);

/* All but the threshold, on a mask (not 0 is inside; becomes 1) in place. */
enum ben_status post_clean(const struct post_config *config, const int dim[3],
                           const double voxel_mm[3], uint8_t *mask, long *voxels);

#endif
