/* SPDX-License-Identifier: BSD-3-Clause */
/* The results of an evaluation over many data sets: from the scores of each run (study_scores.h)
 * and the published numbers (io/study.h) to tables, figures like those of the paper, and one page
 * that holds all. Rank 0's business: Local. */
#ifndef BEN_QA_STUDY_RESULTS_H
#define BEN_QA_STUDY_RESULTS_H

#include "io/study.h"
#include "qa/compare.h"
#include "qa/statistics.h"
#include "qa/study_scores.h"

/* One method on one data set. Texts are the caller's. */
struct study_run {
    const struct study_set *set;
    const char *source; /* whose weights it began with; NULL: none, or shipped ones */
    const char *method;
    int labels;         /* -1: does not apply */
    bool external;      /* another program */
    const char *folder; /* of its scores.tsv, relative to the output */
    const char *reason; /* why it failed; NULL: it did not */
};

struct study_result {
    const struct study_run *run;
    struct study_scores scores; /* none where the run failed */
    long failed;                /* scans that could not be measured */
    struct summary summary[METRICS_FIELDS];
    struct regression volume;       /* predicted on reference volumes, mm^3 */
    struct agreement agreement;     /* predicted less reference volumes, mm^3 */
    struct correlation uncertainty; /* of Dice with the uncertainty */
};

/* What the page says of how the runs were made. */
struct study_settings {
    const char *summary;
    int n;
    struct study_setting {
        const char *title, *ini; /* INI text */
    } list[4];
};

struct study_results {
    const struct study *study;
    const struct study_settings *settings; /* for the page; may be NULL where none is made */
    const char *output;
    int n;
    struct study_result *list; /* [n] in the order of the runs */
};

/* Reads the scores of all runs. Fails: BEN_E_IO, BEN_E_INPUT, BEN_E_MEMORY. */
enum ben_status study_results_read(const struct study *study, const struct study_run *runs,
                                   int n, const char *output, struct study_results *results);
void study_results_free(struct study_results *results);

/* Index of a metric by its name; a bug where there is none. */
int study_metric(const char *name);

/* A set's own result where it is a source, else that of method with most labels; NULL where there is
 * none. */
const struct study_result *study_results_best(const struct study_results *results,
                                              const struct study_set *set, const char *method);

/* The result that stands for a set where any may: its source's own, else that of ben with most
 * labels, else that of the first method that was run on it of finetune, adabn, none, scratch. */
const struct study_result *study_results_stand(const struct study_results *results,
                                               const struct study_set *set);

/* values [*n] (fresh) of a metric, or of uncertainty for metric STUDY_UNCERTAINTY, over the scans
 * of the results that pick chooses, in order; NULL picks all. */
#define STUDY_UNCERTAINTY METRICS_FIELDS
typedef bool (*study_pick)(const struct study_results *, const struct study_result *,
                           const void *how);
enum ben_status study_results_values(const struct study_results *results, study_pick pick,
                                     const void *how, int metric, double **values, long *n);

/* What these results say where a number was published: the same data set (or species), source,
 * method, labels, metric and statistic; n: scans behind it. NaN where nothing was measured. */
enum ben_status study_results_here(const struct study_results *results,
                                   const struct study_published *published, double *value,
                                   long *n);

/* The fewest labels with which the median Dice over the scans of the sets that are given
 * reaches 0.95; -1: none does. set or species (set NULL) selects. */
enum ben_status study_results_labels(const struct study_results *results,
                                     const struct study_set *set, enum species species,
                                     const char *method, int *labels);

/* Writes below results->output, with a JSON dictionary beside each table: results.tsv (a row per
 * run), scans.tsv (a row per run and scan), comparison.tsv (a row per published number), tests.tsv
 * (methods against each other), labels.tsv (labels needed for a Dice of 0.95). */
enum ben_status study_tables_write(const struct study_results *results);

/* All of it: reads, writes the tables, figures/NAME.svg, evaluate18.md and evaluate18.html. Adds
 * to *failed the scans that could not be measured. */
enum ben_status study_report(const struct study *study, const struct study_run *runs, int n,
                             const struct study_settings *settings, const char *output,
                             long *failed);

#endif
