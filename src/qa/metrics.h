/* SPDX-License-Identifier: BSD-3-Clause */
/* How well a predicted mask agrees with a reference. Boundary voxels of a mask are those with a
 * voxel outside the mask behind at least one of their faces; what lies beyond the volume's border
 * counts as outside. Distances are between centres of boundary voxels: d(P -> R) is the set of
 * distances from each boundary voxel of the prediction to the nearest one of the reference. */
#ifndef BEN_QA_METRICS_H
#define BEN_QA_METRICS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* NaN where a value is not defined, as each line says. */
struct metrics {
    double dice;        /* 2 |P and R| / (|P| + |R|); 1 where both are empty */
    double jaccard;     /* |P and R| / |P or R|; 1 where both are empty */
    double sensitivity; /* share of the reference that is found; NaN: empty reference */
    double specificity; /* share of what is outside that stays outside; NaN: full reference */
    double hd_mm;       /* Hausdorff distance: the largest of d(P -> R) and d(R -> P); this and
                           all distances NaN where a mask is empty */
    double hd_voxels;   /* the same on the voxel grid with edges of 1 */
    double hd95_mm;     /* the larger of the two 95th percentiles of d(P -> R) and d(R -> P) */
    double asd_mm;      /* mean of d(P -> R) */
    double assd_mm;     /* mean of d(P -> R) and d(R -> P) taken together */
    double pred_mm3, ref_mm3; /* volumes */
};

/* What the values are called, for tables. */
struct metrics_field {
    const char *name;
    size_t offset; /* in struct metrics, a double */
    int decimals;
    const char *unit; /* NULL without */
    const char *description;
};

#define METRICS_FIELDS 11
#define METRICS_SCORES 9 /* the first fields; the others are volumes */
extern const struct metrics_field metrics_fields[METRICS_FIELDS];

double metrics_value(const struct metrics *metrics, int field);

/* pred and ref [dim[2]][dim[1]][dim[0]], not 0 is inside. Works within the box that holds both
 * masks; memory is about 10 bytes per voxel of it. Local; deterministic; threads share the work.
 * Fails: BEN_E_MEMORY. */
enum ben_status metrics_compute(const int dim[3], const double voxel_mm[3], const uint8_t *pred,
                                const uint8_t *ref, struct metrics *metrics);

/* The same of a single slice, dim[2] being 1: its boundary is that of the shape in the plane.
 * Volumes are those of the slice, voxel_mm[2] thick. */
enum ben_status metrics_compute_slice(const int dim[3], const double voxel_mm[3],
                                      const uint8_t *pred, const uint8_t *ref,
                                      struct metrics *metrics);

#endif
