/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/study_results.h"

#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DICE_WANTED 0.95

int study_metric(const char *name)
{
    int f = 0;
    while (f < METRICS_FIELDS && strcmp(metrics_fields[f].name, name) != 0)
        f++;
    ENSURE(f < METRICS_FIELDS);
    return f;
}

static double value_of(const struct study_score *score, int metric)
{
    return metric == STUDY_UNCERTAINTY ? score->uncertainty
                                       : metrics_value(&score->metrics, metric);
}

enum ben_status study_results_values(const struct study_results *results, study_pick pick,
                                     const void *how, int metric, double **values, long *n)
{
    enum ben_status st = BEN_OK;
    long room = 1;
    *n = 0;
    for (int i = 0; i < results->n; i++)
        room += results->list[i].scores.n;
    TRY_NEW(*values = malloc((size_t)room * sizeof **values));
    for (int i = 0; i < results->n; i++) {
        const struct study_result *r = &results->list[i];
        if (pick && !pick(results, r, how))
            continue;
        for (long s = 0; s < r->scores.n; s++)
            (*values)[(*n)++] = value_of(&r->scores.list[s], metric);
    }
out:
    return st;
}

static bool is_itself(const struct study_results *results, const struct study_result *r,
                      const void *how)
{
    (void)results;
    return r == how;
}

static enum ben_status describe(const struct study_results *results, struct study_result *r)
{
    enum ben_status st = BEN_OK;
    double *values = NULL, *reference = NULL;
    long n;
    for (int f = 0; f < METRICS_FIELDS; f++) {
        TRY(study_results_values(results, is_itself, r, f, &values, &n));
        TRY(statistics_summary(values, n, &r->summary[f]));
        free(values);
        values = NULL;
    }
    TRY(study_results_values(results, is_itself, r, study_metric("pred_mm3"), &values, &n));
    TRY(study_results_values(results, is_itself, r, study_metric("ref_mm3"), &reference, &n));
    statistics_regression(reference, values, n, &r->volume);
    compare_agreement(values, reference, n, &r->agreement);
    free(values);
    free(reference);
    values = reference = NULL;
    TRY(study_results_values(results, is_itself, r, study_metric("dice"), &values, &n));
    TRY(study_results_values(results, is_itself, r, STUDY_UNCERTAINTY, &reference, &n));
    statistics_correlation(reference, values, n, &r->uncertainty);
    for (long i = 0; i < r->scores.n; i++)
        r->failed += r->scores.list[i].reason != NULL;
out:
    free(values);
    free(reference);
    return st;
}

static enum ben_status read_result(const struct study_results *results, struct study_result *r)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    if (!r->run->reason) {
        TRY_NEW(path = util_format("%s/%s/scores.tsv", results->output, r->run->folder));
        TRY(study_scores_read(path, &r->scores));
    }
    TRY(describe(results, r));
out:
    free(path);
    return st;
}

enum ben_status study_results_read(const struct study *study, const struct study_run *runs,
                                   int n, const char *output, struct study_results *results)
{
    enum ben_status st = BEN_OK;
    *results = (struct study_results){.study = study, .output = output};
    TRY_NEW(results->list = calloc((size_t)n + 1, sizeof *results->list));
    for (int i = 0; i < n; i++) {
        results->n = i + 1;
        results->list[i].run = &runs[i];
        TRY(read_result(results, &results->list[i]));
    }
out:
    if (st != BEN_OK)
        study_results_free(results);
    return st;
}

void study_results_free(struct study_results *results)
{
    for (int i = 0; i < results->n; i++)
        study_scores_free(&results->list[i].scores);
    free(results->list);
    *results = (struct study_results){0};
}

const struct study_result *study_results_best(const struct study_results *results,
                                              const struct study_set *set, const char *method)
{
    const struct study_result *best = NULL;
    for (int i = 0; i < results->n; i++) {
        const struct study_result *r = &results->list[i];
        bool own = strcmp(r->run->method, "source") == 0;
        if (r->run->set != set || r->scores.n == 0 ||
            (!own && strcmp(r->run->method, method) != 0))
            continue;
        if (own)
            return r;
        if (!best || r->run->labels > best->run->labels)
            best = r;
    }
    return best;
}

const struct study_result *study_results_stand(const struct study_results *results,
                                               const struct study_set *set)
{
    static const char *const methods[] = {"ben", "finetune", "adabn", "none", "scratch"};
    const struct study_result *result = NULL;
    for (size_t m = 0; !result && m < sizeof methods / sizeof methods[0]; m++)
        result = study_results_best(results, set, methods[m]);
    return result;
}

/* Which results a published number is about. */
struct about {
    const struct study_set *set; /* NULL: all of the species */
    enum species species;
    const char *source, *method; /* source NULL: any */
    int labels;                  /* -1: those that stand for their sets */
};

static bool is_about(const struct study_results *results, const struct study_result *r,
                     const void *how)
{
    const struct about *a = how;
    const struct study_run *run = r->run;
    if (a->set ? run->set != a->set : run->set->species != a->species)
        return false;
    if (a->source && (!run->source || strcmp(a->source, run->source) != 0))
        return false;
    if (a->labels < 0 && strcmp(a->method, "ben") == 0)
        return r == study_results_best(results, run->set, a->method);
    return strcmp(a->method, run->method) == 0 && a->labels == run->labels;
}

static enum ben_status pooled_slope(const struct study_results *results,
                                    const struct about *about, double *slope, long *n)
{
    enum ben_status st = BEN_OK;
    struct regression volume;
    double *predicted = NULL, *reference = NULL;
    int pred = study_metric("pred_mm3"), ref = study_metric("ref_mm3");
    TRY(study_results_values(results, is_about, about, pred, &predicted, n));
    TRY(study_results_values(results, is_about, about, ref, &reference, n));
    statistics_regression(reference, predicted, *n, &volume);
    *slope = volume.slope;
out:
    free(predicted);
    free(reference);
    return st;
}

static enum ben_status pooled_r(const struct study_results *results, const struct about *about,
                                double *r, long *n)
{
    enum ben_status st = BEN_OK;
    struct correlation correlation;
    double *uncertainty = NULL, *dice = NULL;
    TRY(study_results_values(results, is_about, about, STUDY_UNCERTAINTY, &uncertainty, n));
    TRY(study_results_values(results, is_about, about, study_metric("dice"), &dice, n));
    statistics_correlation(uncertainty, dice, *n, &correlation);
    *r = correlation.r;
    *n = correlation.n;
out:
    free(uncertainty);
    free(dice);
    return st;
}

static enum ben_status pooled_metric(const struct study_results *results,
                                     const struct about *about, const char *metric, bool median,
                                     double *value, long *n)
{
    enum ben_status st = BEN_OK;
    struct summary summary;
    double *values = NULL;
    TRY(study_results_values(results, is_about, about, study_metric(metric), &values, n));
    TRY(statistics_summary(values, *n, &summary));
    *value = median ? summary.median : summary.mean;
    *n = summary.n;
out:
    free(values);
    return st;
}

enum ben_status study_results_labels(const struct study_results *results,
                                     const struct study_set *set, enum species species,
                                     const char *method, int *labels)
{
    enum ben_status st = BEN_OK;
    *labels = -1;
    for (int i = 0; i < results->n; i++) {
        const struct study_run *run = results->list[i].run;
        struct about about = {set, species, NULL, method, run->labels};
        double median;
        long n;
        if (run->labels < 0 || !is_about(results, &results->list[i], &about) ||
            (*labels >= 0 && run->labels >= *labels))
            continue;
        TRY(pooled_metric(results, &about, "dice", true, &median, &n));
        if (median >= DICE_WANTED)
            *labels = run->labels;
    }
out:
    return st;
}

static bool is_metric(const char *name)
{
    for (int f = 0; f < METRICS_FIELDS; f++)
        if (strcmp(metrics_fields[f].name, name) == 0)
            return true;
    return false;
}

enum ben_status study_results_here(const struct study_results *results,
                                   const struct study_published *published, double *value,
                                   long *n)
{
    enum ben_status st = BEN_OK;
    const struct about about = {.set = study_find(results->study, published->dataset),
                                .species = species_find(published->dataset),
                                .source = published->source,
                                .method = published->method,
                                .labels = published->labels};
    bool median = published->statistic && strcmp(published->statistic, "median") == 0;
    *value = NAN;
    *n = 0;
    if (is_metric(published->metric)) {
        TRY(pooled_metric(results, &about, published->metric, median, value, n));
    } else if (strcmp(published->metric, "volume_slope") == 0) {
        TRY(pooled_slope(results, &about, value, n));
    } else if (strcmp(published->metric, "uncertainty_r") == 0) {
        TRY(pooled_r(results, &about, value, n));
    } else if (strcmp(published->metric, "labels_for_dice_0.95") == 0) {
        int labels;
        TRY(study_results_labels(results, about.set, about.species, published->method,
                                 &labels));
        *value = labels < 0 ? NAN : labels;
    }
out:
    return st;
}
