/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/noise.h"
#include "base/log.h"
#include "prep/smooth.h"

#include <math.h>
#include <stdlib.h>

/* Along thick slices noise is averaged already, and the next slice shows something else. */
enum ben_status noise_smooth(const struct comm *team, const struct normalise_config *normalise,
                             double sd, struct volume *volume)
{
    enum ben_status st = BEN_OK;
    const double *mm = volume->voxel_mm, least = fmin(fmin(mm[0], mm[1]), mm[2]);
    double along[3];
    for (int a = 0; a < 3; a++)
        along[a] = mm[a] < 1.5 * least ? sd : 0;
    TRY(comm_agree(team, smooth_volume(volume, along)));
    TRY(normalise_volume(team, normalise, volume, NULL));
out:
    return st;
}

/* The scan smoothed, and what it is worth. */
struct attempt {
    double sd;       /* voxels */
    float *data;     /* owned */
    double expected; /* Dice of the slices */
};

static enum ben_status attempt(const struct look *look,
                               const struct normalise_config *normalise,
                               const struct prepared *prepared, double sd, struct attempt *a)
{
    enum ben_status st = BEN_OK;
    struct volume smoothed = *prepared->volume;
    smoothed.data = NULL;
    a->sd = sd;
    TRY(comm_agree(look->team, volume_copy_voxels(prepared->volume, &smoothed.data)));
    TRY(noise_smooth(look->team, normalise, sd, &smoothed));
    TRY(look_at(look, &smoothed, &prepared->slices, &a->expected));
    log_debug("smoothed by %g voxels: expected Dice %.4f", sd, a->expected);
out:
    a->data = smoothed.data;
    return st;
}

/* The wider one must be better by far; the other's voxels are freed. */
static void keep_better(struct attempt *best, struct attempt *wider)
{
    if (1 - wider->expected < NOISE_WIDER * (1 - best->expected)) {
        struct attempt better = *wider;
        *wider = *best;
        *best = better;
    }
    free(wider->data);
    wider->data = NULL;
}

/* *best: by a voxel, where that does next to nothing; else by what does best. */
static enum ben_status find_width(const struct look *look,
                                  const struct normalise_config *normalise,
                                  const struct prepared *prepared, double plain,
                                  struct attempt *best)
{
    enum ben_status st = BEN_OK;
    struct attempt voxel = {0}, wide = {0};
    TRY(attempt(look, normalise, prepared, 1, &voxel));
    if (1 - voxel.expected >= NOISE_HINT * (1 - plain)) {
        *best = voxel;
        return BEN_OK;
    }
    TRY(attempt(look, normalise, prepared, 0.6, best));
    const bool more = voxel.expected > best->expected;
    keep_better(best, &voxel);
    if (more) {
        TRY(attempt(look, normalise, prepared, 1.6, &wide));
        keep_better(best, &wide);
    }
out:
    free(voxel.data);
    free(wide.data);
    return st;
}

enum ben_status noise_settle(const struct look *look, const struct normalise_config *normalise,
                             struct prepared *prepared, struct noise_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct attempt best = {0};
    *choice = (struct noise_choice){0};
    TRY(look_at(look, prepared->volume, &prepared->slices, &choice->plain));
    TRY(find_width(look, normalise, prepared, choice->plain, &best));
    choice->smoothed = best.expected;
    if (1 - best.expected >= NOISE_MARGIN * (1 - choice->plain))
        goto out;
    choice->sd = best.sd;
    free(prepared->volume->data);
    prepared->volume->data = best.data;
    best.data = NULL;
out:
    free(best.data);
    return st;
}
