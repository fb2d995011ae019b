/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics of a handful to some thousands of values: description, correlation, regression.
 * Values that are not finite are missing: they are left out, in pairs both. What the values that
 * remain cannot define is NaN. All Local. */
#ifndef BEN_QA_STATISTICS_H
#define BEN_QA_STATISTICS_H

#include "base/status.h"

struct summary {
    long n;                                        /* values that are not missing */
    double mean, sd;                               /* sd divides by n - 1; NaN below 2 */
    double ci_low, ci_high;                        /* 95 % confidence interval of the mean,
                                                     Student's t; NaN below 2 */
    double min, quartile1, median, quartile3, max; /* NaN where n is 0 */
};

struct correlation {
    long n;
    double r;               /* Pearson; NaN below 2 or where one does not vary */
    double ci_low, ci_high; /* 95 %, by Fisher's z; NaN below 4 */
    double p;               /* two-sided, of no correlation (t, n - 2); NaN below 3 */
};

/* y = slope * x by least squares, 95 % interval by Student's t with n - 1 degrees of freedom (NaN
 * below 2). */
struct proportion {
    long n;
    double slope, slope_low, slope_high;
};

/* y = intercept + slope * x by least squares, 95 % confidence intervals by Student's t with
 * n - 2 degrees of freedom (NaN below 3). */
struct regression {
    long n;
    double slope, slope_low, slope_high;
    double intercept, intercept_low, intercept_high;
    double r2;
};

/* The quantile 0 <= q <= 1 of n >= 1 ascending values, linear between order statistics. */
double statistics_quantile(const double *sorted, long n, double q);

/* Fails: BEN_E_MEMORY. */
enum ben_status statistics_summary(const double *values, long n, struct summary *summary);

void statistics_correlation(const double *x, const double *y, long n,
                            struct correlation *correlation);

/* The same of the ranks (Spearman), the mean rank among equals; its interval is that of the
 * ranks' correlation. Fails: BEN_E_MEMORY. */
enum ben_status statistics_rank_correlation(const double *x, const double *y, long n,
                                            struct correlation *correlation);

void statistics_regression(const double *x, const double *y, long n,
                           struct regression *regression);

void statistics_proportion(const double *x, const double *y, long n,
                           struct proportion *proportion);

#endif
