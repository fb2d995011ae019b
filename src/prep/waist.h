/* SPDX-License-Identifier: BSD-3-Clause */
/* What lies beyond a waist. A brain's cross-sections grow to the largest and shrink again: along the
 * slices none of the references of docs/results.md has one over 1.3 times as large as a smaller one
 * ahead of it, seen from the largest. The network sees one slice at a time and may take the flesh of
 * neck or nose for brain, in slices where there is none; then the mask shrinks to the brain's end
 * and widens again. A waist like that parts a mask into lobes, of which one is the brain. */
#ifndef BEN_PREP_WAIST_H
#define BEN_PREP_WAIST_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define WAIST_RISE  2.  /* times the smallest area since the lobe's largest: beyond a waist */
#define WAIST_LEAST .05 /* of the lobe's largest area: what the area must rise by */
#define WAIST_WIDE  .5  /* of the lobe's largest area, at the field of view's end: cut by it */
#define WAIST_OPEN  .2  /* what a lobe counts for at each end that is cut so: a neck, rather */
#define WAIST_CLEARLY                                                                          \
    2. /* times as much as any other the lobe must count for that stays alone */

/* areas [n] of a mask's slices. The lobe around a slice that is its largest ends on each side at
 * the smallest slice ahead of the first that lies beyond a waist. A lobe counts for the sum of its
 * areas, for WAIST_OPEN times as much for each end where it reaches the field of view's and one of
 * the last 2 + n / 50 areas is wide. *first and *last := the ends of the one that counts for
 * clearly the most; 0 and n - 1 where there is no such. Local. */
void waist_find(int n, const long *areas, int *first, int *last);

/* Empties the slices across axis (0, 1, 2) of mask [dim[2]][dim[1]][dim[0]] (not 0 is inside) that
 * are not of that lobe. *cut: whether any was. Local. Fails: BEN_E_MEMORY. */
enum ben_status waist_cut(const int dim[3], int axis, uint8_t *mask, bool *cut);

#endif
