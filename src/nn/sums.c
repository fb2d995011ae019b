/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/sums.h"
#include "base/tree.h"

#include <string.h>

enum ben_status sums_small(const struct net_sums *sums, double *parts, int n, size_t width,
                           double *total)
{
    if (sums->small)
        return sums->small(sums->context, parts, n, width, total);
    struct tree_node nodes[BEN_TREE_NODES];
    ENSURE(n == sums->batch);
    tree_sum_f64(parts, 0, n, n, width, nodes);
    memcpy(total, parts, width * sizeof *total);
    return BEN_OK;
}

enum ben_status sums_gradient(const struct net_sums *sums, size_t offset, size_t count, int n,
                              float *parts)
{
    if (sums->gradient)
        return sums->gradient(sums->context, offset, count, n, parts);
    struct tree_node nodes[BEN_TREE_NODES];
    float *gradients = sums->context;
    ENSURE(n == sums->batch && gradients);
    tree_sum_f32(parts, 0, n, n, count, nodes);
    memcpy(gradients + offset, parts, count * sizeof *parts);
    return BEN_OK;
}
