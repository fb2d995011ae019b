/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/plane.h"
#include "base/log.h"
#include "qa/mcqa.h"

#include <math.h>
#include <stdlib.h>

/* What the looks at several planes share. */
struct look {
    const struct comm *team;
    struct net *net;
    float threshold;
    const struct volume *volume;
    float *x, *prob; /* [size][size] */
};

static enum ben_status expect_dice(const struct look *look, const struct slice_geometry *slices,
                                   double *expected)
{
    enum ben_status st = BEN_OK;
    struct mcqa_sums of_slice[PLANE_SLICES] = {0}, all = {0};
    struct mcqa_figures figures;
    const int n = slices->count < PLANE_SLICES ? slices->count : PLANE_SLICES;
    long first, count;
    comm_share(n, look->team->rank, look->team->size, &first, &count);
    for (long i = first; i < first + count; i++) {
        long slice = (2 * i + 1) * slices->count / (2 * n);
        slices_extract(slices, look->volume, (int)slice, 1, look->x);
        net_predict(look->net, look->x, 1, look->prob);
        mcqa_measure_plain(look->prob, slices->size, look->threshold, &of_slice[i]);
    }
    TRY(comm_share_rows(look->team, of_slice, n, sizeof of_slice[0]));
    for (int i = 0; i < n; i++)
        mcqa_add(&all, &of_slice[i]);
    mcqa_figures_of(&all, &figures);
    *expected = all.brain > 0 ? figures.expected_dice : 0;
out:
    return st;
}

/* The other planes, too. */
static enum ben_status compare(const struct look *look, struct prepared *prepared,
                               struct plane_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct slice_geometry planned = prepared->slices, other;
    double least = PLANE_MARGIN * (1 - choice->expected[planned.plane]);
    for (int p = 0; p < 3; p++) {
        if (p == (int)planned.plane)
            continue;
        TRY(comm_agree(look->team,
                       slices_plan(look->volume, (enum slice_plane)p, planned.size, &other)));
        TRY(expect_dice(look, &other, &choice->expected[p]));
        if (1 - choice->expected[p] < least) {
            least = 1 - choice->expected[p];
            prepared->slices = other;
        }
    }
    choice->taken = prepared->slices.plane;
out:
    return st;
}

static enum ben_status reserve(struct look *look, int size)
{
    enum ben_status st = BEN_OK;
    const size_t floats = (size_t)size * (size_t)size;
    TRY_NEW(look->x = aligned_alloc(64, floats * sizeof *look->x));
    TRY_NEW(look->prob = aligned_alloc(64, floats * sizeof *look->prob));
out:
    return st;
}

enum ben_status plane_settle(const struct comm *team, struct net *net, float threshold,
                             struct prepared *prepared, struct plane_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct look look = {team, net, threshold, prepared->volume, NULL, NULL};
    const enum slice_plane planned = prepared->slices.plane;
    *choice = (struct plane_choice){planned, planned, {NAN, NAN, NAN}};
    if (prepared->by_thickness)
        return BEN_OK;
    TRY(comm_agree(team, reserve(&look, prepared->slices.size)));
    TRY(expect_dice(&look, &prepared->slices, &choice->expected[planned]));
    if (choice->expected[planned] < PLANE_SURE)
        TRY(compare(&look, prepared, choice));
out:
    free(look.x);
    free(look.prob);
    return st;
}

void plane_tell(const char *scan, const struct plane_choice *choice)
{
    const double *expected = choice->expected;
    if (choice->taken != choice->planned)
        log_info(
            "%s: cut in %s slices, not %s ones: the network is surer in them (expected Dice "
            "%.3f, not %.3f); --plane overrides",
            scan, species_plane_name(choice->taken), species_plane_name(choice->planned),
            expected[choice->taken], expected[choice->planned]);
    log_debug("%s: expected Dice of sagittal, coronal and axial slices %.3f, %.3f, %.3f", scan,
              expected[BEN_SAGITTAL], expected[BEN_CORONAL], expected[BEN_AXIAL]);
}
