/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparisons against the results of SciPy in tests/ref/statistics.txt (tools/reference_scipy.py
 * makes it), against counting every case, and what missing and too few values give. */
#include "check.h"

#include "qa/compare.h"
#include "qa/statistics.h"

#include <stdbool.h>
#include <string.h>

#define MOST     64
#define EXPECTED 12
#define NEAR     1e-9 /* GSL's quantiles of t are good to 3e-10 */

struct known_case {
    char kind[16];
    long n_x, n_y;
    double x[MOST], y[MOST];
};

static bool read_values(FILE *from, double *values, long n)
{
    for (long i = 0; i < n; i++)
        if (fscanf(from, "%lf", &values[i]) != 1)
            return false;
    return true;
}

static bool read_case(FILE *from, struct known_case *c)
{
    if (fscanf(from, "%15s %ld %ld", c->kind, &c->n_x, &c->n_y) != 3)
        return false;
    CU_ASSERT_FATAL(c->n_x <= MOST && c->n_y <= MOST);
    return read_values(from, c->x, c->n_x) && read_values(from, c->y, c->n_y);
}

/* What we find in the order of the file; returns how many. */
static int of_test(const struct test_result *r, double *found)
{
    memcpy(found, (const double[]){r->statistic, r->p, r->exact}, 3 * sizeof *found);
    return 3;
}

static int run_paired_t(const struct known_case *c, double *found)
{
    struct test_result r;
    compare_paired_t(c->x, c->y, c->n_x, &r);
    of_test(&r, found);
    return 2; /* statistic and p */
}

static int run_wilcoxon(const struct known_case *c, double *found)
{
    struct test_result r;
    CHECK_OK(compare_wilcoxon(c->x, c->y, c->n_x, &r));
    return of_test(&r, found);
}

static int run_mann_whitney(const struct known_case *c, double *found)
{
    struct test_result r;
    CHECK_OK(compare_mann_whitney(c->x, c->n_x, c->y, c->n_y, &r));
    return of_test(&r, found);
}

static int run_agreement(const struct known_case *c, double *found)
{
    struct agreement a;
    compare_agreement(c->x, c->y, c->n_x, &a);
    CU_ASSERT_EQUAL(a.n, c->n_x);
    const double values[] = {a.bias,      a.bias_low,   a.bias_high, a.sd,        a.lower,
                             a.lower_low, a.lower_high, a.upper,     a.upper_low, a.upper_high};
    memcpy(found, values, sizeof values);
    return 10;
}

static int run_pearson(const struct known_case *c, double *found)
{
    struct correlation r;
    statistics_correlation(c->x, c->y, c->n_x, &r);
    found[0] = r.r;
    found[1] = r.p;
    return 2;
}

static int run_spearman(const struct known_case *c, double *found)
{
    struct correlation r;
    CHECK_OK(statistics_rank_correlation(c->x, c->y, c->n_x, &r));
    found[0] = r.r;
    found[1] = r.p;
    return 2;
}

static int run_regression(const struct known_case *c, double *found)
{
    struct regression f;
    statistics_regression(c->x, c->y, c->n_x, &f);
    const double values[] = {f.slope,         f.slope_low,      f.slope_high, f.intercept,
                             f.intercept_low, f.intercept_high, f.r2};
    memcpy(found, values, sizeof values);
    return 7;
}

static int run_proportion(const struct known_case *c, double *found)
{
    struct proportion f;
    statistics_proportion(c->x, c->y, c->n_x, &f);
    memcpy(found, (const double[]){f.slope, f.slope_low, f.slope_high}, 3 * sizeof *found);
    return 3;
}

static const struct {
    const char *kind;
    int (*run)(const struct known_case *c, double *found);
} runs[] = {
    {"ttest", run_paired_t},        {"wilcoxon", run_wilcoxon},
    {"pearson", run_pearson},       {"mannwhitney", run_mann_whitney},
    {"spearman", run_spearman},     {"agreement", run_agreement},
    {"regression", run_regression}, {"proportion", run_proportion},
};
#define RUNS (int)(sizeof runs / sizeof runs[0])

static int find_run(const char *kind)
{
    for (int i = 0; i < RUNS; i++)
        if (strcmp(runs[i].kind, kind) == 0)
            return i;
    return -1;
}

static void test_every_result_equals_scipy(void)
{
    const char *folder = getenv("BEN_TEST_REF");
    char path[512];
    int seen[RUNS] = {0};
    static struct known_case c;
    snprintf(path, sizeof path, "%s/statistics.txt", folder ? folder : "tests/ref");
    FILE *from = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    while (read_case(from, &c)) {
        double found[EXPECTED], expected[EXPECTED];
        int which = find_run(c.kind);
        CU_ASSERT_FATAL(which >= 0);
        int n = runs[which].run(&c, found);
        CU_ASSERT_FATAL(read_values(from, expected, n));
        for (int i = 0; i < n; i++)
            CHECK_NEAR(found[i], expected[i], NEAR * fmax(1, fabs(expected[i])));
        seen[which]++;
    }
    fclose(from);
    for (int i = 0; i < RUNS; i++)
        CU_ASSERT(seen[i] >= 10);
}

/* The chance of a rank sum of the positive ranks as far from the middle, over all 2^n signs. */
static void test_exact_wilcoxon_equals_counting(void)
{
    const double d[] = {0.3, -0.1, 0.7, 1.1, -0.2, 0.9, 1.4, 0.5}, zero[8] = {0};
    struct test_result r;
    int as_far = 0;
    CHECK_OK(compare_wilcoxon(d, zero, 8, &r));
    CU_ASSERT(r.exact);
    CU_ASSERT_EQUAL(r.statistic, 1 + 2);
    for (int signs = 0; signs < 256; signs++) {
        int sum = 0;
        for (int i = 0; i < 8; i++)
            sum += (signs >> i & 1) * (i + 1);
        as_far += sum <= 3 || sum >= 36 - 3;
    }
    CHECK_NEAR(r.p, as_far / 256.0, 1e-15);
    CHECK_NEAR(r.effect, (33.0 - 3) / 36, 1e-15);
}

static void test_effects(void)
{
    const double low[] = {1, 2, 3}, high[] = {4, 5, 6, 7}, mixed[] = {2, 2, 2};
    struct test_result r;
    CHECK_OK(compare_mann_whitney(high, 4, low, 3, &r));
    CU_ASSERT_EQUAL(r.effect, 1);
    CU_ASSERT_EQUAL(r.statistic, 12);
    CHECK_NEAR(r.p, 2.0 / 35, 1e-15); /* one of 35 orders at either end */
    CHECK_OK(compare_mann_whitney(mixed, 3, low, 3, &r));
    CU_ASSERT_EQUAL(r.effect, 0.5);
    CU_ASSERT_EQUAL(r.exact, false);
    compare_paired_t(high, low, 3, &r);
    CU_ASSERT_EQUAL(r.effect, 3);
    CU_ASSERT_EQUAL(r.p, 0); /* every difference the same */
}

static void test_missing_values_are_left_out(void)
{
    const double x[] = {NAN, 1, 2, 4, 8}, y[] = {5, 0.5, NAN, 3, 6};
    const double xs[] = {1, 4, 8}, ys[] = {0.5, 3, 6};
    struct test_result holes, whole;
    struct agreement a, b;
    struct correlation c, d;
    compare_paired_t(x, y, 5, &holes);
    compare_paired_t(xs, ys, 3, &whole);
    CU_ASSERT_EQUAL(memcmp(&holes, &whole, sizeof(double)), 0);
    CU_ASSERT_EQUAL(holes.p, whole.p);
    CHECK_OK(compare_wilcoxon(x, y, 5, &holes));
    CHECK_OK(compare_wilcoxon(xs, ys, 3, &whole));
    CU_ASSERT_EQUAL(holes.n_x, 3);
    CU_ASSERT_EQUAL(holes.p, whole.p);
    compare_agreement(x, y, 5, &a);
    compare_agreement(xs, ys, 3, &b);
    CU_ASSERT_EQUAL(a.n, 3);
    CU_ASSERT_EQUAL(a.upper_high, b.upper_high);
    CHECK_OK(statistics_rank_correlation(x, y, 5, &c));
    CHECK_OK(statistics_rank_correlation(xs, ys, 3, &d));
    CU_ASSERT_EQUAL(c.r, d.r);
    CHECK_OK(compare_mann_whitney(x, 5, y, 5, &holes));
    CU_ASSERT_EQUAL(holes.n_x, 4);
    CU_ASSERT_EQUAL(holes.n_y, 4);
}

static void test_too_few_values(void)
{
    const double same[] = {1, 2, 3};
    struct test_result r;
    struct agreement a;
    struct proportion f;
    compare_paired_t(same, same, 3, &r);
    CU_ASSERT(isnan(r.p) && r.effect == 0);
    compare_paired_t(same, same + 1, 1, &r);
    CU_ASSERT(isnan(r.p) && r.n_x == 1);
    CHECK_OK(compare_wilcoxon(same, same, 3, &r));
    CU_ASSERT(isnan(r.p) && r.n_x == 3);
    CHECK_OK(compare_mann_whitney(same, 3, same, 0, &r));
    CU_ASSERT(isnan(r.p) && r.n_y == 0);
    compare_agreement(same, same + 1, 1, &a);
    CU_ASSERT(a.bias == -1 && isnan(a.sd) && isnan(a.lower) && isnan(a.bias_low));
    compare_agreement(same, same, 0, &a);
    CU_ASSERT(isnan(a.bias));
    statistics_proportion(same, same + 1, 1, &f);
    CU_ASSERT(f.slope == 2 && isnan(f.slope_low));
}

/* Worked out by hand. */
static void test_holm(void)
{
    double p[] = {0.01, NAN, 0.04, 0.03, 0.005};
    const double expected[] = {0.03, NAN, 0.06, 0.06, 0.02};
    double many[] = {0.9, 0.8};
    CHECK_OK(compare_holm(p, 5));
    for (int i = 0; i < 5; i++)
        CU_ASSERT(isnan(expected[i]) ? isnan(p[i]) : fabs(p[i] - expected[i]) < 1e-15);
    CHECK_OK(compare_holm(many, 2));
    CU_ASSERT_EQUAL(many[0], 1);
    CU_ASSERT_EQUAL(many[1], 1);
}

static const struct check_test tests[] = {
    {"every result equals SciPy's", test_every_result_equals_scipy},
    {"exact Wilcoxon equals counting", test_exact_wilcoxon_equals_counting},
    {"effects", test_effects},
    {"missing values are left out", test_missing_values_are_left_out},
    {"too few values", test_too_few_values},
    {"Holm's correction", test_holm},
};

CHECK_MAIN("qa/compare", tests)
