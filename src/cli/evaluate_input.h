/* SPDX-License-Identifier: BSD-3-Clause */
/* What evaluate is given: predictions of one or several methods, references, and tables that know
 * more of the scans. */
#ifndef BEN_CLI_EVALUATE_INPUT_H
#define BEN_CLI_EVALUATE_INPUT_H

#include "cli/command.h"
#include "qa/pairs.h"

struct evaluate_config {
    struct common_options common;
    bool complete, slices, plots;
    double ref_close_mm;
    int plane; /* 0 auto, then as enum slice_plane + 1 */
    struct option_texts group_by, tables;
    struct option_texts raters; /* others than the reference */
    int consensus;              /* enum consensus_kind */
    const char *uncertainty;
};

/* The pairs of all methods, the same on every rank: arguments [NAME=]PRED... [NAME=]REF OUTPUT.
 * Where there are raters, theirs follow, REF's first, from *first_rater on; else that is the number of
 * pairs. Collective. Fails alike: BEN_E_ARG, BEN_E_IO. */
enum ben_status evaluate_inputs(const struct command_context *context,
                                const struct evaluate_config *config, struct pairs **pairs,
                                long *first_rater);

/* What tables know of the pairs: beside the predictions, beside the references, and given ones. */
struct evaluate_known {
    char **groups;       /* [n] NULL where there is none */
    double *uncertainty; /* [n] NaN where there is none */
};

/* Local. Fails: BEN_E_ARG for a column to group by that no table has, BEN_E_INPUT, BEN_E_IO. */
enum ben_status evaluate_know(const struct command_context *context,
                              const struct evaluate_config *config, const struct pairs *pairs,
                              struct evaluate_known *known);
void evaluate_forget(struct evaluate_known *known, long n);

#endif
