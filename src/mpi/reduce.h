/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over the items of a global batch that the ranks share, in the order of one binary tree
 * over the items (base/tree.h): the same bits for any number of ranks, ranks without an item
 * included. The functions with a void pointer are the callbacks that nn/net.h asks for.
 *
 * Life: reduce_create once; for each batch reduce_begin, then any number of reduce_small, and
 * where gradients are wanted reduce_gradient for every range of values and one reduce_finish.
 *
 * Small rows travel as maximal tree nodes to every rank, which all finish the same tree. For
 * the gradient, each rank keeps its nodes' sums until reduce_finish, where each rank finishes
 * the tree for one segment of the values (alltoallv) and the segments are put together
 * (allgatherv): per rank about twice the gradient's bytes, whatever the number of ranks. */
#ifndef BEN_MPI_REDUCE_H
#define BEN_MPI_REDUCE_H

#include "mpi/comm.h"

struct reduce;

struct reduce_config {
    long max_batch;     /* items in a global batch at most */
    size_t small_width; /* columns of reduce_small at most */
    size_t n_values;    /* values of the gradient; 0: reduce_small alone is used */
    size_t chunk;       /* values exchanged at once; 0: as many as MPI's int counts allow */
};

/* comm must live as long. Fails: BEN_E_MEMORY, on all ranks alike. Collective. */
enum ben_status reduce_create(const struct comm *comm, const struct reduce_config *config,
                              struct reduce **reduce);
void reduce_free(struct reduce **reduce);

/* The next global batch has batch items, 1..max_batch; this rank's are [*first, *first+*n), by
 * comm_share. Local. */
void reduce_begin(struct reduce *reduce, long batch, long *first, int *n);

/* parts [n][width], one row per local item, spoiled -> total [width] over the global batch, on
 * every rank. Collective. */
enum ben_status reduce_small(void *reduce, double *parts, int n, size_t width, double *total);

/* Takes the gradients of values [offset, offset+count) per local item: parts [n][count],
 * spoiled. Local; reduce_finish sums over ranks. */
enum ben_status reduce_gradient(void *reduce, size_t offset, size_t count, int n, float *parts);

/* total [n_values] := the gradient over the global batch, on every rank, once every value was
 * given to reduce_gradient since reduce_begin. Collective. */
enum ben_status reduce_finish(struct reduce *reduce, float *total);

#endif
