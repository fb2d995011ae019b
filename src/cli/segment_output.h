/* SPDX-License-Identifier: BSD-3-Clause */
/* The output folder of segment: where a scan's files go, the journal of what is done, and the
 * tables and the cohort HDF5 file made from it. */
#ifndef BEN_CLI_SEGMENT_OUTPUT_H
#define BEN_CLI_SEGMENT_OUTPUT_H

#include "cli/segment_scan.h"
#include "io/cohort.h"
#include "io/table.h"
#include "mpi/journal.h"

/* What to do about a scan, from its uncertainty; an empty mask fails. For scans with Monte Carlo
 * samples. */
enum mcqa_flag segment_flag(const struct mcqa_limits *limits,
                            const struct segment_result *result);

/* One row of results.tsv as a table of its own line, made when a scan ends. reason: NULL where
 * it succeeded. The caller frees; NULL without memory. */
char *segment_row(const struct scan *scan, const struct segment_result *result,
                  const struct mcqa_limits *limits, const char *reason);

/* A table with the columns of such rows, without rows; the caller frees. */
enum ben_status segment_table_create(struct table **table);

/* A failed scan's row says so in this column. */
bool segment_row_failed(const struct table *table, long row);

/* What names a piece of work in the journal: the scan, its file's stamp, and what of the
 * configuration shapes its outputs. The caller frees; NULL without memory. */
char *segment_key(const struct scan *scan, uint64_t configuration);

/* What is written at the end: results.tsv with its dictionary and, where hdf5, cohort.h5. */
struct segment_assembly {
    const char *folder;
    const struct cohort *cohort;
    const uint64_t *configuration;       /* of each species */
    bool hdf5, probability, uncertainty; /* the file, and which maps in it */
    const char *effective, *weights;     /* texts for the file's attributes */
};

/* From the journal in the folder; scans without an entry are left out. Counts what it found on
 * all ranks. Collective. */
enum ben_status segment_assemble(const struct comm *world,
                                 const struct segment_assembly *assembly, long *done,
                                 long *failed);

#endif
