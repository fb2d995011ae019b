/* SPDX-License-Identifier: BSD-3-Clause */
/* Cubic B-spline fields over a regular grid, and their least-squares-like fit to values at the
 * grid's voxels (multilevel B-spline approximation: Lee, Wolberg, Shin, IEEE TVCG 3:228, 1997).
 * A field is a lattice of control points [controls z][y][x]; along an axis of n samples with m
 * mesh elements it has m + 3 of them, and sample 0 and n-1 lie on the mesh's ends. The grid is
 * regular, so every weight is a product of one per axis, and both evaluation and fit go axis by
 * axis: four multiplications a voxel. All Local. */
#ifndef BEN_PREP_N4_SPLINE_H
#define BEN_PREP_N4_SPLINE_H

#include "base/status.h"

#include <stddef.h>

/* For a voxel with weights w (products of basis values): the fit of a control point is the sum of
 * value w^3 / sum(w^2) over the voxels divided by the sum of w^2. All three separate. */
enum spline_weight { SPLINE_BASIS, SPLINE_CUBE, SPLINE_SQUARE, SPLINE_WEIGHTS };

struct spline_axis {
    int n;                          /* samples */
    int controls;                   /* control points */
    int *first;                     /* [n] the first of the four that reach a sample */
    double *weight[SPLINE_WEIGHTS]; /* [n][4] basis; basis^3 / sum(basis^2); basis^2 */
};

/* n samples, mesh elements; both >= 1. Fails: BEN_E_MEMORY. */
enum ben_status spline_axis_create(int n, int mesh, struct spline_axis *axis);
void spline_axis_free(struct spline_axis *axis);

/* The samples of slice z, in two steps. First rows [axes[1].controls][axes[0].n] from lattice
 * (plane is scratch [axes[1].controls][axes[0].controls]), then line by line field [axes[0].n],
 * of which [begin, end) is computed. */
void spline_slice(const struct spline_axis axes[3], const double *lattice, int z, double *plane,
                  float *rows);
void spline_line(const struct spline_axis axes[3], const float *rows, int y, int begin, int end,
                 float *field);

/* The sums of a fit, with weights of one kind: columns [axes[1].controls][axes[0].n] (zeroed
 * before) takes line y of a slice, values [axes[0].n] of which [begin, end) count; plane [axes[1].controls][axes[0].controls]
 * is the whole slice's sum; lattice is that of all slices' planes [axes[2].n][...], added in
 * their order. */
void spline_collect_line(const struct spline_axis axes[3], enum spline_weight kind, int y,
                         int begin, int end, const float *values, double *columns);
void spline_collect_slice(const struct spline_axis axes[3], enum spline_weight kind,
                          const double *columns, double *plane);
void spline_collect(const struct spline_axis axes[3], enum spline_weight kind,
                    const double *planes, double *lattice);

/* The same field on a mesh twice as fine along each axis: controls [3] of from (order x, y, z),
 * those of to are 2 c - 3. scratch holds as many values as to. */
void spline_refine(const int controls[3], const double *from, double *scratch, double *to);

#endif
