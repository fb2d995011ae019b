/* SPDX-License-Identifier: BSD-3-Clause */
/* Made animals of a data set of an evaluation (io/study.h): heads of its species in its contrast,
 * resolution, slice thickness and coverage, with the field, noise, lost signal and distortion
 * that its modality and field strength bring. All Local. */
#ifndef BEN_TESTS_PHANTOM_SET_H
#define BEN_TESTS_PHANTOM_SET_H

#include "io/study.h"
#include "phantom.h"

/* Grids larger than this get larger voxels instead, for quick tests; 0: any. */
struct phantom_limits {
    int matrix; /* pixels of a slice along its longer side */
    int slices;
};

/* The animal (from 0) of the set: its resolution and field strength where the set has ranges of
 * them, its shape, place and noise. Fails: BEN_E_ARG for a set without species, modality or sizes. */
enum ben_status phantom_of_set(const struct study_set *set, int animal,
                               const struct phantom_limits *limits,
                               struct phantom_options *options);

#endif
