/* SPDX-License-Identifier: BSD-3-Clause */
/* Noisy scans. Where noise is as strong as the contrasts, the network finds next to nothing, though
 * the same scan, smoothed a little, is easy (docs/results.md). Where it is unsure of a scan it
 * therefore looks at it smoothed, and where it is then far surer, that is what it works on.
 *
 *   predict_scan, noise_settle -> predict_scan */
#ifndef BEN_QA_NOISE_H
#define BEN_QA_NOISE_H

#include "prep/prepare.h"
#include "qa/look.h"

#define NOISE_SURE   0.97 /* with this expected Dice of the whole scan nothing is looked at */
#define NOISE_MARGIN 0.75 /* 1 - expected Dice must be less than this times, smoothed */
#define NOISE_WIDER  0.85 /* and with a wider Gaussian than this times a narrower one's */

struct noise_choice {
    double sd;   /* voxels; 0: the scan stays as it is */
    double scan; /* expected Dice of the whole scan, 0 where nothing is brain */
    /* Of the slices that were looked at, as they are and smoothed at best; NaN: none were. */
    double plain, smoothed;
};

/* prob [voxels of the canonical grid], on rank 0: what the network made of the scan as it is, pixels
 * above the threshold being brain. Where it is unsure, Gaussians of 0.6 and 1 voxels along the axes of
 * short voxels are tried, and of 1.6 where the second was better than the first. Where the best of them
 * is better than the scan as it is by the margin, prepared->volume becomes that, normalised anew, and
 * prepared->slices as planned. Collective on team; the result depends neither on its size nor on
 * threads. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status noise_settle(const struct comm *team, struct net *net, float threshold,
                             const struct normalise_config *normalise,
                             const struct slice_geometry *planned, const float *prob,
                             struct prepared *prepared, struct noise_choice *choice);

/* Logs that a scan was smoothed. Local. */
void noise_tell(const char *scan, const struct noise_choice *choice);

#endif
