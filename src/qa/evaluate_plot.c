/* SPDX-License-Identifier: BSD-3-Clause */
/* The plots of an evaluation. */
#include "base/util.h"
#include "qa/evaluate_inner.h"
#include "qa/plot.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one plot shows: for each part a series of values. */
struct picture_data {
    const struct evaluate_results *results;
    struct plot_series *series;
    int n;
    double *values;      /* all series', x then y */
    const char **labels; /* of the points */
    size_t used;         /* of values, and twice of labels */
};

static double dice_of(const struct evaluate_results *results, long i)
{
    return results->rows[i].metrics.dice;
}

static double pred_of(const struct evaluate_results *results, long i)
{
    return results->rows[i].metrics.pred_mm3;
}

static double ref_of(const struct evaluate_results *results, long i)
{
    return results->rows[i].metrics.ref_mm3;
}

static double uncertainty_of(const struct evaluate_results *results, long i)
{
    return results->uncertainty[i];
}

static enum ben_status data_create(const struct evaluate_results *results,
                                   const struct evaluate_parts *parts,
                                   struct picture_data *data)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)results->pairs->n + 1;
    size_t series = (size_t)(parts->n_methods * (parts->n_groups + 1));
    *data = (struct picture_data){.results = results};
    TRY_NEW(data->series = calloc(series, sizeof *data->series));
    TRY_NEW(data->values = malloc(2 * n * sizeof *data->values));
    TRY_NEW(data->labels = malloc(n * sizeof *data->labels));
out:
    return st;
}

static void data_free(struct picture_data *data)
{
    free(data->series);
    free(data->values);
    free(data->labels);
}

/* One more series: the rows of a method and group; x may be NULL. */
static void add_series(struct picture_data *data, const char *method, const char *group,
                       double (*x)(const struct evaluate_results *, long),
                       double (*y)(const struct evaluate_results *, long))
{
    const struct evaluate_results *results = data->results;
    struct plot_series *s = &data->series[data->n++];
    double *xs = data->values + data->used, *ys = xs + results->pairs->n;
    const char **labels = data->labels + data->used;
    *s = (struct plot_series){.x = x ? xs : NULL, .y = ys, .labels = labels};
    for (long i = 0; i < results->pairs->n; i++) {
        if (!evaluate_is_part(results, i, method, group))
            continue;
        xs[s->n] = x ? x(results, i) : NAN;
        ys[s->n] = y(results, i);
        labels[s->n++] = results->pairs->list[i].id;
    }
    data->used += (size_t)s->n;
}

static enum ben_status write_plot(const char *path, const char *ending, struct plot *plot,
                                  const struct picture_data *data)
{
    enum ben_status st = BEN_OK;
    char *name;
    plot->series = data->series;
    plot->n_series = data->n;
    TRY_NEW(name = util_format("%.*s_%s.svg", (int)strlen(path) - 4, path, ending));
    TRY(plot_write(plot, name));
out:
    free(name);
    return st;
}

/* Boxes of Dice: a place for each group, a colour for each method. */
static enum ben_status plot_dice(const char *path, const struct evaluate_results *results,
                                 const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    struct picture_data data;
    struct plot plot = {.kind = BEN_PLOT_BOX, .title = "Dice", .y = {.label = "Dice"}};
    TRY(data_create(results, parts, &data));
    for (long g = parts->n_groups > 0 ? 0 : -1; g < parts->n_groups; g++)
        for (long m = 0; m < parts->n_methods; m++) {
            const char *group = g < 0 ? NULL : parts->groups[g];
            add_series(&data, parts->methods[m], group, NULL, dice_of);
            struct plot_series *s = &data.series[data.n - 1];
            s->name = *parts->methods[m] ? parts->methods[m] : "Dice";
            s->category = group ? group : s->name;
        }
    TRY(write_plot(path, "dice", &plot, &data));
out:
    data_free(&data);
    return st;
}

/* One kind of plot of x against y for a method, a series for each group. */
struct method_plot {
    const char *ending;
    struct plot plot;
    double (*x)(const struct evaluate_results *, long);
    double (*y)(const struct evaluate_results *, long);
};

static const struct method_plot method_plots[] = {
    {"volumes",
     {.kind = BEN_PLOT_SCATTER,
      .title = "Predicted against reference volume",
      .x = {.label = "Reference volume (mm³)"},
      .y = {.label = "Predicted volume (mm³)"},
      .fit = true,
      .identity = true},
     ref_of,
     pred_of},
    {"bland-altman",
     {.kind = BEN_PLOT_BLAND_ALTMAN,
      .title = "Agreement of volumes",
      .x = {.label = "Mean of predicted and reference volume (mm³)"},
      .y = {.label = "Predicted less reference (mm³)"}},
     pred_of,
     ref_of},
    {"uncertainty",
     {.kind = BEN_PLOT_SCATTER,
      .title = "Dice against uncertainty",
      .x = {.label = "Uncertainty"},
      .y = {.label = "Dice"},
      .fit = true},
     uncertainty_of,
     dice_of},
};

/* "METHOD-volumes" with what no file name needs made '-', or "volumes" of a method without a name.
 * The caller frees; NULL without memory. */
static char *plot_name(const char *method, const char *ending, bool several)
{
    char *name = several ? util_format("%s_%s", method, ending) : strdup(ending);
    for (char *c = name; c && *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
            *c = '-';
    return name;
}

static enum ben_status plot_method(const char *path, const struct evaluate_results *results,
                                   const struct evaluate_parts *parts, const char *method,
                                   const struct method_plot *kind)
{
    enum ben_status st = BEN_OK;
    struct picture_data data;
    struct plot plot = kind->plot;
    char *name = plot_name(method, kind->ending, parts->n_methods > 1);
    TRY(data_create(results, parts, &data));
    TRY_NEW(name);
    for (long g = parts->n_groups > 0 ? 0 : -1; g < parts->n_groups; g++) {
        const char *group = g < 0 ? NULL : parts->groups[g];
        add_series(&data, method, group, kind->x, kind->y);
        data.series[data.n - 1].name = group;
    }
    TRY(write_plot(path, name, &plot, &data));
out:
    free(name);
    data_free(&data);
    return st;
}

enum ben_status evaluate_plot(const char *path, const struct evaluate_results *results)
{
    enum ben_status st = BEN_OK;
    struct evaluate_parts parts = {0};
    TRY(evaluate_check_path(path));
    TRY(evaluate_find_parts(results, &parts));
    TRY(plot_dice(path, results, &parts));
    for (long m = 0; m < parts.n_methods; m++) {
        const char *method = parts.methods[m];
        int kinds = evaluate_knows_uncertainty(results, method) ? 3 : 2;
        for (int k = 0; k < kinds; k++)
            TRY(plot_method(path, results, &parts, method, &method_plots[k]));
    }
out:
    evaluate_free_parts(&parts);
    return st;
}
