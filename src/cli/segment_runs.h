/* SPDX-License-Identifier: BSD-3-Clause */
/* The records that runs of segment left in an output folder (cli/segment_record.h), read. All
 * Local. */
#ifndef BEN_CLI_SEGMENT_RUNS_H
#define BEN_CLI_SEGMENT_RUNS_H

#include "base/status.h"

#include <stdint.h>
#include <time.h>

struct run_record {
    char *plan, *command, *host, *job;
    char *how; /* it ended; "" not yet, as far as it says */
    long pid, ranks, threads;
    long at_a_time;     /* scans worked on at a time */
    int64_t started_ns; /* since 1970 */
    int64_t since_ns;   /* what was done before does not count (--restart); 0: all does */
    time_t started, ended, heard; /* ended: 0 not yet; heard: when it ended a scan last */
};

/* All of the folder, by their start; a folder without is none. What is no record is told and left
 * out. The caller frees. Fails: BEN_E_MEMORY. */
enum ben_status segment_runs_read(const char *folder, struct run_record **runs, int *n);
void segment_runs_free(struct run_record **runs, int n);

/* From when on what is done counts for a run with --restart: from now on; for a job that its
 * scheduler started again, from its first start. Fails: BEN_E_MEMORY. */
enum ben_status segment_runs_restart(const char *folder, int64_t *since_ns);

#endif
