/* SPDX-License-Identifier: BSD-3-Clause */
/* What is there of a data set of the table, which of its scans are measured and in which order
 * the others get labels. A function of the data and the seed alone. All Local: rank 0's business. */
#ifndef BEN_CLI_EVALUATE18_DATA_H
#define BEN_CLI_EVALUATE18_DATA_H

#include "cli/evaluate18.h"
#include "io/cohort.h"

struct evaluate18_data {
    const struct study_set *set;
    struct cohort *cohort; /* NULL: it is not there, and why says so */
    char *why;
    /* Indices of scans, in one array each: */
    long *test, n_test;   /* labelled, measured, never trained on */
    long *train, n_train; /* labelled, in the order of getting labels: of each participant one
                             scan before any gets its second */
    long *plain, n_plain; /* without a mask */
};

/* root: config->root or the table's folder. Only lack of memory fails: data that cannot be used
 * are not there. */
enum ben_status evaluate18_data_open(const struct study_set *set,
                                     const struct evaluate18_config *config, const char *root,
                                     struct evaluate18_data *data);
void evaluate18_data_free(struct evaluate18_data *data);

/* Manifests in folder: test.tsv (measured), train.tsv (all labels), labels-K.tsv: the first K of
 * train with their masks, the scans without labels to adapt with as config says. */
enum ben_status evaluate18_data_write(const struct evaluate18_data *data,
                                      const struct evaluate18_config *config,
                                      const char *folder, const int *labels, int n_labels);

#endif
