/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages on which a person decides what to trust, made of the output folder of segment: one HTML
 * file for each scan (its mask on its slices, maps, metadata, its numbers among the cohort's, a
 * form to rate it) and report.html for all of them (a table to sort and filter, plots, scans that
 * are worth correcting first, failures, methods). Each file is whole in itself: pictures are
 * inside, its one script is small and inside, nothing is loaded from anywhere. What data and
 * users wrote (file names, reasons) is only ever shown as text.
 *
 * Read: results.tsv with its dictionary, dataset_description.json, logs/segment.ini, masks and
 * maps in the folder; the scans themselves; masks that somebody corrected. */
#ifndef BEN_QA_REPORT_H
#define BEN_QA_REPORT_H

#include "base/status.h"
#include "mpi/comm.h"

#include <stdbool.h>

struct report_options {
    const char *folder;        /* that segment wrote */
    const char *const *images; /* [n_images] folders with the scans; without any, what the data
                                  set description of the folder names */
    int n_images;
    const char *corrected;  /* folder of masks corrected by hand; NULL: folder/corrected */
    const char *evaluation; /* table of evaluate: its metrics are shown too; NULL: none */
    bool n4;                /* do N4 again where segment did it, to show what it changed */
    int worst;              /* how many scans to list as worth correcting */
    bool (*stop)(void);     /* asked between scans: true ends the work; NULL: never */
};

struct report_outcome {
    long scans;
    long failed;  /* by segment, as the table says */
    long unseen;  /* without pictures although segment made a mask: scan or mask not readable */
    long flagged; /* outliers, empty masks */
    long redrawn; /* with a corrected mask */
};

/* Scans are shared among the ranks; the pages are the same bytes for any number of them.
 * Collective on world; all ranks return the same. A scan that cannot be shown has a page that
 * says why. Fails: BEN_E_ARG where the folder is not one of segment's, BEN_E_IO, BEN_E_MEMORY,
 * BEN_E_INTERRUPTED. */
enum ben_status report_write(const struct comm *world, const struct report_options *options,
                             struct report_outcome *outcome);

#endif
