/* SPDX-License-Identifier: BSD-3-Clause */
/* One scan from file to files, worked on by a team: read, prepare, predict, post-process, back
 * to the scan's own grid, write. */
#ifndef BEN_CLI_SEGMENT_SCAN_H
#define BEN_CLI_SEGMENT_SCAN_H

#include "mpi/comm.h"
#include "nn/net.h"
#include "prep/post.h"
#include "prep/prepare.h"
#include "qa/filter.h"
#include "qa/predict.h"

#include <stdbool.h>

#define BEN_VOLUME_ALL (-2) /* every time point of a 4-D scan */

struct segment_job {
    const char *image;
    int volume; /* 0-based, BEN_VOLUME_DEFAULT or BEN_VOLUME_ALL */
    struct prepare_config prepare;
    bool settle_plane; /* the network may choose another one (qa/plane.h) */
    bool settle_frame; /* and look at a small brain from nearer (qa/frame.h) */
    /* Where it is unsure (qa/doubt.h): bias corrected strongly, a noisy scan smoothed, a coarse one
     * sharpened. */
    bool settle_bias, settle_noise, settle_blur;
    struct post_config post; /* but for mend_plane */
    bool mend_slices;        /* across the plane that they were cut in */
    struct predict_config predict;
    struct mcqa_limits limits; /* for the picture's caption */
    /* What is written; parents must exist. NULL: not wanted, but for the mask. */
    const char *mask, *probability, *brain, *mosaic;
    const char *uncertainty, *attention; /* as qa/predict.h has them */
};

struct segment_result {
    double volume_mm3;      /* of the mask; the mean over the volumes of a 4-D scan */
    int n_volumes;          /* segmented */
    int slices;             /* that the network saw, of each */
    enum slice_plane plane; /* that they were cut in */
    bool n4, n4_strong;     /* bias was corrected, and strongly */
    struct filter filter;   /* through which it was seen */
    /* Of the Monte Carlo samples, means over the volumes of a 4-D scan; NaN without: */
    double uncertainty; /* the scan's score */
    struct mcqa_figures figures;
    double read_s, n4_s, prepare_s, network_s, post_s, write_s;
};

/* Nothing is left under the final names where it fails. An empty mask is no error: its volume
 * is 0 and the caller flags it. Collective on team; all ranks return the same status, the
 * result counts on rank 0 of the team. Fails: BEN_E_INPUT, BEN_E_IO, BEN_E_MEMORY for what is
 * wrong with this scan alone. */
enum ben_status segment_scan(const struct comm *team, struct net *net,
                             const struct segment_job *job, struct segment_result *result);

#endif
