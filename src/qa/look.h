/* SPDX-License-Identifier: BSD-3-Clause */
/* A look at a few slices of a scan, evenly spread: how sure the network is of them, as expected Dice
 * (qa/mcqa.h) of a plain pass. By such looks it settles how a scan is cut (qa/plane.h), and what is done
 * about one that it is unsure of (qa/doubt.h). */
#ifndef BEN_QA_LOOK_H
#define BEN_QA_LOOK_H

#include "mpi/comm.h"
#include "nn/net.h"
#include "prep/slices.h"

#define LOOK_SLICES 16 /* at most */

struct look {
    const struct comm *team;
    struct net *net; /* max_batch at least 1 */
    float threshold; /* pixels above it are brain */
    float *x, *prob; /* [size][size]; owned */
};

/* Slices of size x size pixels. Collective on team. Fails: BEN_E_MEMORY; look_close is safe then. */
enum ben_status look_open(const struct comm *team, struct net *net, float threshold, int size,
                          struct look *look);
void look_close(struct look *look);

/* *expected := expected Dice, 0 where nothing is brain. Every rank has the volume; the slices are
 * shared among the ranks, and the result depends neither on their number nor on threads.
 * Collective on the team. Fails: BEN_E_MPI. */
enum ben_status look_at(const struct look *look, const struct volume *volume,
                        const struct slice_geometry *slices, double *expected);

#endif
