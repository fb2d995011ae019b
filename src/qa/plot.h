/* SPDX-License-Identifier: BSD-3-Clause */
/* Plots as SVG for reports: lines with confidence bands, scatter with regression, Bland-Altman,
 * boxes, violins, histograms. Text stays text; colours follow the reader's light or dark scheme;
 * nothing is loaded from elsewhere; the same numbers give the same bytes. Fill a struct plot
 * (zero is a good default for all that is not named) and call plot_svg or plot_write.
 * Values that are not finite (and below or at zero on a logarithmic axis) are left out. A plot
 * without values says so. All Local. */
#ifndef BEN_QA_PLOT_H
#define BEN_QA_PLOT_H

#include "base/status.h"

#include <stdbool.h>

enum plot_kind {
    BEN_PLOT_LINES,        /* x ascending, y; band from low to high where given */
    BEN_PLOT_SCATTER,      /* x, y */
    BEN_PLOT_BLAND_ALTMAN, /* x measured, y reference: x - y over their mean, with bias and
                              limits of agreement (mean and +-1.96 SD of all series together) */
    BEN_PLOT_BOX,          /* y: quartiles, whiskers to the last value within 1.5 IQR, points */
    BEN_PLOT_VIOLIN,       /* y: kernel density (Gaussian, Silverman 1986) with quartiles */
    BEN_PLOT_HISTOGRAM,    /* y: counts per bin */
};

struct plot_series {
    const char *name;     /* in the legend; boxes of one name have one colour; NULL: none */
    const char *category; /* BOX, VIOLIN: its place on the x axis; NULL: the name */
    long n;
    const double *x, *y;       /* [n]; x NULL where the kind has none */
    const double *low, *high;  /* [n] of a band; NULL: none */
    const char *const *labels; /* [n] what each point is, told when it is pointed at; or NULL */
    const bool *marked;        /* [n] points that stand out; or NULL */
};

struct plot_axis {
    const char *label; /* with its unit: "Volume (mm³)" */
    bool log;
    double min, max; /* both 0: from the values */
    bool whole;      /* counts: no ticks between whole numbers */
};

struct plot {
    enum plot_kind kind;
    const char *title;
    const char *description; /* for those who do not see the picture; NULL: the title alone */
    struct plot_axis x, y;
    const struct plot_series *series;
    int n_series;
    bool fit;       /* SCATTER: each series' least-squares line with its 95 % confidence band */
    bool fit_all;   /* SCATTER: the same of all series together */
    bool identity;  /* SCATTER: the line y = x; both axes show the same range */
    bool no_points; /* BOX, VIOLIN: only marked points */
    int bins;       /* HISTOGRAM; 0: by Freedman and Diaconis (1981) */
    int width, height; /* 0: 640 x 400 */
};

/* The plot as an SVG element without an XML declaration, to stand in HTML or alone; the caller
 * frees. Fails: BEN_E_MEMORY. */
enum ben_status plot_svg(const struct plot *plot, char **svg);

/* The same into a file (NAME.svg), atomically. Fails: BEN_E_IO, BEN_E_MEMORY. */
enum ben_status plot_write(const struct plot *plot, const char *path);

#endif
