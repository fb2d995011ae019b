/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole training steps on made slices, with the time of each part: step_open, step_run, again
 * and again, step_close. */
#ifndef BEN_BENCH_STEP_H
#define BEN_BENCH_STEP_H

#include "mpi/comm.h"
#include "nn/net.h"

enum step_part {
    STEP_FORWARD,
    STEP_LOSS,
    STEP_BACKWARD,
    STEP_REDUCE, /* sums over slices and ranks, of norms and of the gradient */
    STEP_ADAM,
    STEP_REFRESH, /* packing the new weights */
    STEP_PARTS
};

struct step;

/* Network, optimiser and this rank's part of a global batch of batch slices per rank. comm and
 * config must live as long. Fails: BEN_E_ARG, BEN_E_MEMORY. Collective on comm. */
enum ben_status step_open(const struct comm *comm, const struct net_config *config, int batch,
                          uint64_t seed, struct step **step);

/* One training step; seconds [STEP_PARTS] of its parts. Collective. */
enum ben_status step_run(struct step *step, double *seconds);

/* The mean of cross-entropy + (1 - Dice) over the local slices, in the last step. */
double step_loss(const struct step *step);

/* The network trained, to be given other values before the first step. */
struct net *step_net(struct step *step);

/* The local batch, to be overwritten by other slices: x, target [batch][size][size]. */
void step_batch(struct step *step, float **x, float **target);

void step_close(struct step **step);

#endif
