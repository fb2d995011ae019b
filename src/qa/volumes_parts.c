/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes by region and group, and what lies far off. */
#include "qa/outlier.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_label(const void *a, const void *b)
{
    const struct volumes_value *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    return (x->scan > y->scan) - (x->scan < y->scan);
}

enum ben_status volumes_collect(const struct volumes *volumes, struct volumes_values *values)
{
    enum ben_status st = BEN_OK;
    size_t room = (size_t)(volumes->n + volumes->n_regions);
    *values = (struct volumes_values){0};
    TRY_NEW(values->list = calloc(room + 1, sizeof *values->list));
    for (long i = 0; i < volumes->n; i++)
        if (volumes->rows[i].status == BEN_VOLUMES_OK)
            values->list[values->n++] = (struct volumes_value){0, i, volumes->rows[i].mm3};
    for (long i = 0; i < volumes->n_regions; i++) {
        const struct volumes_region *r = &volumes->regions[i];
        if (volumes->rows[r->scan].status == BEN_VOLUMES_OK)
            values->list[values->n++] = (struct volumes_value){r->label, r->scan, r->mm3};
    }
    qsort(values->list, (size_t)values->n, sizeof *values->list, by_label);
out:
    return st;
}

long volumes_label_end(const struct volumes_values *values, long first)
{
    long end = first;
    while (end < values->n && values->list[end].label == values->list[first].label)
        end++;
    return end;
}

enum ben_status volumes_open_names(const char *path, struct volumes_names *names)
{
    enum ben_status st = BEN_OK;
    *names = (struct volumes_names){NULL, -1};
    if (!path)
        return BEN_OK;
    TRY(tsv_read(path, &names->table));
    names->name = tsv_column(names->table, "name");
    int index = tsv_column(names->table, "index");
    if (names->name < 0 || index < 0)
        FAIL(BEN_E_INPUT, "%s: a table of label names has the columns index and name", path);
    TRY(tsv_index(names->table, index));
out:
    return st;
}

char *volumes_region(const struct volumes_names *names, long label)
{
    char number[24];
    if (label == 0)
        return strdup("brain");
    snprintf(number, sizeof number, "%ld", label);
    long row = names->table ? tsv_find(names->table, number) : -1;
    const char *name = row >= 0 ? tsv_cell(names->table, row, names->name) : NULL;
    return strdup(name ? name : number);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum ben_status volumes_find_groups(const struct volumes *volumes,
                                    struct volumes_groups *groups)
{
    enum ben_status st = BEN_OK;
    long n = 0, kept = 0;
    *groups = (struct volumes_groups){0};
    TRY_NEW(groups->list = calloc((size_t)volumes->n + 1, sizeof *groups->list));
    for (long i = 0; i < volumes->n; i++)
        if (volumes->known[i].group)
            groups->list[n++] = volumes->known[i].group;
    qsort(groups->list, (size_t)n, sizeof *groups->list, by_text);
    for (long i = 0; i < n; i++)
        if (kept == 0 || strcmp(groups->list[kept - 1], groups->list[i]) != 0)
            groups->list[kept++] = groups->list[i];
    groups->n = kept;
out:
    return st;
}

bool volumes_in_group(const struct volumes *volumes, long scan, const char *group)
{
    const char *own = volumes->known[scan].group;
    return !group || (own && strcmp(own, group) == 0);
}

static long group_index(const struct volumes_groups *groups, const char *group)
{
    const char **found =
        group ? bsearch(&group, groups->list, (size_t)groups->n, sizeof *groups->list, by_text)
              : NULL;
    return found ? found - groups->list : -1;
}

enum ben_status volumes_scores(const struct volumes *volumes, double *volume_z,
                               double *uncertainty_z)
{
    enum ben_status st = BEN_OK;
    struct volumes_groups groups = {0};
    size_t n = (size_t)volumes->n + 1;
    double *values = NULL;
    int *of = NULL;
    TRY(volumes_find_groups(volumes, &groups));
    TRY_NEW(values = malloc(2 * n * sizeof *values));
    TRY_NEW(of = malloc(n * sizeof *of));
    for (long i = 0; i < volumes->n; i++) {
        bool good = volumes->rows[i].status == BEN_VOLUMES_OK;
        of[i] = (int)group_index(&groups, volumes->known[i].group);
        values[i] = good ? volumes->rows[i].mm3 : NAN;
        values[n + (size_t)i] = volumes->known[i].uncertainty;
    }
    TRY(outlier_z(values, of, volumes->n, volume_z));
    TRY(outlier_z(values + n, of, volumes->n, uncertainty_z));
out:
    free(groups.list);
    free(values);
    free(of);
    return st;
}

const char *volumes_time_unit(const struct volumes *volumes,
                              const struct volumes_options *options)
{
    if (volumes->dates)
        return "day";
    return options->time_unit ? options->time_unit : "as in the table";
}
