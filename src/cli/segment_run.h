/* SPDX-License-Identifier: BSD-3-Clause */
/* The run of segment over all its scans. */
#ifndef BEN_CLI_SEGMENT_RUN_H
#define BEN_CLI_SEGMENT_RUN_H

#include "cli/command.h"

struct segment_config {
    struct common_options common;
    const char *volume;
    int plane; /* 0 auto, then enum slice_plane + 1 */
    bool n4, n4_strong;
    int n4_shrink;
    bool denoise, sharpen;
    double threshold;
    int components;
    double min_mm3;
    bool mend_slices, fill_holes, probability, brain, mosaic;
    int mc; /* Monte Carlo samples; 0: none */
    bool uncertainty, attention;
    double review_from, fail_from; /* uncertainty of a scan */
    struct option_texts participants, where;
    const char *split, *shard;
    bool hdf5, restart, strict;
};

/* config: struct segment_config. File to file when there is one input and the last argument
 * ends like a NIfTI file; else into a folder with journal, tables and cohort.h5. Collective. */
enum ben_status segment_run(struct command_context *context, void *config);

#endif
