/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/outlier.h"
#include "qa/statistics.h"

#include <math.h>
#include <stdlib.h>

#define NORMAL_QUARTILE 0.6745 /* of the standard normal: MAD of a normal is that many SD */
#define NORMAL_MEAN     1.2533 /* sqrt(pi / 2): SD of a normal in mean absolute deviations */

struct member {
    int group;
    double value;
    long index;
};

static int by_group_and_value(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The scores of one group [n], ascending; scratch [n]. */
static void score_group(const struct member *members, long n, double *scratch, double *z)
{
    if (n < BEN_OUTLIER_LEAST)
        return;
    for (long i = 0; i < n; i++)
        scratch[i] = members[i].value;
    double median = statistics_quantile(scratch, n, 0.5), mean = 0;
    for (long i = 0; i < n; i++) {
        scratch[i] = fabs(members[i].value - median);
        mean += scratch[i] / (double)n;
    }
    qsort(scratch, (size_t)n, sizeof *scratch, ascending);
    double mad = statistics_quantile(scratch, n, 0.5);
    double unit = mad > 0 ? mad / NORMAL_QUARTILE : NORMAL_MEAN * mean;
    for (long i = 0; i < n; i++)
        z[members[i].index] = unit > 0 ? (members[i].value - median) / unit : 0;
}

enum ben_status outlier_z(const double *values, const int *group, long n, double *z)
{
    enum ben_status st = BEN_OK;
    struct member *members = NULL;
    double *scratch = NULL;
    long there = 0, end;
    TRY_NEW(members = malloc(((size_t)n + 1) * sizeof *members));
    TRY_NEW(scratch = malloc(((size_t)n + 1) * sizeof *scratch));
    for (long i = 0; i < n; i++) {
        z[i] = NAN;
        if (isfinite(values[i]))
            members[there++] = (struct member){group ? group[i] : 0, values[i], i};
    }
    qsort(members, (size_t)there, sizeof *members, by_group_and_value);
    for (long from = 0; from < there; from = end) {
        for (end = from; end < there && members[end].group == members[from].group;)
            end++;
        score_group(members + from, end - from, scratch, z);
    }
out:
    free(members);
    free(scratch);
    return st;
}
