/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices that contradict their neighbours. The network sees one slice at a time, so that it may
 * fail in a single slice between good ones. A part that only n neighbouring slices have, or lack,
 * is as thick as these; if it is wide as well, it is no rim of a shape that changes from slice to
 * slice but a plate, which no brain has. */
#ifndef BEN_PREP_OUTLIER_H
#define BEN_PREP_OUTLIER_H

#include "base/status.h"

#include <stdint.h>

#define OUTLIER_SLICES 8 /* n is at most this */
#define OUTLIER_WIDTH                                                                          \
    1.25 /* of a plate's slices hold a square wider than this times its thickness */

/* mask [dim[2]][dim[1]][dim[0]] (not 0 is inside; becomes 0 or 1), of slices across axis (0, 1,
 * 2), which are voxel_mm[axis] thick: plates of 1, 2, ... slices are removed where as many slices
 * on both sides are without, such gaps are filled where over twice as many on both sides are not.
 * What reaches the first or last slice stays, and a slice keeps what would be all of its mask.
 * Local; deterministic. Fails: BEN_E_MEMORY. */
enum ben_status outlier_mend(const int dim[3], const double voxel_mm[3], int axis,
                             uint8_t *mask);

#endif
