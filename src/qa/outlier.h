/* SPDX-License-Identifier: BSD-3-Clause */
/* Which values of a set lie far off the others, told by robust z scores: the median and the
 * spread about it do not move when some values are wild. All Local. */
#ifndef BEN_QA_OUTLIER_H
#define BEN_QA_OUTLIER_H

#include "base/status.h"

#define BEN_OUTLIER_Z     3.5 /* |z| above it is an outlier (Iglewicz and Hoaglin 1993) */
#define BEN_OUTLIER_LEAST 5   /* fewer values define no outlier */

/* z [n] := 0.6745 (x - median) / MAD, the modified z score of Iglewicz and Hoaglin (1993); where
 * more than half of the values are equal (MAD 0), (x - median) / (1.2533 mean absolute
 * deviation); 0 where all are. group [n]: values are compared within equal groups; NULL: all with
 * all. NaN where a value is not finite or its group has fewer than BEN_OUTLIER_LEAST that are.
 * Fails: BEN_E_MEMORY. */
enum ben_status outlier_z(const double *values, const int *group, long n, double *z);

#endif
