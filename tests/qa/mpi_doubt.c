/* SPDX-License-Identifier: BSD-3-Clause */
/* doubt_settle tries nothing where the network is sure, takes the strongly corrected scan where its
 * definition says so, and passes a failure on, for a team of any size. (tests/cli/coil.sh and noise.sh
 * have scans that change.) */
#include "check_ranks.h"

#include "ball.h"
#include "qa/doubt.h"

#include <string.h>

enum { SIZE = 32, X = 20, Y = 24, Z = 9, VOXELS = X * Y * Z };

static const float threshold = 0.5F;

static struct prepared ball(double bright)
{
    const struct ball ball = {{X, Y, Z}, {1, 1, 2}, 0.6, bright, 60};
    return ball_prepared(&ball, BEN_AXIAL, SIZE);
}

struct correction {
    double bright;
    enum ben_status status;
    bool even; /* in light */
    int calls;
};

static enum ben_status correct(void *context, struct prepared *corrected)
{
    struct correction *c = context;
    c->calls++;
    if (c->status == BEN_OK && !c->even)
        *corrected = ball(c->bright);
    return c->status;
}

static double seen(struct net *net, double bright)
{
    struct prepared p = ball(bright);
    double expected = ball_look(net, &p, threshold);
    prepare_clear(&p);
    return expected;
}

static bool is_ball(const struct prepared *p, double bright)
{
    struct prepared same = ball(bright);
    bool is = memcmp(p->volume->data, same.volume->data, VOXELS * sizeof(float)) == 0 &&
              memcmp(&p->slices, &same.slices, sizeof p->slices) == 0;
    prepare_clear(&same);
    return is;
}

static enum ben_status settle(struct net *net, bool is_sure, struct correction *c,
                              struct prepared *p, struct doubt_choice *choice)
{
    static float prob[VOXELS];
    const struct doubt_config config = {
        .threshold = threshold, .normalise = {1, 99}, .correct = correct, .context = c};
    struct slice_geometry planned = p->slices;
    for (int i = 0; i < VOXELS; i++)
        prob[i] = i % 3 ? (is_sure ? 0.01F : 0.1F) : (is_sure ? 0.99F : 0.8F);
    return doubt_settle(&world, net, &config, &planned, prob, p, choice);
}

static void test_sure_scans_stay(void)
{
    struct correction c = {.bright = 0.4};
    struct prepared p = ball(0.1);
    struct net *net = untrained_net(SIZE, 1, 1);
    struct doubt_choice choice;
    CHECK_OK(settle(net, true, &c, &p, &choice));
    CHECK_NEAR(choice.scan, 2 * 0.99 / (0.99 + 2 * 0.01 + 1), 1e-6);
    CU_ASSERT(isnan(choice.usual) && isnan(choice.filter.plain));
    CU_ASSERT_FALSE(doubt_changed(&choice));
    CU_ASSERT_EQUAL(c.calls, 0);
    CU_ASSERT(is_ball(&p, 0.1));
    net_free(&net);
    prepare_clear(&p);
}

/* From one brightness to another and back: if one way is better by the margin, the other is not. */
static bool check_way(struct net *net, double from, double to)
{
    struct correction c = {.bright = to};
    struct prepared p = ball(from);
    struct doubt_choice choice;
    double usual = seen(net, from), corrected = seen(net, to);
    bool strong = 1 - corrected < DOUBT_SHADING * (1 - usual);
    CHECK_OK(settle(net, false, &c, &p, &choice));
    CU_ASSERT_EQUAL(c.calls, 1);
    CU_ASSERT(choice.usual == usual && choice.corrected == corrected);
    CU_ASSERT_EQUAL(choice.strong, strong);
    CU_ASSERT_EQUAL(doubt_changed(&choice), strong);
    CU_ASSERT(is_ball(&p, strong ? to : from));
    prepare_clear(&p);
    return strong;
}

static void test_definition(void)
{
    int taken = 0;
    for (uint64_t seed = 2; seed <= 3; seed++) {
        struct net *net = untrained_net(SIZE, 1, seed);
        taken += check_way(net, 0.1, 3);
        taken += check_way(net, 3, 0.1);
        net_free(&net);
    }
    CU_ASSERT(taken > 0 && taken < 4);
}

static void test_even_light(void)
{
    struct correction c = {.even = true};
    struct prepared p = ball(0.1);
    struct net *net = untrained_net(SIZE, 1, 1);
    struct doubt_choice choice;
    CHECK_OK(settle(net, false, &c, &p, &choice));
    CU_ASSERT_EQUAL(c.calls, 1);
    CU_ASSERT(isnan(choice.usual));
    CU_ASSERT_FALSE(doubt_changed(&choice));
    CU_ASSERT(is_ball(&p, 0.1));
    net_free(&net);
    prepare_clear(&p);
}

static void test_failure(void)
{
    struct correction c = {.status = BEN_E_INPUT};
    struct prepared p = ball(0.1);
    struct net *net = untrained_net(SIZE, 1, 1);
    struct doubt_choice choice;
    CU_ASSERT_EQUAL(settle(net, false, &c, &p, &choice), BEN_E_INPUT);
    CU_ASSERT(is_ball(&p, 0.1));
    net_free(&net);
    prepare_clear(&p);
}

static const struct check_test tests[] = {
    {"sure scans stay", test_sure_scans_stay},
    {"definition", test_definition},
    {"even light", test_even_light},
    {"failure", test_failure},
};

CHECK_MAIN_RANKS("qa/doubt", tests)
