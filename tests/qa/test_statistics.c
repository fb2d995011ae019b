/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistics against values from SciPy 1.10 (numpy.percentile, stats.t.interval, pearsonr,
 * linregress), and what missing and too few values give. GSL's quantiles of t are good to 3e-10. */
#include "check.h"

#include "qa/statistics.h"

static const double x[] = {0.97, 0.955, 0.981, 0.902, 0.966, 0.974, 0.9};
static const double y[] = {1.2, 0.7, 1.5, -0.3, 1.0, 1.1, 0.1};

static void check_summary_of_x(const struct summary *s)
{
    CU_ASSERT_EQUAL(s->n, 7);
    CHECK_NEAR(s->mean, 0.9497142857142858, 1e-14);
    CHECK_NEAR(s->sd, 0.03420874296489267, 1e-14);
    CHECK_NEAR(s->ci_low, 0.9180764752583275, 1e-9);
    CHECK_NEAR(s->ci_high, 0.9813520961702442, 1e-9);
    CU_ASSERT_EQUAL(s->min, 0.9);
    CHECK_NEAR(s->quartile1, 0.9285, 1e-14);
    CU_ASSERT_EQUAL(s->median, 0.966);
    CHECK_NEAR(s->quartile3, 0.972, 1e-14);
    CU_ASSERT_EQUAL(s->max, 0.981);
}

static void test_summary_equals_scipy(void)
{
    const double holes[] = {NAN, 0.97, 0.955, 0.981, NAN, 0.902, 0.966, 0.974, 0.9, INFINITY};
    struct summary s;
    CHECK_OK(statistics_summary(x, 7, &s));
    check_summary_of_x(&s);
    CHECK_OK(statistics_summary(holes, 10, &s));
    check_summary_of_x(&s);
}

static void test_few_values(void)
{
    const double values[] = {3, NAN};
    struct summary s;
    CHECK_OK(statistics_summary(values, 2, &s));
    CU_ASSERT_EQUAL(s.n, 1);
    CU_ASSERT_EQUAL(s.mean, 3);
    CU_ASSERT_EQUAL(s.median, 3);
    CU_ASSERT(isnan(s.sd) && isnan(s.ci_low) && isnan(s.ci_high));
    CHECK_OK(statistics_summary(values + 1, 1, &s));
    CU_ASSERT_EQUAL(s.n, 0);
    CU_ASSERT(isnan(s.mean) && isnan(s.median) && isnan(s.min) && isnan(s.max));
    CHECK_OK(statistics_summary(values, 0, &s));
    CU_ASSERT_EQUAL(s.n, 0);
}

static void test_correlation_equals_scipy(void)
{
    const double line[] = {1, 2, 3, 4}, flat[] = {5, 5, 5, 5}, down[] = {8, 6, 4, 2};
    struct correlation c;
    statistics_correlation(x, y, 7, &c);
    CU_ASSERT_EQUAL(c.n, 7);
    CHECK_NEAR(c.r, 0.9653590451879541, 1e-13);
    CHECK_NEAR(c.p, 0.0004210377039830924, 1e-14);
    CHECK_NEAR(c.ci_low, 0.7775778086145891, 1e-12);
    CHECK_NEAR(c.ci_high, 0.9950466449009054, 1e-12);
    statistics_correlation(line, down, 4, &c);
    CHECK_NEAR(c.r, -1, 1e-15);
    CHECK_NEAR(c.p, 0, 1e-12);
    statistics_correlation(line, flat, 4, &c);
    CU_ASSERT(isnan(c.r) && isnan(c.p) && isnan(c.ci_low));
    statistics_correlation(line, down, 0, &c);
    CU_ASSERT(isnan(c.r));
}

static void test_regression_equals_scipy(void)
{
    const double x9[] = {0.97, 0.955, 0.981, 0.902, 0.966, NAN, 0.974, 0.9, 7};
    const double y9[] = {1.2, 0.7, 1.5, -0.3, 1.0, 5, 1.1, 0.1, NAN};
    struct regression f;
    statistics_regression(x9, y9, 9, &f);
    CU_ASSERT_EQUAL(f.n, 7);
    CHECK_NEAR(f.slope, 18.13224821973552, 1e-10);
    CHECK_NEAR(f.slope_low, 12.498141152651232, 1e-8);
    CHECK_NEAR(f.slope_high, 23.766355286819806, 1e-8);
    CHECK_NEAR(f.intercept, -16.463312309257393, 1e-10);
    CHECK_NEAR(f.intercept_low, -21.81707874321205, 1e-8);
    CHECK_NEAR(f.intercept_high, -11.109545875302736, 1e-8);
    CHECK_NEAR(f.r2, 0.9319180861261984, 1e-12);
}

static void test_regression_of_few_values(void)
{
    const double two[] = {1, 3}, twice[] = {2, 6}, same[] = {4, 4};
    struct regression f;
    statistics_regression(two, twice, 2, &f);
    CU_ASSERT_EQUAL(f.slope, 2);
    CU_ASSERT_EQUAL(f.intercept, 0);
    CU_ASSERT(isnan(f.slope_low));
    statistics_regression(same, two, 2, &f);
    CU_ASSERT(isnan(f.slope));
    statistics_regression(two, twice, 0, &f);
    CU_ASSERT_EQUAL(f.n, 0);
    CU_ASSERT(isnan(f.slope));
}

static const struct check_test tests[] = {
    {"the summary equals SciPy's", test_summary_equals_scipy},
    {"few values", test_few_values},
    {"the correlation equals SciPy's", test_correlation_equals_scipy},
    {"the regression equals SciPy's", test_regression_equals_scipy},
    {"regression of few values", test_regression_of_few_values},
};

CHECK_MAIN("qa/statistics", tests)
