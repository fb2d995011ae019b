/* SPDX-License-Identifier: BSD-3-Clause */
/* The network on a prepared scan: slices in batches, probabilities back on the canonical grid. */
#ifndef BEN_QA_PREDICT_H
#define BEN_QA_PREDICT_H

#include "mpi/comm.h"
#include "nn/net.h"
#include "prep/prepare.h"

#define BEN_PREDICT_BATCH 8 /* slices per call: enough for the threads, small in memory */

/* prob [voxels of the canonical grid], written whole on every rank of the team; the slices are
 * shared among the ranks. The net's max_batch is at least BEN_PREDICT_BATCH. Results depend
 * neither on the team's size nor on threads. Collective on team. */
enum ben_status predict_volume(const struct comm *team, struct net *net,
                               const struct prepared *prepared, float *prob);

#endif
