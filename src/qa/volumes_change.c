/* SPDX-License-Identifier: BSD-3-Clause */
/* How the volumes of one animal change from visit to visit. */
#include "base/util.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- visits ---- */

/* A value with what it is sorted by. */
struct dated {
    const struct volumes_known *known;
    long label, scan;
    double mm3;
};

static int by_animal(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    int order = strcmp(x->known->participant, y->known->participant);
    return order ? order : (x->scan > y->scan) - (x->scan < y->scan);
}

/* ses-2 before ses-10. */
static int by_session(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    const char *s = x->known->session, *t = y->known->session;
    int order = strverscmp(s ? s : "", t ? t : "");
    return order ? order : (x->scan > y->scan) - (x->scan < y->scan);
}

static int by_time(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;
    double s = x->known->time, t = y->known->time;
    return s < t ? -1 : s > t ? 1 : by_session(a, b);
}

static bool one_animal(const struct dated *a, const struct dated *b)
{
    return a->label == b->label && strcmp(a->known->participant, b->known->participant) == 0;
}

static bool one_visit(const struct dated *a, const struct dated *b)
{
    const char *s = a->known->session, *t = b->known->session;
    double x = a->known->time, y = b->known->time;
    return strcmp(s ? s : "", t ? t : "") == 0 && (x == y || (isnan(x) && isnan(y)));
}

/* Values [n] of one animal and region into visits; an animal with one visit has none. */
static void add_animal(struct dated *values, long n, struct volumes_visits *visits)
{
    bool timed = true;
    long before = visits->n;
    for (long i = 0; i < n; i++)
        timed = timed && isfinite(values[i].known->time);
    qsort(values, (size_t)n, sizeof *values, timed ? by_time : by_session);
    for (long i = 0; i < n; i++) {
        const struct volumes_known *known = values[i].known;
        if (i == 0 || !one_visit(&values[i - 1], &values[i]))
            visits->list[visits->n++] =
                (struct volumes_visit){.participant = known->participant,
                                       .session = known->session,
                                       .group = known->group,
                                       .scan = values[i].scan,
                                       .label = values[i].label,
                                       .time = known->time};
        struct volumes_visit *visit = &visits->list[visits->n - 1];
        visit->mm3 = (visit->mm3 * (double)visit->n + values[i].mm3) / (double)(visit->n + 1);
        visit->n++;
    }
    if (visits->n - before < 2)
        visits->n = before;
}

enum ben_status volumes_find_visits(const struct volumes *volumes,
                                    const struct volumes_values *values,
                                    struct volumes_visits *visits)
{
    enum ben_status st = BEN_OK;
    struct dated *all = NULL;
    size_t room = (size_t)values->n + 1;
    *visits = (struct volumes_visits){0};
    TRY_NEW(all = malloc(room * sizeof *all));
    TRY_NEW(visits->list = malloc(room * sizeof *visits->list));
    for (long i = 0; i < values->n; i++) {
        const struct volumes_value *v = &values->list[i];
        all[i] = (struct dated){&volumes->known[v->scan], v->label, v->scan, v->mm3};
    }
    qsort(all, (size_t)values->n, sizeof *all, by_animal);
    for (long first = 0, end; first < values->n; first = end) {
        for (end = first + 1; end < values->n && one_animal(&all[first], &all[end]);)
            end++;
        add_animal(all + first, end - first, visits);
    }
out:
    free(all);
    return st;
}

long volumes_animal_end(const struct volumes_visits *visits, long first)
{
    const struct volumes_visit *list = visits->list;
    long end = first;
    while (end < visits->n && list[end].label == list[first].label &&
           strcmp(list[end].participant, list[first].participant) == 0)
        end++;
    return end;
}

/* ---- the table ---- */

#define CHANGES 5 /* columns of one change */
#define LEAD    7
#define COLUMNS (LEAD + 2 * CHANGES)

static void make_columns(struct table_column *columns, const char *unit, char *const *rates)
{
    const struct table_column lead[LEAD] = {
        {"participant_id", BEN_TABLE_TEXT, 0, NULL, "the animal or person", NULL},
        {"group", BEN_TABLE_TEXT, 0, NULL, "what scans were grouped by", NULL},
        {"region", BEN_TABLE_TEXT, 0, NULL, "brain, or the name or number of a label", NULL},
        {"session_id", BEN_TABLE_TEXT, 0, NULL, "the visit", NULL},
        {"scans", BEN_TABLE_INTEGER, 0, NULL, "of the visit, whose mean volume counts", NULL},
        {"time", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, unit, "age or date of the visit", NULL},
        {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3", "volume at the visit", NULL},
    };
    static const char *const names[2][CHANGES] = {
        {"time_since_first", "mm3_since_first", "percent_since_first",
         "mm3_per_time_since_first", "percent_per_time_since_first"},
        {"time_since_previous", "mm3_since_previous", "percent_since_previous",
         "mm3_per_time_since_previous", "percent_per_time_since_previous"}};
    static const char *const about[CHANGES] = {
        "time since that visit", "volume less that of that visit",
        "that difference by the volume of that visit",
        "that difference by the time, where it is known and not 0", "that share by the time"};
    const char *units[CHANGES] = {unit, "mm^3", "%", rates[0], rates[1]};
    memcpy(columns, lead, sizeof lead);
    for (int c = 0; c < 2 * CHANGES; c++)
        columns[LEAD + c] =
            (struct table_column){.name = names[c / CHANGES][c % CHANGES],
                                  .type = BEN_TABLE_REAL,
                                  .decimals = c % CHANGES == 0 ? BEN_TABLE_SHORTEST : 6,
                                  .unit = units[c % CHANGES],
                                  .description = about[c % CHANGES]};
}

static enum ben_status set_change(struct table *table, long row, int column,
                                  const struct volumes_visit *from,
                                  const struct volumes_visit *to)
{
    enum ben_status st = BEN_OK;
    double time = to->time - from->time, mm3 = to->mm3 - from->mm3;
    double percent = 100 * mm3 / from->mm3, rate = time > 0 ? 1 / time : NAN;
    const double values[CHANGES] = {time, mm3, percent, mm3 * rate, percent * rate};
    for (int c = 0; c < CHANGES; c++)
        TRY(table_set_real(table, row, column + c, values[c]));
out:
    return st;
}

static enum ben_status add_visit(struct table *table, const struct volumes_names *names,
                                 const struct volumes_visit *first,
                                 const struct volumes_visit *visit)
{
    enum ben_status st = BEN_OK;
    char *region = volumes_region(names, visit->label);
    const char *texts[] = {visit->participant, visit->group, region, visit->session};
    long row;
    TRY_NEW(region);
    TRY(table_add_row(table, &row));
    for (int c = 0; c < 4; c++)
        TRY(table_set_text(table, row, c, texts[c]));
    TRY(table_set_integer(table, row, 4, visit->n));
    TRY(table_set_real(table, row, 5, visit->time));
    TRY(table_set_real(table, row, 6, visit->mm3));
    if (visit > first) {
        TRY(set_change(table, row, LEAD, first, visit));
        TRY(set_change(table, row, LEAD + CHANGES, visit - 1, visit));
    }
out:
    free(region);
    return st;
}

static enum ben_status write_visits(const char *path, const struct volumes_visits *visits,
                                    const struct volumes_names *names, const char *unit)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[COLUMNS];
    struct table *table = NULL;
    char *rates[2] = {util_format("mm^3 per %s", unit), util_format("%% per %s", unit)};
    if (!rates[0] || !rates[1])
        FAIL(BEN_E_MEMORY, "out of memory");
    make_columns(columns, unit, rates);
    TRY(table_create(columns, COLUMNS, &table));
    for (long first = 0, end; first < visits->n; first = end) {
        end = volumes_animal_end(visits, first);
        for (long i = first; i < end; i++)
            TRY(add_visit(table, names, &visits->list[first], &visits->list[i]));
    }
    TRY(table_write(table, path));
out:
    free(rates[0]);
    free(rates[1]);
    table_free(&table);
    return st;
}

enum ben_status volumes_write_change(const char *path, const struct volumes *volumes,
                                     const struct volumes_values *values,
                                     const struct volumes_names *names,
                                     const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct volumes_visits visits = {0};
    TRY(volumes_find_visits(volumes, values, &visits));
    if (visits.n > 0)
        TRY(write_visits(path, &visits, names, volumes_time_unit(volumes, options)));
out:
    free(visits.list);
    return st;
}
