/* SPDX-License-Identifier: BSD-3-Clause */
/* Communicators. The program opens the world once; work on one scan is done by a team, a
 * communicator of one or more ranks split from it. Every MPI call is checked: our
 * communicators are duplicates with MPI_ERRORS_RETURN. */
#ifndef BEN_MPI_COMM_H
#define BEN_MPI_COMM_H

#include "base/status.h"

#include <mpi.h>
#include <stddef.h>

struct comm {
    MPI_Comm mpi;
    int rank; /* of this process in the communicator */
    int size; /* ranks in the communicator */
};

/* Initialises MPI (MPI_THREAD_FUNNELED) and duplicates MPI_COMM_WORLD. Collective. */
enum ben_status comm_open(int *argc, char ***argv, struct comm *world);

/* Frees the duplicate and finalises MPI. Collective. */
void comm_close(struct comm *world);

/* The ranks of parent with equal color form a team, ordered by their rank. Collective. */
enum ben_status comm_split(const struct comm *parent, int color, struct comm *team);
void comm_free(struct comm *comm); /* Collective on comm. */

/* The ranks of parent on the caller's node, which share memory, form a team. Collective. */
enum ben_status comm_split_node(const struct comm *parent, struct comm *node);

/* The one-rank communicator, for work that nobody shares. Local. */
struct comm comm_self(void);

/* All ranks learn the worst status and, where it is an error, the text of the lowest rank that
 * has it: every rank returns the same. Call before each collective region. Collective. */
enum ben_status comm_agree(const struct comm *comm, enum ben_status status);

/* Root's bytes go to all ranks; any length. Collective. */
enum ben_status comm_broadcast(const struct comm *comm, void *bytes, size_t n, int root);

/* A string or byte block of unknown length from root: others get a fresh copy (NUL-terminated
 * behind n bytes), which they free; root keeps its own. Collective. */
enum ben_status comm_broadcast_block(const struct comm *comm, char **bytes, size_t *n,
                                     int root);

/* Every rank's n bytes, one after the other in rank order, on every rank: all is fresh, its
 * rank r part starts at offsets[r] (size+1 offsets, fresh too). Collective. */
enum ben_status comm_gather_all(const struct comm *comm, const void *mine, size_t n, char **all,
                                size_t **offsets);

/* The same on rank 0 alone; on other ranks *all and *offsets become NULL. Collective. */
enum ben_status comm_gather(const struct comm *comm, const void *mine, size_t n, char **all,
                            size_t **offsets);

/* counts[i] += over ranks (exact integers). Collective. */
enum ben_status comm_sum_u64(const struct comm *comm, unsigned long *counts, size_t n);

/* The share [first, first+count) of n items that rank gets among size: contiguous, in rank
 * order, sizes differing by at most one. Local. */
void comm_share(long n, int rank, int size, long *first, long *count);

/* rows [n][row_bytes]: each rank has filled its comm_share of the n rows; afterwards every rank
 * has all of them. row_bytes below 2^31. Collective. */
enum ben_status comm_share_rows(const struct comm *comm, void *rows, long n, size_t row_bytes);

/* The error of a failed MPI call. */
enum ben_status comm_raise(int code, const char *file, int line, const char *func,
                           const char *call);

#define TRY_MPI(call)                                                                          \
    do {                                                                                       \
        int mpi_code_ = (call);                                                                \
        if (mpi_code_ != MPI_SUCCESS) {                                                        \
            st = comm_raise(mpi_code_, __FILE__, __LINE__, __func__, #call);                   \
            goto out;                                                                          \
        }                                                                                      \
    } while (0)

#endif
