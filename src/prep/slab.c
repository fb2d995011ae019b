/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/slab.h"

static enum ben_status send_share(const struct comm *team, float *data, const int dim[3],
                                  int axis, int root)
{
    enum ben_status st = BEN_OK;
    MPI_Datatype slab = MPI_DATATYPE_NULL;
    int sizes[3] = {dim[2], dim[1], dim[0]}, part[3] = {dim[2], dim[1], dim[0]};
    int start[3] = {0, 0, 0};
    long first, count;
    comm_share(dim[axis], root, team->size, &first, &count);
    if (count == 0)
        return BEN_OK;
    part[2 - axis] = (int)count;
    start[2 - axis] = (int)first;
    TRY_MPI(MPI_Type_create_subarray(3, sizes, part, start, MPI_ORDER_C, MPI_FLOAT, &slab));
    TRY_MPI(MPI_Type_commit(&slab));
    TRY_MPI(MPI_Bcast(data, 1, slab, root, team->mpi));
out:
    if (slab != MPI_DATATYPE_NULL)
        MPI_Type_free(&slab);
    return st;
}

enum ben_status slab_exchange(const struct comm *team, float *data, const int dim[3], int axis)
{
    enum ben_status st = BEN_OK;
    for (int root = 0; root < team->size && team->size > 1; root++)
        TRY(send_share(team, data, dim, axis, root));
out:
    return st;
}
