/* SPDX-License-Identifier: BSD-3-Clause */
/* From the table and the data that are there to the plan. Local: rank 0's business. */
#ifndef BEN_CLI_EVALUATE18_PLAN_H
#define BEN_CLI_EVALUATE18_PLAN_H

#include "cli/evaluate18.h"

/* Opens the data sets, writes their manifests below output and OUTPUT/datasets.tsv (what is there
 * and what is not), and makes the plan's text (fresh). table: the path of the study's table.
 * Fails: BEN_E_ARG for methods, labels or ids that mean nothing, and where no data set is there;
 * BEN_E_IO. */
enum ben_status evaluate18_plan_make(const struct evaluate18_config *config, const char *table,
                                     const struct study *study, const char *output, char **text,
                                     size_t *n);

#endif
