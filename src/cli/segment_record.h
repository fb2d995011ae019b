/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run of segment leaves behind about itself, for `info` while it goes on and for people
 * after it:
 *
 *   logs/runs/NAME.json  the run: its command, where and when, ranks, how it ended, a summary; its
 *                        time of change is when rank 0 last ended a scan
 *   logs/runs/HASH.tsv   its plan: of each scan the hash of its key in the journal and its voxels;
 *                        runs with the same plan share the file
 *
 * and the summary at the end of its log. Life: record_open, record_scan or record_skip for each
 * scan, record_close. */
#ifndef BEN_CLI_SEGMENT_RECORD_H
#define BEN_CLI_SEGMENT_RECORD_H

#include "cli/segment_scan.h"
#include "io/cohort.h"
#include "io/table.h"

#include <stdint.h>

#define BEN_RECORD_FOLDER "logs/runs" /* in the output folder */

/* The columns of a plan. */
enum record_plan_column { BEN_PLAN_SCAN, BEN_PLAN_KEY, BEN_PLAN_VOXELS, BEN_PLAN_COLUMNS };
extern const struct table_column record_plan_columns[BEN_PLAN_COLUMNS];

/* A key of the journal as it stands in a plan. */
uint64_t record_key_hash(const char *key);

struct record_start {
    const char *folder, *command_line;
    const struct cohort *cohort;
    const double *voxels;          /* [cohort->n] */
    const uint64_t *configuration; /* of each species, as segment_key takes it */
    int teams;                     /* scans worked on at a time */
    int64_t since_ns; /* what was done before does not count (--restart); 0: all does */
    double start_s;   /* of the run, by util_now_s */
};

struct record;

/* Rank 0 writes plan and record. Fails: BEN_E_IO, BEN_E_MEMORY. Collective. */
enum ben_status record_open(const struct comm *world, const struct record_start *start,
                            struct record **record);

/* A scan has ended; on each rank of its team. reason: NULL where it succeeded. lead: this rank
 * is the one that counts for the team. Fails: BEN_E_MEMORY. Local. */
enum ben_status record_scan(struct record *record, const struct scan *scan,
                            const struct segment_result *result, const char *reason, bool lead);

/* A scan was done before; on the rank that counts. Local. */
void record_skip(struct record *record);

/* Sums over the ranks, writes the summary to the log and the end to the record, frees. how: what
 * the run came to, the same on all ranks. Fails: BEN_E_IO, BEN_E_MEMORY. Collective. */
enum ben_status record_close(struct record **record, enum ben_status how);

void record_free(struct record **record); /* Local. */

#endif
