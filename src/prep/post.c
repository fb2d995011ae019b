/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/post.h"
#include "base/util.h"
#include "prep/box.h"
#include "prep/components.h"
#include "prep/outlier.h"
#include "prep/waist.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
    long voxels, number;
};

struct post_config post_defaults(void)
{
    return (struct post_config){.threshold = 0.5F,
                                .mend_plane = POST_NO_PLANE,
                                .components = 1,
                                .fill_holes = true,
                                .fill_plane = POST_NO_PLANE};
}

static enum ben_status config_check(const struct post_config *c)
{
    enum ben_status st = BEN_OK;
    if (!(c->threshold >= 0 && c->threshold < 1))
        FAIL(BEN_E_ARG, "the mask's threshold is %g; give 0 <= threshold < 1",
             (double)c->threshold);
    if (c->components < 0 || !(c->min_mm3 >= 0) || c->min_voxels < 0)
        FAIL(BEN_E_ARG,
             "components to keep (%d) and their minimum size (%g mm3, %ld voxels) "
             "cannot be negative",
             c->components, c->min_mm3, c->min_voxels);
    if (c->fill_plane < POST_NO_PLANE || c->fill_plane > 2)
        FAIL(BEN_E_ARG, "there is no plane %d to fill holes in", c->fill_plane);
    if (c->mend_plane < POST_NO_PLANE || c->mend_plane > 2)
        FAIL(BEN_E_ARG, "there is no plane %d to mend slices in", c->mend_plane);
out:
    return st;
}

static int larger_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->voxels != y->voxels)
        return x->voxels > y->voxels ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

/* dropped[i] := component i is not among the config's largest or is too small. */
static enum ben_status choose_dropped(const struct post_config *config,
                                      const struct components *found, double voxel_mm3,
                                      bool *dropped)
{
    enum ben_status st = BEN_OK;
    struct ranked *order = NULL;
    TRY_NEW(order = malloc(((size_t)found->count + 1) * sizeof *order));
    for (long i = 0; i < found->count; i++)
        order[i] = (struct ranked){found->list[i].voxels, i};
    qsort(order, (size_t)found->count, sizeof *order, larger_first);
    for (long i = 0; i < found->count; i++)
        dropped[order[i].number] = (config->components > 0 && i >= config->components) ||
                                   order[i].voxels < config->min_voxels ||
                                   (double)order[i].voxels * voxel_mm3 < config->min_mm3;
out:
    free(order);
    return st;
}

static enum ben_status keep_components(const struct post_config *config, const int dim[3],
                                       double voxel_mm3, uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    struct components found = {0};
    bool *dropped = NULL;
    if (config->components == 0 && config->min_mm3 <= 0 && config->min_voxels == 0)
        return BEN_OK;
    TRY(components_find(dim, mask, true, &found));
    TRY_NEW(dropped = calloc((size_t)found.count + 1, sizeof *dropped));
    TRY(choose_dropped(config, &found, voxel_mm3, dropped));
    components_paint(&found, dropped, 0, mask);
out:
    free(dropped);
    components_free(&found);
    return st;
}

static enum ben_status fill_volume(const int dim[3], uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    struct components found = {0};
    bool *holes = NULL;
    TRY(components_find(dim, mask, false, &found));
    TRY_NEW(holes = calloc((size_t)found.count + 1, sizeof *holes));
    for (long i = 0; i < found.count; i++)
        holes[i] = !found.list[i].at_border;
    components_paint(&found, holes, 1, mask);
out:
    free(holes);
    components_free(&found);
    return st;
}

static enum ben_status fill_slices(const int dim[3], int axis, uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    const int size[3] = {dim[util_lower_axis(axis)], dim[util_higher_axis(axis)], 1};
    struct box one = {.size = {dim[0], dim[1], dim[2]}};
    uint8_t *slice = NULL;
    TRY_NEW(slice = malloc((size_t)size[0] * (size_t)size[1]));
    one.size[axis] = 1;
    for (one.first[axis] = 0; one.first[axis] < dim[axis]; one.first[axis]++) {
        box_slices(&one, dim, axis, false, mask, slice);
        TRY(fill_volume(size, slice));
        box_slices(&one, dim, axis, true, mask, slice);
    }
out:
    free(slice);
    return st;
}

static long mask_tidy(size_t n, uint8_t *mask)
{
    long inside = 0;
#pragma omp parallel for schedule(static) reduction(+ : inside)
    for (size_t i = 0; i < n; i++) {
        mask[i] = mask[i] != 0;
        inside += mask[i];
    }
    return inside;
}

enum ben_status post_clean(const struct post_config *config, const int dim[3],
                           const double voxel_mm[3], uint8_t *mask, long *voxels)
{
    enum ben_status st = BEN_OK;
    double voxel_mm3 = voxel_mm[0] * voxel_mm[1] * voxel_mm[2];
    bool cut = false;
    TRY(config_check(config));
    if (config->mend_plane != POST_NO_PLANE)
        TRY(outlier_mend(dim, voxel_mm, config->mend_plane, mask));
    TRY(keep_components(config, dim, voxel_mm3, mask));
    if (config->mend_plane != POST_NO_PLANE)
        TRY(waist_cut(dim, config->mend_plane, mask, &cut));
    if (cut)
        TRY(keep_components(config, dim, voxel_mm3, mask));
    if (config->fill_holes)
        TRY(fill_volume(dim, mask));
    if (config->fill_plane != POST_NO_PLANE)
        TRY(fill_slices(dim, config->fill_plane, mask));
    *voxels = mask_tidy((size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2], mask);
out:
    return st;
}

/* Bytes take the place of floats, block by block: none is written before the floats of its block,
 * and so those in its place, were read. */
static void cut_in_place(const float *prob, size_t n, float threshold, uint8_t *mask)
{
    enum { BLOCK = 4096 };
    uint8_t block[BLOCK];
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t count = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < count; i++)
            block[i] = prob[at + i] > threshold;
        memcpy(mask + at, block, count);
    }
}

enum ben_status post_mask(const struct post_config *config, const int dim[3],
                          const double voxel_mm[3], const float *prob, uint8_t *mask,
                          long *voxels)
{
    size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
    float threshold = config->threshold;
    if ((const void *)mask == prob) {
        cut_in_place(prob, n, threshold, mask);
        return post_clean(config, dim, voxel_mm, mask, voxels);
    }
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        mask[i] = prob[i] > threshold;
    return post_clean(config, dim, voxel_mm, mask, voxels);
}
