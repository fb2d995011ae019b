/* SPDX-License-Identifier: BSD-3-Clause */
/* Otsu's threshold (IEEE Trans. SMC 9:62, 1979): the cut of the histogram that leaves most
 * variance between the two classes. With the bins laid out as ITK's OtsuThresholdImageFilter
 * does for images of float, so that both find the same foreground. */
#ifndef BEN_PREP_OTSU_H
#define BEN_PREP_OTSU_H

#include "io/volume.h"
#include "mpi/comm.h"

#define BEN_OTSU_MAX_BINS 65536

/* The foreground is what is above *threshold, the upper edge of the last background bin; of a
 * constant volume it is that constant. Every rank of the team holds the whole volume (finite
 * values) and counts its share of slices. bins 2..BEN_OTSU_MAX_BINS.
 * Fails: BEN_E_MEMORY. Collective on team. */
enum ben_status otsu_threshold(const struct comm *team, const struct volume *volume, int bins,
                               float *threshold);

/* The same from counts [bins] and the bins' centres: the last background bin, the first of
 * equally good ones. Local. */
int otsu_split(const unsigned long *counts, const double *centers, int bins);

#endif
