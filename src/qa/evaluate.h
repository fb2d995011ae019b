/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation of many pairs of masks over the ranks: each rank takes its share of the pairs, balanced
 * by their voxels, all ranks get all results, and rank 0 writes them as tables. A pair that
 * cannot be compared is a failed row with the reason; the others go on. */
#ifndef BEN_QA_EVALUATE_H
#define BEN_QA_EVALUATE_H

#include "io/nifti.h"
#include "io/species.h"
#include "mpi/comm.h"
#include "qa/metrics.h"
#include "qa/pairs.h"
#include "qa/statistics.h"

enum evaluate_status { BEN_EVALUATE_OK, BEN_EVALUATE_WARNING, BEN_EVALUATE_FAILED };

#define EVALUATE_REASON 1024

/* Plain bytes, so that rows travel between ranks. */
struct evaluate_row {
    enum evaluate_status status;
    char reason[EVALUATE_REASON]; /* of a warning or failure, cut to fit; else "" */
    int dim[3];
    double voxel_mm[3];     /* of the reference */
    struct metrics metrics; /* all NaN where it failed */
};

#define EVALUATE_AUTO_PLANE (-1) /* across the thickest voxel edge, else the third axis */

struct evaluate_options {
    double
        ref_close_mm; /* > 0: close each reference by a ball of that radius and fill its holes
                            first (prep/close.h) */
    int plane;        /* of slices: enum slice_plane or EVALUATE_AUTO_PLANE */
};

/* rows [pairs->n] := the results in the pairs' order, on every rank. Masks of different size fail; on
 * different grids of the same size, empty ones: a warning. Voxels above one half are inside. slices:
 * NULL, or *slices := on rank 0 the lines of the slices' table without its head (fresh), one for
 * each slice that either mask touches; NULL on other ranks. The pairs are the same on every rank.
 * Collective. Fails alike on all ranks: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status evaluate_pairs(const struct comm *comm, const struct pairs *pairs,
                               const struct evaluate_options *options,
                               struct evaluate_row *rows, char **slices);

/* Results with what is known of their scans. */
struct evaluate_results {
    const struct pairs *pairs;
    const struct evaluate_row *rows; /* [n] */
    const char *const *groups;       /* [n] data set or other group; NULL: none */
    const double *uncertainty;       /* [n] NaN where unknown; NULL: none known */
    const char *slices;              /* of evaluate_pairs; NULL: not wanted */
};

/* The methods in the pairs' order and the groups, sorted; texts are the results' own. Where there is
 * but one group, none is listed. */
struct evaluate_parts {
    const char **methods, **groups;
    long n_methods, n_groups;
};
enum ben_status evaluate_find_parts(const struct evaluate_results *results,
                                    struct evaluate_parts *parts);
void evaluate_free_parts(struct evaluate_parts *parts);

/* Whether row i is of that method and group (NULL: of any group). */
bool evaluate_is_part(const struct evaluate_results *results, long i, const char *method,
                      const char *group);

/* "sub-01" out of an id "sub-01/ses-2/anat/sub-01_ses-2_T1w", else the id; "ses-2", else NULL. The
 * caller frees; the participant is NULL without memory. */
char *evaluate_participant(const char *id);
char *evaluate_session(const char *id);

/* "" where the pair has none. */
const char *evaluate_method(const struct evaluate_results *results, long i);

/* summaries [METRICS_FIELDS] over the rows of a method and group that did not fail. Local. */
enum ben_status evaluate_summarise(const struct evaluate_results *results, const char *method,
                                   const char *group, struct summary *summaries);

/* Fails: BEN_E_ARG where path cannot name the table: it must end in .tsv. Local. */
enum ben_status evaluate_check_path(const char *path);

/* Writes path (NAME.tsv, one row per pair), with a JSON dictionary beside each table
 *   NAME_summary.tsv      one row per method, group and metric
 *   NAME_volumes.tsv      predicted against reference volumes per method and group
 *   NAME_tests.tsv        methods against each other, where there are several
 *   NAME_uncertainty.tsv  correlation of metrics with uncertainty, where it is known
 *   NAME_slices.tsv       one row per slice, where wanted
 * Local. Fails: BEN_E_ARG where path does not end in .tsv, BEN_E_IO. */
enum ben_status evaluate_write(const char *path, const struct evaluate_results *results);

/* Writes NAME_dice.svg (boxes per group and method), NAME_volumes.svg (regression),
 * NAME_bland-altman.svg and, where it is known, NAME_uncertainty.svg. Local. */
enum ben_status evaluate_plot(const char *path, const struct evaluate_results *results);

#endif
