/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of volumes, of tests between methods and of correlation with uncertainty. */
#include "qa/compare.h"
#include "qa/evaluate_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DECIMALS 6
#define REAL(name, unit, description)                                                          \
    {                                                                                          \
        name, BEN_TABLE_REAL, DECIMALS, unit, description, NULL                                \
    }
#define SHORT(name, description)                                                               \
    {                                                                                          \
        name, BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL, description, NULL                      \
    }
#define TEXT(name, description)                                                                \
    {                                                                                          \
        name, BEN_TABLE_TEXT, 0, NULL, description, NULL                                       \
    }
#define COUNT(name, description)                                                               \
    {                                                                                          \
        name, BEN_TABLE_INTEGER, 0, NULL, description, NULL                                    \
    }
#define MM3 "mm^3"

/* The values of one part of the results, side by side. */
struct two_sets {
    double *x, *y;
    long n;
};

/* A row for each method and, where there are groups, each of its groups. */
static enum ben_status each_part(const struct evaluate_results *results,
                                 const struct evaluate_parts *parts, struct table *table,
                                 enum ben_status (*add)(struct table *table,
                                                        const struct evaluate_results *results,
                                                        const char *method, const char *group))
{
    enum ben_status st = BEN_OK;
    for (long m = 0; m < parts->n_methods; m++) {
        TRY(add(table, results, parts->methods[m], NULL));
        for (long g = 0; g < parts->n_groups; g++)
            TRY(add(table, results, parts->methods[m], parts->groups[g]));
    }
out:
    return st;
}

/* Room for two values of every pair. */
static enum ben_status two_sets_create(const struct evaluate_results *results,
                                       struct two_sets *sets)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)results->pairs->n + 1;
    *sets = (struct two_sets){0};
    TRY_NEW(sets->x = malloc(2 * n * sizeof *sets->x));
    sets->y = sets->x + n;
out:
    return st;
}

/* ---- volumes ---- */

static const struct table_column volume_columns[] = {
    TEXT("method", "what made the predictions"),
    TEXT("group", "data set, or what results were grouped by"),
    COUNT("n", "pairs compared"),
    REAL("slope", NULL, "of predicted on reference volume, least squares with intercept"),
    REAL("slope_ci95_low", NULL, "lower end of its 95 % confidence interval (Student's t)"),
    REAL("slope_ci95_high", NULL, "upper end of that interval"),
    REAL("intercept", MM3, "of the same line"),
    REAL("intercept_ci95_low", MM3, "lower end of its 95 % confidence interval"),
    REAL("intercept_ci95_high", MM3, "upper end of that interval"),
    REAL("r2", NULL, "coefficient of determination of the line"),
    REAL("ratio", NULL, "slope of the line through zero"),
    REAL("ratio_ci95_low", NULL, "lower end of its 95 % confidence interval"),
    REAL("ratio_ci95_high", NULL, "upper end of that interval"),
    REAL("bias", MM3, "mean of predicted less reference volume (Bland and Altman)"),
    REAL("bias_ci95_low", MM3, "lower end of its 95 % confidence interval"),
    REAL("bias_ci95_high", MM3, "upper end of that interval"),
    REAL("sd", MM3, "standard deviation of the differences"),
    REAL("limit_low", MM3, "lower limit of agreement, bias - 1.96 sd"),
    REAL("limit_low_ci95_low", MM3, "lower end of its 95 % confidence interval"),
    REAL("limit_low_ci95_high", MM3, "upper end of that interval"),
    REAL("limit_high", MM3, "upper limit of agreement, bias + 1.96 sd"),
    REAL("limit_high_ci95_low", MM3, "lower end of its 95 % confidence interval"),
    REAL("limit_high_ci95_high", MM3, "upper end of that interval"),
    REAL("bias_percent", "%", "bias as a share of the mean reference volume"),
};
#define VOLUME_COLUMNS (int)(sizeof volume_columns / sizeof volume_columns[0])

static void take_volumes(const struct evaluate_results *results, const char *method,
                         const char *group, struct two_sets *sets)
{
    sets->n = 0;
    for (long i = 0; i < results->pairs->n; i++) {
        const struct metrics *m = &results->rows[i].metrics;
        if (!evaluate_is_part(results, i, method, group) || !isfinite(m->pred_mm3))
            continue;
        sets->x[sets->n] = m->pred_mm3;
        sets->y[sets->n++] = m->ref_mm3;
    }
}

static double mean_of(const double *values, long n)
{
    double sum = 0;
    for (long i = 0; i < n; i++)
        sum += values[i];
    return n > 0 ? sum / (double)n : NAN;
}

static enum ben_status add_volumes(struct table *table, const struct evaluate_results *results,
                                   const char *method, const char *group)
{
    enum ben_status st = BEN_OK;
    const char *texts[] = {method, evaluate_group_name(group)};
    struct two_sets volumes = {0};
    struct regression f;
    struct proportion p;
    struct agreement a;
    long row;
    TRY(two_sets_create(results, &volumes));
    take_volumes(results, method, group, &volumes);
    statistics_regression(volumes.y, volumes.x, volumes.n, &f);
    statistics_proportion(volumes.y, volumes.x, volumes.n, &p);
    compare_agreement(volumes.x, volumes.y, volumes.n, &a);
    const double values[] = {f.slope,
                             f.slope_low,
                             f.slope_high,
                             f.intercept,
                             f.intercept_low,
                             f.intercept_high,
                             f.r2,
                             p.slope,
                             p.slope_low,
                             p.slope_high,
                             a.bias,
                             a.bias_low,
                             a.bias_high,
                             a.sd,
                             a.lower,
                             a.lower_low,
                             a.lower_high,
                             a.upper,
                             a.upper_low,
                             a.upper_high,
                             100 * a.bias / mean_of(volumes.y, volumes.n)};
    TRY(table_add_row(table, &row));
    TRY(evaluate_set_texts(table, row, 0, texts, 2));
    TRY(table_set_integer(table, row, 2, volumes.n));
    TRY(evaluate_set_reals(table, row, 3, values, VOLUME_COLUMNS - 3));
out:
    free(volumes.x);
    return st;
}

enum ben_status evaluate_write_volumes(const char *path, const struct evaluate_results *results,
                                       const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(volume_columns, VOLUME_COLUMNS, &table));
    TRY(each_part(results, parts, table, add_volumes));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

/* ---- uncertainty ---- */

static const struct table_column uncertainty_columns[] = {
    TEXT("method", "what made the predictions"),
    TEXT("group", "data set, or what results were grouped by"),
    TEXT("metric", "correlated with the uncertainty of the prediction"),
    COUNT("n", "pairs with both"),
    REAL("pearson_r", NULL, "Pearson's correlation"),
    REAL("pearson_ci95_low", NULL, "lower end of its 95 % confidence interval (Fisher's z)"),
    REAL("pearson_ci95_high", NULL, "upper end of that interval"),
    SHORT("pearson_p", "two-sided, of no correlation"),
    REAL("spearman_r", NULL, "Spearman's rank correlation"),
    SHORT("spearman_p", "two-sided, of no correlation"),
};
#define UNCERTAINTY_COLUMNS (int)(sizeof uncertainty_columns / sizeof uncertainty_columns[0])

static enum ben_status add_correlation(struct table *table, const char *const *texts,
                                       const struct two_sets *sets)
{
    enum ben_status st = BEN_OK;
    struct correlation linear, ranked;
    long row;
    statistics_correlation(sets->x, sets->y, sets->n, &linear);
    TRY(statistics_rank_correlation(sets->x, sets->y, sets->n, &ranked));
    const double values[] = {linear.r, linear.ci_low, linear.ci_high,
                             linear.p, ranked.r,      ranked.p};
    TRY(table_add_row(table, &row));
    TRY(evaluate_set_texts(table, row, 0, texts, 3));
    TRY(table_set_integer(table, row, 3, linear.n));
    TRY(evaluate_set_reals(table, row, 4, values, UNCERTAINTY_COLUMNS - 4));
out:
    return st;
}

static enum ben_status add_uncertainty(struct table *table,
                                       const struct evaluate_results *results,
                                       const char *method, const char *group)
{
    enum ben_status st = BEN_OK;
    struct two_sets sets = {0};
    if (!evaluate_knows_uncertainty(results, method))
        return BEN_OK;
    TRY(two_sets_create(results, &sets));
    for (int f = 0; f < METRICS_FIELDS; f++) {
        const char *texts[] = {method, evaluate_group_name(group), metrics_fields[f].name};
        sets.n = 0;
        for (long i = 0; i < results->pairs->n; i++) {
            if (!evaluate_is_part(results, i, method, group))
                continue;
            sets.x[sets.n] = results->uncertainty[i];
            sets.y[sets.n++] = metrics_value(&results->rows[i].metrics, f);
        }
        TRY(add_correlation(table, texts, &sets));
    }
out:
    free(sets.x);
    return st;
}

enum ben_status evaluate_write_uncertainty(const char *path,
                                           const struct evaluate_results *results,
                                           const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(uncertainty_columns, UNCERTAINTY_COLUMNS, &table));
    TRY(each_part(results, parts, table, add_uncertainty));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

/* ---- tests between methods ---- */

static const struct table_level exact_levels[] = {
    {"yes", "of all permutations"}, {"no", "by the normal approximation"}, {NULL, NULL}};

static const struct table_column test_columns[] = {
    TEXT("group", "data set, or what results were grouped by"),
    TEXT("metric", "what is compared"),
    TEXT("method_a", "the first method"),
    TEXT("method_b", "the second"),
    {"wilcoxon_exact", BEN_TABLE_TEXT, 0, NULL, "how its p was found", exact_levels},
    {"mann_whitney_exact", BEN_TABLE_TEXT, 0, NULL, "how its p was found", exact_levels},
    COUNT("n_pairs", "scans that both methods have a value for"),
    COUNT("n_a", "scans of the first method"),
    COUNT("n_b", "scans of the second method"),
    REAL("difference", NULL, "mean over the pairs of first less second"),
    REAL("t", NULL, "statistic of the paired t-test"),
    SHORT("t_p", "its p, two-sided"),
    SHORT("t_p_holm", "corrected for the number of pairs of methods (Holm)"),
    REAL("wilcoxon_w", NULL, "smaller rank sum of Wilcoxon's signed-rank test"),
    SHORT("wilcoxon_p", "its p, two-sided"),
    SHORT("wilcoxon_p_holm", "corrected likewise"),
    REAL("mann_whitney_u", NULL, "U of the first method, scans taken as independent"),
    REAL("chance_a_above_b", NULL, "that a scan of the first has the larger value, ties half"),
    SHORT("mann_whitney_p", "its p, two-sided"),
    SHORT("mann_whitney_p_holm", "corrected likewise"),
};
#define TEST_COLUMNS (int)(sizeof test_columns / sizeof test_columns[0])

/* The three tests of one metric between two methods in a group. */
struct method_tests {
    const char *texts[4]; /* group, metric, method a, method b */
    struct test_result t, wilcoxon, mann_whitney;
};

/* Where in [low, high), sorted by id, the scan id is; -1: nowhere. */
static long find_scan(const struct pairs *pairs, long low, long high, const char *id)
{
    while (low < high) {
        long middle = low + (high - low) / 2;
        int order = strcmp(pairs->list[middle].id, id);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* other [n] := where method b has the scan that a has there; -1: nowhere, or a has it not. A method's
 * pairs stand together. */
static void match_scans(const struct evaluate_results *results, const char *a, const char *b,
                        long *other)
{
    const struct pairs *pairs = results->pairs;
    long low = 0, high;
    while (low < pairs->n && strcmp(evaluate_method(results, low), b) != 0)
        low++;
    for (high = low; high < pairs->n && strcmp(evaluate_method(results, high), b) == 0;)
        high++;
    for (long i = 0; i < pairs->n; i++)
        other[i] = evaluate_is_part(results, i, a, NULL)
                       ? find_scan(pairs, low, high, pairs->list[i].id)
                       : -1;
}

/* Values of method a in x and of b in y, by scan: other [n] is where b has a's scan. */
static void take_pairs(const struct evaluate_results *results, const struct method_tests *about,
                       const char *group, int field, const long *other, struct two_sets *sets)
{
    sets->n = 0;
    for (long i = 0; i < results->pairs->n; i++) {
        if (!evaluate_is_part(results, i, about->texts[2], group) || other[i] < 0)
            continue;
        sets->x[sets->n] = metrics_value(&results->rows[i].metrics, field);
        sets->y[sets->n++] = metrics_value(&results->rows[other[i]].metrics, field);
    }
}

static long take_values(const struct evaluate_results *results, const char *method,
                        const char *group, int field, double *values)
{
    long n = 0;
    for (long i = 0; i < results->pairs->n; i++)
        if (evaluate_is_part(results, i, method, group))
            values[n++] = metrics_value(&results->rows[i].metrics, field);
    return n;
}

static enum ben_status test_methods(const struct evaluate_results *results, const char *group,
                                    int field, const long *other, struct method_tests *tests)
{
    enum ben_status st = BEN_OK;
    struct two_sets sets = {0};
    TRY(two_sets_create(results, &sets));
    take_pairs(results, tests, group, field, other, &sets);
    compare_paired_t(sets.x, sets.y, sets.n, &tests->t);
    TRY(compare_wilcoxon(sets.x, sets.y, sets.n, &tests->wilcoxon));
    long a = take_values(results, tests->texts[2], group, field, sets.x);
    long b = take_values(results, tests->texts[3], group, field, sets.y);
    TRY(compare_mann_whitney(sets.x, a, sets.y, b, &tests->mann_whitney));
out:
    free(sets.x);
    return st;
}

/* The scores of methods a and b in all groups: every step-th of tests, group by group. */
static enum ben_status test_two_methods(const struct evaluate_results *results,
                                        const struct evaluate_parts *parts, const char *a,
                                        const char *b, struct method_tests *tests, long step)
{
    enum ben_status st = BEN_OK;
    long *other = NULL;
    TRY_NEW(other = malloc(((size_t)results->pairs->n + 1) * sizeof *other));
    match_scans(results, a, b, other);
    for (long g = -1; g < parts->n_groups; g++) {
        const char *group = g < 0 ? NULL : parts->groups[g];
        for (int f = 0; f < METRICS_SCORES; f++, tests += step) {
            *tests = (struct method_tests){
                .texts = {evaluate_group_name(group), metrics_fields[f].name, a, b}};
            TRY(test_methods(results, group, f, other, tests));
        }
    }
out:
    free(other);
    return st;
}

/* adjusted [n][3] := the p values of the three kinds of test, corrected for their number. */
static enum ben_status correct(const struct method_tests *tests, long n, double (*adjusted)[3])
{
    enum ben_status st = BEN_OK;
    double *p = NULL;
    TRY_NEW(p = malloc(((size_t)n + 1) * sizeof *p));
    for (int kind = 0; kind < 3; kind++) {
        for (long i = 0; i < n; i++)
            p[i] = kind == 0   ? tests[i].t.p
                   : kind == 1 ? tests[i].wilcoxon.p
                               : tests[i].mann_whitney.p;
        TRY(compare_holm(p, n));
        for (long i = 0; i < n; i++)
            adjusted[i][kind] = p[i];
    }
out:
    free(p);
    return st;
}

static const char *exact_text(const struct test_result *r)
{
    if (!isfinite(r->p))
        return NULL;
    return exact_levels[r->exact ? 0 : 1].value;
}

static enum ben_status add_tests(struct table *table, const struct method_tests *t,
                                 const double adjusted[3])
{
    enum ben_status st = BEN_OK;
    const char *texts[] = {t->texts[0],
                           t->texts[1],
                           t->texts[2],
                           t->texts[3],
                           exact_text(&t->wilcoxon),
                           exact_text(&t->mann_whitney)};
    const double values[] = {t->t.effect,
                             t->t.statistic,
                             t->t.p,
                             adjusted[0],
                             t->wilcoxon.statistic,
                             t->wilcoxon.p,
                             adjusted[1],
                             t->mann_whitney.statistic,
                             t->mann_whitney.effect,
                             t->mann_whitney.p,
                             adjusted[2]};
    long row;
    TRY(table_add_row(table, &row));
    TRY(evaluate_set_texts(table, row, 0, texts, 6));
    TRY(table_set_integer(table, row, 6, t->t.n_x));
    TRY(table_set_integer(table, row, 7, t->mann_whitney.n_x));
    TRY(table_set_integer(table, row, 8, t->mann_whitney.n_y));
    TRY(evaluate_set_reals(table, row, 9, values, TEST_COLUMNS - 9));
out:
    return st;
}

/* tests [rows][n]: n pairs of methods in each group and score. */
static enum ben_status write_tests(const char *path, const struct method_tests *tests,
                                   long rows, long n)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    double(*adjusted)[3] = NULL;
    TRY_NEW(adjusted = malloc((size_t)n * sizeof *adjusted));
    TRY(table_create(test_columns, TEST_COLUMNS, &table));
    for (long r = 0; r < rows; r++, tests += n) {
        TRY(correct(tests, n, adjusted));
        for (long i = 0; i < n; i++)
            TRY(add_tests(table, &tests[i], adjusted[i]));
    }
    TRY(table_write(table, path));
out:
    free(adjusted);
    table_free(&table);
    return st;
}

enum ben_status evaluate_write_tests(const char *path, const struct evaluate_results *results,
                                     const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    long methods = parts->n_methods, rows = METRICS_SCORES * (parts->n_groups + 1);
    long n = methods * (methods - 1) / 2, at = 0;
    struct method_tests *tests = NULL;
    TRY_NEW(tests = calloc((size_t)(n * rows), sizeof *tests));
    for (long a = 0; a < methods; a++)
        for (long b = a + 1; b < methods; b++)
            TRY(test_two_methods(results, parts, parts->methods[a], parts->methods[b],
                                 tests + at++, n));
    TRY(write_tests(path, tests, rows, n));
out:
    free(tests);
    return st;
}
