/* SPDX-License-Identifier: BSD-3-Clause */
/* How near the network looks. Slices hold the whole field of view, and where the brain is a small
 * part of that, fewer of the network's pixels are left for it than it was trained on, and masks
 * become worse (docs/results.md). Then the slices are cut anew from a square around the brain.
 *
 *   predict_scan, { frame_settle -> predict_scan } until that finds nothing to change */
#ifndef BEN_QA_FRAME_H
#define BEN_QA_FRAME_H

#include "qa/predict.h"

#include <stdbool.h>

#define FRAME_LEAST 0.6  /* of the square's edge the brain takes, or it is looked at nearer */
#define FRAME_AIM   0.78 /* what it takes then */
#define FRAME_NEARER                                                                           \
    0.5 /* the edge shrinks to no less than this at once: the mask may be poor */
#define FRAME_ENLARGED                                                                         \
    3.5                  /* voxels become no more of the network's pixels: no detail is left */
#define FRAME_WORTH  0.9 /* nothing changes unless the edge shrinks to less than this */
#define FRAME_ROUNDS 3   /* times at most that it changes */
#define FRAME_REST   0.005 /* of the mask's voxels on each side do not count for the extent */

/* prob [voxels of the canonical grid] of the slices as they are; voxels above the threshold are
 * brain. nearer := whether prepared->slices changed; never where no voxel is. Local; the same on
 * all ranks that have the same prob. Fails: BEN_E_MEMORY. */
enum ben_status frame_settle(struct prepared *prepared, const float *prob, float threshold,
                             bool *nearer);

/* predict_scan, with maps->prob, and again from nearer as long as the brain is small: what maps and
 * sums hold at the end is of prepared->slices as they are then. scan: its name for the log.
 * Collective on team. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status frame_predict(const struct comm *team, struct net *net,
                              const struct predict_config *config, const char *scan,
                              struct prepared *prepared, const struct predict_maps *maps,
                              struct mcqa_sums *sums);

#endif
