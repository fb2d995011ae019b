/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact percentiles of floats that are spread over a team, without sorting or moving them: radix
 * selection on the order-preserving bits of a float, three rounds of 11, 11 and 10 bits, each a
 * histogram of counts that the team adds up. Counts are integers, so the result does not depend
 * on how many ranks or threads counted. */
#ifndef BEN_PREP_PERCENTILE_H
#define BEN_PREP_PERCENTILE_H

#include "mpi/comm.h"

#define PERCENTILE_MAX 8 /* percentiles in one call */

/* results[i] := the percents[i]-th percentile (0..100) of all ranks' values together, linear
 * between the two nearest order statistics (Hyndman and Fan 1996, type 7). values [n] are this
 * rank's; n may be 0 on some ranks. skip, where not NULL: values equal to *skip do not count
 * (the same on all ranks). Collective on team. Fails on all ranks alike: BEN_E_INPUT when no
 * value counts or one is NaN or infinite, BEN_E_MEMORY. */
enum ben_status percentile_find(const struct comm *team, const float *values, size_t n,
                                const float *skip, const double *percents, int n_percents,
                                double *results);

#endif
