/* SPDX-License-Identifier: BSD-3-Clause */
/* The network on a prepared scan: slices in batches, probabilities back on the canonical grid; on
 * request Monte Carlo samples besides, with maps and sums that tell how sure it is,
 * and what the network looks at. */
#ifndef BEN_QA_PREDICT_H
#define BEN_QA_PREDICT_H

#include "mpi/comm.h"
#include "nn/net.h"
#include "prep/prepare.h"
#include "qa/mcqa.h"

#define BEN_PREDICT_BATCH 8 /* slices per call: enough for the threads, small in memory */

struct predict_config {
    uint32_t samples; /* Monte Carlo samples of each slice; 0: none, the plain pass alone */
    uint64_t seed;    /* of their dropout masks, with the slice's place in the scan: all scans
                         are seen through the same masks, whoever works on them */
    float threshold;  /* of the mask that the sums are about */
};

#define BEN_PREDICT_CELL 16 /* network pixels along the edge of one of the net's positions */

/* What prediction gives, written whole on every rank of the team. */
struct predict_maps {
    bool on_root; /* voxels' maps are wanted on rank 0 alone; others write their own slices' */
    /* [voxels of the canonical grid] of the plain pass; may be the prepared
     * volume's own voxels, whose slices are taken out before their probabilities come in */
    float *prob;
    float *uncertainty; /* likewise, aleatoric + epistemic; NULL: not wanted; needs samples */
    /* [slices][size / BEN_PREDICT_CELL][the same]: how much the brain's positions draw on each
     * position in the non-local block, 1 where all are drawn on alike, 0 in slices without brain:
     * the weights of its queries, each counting with the share of its pixels above the threshold.
     * NULL: not wanted; needs a net with that block. */
    float *attention;
};

/* The slices are shared among the ranks. sums: of the whole scan, added in slice order, on every
 * rank; NULL: not wanted; needs samples. The net's max_batch is at least BEN_PREDICT_BATCH.
 * Results depend neither on the team's size nor on threads. Collective on team. */
enum ben_status predict_scan(const struct comm *team, struct net *net,
                             const struct predict_config *config,
                             const struct prepared *prepared, const struct predict_maps *maps,
                             struct mcqa_sums *sums);

/* Floats of predict_maps.attention. Local. */
size_t predict_attention_floats(const struct prepared *prepared);

/* attention as above, linear between the positions' centres -> map [voxels of the canonical grid].
 * Local. Fails: BEN_E_MEMORY. */
enum ben_status predict_attention_map(const struct prepared *prepared, const float *attention,
                                      float *map);

/* One plain pass, prob alone. */
enum ben_status predict_volume(const struct comm *team, struct net *net,
                               const struct prepared *prepared, float *prob);

#endif
