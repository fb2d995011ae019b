/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/tiles.h"
#include "base/util.h"
#include "io/species.h"
#include "prep/normalise.h"
#include "qa/markup.h"
#include "qa/outline.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#define GREYS        64     /* shades kept: fewer make smaller files, and nobody sees it */
#define HEATS        32     /* steps of a map's colours, the first transparent */
#define PIXELS_MOST  600000 /* of a plane's slices together; larger ones are averaged down */
#define BRIGHT       0.2    /* of the window: what belongs to the head */
#define UNCERTAIN_TO 0.25   /* p (1 - p) is never above */

/* One slice on the screen: x runs against canonical axis u, y against v. */
struct plane {
    const struct tiles_view *view;
    int across, u, v, slice;
    int width, height; /* voxels shown */
    int shrink;        /* voxels averaged along each side */
};

enum layer { IMAGE, CORRECTED, UNCERTAINTY, ATTENTION, LAYERS };

static const char *const layer_classes[LAYERS] = {"image", "n4", "uncertainty", "attention"};

static size_t voxel_at(const struct plane *plane, int x, int y)
{
    const struct volume *image = plane->view->input.image;
    size_t index[3];
    index[plane->across] = (size_t)plane->slice;
    index[plane->u] = (size_t)(plane->view->end[plane->u] - 1 - x);
    index[plane->v] = (size_t)(plane->view->end[plane->v] - 1 - y);
    return (index[2] * (size_t)image->dim[1] + index[1]) * (size_t)image->dim[0] + index[0];
}

static void include(int first[3], int end[3], const int index[3])
{
    for (int d = 0; d < 3; d++) {
        first[d] = index[d] < first[d] ? index[d] : first[d];
        end[d] = index[d] >= end[d] ? index[d] + 1 : end[d];
    }
}

/* The row of voxels from i on, at index (0, j, k). */
static void include_row(struct tiles_view *view, float bright, size_t i, int j, int k)
{
    const struct tiles_input *in = &view->input;
    for (int c = 0; c < in->image->dim[0]; c++, i++) {
        const int index[3] = {c, j, k};
        bool masked = (in->mask && in->mask[i]) || (in->redrawn && in->redrawn[i]);
        if (masked)
            include(view->mask_first, view->mask_end, index);
        if (masked || in->image->data[i] > bright)
            include(view->first, view->end, index);
    }
}

/* Boxes about the masks, and about all that is bright or masked. */
static void find_boxes(struct tiles_view *view)
{
    const int *dim = view->input.image->dim;
    const float bright = view->low + (float)BRIGHT * (view->high - view->low);
    size_t i = 0;
    memcpy(view->first, dim, sizeof view->first);
    memcpy(view->mask_first, dim, sizeof view->mask_first);
    memset(view->end, 0, sizeof view->end);
    memset(view->mask_end, 0, sizeof view->mask_end);
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++, i += (size_t)dim[0])
            include_row(view, bright, i, j, k);
    if (view->end[0] == 0) {
        memset(view->first, 0, sizeof view->first);
        memcpy(view->end, dim, sizeof view->end);
    }
    if (view->mask_end[0] == 0) {
        memcpy(view->mask_first, view->first, sizeof view->first);
        memcpy(view->mask_end, view->end, sizeof view->end);
    }
}

enum ben_status tiles_open(const struct tiles_input *input, struct tiles_view *view)
{
    enum ben_status st = BEN_OK;
    const struct comm self = comm_self();
    const struct normalise_config percentiles = normalise_defaults();
    struct normalise_range range;
    *view = (struct tiles_view){.input = *input};
    TRY(normalise_find(&self, &percentiles, input->image, &range));
    view->low = range.low;
    view->high = range.high;
    if (input->corrected) {
        TRY(normalise_find(&self, &percentiles, input->corrected, &range));
        view->corrected_low = range.low;
        view->corrected_high = range.high;
    }
    size_t n = volume_voxels(input->image);
    for (size_t i = 0; input->attention && i < n; i++)
        view->attention_high = fmaxf(view->attention_high, input->attention[i]);
    find_boxes(view);
out:
    return st;
}

/* The mean of a layer over the voxels of one pixel, as a shade 0 ... steps - 1. */
static int shade_of(const struct plane *plane, enum layer layer, int x, int y, int steps)
{
    const struct tiles_view *view = plane->view;
    const struct tiles_input *in = &view->input;
    const float *data[LAYERS] = {in->image->data, in->corrected ? in->corrected->data : NULL,
                                 in->uncertainty, in->attention};
    const float lows[LAYERS] = {view->low, view->corrected_low, 0, 0};
    const float highs[LAYERS] = {view->high, view->corrected_high, (float)UNCERTAIN_TO,
                                 view->attention_high};
    double sum = 0;
    int n = 0;
    for (int b = y * plane->shrink; b < (y + 1) * plane->shrink && b < plane->height; b++)
        for (int a = x * plane->shrink; a < (x + 1) * plane->shrink && a < plane->width; a++) {
            float value = data[layer][voxel_at(plane, a, b)];
            sum += isfinite(value) ? value : 0;
            n++;
        }
    double part = (sum / n - lows[layer]) / (highs[layer] - lows[layer]);
    return (int)lrint(fmin(fmax(part, 0), 1) * (steps - 1));
}

/* From nothing over orange to yellow, or over blue to cyan. */
static void heat_colours(enum layer layer, png_byte colours[HEATS][4])
{
    for (int i = 0; i < HEATS; i++) {
        double t = (double)i / (HEATS - 1);
        double rise = 255 * t, full = fmin(255, 510 * t);
        png_byte warm[4] = {255, (png_byte)(60 + 0.75 * rise), (png_byte)(0.3 * rise),
                            (png_byte)(0.9 * full)};
        png_byte cold[4] = {(png_byte)(0.3 * rise), (png_byte)(110 + 0.55 * rise), 255,
                            (png_byte)(0.8 * full)};
        memcpy(colours[i], layer == UNCERTAINTY ? warm : cold, 4);
    }
}

static enum ben_status write_png(FILE *to, const struct plane *plane, enum layer layer,
                                 const uint8_t *pixels, int columns, int rows)
{
    enum ben_status st = BEN_OK;
    bool heat = layer >= UNCERTAINTY;
    png_byte colours[HEATS][4];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)columns,
                       .height = (png_uint_32)rows,
                       .format = heat ? PNG_FORMAT_RGBA_COLORMAP : PNG_FORMAT_GRAY,
                       .colormap_entries = heat ? HEATS : 0};
    png_alloc_size_t n = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *bytes;
    heat_colours(layer, colours);
    TRY_NEW(bytes = malloc(n));
    if (!png_image_write_to_memory(&image, bytes, &n, 0, pixels, 0, heat ? colours : NULL))
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "cannot make a PNG: %s",
                       image.message);
    if (st == BEN_OK) {
        fprintf(to,
                "<image class=\"%s\" width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" "
                "href=\"data:image/png;base64,",
                layer_classes[layer], plane->width, plane->height);
        markup_base64(to, bytes, n);
        fputs("\"/>", to);
    }
    free(bytes);
out:
    return st;
}

/* One layer of one slice; a map that is nothing but transparent is left out. */
static enum ben_status write_layer(FILE *to, const struct plane *plane, enum layer layer)
{
    enum ben_status st = BEN_OK;
    bool heat = layer >= UNCERTAINTY, any = !heat;
    int columns = (plane->width + plane->shrink - 1) / plane->shrink;
    int rows = (plane->height + plane->shrink - 1) / plane->shrink;
    uint8_t *pixels;
    TRY_NEW(pixels = malloc((size_t)columns * (size_t)rows));
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            int shade = shade_of(plane, layer, x, y, heat ? HEATS : GREYS);
            any = any || shade > 0;
            pixels[(size_t)y * (size_t)columns + (size_t)x] =
                (uint8_t)(heat ? shade : shade * 255 / (GREYS - 1));
        }
    if (any)
        st = write_png(to, plane, layer, pixels, columns, rows);
    free(pixels);
out:
    return st;
}

static enum ben_status write_outline(FILE *to, const struct plane *plane, const uint8_t *mask,
                                     const char *class)
{
    enum ben_status st = BEN_OK;
    size_t width = (size_t)plane->width;
    uint8_t *cut;
    if (!mask)
        return BEN_OK;
    TRY_NEW(cut = malloc(width * (size_t)plane->height));
    for (int y = 0; y < plane->height; y++)
        for (int x = 0; x < plane->width; x++)
            cut[(size_t)y * width + (size_t)x] = mask[voxel_at(plane, x, y)];
    fprintf(to, "<path class=\"%s\" transform=\"scale(.5)\" d=\"", class);
    st = outline_write(to, cut, plane->width, plane->height);
    fputs("\"/>", to);
    free(cut);
out:
    return st;
}

static enum ben_status write_tile(FILE *to, const struct plane *plane)
{
    enum ben_status st = BEN_OK;
    const struct tiles_input *in = &plane->view->input;
    const double *mm = in->image->voxel_mm;
    const bool there[LAYERS] = {true, in->corrected != NULL, in->uncertainty != NULL,
                                in->attention && plane->view->attention_high > 0};
    fprintf(to,
            "<figure class=\"tile\"><svg viewBox=\"0 0 %.4g %.4g\" role=\"img\" "
            "aria-label=\"%s slice %d\"><g transform=\"scale(%.6g %.6g)\">",
            plane->width * mm[plane->u], plane->height * mm[plane->v],
            species_plane_name((enum slice_plane)plane->across), plane->slice, mm[plane->u],
            mm[plane->v]);
    for (int layer = 0; layer < LAYERS; layer++)
        if (there[layer])
            TRY(write_layer(to, plane, (enum layer)layer));
    TRY(write_outline(to, plane, in->mask, "mask"));
    TRY(write_outline(to, plane, in->redrawn, "redrawn"));
    fprintf(to, "</g></svg><figcaption>%d</figcaption></figure>\n", plane->slice);
out:
    return st;
}

enum ben_status tiles_write(FILE *to, const struct tiles_view *view, int across, int count)
{
    enum ben_status st = BEN_OK;
    struct plane plane = {.view = view, .across = across, .shrink = 1};
    ENSURE(across >= 0 && across <= 2);
    plane.u = util_lower_axis(across);
    plane.v = util_higher_axis(across);
    plane.width = view->end[plane.u] - view->first[plane.u];
    plane.height = view->end[plane.v] - view->first[plane.v];
    int first = view->mask_first[across], there = view->mask_end[across] - first;
    count = count < there ? count : there;
    double pixels = (double)plane.width * plane.height * count;
    plane.shrink = pixels > PIXELS_MOST ? (int)ceil(sqrt(pixels / PIXELS_MOST)) : 1;
    for (int i = 0; i < count; i++) {
        plane.slice = first + (int)((i + 0.5) * there / count);
        TRY(write_tile(to, &plane));
    }
out:
    return st;
}
