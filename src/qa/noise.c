/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/noise.h"
#include "base/log.h"
#include "prep/smooth.h"
#include "qa/mcqa.h"

#include <math.h>
#include <stdlib.h>

static const double widths[] = {0.6, 1, 1.6};

/* *data := the volume's voxels, smoothed; the caller frees. Along thick slices noise is averaged
 * already, and the next slice shows something else. */
static enum ben_status smooth(const struct volume *volume, double sd, float **data)
{
    enum ben_status st = BEN_OK;
    const double *mm = volume->voxel_mm, least = fmin(fmin(mm[0], mm[1]), mm[2]);
    struct volume copy = *volume;
    double along[3];
    for (int a = 0; a < 3; a++)
        along[a] = mm[a] < 1.5 * least ? sd : 0;
    TRY(volume_copy_voxels(volume, &copy.data));
    st = smooth_volume(&copy, along);
    *data = copy.data;
out:
    return st;
}

/* What of one width *expected is, and *data. Collective. */
static enum ben_status try_width(const struct look *look,
                                 const struct normalise_config *normalise,
                                 const struct slice_geometry *planned,
                                 const struct volume *volume, double sd, float **data,
                                 double *expected)
{
    enum ben_status st = BEN_OK;
    struct volume smoothed = *volume;
    TRY(comm_agree(look->team, smooth(volume, sd, data)));
    smoothed.data = *data;
    TRY(normalise_volume(look->team, normalise, &smoothed, NULL));
    TRY(look_at(look, &smoothed, planned, expected));
out:
    return st;
}

/* The width that does best: *data, *sd and *expected. */
static enum ben_status find_width(const struct look *look,
                                  const struct normalise_config *normalise,
                                  const struct slice_geometry *planned,
                                  const struct volume *volume, float **best, double *sd,
                                  double *expected)
{
    enum ben_status st = BEN_OK;
    float *data = NULL;
    double one, before = 0;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        TRY(try_width(look, normalise, planned, volume, widths[i], &data, &one));
        if (i == 0 || 1 - one < NOISE_WIDER * (1 - *expected)) {
            free(*best);
            *best = data;
            data = NULL;
            *sd = widths[i];
            *expected = one;
        }
        free(data);
        data = NULL;
        if (i > 0 && one <= before)
            break;
        before = one;
    }
out:
    free(data);
    return st;
}

static enum ben_status compare(const struct look *look,
                               const struct normalise_config *normalise,
                               const struct slice_geometry *planned, struct prepared *prepared,
                               struct noise_choice *choice)
{
    enum ben_status st = BEN_OK;
    float *best = NULL;
    double sd = 0;
    TRY(find_width(look, normalise, planned, prepared->volume, &best, &sd, &choice->smoothed));
    if (1 - choice->smoothed >= NOISE_MARGIN * (1 - choice->plain))
        goto out;
    choice->sd = sd;
    prepared->slices = *planned;
    free(prepared->volume->data);
    prepared->volume->data = best;
    best = NULL;
out:
    free(best);
    return st;
}

enum ben_status noise_settle(const struct comm *team, struct net *net, float threshold,
                             const struct normalise_config *normalise,
                             const struct slice_geometry *planned, const float *prob,
                             struct prepared *prepared, struct noise_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct look look = {0};
    struct mcqa_sums scan = {0};
    struct mcqa_figures figures;
    *choice = (struct noise_choice){0, 0, NAN, NAN};
    if (team->rank == 0) {
        mcqa_measure_plain(prob, volume_voxels(prepared->volume), threshold, &scan);
        mcqa_figures_of(&scan, &figures);
        choice->scan = scan.brain > 0 ? figures.expected_dice : 0;
    }
    TRY(comm_broadcast(team, &choice->scan, sizeof choice->scan, 0));
    if (choice->scan >= NOISE_SURE)
        goto out;
    TRY(look_open(team, net, threshold, planned->size, &look));
    TRY(look_at(&look, prepared->volume, planned, &choice->plain));
    TRY(compare(&look, normalise, planned, prepared, choice));
out:
    look_close(&look);
    return st;
}

void noise_tell(const char *scan, const struct noise_choice *choice)
{
    if (choice->sd > 0)
        log_info(
            "%s: smoothed by %g voxels: the network is surer of it (expected Dice %.3f, not "
            "%.3f); --no-denoise leaves it as it is",
            scan, choice->sd, choice->smoothed, choice->plain);
    else
        log_debug("%s: expected Dice %.3f; of slices %.3f, smoothed %.3f", scan, choice->scan,
                  choice->plain, choice->smoothed);
}
