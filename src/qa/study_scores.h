/* SPDX-License-Identifier: BSD-3-Clause */
/* How good one method was on one data set, scan by scan: the table scores.tsv that a run of an
 * evaluation leaves, and from which its results are made, also much later. All Local but for
 * study_score_masks. */
#ifndef BEN_QA_STUDY_SCORES_H
#define BEN_QA_STUDY_SCORES_H

#include "mpi/comm.h"
#include "qa/metrics.h"
#include "qa/pairs.h"

struct study_score {
    char *scan, *participant; /* owned; participant "" where nobody said */
    char *reason;             /* why it could not be measured; NULL: it was */
    struct metrics metrics;   /* all NaN where it was not */
    double uncertainty;       /* of the prediction; NaN where unknown */
};

struct study_scores {
    long n;
    struct study_score *list;
};

/* The scores of pairs, which are the same on every rank, in their order; participants [n].
 * uncertainty: a results table of segment whose columns scan and uncertainty are taken where it
 * has them, or NULL. The scores are complete on every rank. Collective. */
enum ben_status study_score_masks(const struct comm *comm, const struct pairs *pairs,
                                  const char *const *participants, const char *uncertainty,
                                  struct study_scores *scores);

/* Fails: BEN_E_IO, BEN_E_MEMORY; reading BEN_E_INPUT for a table of another kind. */
enum ben_status study_scores_write(const struct study_scores *scores, const char *path);
enum ben_status study_scores_read(const char *path, struct study_scores *scores);

void study_scores_free(struct study_scores *scores);

#endif
