/* SPDX-License-Identifier: BSD-3-Clause */
/* Plots of one value: boxes, violins, histograms. */
#include "qa/plot_inner.h"
#include "qa/statistics.h"

#include <math.h>
#include <stdlib.h>

#define WHISKER      1.5 /* interquartile ranges (Tukey 1977) */
#define GROUP        0.8 /* of a category's slot that its boxes fill */
#define DENSITY      64  /* steps of a violin's outline */
#define BINS_MOST    60
#define GOLDEN_RATIO 0.6180339887498949

/* Where a box stands, in pixels. */
struct box {
    double centre, half;
};

static struct box box_place(const struct plot_frame *frame, int series)
{
    double slot = (frame->x.to_px - frame->x.from_px) / frame->n_categories;
    bool grouped = frame->n_names > 1 && frame->n_categories < frame->plot->n_series;
    double width = GROUP * slot / (grouped ? frame->n_names : 1);
    double middle = plot_scale_px(&frame->x, frame->category[series]);
    double shift = grouped ? (frame->name[series] - 0.5 * (frame->n_names - 1)) * width : 0;
    return (struct box){middle + shift, fmin(0.42 * width, 34)};
}

static double y_px(const struct plot_frame *frame, double value)
{
    return plot_scale_px(&frame->y, value);
}

static void draw_quartiles(const struct plot_frame *frame, const struct summary *s,
                           double centre, double half)
{
    fprintf(frame->to,
            "<rect class=\"f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>"
            "<path class=\"l\" d=\"M%.1f,%.1fH%.1fV%.1fH%.1fZM%.1f,%.1fH%.1f\"/>",
            centre - half, y_px(frame, s->quartile3), 2 * half,
            y_px(frame, s->quartile1) - y_px(frame, s->quartile3), centre - half,
            y_px(frame, s->quartile3), centre + half, y_px(frame, s->quartile1), centre - half,
            centre - half, y_px(frame, s->median), centre + half);
}

static void draw_whiskers(const struct plot_frame *frame, const struct plot_series *series,
                          const struct summary *s, const struct box *box)
{
    double reach = WHISKER * (s->quartile3 - s->quartile1), cap = 0.5 * box->half;
    double low = s->quartile1, high = s->quartile3;
    for (long i = 0; i < series->n; i++) {
        double y = series->y[i];
        if (!plot_scale_shows(&frame->y, y))
            continue;
        low = y < low && y >= s->quartile1 - reach ? y : low;
        high = y > high && y <= s->quartile3 + reach ? y : high;
    }
    fprintf(frame->to,
            "<path class=\"l\" "
            "d=\"M%.1f,%.1fV%.1fM%.1f,%.1fh%.1fM%.1f,%.1fV%.1fM%.1f,%.1fh%.1f\"/>",
            box->centre, y_px(frame, s->quartile1), y_px(frame, low), box->centre - cap,
            y_px(frame, low), 2 * cap, box->centre, y_px(frame, s->quartile3),
            y_px(frame, high), box->centre - cap, y_px(frame, high), 2 * cap);
}

/* Gaussian kernel density at y. */
static double density_at(const struct plot_frame *frame, const struct plot_series *series,
                         double y, double bandwidth)
{
    double sum = 0;
    for (long i = 0; i < series->n; i++) {
        double z = (series->y[i] - y) / bandwidth;
        if (plot_scale_shows(&frame->y, series->y[i]))
            sum += exp(-0.5 * z * z);
    }
    return sum;
}

/* Silverman's rule: 0.9 min(SD, IQR / 1.34) n^(-1/5). */
static double bandwidth_of(const struct summary *s)
{
    double iqr = (s->quartile3 - s->quartile1) / 1.34;
    double spread = iqr > 0 ? fmin(s->sd, iqr) : s->sd;
    return 0.9 * spread * pow((double)s->n, -0.2);
}

static void draw_density(const struct plot_frame *frame, const struct plot_series *series,
                         const struct summary *s, const struct box *box)
{
    double bandwidth = bandwidth_of(s), widths[DENSITY], most = 0;
    if (!(bandwidth > 0))
        return;
    for (int i = 0; i < DENSITY; i++) {
        double y = s->min + (s->max - s->min) * i / (DENSITY - 1);
        widths[i] = density_at(frame, series, y, bandwidth);
        most = fmax(most, widths[i]);
    }
    for (int pass = 0; pass < 2; pass++) { /* its area, then its outline */
        fprintf(frame->to, "<path class=\"%s\" d=\"", pass == 0 ? "f" : "l");
        for (int k = 0; k < 2 * DENSITY; k++) {
            int i = k < DENSITY ? k : 2 * DENSITY - 1 - k;
            double y = s->min + (s->max - s->min) * i / (DENSITY - 1);
            double half = (k < DENSITY ? 1 : -1) * box->half * widths[i] / most;
            fprintf(frame->to, "%c%.1f,%.1f", k ? 'L' : 'M', box->centre + half,
                    y_px(frame, y));
        }
        fputs("Z\"/>", frame->to);
    }
}

/* Points beside each other by their number in golden steps: even, and the same every time. */
static enum ben_status draw_jittered(const struct plot_frame *frame,
                                     const struct plot_series *series, const struct box *box)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)series->n;
    double *pixels, turns;
    TRY_NEW(pixels = malloc((2 * n + 1) * sizeof *pixels));
    for (size_t i = 0; i < n; i++) {
        bool marked = series->marked && series->marked[i];
        bool shown =
            plot_scale_shows(&frame->y, series->y[i]) && (marked || !frame->plot->no_points);
        double place = marked ? 0 : modf((double)(i + 1) * GOLDEN_RATIO, &turns) - 0.5;
        pixels[i] = shown ? box->centre + 1.2 * box->half * place : NAN;
        pixels[n + i] = shown ? y_px(frame, series->y[i]) : NAN;
    }
    plot_draw_points(frame, series, pixels, pixels + n);
    free(pixels);
out:
    return st;
}

enum ben_status plot_draw_boxes(const struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < frame->plot->n_series; i++) {
        const struct plot_series *series = &frame->plot->series[i];
        struct box box = box_place(frame, i);
        struct summary s;
        TRY(statistics_summary(series->y, series->n, &s));
        if (s.n == 0 || !plot_scale_shows(&frame->y, s.min))
            continue;
        plot_series_open(frame, i);
        if (frame->plot->kind == BEN_PLOT_VIOLIN) {
            draw_density(frame, series, &s, &box);
            draw_quartiles(frame, &s, box.centre, fmin(5, 0.3 * box.half));
        } else {
            draw_quartiles(frame, &s, box.centre, box.half);
            draw_whiskers(frame, series, &s, &box);
        }
        TRY(draw_jittered(frame, series, &box));
        fputs("</g>\n", frame->to);
    }
out:
    return st;
}

static double bins_width(const struct plot *plot, const struct summary *s)
{
    double iqr = s->quartile3 - s->quartile1, span = s->max - s->min;
    double width = 2 * iqr / cbrt((double)s->n);
    if (plot->bins > 0)
        return span > 0 ? span / plot->bins : 1;
    if (!(width > 0))
        width = span > 0 ? span / 10 : 1;
    return fmax(width, span / BINS_MOST);
}

static void count_series(const struct plot_series *series, struct plot_bins *bins, long *counts)
{
    for (long i = 0; i < series->n; i++) {
        double place = floor((series->y[i] - bins->first) / bins->width);
        if (isfinite(place))
            counts[place < bins->n ? (int)fmax(place, 0) : bins->n - 1]++;
    }
}

enum ben_status plot_bins_count(const struct plot *plot, struct plot_bins *bins)
{
    enum ben_status st = BEN_OK;
    struct summary s;
    double *all = NULL;
    long n = 0;
    for (int i = 0; i < plot->n_series; i++)
        n += plot->series[i].n;
    TRY_NEW(all = malloc(((size_t)n + 1) * sizeof *all));
    n = 0;
    for (int i = 0; i < plot->n_series; i++)
        for (long k = 0; k < plot->series[i].n; k++)
            all[n++] = plot->series[i].y[k];
    TRY(statistics_summary(all, n, &s));
    bins->width = s.n > 0 ? bins_width(plot, &s) : 1;
    bins->first = s.n > 0 ? s.min : 0;
    bins->n = plot->bins > 0 ? plot->bins
              : s.n > 0      ? (int)fmax(ceil((s.max - s.min) / bins->width - 1e-9), 1)
                             : 1;
    TRY_NEW(bins->counts =
                calloc((size_t)plot->n_series * (size_t)bins->n + 1, sizeof *bins->counts));
    for (int i = 0; i < plot->n_series; i++)
        count_series(&plot->series[i], bins, bins->counts + (size_t)i * (size_t)bins->n);
out:
    free(all);
    return st;
}

enum ben_status plot_draw_histogram(const struct plot_frame *frame)
{
    const struct plot_bins *bins = &frame->bins;
    double floor_px = y_px(frame, 0);
    for (int s = 0; s < frame->plot->n_series; s++) {
        const long *counts = bins->counts + (size_t)s * (size_t)bins->n;
        plot_series_open(frame, s);
        for (int pass = 0; pass < 2; pass++) {
            fprintf(frame->to, "<path class=\"%s\" d=\"M%.1f,%.1f", pass == 0 ? "f" : "l",
                    plot_scale_px(&frame->x, bins->first), floor_px);
            for (int i = 0; i < bins->n; i++)
                fprintf(frame->to, "V%.1fH%.1f", y_px(frame, (double)counts[i]),
                        plot_scale_px(&frame->x, bins->first + bins->width * (i + 1)));
            fprintf(frame->to, "V%.1f\"/>", floor_px);
        }
        fputs("</g>\n", frame->to);
    }
    return BEN_OK;
}
