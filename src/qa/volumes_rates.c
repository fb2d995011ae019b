/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast volumes change, by group. */
#include "base/util.h"
#include "qa/statistics.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdlib.h>

/* Visits [n] of one animal and region as percent of their mean per unit of time; x, y [n] are scratch.
 * NaN where times are unknown or all the same. */
static double rate_of(const struct volumes_visit *visits, long n, double *x, double *y)
{
    struct regression line;
    double mean = 0;
    for (long i = 0; i < n; i++) {
        x[i] = visits[i].time;
        y[i] = visits[i].mm3;
        mean += visits[i].mm3 / (double)n;
    }
    statistics_regression(x, y, n, &line);
    return 100 * line.slope / mean;
}

/* A rate for each animal and region that has one. */
static enum ben_status find_rates(const struct volumes_visits *visits,
                                  struct volumes_values *rates)
{
    enum ben_status st = BEN_OK;
    size_t room = (size_t)visits->n + 1;
    double *scratch = NULL;
    TRY_NEW(rates->list = malloc(room * sizeof *rates->list));
    TRY_NEW(scratch = malloc(2 * room * sizeof *scratch));
    for (long first = 0, end; first < visits->n; first = end) {
        const struct volumes_visit *of = &visits->list[first];
        end = volumes_animal_end(visits, first);
        double rate = rate_of(of, end - first, scratch, scratch + room);
        if (isfinite(rate))
            rates->list[rates->n++] = (struct volumes_value){of->label, of->scan, rate};
    }
out:
    free(scratch);
    return st;
}

enum ben_status volumes_write_rates(const char *path, const char *tests_path,
                                    const struct volumes *volumes,
                                    const struct volumes_values *values,
                                    const struct volumes_names *names,
                                    const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct volumes_visits visits = {0};
    struct volumes_values rates = {0};
    char *unit = NULL;
    TRY(volumes_find_visits(volumes, values, &visits));
    TRY(find_rates(&visits, &rates));
    if (rates.n == 0)
        goto out;
    TRY_NEW(unit = util_format("%% per %s", volumes_time_unit(volumes, options)));
    const struct volumes_group_tables tables = {path, tests_path, unit, "animals", 6};
    TRY(volumes_write_groups(&tables, volumes, &rates, names));
out:
    free(unit);
    free(visits.list);
    free(rates.list);
    return st;
}
