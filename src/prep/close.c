/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/close.h"
#include "prep/distance.h"
#include "prep/post.h"

#include <stdlib.h>

enum ben_status close_mask(const int dim[3], const double voxel_mm[3], double radius_mm,
                           uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    struct post_config fill = post_defaults();
    const size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
    const double reach = radius_mm * radius_mm * (1 + 1e-6); /* float rounding of distances */
    float *squared = NULL;
    uint8_t *outside = NULL;
    long voxels;
    fill.components = 0;
    TRY_NEW(squared = malloc(n * sizeof *squared));
    TRY_NEW(outside = malloc(n));
    TRY(distance_squared(dim, voxel_mm, mask, squared));
    for (size_t i = 0; i < n; i++)
        outside[i] = (double)squared[i] > reach;
    TRY(distance_squared(dim, voxel_mm, outside, squared));
    for (size_t i = 0; i < n; i++)
        mask[i] = mask[i] || (double)squared[i] > reach;
    TRY(post_clean(&fill, dim, voxel_mm, mask, &voxels));
out:
    free(squared);
    free(outside);
    return st;
}
