/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/spread.h"
#include "mpi/plan.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One run: the plan, and what this rank's items gave, in the order of its list. */
struct share {
    const struct comm *comm;
    const struct spread *spread;
    struct plan *plan;
    const long *items;
    long n;
    char *rows;   /* [n][row_bytes] */
    char **texts; /* [n]; NULL where none are wanted */
    size_t *lengths;
};

/* Items are not worth more than the first rank of a team. */
static const long *items_of(const struct plan *plan, int rank, long *n)
{
    const long *items = plan_scans(plan, rank, n);
    if (rank > 0 && plan->team_of_rank[rank] == plan->team_of_rank[rank - 1])
        *n = 0;
    return items;
}

static enum ben_status deal(struct share *share)
{
    enum ben_status st = BEN_OK;
    const struct comm *comm = share->comm;
    const struct spread *spread = share->spread;
    double *costs = calloc((size_t)spread->n + 1, sizeof *costs);
    long first, count;
    TRY(comm_agree(
        comm, costs ? BEN_OK
                    : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory")));
    comm_share(spread->n, comm->rank, comm->size, &first, &count);
    for (long i = first; i < first + count; i++)
        costs[i] = spread->cost(spread->context, i);
    TRY(comm_share_rows(comm, costs, spread->n, sizeof *costs));
    TRY(comm_agree(comm, plan_share(costs, spread->n, comm->size, &share->plan)));
    share->items = items_of(share->plan, comm->rank, &share->n);
out:
    free(costs);
    return st;
}

static enum ben_status do_item(struct share *share, long i)
{
    enum ben_status st = BEN_OK;
    const struct spread *spread = share->spread;
    FILE *to = NULL;
    if (share->texts)
        TRY_NEW(to = open_memstream(&share->texts[i], &share->lengths[i]));
    TRY(spread->work(spread->context, share->items[i],
                     share->rows + (size_t)i * spread->row_bytes, to));
out:
    if (to && fclose(to) != 0 && st == BEN_OK)
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    return st;
}

static enum ben_status do_items(struct share *share, bool texts)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)share->n + 1;
    TRY_NEW(share->rows = calloc(n, share->spread->row_bytes));
    if (texts) {
        TRY_NEW(share->texts = calloc(n, sizeof *share->texts));
        TRY_NEW(share->lengths = calloc(n, sizeof *share->lengths));
    }
    for (long i = 0; i < share->n; i++)
        TRY(do_item(share, i));
out:
    return st;
}

static enum ben_status gather_rows(const struct share *share, char *rows)
{
    enum ben_status st = BEN_OK;
    size_t bytes = share->spread->row_bytes, *offsets = NULL;
    char *all = NULL;
    TRY(comm_gather_all(share->comm, share->rows, (size_t)share->n * bytes, &all, &offsets));
    for (int r = 0; r < share->comm->size; r++) {
        long n;
        const long *items = items_of(share->plan, r, &n);
        for (long i = 0; i < n; i++)
            memcpy(rows + (size_t)items[i] * bytes, all + offsets[r] + (size_t)i * bytes,
                   bytes);
    }
out:
    free(all);
    free(offsets);
    return st;
}

/* This rank's texts, each behind its length. */
static enum ben_status pack_texts(const struct share *share, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    FILE *to = NULL;
    TRY_NEW(to = open_memstream(bytes, n));
    for (long i = 0; i < share->n; i++) {
        fwrite(&share->lengths[i], sizeof share->lengths[i], 1, to);
        fwrite(share->texts[i], 1, share->lengths[i], to);
    }
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}

/* The ranks' packed texts put into the items' order: on rank 0. */
static enum ben_status order_texts(const struct share *share, const char *all,
                                   const size_t *offsets, char **text)
{
    enum ben_status st = BEN_OK;
    const char **start = calloc((size_t)share->spread->n + 1, sizeof *start);
    FILE *to = NULL;
    size_t length;
    TRY_NEW(start);
    for (int r = 0; r < share->comm->size; r++) {
        long n;
        const long *items = items_of(share->plan, r, &n);
        const char *at = all + offsets[r];
        for (long i = 0; i < n; i++) {
            start[items[i]] = at;
            memcpy(&length, at, sizeof length);
            at += sizeof length + length;
        }
    }
    TRY_NEW(to = open_memstream(text, &length));
    for (long i = 0; i < share->spread->n; i++) {
        size_t bytes;
        memcpy(&bytes, start[i], sizeof bytes);
        fwrite(start[i] + sizeof bytes, 1, bytes, to);
    }
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    free(start);
    return st;
}

static enum ben_status gather_texts(const struct share *share, char **text)
{
    enum ben_status st = BEN_OK;
    char *mine = NULL, *all = NULL;
    size_t n = 0, *offsets = NULL;
    TRY(comm_agree(share->comm, pack_texts(share, &mine, &n)));
    TRY(comm_gather(share->comm, mine, n, &all, &offsets));
    TRY(comm_agree(share->comm,
                   share->comm->rank == 0 ? order_texts(share, all, offsets, text) : BEN_OK));
out:
    free(mine);
    free(all);
    free(offsets);
    return st;
}

static void share_free(struct share *share)
{
    for (long i = 0; share->texts && i < share->n; i++)
        free(share->texts[i]);
    free(share->texts);
    free(share->lengths);
    free(share->rows);
    plan_free(&share->plan);
}

enum ben_status spread_work(const struct comm *comm, const struct spread *spread, void *rows,
                            char **text)
{
    enum ben_status st = BEN_OK;
    struct share share = {.comm = comm, .spread = spread};
    if (text)
        *text = NULL;
    TRY(deal(&share));
    TRY(comm_agree(comm, do_items(&share, text != NULL)));
    TRY(gather_rows(&share, rows));
    if (text)
        TRY(gather_texts(&share, text));
out:
    share_free(&share);
    return st;
}
