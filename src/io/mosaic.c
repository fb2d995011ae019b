/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/mosaic.h"
#include "base/util.h"

#include "io/picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILES_DEFAULT 24
#define WIDTH_DEFAULT 1600
#define SHAPE         1.6 /* width to height of the picture, about */
#define GAP_PX        4
#define ZOOM_MOST     8.0 /* pixels per voxel at most */
#define SAMPLES       1000000
#define TEXT_SCALE    2
#define LINE_PX       1.3 /* width of an outline */

static const struct colour white = {255, 255, 255}, grey = {150, 150, 150};
static const struct colour red = {255, 64, 48}, green = {64, 220, 96};

/* One plane of the volume on the screen: u runs to the right, v down, both against the
 * canonical axes, since right, anterior and superior are at the left or the top. */
struct view {
    const struct volume *volume;
    const uint8_t *mask, *reference;
    int across, u, v;     /* canonical axes */
    int first[3], end[3]; /* the box that is shown */
    double low, high;     /* intensities from black to white */
};

struct layout {
    int slices, columns, rows;
    double zoom_mm; /* pixels per mm */
    int tile_width, tile_height;
    int width, height; /* of the picture */
    int caption;       /* height of the caption's strip */
};

static size_t at(const struct volume *volume, const int index[3])
{
    const int *dim = volume->dim;
    return ((size_t)index[2] * (size_t)dim[1] + (size_t)index[1]) * (size_t)dim[0] +
           (size_t)index[0];
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The 1st and 99th percentile of a million voxels spread over the volume. */
static enum ben_status find_window(struct view *view)
{
    enum ben_status st = BEN_OK;
    size_t voxels = volume_voxels(view->volume), step = voxels / SAMPLES + 1, n = 0;
    float *samples;
    TRY_NEW(samples = malloc((voxels / step + 1) * sizeof *samples));
    for (size_t i = 0; i < voxels; i += step)
        if (isfinite(view->volume->data[i]))
            samples[n++] = view->volume->data[i];
    qsort(samples, n, sizeof *samples, compare_floats);
    if (n > 0) {
        view->low = samples[n / 100];
        view->high = samples[n - 1 - n / 100];
    }
    if (!(view->high > view->low))
        view->high = view->low + 1.0;
out:
    free(samples);
    return st;
}

/* Grows the box [first, end) to hold the voxel. */
static void include(int first[3], int end[3], const int index[3])
{
    for (int d = 0; d < 3; d++) {
        if (index[d] < first[d])
            first[d] = index[d];
        if (index[d] >= end[d])
            end[d] = index[d] + 1;
    }
}

static bool inside(const uint8_t *mask, size_t i)
{
    return mask && mask[i];
}

/* Across the slices the masks' extent; within them the head's, so that what a mask lacks is
 * seen too. Where nothing is found, the whole volume. */
static void find_box(struct view *view)
{
    const int *dim = view->volume->dim;
    const double bright = view->low + 0.2 * (view->high - view->low);
    int head_first[3], head_end[3] = {0}, mask_first[3], mask_end[3] = {0};
    size_t row = (size_t)dim[0], slice = row * (size_t)dim[1], n = slice * (size_t)dim[2];
    memcpy(head_first, dim, sizeof head_first);
    memcpy(mask_first, dim, sizeof mask_first);
    for (size_t i = 0; i < n; i++) {
        const int index[3] = {(int)(i % row), (int)(i % slice / row), (int)(i / slice)};
        bool masked = inside(view->mask, i) || inside(view->reference, i);
        if (masked)
            include(mask_first, mask_end, index);
        if (masked || view->volume->data[i] > bright)
            include(head_first, head_end, index);
    }
    for (int d = 0; d < 3; d++) {
        const int *first = d == view->across ? mask_first : head_first;
        const int *end = d == view->across ? mask_end : head_end;
        bool found = first[d] < end[d];
        view->first[d] = found ? first[d] : 0;
        view->end[d] = found ? end[d] : dim[d];
    }
}

static double extent_mm(const struct view *view, int axis)
{
    return (view->end[axis] - view->first[axis]) * view->volume->voxel_mm[axis];
}

/* How far a picture of that many columns is from the wanted shape. */
static double misfit(const struct view *view, int slices, int columns)
{
    int rows = (slices + columns - 1) / columns;
    double shape = columns * extent_mm(view, view->u) / (rows * extent_mm(view, view->v));
    return fabs(log(shape / SHAPE)) + 1.5 * (columns * rows - slices) / slices;
}

static void plan_layout(const struct view *view, const struct mosaic_options *options,
                        struct layout *layout)
{
    int wanted = options->tiles > 0 ? options->tiles : TILES_DEFAULT;
    int there = view->end[view->across] - view->first[view->across];
    int width = options->width_px > 0 ? options->width_px : WIDTH_DEFAULT;
    const double *mm = view->volume->voxel_mm;
    int n = wanted < there ? wanted : there, columns = 1;
    for (int c = 2; c <= n; c++)
        if (misfit(view, n, c) < misfit(view, n, columns))
            columns = c;
    double finest = mm[view->u] < mm[view->v] ? mm[view->u] : mm[view->v];
    double zoom = (width - (columns + 1) * GAP_PX) / (columns * extent_mm(view, view->u));
    zoom = fmin(zoom, ZOOM_MOST / finest);
    layout->slices = n;
    layout->columns = columns;
    layout->rows = (n + columns - 1) / columns;
    layout->zoom_mm = fmin(zoom, 2.0 * width / (layout->rows * extent_mm(view, view->v)));
    layout->tile_width = (int)fmax(1.0, floor(extent_mm(view, view->u) * layout->zoom_mm));
    layout->tile_height = (int)fmax(1.0, floor(extent_mm(view, view->v) * layout->zoom_mm));
    layout->caption =
        options->caption || view->reference ? BEN_FONT_HEIGHT * TEXT_SCALE + 3 * GAP_PX : 0;
    layout->width = columns * (layout->tile_width + GAP_PX) + GAP_PX;
    layout->height = layout->rows * (layout->tile_height + GAP_PX) + GAP_PX + layout->caption;
}

/* A slice as numbers [dim v][dim u], taken out of image or mask. */
struct plane {
    float *data;
    int width, height;
};

static enum ben_status plane_create(const struct view *view, struct plane *plane)
{
    enum ben_status st = BEN_OK;
    plane->width = view->volume->dim[view->u];
    plane->height = view->volume->dim[view->v];
    TRY_NEW(plane->data =
                malloc((size_t)plane->width * (size_t)plane->height * sizeof *plane->data));
out:
    return st;
}

static void plane_take(const struct view *view, const uint8_t *mask, int slice,
                       struct plane *plane)
{
    int k[3];
    k[view->across] = slice;
    for (int v = 0; v < plane->height; v++)
        for (int u = 0; u < plane->width; u++) {
            k[view->u] = u;
            k[view->v] = v;
            size_t i = at(view->volume, k);
            plane->data[(size_t)v * (size_t)plane->width + (size_t)u] =
                mask ? mask[i] != 0 : view->volume->data[i];
        }
}

static float plane_near(const struct plane *plane, int u, int v)
{
    u = u < 0 ? 0 : u >= plane->width ? plane->width - 1 : u;
    v = v < 0 ? 0 : v >= plane->height ? plane->height - 1 : v;
    return plane->data[(size_t)v * (size_t)plane->width + (size_t)u];
}

/* Bilinear; voxel centres are at whole numbers. */
static double plane_value(const struct plane *plane, double u, double v)
{
    int u0 = (int)floor(u), v0 = (int)floor(v);
    double a = u - u0, b = v - v0;
    return (1 - b) * ((1 - a) * plane_near(plane, u0, v0) + a * plane_near(plane, u0 + 1, v0)) +
           b * ((1 - a) * plane_near(plane, u0, v0 + 1) +
                a * plane_near(plane, u0 + 1, v0 + 1));
}

/* Where a tile lies in the picture, and how its pixels map to the plane's indices: u falls as x
 * grows, v falls as y grows. */
struct tile {
    int x, y, width, height;
    double u0, v0;     /* indices at pixel (0, 0) */
    double u_px, v_px; /* indices per pixel */
};

static struct tile place_tile(const struct view *view, const struct layout *layout, int k)
{
    struct tile tile = {
        .x = GAP_PX + k % layout->columns * (layout->tile_width + GAP_PX),
        .y = GAP_PX + k / layout->columns * (layout->tile_height + GAP_PX),
        .width = layout->tile_width,
        .height = layout->tile_height,
        .u_px = 1.0 / (layout->zoom_mm * view->volume->voxel_mm[view->u]),
        .v_px = 1.0 / (layout->zoom_mm * view->volume->voxel_mm[view->v]),
    };
    tile.u0 = view->end[view->u] - 0.5 - 0.5 * tile.u_px;
    tile.v0 = view->end[view->v] - 0.5 - 0.5 * tile.v_px;
    return tile;
}

static void draw_image(struct picture *picture, const struct tile *tile,
                       const struct plane *plane, const struct view *view)
{
    for (int y = 0; y < tile->height; y++)
        for (int x = 0; x < tile->width; x++) {
            double value =
                plane_value(plane, tile->u0 - x * tile->u_px, tile->v0 - y * tile->v_px);
            double shade = fmin(fmax((value - view->low) / (view->high - view->low), 0.0), 1.0);
            picture_blend(picture, tile->x + x, tile->y + y, white, shade);
        }
}

/* How much of the pixel an outline covers: the distance in pixels to where the interpolated mask
 * is one half, to first order. */
static double outline_alpha(const struct plane *mask, const struct tile *tile, int x, int y)
{
    double u = tile->u0 - x * tile->u_px, v = tile->v0 - y * tile->v_px;
    double du = 0.5 * tile->u_px, dv = 0.5 * tile->v_px;
    double gx = plane_value(mask, u + du, v) - plane_value(mask, u - du, v);
    double gy = plane_value(mask, u, v + dv) - plane_value(mask, u, v - dv);
    double slope = sqrt(gx * gx + gy * gy);
    if (slope < 1e-6)
        return 0.0;
    double distance = fabs(plane_value(mask, u, v) - 0.5) / slope;
    return fmin(fmax(0.5 + 0.5 * LINE_PX - distance, 0.0), 1.0);
}

static void draw_outline(struct picture *picture, const struct tile *tile,
                         const struct plane *mask, struct colour colour)
{
    for (int y = 0; y < tile->height; y++)
        for (int x = 0; x < tile->width; x++) {
            double alpha = outline_alpha(mask, tile, x, y);
            if (alpha > 0.0)
                picture_blend(picture, tile->x + x, tile->y + y, colour, alpha);
        }
}

/* The slice's number, and on the first tile which way the columns run. */
static void draw_labels(struct picture *picture, const struct tile *tile,
                        const struct view *view, int k, int slice)
{
    const int height = BEN_FONT_HEIGHT * TEXT_SCALE, width = BEN_FONT_WIDTH * TEXT_SCALE;
    char text[24];
    snprintf(text, sizeof text, "%d", slice);
    picture_text(picture, tile->x + 3, tile->y + tile->height - height - 3, TEXT_SCALE, grey,
                 text);
    if (k != 0)
        return;
    picture_text(picture, tile->x + 3, tile->y + 3, TEXT_SCALE, white,
                 view->across == 0 ? "A" : "R");
    picture_text(picture, tile->x + tile->width - width - 1, tile->y + 3, TEXT_SCALE, white,
                 view->across == 0 ? "P" : "L");
}

static enum ben_status draw_tiles(struct picture *picture, const struct view *view,
                                  const struct layout *layout)
{
    enum ben_status st = BEN_OK;
    struct plane plane = {NULL, 0, 0};
    TRY(plane_create(view, &plane));
    for (int k = 0; k < layout->slices; k++) {
        int first = view->first[view->across], n = view->end[view->across] - first;
        int slice = first + (int)((k + 0.5) * n / layout->slices);
        struct tile tile = place_tile(view, layout, k);
        plane_take(view, NULL, slice, &plane);
        draw_image(picture, &tile, &plane, view);
        if (view->reference) {
            plane_take(view, view->reference, slice, &plane);
            draw_outline(picture, &tile, &plane, green);
        }
        if (view->mask) {
            plane_take(view, view->mask, slice, &plane);
            draw_outline(picture, &tile, &plane, red);
        }
        draw_labels(picture, &tile, view, k, slice);
    }
out:
    free(plane.data);
    return st;
}

static void draw_caption(struct picture *picture, const struct view *view,
                         const struct layout *layout, const char *caption)
{
    const int step = BEN_FONT_WIDTH * TEXT_SCALE;
    int y = layout->height - BEN_FONT_HEIGHT * TEXT_SCALE - GAP_PX - GAP_PX / 2, x = 2 * GAP_PX;
    if (caption) {
        picture_text(picture, x, y, TEXT_SCALE, white, caption);
        x += ((int)strlen(caption) + 2) * step;
    }
    if (view->reference) {
        picture_text(picture, x, y, TEXT_SCALE, red, "mask");
        picture_text(picture, x + 6 * step, y, TEXT_SCALE, green, "reference");
    }
}

enum ben_status mosaic_write(const char *path, const struct volume *volume, const uint8_t *mask,
                             const uint8_t *reference, const struct mosaic_options *options)
{
    enum ben_status st = BEN_OK;
    struct picture *picture = NULL;
    struct layout layout;
    struct view view = {.volume = volume, .mask = mask, .reference = reference};
    ENSURE(options->across >= 0 && options->across <= 2);
    view.across = options->across;
    view.u = util_lower_axis(options->across);
    view.v = util_higher_axis(options->across);
    TRY(find_window(&view));
    find_box(&view);
    plan_layout(&view, options, &layout);
    TRY(picture_create(layout.width, layout.height, &picture));
    TRY(draw_tiles(picture, &view, &layout));
    draw_caption(picture, &view, &layout, options->caption);
    TRY(picture_write(picture, path));
out:
    picture_free(&picture);
    return st;
}
