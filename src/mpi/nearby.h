/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether all ranks are on one node, as their launcher tells in the environment before MPI starts.
 * Then Open MPI need not look for networks: with its point-to-point layer named beforehand
 * (OMPI_MCA_pml=ob1, which has shared memory) it starts in a third of the time. */
#ifndef BEN_MPI_NEARBY_H
#define BEN_MPI_NEARBY_H

#include <stdbool.h>

/* look: as getenv. True without a launcher; where mpirun counts as many ranks on this node as in
 * all; where srun's step has one node. False where that is not sure, and where the user chose the
 * layer. All ranks of a world get the same answer. Local. */
bool nearby_sure(char *(*look)(const char *name));

/* Names the layer where nearby_sure by the environment. Call before MPI_Init. Local. */
void nearby_prepare(void);

#endif
