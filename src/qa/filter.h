/* SPDX-License-Identifier: BSD-3-Clause */
/* Noisy and coarse scans. Where noise is as strong as the contrasts, the network finds next to nothing,
 * though the same scan, smoothed a little, is easy; and so it is with coarse voxels, interpolated, and the
 * same sharpened (docs/results.md). Of a scan that it is unsure of (qa/doubt.h) it therefore looks at some
 * slices filtered, and where it is then far surer, that is what it works on. */
#ifndef BEN_QA_FILTER_H
#define BEN_QA_FILTER_H

#include "prep/prepare.h"
#include "qa/look.h"

/* 1 - expected Dice must be less than this times what it was: */
#define FILTER_SMOOTHED  0.75
#define FILTER_SHARPENED 0.85
#define FILTER_HINT      0.9  /* smoothed by a voxel, or no other width is tried */
#define FILTER_WIDER     0.85 /* than this times that of a narrower Gaussian */

/* A Gaussian along the axes of short voxels: along thick slices noise is averaged already, and the
 * next slice shows something else. */
struct filter {
    double sd;      /* voxels; 0: none */
    double sharpen; /* 0: smooths; else that many times what smoothing takes away is added */
};

struct filter_choice {
    struct filter filter; /* none: the scan stays as it is */
    double plain;         /* expected Dice of the slices looked at, as they are */
    double filtered;      /* and at best filtered; 0: nothing was tried */
};

/* plain: what a look at the prepared scan found. Looks at it, where smooth, smoothed by a voxel, and
 * where that helps at all also by 0.6, and by 1.6 where 1 was better than 0.6; where sharpen and none
 * of them was better by the margin, sharpened twofold by 3 voxels. What is better by its margin
 * prepared->volume becomes, normalised anew. Collective on the look's team; the result depends
 * neither on its size nor on threads. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status filter_settle(const struct look *look, const struct normalise_config *normalise,
                              bool smooth, bool sharpen, double plain,
                              struct prepared *prepared, struct filter_choice *choice);

/* Filters the volume, values in [0, 1], and normalises it anew; nothing where there is no filter.
 * Collective on team. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status filter_apply(const struct comm *team, const struct normalise_config *normalise,
                             const struct filter *filter, struct volume *volume);

#endif
