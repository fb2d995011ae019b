/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/normalise.h"

#include "prep/percentile.h"

struct normalise_config normalise_defaults(void)
{
    return (struct normalise_config){.low_percent = 1, .high_percent = 99};
}

/* The two percentiles of the volume's voxels, those equal to *skip left out. */
static enum ben_status find_pair(const struct comm *team, const struct normalise_config *config,
                                 const struct volume *volume, const float *skip, float pair[2])
{
    double percents[2] = {config->low_percent, config->high_percent}, values[2];
    size_t slice = (size_t)volume->dim[0] * (size_t)volume->dim[1];
    long first, count;
    comm_share(volume->dim[2], team->rank, team->size, &first, &count);
    enum ben_status st = percentile_find(team, volume->data + slice * (size_t)first,
                                         slice * (size_t)count, skip, percents, 2, values);
    if (st != BEN_OK)
        return st;
    pair[0] = (float)values[0];
    pair[1] = (float)values[1];
    return BEN_OK;
}

static bool is_constant(const struct volume *volume)
{
    size_t n = volume_voxels(volume);
    for (size_t i = 1; i < n; i++)
        if (volume->data[i] != volume->data[0])
            return false;
    return true;
}

enum ben_status normalise_find(const struct comm *team, const struct normalise_config *config,
                               const struct volume *volume, struct normalise_range *range)
{
    enum ben_status st = BEN_OK;
    float pair[2];
    if (!(config->low_percent >= 0 && config->low_percent < config->high_percent &&
          config->high_percent <= 100))
        FAIL(BEN_E_ARG,
             "the percentiles for normalisation are %g and %g; give 0 <= low < high <= 100",
             config->low_percent, config->high_percent);
    TRY(find_pair(team, config, volume, NULL, pair));
    range->sparse = pair[0] >= pair[1];
    if (range->sparse) {
        float common = pair[0];
        if (is_constant(volume))
            FAIL(BEN_E_INPUT, "the image is constant (%g everywhere): nothing to see in it",
                 (double)common);
        TRY(find_pair(team, config, volume, &common, pair));
        pair[0] = pair[0] < common ? pair[0] : common;
        pair[1] = pair[1] > common ? pair[1] : common;
    }
    range->low = pair[0];
    range->high = pair[1];
out:
    return st;
}

void normalise_apply(const struct normalise_range *range, struct volume *volume)
{
    size_t n = volume_voxels(volume);
    float low = range->low, width = range->high - range->low;
    float *data = volume->data;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        float v = (data[i] - low) / width;
        v = v > 0 ? v : 0;
        data[i] = v < 1 ? v : 1;
    }
}

enum ben_status normalise_volume(const struct comm *team, const struct normalise_config *config,
                                 struct volume *volume, struct normalise_range *range)
{
    struct normalise_range found;
    enum ben_status st = normalise_find(team, config, volume, &found);
    if (st != BEN_OK)
        return st;
    normalise_apply(&found, volume);
    if (range)
        *range = found;
    return BEN_OK;
}
