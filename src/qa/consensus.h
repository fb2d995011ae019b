/* SPDX-License-Identifier: BSD-3-Clause */
/* One mask out of several raters' masks of one scan. What the raters marked in a voxel is its pattern:
 * bit r is set where rater r has it inside. A pattern decides all, so that a scan is reduced to the
 * number of voxels of each pattern; whole numbers, whatever the order they were counted in. All
 * Local; deterministic. */
#ifndef BEN_QA_CONSENSUS_H
#define BEN_QA_CONSENSUS_H

#include "base/status.h"

#include <stdint.h>

#define CONSENSUS_RATERS 12 /* at most */

enum consensus_kind {
    CONSENSUS_MAJORITY, /* inside where more than half of the raters are: a tie is outside */
    CONSENSUS_STAPLE, /* inside where that is likelier than not, raters weighted by how well they
                           do: expectation maximisation (Warfield et al. 2004) from sensitivities
                           and specificities of 0.99999, with the mean share of voxels inside as
                           prior */
};

struct consensus {
    double
        inside[1 << CONSENSUS_RATERS]; /* of each pattern: share of raters, or the probability
                                             by STAPLE; above one half is inside */
    double
        sensitivity[CONSENSUS_RATERS]; /* STAPLE's of each rater; NaN by majority, for raters */
    double specificity[CONSENSUS_RATERS]; /* who do not count, and where no voxel tells */
};

/* The consensus of the raters whose bits are set in who (at least one, all below n): voxels
 * [1 << n] of each pattern of all n raters. Patterns that differ in the others' bits alone have the
 * same result. Fails: BEN_E_MEMORY. */
enum ben_status consensus_find(enum consensus_kind kind, const uint64_t *voxels, int n,
                               unsigned who, struct consensus *consensus);

/* The chance that two of the n >= 2 raters drawn at random disagree in a voxel of that pattern: 0 where
 * all are of one mind. */
double consensus_disagreement(unsigned pattern, int n);

/* Dice of raters a and b; 1 where both are empty. */
double consensus_dice(const uint64_t *voxels, int n, int a, int b);

#endif
