/* SPDX-License-Identifier: BSD-3-Clause */
/* Many items that are worked on independently, dealt to the ranks by their cost, longest first: each
 * gives a row of plain bytes, which every rank gets, and where wanted a text, which rank 0 gets.
 * Rows and texts come in the items' order and do not depend on the number of ranks. */
#ifndef BEN_MPI_SPREAD_H
#define BEN_MPI_SPREAD_H

#include "mpi/comm.h"

#include <stdio.h>

struct spread {
    long n;
    size_t row_bytes;
    void *context;
    /* A measure of the work on an item, finite and >= 0; called on one rank for each. */
    double (*cost)(void *context, long item);
    /* Does an item, on one rank: fills its zeroed row and writes its text, NULL where no texts are
     * wanted. A failure ends the whole run; what concerns one item alone belongs into its row. */
    enum ben_status (*work)(void *context, long item, void *row, FILE *text);
};

/* rows [n][row_bytes] := all rows, on every rank. text: NULL, or *text := on rank 0 all texts one
 * after the other, fresh; NULL on other ranks. Collective; fails alike on all ranks. */
enum ben_status spread_work(const struct comm *comm, const struct spread *spread, void *rows,
                            char **text);

#endif
