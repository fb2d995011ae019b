/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over the global batch as training asks for them: by the caller's functions where given,
 * else over the local batch, which then is the global one, in the tree of base/tree.h. */
#ifndef BEN_NN_SUMS_H
#define BEN_NN_SUMS_H

#include "nn/net.h"

/* parts [n][width], spoiled -> total [width]. Collective where sums are. */
enum ben_status sums_small(const struct net_sums *sums, double *parts, int n, size_t width,
                           double *total);

/* Delivers the gradients of values [offset, offset + count); parts [n][count], spoiled.
 * Collective where sums are. */
enum ben_status sums_gradient(const struct net_sums *sums, size_t offset, size_t count, int n,
                              float *parts);

#endif
