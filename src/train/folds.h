/* SPDX-License-Identifier: BSD-3-Clause */
/* Which scans train and which validate: always whole participants, never runs of one animal on
 * both sides. The split is a function of the participants' names and the seed alone, not of
 * the order of the scans, and spreads over the datasets. */
#ifndef BEN_TRAIN_FOLDS_H
#define BEN_TRAIN_FOLDS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct folds_config {
    uint64_t seed;
    int folds;       /* 0 or 1: no cross-validation */
    int fold;        /* 1..folds: the part that validates */
    double fraction; /* without folds: share of the participants that validate, [0, 1) */
};

/* names[i] is scan i's participant, "dataset/sub-01"; validates [n] is set. With a fraction
 * above zero at least one participant validates. Local.
 * Fails: BEN_E_ARG when there are fewer participants than folds, or when none is left to
 * train; BEN_E_MEMORY. */
enum ben_status folds_split(const struct folds_config *config, const char *const *names, int n,
                            bool *validates);

/* chosen [n] := whether scan i's participant is one of the first wanted in an order drawn by the
 * seed; allowed [n] leaves others out. Local. Fails: BEN_E_MEMORY. */
enum ben_status folds_choose(uint64_t seed, int wanted, const char *const *names,
                             const bool *allowed, int n, bool *chosen);

#endif
