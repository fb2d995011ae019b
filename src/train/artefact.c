/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/artefact.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

#define CURVE_KNOTS 6
#define CURVE_STEPS 256
#define MAX_GHOSTS  4
#define LONGEST     4096 /* side of a slice */

void artefact_average(int size, int radius, const float *from, float *to)
{
    float line[LONGEST];
    ENSURE(size <= LONGEST);
    const float scale = 1 / (float)(2 * radius + 1);
    for (int axis = 0; axis < 2; axis++) {
        const float *source = axis ? to : from;
        const int step = axis ? size : 1, across = axis ? 1 : size;
        for (int r = 0; r < size; r++) {
            const float *in = source + r * across;
            float sum = 0;
            for (int k = -radius; k <= radius; k++)
                sum += in[(k < 0 ? 0 : k >= size ? size - 1 : k) * step];
            for (int c = 0; c < size; c++) {
                int next = c + radius + 1, last = c - radius;
                line[c] = sum * scale;
                sum += in[(next >= size ? size - 1 : next) * step] -
                       in[(last < 0 ? 0 : last) * step];
            }
            for (int c = 0; c < size; c++)
                to[r * across + c * step] = line[c];
        }
    }
}

/* A curve through random heights; half of them straight, half more or less wild. Returns the
 * highest. */
static double draw_curve(struct draws *draws, float table[CURVE_STEPS + 2])
{
    double height[CURVE_KNOTS + 1], low = draw_within(draws, 0, 1),
                                    high = draw_within(draws, 0, 1);
    double wild = draw_happens(draws, .5) ? draw_within(draws, 0, .5) : 0;
    double highest = 0;
    for (int k = 0; k <= CURVE_KNOTS; k++) {
        double plain = low + (high - low) * k / CURVE_KNOTS;
        height[k] = plain + wild * (draw_within(draws, 0, 1) - plain);
        highest = fmax(highest, height[k]);
    }
    for (int i = 0; i <= CURVE_STEPS + 1; i++) {
        double at = (double)(i > CURVE_STEPS ? CURVE_STEPS : i) / CURVE_STEPS * CURVE_KNOTS;
        int k = at < CURVE_KNOTS ? (int)at : CURVE_KNOTS - 1;
        table[i] = (float)(height[k] + (at - k) * (height[k + 1] - height[k]));
    }
    return highest;
}

static float through(const float *table, float v)
{
    v = (v < 0 ? 0 : v > 1 ? 1 : v) * CURVE_STEPS;
    int k = (int)v;
    return table[k] + (v - (float)k) * (table[k + 1] - table[k]);
}

void artefact_repaint(struct draws *draws, int size, const float *y, float *x, float *scratch)
{
    float inside[CURVE_STEPS + 2], outside[CURVE_STEPS + 2];
    const float dark = (float)draw_within(draws, .04, .15);
    const double highest = fmax(draw_curve(draws, inside), draw_curve(draws, outside));
    const float scale = (float)(draw_within(draws, .8, 1.2) / fmax(highest, .1));
    artefact_average(size, 1 + draw_index(draws, 3), y, scratch);
    for (int i = 0; i < size * size; i++) {
        float t = x[i] < dark ? x[i] / dark : 1; /* air stays air */
        float out = t * t * (3 - 2 * t) * through(outside, x[i]);
        float in = (y[i] > .5F ? 1 : t) * through(inside, x[i]);
        x[i] = scale * (out + scratch[i] * (in - out));
    }
}

static void fade_blob(struct draws *draws, int size, float *x)
{
    double row = draw_within(draws, .2, .95) * size,
           column = draw_within(draws, .15, .85) * size;
    double height = draw_within(draws, .03, .16) * size;
    double width = draw_within(draws, .03, .2) * size;
    float depth = (float)draw_within(draws, .3, 1);
    for (int r = 0; r < size; r++) {
        double v = (r - row) / height;
        for (int c = 0; c < size && v * v < 9; c++) {
            float u = (float)((c - column) / width);
            float q = (float)(v * v) + u * u;
            if (q < 9)
                x[r * size + c] *= 1 - depth * expf(-q / 2);
        }
    }
}

void artefact_loss(struct draws *draws, int size, float *x)
{
    int blobs = 1 + draw_index(draws, 3);
    for (int b = 0; b < blobs; b++)
        fade_blob(draws, size, x);
}

void artefact_coil(struct draws *draws, int size, float *x)
{
    double angle = draw_within(draws, 0, 2 * M_PI), away = draw_within(draws, .45, .8) * size;
    double reach = draw_within(draws, .35, 1.2) * size;
    float row = (float)(size / 2. + away * sin(angle));
    float column = (float)(size / 2. + away * cos(angle)), scale = (float)(1 / (reach * reach));
    float gain = (float)(1 + away * away / (reach * reach)); /* 1 in the middle */
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            float dr = (float)r - row, dc = (float)c - column;
            x[r * size + c] *= gain / (1 + (dr * dr + dc * dc) * scale);
        }
}

/* How near the brain each pixel is, from 1 inside it to 0: its mask averaged twice, over a radius of up
 * to widest pixels. */
static const float *nearness(struct draws *draws, int widest, int size, const float *y,
                             float *scratch)
{
    float *once = scratch, *twice = scratch + size * size;
    int radius = 1 + draw_index(draws, widest);
    artefact_average(size, radius, y, once);
    artefact_average(size, radius, once, twice);
    return twice;
}

void artefact_strip(struct draws *draws, int size, const float *y, float *x, float *scratch)
{
    const float *near = nearness(draws, 8, size, y, scratch);
    float level = (float)draw_within(draws, .02, .3);
    for (int i = 0; i < size * size; i++)
        x[i] = near[i] > level ? x[i] : 0;
}

void artefact_dim(struct draws *draws, int size, const float *y, float *x, float *scratch)
{
    const float *near = nearness(draws, 12, size, y, scratch);
    float rest = (float)draw_within(draws, 0, .5);
    for (int i = 0; i < size * size; i++)
        x[i] *= rest + (1 - rest) * fminf(2 * near[i], 1);
}

/* One line of n pixels through m < n coarser ones and back. */
static void coarsen(int n, int m, float *line, int step, float *coarse)
{
    const double scale = (double)n / m;
    for (int i = 0; i < m; i++) {
        double from = i * scale, to = from + scale, sum = 0;
        for (int k = (int)from; k < to && k < n; k++) {
            double a = k > from ? k : from, b = k + 1 < to ? k + 1 : to;
            sum += (b - a) * line[k * step];
        }
        coarse[i] = (float)(sum / scale);
    }
    for (int k = 0; k < n; k++) {
        double at = (k + .5) / scale - .5;
        at = at < 0 ? 0 : at > m - 1 ? m - 1 : at;
        int i = at >= m - 1 ? m - 2 : (int)at;
        float u = (float)(at - i);
        line[k * step] = coarse[i] + u * (coarse[i + 1] - coarse[i]);
    }
}

void artefact_resolution(struct draws *draws, double lowest, int size, float *x, float *scratch)
{
    double shared = draw_within(draws, lowest, 1);
    for (int axis = 0; axis < 2; axis++) {
        double fraction = shared * draw_within(draws, .8, 1);
        int m = (int)(size * (fraction > lowest ? fraction : lowest));
        if (m < 2 || m >= size)
            continue;
        for (int r = 0; r < size; r++)
            coarsen(size, m, x + (axis ? r : r * size), axis ? size : 1, scratch);
    }
}

void artefact_ghost(struct draws *draws, int size, float *x, float *scratch)
{
    int ghosts = 1 + draw_index(draws, MAX_GHOSTS), rows = draw_happens(draws, .5);
    float strength = (float)draw_within(draws, .02, .25);
    memcpy(scratch, x, (size_t)size * (size_t)size * sizeof *x);
    for (int g = 1; g <= ghosts; g++) {
        int shift = (int)((double)g / (ghosts + 1) * size * draw_within(draws, .8, 1.2)) % size;
        for (int r = 0; r < size; r++)
            for (int c = 0; c < size; c++) {
                int from = rows ? (r + shift) % size * size + c : r * size + (c + shift) % size;
                x[r * size + c] += strength / (float)g * scratch[from];
            }
    }
}

void artefact_frame(struct draws *draws, int size, float *x, float *y)
{
    int rows = draw_happens(draws, .5);
    int low = (int)(draw_within(draws, 0, .3) * size);
    int high = size - (int)(draw_within(draws, 0, .3) * size);
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            int at = rows ? r : c;
            if (at < low || at >= high)
                x[r * size + c] = y[r * size + c] = 0;
        }
}
