/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation against several raters: of each scan the raters' consensus is the reference of the
 * predictions, and the consensus of the others that of each rater, so that no one is judged by
 * himself. The results are those of qa/evaluate.h, raters being methods like any other; maps of the
 * consensus and of the raters' disagreement are written on the way. */
#ifndef BEN_QA_RATERS_H
#define BEN_QA_RATERS_H

#include "qa/consensus.h"
#include "qa/evaluate.h"

struct raters_options {
    enum consensus_kind kind;
    long first_pair;    /* of the raters' pairs, which stand behind those of all methods */
    const char *folder; /* for the maps */
};

/* What else is known of a rater in a scan. Plain bytes. */
struct rater_score {
    int raters;                      /* of the scan; 0: no rater's pair, or it failed */
    double dice_with_others;         /* mean of the Dice with each other rater */
    double sensitivity, specificity; /* STAPLE's; NaN by majority */
    double consensus_mm3, union_mm3; /* of all raters */
    double disagreement;             /* mean of the map over the union; NaN: empty */
};

/* rows and scores [pairs->n] := the results, on every rank, slices as in evaluate_pairs. The pairs'
 * references become the consensus. Writes FOLDER/ID_desc-consensus_mask.nii.gz,
 * FOLDER/ID_desc-disagreement_map.nii.gz (the chance that two raters disagree) and with STAPLE
 * FOLDER/ID_desc-consensus_probseg.nii.gz. A scan that fewer than two raters marked fails; a rater
 * whose mask cannot be used is left out of it. Collective. Fails alike: BEN_E_ARG for more than
 * CONSENSUS_RATERS raters or fewer than 2, BEN_E_IO where the maps cannot be written, BEN_E_MEMORY,
 * BEN_E_MPI. */
enum ben_status raters_evaluate(const struct comm *comm, struct pairs *pairs,
                                const struct evaluate_options *options,
                                const struct raters_options *raters, struct evaluate_row *rows,
                                struct rater_score *scores, char **slices);

/* Writes a row for each rater and scan, with a dictionary. Local. Fails: BEN_E_IO. */
enum ben_status raters_write(const char *path, const struct pairs *pairs,
                             const struct rater_score *scores);

#endif
