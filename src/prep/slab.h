/* SPDX-License-Identifier: BSD-3-Clause */
/* Work on one volume shared by a team: every rank holds the whole grid and fills the slices of
 * its share; afterwards the shares are exchanged, so that all hold the same. */
#ifndef BEN_PREP_SLAB_H
#define BEN_PREP_SLAB_H

#include "mpi/comm.h"

/* data [dim[2]][dim[1]][dim[0]]: rank r's share of the slices across axis (comm_share of
 * dim[axis]) goes to all other ranks, in place. Collective on team. */
enum ben_status slab_exchange(const struct comm *team, float *data, const int dim[3], int axis);

/* The same to rank 0 alone: the others keep their own share. Collective on team. */
enum ben_status slab_gather(const struct comm *team, float *data, const int dim[3], int axis);

#endif
