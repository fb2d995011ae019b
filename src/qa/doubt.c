/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/doubt.h"
#include "base/log.h"
#include "qa/mcqa.h"

#include <math.h>

static enum ben_status measure_scan(const struct comm *team, const float *prob, size_t voxels,
                                    float threshold, double *expected)
{
    struct mcqa_sums scan = {0};
    struct mcqa_figures figures;
    if (team->rank == 0) {
        mcqa_measure_plain(prob, voxels, threshold, &scan);
        mcqa_figures_of(&scan, &figures);
        *expected = scan.brain > 0 ? figures.expected_dice : 0;
    }
    return comm_broadcast(team, expected, sizeof *expected, 0);
}

static enum ben_status settle_shading(const struct look *look,
                                      const struct doubt_config *config, double plain,
                                      struct prepared *prepared, struct doubt_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct prepared corrected = {0};
    TRY(config->correct(config->context, &corrected));
    if (!corrected.volume)
        goto out;
    choice->usual = plain;
    TRY(look_at(look, corrected.volume, &corrected.slices, &choice->corrected));
    choice->strong = 1 - choice->corrected < DOUBT_SHADING * (1 - choice->usual);
    if (choice->strong) {
        struct prepared usual = *prepared;
        *prepared = corrected;
        corrected = usual;
    }
out:
    prepare_clear(&corrected);
    return st;
}

enum ben_status doubt_settle(const struct comm *team, struct net *net,
                             const struct doubt_config *config,
                             const struct slice_geometry *planned, const float *prob,
                             struct prepared *prepared, struct doubt_choice *choice)
{
    enum ben_status st = BEN_OK;
    struct look look = {0};
    struct slice_geometry nearer = prepared->slices;
    double plain;
    *choice = (struct doubt_choice){0, false, NAN, NAN, {{0, 0}, NAN, NAN}};
    TRY(measure_scan(team, prob, volume_voxels(prepared->volume), config->threshold,
                     &choice->scan));
    if (choice->scan >= DOUBT_SURE)
        goto out;
    prepared->slices = *planned;
    TRY(look_open(team, net, config->threshold, planned->size, &look));
    TRY(look_at(&look, prepared->volume, planned, &plain));
    if (config->correct)
        TRY(settle_shading(&look, config, plain, prepared, choice));
    if (choice->strong)
        plain = choice->corrected;
    if ((config->smooth || config->sharpen) && !(choice->strong && plain >= DOUBT_SURE))
        TRY(filter_settle(&look, &config->normalise, config->smooth, config->sharpen, plain,
                          prepared, &choice->filter));
    if (!doubt_changed(choice))
        prepared->slices = nearer;
out:
    look_close(&look);
    return st;
}

bool doubt_changed(const struct doubt_choice *choice)
{
    return choice->strong || choice->filter.filter.sd > 0;
}

void doubt_tell(const char *scan, const struct doubt_choice *choice)
{
    const struct filter_choice *f = &choice->filter;
    const bool sharpened = f->filter.sharpen > 0;
    if (choice->strong)
        log_info("%s: bias corrected strongly: the network is surer of it (expected Dice %.3f, "
                 "not %.3f); --no-n4-strong leaves it as it is",
                 scan, choice->corrected, choice->usual);
    if (f->filter.sd > 0)
        log_info("%s: %s by %g voxels: the network is surer of it (expected Dice %.3f, not "
                 "%.3f); --no-%s leaves it as it is",
                 scan, sharpened ? "sharpened" : "smoothed", f->filter.sd, f->filtered,
                 f->plain, sharpened ? "sharpen" : "denoise");
    log_debug("%s: expected Dice %.3f; of slices %.3f, bias corrected strongly %.3f; of these "
              "%.3f, filtered %.3f",
              scan, choice->scan, choice->usual, choice->corrected, f->plain, f->filtered);
}
