/* SPDX-License-Identifier: BSD-3-Clause */
/* Noisy scans. Where noise is as strong as the contrasts, the network finds next to nothing, though
 * the same scan, smoothed a little, is easy (docs/results.md). Of a scan that it is unsure of
 * (qa/doubt.h) it therefore looks at some slices smoothed, and where it is then far surer, that is
 * what it works on. */
#ifndef BEN_QA_NOISE_H
#define BEN_QA_NOISE_H

#include "prep/prepare.h"
#include "qa/look.h"

#define NOISE_MARGIN 0.75 /* 1 - expected Dice must be less than this times, smoothed */
#define NOISE_HINT   0.9  /* less than this times with a voxel, or no other width is tried */
#define NOISE_WIDER  0.85 /* and with a wider Gaussian than this times a narrower one's */

struct noise_choice {
    double sd; /* voxels; 0: the scan stays as it is */
    /* Expected Dice of the slices that were looked at, as they are and smoothed at best. */
    double plain, smoothed;
};

/* Looks at the prepared scan as it is and smoothed by a voxel along the axes of short voxels; where that
 * helps at all, also by 0.6, and by 1.6 where 1 was better than 0.6. Where the best of them is better than
 * the scan as it is by the margin, prepared->volume becomes that, normalised anew. Collective on the
 * look's team; the result depends neither on its size nor on threads. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status noise_settle(const struct look *look, const struct normalise_config *normalise,
                             struct prepared *prepared, struct noise_choice *choice);

/* Smooths the volume by sd voxels as noise_settle does, and normalises it anew. Collective on team. */
enum ben_status noise_smooth(const struct comm *team, const struct normalise_config *normalise,
                             double sd, struct volume *volume);

#endif
