/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/plot.h"
#include "base/util.h"
#include "qa/compare.h"
#include "qa/markup.h"
#include "qa/plot_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH   640
#define HEIGHT  400
#define LINE_PX 17 /* of text */

/* Colours that keep their distance for the colour-blind, on white and on black. */
static const char style[] =
    "<style>"
    ".ben-plot{color:#1b2430;max-width:100%;height:auto}"
    ".ben-plot text{font:12px system-ui,sans-serif;fill:currentColor}"
    ".ben-plot .t{font-size:15px;font-weight:600}"
    ".ben-plot .e{text-anchor:end}.ben-plot .c{text-anchor:middle}"
    ".ben-plot .h{stroke:#fff;stroke-width:4;stroke-linejoin:round;paint-order:stroke}"
    ".ben-plot .w{fill:#fff}.ben-plot .g{stroke:#dfe4ea}.ben-plot .a{stroke:#5b6673}"
    ".ben-plot .d{stroke:#5b6673;stroke-dasharray:5 4}"
    ".ben-plot .l{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}"
    ".ben-plot .f{fill:currentColor;fill-opacity:.18}"
    ".ben-plot .p{fill:none;stroke:currentColor;stroke-opacity:.65;stroke-width:5;"
    "stroke-linecap:round}"
    ".ben-plot .m{fill:currentColor;stroke:#1b2430;stroke-width:1.5}"
    ".ben-plot .o{fill:currentColor;fill-opacity:.65}"
    ".ben-plot .s0{color:#1f6fb4}.ben-plot .s1{color:#c8500a}.ben-plot .s2{color:#0a8a63}"
    ".ben-plot .s3{color:#b0569a}.ben-plot .s4{color:#8a6d00}.ben-plot .s5{color:#4c4fb0}"
    ".ben-plot .s6{color:#00818f}.ben-plot .s7{color:#6b7280}"
    "@media (prefers-color-scheme:dark){"
    ".ben-plot{color:#e6eaf0}.ben-plot .w{fill:#14181d}.ben-plot .h{stroke:#14181d}"
    ".ben-plot .g{stroke:#2c343d}"
    ".ben-plot .a,.ben-plot .d{stroke:#98a3b0}.ben-plot .m{stroke:#fff}"
    ".ben-plot .s0{color:#6cb6ff}.ben-plot .s1{color:#ff9b5c}.ben-plot .s2{color:#4fd1a1}"
    ".ben-plot .s3{color:#f09ad6}.ben-plot .s4{color:#e3c04a}.ben-plot .s5{color:#a5a8ff}"
    ".ben-plot .s6{color:#4fd0de}.ben-plot .s7{color:#aab4c0}}"
    "</style>\n";

/* Means and differences in place of the two measurements. */
struct differences {
    struct plot plot;
    struct plot_series *series;
    double *values; /* [4][n] means, differences, and both measurements, of all series */
    long n;
};

static bool is_boxes(const struct plot *plot)
{
    return plot->kind == BEN_PLOT_BOX || plot->kind == BEN_PLOT_VIOLIN;
}

static const char *name_of(const struct plot_series *series)
{
    return series->name ? series->name : "";
}

static const char *category_of(const struct plot_series *series)
{
    return series->category ? series->category : name_of(series);
}

/* numbers[i]: the place of text_of(series i) among the distinct ones, by first appearance. */
static int number_texts(const struct plot *plot,
                        const char *(*text_of)(const struct plot_series *), int *numbers)
{
    int distinct = 0;
    for (int i = 0; i < plot->n_series; i++) {
        int j = 0;
        while (strcmp(text_of(&plot->series[j]), text_of(&plot->series[i])) != 0)
            j++;
        numbers[i] = j < i ? numbers[j] : distinct++;
    }
    return distinct;
}

static int first_with(const struct plot *plot, const int *numbers, int number)
{
    int i = 0;
    while (i < plot->n_series - 1 && numbers[i] != number)
        i++;
    return i;
}

static double text_px(const char *text)
{
    long n = 0;
    for (const char *p = text; p && *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    return PLOT_CHARACTER * (double)n;
}

void plot_series_open(const struct plot_frame *frame, int series)
{
    fprintf(frame->to, "<g class=\"s%d\">", frame->name[series] % PLOT_COLOURS);
}

static void draw_point(const struct plot_frame *frame, const struct plot_series *series, long i,
                       double x, double y)
{
    bool marked = series->marked && series->marked[i];
    fprintf(frame->to, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"",
            marked ? "m" : "o", x, y, marked ? "5" : "3");
    if (!series->labels) {
        fputs("/>", frame->to);
        return;
    }
    fputs("><title>", frame->to);
    markup_text(frame->to, series->labels[i]);
    fputs("</title></circle>", frame->to);
}

void plot_draw_points(const struct plot_frame *frame, const struct plot_series *series,
                      const double *x_px, const double *y_px)
{
    bool open = false;
    for (long i = 0; i < series->n; i++) {
        bool single = series->labels || (series->marked && series->marked[i]);
        if (single || !isfinite(x_px[i]) || !isfinite(y_px[i]))
            continue;
        fprintf(frame->to, "%sM%.1f,%.1fh0", open ? "" : "<path class=\"p\" d=\"", x_px[i],
                y_px[i]);
        open = true;
    }
    if (open)
        fputs("\"/>", frame->to);
    for (int marked = 0; marked < 2; marked++) /* marked ones on top */
        for (long i = 0; i < series->n; i++) {
            bool is_marked = series->marked && series->marked[i];
            if ((series->labels || is_marked) && is_marked == marked && isfinite(x_px[i]) &&
                isfinite(y_px[i]))
                draw_point(frame, series, i, x_px[i], y_px[i]);
        }
}

static void draw_text(FILE *to, const char *class, double x, double y, const char *text)
{
    fprintf(to, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    markup_text(to, text);
    fputs("</text>\n", to);
}

static double tick_step(const double *ticks, int n, bool log)
{
    return n > 1 && !log ? ticks[1] - ticks[0] : 0;
}

static void draw_y_axis(const struct plot_frame *frame)
{
    double ticks[PLOT_TICKS];
    int n = plot_scale_ticks(&frame->y, frame->plot->height < 200 ? 3 : 6, ticks);
    char text[PLOT_NUMBER];
    for (int i = 0; i < n; i++) {
        double y = plot_scale_px(&frame->y, ticks[i]);
        fprintf(frame->to, "<path class=\"g\" d=\"M%.1f,%.1fH%.1f\"/>", frame->x.from_px, y,
                frame->x.to_px);
        plot_scale_number(ticks[i], tick_step(ticks, n, frame->y.log), text);
        draw_text(frame->to, "e", frame->x.from_px - 6, y + 4, text);
    }
    if (!frame->plot->y.label)
        return;
    fprintf(frame->to, "<g transform=\"translate(14 %.1f) rotate(-90)\">",
            0.5 * (frame->y.from_px + frame->y.to_px));
    draw_text(frame->to, "c", 0, 0, frame->plot->y.label);
    fputs("</g>\n", frame->to);
}

static void draw_x_numbers(const struct plot_frame *frame)
{
    double ticks[PLOT_TICKS];
    int n =
        plot_scale_ticks(&frame->x, (int)((frame->x.to_px - frame->x.from_px) / 70) + 1, ticks);
    char text[PLOT_NUMBER];
    for (int i = 0; i < n; i++) {
        double x = plot_scale_px(&frame->x, ticks[i]);
        fprintf(frame->to, "<path class=\"g\" d=\"M%.1f,%.1fV%.1f\"/>", x, frame->y.from_px,
                frame->y.to_px);
        plot_scale_number(ticks[i], tick_step(ticks, n, frame->x.log), text);
        draw_text(frame->to, "c", x, frame->y.from_px + LINE_PX, text);
    }
}

static bool categories_slant(const struct plot_frame *frame, double width)
{
    const struct plot *plot = frame->plot;
    double slot = width / (frame->n_categories > 0 ? frame->n_categories : 1);
    for (int i = 0; i < plot->n_series; i++)
        if (text_px(category_of(&plot->series[i])) > slot - 4)
            return true;
    return false;
}

static void draw_x_categories(const struct plot_frame *frame)
{
    const struct plot *plot = frame->plot;
    bool slant = categories_slant(frame, frame->x.to_px - frame->x.from_px);
    double y = frame->y.from_px + (slant ? 12 : LINE_PX);
    for (int c = 0; c < frame->n_categories; c++) {
        const char *text = category_of(&plot->series[first_with(plot, frame->category, c)]);
        double x = plot_scale_px(&frame->x, c);
        if (slant)
            fprintf(frame->to, "<g transform=\"translate(%.1f %.1f) rotate(-35)\">", x + 4, y);
        draw_text(frame->to, slant ? "e" : "c", slant ? 0 : x, slant ? 0 : y, text);
        if (slant)
            fputs("</g>", frame->to);
    }
}

static void draw_axes(const struct plot_frame *frame)
{
    const struct plot *plot = frame->plot;
    draw_y_axis(frame);
    if (is_boxes(plot))
        draw_x_categories(frame);
    else
        draw_x_numbers(frame);
    fprintf(frame->to, "<path class=\"a\" fill=\"none\" d=\"M%.1f,%.1fV%.1fH%.1f\"/>\n",
            frame->x.from_px, frame->y.to_px, frame->y.from_px, frame->x.to_px);
    if (plot->x.label)
        draw_text(frame->to, "c", 0.5 * (frame->x.from_px + frame->x.to_px), plot->height - 8,
                  plot->x.label);
}

/* Draws the legend where it has more to tell than the x axis, wrapped into rows from y on, or
 * only measures it (draw false). Returns its height. */
static double legend(const struct plot_frame *frame, double y, bool draw)
{
    const struct plot *plot = frame->plot;
    double x = 16, height = LINE_PX;
    bool told = is_boxes(plot) && frame->n_categories >= frame->n_names;
    for (int c = 0; told && c < plot->n_series; c++)
        told = strcmp(category_of(&plot->series[c]), name_of(&plot->series[c])) == 0;
    if (told || frame->n_names < 1 || (frame->n_names == 1 && *name_of(plot->series) == '\0'))
        return 0;
    for (int k = 0; k < frame->n_names; k++) {
        int i = first_with(plot, frame->name, k);
        double width = text_px(name_of(&plot->series[i])) + 34;
        if (x + width > plot->width && x > 16) {
            x = 16;
            height += LINE_PX;
        }
        if (draw) {
            plot_series_open(frame, i);
            fprintf(frame->to,
                    "<rect class=\"o\" x=\"%.1f\" y=\"%.1f\" width=\"12\" "
                    "height=\"12\"/></g>",
                    x, y + height - LINE_PX);
            draw_text(frame->to, "n", x + 17, y + height - LINE_PX + 10,
                      name_of(&plot->series[i]));
        }
        x += width;
    }
    return height + 4;
}

/* Of the numbers along an axis with about wanted ticks. */
static double widest_tick(const struct plot_scale *scale, int wanted)
{
    double ticks[PLOT_TICKS], widest = 0;
    char text[PLOT_NUMBER];
    int n = plot_scale_ticks(scale, wanted, ticks);
    for (int i = 0; i < n; i++) {
        plot_scale_number(ticks[i], tick_step(ticks, n, scale->log), text);
        widest = fmax(widest, text_px(text));
    }
    return widest;
}

/* Where the axes lie: what the texts around them leave. */
static void place(struct plot_frame *frame)
{
    const struct plot *plot = frame->plot;
    double bottom = LINE_PX + 10 + (plot->x.label ? LINE_PX : 0), longest = 0;
    frame->x.from_px = widest_tick(&frame->y, 6) + 12 + (plot->y.label ? 18 : 4);
    frame->x.to_px = plot->width - 14;
    if (!is_boxes(plot)) /* half of the last number lies behind the end of the axis */
        frame->x.to_px = plot->width - fmax(14, 0.5 * widest_tick(&frame->x, 6) + 4);
    if (is_boxes(plot) && categories_slant(frame, frame->x.to_px - frame->x.from_px)) {
        for (int i = 0; i < plot->n_series; i++)
            longest = fmax(longest, text_px(category_of(&plot->series[i])));
        bottom += fmin(0.58 * longest, 0.4 * plot->height) - 4;
        frame->x.from_px = fmax(frame->x.from_px, fmin(0.6 * longest, 0.25 * plot->width));
    }
    frame->y.from_px = plot->height - bottom;
    frame->y.to_px = 14 + (plot->title ? 22 : 0) + legend(frame, 0, false);
}

static enum ben_status range_of_values(struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    const struct plot *plot = frame->plot;
    struct plot_range x = {INFINITY, -INFINITY, plot->x.log};
    struct plot_range y = {INFINITY, -INFINITY, plot->y.log};
    for (int s = 0; s < plot->n_series; s++) {
        const struct plot_series *series = &plot->series[s];
        for (long i = 0; i < series->n; i++) {
            plot_range_add(&x, series->x ? series->x[i] : NAN);
            plot_range_add(&y, series->y[i]);
            if (plot->kind == BEN_PLOT_LINES && series->low && series->high) {
                plot_range_add(&y, series->low[i]);
                plot_range_add(&y, series->high[i]);
            }
        }
    }
    if (plot->kind == BEN_PLOT_BLAND_ALTMAN)
        for (int i = 0; i < 3; i++)
            plot_range_add(&y, frame->limits[i]);
    if (plot->identity)
        x = y = (struct plot_range){fmin(x.min, y.min), fmax(x.max, y.max), x.log};
    plot_range_scale(&x, &plot->x, &frame->x);
    plot_range_scale(&y, &plot->y, &frame->y);
    return st;
}

static enum ben_status range_of_bins(struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    struct plot_bins *bins = &frame->bins;
    const struct plot *plot = frame->plot;
    long most = 1;
    TRY(plot_bins_count(plot, bins));
    for (int i = 0; i < plot->n_series * bins->n; i++)
        most = bins->counts[i] > most ? bins->counts[i] : most;
    frame->x =
        (struct plot_scale){.min = bins->first, .max = bins->first + bins->width * bins->n};
    frame->y = (struct plot_scale){.min = 0, .max = 1.05 * (double)most};
out:
    return st;
}

static enum ben_status set_up(struct plot_frame *frame)
{
    enum ben_status st = BEN_OK;
    const struct plot *plot = frame->plot;
    size_t n = (size_t)plot->n_series + 1;
    TRY_NEW(frame->name = calloc(n, sizeof *frame->name));
    TRY_NEW(frame->category = calloc(n, sizeof *frame->category));
    frame->n_names = number_texts(plot, name_of, frame->name);
    if (is_boxes(plot))
        frame->n_categories = number_texts(plot, category_of, frame->category);
    TRY(plot->kind == BEN_PLOT_HISTOGRAM ? range_of_bins(frame) : range_of_values(frame));
    if (is_boxes(plot))
        frame->x = (struct plot_scale){.min = -0.5, .max = fmax(frame->n_categories, 1) - 0.5};
    place(frame);
out:
    return st;
}

/* plot->x against plot->y becomes x - y over their mean. */
static enum ben_status take_differences(const struct plot *plot, struct differences *d,
                                        double limits[3])
{
    enum ben_status st = BEN_OK;
    struct agreement agreement;
    long at = 0;
    for (int s = 0; s < plot->n_series; s++)
        d->n += plot->series[s].n;
    TRY_NEW(d->values = malloc((4 * (size_t)d->n + 1) * sizeof *d->values));
    TRY_NEW(d->series = malloc(((size_t)plot->n_series + 1) * sizeof *d->series));
    double *means = d->values, *differences = means + d->n, *x = differences + d->n,
           *y = x + d->n;
    for (int s = 0; s < plot->n_series; s++) {
        const struct plot_series *from = &plot->series[s];
        d->series[s] = *from;
        d->series[s].x = means + at;
        d->series[s].y = differences + at;
        for (long i = 0; i < from->n; i++, at++) {
            x[at] = from->x[i];
            y[at] = from->y[i];
            means[at] = 0.5 * (x[at] + y[at]);
            differences[at] = x[at] - y[at];
        }
    }
    compare_agreement(x, y, d->n, &agreement);
    limits[0] = agreement.lower;
    limits[1] = agreement.bias;
    limits[2] = agreement.upper;
    d->plot = *plot;
    d->plot.series = d->series;
out:
    return st;
}

static bool has_values(const struct plot_frame *frame)
{
    bool boxes = is_boxes(frame->plot) || frame->plot->kind == BEN_PLOT_HISTOGRAM;
    for (int s = 0; s < frame->plot->n_series; s++) {
        const struct plot_series *series = &frame->plot->series[s];
        for (long i = 0; i < series->n; i++)
            if (plot_scale_shows(&frame->y, series->y[i]) &&
                (boxes || plot_scale_shows(&frame->x, series->x[i])))
                return true;
    }
    return false;
}

static void draw_head(const struct plot_frame *frame)
{
    const struct plot *plot = frame->plot;
    fprintf(frame->to,
            "<svg class=\"ben-plot\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
            "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
            plot->width, plot->height, plot->width, plot->height);
    markup_text(frame->to, plot->title ? plot->title : "Plot");
    if (plot->description) {
        fputs(". ", frame->to);
        markup_text(frame->to, plot->description);
    }
    fprintf(frame->to, "\">\n%s<rect class=\"w\" width=\"%d\" height=\"%d\"/>\n", style,
            plot->width, plot->height);
    if (plot->title)
        draw_text(frame->to, "t", 16, 24, plot->title);
    legend(frame, plot->title ? 34 : 10, true);
}

static enum ben_status draw(const struct plot_frame *frame)
{
    static enum ben_status (*const kinds[])(const struct plot_frame *) = {
        [BEN_PLOT_LINES] = plot_draw_lines,
        [BEN_PLOT_SCATTER] = plot_draw_scatter,
        [BEN_PLOT_BLAND_ALTMAN] = plot_draw_bland_altman,
        [BEN_PLOT_BOX] = plot_draw_boxes,
        [BEN_PLOT_VIOLIN] = plot_draw_boxes,
        [BEN_PLOT_HISTOGRAM] = plot_draw_histogram,
    };
    enum ben_status st = BEN_OK;
    double x = frame->x.from_px, y = frame->y.to_px;
    draw_head(frame);
    draw_axes(frame);
    if (!has_values(frame)) {
        draw_text(frame->to, "c", 0.5 * (x + frame->x.to_px), 0.5 * (y + frame->y.from_px),
                  "no values");
    } else {
        /* What lies outside given bounds is cut off at the axes. */
        double width = frame->x.to_px - x, height = frame->y.from_px - y;
        fprintf(frame->to,
                "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                "viewBox=\"%.1f %.1f %.1f %.1f\">\n",
                x - 6, y - 6, width + 12, height + 12, x - 6, y - 6, width + 12, height + 12);
        TRY(kinds[frame->plot->kind](frame));
        fputs("</svg>\n", frame->to);
    }
    fputs("</svg>\n", frame->to);
out:
    return st;
}

enum ben_status plot_svg(const struct plot *plot, char **svg)
{
    enum ben_status st = BEN_OK;
    struct plot sized = *plot;
    struct differences differences = {0};
    struct plot_frame frame = {.plot = &sized};
    size_t size = 0;
    char *text = NULL;
    sized.width = plot->width > 0 ? plot->width : WIDTH;
    sized.height = plot->height > 0 ? plot->height : HEIGHT;
    if (plot->kind == BEN_PLOT_BLAND_ALTMAN) {
        TRY(take_differences(&sized, &differences, frame.limits));
        frame.plot = &differences.plot;
    }
    TRY(set_up(&frame));
    TRY_NEW(frame.to = open_memstream(&text, &size));
    TRY(draw(&frame));
    bool good = fclose(frame.to) == 0;
    frame.to = NULL;
    if (!good)
        FAIL(BEN_E_MEMORY, "out of memory");
    *svg = text;
    text = NULL;
out:
    if (frame.to)
        fclose(frame.to);
    free(text);
    free(frame.name);
    free(frame.category);
    free(frame.bins.counts);
    free(differences.values);
    free(differences.series);
    return st;
}

enum ben_status plot_write(const struct plot *plot, const char *path)
{
    enum ben_status st = BEN_OK;
    char *svg = NULL;
    TRY(plot_svg(plot, &svg));
    TRY(util_write_file(path, svg, strlen(svg)));
out:
    free(svg);
    return st;
}
