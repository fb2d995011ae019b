/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation of many pairs of masks over the ranks: each rank takes its share of the pairs, balanced
 * by their voxels, all ranks get all results, and rank 0 writes them as tables. A pair that
 * cannot be compared is a failed row with the reason; the others go on. */
#ifndef BEN_QA_EVALUATE_H
#define BEN_QA_EVALUATE_H

#include "mpi/comm.h"
#include "qa/metrics.h"
#include "qa/pairs.h"
#include "qa/statistics.h"

enum evaluate_status { BEN_EVALUATE_OK, BEN_EVALUATE_WARNING, BEN_EVALUATE_FAILED };

#define EVALUATE_REASON 1024

/* Plain bytes, so that rows travel between ranks. */
struct evaluate_row {
    long pair; /* index of the pair it is about */
    enum evaluate_status status;
    char reason[EVALUATE_REASON]; /* of a warning or failure, cut to fit; else "" */
    int dim[3];
    double voxel_mm[3];     /* of the reference */
    struct metrics metrics; /* all NaN where it failed */
};

/* rows [pairs->n] := the results in the pairs' order, on every rank. Masks of different size fail; on
 * different grids of the same size, empty ones: a warning. Voxels above one half are inside.
 * ref_close_mm > 0 closes each reference by a ball of that radius and fills its holes first
 * (prep/close.h). The pairs are the same on every rank. Collective. Fails alike on all ranks: BEN_E_MEMORY,
 * BEN_E_MPI. */
enum ben_status evaluate_pairs(const struct comm *comm, const struct pairs *pairs,
                               double ref_close_mm, struct evaluate_row *rows);

/* summaries [METRICS_FIELDS] over the rows that did not fail. Local. */
enum ben_status evaluate_summarise(const struct evaluate_row *rows, long n,
                                   struct summary *summaries);

/* Fails: BEN_E_ARG where path cannot name the table: it must end in .tsv. Local. */
enum ben_status evaluate_check_path(const char *path);

/* Writes path (NAME.tsv, one row per pair), NAME_summary.tsv (one row per metric) and a JSON
 * dictionary beside each. Local. Fails: BEN_E_ARG where path does not end in .tsv, BEN_E_IO. */
enum ben_status evaluate_write(const char *path, const struct pairs *pairs,
                               const struct evaluate_row *rows,
                               const struct summary *summaries);

#endif
