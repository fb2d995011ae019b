/* SPDX-License-Identifier: BSD-3-Clause */
/* How good the network is on held-out scans: Dice of each whole scan's thresholded
 * probabilities against its mask, on the network's own grid. */
#ifndef BEN_TRAIN_VALIDATE_H
#define BEN_TRAIN_VALIDATE_H

#include "nn/net.h"
#include "train/dataset.h"

struct validation {
    int n_scans;                 /* labelled scans that validate; 0: nothing was measured */
    double mean, median, lowest; /* Dice over the scans */
    int lowest_scan;             /* its index in the data set */
};

/* Predicts the labelled scans with use[scan]. The ranks share the slices; the counts are whole
 * numbers, so the result is the same for any number of ranks. max_batch as net was created. Collective.
 * Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status validate_dice(const struct comm *world, struct net *net, int max_batch,
                              const struct dataset *dataset, const bool *use, double threshold,
                              struct validation *validation);

#endif
