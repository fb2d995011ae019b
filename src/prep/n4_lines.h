/* SPDX-License-Identifier: BSD-3-Clause */
/* The loops of N4 over the voxels of one line along i, where its time goes. Of a line only
 * [begin, end) is looked at, which holds its foreground; log intensities outside the foreground
 * are N4_OUTSIDE. All Local. */
#ifndef BEN_PREP_N4_LINES_H
#define BEN_PREP_N4_LINES_H

#include <stddef.h>

#define N4_OUTSIDE -1e30f /* below any logarithm of a float */
#define N4_KEY_ONE 65536  /* a place in the histogram in fixed point: bin * N4_KEY_ONE + part */

struct n4_span {
    int begin, end;
};

/* Sums and extremes down the columns of a slice, each [line length]. */
struct n4_columns {
    double *change, *squares; /* sum of exp(field before - after) - 1, and of its square */
    float *low, *high;        /* of log intensity less the field after */
};

/* How log intensity less field becomes a place in the histogram, bins 0..bins-1. */
struct n4_scale {
    float low, per_unit; /* (value - low) * per_unit is the key */
    int bins;
};

/* The span of a line's foreground, {0, 0} without any; voxels += how many there are. */
struct n4_span n4_lines_span(const float *logs, int n, double *voxels);

/* Takes a line into the columns; field becomes after. */
void n4_lines_compare(struct n4_span span, const float *logs, const float *after, float *field,
                      const struct n4_columns *columns);

/* counts [2][bins + 3]: each foreground voxel counts N4_KEY_ONE in all, shared by the two bins it
 * lies between. Every other voxel goes to the second table, so that equal neighbours do not wait
 * for each other. Bins from bins+1 on take what is outside. keys [line length] is scratch. */
void n4_lines_count(struct n4_span span, const struct n4_scale *scale, const float *logs,
                    const float *field, int *keys, unsigned long *counts);

/* residual := log intensity - field - expected, 0 outside the foreground. gain [bins][2]: what is
 * expected at a bin's centre, and how much more per key unit on the way to the next. */
void n4_lines_residual(struct n4_span span, const struct n4_scale *scale, const float *gain,
                       const float *logs, const float *field, int *keys, float *residual);

/* inside := 1 in the foreground, 0 outside. */
void n4_lines_inside(struct n4_span span, const float *logs, float *inside);

/* data [n] /= exp(field), within 3e-7 of it. */
void n4_lines_apply(int n, const float *field, float *data);

#endif
