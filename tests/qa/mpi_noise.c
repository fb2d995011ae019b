/* SPDX-License-Identifier: BSD-3-Clause */
/* What noise_settle finds is what its definition says, for a team of any size. (tests/cli/noise.sh has
 * scans that are smoothed.) */
#include "check_ranks.h"

#include "ball.h"
#include "prep/smooth.h"
#include "qa/noise.h"

#include <string.h>

enum { SIZE = 32, X = 20, Y = 24, Z = 9, VOXELS = X * Y * Z };

static const float threshold = 0.5F;
static const struct normalise_config percentiles = {1, 99};

/* Its noise is of single pixels; slices along z are thick. */
static struct prepared ball(void)
{
    const struct ball ball = {{X, Y, Z}, {1, 1, 2}, 0.6, 0.4, 60};
    struct prepared p = ball_prepared(&ball, BEN_AXIAL, SIZE);
    for (int i = 0; i < VOXELS; i++)
        p.volume->data[i] = p.volume->data[i] > 0.58F;
    return p;
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

static double look_smoothed(struct net *net, double sd)
{
    struct prepared p = smooth_ball(sd);
    double expected = look(net, &p);
    prepare_clear(&p);
    return expected;
}

/* By the definition: the width, 0 for none, and *expected of the best. */
static double best_width(struct net *net, double *expected)
{
    struct prepared plain = ball();
    double best = 1, rest = 1 - look(net, &plain), voxel = 1 - look_smoothed(net, 1),
           least = voxel;
    prepare_clear(&plain);
    if (voxel < NOISE_HINT * rest) {
        double narrow = 1 - look_smoothed(net, 0.6), wide = 1 - look_smoothed(net, 1.6);
        bool by_voxel = voxel < NOISE_WIDER * narrow;
        best = by_voxel ? 1 : 0.6;
        least = by_voxel ? voxel : narrow;
        if (voxel < narrow && wide < NOISE_WIDER * least) {
            best = 1.6;
            least = wide;
        }
    }
    *expected = 1 - least;
    return least < NOISE_MARGIN * rest ? best : 0;
}

static void check_voxels(const struct prepared *found, double sd)
{
    struct prepared p = sd > 0 ? smooth_ball(sd) : ball();
    CU_ASSERT_EQUAL(memcmp(found->volume->data, p.volume->data, VOXELS * sizeof(float)), 0);
    CU_ASSERT_EQUAL(memcmp(&found->slices, &p.slices, sizeof p.slices), 0);
    prepare_clear(&p);
}

static double check_choice(struct net *net)
{
    struct prepared p = ball();
    struct noise_choice choice;
    struct look shared;
    double expected, sd = best_width(net, &expected);
    CHECK_OK(look_open(&world, net, threshold, SIZE, &shared));
    CHECK_OK(noise_settle(&shared, &percentiles, &p, &choice));
    CU_ASSERT(choice.sd == sd);
    CHECK_NEAR(choice.smoothed, expected, 1e-12);
    check_voxels(&p, sd);
    look_close(&shared);
    prepare_clear(&p);
    return sd;
}

/* Nets that no width helps, one less than by the margin, and by it. */
static void test_definition(void)
{
    static const struct {
        uint64_t seed;
        float sharper;
    } nets[] = {{1, 20}, {13, 8}, {13, 20}};
    int smoothed = 0;
    for (int i = 0; i < 3; i++) {
        struct net *net = sharp_net(nets[i].seed, nets[i].sharper);
        smoothed += check_choice(net) > 0;
        net_free(&net);
    }
    CU_ASSERT_EQUAL(smoothed, 1);
}

static const struct check_test tests[] = {
    {"definition", test_definition},
};

CHECK_MAIN_RANKS("qa/noise", tests)
