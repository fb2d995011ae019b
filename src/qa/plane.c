/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/plane.h"
#include "base/log.h"

#include <math.h>

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
        TRY(comm_agree(look->team, slices_plan(prepared->volume, (enum slice_plane)p,
                                               planned.size, &other)));
        TRY(look_at(look, prepared->volume, &other, &choice->expected[p]));
        if (1 - choice->expected[p] < least) {
            least = 1 - choice->expected[p];
            prepared->slices = other;
        }
    }
    choice->taken = prepared->slices.plane;
out:
    return st;
}

enum ben_status plane_settle(const struct comm *team, struct net *net, float threshold,
                             struct prepared *prepared, struct plane_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct look look = {0};
    const enum slice_plane planned = prepared->slices.plane;
    *choice = (struct plane_choice){planned, planned, {NAN, NAN, NAN}};
    if (prepared->by_thickness)
        return BEN_OK;
    TRY(look_open(team, net, threshold, prepared->slices.size, &look));
    TRY(look_at(&look, prepared->volume, &prepared->slices, &choice->expected[planned]));
    if (choice->expected[planned] < PLANE_SURE)
        TRY(compare(&look, prepared, choice));
out:
    look_close(&look);
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
