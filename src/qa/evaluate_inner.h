/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of qa/evaluate share; nobody else needs this. All Local. */
#ifndef BEN_QA_EVALUATE_INNER_H
#define BEN_QA_EVALUATE_INNER_H

#include "io/table.h"
#include "qa/evaluate.h"

#include <stdio.h>

/* A mask as it was read. */
struct evaluate_image {
    uint8_t *mask;
    struct nifti_info info;
};

/* A row without a result, and one of what just failed. */
void evaluate_start_row(struct evaluate_row *row);
void evaluate_fail_row(struct evaluate_row *row, const char *id);

/* Fills the row, and slices where not NULL. Closes the reference where the options say so. Fails:
 * BEN_E_INPUT where the sizes differ, BEN_E_MEMORY. */
enum ben_status evaluate_compare(const struct pair *pair,
                                 const struct evaluate_options *options,
                                 const struct evaluate_image *pred, struct evaluate_image *ref,
                                 struct evaluate_row *row, FILE *slices);

/* Two masks on one grid. */
struct evaluate_masks {
    const struct nifti_info *info;
    const uint8_t *pred, *ref;
};

/* Writes the lines of the slices' table for one pair. Fails: BEN_E_MEMORY. */
enum ben_status evaluate_slices(const struct pair *pair, const struct evaluate_masks *masks,
                                int plane, FILE *to);

/* Writes that table, lines given, with its dictionary. */
enum ben_status evaluate_write_slices(const char *path, const char *lines);

/* The tables of statistics. */
enum ben_status evaluate_write_volumes(const char *path, const struct evaluate_results *results,
                                       const struct evaluate_parts *parts);
enum ben_status evaluate_write_tests(const char *path, const struct evaluate_results *results,
                                     const struct evaluate_parts *parts);
enum ben_status evaluate_write_uncertainty(const char *path,
                                           const struct evaluate_results *results,
                                           const struct evaluate_parts *parts);

/* columns [METRICS_FIELDS] := the metrics as columns of a table. */
void evaluate_metric_columns(struct table_column *columns);

/* Sets cells [first, first + n) of a row. */
enum ben_status evaluate_set_texts(struct table *table, long row, int first,
                                   const char *const *texts, int n);
enum ben_status evaluate_set_reals(struct table *table, long row, int first,
                                   const double *values, int n);

/* Whether the uncertainty of any prediction of the method (NULL: of any) is known. */
bool evaluate_knows_uncertainty(const struct evaluate_results *results, const char *method);

/* "all" for NULL. */
const char *evaluate_group_name(const char *group);

#endif
