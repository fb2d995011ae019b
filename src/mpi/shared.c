/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/shared.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64

struct shared {
    struct comm all, node, leaders; /* leaders: the first rank of each node */
    int *leader_of;                 /* [all.size] rank among leaders of each rank's node */
    MPI_Win window;                 /* MPI_WIN_NULL: own memory, every rank is a node */
    void *own;
    char *bytes;
    size_t n;
};

/* The ranks that share memory form a node; alone each rank is one. */
static enum ben_status find_nodes(struct shared *s, int alone)
{
    enum ben_status st = BEN_OK;
    int mine;
    comm_free(&s->node);
    comm_free(&s->leaders);
    if (alone)
        s->node = comm_self();
    else
        TRY(comm_split_node(&s->all, &s->node));
    TRY(comm_split(&s->all, s->node.rank == 0 ? 0 : 1, &s->leaders));
    mine = s->leaders.rank;
    TRY_MPI(MPI_Bcast(&mine, 1, MPI_INT, 0, s->node.mpi));
    TRY_MPI(MPI_Allgather(&mine, 1, MPI_INT, s->leader_of, 1, MPI_INT, s->all.mpi));
out:
    return st;
}

static enum ben_status allocate_window(struct shared *s)
{
    enum ben_status st = BEN_OK;
    MPI_Aint size;
    int unit;
    MPI_Aint wanted = s->node.rank == 0 ? (MPI_Aint)(s->n + ALIGNMENT) : 0;
    void *base = NULL;
    TRY_MPI(MPI_Win_allocate_shared(wanted, 1, MPI_INFO_NULL, s->node.mpi, &base, &s->window));
    TRY_MPI(MPI_Win_shared_query(s->window, 0, &size, &unit, &base));
    s->bytes = base;
    TRY_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    if (s->node.rank == 0)
        memset(s->bytes, 0, s->n);
    TRY_MPI(MPI_Barrier(s->node.mpi));
out:
    return st;
}

static enum ben_status allocate_own(struct shared *s)
{
    enum ben_status st = BEN_OK;
    size_t rounded = (s->n + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    TRY_NEW(s->own = aligned_alloc(ALIGNMENT, rounded));
    memset(s->own, 0, rounded);
    s->bytes = s->own;
out:
    return st;
}

/* A window where it pays, one's own memory where a node has one rank or refuses. */
static enum ben_status allocate(struct shared *s)
{
    enum ben_status st = BEN_OK;
    int largest = s->node.size;
    TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_INT, MPI_MAX, s->all.mpi));
    if (largest > 1 && s->n > 0) {
        if (comm_agree(&s->all, allocate_window(s)) == BEN_OK)
            return BEN_OK;
        if (s->all.rank == 0)
            log_warn("no shared memory (%s): every rank keeps a copy of %.0f MB",
                     ben_error_text(), (double)s->n / 1e6);
        if (s->window != MPI_WIN_NULL)
            MPI_Win_free(&s->window);
    }
    TRY(find_nodes(s, 1));
    TRY(comm_agree(&s->all, allocate_own(s)));
out:
    return st;
}

enum ben_status shared_create(const struct comm *comm, size_t bytes, struct shared **shared)
{
    enum ben_status st = BEN_OK;
    struct shared *s = calloc(1, sizeof *s);
    if (s) {
        s->all = *comm;
        s->n = bytes;
        s->window = MPI_WIN_NULL;
        s->node.mpi = s->leaders.mpi = MPI_COMM_NULL;
        s->leader_of = calloc((size_t)comm->size, sizeof *s->leader_of);
    }
    if (!s || !s->leader_of)
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    TRY(comm_agree(comm, st));
    TRY(find_nodes(s, 0));
    TRY(allocate(s));
    *shared = s;
    s = NULL;
out:
    shared_free(&s);
    return st;
}

void *shared_bytes(const struct shared *shared)
{
    return shared->bytes;
}

enum ben_status shared_publish(struct shared *shared, size_t offset, size_t n, int owner)
{
    enum ben_status st = BEN_OK;
    int windowed = shared->window != MPI_WIN_NULL;
    if (windowed) {
        TRY_MPI(MPI_Win_sync(shared->window));
        TRY_MPI(MPI_Barrier(shared->node.mpi));
        TRY_MPI(MPI_Win_sync(shared->window));
    }
    if (shared->node.rank == 0)
        TRY(comm_broadcast(&shared->leaders, shared->bytes + offset, n,
                           shared->leader_of[owner]));
    if (windowed) {
        TRY_MPI(MPI_Win_sync(shared->window));
        TRY_MPI(MPI_Barrier(shared->node.mpi));
        TRY_MPI(MPI_Win_sync(shared->window));
    }
out:
    return st;
}

void shared_free(struct shared **shared)
{
    struct shared *s = *shared;
    if (!s)
        return;
    if (s->window != MPI_WIN_NULL) {
        MPI_Win_unlock_all(s->window);
        MPI_Win_free(&s->window);
    }
    comm_free(&s->node);
    comm_free(&s->leaders);
    free(s->leader_of);
    free(s->own);
    free(s);
    *shared = NULL;
}
