/* SPDX-License-Identifier: BSD-3-Clause */
/* Intensities to [0, 1]: (v - low) / (high - low), clipped, low and high being percentiles of
 * the whole volume (Yu et al. 2022: the 1st and the 99th). */
#ifndef BEN_PREP_NORMALISE_H
#define BEN_PREP_NORMALISE_H

#include "io/volume.h"
#include "mpi/comm.h"

struct normalise_config {
    double low_percent, high_percent; /* 0 <= low < high <= 100 */
};

struct normalise_range {
    float low, high; /* intensities that become 0 and 1; low < high */
    bool sparse;     /* both percentiles were equal, see normalise_find */
};

/* 1 and 99. */
struct normalise_config normalise_defaults(void);

/* The percentiles of the volume, exact. Every rank of the team holds the whole volume and counts
 * its share of the slices. Where both percentiles are the same value c (more than 98 % of an
 * image is background, say), they are taken over the voxels that are not c, and the range is
 * widened to contain c. Collective on team; the same result on every rank and for every team.
 * Fails on all ranks alike: BEN_E_ARG bad percentiles, BEN_E_INPUT a constant image, NaN or
 * infinite voxels. */
enum ben_status normalise_find(const struct comm *team, const struct normalise_config *config,
                               const struct volume *volume, struct normalise_range *range);

/* Maps the voxels in place. Local; threads share the voxels. */
void normalise_apply(const struct normalise_range *range, struct volume *volume);

/* Both steps; range may be NULL. Collective on team. */
enum ben_status normalise_volume(const struct comm *team, const struct normalise_config *config,
                                 struct volume *volume, struct normalise_range *range);

#endif
