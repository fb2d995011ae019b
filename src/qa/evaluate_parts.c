/* SPDX-License-Identifier: BSD-3-Clause */
/* Results by method and group. */
#include "qa/evaluate_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *evaluate_method(const struct evaluate_results *results, long i)
{
    const char *method = results->pairs->list[i].method;
    return method ? method : "";
}

static const char *group_of(const struct evaluate_results *results, long i)
{
    const char *group = results->groups ? results->groups[i] : NULL;
    return group ? group : "";
}

bool evaluate_is_part(const struct evaluate_results *results, long i, const char *method,
                      const char *group)
{
    if (strcmp(evaluate_method(results, i), method) != 0)
        return false;
    return !group || strcmp(group_of(results, i), group) == 0;
}

bool evaluate_knows_uncertainty(const struct evaluate_results *results, const char *method)
{
    for (long i = 0; results->uncertainty && i < results->pairs->n; i++)
        if (isfinite(results->uncertainty[i]) &&
            (!method || evaluate_is_part(results, i, method, NULL)))
            return true;
    return false;
}

static void add_once(const char **list, long *n, const char *text)
{
    for (long i = 0; i < *n; i++)
        if (strcmp(list[i], text) == 0)
            return;
    list[(*n)++] = text;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum ben_status evaluate_find_parts(const struct evaluate_results *results,
                                    struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    const struct pairs *pairs = results->pairs;
    *parts = (struct evaluate_parts){0};
    TRY_NEW(parts->methods = calloc((size_t)pairs->n + 1, sizeof *parts->methods));
    TRY_NEW(parts->groups = calloc((size_t)pairs->n + 1, sizeof *parts->groups));
    for (long i = 0; i < pairs->n; i++) {
        add_once(parts->methods, &parts->n_methods, evaluate_method(results, i));
        add_once(parts->groups, &parts->n_groups, group_of(results, i));
    }
    qsort(parts->groups, (size_t)parts->n_groups, sizeof *parts->groups, by_text);
    if (parts->n_groups == 1)
        parts->n_groups = 0;
out:
    return st;
}

void evaluate_free_parts(struct evaluate_parts *parts)
{
    free(parts->methods);
    free(parts->groups);
    *parts = (struct evaluate_parts){0};
}

enum ben_status evaluate_summarise(const struct evaluate_results *results, const char *method,
                                   const char *group, struct summary *summaries)
{
    enum ben_status st = BEN_OK;
    long n = results->pairs->n;
    double *values = NULL;
    TRY_NEW(values = malloc(((size_t)n + 1) * sizeof *values));
    for (int f = 0; f < METRICS_FIELDS; f++) {
        for (long i = 0; i < n; i++)
            values[i] = evaluate_is_part(results, i, method, group)
                            ? metrics_value(&results->rows[i].metrics, f)
                            : NAN;
        TRY(statistics_summary(values, n, &summaries[f]));
    }
out:
    free(values);
    return st;
}
