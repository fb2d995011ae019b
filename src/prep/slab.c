/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/slab.h"

#include <stdbool.h>

/* A grid of floats and the axis across which it is shared. */
struct grid {
    float *data;
    const int *dim;
    int axis;
    bool to_all; /* else to rank 0 */
};

static enum ben_status pass(const struct comm *team, const struct grid *grid, int owner,
                            MPI_Datatype slab)
{
    enum ben_status st = BEN_OK;
    if (grid->to_all)
        TRY_MPI(MPI_Bcast(grid->data, 1, slab, owner, team->mpi));
    else if (team->rank == 0 && owner > 0)
        TRY_MPI(MPI_Recv(grid->data, 1, slab, owner, 0, team->mpi, MPI_STATUS_IGNORE));
    else if (team->rank > 0 && owner == team->rank)
        TRY_MPI(MPI_Send(grid->data, 1, slab, 0, 0, team->mpi));
out:
    return st;
}

static enum ben_status pass_share(const struct comm *team, const struct grid *grid, int owner)
{
    enum ben_status st = BEN_OK;
    MPI_Datatype slab = MPI_DATATYPE_NULL;
    const int *dim = grid->dim;
    int sizes[3] = {dim[2], dim[1], dim[0]}, part[3] = {dim[2], dim[1], dim[0]};
    int start[3] = {0, 0, 0};
    long first, count;
    comm_share(dim[grid->axis], owner, team->size, &first, &count);
    if (count == 0)
        return BEN_OK;
    part[2 - grid->axis] = (int)count;
    start[2 - grid->axis] = (int)first;
    TRY_MPI(MPI_Type_create_subarray(3, sizes, part, start, MPI_ORDER_C, MPI_FLOAT, &slab));
    TRY_MPI(MPI_Type_commit(&slab));
    TRY(pass(team, grid, owner, slab));
out:
    if (slab != MPI_DATATYPE_NULL)
        MPI_Type_free(&slab);
    return st;
}

static enum ben_status pass_all(const struct comm *team, const struct grid *grid)
{
    enum ben_status st = BEN_OK;
    for (int owner = 0; owner < team->size && team->size > 1; owner++)
        TRY(pass_share(team, grid, owner));
out:
    return st;
}

enum ben_status slab_exchange(const struct comm *team, float *data, const int dim[3], int axis)
{
    return pass_all(team, &(struct grid){data, dim, axis, true});
}

enum ben_status slab_gather(const struct comm *team, float *data, const int dim[3], int axis)
{
    return pass_all(team, &(struct grid){data, dim, axis, false});
}
