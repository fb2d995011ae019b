/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes by group, and groups against each other. */
#include "qa/compare.h"
#include "qa/statistics.h"
#include "qa/volumes_inner.h"

#include <stdlib.h>
#include <string.h>

/* Units, decimals and what is counted are filled in. */
static const struct table_column group_columns[] = {
    {"group", BEN_TABLE_TEXT, 0, NULL, "what scans were grouped by", NULL},
    {"region", BEN_TABLE_TEXT, 0, NULL, "brain, or the name or number of a label", NULL},
    {"n", BEN_TABLE_INTEGER, 0, NULL, "of them with a value", NULL},
    {"mean", BEN_TABLE_REAL, 0, NULL, "arithmetic mean", NULL},
    {"ci95_low", BEN_TABLE_REAL, 0, NULL,
     "lower end of the 95 % confidence interval of the mean (Student's t)", NULL},
    {"ci95_high", BEN_TABLE_REAL, 0, NULL, "upper end of that interval", NULL},
    {"sd", BEN_TABLE_REAL, 0, NULL, "standard deviation (n - 1)", NULL},
    {"median", BEN_TABLE_REAL, 0, NULL, "median", NULL},
    {"quartile1", BEN_TABLE_REAL, 0, NULL, "first quartile", NULL},
    {"quartile3", BEN_TABLE_REAL, 0, NULL, "third quartile", NULL},
    {"min", BEN_TABLE_REAL, 0, NULL, "smallest value", NULL},
    {"max", BEN_TABLE_REAL, 0, NULL, "largest value", NULL},
};
enum { GROUP_COLUMNS = sizeof group_columns / sizeof group_columns[0] };

static const struct table_level exact_levels[] = {
    {"yes", "of all permutations"}, {"no", "by the normal approximation"}, {NULL, NULL}};

static const struct table_column test_columns[] = {
    {"region", BEN_TABLE_TEXT, 0, NULL, "brain, or the name or number of a label", NULL},
    {"group_a", BEN_TABLE_TEXT, 0, NULL, "the first group", NULL},
    {"group_b", BEN_TABLE_TEXT, 0, NULL, "the second", NULL},
    {"exact", BEN_TABLE_TEXT, 0, NULL, "how p was found", exact_levels},
    {"n_a", BEN_TABLE_INTEGER, 0, NULL, "values of the first group", NULL},
    {"n_b", BEN_TABLE_INTEGER, 0, NULL, "values of the second", NULL},
    {"mann_whitney_u", BEN_TABLE_REAL, 1, NULL, "U of the first group", NULL},
    {"chance_a_above_b", BEN_TABLE_REAL, 6, NULL,
     "that a value of the first group is the larger, ties half", NULL},
    {"p", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL, "two-sided, values taken as independent",
     NULL},
    {"p_holm", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL,
     "corrected for the number of pairs of groups (Holm)", NULL},
};
#define TEST_COLUMNS (int)(sizeof test_columns / sizeof test_columns[0])

/* Values [first, end) of one region that are of a group; how many. */
static long take(const struct volumes *volumes, const struct volumes_values *values, long first,
                 long end, const char *group, double *to)
{
    long n = 0;
    for (long i = first; i < end; i++)
        if (volumes_in_group(volumes, values->list[i].scan, group))
            to[n++] = values->list[i].mm3;
    return n;
}

static enum ben_status add_group(struct table *table, const char *group, const char *region,
                                 const double *mm3, long n)
{
    enum ben_status st = BEN_OK;
    struct summary s;
    long at;
    TRY(statistics_summary(mm3, n, &s));
    const double values[] = {s.mean,      s.ci_low,    s.ci_high, s.sd, s.median,
                             s.quartile1, s.quartile3, s.min,     s.max};
    TRY(table_add_row(table, &at));
    TRY(table_set_text(table, at, 0, group));
    TRY(table_set_text(table, at, 1, region));
    TRY(table_set_integer(table, at, 2, s.n));
    for (int c = 0; c < GROUP_COLUMNS - 3; c++)
        TRY(table_set_real(table, at, 3 + c, values[c]));
out:
    return st;
}

/* One pair of groups in one region. */
struct group_test {
    const char *region, *a, *b;
    struct test_result result;
};

static enum ben_status add_test(struct table *table, const struct group_test *t, double p_holm)
{
    enum ben_status st = BEN_OK;
    const double values[] = {t->result.statistic, t->result.effect, t->result.p, p_holm};
    const char *texts[] = {t->region, t->a, t->b, t->result.exact ? "yes" : "no"};
    long at;
    TRY(table_add_row(table, &at));
    for (int c = 0; c < 4; c++)
        TRY(table_set_text(table, at, c, texts[c]));
    TRY(table_set_integer(table, at, 4, t->result.n_x));
    TRY(table_set_integer(table, at, 5, t->result.n_y));
    for (int c = 0; c < TEST_COLUMNS - 6; c++)
        TRY(table_set_real(table, at, 6 + c, values[c]));
out:
    return st;
}

/* All pairs of groups in one region, of which mm3 [n of each group, one after the other]. */
static enum ben_status test_groups(struct table *table, const char *region,
                                   const struct volumes_groups *groups, const double *mm3,
                                   const long *start)
{
    enum ben_status st = BEN_OK;
    size_t pairs = (size_t)(groups->n * (groups->n - 1) / 2), at = 0;
    struct group_test *tests = NULL;
    double *p = NULL;
    TRY_NEW(tests = calloc(pairs + 1, sizeof *tests));
    TRY_NEW(p = calloc(pairs + 1, sizeof *p));
    for (long a = 0; a < groups->n; a++)
        for (long b = a + 1; b < groups->n; b++, at++) {
            tests[at] = (struct group_test){region, groups->list[a], groups->list[b], {0}};
            TRY(compare_mann_whitney(mm3 + start[a], start[a + 1] - start[a], mm3 + start[b],
                                     start[b + 1] - start[b], &tests[at].result));
            p[at] = tests[at].result.p;
        }
    TRY(compare_holm(p, (long)pairs));
    for (size_t i = 0; i < pairs; i++)
        TRY(add_test(table, &tests[i], p[i]));
out:
    free(tests);
    free(p);
    return st;
}

struct group_tables {
    const struct volumes *volumes;
    const struct volumes_values *values;
    const struct volumes_groups *groups;
    struct table *summary, *tests;
    double *mm3; /* [values] */
    long *start; /* [groups + 1] */
};

static enum ben_status add_region(struct group_tables *t, long first, long end,
                                  const char *region)
{
    enum ben_status st = BEN_OK;
    long n = take(t->volumes, t->values, first, end, NULL, t->mm3);
    TRY(add_group(t->summary, "all", region, t->mm3, n));
    for (long g = 0; g < t->groups->n; g++) {
        double *mm3 = t->mm3 + t->start[g];
        n = take(t->volumes, t->values, first, end, t->groups->list[g], mm3);
        t->start[g + 1] = t->start[g] + n;
        TRY(add_group(t->summary, t->groups->list[g], region, mm3, n));
    }
    if (t->groups->n > 1)
        TRY(test_groups(t->tests, region, t->groups, t->mm3, t->start));
out:
    return st;
}

static void fill_columns(const struct volumes_group_tables *tables,
                         struct table_column columns[GROUP_COLUMNS])
{
    memcpy(columns, group_columns, sizeof group_columns);
    columns[2].unit = tables->counted;
    for (int c = 3; c < GROUP_COLUMNS; c++) {
        columns[c].unit = tables->unit;
        columns[c].decimals = tables->decimals;
    }
}

enum ben_status volumes_write_groups(const struct volumes_group_tables *tables,
                                     const struct volumes *volumes,
                                     const struct volumes_values *values,
                                     const struct volumes_names *names)
{
    enum ben_status st = BEN_OK;
    struct volumes_groups groups = {0};
    struct group_tables t = {.volumes = volumes, .values = values, .groups = &groups};
    struct table_column columns[GROUP_COLUMNS];
    char *region = NULL;
    fill_columns(tables, columns);
    TRY(volumes_find_groups(volumes, &groups));
    TRY(table_create(columns, GROUP_COLUMNS, &t.summary));
    TRY(table_create(test_columns, TEST_COLUMNS, &t.tests));
    TRY_NEW(t.mm3 = malloc(((size_t)values->n + 1) * sizeof *t.mm3));
    TRY_NEW(t.start = calloc((size_t)groups.n + 1, sizeof *t.start));
    for (long first = 0, end; first < values->n; first = end) {
        end = volumes_label_end(values, first);
        free(region);
        TRY_NEW(region = volumes_region(names, values->list[first].label));
        TRY(add_region(&t, first, end, region));
    }
    TRY(table_write(t.summary, tables->path));
    if (groups.n > 1)
        TRY(table_write(t.tests, tables->tests_path));
out:
    free(region);
    free(groups.list);
    free(t.mm3);
    free(t.start);
    table_free(&t.summary);
    table_free(&t.tests);
    return st;
}
