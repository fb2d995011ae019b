/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices for the network. A canonical volume is cut along one plane; each slice is brought to
 * size x size pixels, square in mm (aspect kept, field of view fitted and centred, the rest
 * zero), and the network's probabilities come back to the volume's grid by the recorded
 * geometry. Row 0 of a slice is anterior (axial) or superior (coronal, sagittal); column 0 is the
 * patient's left (axial, coronal) or posterior (sagittal). The field of view's centre is the
 * centre of the size x size pixels: nothing is shifted on the way there or back, unless slices_zoom
 * asks for it. */
#ifndef BEN_PREP_SLICES_H
#define BEN_PREP_SLICES_H

#include "io/species.h" /* enum slice_plane */
#include "io/volume.h"

struct slice_geometry {
    enum slice_plane plane;
    int count;                  /* slices */
    int width, height;          /* native columns and rows */
    double width_mm, height_mm; /* of one native pixel */
    int size;                   /* the network's rows and columns */
    double mm;                  /* edge of one network pixel */
    /* From the field of view's centre to that of the network's pixels, in native pixels along the
     * canonical axes; 0 unless slices_zoom moved it. */
    double row_shift, column_shift;
    double thickness_mm; /* from one slice to the next */
};

/* Fails: BEN_E_INPUT when no field of view is left. Local. */
enum ben_status slices_plan(const struct volume *canonical, enum slice_plane plane, int size,
                            struct slice_geometry *geometry);

/* From now on the slices are squares of edge_mm about a point, given in native pixels along the
 * canonical axes that rows and columns follow, 0 being the field of view's border. What lies
 * outside the square is 0 when probabilities come back. Local. */
void slices_zoom(struct slice_geometry *geometry, double row, double column, double edge_mm);

/* Slices first..first+n-1 -> x [n][size][size]: along each axis area-averaged when shrunk, linear
 * when enlarged; zero outside the field of view. Local; threads share the slices. */
void slices_extract(const struct slice_geometry *geometry, const struct volume *canonical,
                    int first, int n, float *x);

/* The same for a mask (voxels above 0.5 are inside): resampled as an image, then 1 where more than
 * half is inside, else 0. That follows an edge better than the nearest voxel. */
void slices_extract_mask(const struct slice_geometry *geometry, const struct volume *canonical,
                         int first, int n, float *x);

/* prob [n][size][size] -> slices first..first+n-1 of to, a whole volume in canonical order, by the
 * same rule. Other slices stay as they are. Local; threads share the slices. */
void slices_restore(const struct slice_geometry *geometry, const float *prob, int first, int n,
                    float *to);

#endif
