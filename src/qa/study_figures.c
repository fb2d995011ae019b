/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures, as the paper has them: learning curves (its Figure 3), Dice without labels across
 * data sets (Figure 4), volumes and their agreement (Figure 6), uncertainty against Dice. */
#include "qa/study_inner.h"

#include "base/util.h"
#include "qa/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SERIES 64
#define WIDTH      480 /* narrow, so that the text stays legible on a telephone */
#define HEIGHT     330

/* A figure in the making: its series with the arrays that they point to. */
struct drawing {
    const struct study_results *results;
    struct study_page *page;
    struct plot plot;
    struct plot_series series[MAX_SERIES];
    double *arrays[4 * MAX_SERIES + 2]; /* owned */
    int n_arrays;
    char *texts[MAX_SERIES]; /* owned */
    int n_texts;
};

static enum ben_status keep(struct drawing *d, long n, double **array)
{
    enum ben_status st = BEN_OK;
    ENSURE(d->n_arrays < 4 * MAX_SERIES + 2);
    TRY_NEW(*array = calloc((size_t)n + 1, sizeof **array));
    d->arrays[d->n_arrays++] = *array;
out:
    return st;
}

static void clear(struct drawing *d)
{
    for (int i = 0; i < d->n_arrays; i++)
        free(d->arrays[i]);
    for (int i = 0; i < d->n_texts; i++)
        free(d->texts[i]);
    d->n_arrays = d->n_texts = 0;
    d->plot = (struct plot){.series = d->series, .width = WIDTH, .height = HEIGHT};
}

/* Draws what was gathered, into the page and figures/NAME.svg, and clears it. title: for the
 * picture, shorter than the caption. */
static enum ben_status finish(struct drawing *d, const char *name, const char *title,
                              const char *caption)
{
    enum ben_status st = BEN_OK;
    char *svg = NULL, *file = NULL, *path = NULL;
    TRY_NEW(file = util_format("figures/%s.svg", name));
    TRY_NEW(path = util_format("%s/%s", d->results->output, file));
    d->plot.title = title;
    TRY(util_make_parents(path));
    TRY(plot_write(&d->plot, path));
    TRY(plot_svg(&d->plot, &svg));
    study_page_figure(d->page, file, svg, caption, d->plot.width > WIDTH);
out:
    clear(d);
    free(svg);
    free(file);
    free(path);
    return st;
}

/* Results of a set by one method and source, which ascend in labels as the plan lists them; with
 * labels 0 the method's start (none, adabn) does not count as its own. */
static bool of_curve(const struct study_result *r, const struct study_set *set,
                     const char *source, const char *method)
{
    const struct study_run *run = r->run;
    bool same_source = source && run->source ? strcmp(source, run->source) == 0 : !run->source;
    return run->set == set && same_source && strcmp(run->method, method) == 0 &&
           r->scores.n > 0 && run->labels >= 0;
}

/* Intervals end where no metric can go: at 0 and, but for distances, at 1. */
static enum ben_status add_curve(struct drawing *d, const struct study_set *set,
                                 const char *source, const char *method, const char *metric)
{
    enum ben_status st = BEN_OK;
    double *x, *y, *low, *high, most = strcmp(metric, "dice") == 0 ? 1 : INFINITY;
    int f = study_metric(metric), n = 0;
    TRY(keep(d, d->results->n, &x));
    TRY(keep(d, d->results->n, &y));
    TRY(keep(d, d->results->n, &low));
    TRY(keep(d, d->results->n, &high));
    for (int i = 0; i < d->results->n; i++) {
        const struct study_result *r = &d->results->list[i];
        if (!of_curve(r, set, source, method))
            continue;
        const struct summary *s = &r->summary[f];
        x[n] = r->run->labels;
        y[n] = s->mean;
        low[n] = isfinite(s->ci_low) ? fmax(s->ci_low, 0) : s->mean;
        high[n++] = isfinite(s->ci_high) ? fmin(s->ci_high, most) : s->mean;
    }
    if (n > 0)
        d->series[d->plot.n_series++] = (struct plot_series){
            .name = method, .n = n, .x = x, .y = y, .low = low, .high = high};
out:
    return st;
}

/* One learning curve of a set: a line for each way of learning, points for what takes no labels. */
static enum ben_status draw_curve(struct drawing *d, const struct study_set *set,
                                  const char *source, const char *metric, const char *label)
{
    enum ben_status st = BEN_OK;
    static const char *const methods[] = {"ben", "finetune", "scratch", "none", "adabn"};
    char *name = NULL, *title = NULL, *caption = NULL;
    d->plot.kind = BEN_PLOT_LINES;
    d->plot.x = (struct plot_axis){.label = "Labelled scans", .whole = true};
    d->plot.y.label = label;
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++)
        TRY(add_curve(d, set, strcmp(methods[m], "scratch") == 0 ? NULL : source, methods[m],
                      metric));
    TRY_NEW(name = util_format("curve_%s%s%s_%s", set->id, source ? "_from_" : "",
                               source ? source : "", metric));
    TRY_NEW(title =
                util_format("%s%s%s", set->id, source ? " from " : "", source ? source : ""));
    TRY_NEW(caption = util_format("%s: %s by labels, mean and 95 %% CI", title, label));
    TRY(finish(d, name, title, caption));
out:
    clear(d);
    free(name);
    free(title);
    free(caption);
    return st;
}

static bool has_curve(const struct study_results *results, const struct study_set *set)
{
    for (int i = 0; i < results->n; i++)
        if (results->list[i].run->set == set && results->list[i].run->labels > 0)
            return true;
    return false;
}

static bool has_curves(const struct study_results *results)
{
    bool any = false;
    for (int i = 0; i < results->study->n; i++)
        any |= has_curve(results, &results->study->sets[i]);
    return any;
}

static enum ben_status draw_curves(struct drawing *d)
{
    enum ben_status st = BEN_OK;
    if (!has_curves(d->results))
        return BEN_OK;
    study_page_heading(d->page, "Learning curves");
    fputs("<div class=\"figures\">\n", d->page->html);
    for (int i = 0; i < d->results->study->n; i++) {
        const struct study_set *set = &d->results->study->sets[i];
        int n = set->origin.n > 0 ? set->origin.n : 1;
        for (int s = 0; s < n && has_curve(d->results, set); s++) {
            const char *source = set->origin.n > 0 ? set->origin.word[s] : NULL;
            TRY(draw_curve(d, set, source, "dice", "Dice"));
            TRY(draw_curve(d, set, source, "hd95_mm", "HD95 (mm)"));
        }
    }
    fputs("</div>\n", d->page->html);
out:
    return st;
}

/* Many boxes need room. */
static void widen(struct drawing *d)
{
    int wanted = 120 + 44 * d->plot.n_series;
    if (wanted <= WIDTH)
        return;
    d->plot.width = wanted;
    d->plot.height = HEIGHT + 70; /* long names slant below */
}

static enum ben_status add_box(struct drawing *d, const struct study_result *r,
                               const char *name, int metric)
{
    enum ben_status st = BEN_OK;
    const struct study_run *run = r->run;
    double *y;
    char *category = NULL;
    if (d->plot.n_series == MAX_SERIES || r->scores.n == 0)
        return BEN_OK;
    TRY(keep(d, r->scores.n, &y));
    for (long s = 0; s < r->scores.n; s++)
        y[s] = metrics_value(&r->scores.list[s].metrics, metric);
    TRY_NEW(category = run->set->origin.n > 1 && run->source
                           ? util_format("%s from %s", run->set->id, run->source)
                           : strdup(run->set->id));
    d->texts[d->n_texts++] = category;
    d->series[d->plot.n_series++] =
        (struct plot_series){.name = name, .category = category, .n = r->scores.n, .y = y};
out:
    return st;
}

/* Dice of all sets of a species, by the methods that take no labels, and the source's own. */
static enum ben_status draw_boxes(struct drawing *d, enum species species)
{
    enum ben_status st = BEN_OK;
    static const char *const methods[] = {"source", "none", "adabn", "ben"};
    char *name = NULL, *caption = NULL;
    d->plot.kind = BEN_PLOT_BOX;
    d->plot.y.label = "Dice";
    for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++)
        for (int i = 0; i < d->results->n; i++) {
            const struct study_run *run = d->results->list[i].run;
            if (run->set->species == species && strcmp(run->method, methods[m]) == 0 &&
                run->labels <= 0)
                TRY(add_box(d, &d->results->list[i], methods[m], study_metric("dice")));
        }
    if (d->plot.n_series == 0)
        goto out;
    widen(d);
    TRY_NEW(name = util_format("zero-labels_%s", species_name(species)));
    TRY_NEW(caption = util_format("%s: Dice without labels", species_name(species)));
    TRY(finish(d, name, species_name(species), caption));
out:
    clear(d);
    free(name);
    free(caption);
    return st;
}

/* The method with labels beside the others and other programs, all sets of a species. */
static enum ben_status draw_violins(struct drawing *d, enum species species)
{
    enum ben_status st = BEN_OK;
    char *name = NULL, *caption = NULL;
    d->plot.kind = BEN_PLOT_VIOLIN;
    d->plot.y.label = "Dice";
    for (int i = 0; i < d->results->n; i++) {
        const struct study_result *r = &d->results->list[i];
        const struct study_run *run = r->run;
        bool most =
            run->labels > 0 && r == study_results_best(d->results, run->set, run->method);
        if (run->set->species == species && (most || run->external))
            TRY(add_box(d, r, run->method, study_metric("dice")));
    }
    if (d->plot.n_series == 0)
        goto out;
    widen(d);
    TRY_NEW(name = util_format("most-labels_%s", species_name(species)));
    TRY_NEW(caption = util_format("%s: Dice with most labels, and of other programs",
                                  species_name(species)));
    TRY(finish(d, name, species_name(species), caption));
out:
    clear(d);
    free(name);
    free(caption);
    return st;
}

static bool has_violins(const struct study_results *results)
{
    for (int i = 0; i < results->n; i++)
        if (results->list[i].run->labels > 0 || results->list[i].run->external)
            return true;
    return false;
}

static enum ben_status each_species(struct drawing *d, const char *heading,
                                    enum ben_status (*draw)(struct drawing *, enum species))
{
    enum ben_status st = BEN_OK;
    study_page_heading(d->page, heading);
    fputs("<div class=\"figures\">\n", d->page->html);
    for (int s = BEN_SPECIES_UNKNOWN; s < BEN_SPECIES_COUNT; s++)
        TRY(draw(d, (enum species)s));
    fputs("</div>\n", d->page->html);
out:
    return st;
}

/* What a set is called, with the method where that is not the one that all is about. Kept by the
 * drawing. */
static enum ben_status name_series(struct drawing *d, const struct study_result *r,
                                   const char **name)
{
    enum ben_status st = BEN_OK;
    const struct study_run *run = r->run;
    char *text;
    bool usual = strcmp(run->method, "ben") == 0 || strcmp(run->method, "source") == 0;
    TRY_NEW(text = usual ? strdup(run->set->id)
                         : util_format("%s (%s)", run->set->id, run->method));
    *name = d->texts[d->n_texts++] = text;
out:
    return st;
}

/* A series per set of the species, its scans by two values: the results that stand for it. */
static enum ben_status add_scatter(struct drawing *d, enum species species, int x_metric,
                                   int y_metric)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < d->results->study->n; i++) {
        const struct study_set *set = &d->results->study->sets[i];
        const struct study_result *r = study_results_stand(d->results, set);
        const char *name = NULL;
        double *x, *y;
        bool known = false;
        if (set->species != species || !r || d->plot.n_series == MAX_SERIES)
            continue;
        TRY(keep(d, r->scores.n, &x));
        TRY(keep(d, r->scores.n, &y));
        for (long s = 0; s < r->scores.n; s++) {
            const struct study_score *score = &r->scores.list[s];
            x[s] = x_metric == STUDY_UNCERTAINTY ? score->uncertainty
                                                 : metrics_value(&score->metrics, x_metric);
            y[s] = metrics_value(&score->metrics, y_metric);
            known |= isfinite(x[s]) && isfinite(y[s]);
        }
        if (!known)
            continue;
        TRY(name_series(d, r, &name));
        d->series[d->plot.n_series++] =
            (struct plot_series){.name = name, .n = r->scores.n, .x = x, .y = y};
    }
out:
    return st;
}

/* What a caption says of all points together: ", slope 1.02 ...", "" where they are too few; NULL
 * without memory. The caller frees. */
typedef char *(*summing_up)(const double *x, const double *y, long n);

static char *sum_up_slope(const double *x, const double *y, long n)
{
    struct regression line;
    statistics_regression(x, y, n, &line);
    if (!isfinite(line.slope_low))
        return strdup("");
    return util_format(", slope %.3f (95 %% CI %.3f to %.3f), n = %ld", line.slope,
                       line.slope_low, line.slope_high, line.n);
}

static char *sum_up_agreement(const double *x, const double *y, long n)
{
    struct agreement a;
    compare_agreement(x, y, n, &a);
    if (!isfinite(a.sd))
        return strdup("");
    return util_format(", bias %.4g mm³ (limits of agreement %.4g to %.4g), n = %ld", a.bias,
                       a.lower, a.upper, a.n);
}

static char *sum_up_correlation(const double *x, const double *y, long n)
{
    struct correlation c;
    statistics_correlation(x, y, n, &c);
    if (!isfinite(c.ci_low))
        return strdup("");
    return util_format(", r = %.3f (95 %% CI %.3f to %.3f), n = %ld", c.r, c.ci_low, c.ci_high,
                       c.n);
}

/* The points of all series, one series after the other, to that function. */
static char *sum_up(struct drawing *d, summing_up function)
{
    long n = 0, at = 0;
    double *x, *y;
    for (int i = 0; i < d->plot.n_series; i++)
        n += d->series[i].n;
    if (keep(d, n, &x) != BEN_OK || keep(d, n, &y) != BEN_OK)
        return NULL;
    for (int i = 0; i < d->plot.n_series; i++) {
        memcpy(x + at, d->series[i].x, (size_t)d->series[i].n * sizeof *x);
        memcpy(y + at, d->series[i].y, (size_t)d->series[i].n * sizeof *y);
        at += d->series[i].n;
    }
    return function(x, y, n);
}

static enum ben_status finish_species(struct drawing *d, const char *file, enum species species,
                                      const char *what, summing_up function)
{
    enum ben_status st = BEN_OK;
    char *name = NULL, *caption = NULL, *sum = NULL;
    if (d->plot.n_series > 0) {
        TRY_NEW(name = util_format("%s_%s", file, species_name(species)));
        TRY_NEW(sum = sum_up(d, function));
        TRY_NEW(caption = util_format("%s: %s%s", species_name(species), what, sum));
        TRY(finish(d, name, species_name(species), caption));
    }
out:
    clear(d);
    free(name);
    free(caption);
    free(sum);
    return st;
}

static enum ben_status draw_volumes(struct drawing *d, enum species species)
{
    enum ben_status st = BEN_OK;
    int predicted = study_metric("pred_mm3"), reference = study_metric("ref_mm3");
    d->plot.kind = BEN_PLOT_SCATTER;
    d->plot.fit_all = d->plot.identity = true;
    d->plot.x.label = "Reference volume (mm³)";
    d->plot.y.label = "Predicted volume (mm³)";
    TRY(add_scatter(d, species, reference, predicted));
    TRY(finish_species(d, "volume-regression", species, "brain volumes and their regression",
                       sum_up_slope));
    d->plot.kind = BEN_PLOT_BLAND_ALTMAN;
    d->plot.x.label = "Mean of both volumes (mm³)";
    d->plot.y.label = "Predicted less reference (mm³)";
    TRY(add_scatter(d, species, predicted, reference));
    TRY(finish_species(d, "bland-altman", species, "agreement of volumes (Bland-Altman)",
                       sum_up_agreement));
out:
    clear(d);
    return st;
}

static enum ben_status draw_uncertainty(struct drawing *d, enum species species)
{
    enum ben_status st = BEN_OK;
    d->plot.kind = BEN_PLOT_SCATTER;
    d->plot.fit_all = true;
    d->plot.x.label = "Uncertainty";
    d->plot.y.label = "Dice";
    TRY(add_scatter(d, species, STUDY_UNCERTAINTY, study_metric("dice")));
    TRY(finish_species(d, "uncertainty", species, "Dice against uncertainty",
                       sum_up_correlation));
out:
    clear(d);
    return st;
}

enum ben_status study_figures_draw(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    struct drawing *d = calloc(1, sizeof *d);
    TRY_NEW(d);
    d->results = results;
    d->page = page;
    clear(d);
    TRY(draw_curves(d));
    TRY(each_species(d, "Without labels", draw_boxes));
    if (has_violins(results))
        TRY(each_species(d, "With most labels", draw_violins));
    TRY(each_species(d, "Volumes", draw_volumes));
    TRY(each_species(d, "Uncertainty", draw_uncertainty));
out:
    if (d)
        clear(d);
    free(d);
    return st;
}
