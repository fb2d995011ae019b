/* SPDX-License-Identifier: BSD-3-Clause */
/* Closing a mask: what a ball rolled over its outside cannot reach becomes inside. Makes a mask of
 * a brain whose sulci or ventricles were cut out with the skull. */
#ifndef BEN_PREP_CLOSE_H
#define BEN_PREP_CLOSE_H

#include "base/status.h"

#include <stdint.h>

/* mask [dim[2]][dim[1]][dim[0]] (not 0 is inside; becomes 0 or 1) := its closing by a ball of
 * radius_mm, then its holes are filled. The volume's border does not count as outside.
 * Local; deterministic. Fails: BEN_E_MEMORY. */
enum ben_status close_mask(const int dim[3], const double voxel_mm[3], double radius_mm,
                           uint8_t *mask);

#endif
