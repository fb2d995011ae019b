/* SPDX-License-Identifier: BSD-3-Clause */
/* What filter_settle finds is what its definition says, for a team of any size. (tests/cli/noise.sh
 * and blur.sh have scans that are filtered.) */
#include "check_ranks.h"

#include "ball.h"
#include "prep/smooth.h"
#include "qa/filter.h"

#include <string.h>

enum { SIZE = 32, X = 20, Y = 24, Z = 9, VOXELS = X * Y * Z };

static const float threshold = 0.5F;
static const struct normalise_config percentiles = {1, 99};

/* Single bright pixels, more of them within the ball, blurred; slices along z are thick. */
static struct prepared ball(void)
{
    const struct ball ball = {{X, Y, Z}, {1, 1, 2}, 0.6, 0.4, 60};
    struct prepared p = ball_prepared(&ball, BEN_AXIAL, SIZE);
    for (int i = 0; i < VOXELS; i++)
        p.volume->data[i] = p.volume->data[i] > 0.95F;
    CHECK_OK(smooth_volume(p.volume, (const double[]){2, 2, 0}));
    return p;
}

/* A net that is surer of what it says, so that it matters more what it sees. */
static struct net *sharp_net(uint64_t seed, float sharper)
{
    struct net *net = untrained_net(SIZE, 1, seed);
    float *values = net_values(net, NULL, NULL);
    int n;
    const struct net_param *params = net_params(net, &n);
    for (int i = 0; i < n; i++)
        if (strcmp(params[i].name, "final.weight") == 0)
            for (size_t k = 0; k < params[i].count; k++)
                values[params[i].offset + k] *= sharper;
    net_refresh(net);
    return net;
}

static struct prepared filtered_ball(struct filter filter)
{
    const struct comm self = comm_self();
    const double sd[3] = {filter.sd, filter.sd, 0};
    struct prepared p = ball();
    CHECK_OK(filter.sharpen > 0 ? sharpen_volume(p.volume, sd, filter.sharpen)
                                : smooth_volume(p.volume, sd));
    CHECK_OK(normalise_volume(&self, &percentiles, p.volume, NULL));
    return p;
}

/* Expected Dice. */
static double seen(struct net *net, struct filter filter)
{
    struct prepared p = filter.sd > 0 ? filtered_ball(filter) : ball();
    double expected = ball_look(net, &p, threshold);
    prepare_clear(&p);
    return expected;
}

static bool is_better(double expected, double factor, double than)
{
    return 1 - expected < factor * (1 - than);
}

static const struct filter none = {0, 0}, narrow = {0.6, 0}, voxel = {1, 0}, wide = {1.6, 0},
                           sharp = {3, 2};

/* By the definition, and *expected of the best that was tried. */
static struct filter best_filter(struct net *net, double plain, double *expected)
{
    struct filter best = voxel;
    const double by_voxel = *expected = seen(net, voxel);
    if (is_better(by_voxel, FILTER_HINT, plain)) {
        double by_narrow = seen(net, narrow), by_wide = seen(net, wide);
        best = is_better(by_voxel, FILTER_WIDER, by_narrow) ? voxel : narrow;
        *expected = best.sd < 1 ? by_narrow : by_voxel;
        if (by_voxel > by_narrow && is_better(by_wide, FILTER_WIDER, *expected)) {
            best = wide;
            *expected = by_wide;
        }
    }
    if (is_better(*expected, FILTER_SMOOTHED, plain))
        return best;
    double by_sharp = seen(net, sharp);
    *expected = fmax(*expected, by_sharp);
    return is_better(by_sharp, FILTER_SHARPENED, plain) ? sharp : none;
}

static void check_voxels(const struct prepared *found, struct filter filter)
{
    struct prepared p = filter.sd > 0 ? filtered_ball(filter) : ball();
    CU_ASSERT_EQUAL(memcmp(found->volume->data, p.volume->data, VOXELS * sizeof(float)), 0);
    CU_ASSERT_EQUAL(memcmp(&found->slices, &p.slices, sizeof p.slices), 0);
    prepare_clear(&p);
}

static struct filter check_choice(struct net *net)
{
    struct prepared p = ball();
    struct filter_choice choice;
    struct look shared;
    double plain = seen(net, none), expected;
    struct filter best = best_filter(net, plain, &expected);
    CHECK_OK(look_open(&world, net, threshold, SIZE, &shared));
    CHECK_OK(filter_settle(&shared, &percentiles, true, true, plain, &p, &choice));
    CU_ASSERT(choice.filter.sd == best.sd && choice.filter.sharpen == best.sharpen);
    CU_ASSERT(choice.plain == plain && choice.filtered == expected);
    check_voxels(&p, best);
    look_close(&shared);
    prepare_clear(&p);
    return best;
}

/* Nets that no filter helps, that smoothing helps, and sharpening. */
static void test_definition(void)
{
    static const struct {
        uint64_t seed;
        float sharper;
    } nets[] = {{1, 1}, {7, 1}, {7, 10}, {4, 1}};
    int smoothed = 0, sharpened = 0;
    for (int i = 0; i < 4; i++) {
        struct net *net = sharp_net(nets[i].seed, nets[i].sharper);
        struct filter best = check_choice(net);
        smoothed += best.sd > 0 && !(best.sharpen > 0);
        sharpened += best.sharpen > 0;
        net_free(&net);
    }
    CU_ASSERT(smoothed == 1 && sharpened == 2);
}

static const struct check_test tests[] = {
    {"definition", test_definition},
};

CHECK_MAIN_RANKS("qa/filter", tests)
