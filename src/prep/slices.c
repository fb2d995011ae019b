/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/slices.h"
#include "base/util.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BLOCK      256  /* output columns whose weights are kept at once */
#define GRID_SNAP  1e-6 /* in pixels: positions this near to the grid are on it */
#define MASK_LEVEL 0.5F

/* One axis of a resampling: output pixel o covers input positions start + o*scale to
 * start + (o+1)*scale, input pixel n covers n to n+1. */
struct axis {
    int in, out;
    double start, scale;
};

/* Pixels in memory: (row, column) is at data[row*row_step + column*column_step]. */
struct layout {
    ptrdiff_t row_step, column_step;
    bool binary; /* read as 1 above MASK_LEVEL, 0 elsewhere */
};

/* The input pixels that make one output pixel: first..first+count-1 with weights head for the
 * first, tail for the last and middle for those in between. */
struct tap {
    int first, count;
    float head, middle, tail;
};

static double snapped(double position)
{
    double nearest = rint(position);
    return fabs(position - nearest) < GRID_SNAP ? nearest : position;
}

/* Mean over the part of the input that the pixel covers; what lies outside counts as zero. */
static struct tap tap_area(const struct axis *axis, int o)
{
    double from = snapped(axis->start + o * axis->scale);
    double to = snapped(axis->start + (o + 1) * axis->scale);
    double width = to - from;
    from = fmax(from, 0);
    to = fmin(to, axis->in);
    if (to <= from)
        return (struct tap){0};
    int first = (int)from, last = (int)ceil(to) - 1;
    if (last == first)
        return (struct tap){.first = first, .count = 1, .head = (float)((to - from) / width)};
    return (struct tap){.first = first,
                        .count = last - first + 1,
                        .head = (float)((first + 1 - from) / width),
                        .middle = (float)(1 / width),
                        .tail = (float)((to - last) / width)};
}

/* Linear between the centres of two input pixels; the outermost half pixel repeats the edge. */
static struct tap tap_linear(const struct axis *axis, int o)
{
    double centre = axis->start + (o + 0.5) * axis->scale;
    if (centre < 0 || centre > axis->in)
        return (struct tap){0};
    double place = snapped(fmin(fmax(centre - 0.5, 0), axis->in - 1));
    int first = (int)place;
    double weight = place - first;
    if (weight == 0)
        return (struct tap){.first = first, .count = 1, .head = 1};
    return (struct tap){
        .first = first, .count = 2, .head = (float)(1 - weight), .tail = (float)weight};
}

static struct tap tap_at(const struct axis *axis, int o)
{
    return axis->scale > 1 ? tap_area(axis, o) : tap_linear(axis, o);
}

static float pixel(float value, bool binary)
{
    return binary ? (float)(value > MASK_LEVEL) : value;
}

static float tap_line(const struct tap *tap, const float *line, const struct layout *layout)
{
    const float *at = line + tap->first * layout->column_step;
    if (tap->count == 0)
        return 0;
    float sum = tap->head * pixel(at[0], layout->binary), inner = 0;
    for (int i = 1; i < tap->count - 1; i++)
        inner += pixel(at[i * layout->column_step], layout->binary);
    if (tap->count > 1)
        sum += tap->middle * inner +
               tap->tail * pixel(at[(tap->count - 1) * layout->column_step], layout->binary);
    return sum;
}

/* Output columns that are made together: their taps, and the last two input rows that went through
 * them, an even one and an odd one: the next output row begins where the last one ended. */
struct strip {
    const float *from; /* the input's pixel (0, 0) */
    const struct layout *layout;
    int n; /* columns */
    struct tap taps[BLOCK];
    int row[2]; /* -1: none */
    float line[2][BLOCK];
};

static const float *strip_line(struct strip *strip, int row)
{
    float *line = strip->line[row & 1];
    const float *from = strip->from + row * strip->layout->row_step;
    if (strip->row[row & 1] == row)
        return line;
    strip->row[row & 1] = row;
    for (int c = 0; c < strip->n; c++)
        line[c] = tap_line(&strip->taps[c], from, strip->layout);
    return line;
}

/* One output row. */
static void tap_rows(const struct tap *row, struct strip *strip, float sum[BLOCK])
{
    const int n = strip->n;
    float inner[BLOCK] = {0};
    memset(sum, 0, BLOCK * sizeof *sum);
    if (row->count == 0)
        return;
    const float *line = strip_line(strip, row->first);
    for (int c = 0; c < n; c++)
        sum[c] = row->head * line[c];
    for (int i = 1; i < row->count - 1; i++) {
        line = strip_line(strip, row->first + i);
        for (int c = 0; c < n; c++)
            inner[c] += line[c];
    }
    if (row->count == 1)
        return;
    line = strip_line(strip, row->first + row->count - 1);
    for (int c = 0; c < n; c++)
        sum[c] += row->middle * inner[c] + row->tail * line[c];
}

/* from and to point at their pixel (0, 0). */
static void resample(const struct axis axes[2], const float *from,
                     const struct layout *from_layout, float *to,
                     const struct layout *to_layout)
{
    const struct axis *rows = &axes[0], *columns = &axes[1];
    struct strip strip = {.from = from, .layout = from_layout};
    float sum[BLOCK];
    for (int c0 = 0; c0 < columns->out; c0 += BLOCK) {
        strip.n = columns->out - c0 < BLOCK ? columns->out - c0 : BLOCK;
        strip.row[0] = strip.row[1] = -1;
        for (int c = 0; c < strip.n; c++)
            strip.taps[c] = tap_at(columns, c0 + c);
        for (int r = 0; r < rows->out; r++) {
            struct tap row = tap_at(rows, r);
            float *line = to + r * to_layout->row_step + c0 * to_layout->column_step;
            tap_rows(&row, &strip, sum);
            for (int c = 0; c < strip.n; c++)
                line[c * to_layout->column_step] = sum[c];
        }
    }
}

enum ben_status slices_plan(const struct volume *canonical, enum slice_plane plane, int size,
                            struct slice_geometry *geometry)
{
    enum ben_status st = BEN_OK;
    int across = util_higher_axis(plane), along = util_lower_axis(plane);
    struct slice_geometry g = {.plane = plane,
                               .count = canonical->dim[plane],
                               .width = canonical->dim[along],
                               .height = canonical->dim[across],
                               .width_mm = canonical->voxel_mm[along],
                               .height_mm = canonical->voxel_mm[across],
                               .thickness_mm = canonical->voxel_mm[plane],
                               .size = size};
    ENSURE(size >= 1);
    g.mm = fmax(g.width * g.width_mm, g.height * g.height_mm) / size;
    if (g.count < 1 || g.width < 1 || g.height < 1 || !(g.width_mm > 0 && g.height_mm > 0) ||
        !isfinite(g.mm))
        FAIL(BEN_E_INPUT,
             "slices of %d x %d voxels of %g x %g mm have no field of view; check the size and "
             "voxel size in the image's header",
             g.width, g.height, g.width_mm, g.height_mm);
    *geometry = g;
out:
    return st;
}

void slices_zoom(struct slice_geometry *geometry, double row, double column, double edge_mm)
{
    geometry->mm = edge_mm / geometry->size;
    geometry->row_shift = row - geometry->height / 2.0;
    geometry->column_shift = column - geometry->width / 2.0;
}

/* n pixels of a line, and where on it, in these pixels, the centre lies that it shares with
 * another. */
struct line {
    int n;
    double mm, centre;
};

/* Pixels of in under those of out. */
static struct axis axis_between(const struct line *in, const struct line *out)
{
    double scale = snapped(out->mm / in->mm);
    return (struct axis){
        .in = in->n, .out = out->n, .start = in->centre - out->centre * scale, .scale = scale};
}

/* The network's rows and columns are one; slices' rows run against their axis. */
static void lines_of(const struct slice_geometry *g, struct line native[2],
                     struct line *network)
{
    native[0] = (struct line){g->height, g->height_mm, g->height / 2.0 - g->row_shift};
    native[1] = (struct line){g->width, g->width_mm, g->width / 2.0 + g->column_shift};
    *network = (struct line){g->size, g->mm, g->size / 2.0};
}

/* Where slice k's top left voxel is and how its rows and columns run; rows run against their
 * canonical axis. */
static ptrdiff_t native_origin(const struct slice_geometry *g, int k, struct layout *layout)
{
    int dim[3];
    dim[g->plane] = g->count;
    dim[util_lower_axis(g->plane)] = g->width;
    dim[util_higher_axis(g->plane)] = g->height;
    const ptrdiff_t step[3] = {1, dim[0], (ptrdiff_t)dim[0] * dim[1]};
    ptrdiff_t row_step = step[util_higher_axis(g->plane)];
    layout->row_step = -row_step;
    layout->column_step = step[util_lower_axis(g->plane)];
    return k * step[g->plane] + (g->height - 1) * row_step;
}

static void extract(const struct slice_geometry *g, const struct volume *canonical, int first,
                    int n, bool binary, float *x)
{
    struct line native_lines[2], network_line;
    lines_of(g, native_lines, &network_line);
    const struct axis axes[2] = {axis_between(&native_lines[0], &network_line),
                                 axis_between(&native_lines[1], &network_line)};
    const struct layout network = {.row_step = g->size, .column_step = 1};
    ENSURE(first >= 0 && first + n <= g->count);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct layout native = {.binary = binary};
        const float *slice = canonical->data + native_origin(g, first + i, &native);
        resample(axes, slice, &native, x + (size_t)i * g->size * g->size, &network);
    }
}

void slices_extract(const struct slice_geometry *geometry, const struct volume *canonical,
                    int first, int n, float *x)
{
    extract(geometry, canonical, first, n, false, x);
}

void slices_extract_mask(const struct slice_geometry *geometry, const struct volume *canonical,
                         int first, int n, float *x)
{
    size_t pixels = (size_t)n * geometry->size * geometry->size;
    extract(geometry, canonical, first, n, true, x);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < pixels; i++)
        x[i] = x[i] > MASK_LEVEL;
}

void slices_restore(const struct slice_geometry *geometry, const float *prob, int first, int n,
                    float *to)
{
    const struct slice_geometry *g = geometry;
    struct line native_lines[2], network_line;
    lines_of(g, native_lines, &network_line);
    const struct axis axes[2] = {axis_between(&network_line, &native_lines[0]),
                                 axis_between(&network_line, &native_lines[1])};
    const struct layout network = {.row_step = g->size, .column_step = 1};
    ENSURE(first >= 0 && first + n <= g->count);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct layout native;
        float *slice = to + native_origin(g, first + i, &native);
        resample(axes, prob + (size_t)i * g->size * g->size, &network, slice, &native);
    }
}
