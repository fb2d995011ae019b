/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/comm.h"
#include "mpi/nearby.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK     ((size_t)1 << 30) /* MPI 3 counts are int */
#define FEW_RANKS 64 /* up to here a table of them needs no memory that could fail */

enum ben_status comm_raise(int code, const char *file, int line, const char *func,
                           const char *call)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int n = 0;
    MPI_Error_string(code, text, &n);
    return ben_raise(BEN_E_MPI, file, line, func, "MPI: %.200s: %s", call, text);
}

static void abort_all_ranks(void)
{
    MPI_Abort(MPI_COMM_WORLD, 3);
}

static enum ben_status adopt(MPI_Comm mpi, struct comm *comm)
{
    enum ben_status st = BEN_OK;
    comm->mpi = mpi;
    TRY_MPI(MPI_Comm_set_errhandler(mpi, MPI_ERRORS_RETURN));
    TRY_MPI(MPI_Comm_rank(mpi, &comm->rank));
    TRY_MPI(MPI_Comm_size(mpi, &comm->size));
out:
    return st;
}

enum ben_status comm_open(int *argc, char ***argv, struct comm *world)
{
    enum ben_status st = BEN_OK;
    int provided = 0;
    MPI_Comm duplicate;
    nearby_prepare();
    TRY_MPI(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided));
    ben_abort_hook = abort_all_ranks;
    TRY_MPI(MPI_Comm_dup(MPI_COMM_WORLD, &duplicate));
    TRY(adopt(duplicate, world));
out:
    return st;
}

void comm_close(struct comm *world)
{
    ben_abort_hook = NULL;
    comm_free(world);
    MPI_Finalize();
}

enum ben_status comm_split(const struct comm *parent, int color, struct comm *team)
{
    enum ben_status st = BEN_OK;
    MPI_Comm split;
    TRY_MPI(MPI_Comm_split(parent->mpi, color, parent->rank, &split));
    TRY(adopt(split, team));
out:
    return st;
}

enum ben_status comm_split_node(const struct comm *parent, struct comm *node)
{
    enum ben_status st = BEN_OK;
    MPI_Comm split;
    TRY_MPI(MPI_Comm_split_type(parent->mpi, MPI_COMM_TYPE_SHARED, parent->rank, MPI_INFO_NULL,
                                &split));
    TRY(adopt(split, node));
out:
    return st;
}

void comm_free(struct comm *comm)
{
    if (comm->mpi != MPI_COMM_NULL && comm->mpi != MPI_COMM_SELF)
        MPI_Comm_free(&comm->mpi);
    comm->mpi = MPI_COMM_NULL;
}

struct comm comm_self(void)
{
    return (struct comm){.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
}

enum ben_status comm_agree(const struct comm *comm, enum ben_status status)
{
    enum ben_status st = BEN_OK;
    struct {
        char text[1500], place[250];
    } told;
    int mine = status == BEN_OK ? comm->size : comm->rank, lowest = comm->size;
    int verdict = status;
    if (comm->size == 1)
        return status;
    TRY_MPI(MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, comm->mpi));
    if (lowest == comm->size)
        return BEN_OK;
    memset(&told, 0, sizeof told);
    if (comm->rank == lowest) {
        strncpy(told.text, ben_error_text(), sizeof told.text - 1);
        strncpy(told.place, ben_error_place(), sizeof told.place - 1);
    }
    TRY_MPI(MPI_Bcast(&verdict, 1, MPI_INT, lowest, comm->mpi));
    TRY_MPI(MPI_Bcast(&told, sizeof told, MPI_BYTE, lowest, comm->mpi));
    ben_error_set(told.text, told.place);
    st = (enum ben_status)verdict;
out:
    return st;
}

enum ben_status comm_broadcast(const struct comm *comm, void *bytes, size_t n, int root)
{
    enum ben_status st = BEN_OK;
    for (size_t at = 0; at < n; at += CHUNK) {
        size_t part = n - at < CHUNK ? n - at : CHUNK;
        TRY_MPI(MPI_Bcast((char *)bytes + at, (int)part, MPI_BYTE, root, comm->mpi));
    }
out:
    return st;
}

enum ben_status comm_broadcast_block(const struct comm *comm, char **bytes, size_t *n, int root)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    unsigned long size = comm->rank == root ? (unsigned long)*n : 0;
    TRY(comm_broadcast(comm, &size, sizeof size, root));
    if (comm->rank != root)
        copy = calloc(size + 1, 1);
    TRY(comm_agree(comm, comm->rank != root && !copy
                             ? ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                         "out of memory: %lu bytes asked for", size)
                             : BEN_OK));
    TRY(comm_broadcast(comm, comm->rank == root ? *bytes : copy, size, root));
    if (comm->rank != root) {
        *bytes = copy;
        *n = size;
        copy = NULL;
    }
out:
    free(copy);
    return st;
}

enum ben_status comm_gather_all(const struct comm *comm, const void *mine, size_t n, char **all,
                                size_t **offsets)
{
    enum ben_status st = BEN_OK;
    unsigned long *sizes = calloc((size_t)comm->size, sizeof *sizes), size = n;
    size_t *starts = calloc((size_t)comm->size + 1, sizeof *starts);
    char *block = NULL;
    TRY(comm_agree(comm, sizes && starts ? BEN_OK
                                         : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                                     "out of memory")));
    TRY_MPI(MPI_Allgather(&size, 1, MPI_UNSIGNED_LONG, sizes, 1, MPI_UNSIGNED_LONG, comm->mpi));
    for (int r = 0; r < comm->size; r++)
        starts[r + 1] = starts[r] + sizes[r];
    block = calloc(starts[comm->size] + 1, 1);
    TRY(comm_agree(
        comm, block ? BEN_OK
                    : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory")));
    memcpy(block + starts[comm->rank], mine, n);
    for (int r = 0; r < comm->size; r++)
        TRY(comm_broadcast(comm, block + starts[r], sizes[r], r));
    *all = block;
    *offsets = starts;
    block = NULL;
    starts = NULL;
out:
    free(sizes);
    free(starts);
    free(block);
    return st;
}

static enum ben_status no_memory(void)
{
    return ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
}

/* n bytes from one rank to rank 0, in messages that MPI's int counts allow. */
static enum ben_status pass(const struct comm *comm, char *bytes, size_t n, int from)
{
    enum ben_status st = BEN_OK;
    for (size_t at = 0; at < n; at += CHUNK) {
        int part = (int)(n - at < CHUNK ? n - at : CHUNK);
        if (comm->rank == 0)
            TRY_MPI(
                MPI_Recv(bytes + at, part, MPI_BYTE, from, 0, comm->mpi, MPI_STATUS_IGNORE));
        else
            TRY_MPI(MPI_Send(bytes + at, part, MPI_BYTE, 0, 0, comm->mpi));
    }
out:
    return st;
}

enum ben_status comm_gather(const struct comm *comm, const void *mine, size_t n, char **all,
                            size_t **offsets)
{
    enum ben_status st = BEN_OK;
    unsigned long *sizes = calloc((size_t)comm->size, sizeof *sizes), size = n;
    size_t *starts = calloc((size_t)comm->size + 1, sizeof *starts);
    char *block = NULL;
    *all = NULL;
    *offsets = NULL;
    TRY(comm_agree(comm, sizes && starts ? BEN_OK : no_memory()));
    TRY_MPI(MPI_Gather(&size, 1, MPI_UNSIGNED_LONG, sizes, 1, MPI_UNSIGNED_LONG, 0, comm->mpi));
    for (int r = 0; r < comm->size; r++)
        starts[r + 1] = starts[r] + sizes[r];
    block = comm->rank == 0 ? calloc(starts[comm->size] + 1, 1) : NULL;
    TRY(comm_agree(comm, comm->rank > 0 || block ? BEN_OK : no_memory()));
    if (comm->rank > 0)
        TRY(pass(comm, (char *)(uintptr_t)mine, n, comm->rank));
    for (int r = 1; r < comm->size && comm->rank == 0; r++)
        TRY(pass(comm, block + starts[r], sizes[r], r));
    if (comm->rank == 0) {
        memcpy(block, mine, n);
        *all = block;
        *offsets = starts;
        block = NULL;
        starts = NULL;
    }
out:
    free(sizes);
    free(starts);
    free(block);
    return st;
}

enum ben_status comm_sum_u64(const struct comm *comm, unsigned long *counts, size_t n)
{
    enum ben_status st = BEN_OK;
    for (size_t at = 0; at < n && comm->size > 1; at += CHUNK / 8) {
        size_t part = n - at < CHUNK / 8 ? n - at : CHUNK / 8;
        TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, counts + at, (int)part, MPI_UNSIGNED_LONG, MPI_SUM,
                              comm->mpi));
    }
out:
    return st;
}

void comm_share(long n, int rank, int size, long *first, long *count)
{
    long base = n / size, extra = n % size;
    *first = rank * base + (rank < extra ? rank : extra);
    *count = base + (rank < extra ? 1 : 0);
}

/* shares: how many of n items each rank gets, then where each rank's start. */
static void lay_shares(const struct comm *comm, long n, int *shares)
{
    for (int r = 0; r < comm->size; r++) {
        long first, count;
        comm_share(n, r, comm->size, &first, &count);
        shares[r] = (int)count;
        shares[comm->size + r] = (int)first;
    }
}

enum ben_status comm_share_rows(const struct comm *comm, void *rows, long n, size_t row_bytes)
{
    enum ben_status st = BEN_OK;
    MPI_Datatype row = MPI_DATATYPE_NULL;
    int few[2 * FEW_RANKS], *many = NULL, *shares = few;
    if (comm->size == 1 || n == 0 || row_bytes == 0)
        return BEN_OK;
    ENSURE(n <= INT_MAX && row_bytes <= INT_MAX);
    if (comm->size > FEW_RANKS) {
        shares = many = calloc(2 * (size_t)comm->size, sizeof *many);
        TRY(comm_agree(comm, many ? BEN_OK
                                  : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                              "out of memory")));
    }
    lay_shares(comm, n, shares);
    TRY_MPI(MPI_Type_contiguous((int)row_bytes, MPI_BYTE, &row));
    TRY_MPI(MPI_Type_commit(&row));
    TRY_MPI(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, rows, shares,
                           shares + comm->size, row, comm->mpi));
out:
    if (row != MPI_DATATYPE_NULL)
        MPI_Type_free(&row);
    free(many);
    return st;
}
