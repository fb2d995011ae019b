/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/predict.h"
#include "prep/slab.h"

#include <stdlib.h>

static enum ben_status predict_share(struct net *net, const struct prepared *prepared,
                                     long first, long count, float *prob)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)prepared->slices.size * (size_t)prepared->slices.size;
    float *x = NULL, *y = NULL;
    TRY_NEW(x = aligned_alloc(64, BEN_PREDICT_BATCH * pixels * sizeof *x));
    TRY_NEW(y = aligned_alloc(64, BEN_PREDICT_BATCH * pixels * sizeof *y));
    for (long at = first; at < first + count; at += BEN_PREDICT_BATCH) {
        long left = first + count - at;
        int n = left < BEN_PREDICT_BATCH ? (int)left : BEN_PREDICT_BATCH;
        slices_extract(&prepared->slices, prepared->volume, (int)at, n, x);
        net_predict(net, x, n, y);
        slices_restore(&prepared->slices, y, (int)at, n, prob);
    }
out:
    free(x);
    free(y);
    return st;
}

enum ben_status predict_volume(const struct comm *team, struct net *net,
                               const struct prepared *prepared, float *prob)
{
    enum ben_status st = BEN_OK;
    long first, count;
    comm_share(prepared->slices.count, team->rank, team->size, &first, &count);
    TRY(comm_agree(team, predict_share(net, prepared, first, count, prob)));
    TRY(slab_exchange(team, prob, prepared->volume->dim, (int)prepared->slices.plane));
out:
    return st;
}
