/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/filter.h"
#include "base/log.h"
#include "prep/smooth.h"

#include <math.h>
#include <stdlib.h>

static enum ben_status run(const struct filter *filter, struct volume *volume)
{
    const double *mm = volume->voxel_mm, least = fmin(fmin(mm[0], mm[1]), mm[2]);
    double along[3];
    for (int a = 0; a < 3; a++)
        along[a] = mm[a] < 1.5 * least ? filter->sd : 0;
    return filter->sharpen > 0 ? sharpen_volume(volume, along, filter->sharpen)
                               : smooth_volume(volume, along);
}

enum ben_status filter_apply(const struct comm *team, const struct normalise_config *normalise,
                             const struct filter *filter, struct volume *volume)
{
    enum ben_status st = BEN_OK;
    if (!(filter->sd > 0))
        return BEN_OK;
    TRY(comm_agree(team, run(filter, volume)));
    TRY(normalise_volume(team, normalise, volume, NULL));
out:
    return st;
}

/* The scan filtered, and what it is worth. */
struct attempt {
    struct filter filter;
    float *data;     /* owned */
    double expected; /* Dice of the slices */
};

static enum ben_status attempt(const struct look *look,
                               const struct normalise_config *normalise,
                               const struct prepared *prepared, struct filter filter,
                               struct attempt *a)
{
    enum ben_status st = BEN_OK;
    struct volume filtered = *prepared->volume;
    filtered.data = NULL;
    a->filter = filter;
    TRY(comm_agree(look->team, volume_copy_voxels(prepared->volume, &filtered.data)));
    TRY(filter_apply(look->team, normalise, &filter, &filtered));
    TRY(look_at(look, &filtered, &prepared->slices, &a->expected));
    if (look->team->rank == 0)
        log_debug("%s by %g voxels: expected Dice %.4f",
                  filter.sharpen > 0 ? "sharpened" : "smoothed", filter.sd, a->expected);
out:
    a->data = filtered.data;
    return st;
}

/* The wider one must be better by far; the other's voxels are freed. */
static void keep_better(struct attempt *best, struct attempt *wider)
{
    if (1 - wider->expected < FILTER_WIDER * (1 - best->expected)) {
        struct attempt better = *wider;
        *wider = *best;
        *best = better;
    }
    free(wider->data);
    wider->data = NULL;
}

/* *best: by a voxel, where that does next to nothing; else by what does best. */
static enum ben_status try_smoothing(const struct look *look,
                                     const struct normalise_config *normalise,
                                     const struct prepared *prepared, double plain,
                                     struct attempt *best)
{
    enum ben_status st = BEN_OK;
    struct attempt voxel = {0}, wide = {0};
    TRY(attempt(look, normalise, prepared, (struct filter){1, 0}, &voxel));
    if (1 - voxel.expected >= FILTER_HINT * (1 - plain)) {
        *best = voxel;
        return BEN_OK;
    }
    TRY(attempt(look, normalise, prepared, (struct filter){0.6, 0}, best));
    const bool more = voxel.expected > best->expected;
    keep_better(best, &voxel);
    if (more) {
        TRY(attempt(look, normalise, prepared, (struct filter){1.6, 0}, &wide));
        keep_better(best, &wide);
    }
out:
    free(voxel.data);
    free(wide.data);
    return st;
}

/* The attempt becomes the scan, if it is better by the margin; else its voxels are freed. */
static void take(struct attempt *a, double margin, struct prepared *prepared,
                 struct filter_choice *choice)
{
    choice->filtered = fmax(choice->filtered, a->expected);
    if (1 - a->expected < margin * (1 - choice->plain)) {
        float *before = prepared->volume->data;
        choice->filter = a->filter;
        prepared->volume->data = a->data;
        a->data = before;
    }
    free(a->data);
    a->data = NULL;
}

enum ben_status filter_settle(const struct look *look, const struct normalise_config *normalise,
                              bool smooth, bool sharpen, double plain,
                              struct prepared *prepared, struct filter_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct attempt best = {0};
    *choice = (struct filter_choice){.plain = plain};
    if (smooth) {
        TRY(try_smoothing(look, normalise, prepared, plain, &best));
        take(&best, FILTER_SMOOTHED, prepared, choice);
    }
    if (sharpen && !(choice->filter.sd > 0)) {
        TRY(attempt(look, normalise, prepared, (struct filter){3, 2}, &best));
        take(&best, FILTER_SHARPENED, prepared, choice);
    }
out:
    free(best.data);
    return st;
}
