/* SPDX-License-Identifier: BSD-3-Clause */
/* Plots of x against y: lines, scatter, Bland-Altman. */
#include "qa/markup.h"
#include "qa/plot_inner.h"
#include "qa/statistics.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define BAND_STEPS 48

static const char *const dashes[] = {"", "7 4", "2 4", "9 3 2 3"};

/* x and y of a series in pixels, NaN where it cannot be shown; fresh [2][n]. */
static enum ben_status pixels_of(const struct plot_frame *frame,
                                 const struct plot_series *series, double **pixels)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)series->n;
    double *p;
    TRY_NEW(p = malloc((2 * n + 1) * sizeof *p));
    for (size_t i = 0; i < n; i++) {
        bool shown = plot_scale_shows(&frame->x, series->x[i]) &&
                     plot_scale_shows(&frame->y, series->y[i]);
        p[i] = shown ? plot_scale_px(&frame->x, series->x[i]) : NAN;
        p[n + i] = shown ? plot_scale_px(&frame->y, series->y[i]) : NAN;
    }
    *pixels = p;
out:
    return st;
}

/* Forth along the upper edge and back along the lower, cut off at the ends of the axis. */
static void draw_band(const struct plot_frame *frame, const struct plot_series *series)
{
    const struct plot_scale *y = &frame->y;
    char command = 'M';
    fputs("<path class=\"f\" d=\"", frame->to);
    for (long k = 0; k < 2 * series->n; k++) {
        long i = k < series->n ? k : 2 * series->n - 1 - k;
        double edge = k < series->n ? series->high[i] : series->low[i];
        if (!plot_scale_shows(&frame->x, series->x[i]) || !isfinite(edge))
            continue;
        fprintf(frame->to, "%c%.1f,%.1f", command, plot_scale_px(&frame->x, series->x[i]),
                plot_scale_px(y, fmin(fmax(edge, y->min), y->max)));
        command = 'L';
    }
    fputs("\"/>", frame->to);
}

/* A line that breaks where a value is missing. */
static void draw_line(const struct plot_frame *frame, const double *x, const double *y, long n,
                      const char *dash)
{
    bool down = false;
    fputs("<path class=\"l\"", frame->to);
    if (*dash)
        fprintf(frame->to, " stroke-dasharray=\"%s\"", dash);
    fputs(" d=\"", frame->to);
    for (long i = 0; i < n; i++) {
        bool shown = isfinite(x[i]) && isfinite(y[i]);
        if (shown)
            fprintf(frame->to, "%c%.1f,%.1f", down ? 'L' : 'M', x[i], y[i]);
        down = shown;
    }
    fputs("\"/>", frame->to);
}

/* The points of all series, joined by lines with their bands where lines is set. */
static enum ben_status draw_series(const struct plot_frame *frame, bool lines)
{
    enum ben_status st = BEN_OK;
    double *pixels = NULL;
    for (int s = 0; s < frame->plot->n_series; s++) {
        const struct plot_series *series = &frame->plot->series[s];
        TRY(pixels_of(frame, series, &pixels));
        plot_series_open(frame, s);
        if (lines && series->low && series->high)
            draw_band(frame, series);
        if (lines)
            draw_line(frame, pixels, pixels + series->n, series->n, dashes[s % 4]);
        plot_draw_points(frame, series, pixels, pixels + series->n);
        fputs("</g>\n", frame->to);
        free(pixels);
        pixels = NULL;
    }
out:
    free(pixels);
    return st;
}

enum ben_status plot_draw_lines(const struct plot_frame *frame)
{
    return draw_series(frame, true);
}

/* What the band of a regression needs: half its width at x is
 * t * residual * sqrt(1/n + (x - mean)^2 / xx). */
struct spread {
    double mean, xx, residual, t, min, max;
};

static struct spread spread_of(const struct plot_series *series, const struct regression *line)
{
    struct spread s = {.min = INFINITY, .max = -INFINITY};
    double squares = 0, n = (double)line->n;
    for (int pass = 0; pass < 2; pass++)
        for (long i = 0; i < series->n; i++) {
            double x = series->x[i], y = series->y[i];
            if (!isfinite(x) || !isfinite(y))
                continue;
            double rest = y - line->intercept - line->slope * x;
            s.mean += pass == 0 ? x / n : 0;
            s.xx += pass == 1 ? (x - s.mean) * (x - s.mean) : 0;
            squares += pass == 1 ? rest * rest : 0;
            s.min = fmin(s.min, x);
            s.max = fmax(s.max, x);
        }
    s.residual = line->n > 2 ? sqrt(squares / (n - 2)) : 0;
    s.t = line->n > 2 ? gsl_cdf_tdist_Pinv(0.975, n - 2) : 0;
    return s;
}

static void draw_fit(const struct plot_frame *frame, const struct plot_series *series)
{
    struct regression line;
    double x[BAND_STEPS], y[BAND_STEPS], low[BAND_STEPS], high[BAND_STEPS];
    statistics_regression(series->x, series->y, series->n, &line);
    if (!isfinite(line.slope))
        return;
    struct spread s = spread_of(series, &line);
    for (int i = 0; i < BAND_STEPS; i++) {
        double off;
        x[i] = s.min + (s.max - s.min) * i / (BAND_STEPS - 1);
        y[i] = line.intercept + line.slope * x[i];
        off = x[i] - s.mean;
        double half = s.t * s.residual * sqrt(1.0 / (double)line.n + off * off / s.xx);
        low[i] = y[i] - half;
        high[i] = y[i] + half;
    }
    const struct plot_series band = {.n = BAND_STEPS, .x = x, .y = y, .low = low, .high = high};
    if (line.n > 2)
        draw_band(frame, &band);
    for (int i = 0; i < BAND_STEPS; i++) {
        bool shown = plot_scale_shows(&frame->x, x[i]) && plot_scale_shows(&frame->y, y[i]);
        x[i] = shown ? plot_scale_px(&frame->x, x[i]) : NAN;
        y[i] = shown ? plot_scale_px(&frame->y, y[i]) : NAN;
    }
    draw_line(frame, x, y, BAND_STEPS, "");
}

/* The line of all series' points, in the colour of the axes. */
static enum ben_status draw_fit_all(const struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    long n = 0, at = 0;
    double *x = NULL;
    for (int s = 0; s < frame->plot->n_series; s++)
        n += frame->plot->series[s].n;
    TRY_NEW(x = malloc((2 * (size_t)n + 1) * sizeof *x));
    for (int s = 0; s < frame->plot->n_series; s++)
        for (long i = 0; i < frame->plot->series[s].n; i++, at++) {
            x[at] = frame->plot->series[s].x[i];
            x[n + at] = frame->plot->series[s].y[i];
        }
    const struct plot_series all = {.n = n, .x = x, .y = x + n};
    fputs("<g>", frame->to);
    draw_fit(frame, &all);
    fputs("</g>\n", frame->to);
out:
    free(x);
    return st;
}

enum ben_status plot_draw_scatter(const struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    const struct plot_scale *x = &frame->x, *y = &frame->y;
    double low = fmax(x->min, y->min), high = fmin(x->max, y->max);
    if (frame->plot->identity && low < high)
        fprintf(frame->to, "<path class=\"d\" d=\"M%.1f,%.1fL%.1f,%.1f\"/>\n",
                plot_scale_px(x, low), plot_scale_px(y, low), plot_scale_px(x, high),
                plot_scale_px(y, high));
    for (int s = 0; frame->plot->fit && s < frame->plot->n_series; s++) {
        plot_series_open(frame, s);
        draw_fit(frame, &frame->plot->series[s]);
        fputs("</g>\n", frame->to);
    }
    if (frame->plot->fit_all)
        TRY(draw_fit_all(frame));
    TRY(draw_series(frame, false));
out:
    return st;
}

static void draw_limit(const struct plot_frame *frame, int limit)
{
    static const char *const names[] = {"\xE2\x88\x92"
                                        "1.96 SD",
                                        "bias", "+1.96 SD"};
    double y = frame->limits[limit], px = plot_scale_px(&frame->y, y);
    char number[PLOT_NUMBER];
    plot_scale_number(y, (frame->y.max - frame->y.min) / 100, number);
    fprintf(frame->to, "<path class=\"%s\" d=\"M%.1f,%.1fH%.1f\"/>", limit == 1 ? "a" : "d",
            frame->x.from_px, px, frame->x.to_px);
    fprintf(frame->to, "<text class=\"e h\" x=\"%.1f\" y=\"%.1f\">%s %s</text>\n",
            frame->x.to_px - 2, px - 4, names[limit], number);
}

enum ben_status plot_draw_bland_altman(const struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    TRY(draw_series(frame, false));
    for (int i = 0; i < 3; i++) /* their names on top of the points */
        if (isfinite(frame->limits[i]))
            draw_limit(frame, i);
out:
    return st;
}
