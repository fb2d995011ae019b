/* SPDX-License-Identifier: BSD-3-Clause */
/* The training log: a TSV table with one row per epoch. Its text is part of the checkpoint, so
 * that a run that goes on keeps one whole table. All columns but the last, seconds, are the
 * same for every run of the same training. */
#ifndef BEN_TRAIN_TRAIN_LOG_H
#define BEN_TRAIN_TRAIN_LOG_H

#include "train/selftrain.h"
#include "train/validate.h"

#include <stdint.h>

struct train_row {
    int64_t epoch, step;        /* epochs and steps made */
    double rate;                /* of the last step */
    double loss, entropy, dice; /* means over the labelled samples: total, CE, 1 - Dice; NAN */
    double pseudo;              /* mean 1 - Dice over the pseudo-labelled samples; NAN: none */
    double norm;                /* longest gradient */
    struct validation validation; /* n_scans 0: n/a */
    double seconds;
};

/* Appends the row, and the header before the first, to *log (fresh, the old one freed). Local.
 * Fails: BEN_E_MEMORY. */
enum ben_status train_log_add(char **log, const struct train_row *row);

/* The same for the rounds of pseudo-labels, which have a table of their own. */
struct round_row {
    int64_t round, epoch, step; /* all made before it */
    struct selftrain_report report;
    double seconds;
};
enum ben_status train_log_add_round(char **log, const struct round_row *row);

#endif
