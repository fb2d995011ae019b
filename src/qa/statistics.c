/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/statistics.h"
#include "qa/compare.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define CI_UPPER 0.975 /* of two-sided 95 % intervals */

/* Means of the pairs that are complete and the sums of products about them, in two passes. */
struct moments {
    long n;
    double mean_x, mean_y, xx, yy, xy;
};

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double statistics_quantile(const double *sorted, long n, double q)
{
    double place = q * (double)(n - 1);
    long low = (long)place < n - 1 ? (long)place : n - 1;
    long high = low + 1 < n ? low + 1 : low;
    return sorted[low] + (sorted[high] - sorted[low]) * (place - (double)low);
}

static double mean_of(const double *values, long n)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += values[i];
    return n > 0 ? sum / (double)n : NAN;
}

static void summary_spread(const double *values, struct summary *s)
{
    double squares = 0;
    for (long i = 0; i < s->n; i++)
        squares += (values[i] - s->mean) * (values[i] - s->mean);
    s->sd = s->ci_low = s->ci_high = NAN;
    if (s->n < 2)
        return;
    s->sd = sqrt(squares / (double)(s->n - 1));
    double half = gsl_cdf_tdist_Pinv(CI_UPPER, (double)(s->n - 1)) * s->sd / sqrt((double)s->n);
    s->ci_low = s->mean - half;
    s->ci_high = s->mean + half;
}

static void summary_order(const double *sorted, struct summary *s)
{
    s->min = s->n > 0 ? sorted[0] : NAN;
    s->quartile1 = s->n > 0 ? statistics_quantile(sorted, s->n, 0.25) : NAN;
    s->median = s->n > 0 ? statistics_quantile(sorted, s->n, 0.5) : NAN;
    s->quartile3 = s->n > 0 ? statistics_quantile(sorted, s->n, 0.75) : NAN;
    s->max = s->n > 0 ? sorted[s->n - 1] : NAN;
}

enum ben_status statistics_summary(const double *values, long n, struct summary *summary)
{
    enum ben_status st = BEN_OK;
    struct summary s = {0};
    double *sorted = NULL;
    TRY_NEW(sorted = malloc(((size_t)n + 1) * sizeof *sorted));
    for (long i = 0; i < n; i++)
        if (isfinite(values[i]))
            sorted[s.n++] = values[i];
    qsort(sorted, (size_t)s.n, sizeof *sorted, ascending);
    s.mean = mean_of(sorted, s.n);
    summary_spread(sorted, &s);
    summary_order(sorted, &s);
    *summary = s;
out:
    free(sorted);
    return st;
}

static struct moments moments_of(const double *x, const double *y, long n)
{
    struct moments m = {0};
    for (long i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            m.n++;
            m.mean_x += x[i];
            m.mean_y += y[i];
        }
    m.mean_x /= (double)m.n;
    m.mean_y /= (double)m.n;
    for (long i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            double dx = x[i] - m.mean_x, dy = y[i] - m.mean_y;
            m.xx += dx * dx;
            m.yy += dy * dy;
            m.xy += dx * dy;
        }
    return m;
}

/* sqrt(xx * yy), exact where it can be, so that ranks in one order correlate to 1 and not nearly. */
static double geometric_mean(double xx, double yy)
{
    return isnormal(xx * yy) ? sqrt(xx * yy) : sqrt(xx) * sqrt(yy);
}

void statistics_correlation(const double *x, const double *y, long n,
                            struct correlation *correlation)
{
    struct moments m = moments_of(x, y, n);
    struct correlation c = {.n = m.n, .r = NAN, .ci_low = NAN, .ci_high = NAN, .p = NAN};
    if (m.n >= 2 && m.xx > 0 && m.yy > 0)
        c.r = fmin(fmax(m.xy / geometric_mean(m.xx, m.yy), -1), 1);
    if (m.n >= 3 && isfinite(c.r)) {
        double freedom = (double)(m.n - 2), rest = 1 - c.r * c.r;
        c.p = rest > 0 ? 2 * gsl_cdf_tdist_Q(fabs(c.r) * sqrt(freedom / rest), freedom) : 0;
    }
    if (m.n >= 4 && isfinite(c.r)) {
        double half = gsl_cdf_ugaussian_Pinv(CI_UPPER) / sqrt((double)(m.n - 3));
        c.ci_low = tanh(atanh(c.r) - half);
        c.ci_high = tanh(atanh(c.r) + half);
    }
    *correlation = c;
}

enum ben_status statistics_rank_correlation(const double *x, const double *y, long n,
                                            struct correlation *correlation)
{
    enum ben_status st = BEN_OK;
    double *known = NULL, ties;
    long count = 0;
    TRY_NEW(known = malloc((4 * (size_t)n + 1) * sizeof *known));
    for (long i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            known[count] = x[i];
            known[n + count++] = y[i];
        }
    TRY(compare_ranks(known, count, known + 2 * n, &ties));
    TRY(compare_ranks(known + n, count, known + 3 * n, &ties));
    statistics_correlation(known + 2 * n, known + 3 * n, count, correlation);
out:
    free(known);
    return st;
}

void statistics_proportion(const double *x, const double *y, long n,
                           struct proportion *proportion)
{
    struct proportion f = {.slope = NAN, .slope_low = NAN, .slope_high = NAN};
    double xx = 0, xy = 0, rest = 0;
    for (long i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) {
            f.n++;
            xx += x[i] * x[i];
            xy += x[i] * y[i];
        }
    f.slope = xx > 0 ? xy / xx : NAN;
    for (long i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i]))
            rest += (y[i] - f.slope * x[i]) * (y[i] - f.slope * x[i]);
    if (f.n > 1) {
        double freedom = (double)(f.n - 1);
        double half = gsl_cdf_tdist_Pinv(CI_UPPER, freedom) * sqrt(rest / freedom / xx);
        f.slope_low = f.slope - half;
        f.slope_high = f.slope + half;
    }
    *proportion = f;
}

void statistics_regression(const double *x, const double *y, long n,
                           struct regression *regression)
{
    struct moments m = moments_of(x, y, n);
    struct regression f = {.n = m.n, .slope = NAN, .slope_low = NAN, .slope_high = NAN};
    f.intercept = f.intercept_low = f.intercept_high = f.r2 = NAN;
    *regression = f;
    if (m.n < 2 || !(m.xx > 0))
        return;
    f.slope = m.xy / m.xx;
    f.intercept = m.mean_y - f.slope * m.mean_x;
    double residual = fmax(m.yy - f.slope * m.xy, 0);
    f.r2 = m.yy > 0 ? 1 - residual / m.yy : NAN;
    if (m.n >= 3) {
        double freedom = (double)(m.n - 2), t = gsl_cdf_tdist_Pinv(CI_UPPER, freedom);
        double error = sqrt(residual / freedom / m.xx);
        double at_zero = error * sqrt(m.xx / (double)m.n + m.mean_x * m.mean_x);
        f.slope_low = f.slope - t * error;
        f.slope_high = f.slope + t * error;
        f.intercept_low = f.intercept - t * at_zero;
        f.intercept_high = f.intercept + t * at_zero;
    }
    *regression = f;
}
