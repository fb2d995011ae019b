/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the cohort file that io/results.h writes, by all ranks at once: the rows of /scan on every
 * rank, and masks of single scans by whoever wants them. */
#ifndef BEN_IO_RESULTS_READ_H
#define BEN_IO_RESULTS_READ_H

#include "base/status.h"
#include "mpi/comm.h"

#include <stdint.h>

/* One row of /scan; texts are NULL where they are n/a or not in the file, reals then NaN. */
struct results_row {
    char *participant, *session, *scan, *species, *status, *reason, *mask;
    double volume_mm3, uncertainty;
    int dim[3]; /* all 0 where the scan failed: no voxels */
    double voxel_mm[3];
    uint64_t offset, voxels; /* where its mask is in /mask */
};

struct results_file;

/* Opens path and reads its rows. Collective; all ranks return the same. Fails: BEN_E_ARG where it is
 * no cohort file or one of a newer format, BEN_E_INPUT where its rows contradict its voxels,
 * BEN_E_HDF5, BEN_E_MEMORY. */
enum ben_status results_open(const struct comm *comm, const char *path,
                             struct results_file **file);

long results_rows(const struct results_file *file);
const struct results_row *results_row(const struct results_file *file, long row);

/* mask [dim[2]][dim[1]][dim[0]] := the row's. Local: ranks read what they want, when they want. Fails:
 * BEN_E_HDF5. */
enum ben_status results_read_mask(const struct results_file *file, long row, uint8_t *mask);

/* Collective. */
void results_close(struct results_file **file);

#endif
