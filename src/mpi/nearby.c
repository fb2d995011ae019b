/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/nearby.h"

#include <stdlib.h>
#include <string.h>

#define LAYER "OMPI_MCA_pml"

static bool is_launched(char *(*look)(const char *name))
{
    return look("PMIX_RANK") || look("PMI_RANK") || look("PMI_FD");
}

/* Both may be there, one launcher inside the other: then what starts further nodes' ranks may be
 * either. */
bool nearby_sure(char *(*look)(const char *name))
{
    const char *all = look("OMPI_COMM_WORLD_SIZE"), *here = look("OMPI_COMM_WORLD_LOCAL_SIZE");
    const char *nodes = look("SLURM_STEP_NUM_NODES");
    if (look(LAYER))
        return false;
    if (!all && !nodes)
        return !is_launched(look);
    if (all && (!here || strcmp(all, here) != 0))
        return false;
    return !nodes || (strcmp(nodes, "1") == 0 && !look("SLURM_HET_SIZE"));
}

void nearby_prepare(void)
{
    if (nearby_sure(getenv))
        setenv(LAYER, "ob1", 1);
}
