/* SPDX-License-Identifier: BSD-3-Clause */
/* The plots of a cohort's volumes. */
#include "base/util.h"
#include "qa/outlier.h"
#include "qa/plot.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAMED_ANIMALS 12 /* more lines than that have no legend */

static enum ben_status write_plot(const char *path, const char *ending, const struct plot *plot)
{
    enum ben_status st = BEN_OK;
    char *name;
    TRY_NEW(name = util_format("%.*s_%s.svg", (int)strlen(path) - 4, path, ending));
    TRY(plot_write(plot, name));
out:
    free(name);
    return st;
}

/* ---- boxes ---- */

struct boxes {
    struct plot_series *series;
    double *mm3, *z; /* z [volumes], then as much scratch */
    const char **labels;
    bool *marked;
    long used;
};

static enum ben_status boxes_create(const struct volumes *volumes, long groups,
                                    struct boxes *boxes)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)volumes->n + 1;
    *boxes = (struct boxes){0};
    TRY_NEW(boxes->series = calloc((size_t)groups + 1, sizeof *boxes->series));
    TRY_NEW(boxes->mm3 = malloc(n * sizeof *boxes->mm3));
    TRY_NEW(boxes->z = malloc(2 * n * sizeof *boxes->z));
    TRY_NEW(boxes->labels = malloc(n * sizeof *boxes->labels));
    TRY_NEW(boxes->marked = malloc(n * sizeof *boxes->marked));
    TRY(volumes_scores(volumes, boxes->z, boxes->z + n));
out:
    return st;
}

static void boxes_free(struct boxes *boxes)
{
    free(boxes->series);
    free(boxes->mm3);
    free(boxes->z);
    free(boxes->labels);
    free(boxes->marked);
}

static void add_box(struct boxes *boxes, const struct volumes *volumes, const char *group,
                    struct plot_series *series)
{
    double *mm3 = boxes->mm3 + boxes->used;
    const char **labels = boxes->labels + boxes->used;
    bool *marked = boxes->marked + boxes->used;
    *series = (struct plot_series){.name = "Volume",
                                   .category = group ? group : "all",
                                   .y = mm3,
                                   .labels = labels,
                                   .marked = marked};
    for (long i = 0; i < volumes->n; i++) {
        if (volumes->rows[i].status != BEN_VOLUMES_OK || !volumes_in_group(volumes, i, group))
            continue;
        mm3[series->n] = volumes->rows[i].mm3;
        labels[series->n] = volumes->scans[i].id;
        marked[series->n++] = fabs(boxes->z[i]) > BEN_OUTLIER_Z;
    }
    boxes->used += series->n;
}

static enum ben_status plot_groups(const char *path, const struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    struct volumes_groups groups = {0};
    struct boxes boxes = {0};
    struct plot plot = {.kind = BEN_PLOT_BOX,
                        .title = "Brain volumes",
                        .description = "Brain volumes by group; outliers are marked",
                        .y = {.label = "Volume (mm³)"}};
    TRY(volumes_find_groups(volumes, &groups));
    TRY(boxes_create(volumes, groups.n, &boxes));
    for (long g = groups.n > 0 ? 0 : -1; g < groups.n; g++)
        add_box(&boxes, volumes, g < 0 ? NULL : groups.list[g], &boxes.series[plot.n_series++]);
    plot.series = boxes.series;
    TRY(write_plot(path, "groups", &plot));
out:
    boxes_free(&boxes);
    free(groups.list);
    return st;
}

/* ---- lines ---- */

struct lines {
    struct plot_series *series; /* [n] one for each animal */
    double *x, *y;              /* [visits] */
    int n;
    bool timed; /* x is time; else the number of the visit */
};

/* The animals' brains, which come before regions. */
static void add_lines(const struct volumes_visits *visits, struct lines *lines)
{
    long end;
    for (long first = 0; first < visits->n && visits->list[first].label == 0; first = end) {
        end = volumes_animal_end(visits, first);
        lines->series[lines->n++] =
            (struct plot_series){.name = visits->list[first].participant,
                                 .n = end - first,
                                 .x = lines->x + first,
                                 .y = lines->y + first};
        for (long i = first; i < end; i++) {
            lines->x[i] = lines->timed ? visits->list[i].time : (double)(i - first + 1);
            lines->y[i] = visits->list[i].mm3;
        }
    }
    for (int s = 0; s < lines->n && lines->n > NAMED_ANIMALS; s++)
        lines->series[s].name = NULL;
}

static enum ben_status plot_change(const char *path, const struct volumes *volumes,
                                   const struct volumes_visits *visits,
                                   const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct lines lines = {.timed = true};
    struct plot plot = {.kind = BEN_PLOT_LINES,
                        .title = "Brain volume of each animal",
                        .y = {.label = "Volume (mm³)"}};
    size_t n = (size_t)visits->n;
    char *label = NULL;
    for (size_t i = 0; i < n; i++)
        lines.timed = lines.timed && isfinite(visits->list[i].time);
    TRY_NEW(lines.series = calloc(n, sizeof *lines.series));
    TRY_NEW(lines.x = malloc(2 * n * sizeof *lines.x));
    lines.y = lines.x + n;
    TRY_NEW(label = lines.timed ? util_format("Time (%s)", volumes_time_unit(volumes, options))
                                : strdup("Visit"));
    add_lines(visits, &lines);
    plot.x.label = label;
    plot.series = lines.series;
    plot.n_series = lines.n;
    TRY(write_plot(path, "change", &plot));
out:
    free(label);
    free(lines.series);
    free(lines.x);
    return st;
}

enum ben_status volumes_plot(const char *path, const struct volumes *volumes,
                             const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct volumes_values values = {0};
    struct volumes_visits visits = {0};
    TRY(volumes_check_path(path));
    TRY(plot_groups(path, volumes));
    TRY(volumes_collect(volumes, &values));
    TRY(volumes_find_visits(volumes, &values, &visits));
    if (visits.n > 0)
        TRY(plot_change(path, volumes, &visits, options));
out:
    free(values.list);
    free(visits.list);
    return st;
}
