/* SPDX-License-Identifier: BSD-3-Clause */
/* What the plot_*.c files share: scales from values to pixels, and the frame that a plot is drawn
 * in. Nobody else needs this. All Local. */
#ifndef BEN_QA_PLOT_INNER_H
#define BEN_QA_PLOT_INNER_H

#include "qa/plot.h"

#include <stdio.h>

#define PLOT_TICKS     24 /* at most */
#define PLOT_NUMBER    32 /* bytes of a written number */
#define PLOT_COLOURS   8
#define PLOT_CHARACTER 6.5 /* px, about, of the plots' font */

struct plot_scale {
    double min, max; /* at both ends, min < max */
    bool log, whole;
    double from_px, to_px;
};

/* Whether the scale can show the value. */
bool plot_scale_shows(const struct plot_scale *scale, double value);
double plot_scale_px(const struct plot_scale *scale, double value);

/* Round numbers within the scale, about wanted of them; returns how many. */
int plot_scale_ticks(const struct plot_scale *scale, int wanted, double ticks[PLOT_TICKS]);

/* The number as a tick is labelled, among ticks that are step apart (0: not evenly). */
void plot_scale_number(double value, double step, char text[PLOT_NUMBER]);

/* Values that a scale must show, gathered one by one. */
struct plot_range {
    double min, max; /* min > max: none so far */
    bool log;
};

void plot_range_add(struct plot_range *range, double value);

/* The range with a little air at its ends, or the axis's own bounds. */
void plot_range_scale(const struct plot_range *range, const struct plot_axis *axis,
                      struct plot_scale *scale);

/* Counts of one histogram's series over common bins. */
struct plot_bins {
    double first, width;
    int n;
    long *counts; /* [n_series][n], owned */
};

struct plot_frame {
    FILE *to;
    const struct plot *plot; /* BLAND_ALTMAN: with means and differences for x and y */
    struct plot_scale x, y;
    int n_categories, n_names;
    int *category; /* [n_series] of BOX and VIOLIN */
    int *name;     /* [n_series] which distinct name: the colour, and the place in a category */
    struct plot_bins bins;
    double limits[3]; /* BLAND_ALTMAN: lower limit, bias, upper limit; NaN where undefined */
};

/* Each draws its kind into the frame. Fail: BEN_E_MEMORY. */
enum ben_status plot_draw_lines(const struct plot_frame *frame);
enum ben_status plot_draw_scatter(const struct plot_frame *frame);
enum ben_status plot_draw_bland_altman(const struct plot_frame *frame);
enum ben_status plot_draw_boxes(const struct plot_frame *frame);
enum ben_status plot_draw_histogram(const struct plot_frame *frame);

/* Sorts the values of all series into bins. */
enum ben_status plot_bins_count(const struct plot *plot, struct plot_bins *bins);

/* Opens the group of a series, which gives its colour; close with "</g>\n". */
void plot_series_open(const struct plot_frame *frame, int series);

/* The points [n] at pixels x and y (NaN: not shown), marked ones and those with labels singly. */
void plot_draw_points(const struct plot_frame *frame, const struct plot_series *series,
                      const double *x_px, const double *y_px);

#endif
