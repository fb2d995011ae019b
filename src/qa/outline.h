/* SPDX-License-Identifier: BSD-3-Clause */
/* The outline of a mask in a plane as vectors (marching squares, Lorensen and Cline 1987 in two
 * dimensions): closed lines through the midpoints between pixels inside and outside. All Local. */
#ifndef BEN_QA_OUTLINE_H
#define BEN_QA_OUTLINE_H

#include "base/status.h"

#include <stdint.h>
#include <stdio.h>

/* Writes the outlines of plane [height][width] (non-zero is inside; beyond the edge is outside)
 * as SVG path data. One pixel is two units wide and high; pixel (0, 0) fills 0..2. Pixels that
 * touch at a corner only are apart. Nothing is written for an empty plane.
 * Fails: BEN_E_MEMORY. */
enum ben_status outline_write(FILE *to, const uint8_t *plane, int width, int height);

#endif
