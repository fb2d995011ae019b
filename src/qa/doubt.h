/* SPDX-License-Identifier: BSD-3-Clause */
/* Scans that the network is unsure of, though it need not be:
 *
 * - strongly shaded ones. Near a surface coil a head is tens or hundreds of times as bright as far
 *   from it; N4 with its usual settings takes the bright part alone for the head and leaves the rest
 *   dark. A stronger correction goes before it then (prep/n4.h, n4_config_strong).
 * - noisy and coarse ones. They are smoothed, or sharpened (qa/filter.h).
 *
 * What is far surer so is what the network works on; where it is sure nothing is tried, so that clear
 * scans stay as they are. docs/results.md has the numbers.
 *
 *   predict_scan, doubt_settle -> predict_scan */
#ifndef BEN_QA_DOUBT_H
#define BEN_QA_DOUBT_H

#include "qa/filter.h"

#define DOUBT_SURE   0.97 /* with this expected Dice of the whole scan nothing is tried */
#define DOUBT_SHADED 3    /* n4_shading less than this: bias is not corrected strongly */
#define DOUBT_SHADING                                                                          \
    0.75 /* 1 - expected Dice must be less than this times, corrected strongly */

struct doubt_config {
    float threshold; /* pixels of a higher probability are brain */
    struct normalise_config normalise;
    bool smooth, sharpen;
    /* Prepares the scan once more from its file, bias corrected strongly, or leaves *corrected
     * zeroed where it is not shaded. Collective. NULL: not tried. */
    enum ben_status (*correct)(void *context, struct prepared *corrected);
    void *context;
};

struct doubt_choice {
    double scan; /* expected Dice of the whole scan, 0 where nothing is brain */
    bool strong; /* bias is corrected strongly */
    /* Expected Dice of the slices looked at, corrected as usual and strongly; NaN: not tried. */
    double usual, corrected;
    struct filter_choice filter; /* NaN: not tried */
};

/* prob [voxels of the canonical grid], on rank 0: what the network made of the scan as it is. Where
 * something does better by its margin, *prepared becomes that, to be cut as planned, or as the
 * corrected scan is. Collective on team; the result depends neither on its size nor on threads.
 * Fails: BEN_E_MEMORY, BEN_E_MPI, and as config->correct does. */
enum ben_status doubt_settle(const struct comm *team, struct net *net,
                             const struct doubt_config *config,
                             const struct slice_geometry *planned, const float *prob,
                             struct prepared *prepared, struct doubt_choice *choice);

/* Is anything other than it was? */
bool doubt_changed(const struct doubt_choice *choice);

/* Logs what was done to a scan, and in detail what was looked at. Local. */
void doubt_tell(const char *scan, const struct doubt_choice *choice);

#endif
