/* SPDX-License-Identifier: BSD-3-Clause */
/* Two sets of values side by side: how far two measurements agree (Bland and Altman 1986), and
 * whether one set is larger than the other. Values that are not finite are missing: they are left
 * out, in pairs both. What the values that remain cannot define is NaN. All Local.
 *
 * The tests are two-sided and give the numbers of SciPy's ttest_rel, wilcoxon and mannwhitneyu. */
#ifndef BEN_QA_COMPARE_H
#define BEN_QA_COMPARE_H

#include "base/status.h"

#include <stdbool.h>

/* Differences x - y of pairs; the 95 % intervals by Student's t with n - 1 degrees of freedom. */
struct agreement {
    long n;
    double bias, bias_low, bias_high;    /* their mean; interval NaN below 2 */
    double sd;                           /* divides by n - 1; NaN below 2 */
    double lower, lower_low, lower_high; /* limits of agreement, bias -+ 1.96 sd, with their */
    double upper, upper_low, upper_high; /* intervals (standard error sd * sqrt(3 / n)) */
};

struct test_result {
    long n_x, n_y;
    double statistic; /* t; the smaller rank sum; U of x */
    double effect;    /* as each function says */
    double p;
    bool exact; /* p is that of the permutations, not of a normal approximation */
};

void compare_agreement(const double *x, const double *y, long n, struct agreement *agreement);

/* Of x - y being 0 on average; effect: the mean difference. p NaN below 2 pairs or where every
 * difference is 0. */
void compare_paired_t(const double *x, const double *y, long n, struct test_result *result);

/* Wilcoxon's signed ranks of x - y, differences of 0 left out; exact up to 50 pairs without ties
 * and zeros, else by the normal approximation with correction for ties. effect: the rank sum of the
 * positive differences less that of the negative, as a share of both, -1 to 1. NaN where every
 * difference is 0. Fails: BEN_E_MEMORY. */
enum ben_status compare_wilcoxon(const double *x, const double *y, long n,
                                 struct test_result *result);

/* Mann and Whitney's U of independent sets; exact where there are no ties and one set has 8 values or
 * fewer, else by the normal approximation with corrections for ties and continuity. effect: the
 * chance that a value of x is above one of y, ties half. NaN where a set is empty. Fails:
 * BEN_E_MEMORY. */
enum ben_status compare_mann_whitney(const double *x, long n_x, const double *y, long n_y,
                                     struct test_result *result);

/* p [n] := the p values corrected for their number by Holm's step-down method (Holm 1979); NaN are
 * no tests and stay. Fails: BEN_E_MEMORY. */
enum ben_status compare_holm(double *p, long n);

/* ranks [n] := 1 ... n by value, the mean rank among equals; *ties := the sum of t^3 - t over
 * groups of t equals. values are finite. Fails: BEN_E_MEMORY. */
enum ben_status compare_ranks(const double *values, long n, double *ranks, double *ties);

#endif
