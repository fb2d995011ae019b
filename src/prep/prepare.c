/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/prepare.h"
#include "base/util.h"

#include <string.h>

struct prepare_config prepare_defaults(enum slice_plane plane, int size)
{
    return (struct prepare_config){.n4 = true,
                                   .n4_options = n4_config_default(),
                                   .normalise = normalise_defaults(),
                                   .plane = plane,
                                   .size = size};
}

/* plane := the axis along which voxels are at least twice as long as along both others; false
 * where there is none. */
static bool find_thick(const struct volume *volume, enum slice_plane *plane)
{
    const double *mm = volume->voxel_mm;
    for (int a = 0; a < 3; a++)
        if (mm[a] >= 2 * mm[(a + 1) % 3] && mm[a] >= 2 * mm[(a + 2) % 3]) {
            *plane = (enum slice_plane)a;
            return true;
        }
    return false;
}

static enum ben_status correct_bias(const struct comm *team,
                                    const struct prepare_config *config,
                                    struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    const double start_s = util_now_s();
    struct n4_config strong = n4_config_strong();
    strong.shrink = config->n4_options.shrink;
    if (config->n4_strong)
        TRY(n4_correct(team, &strong, prepared->volume, NULL, NULL, NULL));
    TRY(n4_correct(team, &config->n4_options, prepared->volume, NULL, NULL, NULL));
    prepared->n4_s = util_now_s() - start_s;
out:
    return st;
}

enum ben_status prepare_volume(const struct comm *team, const struct prepare_config *config,
                               struct volume **volume, struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    double start_s = util_now_s();
    memset(prepared, 0, sizeof *prepared);
    prepared->orientation = orient_find(*volume);
    TRY(comm_agree(team, orient_take(&prepared->orientation, volume, &prepared->volume)));
    if (config->n4)
        TRY(correct_bias(team, config, prepared));
    TRY(normalise_volume(team, &config->normalise, prepared->volume, NULL));
    enum slice_plane plane = config->plane;
    prepared->by_thickness = config->follow_thick && find_thick(prepared->volume, &plane);
    TRY(comm_agree(team,
                   slices_plan(prepared->volume, plane, config->size, &prepared->slices)));
    prepared->rest_s = util_now_s() - start_s - prepared->n4_s;
out:
    volume_free(volume);
    if (st)
        prepare_clear(prepared);
    return st;
}

void prepare_clear(struct prepared *prepared)
{
    volume_free(&prepared->volume);
}
