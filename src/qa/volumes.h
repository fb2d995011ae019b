/* SPDX-License-Identifier: BSD-3-Clause */
/* Brain volumes of a cohort from its masks: files in folders, those a manifest names, or the masks in
 * cohort.h5; regions too where a label map lies in the mask's grid. The masks are dealt to the ranks;
 * rank 0 puts what they hold together with what tables know of the scans (qa/facts.h) and writes
 * tables by scan, group, region and animal. Results do not depend on the number of ranks.
 *
 * Life: volumes_find (rank 0), volumes_share, volumes_measure, volumes_know (rank 0), volumes_write,
 * volumes_plot, volumes_free. */
#ifndef BEN_QA_VOLUMES_H
#define BEN_QA_VOLUMES_H

#include "mpi/comm.h"

#include <stdbool.h>
#include <stdint.h>

struct results_file;

/* A scan whose mask is measured. */
struct volumes_scan {
    char *id;     /* the mask's path in its folder without ending, _mask and desc- */
    char *path;   /* of the mask; of one in a cohort file, where it lay beside it */
    char *labels; /* path of its label map; NULL: none */
    int input;    /* index of the input it is from */
    long row;     /* of the cohort file; -1: the mask is a file */
};

enum volumes_status { BEN_VOLUMES_OK, BEN_VOLUMES_EMPTY, BEN_VOLUMES_FAILED };

#define VOLUMES_REASON 1024

/* Plain bytes, so that rows travel between ranks. */
struct volumes_row {
    enum volumes_status status;
    char reason[VOLUMES_REASON]; /* of a failure, or why there are no regions; else "" */
    int dim[3];
    double voxel_mm[3];
    uint64_t voxels; /* in the mask */
    double mm3;
};

/* A region of a scan. */
struct volumes_region {
    long scan, label;
    uint64_t voxels, inside; /* of the label; those of them inside the mask */
    double mm3, inside_mm3;
};

/* What is known of a scan; texts are owned, NULL where nobody says. */
struct volumes_known {
    char *participant, *session, *species, *group;
    double uncertainty, time; /* NaN where unknown */
};

struct volumes {
    struct volumes_scan *scans; /* [n], input by input, by id */
    long n;
    char **inputs; /* [n_inputs] */
    int n_inputs;
    struct results_file **files; /* [n_inputs] cohort files, open on all ranks; NULL: others */
    struct volumes_row *rows;    /* [n], from volumes_measure on, on every rank */
    struct volumes_region *regions; /* by scan and label, on rank 0 */
    long n_regions;
    struct volumes_known *known; /* [n], from volumes_know on, on rank 0 */
    bool dates;                  /* times are days of the calendar */
};

/* The masks of the inputs: folders, mask files, TSV manifests with a column mask, cohort files (.h5).
 * labels: NULL, or a folder of label maps named like the masks. Reads names only, but of cohort files,
 * which every rank opens. Collective. Fails alike: BEN_E_ARG where an input is missing or holds no
 * mask, where two scans have one name; BEN_E_INPUT, BEN_E_IO. */
enum ben_status volumes_find(const struct comm *comm, const char *const *inputs, int n_inputs,
                             const char *labels, struct volumes **volumes);

/* Fills rows and regions. A mask that cannot be read is a failed row; a label map that cannot be used
 * leaves the scan without regions and says why. Of 4-D masks the time point counts that stands for
 * them elsewhere (BEN_VOLUME_DEFAULT). Labels are whole numbers from 1 to 16777215. Collective. Fails
 * alike: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status volumes_measure(const struct comm *comm, struct volumes *volumes);

struct volumes_options {
    const char *const *tables; /* TSV files that know more of the scans */
    int n_tables;
    const char *const *group_by; /* columns; with several species, species comes first */
    int n_group_by;
    const char *uncertainty; /* column */
    const char *time;        /* column, numbers or dates; NULL: age, else acq_time */
    const char *time_unit;   /* of numbers, for people; NULL: "as in the table" */
    const char *label_names; /* TSV with columns index and name; NULL: none */
};

/* Fills known from tables: given ones, those beside the inputs and of their raw data sets. Local.
 * Fails: BEN_E_ARG for a column that no table has; BEN_E_INPUT, BEN_E_IO. */
enum ben_status volumes_know(struct volumes *volumes, const struct volumes_options *options);

/* Fails: BEN_E_ARG where path does not end in .tsv. Local. */
enum ben_status volumes_check_path(const char *path);

/* Writes NAME.tsv (path, a row per scan, with robust z scores and what lies far off), and with a JSON
 * dictionary beside each
 *   NAME_groups.tsv   volumes by group and region
 *   NAME_tests.tsv    groups against each other, where there are several
 *   NAME_change.tsv   visits of one animal against its first and the one before, where there are
 *   NAME_rates.tsv, NAME_rates_tests.tsv  how fast animals change, by group and region, where times
 *                     are known
 *   NAME_regions.tsv  a row per scan and label, where there are labels
 * Local. Fails: BEN_E_IO, BEN_E_MEMORY, BEN_E_INPUT for a table of label names that is none. */
enum ben_status volumes_write(const char *path, const struct volumes *volumes,
                              const struct volumes_options *options);

/* Writes NAME_groups.svg (a box per group, outliers marked) and NAME_change.svg (a line per animal).
 * Local. */
enum ben_status volumes_plot(const char *path, const struct volumes *volumes,
                             const struct volumes_options *options);

/* Collective where an input is a cohort file. */
void volumes_free(struct volumes **volumes);

#endif
