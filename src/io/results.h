/* SPDX-License-Identifier: BSD-3-Clause */
/* The cohort file: all scans' results in one HDF5 file, written by all ranks together, read by
 * h5py, h5dump or MATLAB without us. Few large data sets instead of one per scan:
 *
 *   /scan         one compound row per scan: the table's columns (texts of fixed length,
 *                 missing ones "n/a", integers -1, reals NaN), then dim [3], voxel_mm [3],
 *                 affine [3][4], offset, voxels
 *   /mask         uint8, 1-D: all voxels of all scans one after the other, scan s at
 *                 [offset, offset + voxels), x fastest: reshape to (dim[2], dim[1], dim[0]);
 *                 zeros follow the last, up to a whole chunk
 *   /probability  float16, /uncertainty float16, likewise, where asked for
 *
 * and the given texts as attributes of the root (one of 60000 bytes and more, which an attribute
 * cannot hold, as a data set). All texts are of fixed length. The file is written under a temporary name,
 * flushed and renamed: it is whole or it is not there. */
#ifndef BEN_IO_RESULTS_H
#define BEN_IO_RESULTS_H

#include "base/status.h"
#include "io/table.h"
#include "mpi/comm.h"

#include <stdint.h>

#define BEN_RESULTS_FORMAT 2

struct results_scan {
    int dim[3]; /* all 0 for a failed scan: a row, but no voxels */
    double voxel_mm[3];
    double affine[3][4]; /* voxel index to world mm, RAS+ */
};

struct results_attribute {
    const char *name, *text;
};

/* What is written; the same on every rank. */
struct results_cohort {
    const struct table *table;        /* one row per scan */
    const struct results_scan *scans; /* [table_rows] */
    const struct results_attribute *attributes;
    int n_attributes;
    int deflate; /* level 1..9, 0 for none */
};

/* Where voxels come from: a function fills all voxels of one scan, in its own grid. It is
 * called on the ranks that write a part of the scan, which may be several, and more than once.
 * NULL where that data set is not wanted. */
struct results_source {
    enum ben_status (*mask)(void *context, long scan, uint8_t *voxels);
    enum ben_status (*probability)(void *context, long scan, float *voxels);
    enum ben_status (*uncertainty)(void *context, long scan, float *voxels);
    void *context;
};

/* Writes the cohort file. Memory per rank: the largest scan and about 150 MiB at most. What the
 * file holds does not depend on the number of ranks. On failure no file is left and all ranks
 * return the same status; only a disk that fails in the midst of a write, after the room was
 * there, ends the program (MPI_Abort), since the ranks are then out of step. Collective.
 * Fails: BEN_E_IO (no room, no such folder), BEN_E_HDF5, whatever the source returns. */
enum ben_status results_write(const struct comm *comm, const char *path,
                              const struct results_cohort *cohort,
                              const struct results_source *source);

#endif
