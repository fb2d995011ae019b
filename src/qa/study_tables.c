/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/study_inner.h"

#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(name, about)                                                                      \
    {                                                                                          \
        name, BEN_TABLE_TEXT, 0, NULL, about, NULL                                             \
    }
#define COUNT(name, about)                                                                     \
    {                                                                                          \
        name, BEN_TABLE_INTEGER, 0, NULL, about, NULL                                          \
    }
#define REAL(name, n, unit, about)                                                             \
    {                                                                                          \
        name, BEN_TABLE_REAL, n, unit, about, NULL                                             \
    }

enum {
    DATASET,
    SPECIES,
    MODALITY,
    FIELD,
    SOURCE,
    METHOD,
    LABELS,
    N,
    FAILED,
    DICE_MEDIAN,
    DICE_MEAN,
    DICE_LOW,
    DICE_HIGH,
    DICE_MIN,
    DICE_PUBLISHED,
    SENSITIVITY,
    SENSITIVITY_PUBLISHED,
    SPECIFICITY,
    SPECIFICITY_PUBLISHED,
    HD95,
    HD95_PUBLISHED,
    ASSD,
    SLOPE,
    SLOPE_LOW,
    SLOPE_HIGH,
    R2,
    BIAS,
    LIMIT_LOW,
    LIMIT_HIGH,
    UNCERTAINTY_R,
    UNCERTAINTY_P,
    REASON,
    RUN_COLUMNS
};

static const struct table_column run_columns[RUN_COLUMNS] = {
    [DATASET] = TEXT("dataset", "data set that was measured"),
    [SPECIES] = TEXT("species", "of its animals or people"),
    [MODALITY] = TEXT("modality", "of its scans"),
    [FIELD] = TEXT("field_t", "field strength in T"),
    [SOURCE] = TEXT("source", "data set whose weights it began with"),
    [METHOD] = TEXT("method", "way of adapting, or another program"),
    [LABELS] = COUNT("labels", "labelled scans it was adapted with"),
    [N] = COUNT("n", "scans measured"),
    [FAILED] = COUNT("failed", "scans that could not be measured"),
    [DICE_MEDIAN] = REAL("dice_median", 4, NULL, "median Dice"),
    [DICE_MEAN] = REAL("dice_mean", 4, NULL, "mean Dice"),
    [DICE_LOW] = REAL("dice_ci_low", 4, NULL, "its 95 % confidence interval, from"),
    [DICE_HIGH] = REAL("dice_ci_high", 4, NULL, "its 95 % confidence interval, to"),
    [DICE_MIN] = REAL("dice_min", 4, NULL, "lowest Dice"),
    [DICE_PUBLISHED] = TEXT("dice_published", "Dice as published, where it was"),
    [SENSITIVITY] = REAL("sensitivity_mean", 4, NULL, "mean sensitivity"),
    [SENSITIVITY_PUBLISHED] = TEXT("sensitivity_published", "sensitivity as published"),
    [SPECIFICITY] = REAL("specificity_mean", 4, NULL, "mean specificity"),
    [SPECIFICITY_PUBLISHED] = TEXT("specificity_published", "specificity as published"),
    [HD95] = REAL("hd95_mm_mean", 4, "mm", "mean 95th percentile Hausdorff distance"),
    [HD95_PUBLISHED] = TEXT("hd95_mm_published", "the same as published"),
    [ASSD] = REAL("assd_mm_mean", 4, "mm", "mean symmetric surface distance"),
    [SLOPE] = REAL("volume_slope", 4, NULL, "regression of predicted on reference volumes"),
    [SLOPE_LOW] = REAL("volume_slope_low", 4, NULL, "its 95 % confidence interval, from"),
    [SLOPE_HIGH] = REAL("volume_slope_high", 4, NULL, "its 95 % confidence interval, to"),
    [R2] = REAL("volume_r2", 4, NULL, "coefficient of determination of that regression"),
    [BIAS] = REAL("volume_bias_mm3", 3, "mm^3", "mean of predicted less reference volumes"),
    [LIMIT_LOW] = REAL("volume_limit_low_mm3", 3, "mm^3", "lower limit of agreement"),
    [LIMIT_HIGH] = REAL("volume_limit_high_mm3", 3, "mm^3", "upper limit of agreement"),
    [UNCERTAINTY_R] = REAL("uncertainty_r", 4, NULL, "correlation of Dice with uncertainty"),
    [UNCERTAINTY_P] = REAL("uncertainty_p", 6, NULL, "its p value"),
    [REASON] = TEXT("reason", "why the run failed"),
};

static const char *published_value(const struct study_results *results,
                                   const struct study_run *run, const char *metric)
{
    const struct study_published *number =
        study_number(results->study, run->set, run->source, run->method, run->labels, metric);
    return number ? number->value : NULL;
}

static enum ben_status set_texts(struct table *table, long row, const struct study_run *run)
{
    enum ben_status st = BEN_OK;
    TRY(table_set_text(table, row, DATASET, run->set->id));
    TRY(table_set_text(table, row, SPECIES, species_name(run->set->species)));
    TRY(table_set_text(table, row, MODALITY, run->set->modality));
    TRY(table_set_text(table, row, FIELD, run->set->field_t));
    TRY(table_set_text(table, row, SOURCE, run->source));
    TRY(table_set_text(table, row, METHOD, run->method));
    TRY(table_set_text(table, row, REASON, run->reason));
    if (run->labels >= 0)
        TRY(table_set_integer(table, row, LABELS, run->labels));
out:
    return st;
}

static enum ben_status set_numbers(struct table *table, long row, const struct study_result *r)
{
    enum ben_status st = BEN_OK;
    const struct summary *dice = &r->summary[study_metric("dice")];
    const struct {
        int column;
        double value;
    } cells[] = {{DICE_MEDIAN, dice->median},
                 {DICE_MEAN, dice->mean},
                 {DICE_LOW, dice->ci_low},
                 {DICE_HIGH, dice->ci_high},
                 {DICE_MIN, dice->min},
                 {SENSITIVITY, r->summary[study_metric("sensitivity")].mean},
                 {SPECIFICITY, r->summary[study_metric("specificity")].mean},
                 {HD95, r->summary[study_metric("hd95_mm")].mean},
                 {ASSD, r->summary[study_metric("assd_mm")].mean},
                 {SLOPE, r->volume.slope},
                 {SLOPE_LOW, r->volume.slope_low},
                 {SLOPE_HIGH, r->volume.slope_high},
                 {R2, r->volume.r2},
                 {BIAS, r->agreement.bias},
                 {LIMIT_LOW, r->agreement.lower},
                 {LIMIT_HIGH, r->agreement.upper},
                 {UNCERTAINTY_R, r->uncertainty.r},
                 {UNCERTAINTY_P, r->uncertainty.p}};
    TRY(table_set_integer(table, row, N, dice->n));
    TRY(table_set_integer(table, row, FAILED, r->failed));
    for (size_t c = 0; c < sizeof cells / sizeof cells[0]; c++)
        TRY(table_set_real(table, row, cells[c].column, cells[c].value));
out:
    return st;
}

enum ben_status study_table_runs(const struct study_results *results, struct table **table)
{
    enum ben_status st = BEN_OK;
    static const struct {
        int column;
        const char *metric;
    } published[] = {{DICE_PUBLISHED, "dice"},
                     {SENSITIVITY_PUBLISHED, "sensitivity"},
                     {SPECIFICITY_PUBLISHED, "specificity"},
                     {HD95_PUBLISHED, "hd95_mm"}};
    TRY(table_create(run_columns, RUN_COLUMNS, table));
    for (int i = 0; i < results->n; i++) {
        const struct study_result *r = &results->list[i];
        long row;
        TRY(table_add_row(*table, &row));
        TRY(set_texts(*table, row, r->run));
        TRY(set_numbers(*table, row, r));
        for (size_t c = 0; c < sizeof published / sizeof published[0]; c++)
            TRY(table_set_text(*table, row, published[c].column,
                               published_value(results, r->run, published[c].metric)));
    }
out:
    return st;
}

enum {
    C_DATASET,
    C_SOURCE,
    C_METHOD,
    C_LABELS,
    C_METRIC,
    C_STATISTIC,
    C_PUBLISHED,
    C_HERE,
    C_N,
    C_NOTE,
    C_COLUMNS
};

static const struct table_column comparison_columns[C_COLUMNS] = {
    [C_DATASET] =
        TEXT("dataset", "data set, or a species where the number is of all its scans"),
    [C_SOURCE] = TEXT("source", "data set whose weights it began with"),
    [C_METHOD] = TEXT("method", "way of adapting, or another program"),
    [C_LABELS] = COUNT("labels", "labelled scans it was adapted with"),
    [C_METRIC] = TEXT("metric", "what was measured"),
    [C_STATISTIC] = TEXT("statistic", "of the scans; n/a: not said, here the mean"),
    [C_PUBLISHED] = TEXT("published", "the published number"),
    [C_HERE] = REAL("here", 4, NULL, "the same of this evaluation"),
    [C_N] = COUNT("n", "scans behind it"),
    [C_NOTE] = TEXT("note", "what is to be known of the published number"),
};

enum ben_status study_table_comparison(const struct study_results *results,
                                       struct table **table)
{
    enum ben_status st = BEN_OK;
    TRY(table_create(comparison_columns, C_COLUMNS, table));
    for (int i = 0; i < results->study->n_published; i++) {
        const struct study_published *number = &results->study->published[i];
        double here;
        long row, n;
        TRY(study_results_here(results, number, &here, &n));
        TRY(table_add_row(*table, &row));
        TRY(table_set_text(*table, row, C_DATASET, number->dataset));
        TRY(table_set_text(*table, row, C_SOURCE, number->source));
        TRY(table_set_text(*table, row, C_METHOD, number->method));
        if (number->labels >= 0)
            TRY(table_set_integer(*table, row, C_LABELS, number->labels));
        TRY(table_set_text(*table, row, C_METRIC, number->metric));
        TRY(table_set_text(*table, row, C_STATISTIC, number->statistic));
        TRY(table_set_text(*table, row, C_PUBLISHED, number->value));
        TRY(table_set_real(*table, row, C_HERE, here));
        if (n > 0)
            TRY(table_set_integer(*table, row, C_N, n));
        TRY(table_set_text(*table, row, C_NOTE, number->note));
    }
out:
    return st;
}

enum {
    T_DATASET,
    T_SOURCE,
    T_LABELS,
    T_METHOD,
    T_OTHER,
    T_N,
    T_DIFFERENCE,
    T_T,
    T_WILCOXON,
    T_MANN_WHITNEY,
    T_HOLM,
    T_COLUMNS
};

static const struct table_column test_columns[T_COLUMNS] = {
    [T_DATASET] = TEXT("dataset", "data set that was measured"),
    [T_SOURCE] = TEXT("source", "data set whose weights the method began with"),
    [T_LABELS] = COUNT("labels", "labelled scans of the method"),
    [T_METHOD] = TEXT("method", "the method"),
    [T_OTHER] = TEXT("other", "the method it is compared with, with as many labels"),
    [T_N] = COUNT("n", "scans that both measured"),
    [T_DIFFERENCE] =
        REAL("dice_difference", 4, NULL, "mean Dice of the method less the other's"),
    [T_T] = REAL("p_paired_t", 6, NULL, "p value of the paired t-test"),
    [T_WILCOXON] = REAL("p_wilcoxon", 6, NULL, "p value of Wilcoxon's signed-rank test"),
    [T_MANN_WHITNEY] = REAL("p_mann_whitney", 6, NULL, "p value of Mann and Whitney's test"),
    [T_HOLM] = REAL("p_wilcoxon_holm", 6, NULL,
                    "Wilcoxon's p value corrected for the number of tests (Holm)"),
};

/* Both measured the scans of the set's test.tsv, in its order. */
static bool comparable(const struct study_run *a, const struct study_run *b)
{
    bool same_source = !a->source || !b->source || strcmp(a->source, b->source) == 0;
    return a->set == b->set && same_source && strcmp(a->method, "ben") == 0 &&
           strcmp(b->method, "ben") != 0 && (a->labels == b->labels || b->external);
}

static enum ben_status add_test(struct table *table, const struct study_result *a,
                                const struct study_result *b, double *p)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)(a->scores.n < b->scores.n ? a->scores.n : b->scores.n);
    double *x = calloc(n + 1, sizeof *x), *y = calloc(n + 1, sizeof *y);
    struct test_result t, w, u;
    long row;
    TRY_NEW(x);
    TRY_NEW(y);
    for (size_t i = 0; i < n; i++) {
        ENSURE(strcmp(a->scores.list[i].scan, b->scores.list[i].scan) == 0);
        x[i] = a->scores.list[i].metrics.dice;
        y[i] = b->scores.list[i].metrics.dice;
    }
    compare_paired_t(x, y, (long)n, &t);
    TRY(compare_wilcoxon(x, y, (long)n, &w));
    TRY(compare_mann_whitney(x, (long)n, y, (long)n, &u));
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, T_DATASET, a->run->set->id));
    TRY(table_set_text(table, row, T_SOURCE, a->run->source));
    TRY(table_set_integer(table, row, T_LABELS, a->run->labels));
    TRY(table_set_text(table, row, T_METHOD, a->run->method));
    TRY(table_set_text(table, row, T_OTHER, b->run->method));
    TRY(table_set_integer(table, row, T_N, t.n_x));
    TRY(table_set_real(table, row, T_DIFFERENCE, t.effect));
    TRY(table_set_real(table, row, T_T, t.p));
    TRY(table_set_real(table, row, T_WILCOXON, w.p));
    TRY(table_set_real(table, row, T_MANN_WHITNEY, u.p));
    *p = w.p;
out:
    free(x);
    free(y);
    return st;
}

enum ben_status study_table_tests(const struct study_results *results, struct table **table)
{
    enum ben_status st = BEN_OK;
    size_t room = (size_t)results->n * (size_t)results->n + 1;
    double *p = malloc(room * sizeof *p);
    long n = 0;
    TRY_NEW(p);
    TRY(table_create(test_columns, T_COLUMNS, table));
    for (int i = 0; i < results->n; i++)
        for (int j = 0; j < results->n; j++) {
            const struct study_result *a = &results->list[i], *b = &results->list[j];
            if (comparable(a->run, b->run) && a->scores.n > 0 && b->scores.n > 0)
                TRY(add_test(*table, a, b, &p[n++]));
        }
    TRY(compare_holm(p, n));
    for (long row = 0; row < n; row++)
        TRY(table_set_real(*table, row, T_HOLM, p[row]));
out:
    free(p);
    return st;
}

enum { L_DATASET, L_SCOPE, L_METHOD, L_TRIED, L_LABELS, L_PUBLISHED, L_COLUMNS };

static const struct table_level scopes[] = {
    {"species", "all data sets of that species together"},
    {"data set", "one data set"},
    {NULL, NULL}};

static const struct table_column label_columns[L_COLUMNS] = {
    [L_DATASET] = TEXT("dataset", "data set, or species for all its scans"),
    [L_SCOPE] = {"scope", BEN_TABLE_TEXT, 0, NULL, "what the first column is", scopes},
    [L_METHOD] = TEXT("method", "way of adapting"),
    [L_TRIED] = TEXT("tried", "numbers of labelled scans that were tried"),
    [L_LABELS] =
        COUNT("labels", "fewest labelled scans with which the median Dice reached 0.95; "
                        "n/a: with none of those tried"),
    [L_PUBLISHED] = TEXT("published", "the same as published"),
};

static const char *const learning_methods[] = {"ben", "finetune", "scratch"};

/* The next number of labels above last that was tried; -1: none. */
static int next_tried(const struct study_results *results, const struct study_set *set,
                      enum species species, const char *method, int last)
{
    int next = -1;
    for (int i = 0; i < results->n; i++) {
        const struct study_run *run = results->list[i].run;
        if ((set ? run->set == set : run->set->species == species) && run->labels > last &&
            (next < 0 || run->labels < next) && strcmp(run->method, method) == 0)
            next = run->labels;
    }
    return next;
}

/* "0, 1, 5"; the caller frees; NULL without memory. */
static char *list_tried(const struct study_results *results, const struct study_set *set,
                        enum species species, const char *method)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    int last = -1;
    if (!to)
        return NULL;
    while ((last = next_tried(results, set, species, method, last)) >= 0)
        fprintf(to, "%s%d", ftell(to) > 0 ? ", " : "", last);
    if (fclose(to) == 0)
        return text;
    free(text);
    return NULL;
}

static enum ben_status add_labels(struct table *table, const struct study_results *results,
                                  const struct study_set *set, enum species species,
                                  const char *method)
{
    enum ben_status st = BEN_OK;
    const struct study_set of_species = {.id = species_name(species), .species = species};
    const struct study_published *number = study_number(
        results->study, set ? set : &of_species, NULL, method, -1, "labels_for_dice_0.95");
    int labels;
    long row;
    char *tried = NULL;
    if (next_tried(results, set, species, method, 0) < 0)
        return BEN_OK;
    TRY(study_results_labels(results, set, species, method, &labels));
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, L_DATASET, set ? set->id : species_name(species)));
    TRY(table_set_text(table, row, L_SCOPE, scopes[set ? 1 : 0].value));
    TRY(table_set_text(table, row, L_METHOD, method));
    TRY_NEW(tried = list_tried(results, set, species, method));
    TRY(table_set_text(table, row, L_TRIED, tried));
    if (labels >= 0)
        TRY(table_set_integer(table, row, L_LABELS, labels));
    if (!set)
        TRY(table_set_text(table, row, L_PUBLISHED, number ? number->value : NULL));
out:
    free(tried);
    return st;
}

enum ben_status study_table_labels(const struct study_results *results, struct table **table)
{
    enum ben_status st = BEN_OK;
    const int n_methods = sizeof learning_methods / sizeof learning_methods[0];
    TRY(table_create(label_columns, L_COLUMNS, table));
    for (int s = BEN_SPECIES_UNKNOWN + 1; s < BEN_SPECIES_COUNT; s++)
        for (int m = 0; m < n_methods; m++)
            TRY(add_labels(*table, results, NULL, (enum species)s, learning_methods[m]));
    for (int i = 0; i < results->study->n; i++)
        for (int m = 0; m < n_methods; m++)
            TRY(add_labels(*table, results, &results->study->sets[i], BEN_SPECIES_UNKNOWN,
                           learning_methods[m]));
out:
    return st;
}

enum {
    S_DATASET,
    S_SOURCE,
    S_METHOD,
    S_LABELS,
    S_SCAN,
    S_PARTICIPANT,
    S_REASON,
    S_UNCERTAINTY,
    S_METRICS,
    S_COLUMNS = S_METRICS + METRICS_FIELDS
};

static enum ben_status add_scan(struct table *table, const struct study_run *run,
                                const struct study_score *score)
{
    enum ben_status st = BEN_OK;
    long row;
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, S_DATASET, run->set->id));
    TRY(table_set_text(table, row, S_SOURCE, run->source));
    TRY(table_set_text(table, row, S_METHOD, run->method));
    if (run->labels >= 0)
        TRY(table_set_integer(table, row, S_LABELS, run->labels));
    TRY(table_set_text(table, row, S_SCAN, score->scan));
    TRY(table_set_text(table, row, S_PARTICIPANT, score->participant));
    TRY(table_set_text(table, row, S_REASON, score->reason));
    TRY(table_set_real(table, row, S_UNCERTAINTY, score->uncertainty));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(table_set_real(table, row, S_METRICS + f, metrics_value(&score->metrics, f)));
out:
    return st;
}

static enum ben_status table_scans(const struct study_results *results, struct table **table)
{
    enum ben_status st = BEN_OK;
    static struct table_column columns[S_COLUMNS] = {
        [S_DATASET] = TEXT("dataset", "data set that was measured"),
        [S_SOURCE] = TEXT("source", "data set whose weights it began with"),
        [S_METHOD] = TEXT("method", "way of adapting, or another program"),
        [S_LABELS] = COUNT("labels", "labelled scans it was adapted with"),
        [S_SCAN] = TEXT("scan", "the scan"),
        [S_PARTICIPANT] = TEXT("participant_id", "the animal or person"),
        [S_REASON] = TEXT("reason", "why it could not be measured"),
        [S_UNCERTAINTY] = REAL("uncertainty", BEN_TABLE_SHORTEST, NULL,
                               "uncertainty of the prediction by Monte Carlo dropout"),
    };
    for (int f = 0; f < METRICS_FIELDS; f++)
        columns[S_METRICS + f] =
            (struct table_column){metrics_fields[f].name,        BEN_TABLE_REAL,
                                  metrics_fields[f].decimals,    metrics_fields[f].unit,
                                  metrics_fields[f].description, NULL};
    TRY(table_create(columns, S_COLUMNS, table));
    for (int i = 0; i < results->n; i++)
        for (long s = 0; s < results->list[i].scores.n; s++)
            TRY(add_scan(*table, results->list[i].run, &results->list[i].scores.list[s]));
out:
    return st;
}

enum ben_status study_tables_write(const struct study_results *results)
{
    enum ben_status st = BEN_OK;
    static const struct {
        const char *name;
        enum ben_status (*make)(const struct study_results *, struct table **);
    } files[] = {{"results.tsv", study_table_runs},
                 {"scans.tsv", table_scans},
                 {"comparison.tsv", study_table_comparison},
                 {"tests.tsv", study_table_tests},
                 {"labels.tsv", study_table_labels}};
    struct table *table = NULL;
    char *path = NULL;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        TRY(files[i].make(results, &table));
        TRY_NEW(path = util_format("%s/%s", results->output, files[i].name));
        TRY(table_write(table, path));
        free(path);
        path = NULL;
        table_free(&table);
    }
out:
    free(path);
    table_free(&table);
    return st;
}
