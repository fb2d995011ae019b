/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/compare.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define CI_UPPER       0.975 /* of two-sided 95 % intervals */
#define LIMIT_SDS      1.96  /* of the limits of agreement */
#define EXACT_PAIRS    50    /* Wilcoxon: exact up to here */
#define EXACT_SMALLER  8     /* Mann-Whitney: exact where one set is no larger */
#define NO_TEST_VALUES NAN, NAN, NAN, false

struct ranked {
    double value;
    long index;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static bool both_known(double x, double y)
{
    return isfinite(x) && isfinite(y);
}

/* Number, mean and standard deviation of the differences of complete pairs. */
static long differences(const double *x, const double *y, long n, double *mean, double *sd)
{
    long count = 0;
    double sum = 0, squares = 0;
    for (long i = 0; i < n; i++)
        if (both_known(x[i], y[i])) {
            sum += x[i] - y[i];
            count++;
        }
    *mean = count > 0 ? sum / (double)count : NAN;
    for (long i = 0; i < n; i++)
        if (both_known(x[i], y[i]))
            squares += (x[i] - y[i] - *mean) * (x[i] - y[i] - *mean);
    *sd = count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
    return count;
}

void compare_agreement(const double *x, const double *y, long n, struct agreement *agreement)
{
    struct agreement a;
    a.n = differences(x, y, n, &a.bias, &a.sd);
    double t = a.n > 1 ? gsl_cdf_tdist_Pinv(CI_UPPER, (double)(a.n - 1)) : NAN;
    double of_bias = t * a.sd / sqrt((double)a.n), of_limit = of_bias * sqrt(3);
    a.bias_low = a.bias - of_bias;
    a.bias_high = a.bias + of_bias;
    a.lower = a.bias - LIMIT_SDS * a.sd;
    a.lower_low = a.lower - of_limit;
    a.lower_high = a.lower + of_limit;
    a.upper = a.bias + LIMIT_SDS * a.sd;
    a.upper_low = a.upper - of_limit;
    a.upper_high = a.upper + of_limit;
    *agreement = a;
}

void compare_paired_t(const double *x, const double *y, long n, struct test_result *result)
{
    double mean, sd;
    long count = differences(x, y, n, &mean, &sd);
    struct test_result r = {count, count, NO_TEST_VALUES};
    r.effect = mean;
    if (count > 1 && (sd > 0 || mean != 0)) {
        r.statistic = mean / (sd / sqrt((double)count));
        r.p = fmin(2 * gsl_cdf_tdist_Q(fabs(r.statistic), (double)(count - 1)), 1);
    }
    *result = r;
}

enum ben_status compare_ranks(const double *values, long n, double *ranks, double *ties)
{
    enum ben_status st = BEN_OK;
    struct ranked *order = NULL;
    *ties = 0;
    TRY_NEW(order = malloc(((size_t)n + 1) * sizeof *order));
    for (long i = 0; i < n; i++)
        order[i] = (struct ranked){values[i], i};
    qsort(order, (size_t)n, sizeof *order, by_value);
    for (long i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && order[end].value <= order[i].value;)
            end++;
        double equals = (double)(end - i);
        *ties += equals * equals * equals - equals;
        for (long k = i; k < end; k++)
            ranks[order[k].index] = 0.5 * (double)(i + 1 + end);
    }
out:
    free(order);
    return st;
}

/* The chance that the ranks 1 ... n with fair signs have a positive sum of at most least,
 * doubled. Counts are exact in double: 2^50 at most. */
static double signed_rank_p(long n, double least)
{
    double ways[EXACT_PAIRS * (EXACT_PAIRS + 1) / 2 + 1] = {1};
    long most = n * (n + 1) / 2;
    for (long rank = 1; rank <= n; rank++)
        for (long sum = most; sum >= rank; sum--)
            ways[sum] += ways[sum - rank];
    double few = 0;
    for (long sum = 0; sum <= (long)least; sum++)
        few += ways[sum];
    return fmin(2 * few / exp2((double)n), 1);
}

static double signed_rank_normal_p(double n, double ties, double least)
{
    double mean = n * (n + 1) / 4;
    double variance = (n * (n + 1) * (2 * n + 1) - 0.5 * ties) / 24;
    return variance > 0 ? fmin(2 * gsl_cdf_ugaussian_Q((mean - least) / sqrt(variance)), 1)
                        : NAN;
}

/* kept [n] := the differences of complete pairs that are not 0; returns their number and counts
 * the complete pairs. */
static long keep_differences(const double *x, const double *y, long n, double *kept,
                             long *complete)
{
    long count = 0;
    *complete = 0;
    for (long i = 0; i < n; i++) {
        if (!both_known(x[i], y[i]))
            continue;
        ++*complete;
        kept[count] = x[i] - y[i];
        count += kept[count] < 0 || kept[count] > 0;
    }
    return count;
}

enum ben_status compare_wilcoxon(const double *x, const double *y, long n,
                                 struct test_result *result)
{
    enum ben_status st = BEN_OK;
    double *d = NULL, *size, *ranks, ties, sums[2] = {0, 0};
    long complete;
    TRY_NEW(d = malloc((3 * (size_t)n + 1) * sizeof *d));
    size = d + n;
    ranks = size + n;
    long count = keep_differences(x, y, n, d, &complete);
    for (long i = 0; i < count; i++)
        size[i] = fabs(d[i]);
    TRY(compare_ranks(size, count, ranks, &ties));
    for (long i = 0; i < count; i++)
        sums[d[i] > 0] += ranks[i];
    struct test_result r = {complete, complete, NO_TEST_VALUES};
    if (count > 0) {
        r.statistic = fmin(sums[0], sums[1]);
        r.effect = (sums[1] - sums[0]) / (sums[1] + sums[0]);
        r.exact = count == complete && count <= EXACT_PAIRS && !(ties > 0);
        r.p = r.exact ? signed_rank_p(count, r.statistic)
                      : signed_rank_normal_p((double)count, ties, r.statistic);
    }
    *result = r;
out:
    free(d);
    return st;
}

/* The chance of U at most least, doubled: the number of orders with each U are the coefficients
 * of a Gaussian binomial, the product over i of (1 - q^(larger + i)) / (1 - q^i). */
static enum ben_status rank_sum_p(long smaller, long larger, double least, double *p)
{
    enum ben_status st = BEN_OK;
    long top = smaller * larger;
    long double *ways = NULL, few = 0, all = 0;
    TRY_NEW(ways = calloc((size_t)top + 1, sizeof *ways));
    ways[0] = 1;
    for (long i = 1; i <= smaller; i++) {
        for (long u = top; u >= larger + i; u--)
            ways[u] -= ways[u - larger - i];
        for (long u = i; u <= top; u++)
            ways[u] += ways[u - i];
    }
    for (long u = 0; u <= top; u++) {
        all += ways[u];
        few += u <= (long)least ? ways[u] : 0;
    }
    *p = fmin((double)(2 * few / all), 1);
out:
    free(ways);
    return st;
}

static double rank_sum_normal_p(double n_x, double n_y, double ties, double least)
{
    double n = n_x + n_y;
    double variance = n_x * n_y / 12 * (n + 1 - ties / (n * (n - 1)));
    double above = n_x * n_y / 2 - least - 0.5;
    if (!(variance > 0))
        return 1;
    return fmin(2 * gsl_cdf_ugaussian_Q(above / sqrt(variance)), 1);
}

static long keep_known(const double *values, long n, double *kept)
{
    long count = 0;
    for (long i = 0; i < n; i++)
        if (isfinite(values[i]))
            kept[count++] = values[i];
    return count;
}

enum ben_status compare_mann_whitney(const double *x, long n_x, const double *y, long n_y,
                                     struct test_result *result)
{
    enum ben_status st = BEN_OK;
    double *all = NULL, *ranks, ties, sum = 0;
    TRY_NEW(all = malloc((2 * (size_t)(n_x + n_y) + 1) * sizeof *all));
    ranks = all + n_x + n_y;
    long x_known = keep_known(x, n_x, all), y_known = keep_known(y, n_y, all + x_known);
    struct test_result r = {x_known, y_known, NO_TEST_VALUES};
    if (x_known > 0 && y_known > 0) {
        long smaller = x_known < y_known ? x_known : y_known;
        double pairs = (double)x_known * (double)y_known;
        TRY(compare_ranks(all, x_known + y_known, ranks, &ties));
        for (long i = 0; i < x_known; i++)
            sum += ranks[i];
        r.statistic = sum - 0.5 * (double)x_known * (double)(x_known + 1);
        r.effect = r.statistic / pairs;
        r.exact = smaller <= EXACT_SMALLER && !(ties > 0);
        double least = fmin(r.statistic, pairs - r.statistic);
        r.p = rank_sum_normal_p((double)x_known, (double)y_known, ties, least);
        if (r.exact)
            TRY(rank_sum_p(smaller, x_known + y_known - smaller, least, &r.p));
    }
    *result = r;
out:
    free(all);
    return st;
}

enum ben_status compare_holm(double *p, long n)
{
    enum ben_status st = BEN_OK;
    struct ranked *order = NULL;
    long tests = 0;
    double most = 0;
    TRY_NEW(order = malloc(((size_t)n + 1) * sizeof *order));
    for (long i = 0; i < n; i++)
        if (isfinite(p[i]))
            order[tests++] = (struct ranked){p[i], i};
    qsort(order, (size_t)tests, sizeof *order, by_value);
    for (long i = 0; i < tests; i++) {
        most = fmax(most, fmin(order[i].value * (double)(tests - i), 1));
        p[order[i].index] = most;
    }
out:
    free(order);
    return st;
}
