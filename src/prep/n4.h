/* SPDX-License-Identifier: BSD-3-Clause */
/* N4 bias-field correction (Tustison et al., IEEE TMI 29:1310, 2010). Coils shade an image by a
 * smooth factor; N4 finds its logarithm as a cubic B-spline field and divides it out:
 *
 *   foreground -> every shrink-th voxel -> log -> { sharpen the histogram -> expected - measured
 *   -> fit a B-spline field, add it } until it rests, on a mesh refined level by level
 *   -> the field on the full grid -> volume / exp(field)
 *
 * The default settings are those in common use: four levels of up to 50 iterations, from a mesh of
 * one element. With the same settings the results are those of ITK's
 * N4BiasFieldCorrectionImageFilter (tools/n4_itk compares them), the mesh spanning the shrunken
 * and the full grid alike from the first voxel to the last, as that filter's users do it.
 *
 * A team shares the work by slices along k. Every sum over voxels is one per slice in double,
 * added in slice order, or one of integers: the result has the same bits for any number of ranks
 * and threads. */
#ifndef BEN_PREP_N4_H
#define BEN_PREP_N4_H

#include "io/volume.h"
#include "mpi/comm.h"

#include <stdint.h>

#define BEN_N4_MAX_LEVELS 8
#define BEN_N4_MAX_MESH   128 /* elements along an axis at the last level */

enum n4_foreground {
    BEN_N4_OTSU,      /* above Otsu's threshold of the whole volume, and above zero */
    BEN_N4_OTSU_LOGS, /* the same of its logarithms, down to a ten-thousandth of its highest
                         intensity: also what a coil sees a hundred times as dark as the rest */
    BEN_N4_POSITIVE,  /* above zero */
};

struct n4_config {
    int shrink;                        /* 1..64; see n4_shrink */
    int levels;                        /* 1..BEN_N4_MAX_LEVELS; each doubles the mesh */
    int iterations[BEN_N4_MAX_LEVELS]; /* at most, per level, >= 0 */
    double threshold;                  /* a level ends once the field's ratio to the last one
                                          varies (standard deviation / mean) no more than this */
    int bins;                          /* of the histogram of logs, 2..4096 */
    double fwhm;                       /* of the field's distribution, in log intensity, > 0 */
    double noise;                      /* of the Wiener filter, > 0 */
    int mesh[3];                       /* elements of the first level along i, j, k, >= 1; the
                                          last level has at most BEN_N4_MAX_MESH */
    double spline_mm;                  /* > 0: mesh elements of this edge instead of mesh */
    enum n4_foreground foreground;     /* where no mask is given */
    int otsu_bins;                     /* 2..65536 */
};

/* What was done. */
struct n4_report {
    bool corrected;         /* false: no foreground or no contrast; volume unchanged */
    int factor[3];          /* the shrink factor used along each axis */
    float foreground_above; /* the intensity threshold of the foreground */
    unsigned long voxels;   /* foreground voxels of the shrunken grid */
    int iterations[BEN_N4_MAX_LEVELS]; /* run, per level */
    double change;                     /* the last iteration's measure against threshold */
};

struct n4_config n4_config_default(void);

/* For a field that varies by far more than the usual settings find, as near a surface coil: its
 * foreground by logarithms, up to 200 iterations per level, a threshold of 0.0001. What is left is
 * for the usual settings to correct after it. */
struct n4_config n4_config_strong(void);

/* How strongly a volume is shaded: its foreground by logarithms has *ratio times as many voxels as
 * the usual one. Even heads have 1.1 to 2.1, ones near a coil 8 and many more (docs/results.md).
 * Collective on team, the same on all ranks. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status n4_shading(const struct comm *team, const struct volume *volume, double *ratio);

/* The shrink factor of each axis: shrink along the finest; along coarser axes less, so that the
 * shrunken grid is as nearly isotropic as factors >= 1 allow (thick slices are not thinned
 * further), and never so much that fewer than 8 voxels are left where there were more. Voxels
 * are picked as ITK's ShrinkImageFilter does: about the centre of the grid. Local. */
void n4_shrink(int shrink, const struct volume *volume, int factor[3]);

/* Corrects volume in place. mask [voxels] (NULL: config->foreground): the field is found where it
 * is nonzero and the intensity above zero, and applied everywhere. log_field [voxels] (or NULL)
 * gets the field's natural logarithm, zero where nothing was corrected. report may be NULL. Every
 * rank gives the same whole volume (finite values), mask and config, and gets everything back.
 * Memory: two floats per voxel of the own slices of the shrunken grid.
 * Fails: BEN_E_ARG (config out of its bounds), BEN_E_MEMORY, BEN_E_MPI; on all ranks alike; the
 * volume is then unchanged unless it is BEN_E_MPI. Collective on team. */
enum ben_status n4_correct(const struct comm *team, const struct n4_config *config,
                           struct volume *volume, const uint8_t *mask, float *log_field,
                           struct n4_report *report);

#endif
