/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/reduce.h"
#include "base/tree.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A rank has at most BEN_TREE_NODES nodes, so counts and displacements below stay in int. */
#define LARGEST_CHUNK ((size_t)INT_MAX / BEN_TREE_NODES)

struct reduce {
    struct comm comm;
    struct reduce_config config;
    long batch, first, count;

    struct tree_node *nodes; /* of all ranks, in item order */
    int n_nodes;
    int *node_starts; /* rank r's nodes are [node_starts[r], node_starts[r+1]) */

    double *small_rows;   /* [all nodes][small_width] */
    double **small_heads; /* their rows */
    double *small_mine;   /* [own nodes][small_width] */

    float *sums;     /* own nodes' gradients, chunk by chunk, each [rank][node][segment] */
    float *received; /* all ranks' nodes of the own segment of one chunk */
    float **heads;   /* their rows */
    int *send_counts, *send_starts, *receive_counts, *receive_starts; /* [size] */
};

struct chunk {
    size_t first, count; /* values */
};

static int share_nodes(const struct reduce *reduce, long batch, int rank,
                       struct tree_node nodes[BEN_TREE_NODES])
{
    long first, count;
    comm_share(batch, rank, reduce->comm.size, &first, &count);
    return tree_nodes(first, count, batch, nodes);
}

/* The most nodes that this rank, and all ranks together, can have for any batch. */
static void bound_nodes(const struct reduce *reduce, size_t *own, size_t *all)
{
    struct tree_node nodes[BEN_TREE_NODES];
    *own = *all = 1;
    for (long batch = 1; batch <= reduce->config.max_batch; batch++) {
        size_t total = 0;
        for (int r = 0; r < reduce->comm.size; r++) {
            size_t n = (size_t)share_nodes(reduce, batch, r, nodes);
            total += n;
            if (r == reduce->comm.rank && n > *own)
                *own = n;
        }
        *all = total > *all ? total : *all;
    }
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum ben_status reserve_gradient(struct reduce *reduce, size_t own, size_t all)
{
    enum ben_status st = BEN_OK;
    size_t size = (size_t)reduce->comm.size, chunk = reduce->config.chunk;
    size_t segment = min_size(chunk, reduce->config.n_values) / size + 1;
    if (reduce->config.n_values == 0)
        return BEN_OK;
    TRY_NEW(reduce->sums = calloc(own * reduce->config.n_values, sizeof(float)));
    TRY_NEW(reduce->received = calloc(all * segment, sizeof(float)));
    TRY_NEW(reduce->heads = calloc(all, sizeof *reduce->heads));
out:
    return st;
}

static enum ben_status reserve(struct reduce *reduce)
{
    enum ben_status st = BEN_OK;
    size_t own, all, size = (size_t)reduce->comm.size, width = reduce->config.small_width;
    bound_nodes(reduce, &own, &all);
    TRY_NEW(reduce->nodes = calloc(all, sizeof *reduce->nodes));
    TRY_NEW(reduce->node_starts = calloc(size + 1, sizeof(int)));
    TRY_NEW(reduce->small_rows = calloc(all * width + 1, sizeof(double)));
    TRY_NEW(reduce->small_mine = calloc(own * width + 1, sizeof(double)));
    TRY_NEW(reduce->small_heads = calloc(all, sizeof *reduce->small_heads));
    TRY_NEW(reduce->send_counts = calloc(size, sizeof(int)));
    TRY_NEW(reduce->send_starts = calloc(size, sizeof(int)));
    TRY_NEW(reduce->receive_counts = calloc(size, sizeof(int)));
    TRY_NEW(reduce->receive_starts = calloc(size, sizeof(int)));
    TRY(reserve_gradient(reduce, own, all));
out:
    return st;
}

enum ben_status reduce_create(const struct comm *comm, const struct reduce_config *config,
                              struct reduce **reduce)
{
    enum ben_status st = BEN_OK;
    struct reduce *r = calloc(1, sizeof *r);
    if (r) {
        r->comm = *comm;
        r->config = *config;
        if (r->config.chunk == 0 || r->config.chunk > LARGEST_CHUNK)
            r->config.chunk = LARGEST_CHUNK;
        st = reserve(r);
    } else {
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    }
    TRY(comm_agree(comm, st));
    *reduce = r;
    r = NULL;
out:
    reduce_free(&r);
    return st;
}

void reduce_free(struct reduce **reduce)
{
    struct reduce *r = *reduce;
    if (!r)
        return;
    free(r->nodes);
    free(r->node_starts);
    free(r->small_rows);
    free(r->small_heads);
    free(r->small_mine);
    free(r->sums);
    free(r->received);
    free(r->heads);
    free(r->send_counts);
    free(r->send_starts);
    free(r->receive_counts);
    free(r->receive_starts);
    free(r);
    *reduce = NULL;
}

void reduce_begin(struct reduce *reduce, long batch, long *first, int *n)
{
    struct tree_node nodes[BEN_TREE_NODES];
    ENSURE(batch >= 1 && batch <= reduce->config.max_batch);
    reduce->batch = batch;
    comm_share(batch, reduce->comm.rank, reduce->comm.size, &reduce->first, &reduce->count);
    reduce->n_nodes = 0;
    for (int r = 0; r < reduce->comm.size; r++) {
        int found = share_nodes(reduce, batch, r, nodes);
        for (int i = 0; i < found; i++)
            reduce->nodes[reduce->n_nodes++] = nodes[i];
        reduce->node_starts[r + 1] = reduce->n_nodes;
    }
    *first = reduce->first;
    *n = (int)reduce->count;
}

static int own_nodes(const struct reduce *reduce)
{
    return reduce->node_starts[reduce->comm.rank + 1] - reduce->node_starts[reduce->comm.rank];
}

enum ben_status reduce_small(void *context, double *parts, int n, size_t width, double *total)
{
    enum ben_status st = BEN_OK;
    struct reduce *reduce = context;
    struct tree_node nodes[BEN_TREE_NODES];
    ENSURE(n == reduce->count && width <= reduce->config.small_width);
    int found = tree_sum_f64(parts, reduce->first, n, reduce->batch, width, nodes);
    for (int i = 0; i < found; i++)
        memcpy(reduce->small_mine + (size_t)i * width,
               parts + (size_t)(nodes[i].first - reduce->first) * width, width * sizeof *parts);
    for (int r = 0; r < reduce->comm.size; r++) {
        reduce->receive_starts[r] = reduce->node_starts[r] * (int)width;
        reduce->receive_counts[r] =
            (reduce->node_starts[r + 1] - reduce->node_starts[r]) * (int)width;
    }
    TRY_MPI(MPI_Allgatherv(reduce->small_mine, found * (int)width, MPI_DOUBLE,
                           reduce->small_rows, reduce->receive_counts, reduce->receive_starts,
                           MPI_DOUBLE, reduce->comm.mpi));
    for (int i = 0; i < reduce->n_nodes; i++)
        reduce->small_heads[i] = reduce->small_rows + (size_t)i * width;
    tree_finish_f64(reduce->small_heads, reduce->nodes, reduce->n_nodes, reduce->batch, width);
    memcpy(total, reduce->small_rows, width * sizeof *total);
out:
    return st;
}

static struct chunk chunk_of(const struct reduce *reduce, size_t value)
{
    size_t first = value / reduce->config.chunk * reduce->config.chunk;
    return (struct chunk){first,
                          min_size(reduce->config.chunk, reduce->config.n_values - first)};
}

/* Copies values [at, at+count) of one node's row, all inside one chunk, to where they wait. */
static void store_row(struct reduce *reduce, struct chunk chunk, size_t at, size_t count,
                      const float *row, int node)
{
    size_t own = (size_t)own_nodes(reduce);
    for (int r = 0; r < reduce->comm.size; r++) {
        long first, length;
        comm_share((long)chunk.count, r, reduce->comm.size, &first, &length);
        size_t segment = chunk.first + (size_t)first, end = segment + (size_t)length;
        size_t from = at > segment ? at : segment, to = min_size(at + count, end);
        if (from < to)
            memcpy(reduce->sums + own * segment + (size_t)node * (size_t)length +
                       (from - segment),
                   row + (from - at), (to - from) * sizeof *row);
    }
}

enum ben_status reduce_gradient(void *context, size_t offset, size_t count, int n, float *parts)
{
    struct reduce *reduce = context;
    struct tree_node nodes[BEN_TREE_NODES];
    ENSURE(n == reduce->count && offset + count <= reduce->config.n_values);
    int found = tree_sum_f32(parts, reduce->first, n, reduce->batch, count, nodes);
    for (size_t at = offset; at < offset + count;) {
        struct chunk chunk = chunk_of(reduce, at);
        size_t part = min_size(offset + count, chunk.first + chunk.count) - at;
        for (int i = 0; i < found; i++)
            store_row(reduce, chunk, at, part,
                      parts + (size_t)(nodes[i].first - reduce->first) * count + (at - offset),
                      i);
        at += part;
    }
    return BEN_OK;
}

static void plan_exchange(struct reduce *reduce, struct chunk chunk)
{
    long first, length, mine_first, mine;
    int own = own_nodes(reduce);
    comm_share((long)chunk.count, reduce->comm.rank, reduce->comm.size, &mine_first, &mine);
    for (int r = 0; r < reduce->comm.size; r++) {
        comm_share((long)chunk.count, r, reduce->comm.size, &first, &length);
        reduce->send_starts[r] = own * (int)first;
        reduce->send_counts[r] = own * (int)length;
        reduce->receive_starts[r] = reduce->node_starts[r] * (int)mine;
        reduce->receive_counts[r] =
            (reduce->node_starts[r + 1] - reduce->node_starts[r]) * (int)mine;
    }
}

static void plan_gather(struct reduce *reduce, struct chunk chunk)
{
    long first, length;
    for (int r = 0; r < reduce->comm.size; r++) {
        comm_share((long)chunk.count, r, reduce->comm.size, &first, &length);
        reduce->receive_starts[r] = (int)first;
        reduce->receive_counts[r] = (int)length;
    }
}

static enum ben_status finish_chunk(struct reduce *reduce, struct chunk chunk, float *total)
{
    enum ben_status st = BEN_OK;
    long first, mine;
    comm_share((long)chunk.count, reduce->comm.rank, reduce->comm.size, &first, &mine);
    plan_exchange(reduce, chunk);
    TRY_MPI(MPI_Alltoallv(reduce->sums + (size_t)own_nodes(reduce) * chunk.first,
                          reduce->send_counts, reduce->send_starts, MPI_FLOAT, reduce->received,
                          reduce->receive_counts, reduce->receive_starts, MPI_FLOAT,
                          reduce->comm.mpi));
    for (int i = 0; i < reduce->n_nodes; i++)
        reduce->heads[i] = reduce->received + (size_t)i * (size_t)mine;
    tree_finish_f32(reduce->heads, reduce->nodes, reduce->n_nodes, reduce->batch, (size_t)mine);
    plan_gather(reduce, chunk);
    TRY_MPI(MPI_Allgatherv(reduce->received, (int)mine, MPI_FLOAT, total + chunk.first,
                           reduce->receive_counts, reduce->receive_starts, MPI_FLOAT,
                           reduce->comm.mpi));
out:
    return st;
}

enum ben_status reduce_finish(struct reduce *reduce, float *total)
{
    enum ben_status st = BEN_OK;
    size_t n = reduce->config.n_values;
    if (reduce->comm.size == 1) { /* one rank holds one node: the total */
        memcpy(total, reduce->sums, n * sizeof *total);
        return BEN_OK;
    }
    for (size_t at = 0; at < n; at += reduce->config.chunk)
        TRY(finish_chunk(reduce, chunk_of(reduce, at), total));
out:
    return st;
}
