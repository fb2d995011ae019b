/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/outlier.h"
#include "base/util.h"
#include "prep/box.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 32 /* pixels that are compared at once */

/* Runs of equal pixels across the slices: where the present one began, and how long the two before
 * it are; 0: there is none. */
struct runs {
    int since, before, earlier;
};

/* The slices around the mask, one after the other, and what work on one of them needs. */
struct stack {
    int n, width, height;
    size_t area;      /* pixels of a slice */
    uint8_t *mask;    /* [n][height][width] */
    uint8_t *brief;   /* the same size: whether few slices say so, against more on both sides */
    int (*marked)[2]; /* [n] how many of a slice's pixels are, of value 0 and of 1 */
    struct runs *runs; /* [area] */
    int *rows;         /* [width] how many rows up to this one a column is marked */
    int *queue;        /* [area] pixels of a plate */
};

static void stack_free(struct stack *s)
{
    free(s->mask);
    free(s->brief);
    free(s->marked);
    free(s->runs);
    free(s->rows);
    free(s->queue);
}

static enum ben_status stack_create(int n, int width, int height, struct stack *s)
{
    enum ben_status st = BEN_OK;
    size_t area = (size_t)width * (size_t)height;
    *s = (struct stack){.n = n, .width = width, .height = height, .area = area};
    TRY_NEW(s->mask = malloc((size_t)n * area));
    TRY_NEW(s->brief = malloc((size_t)n * area));
    TRY_NEW(s->marked = malloc((size_t)n * sizeof *s->marked));
    TRY_NEW(s->runs = malloc(area * sizeof *s->runs));
    TRY_NEW(s->rows = malloc((size_t)width * sizeof *s->rows));
    TRY_NEW(s->queue = malloc(area * sizeof *s->queue));
out:
    return st;
}

/* A run ends ahead of slice k. The one before it is brief if it is no longer than longest, and the
 * runs on both sides are as long or, where it is a gap, over twice as long; background beyond the
 * stack goes on. */
static void end_run(struct stack *s, size_t pixel, int k, int longest)
{
    struct runs *runs = &s->runs[pixel];
    uint8_t value = s->mask[(size_t)runs->since * s->area + pixel];
    bool open = value == 0 && (runs->since == 0 || k == s->n);
    int length = open ? s->n : k - runs->since, before = runs->before;
    int least = value == 1 ? 2 * before + 1 : before;
    if (before > 0 && before <= longest && least <= runs->earlier && least <= length)
        for (int at = runs->since - before; at < runs->since; at++) {
            s->brief[(size_t)at * s->area + pixel] = 1;
            s->marked[at][!value]++;
        }
    *runs = (struct runs){.since = k, .before = length, .earlier = before};
}

/* The pixels of the runs across the slices that are brief. */
static void mark_brief(struct stack *s, int longest)
{
    memset(s->brief, 0, (size_t)s->n * s->area);
    memset(s->marked, 0, (size_t)s->n * sizeof *s->marked);
    memset(s->runs, 0, s->area * sizeof *s->runs);
    for (int k = 1; k < s->n; k++) {
        const uint8_t *slice = s->mask + (size_t)k * s->area, *before = slice - s->area;
        for (size_t at = 0; at < s->area; at += BLOCK) {
            size_t end = at + BLOCK < s->area ? at + BLOCK : s->area;
            if (memcmp(slice + at, before + at, end - at) == 0)
                continue;
            for (size_t i = at; i < end; i++)
                if (slice[i] != before[i])
                    end_run(s, i, k, longest);
        }
    }
    for (size_t i = 0; i < s->area; i++)
        end_run(s, i, s->n, longest);
}

/* Of one slice, the pixels of that value that are brief. */
struct layer {
    uint8_t *brief, *slice;
    uint8_t value;
};

static bool is_in(const struct layer *layer, int pixel)
{
    return layer->brief[pixel] && layer->slice[pixel] == layer->value;
}

/* The pixel joins the queue if it is in the layer, which it leaves. */
static int take(const struct layer *layer, int pixel, int *queue, int count)
{
    if (!is_in(layer, pixel))
        return count;
    layer->brief[pixel] = 0;
    queue[count] = pixel;
    return count + 1;
}

/* And so do those that are connected to the queue's from first on. Returns its length. */
static int spread(const struct stack *s, const struct layer *layer, int first, int count)
{
    for (int at = first; at < count; at++) {
        int pixel = s->queue[at], column = pixel % s->width;
        if (column > 0)
            count = take(layer, pixel - 1, s->queue, count);
        if (column + 1 < s->width)
            count = take(layer, pixel + 1, s->queue, count);
        if (pixel >= s->width)
            count = take(layer, pixel - s->width, s->queue, count);
        if ((size_t)pixel + (size_t)s->width < s->area)
            count = take(layer, pixel + s->width, s->queue, count);
    }
    return count;
}

/* The layer's plates, the parts that hold a square of side pixels, are in the queue. Returns how
 * many pixels. */
static int find_plates(const struct stack *s, const struct layer *layer, const int side[2])
{
    size_t row_bytes = (size_t)s->width * sizeof *s->rows;
    int found = 0;
    memset(s->rows, 0, row_bytes);
    for (int y = 0; y < s->height; y++) {
        int columns = 0, first = y * s->width;
        if (!memchr(layer->brief + first, 1, (size_t)s->width)) {
            memset(s->rows, 0, row_bytes);
            continue;
        }
        for (int x = 0; x < s->width; x++) {
            s->rows[x] = is_in(layer, first + x) ? s->rows[x] + 1 : 0;
            columns = s->rows[x] >= side[1] ? columns + 1 : 0;
            if (columns >= side[0])
                found = spread(s, layer, found, take(layer, first + x, s->queue, found));
        }
    }
    return found;
}

static void paint(const struct layer *layer, const int *pixels, int n, uint8_t value)
{
    for (int i = 0; i < n; i++)
        layer->slice[pixels[i]] = value;
}

static int count_inside(const struct stack *s, const uint8_t *slice)
{
    int inside = 0;
    for (size_t i = 0; i < s->area; i++)
        inside += slice[i];
    return inside;
}

/* Removes plates (value 1) or fills gaps (0). */
static void mend_slice(const struct stack *s, int k, uint8_t value, const int side[2])
{
    const struct layer layer = {s->brief + (size_t)k * s->area, s->mask + (size_t)k * s->area,
                                value};
    if (s->marked[k][value] < side[0] * side[1])
        return;
    int found = find_plates(s, &layer, side);
    if (value == 0 || found < count_inside(s, layer.slice))
        paint(&layer, s->queue, found, !value);
}

/* One more slice on each side, where there is one: an empty one, which says that the run ends. */
static void widen(struct box *box, const int dim[3], int axis)
{
    int end = box->first[axis] + box->size[axis] + 1;
    box->first[axis] = box->first[axis] > 0 ? box->first[axis] - 1 : 0;
    box->size[axis] = (end < dim[axis] ? end : dim[axis]) - box->first[axis];
}

enum ben_status outlier_mend(const int dim[3], const double voxel_mm[3], int axis,
                             uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    const int u = util_lower_axis(axis), v = util_higher_axis(axis);
    struct box box = box_find(dim, mask);
    struct stack s = {0};
    if (box.size[0] == 0)
        return BEN_OK;
    widen(&box, dim, axis);
    TRY(stack_create(box.size[axis], box.size[u], box.size[v], &s));
    box_slices(&box, dim, axis, false, mask, s.mask);
    for (int n = 1; n <= OUTLIER_SLICES && n + 2 <= s.n; n++) {
        const double wide_mm = OUTLIER_WIDTH * n * voxel_mm[axis];
        if (!(wide_mm < s.width * voxel_mm[u] && wide_mm < s.height * voxel_mm[v]))
            break;
        const int side[2] = {(int)(wide_mm / voxel_mm[u]) + 1,
                             (int)(wide_mm / voxel_mm[v]) + 1};
        mark_brief(&s, n);
        for (int k = 1; k + 1 < s.n; k++) {
            mend_slice(&s, k, 1, side);
            mend_slice(&s, k, 0, side);
        }
    }
    box_slices(&box, dim, axis, true, mask, s.mask);
out:
    stack_free(&s);
    return st;
}
