/* SPDX-License-Identifier: BSD-3-Clause */
/* What noise_settle finds is what its definition says, for a team of any size, and what the network
 * is sure of stays as it is. (tests/cli/noise.sh has scans that are smoothed.) */
#include "check_ranks.h"

#include "ball.h"
#include "prep/smooth.h"
#include "qa/noise.h"

#include <string.h>

enum { SIZE = 32, X = 20, Y = 24, Z = 9, VOXELS = X * Y * Z };

static const float threshold = 0.5F;
static const struct normalise_config percentiles = {1, 99};

/* Slices along z are thick. */
static struct prepared ball(void)
{
    const struct ball ball = {{X, Y, Z}, {1, 1, 2}, 0.6, 0.4, 60};
    return ball_prepared(&ball, BEN_AXIAL, SIZE);
}

static double look(struct net *net, const struct prepared *p)
{
    const struct comm self = comm_self();
    struct look look;
    double expected;
    CHECK_OK(look_open(&self, net, threshold, SIZE, &look));
    CHECK_OK(look_at(&look, p->volume, &p->slices, &expected));
    look_close(&look);
    return expected;
}

static struct prepared smooth_ball(double sd)
{
    const struct comm self = comm_self();
    struct prepared p = ball();
    CHECK_OK(smooth_volume(p.volume, (const double[]){sd, sd, 0}));
    CHECK_OK(normalise_volume(&self, &percentiles, p.volume, NULL));
    return p;
}

/* By the definition: the width, 0 for none, and *expected of the best. */
static double best_width(struct net *net, double *expected)
{
    static const double widths[] = {0.6, 1, 1.6};
    struct prepared plain = ball();
    double best = 0, of_plain = look(net, &plain), of[3];
    *expected = 0;
    prepare_clear(&plain);
    for (int i = 0; i < 3; i++) {
        struct prepared p = smooth_ball(widths[i]);
        of[i] = look(net, &p);
        prepare_clear(&p);
        if (i == 2 && of[1] <= of[0])
            break;
        if (i == 0 || 1 - of[i] < NOISE_WIDER * (1 - *expected)) {
            best = widths[i];
            *expected = of[i];
        }
    }
    return 1 - *expected < NOISE_MARGIN * (1 - of_plain) ? best : 0;
}

static void check_voxels(const struct prepared *found, double sd)
{
    struct prepared p = sd > 0 ? smooth_ball(sd) : ball();
    CU_ASSERT_EQUAL(memcmp(found->volume->data, p.volume->data, VOXELS * sizeof(float)), 0);
    CU_ASSERT_EQUAL(memcmp(&found->slices, &p.slices, sizeof p.slices), 0);
    prepare_clear(&p);
}

static void check_choice(struct net *net, const float *prob)
{
    struct prepared p = ball();
    struct slice_geometry planned = p.slices;
    struct noise_choice choice;
    double expected, sd = best_width(net, &expected);
    CHECK_OK(noise_settle(&world, net, threshold, &percentiles, &planned, prob, &p, &choice));
    CU_ASSERT(choice.sd == sd);
    CU_ASSERT(choice.smoothed == expected);
    check_voxels(&p, sd);
    prepare_clear(&p);
}

static void test_definition(void)
{
    static float prob[VOXELS]; /* unsure */
    for (int i = 0; i < VOXELS; i++)
        prob[i] = i % 3 ? 0.1F : 0.8F;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct net *net = untrained_net(SIZE, 1, seed);
        check_choice(net, prob);
        net_free(&net);
    }
}

static void test_sure_scans_stay(void)
{
    static float prob[VOXELS];
    struct prepared p = ball();
    struct slice_geometry planned = p.slices;
    struct net *net = untrained_net(SIZE, 1, 1);
    struct noise_choice choice;
    for (int i = 0; i < VOXELS; i++)
        prob[i] = i % 3 ? 0.01F : 0.99F;
    CHECK_OK(noise_settle(&world, net, threshold, &percentiles, &planned, prob, &p, &choice));
    CHECK_NEAR(choice.scan, 2 * 0.99 / (0.99 + 2 * 0.01 + 1), 1e-6);
    CU_ASSERT(isnan(choice.plain));
    CU_ASSERT_EQUAL(choice.sd, 0);
    check_voxels(&p, 0);
    net_free(&net);
    prepare_clear(&p);
}

static const struct check_test tests[] = {
    {"definition", test_definition},
    {"sure scans stay", test_sure_scans_stay},
};

CHECK_MAIN_RANKS("qa/noise", tests)
