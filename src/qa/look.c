/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/look.h"
#include "qa/mcqa.h"

#include <stdlib.h>

static enum ben_status reserve(struct look *look, int size)
{
    enum ben_status st = BEN_OK;
    const size_t floats = (size_t)size * (size_t)size;
    TRY_NEW(look->x = aligned_alloc(64, floats * sizeof *look->x));
    TRY_NEW(look->prob = aligned_alloc(64, floats * sizeof *look->prob));
out:
    return st;
}

enum ben_status look_open(const struct comm *team, struct net *net, float threshold, int size,
                          struct look *look)
{
    *look = (struct look){team, net, threshold, NULL, NULL};
    return comm_agree(team, reserve(look, size));
}

void look_close(struct look *look)
{
    free(look->x);
    free(look->prob);
}

enum ben_status look_at(const struct look *look, const struct volume *volume,
                        const struct slice_geometry *slices, double *expected)
{
    enum ben_status st = BEN_OK;
    struct mcqa_sums of_slice[LOOK_SLICES] = {0}, all = {0};
    struct mcqa_figures figures;
    const int n = slices->count < LOOK_SLICES ? slices->count : LOOK_SLICES;
    const size_t pixels = (size_t)slices->size * (size_t)slices->size;
    long first, count;
    comm_share(n, look->team->rank, look->team->size, &first, &count);
    for (long i = first; i < first + count; i++) {
        long slice = (2 * i + 1) * slices->count / (2 * n);
        slices_extract(slices, volume, (int)slice, 1, look->x);
        net_predict(look->net, look->x, 1, look->prob);
        mcqa_measure_plain(look->prob, pixels, look->threshold, &of_slice[i]);
    }
    TRY(comm_share_rows(look->team, of_slice, n, sizeof of_slice[0]));
    for (int i = 0; i < n; i++)
        mcqa_add(&all, &of_slice[i]);
    mcqa_figures_of(&all, &figures);
    *expected = all.brain > 0 ? figures.expected_dice : 0;
out:
    return st;
}
