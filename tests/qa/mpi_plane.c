/* SPDX-License-Identifier: BSD-3-Clause */
/* What plane_settle finds of each plane is what its definition says, to the bit, for a team of any
 * size; and what it takes follows from that. */
#include "check_ranks.h"

#include "ball.h"
#include "qa/plane.h"

enum { SIZE = 32 };

static const float threshold = 0.5F;

/* More slices along one axis than are looked at. */
static struct prepared ball(enum slice_plane plane)
{
    const struct ball ball = {{20, 37, 9}, {1, 0.5, 2}, 0.2, 0.8, 40};
    return ball_prepared(&ball, plane, SIZE);
}

/* By the definition, slice by slice. */
static double expect(struct net *net, const struct prepared *p, enum slice_plane plane)
{
    static float x[SIZE * SIZE], prob[SIZE * SIZE];
    struct slice_geometry slices;
    double mean = 0, inside = 0, brain = 0;
    CHECK_OK(slices_plan(p->volume, plane, SIZE, &slices));
    int n = slices.count > LOOK_SLICES ? LOOK_SLICES : slices.count;
    for (int i = 0; i < n; i++) {
        slices_extract(&slices, p->volume, (int)((i + 0.5) * slices.count / n), 1, x);
        net_predict(net, x, 1, prob);
        for (int k = 0; k < SIZE * SIZE; k++) {
            mean += (double)prob[k];
            inside += prob[k] > threshold ? (double)prob[k] : 0;
            brain += prob[k] > threshold;
        }
    }
    return brain > 0 ? 2 * inside / (mean + brain) : 0;
}

static void test_definition(void)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        enum slice_plane planned = (enum slice_plane)(seed % 3);
        struct prepared p = ball(planned);
        struct net *net = untrained_net(SIZE, 1, seed);
        struct plane_choice choice;
        CHECK_OK(plane_settle(&world, net, threshold, &p, &choice));
        double expected[3], least;
        enum slice_plane best = planned;
        for (int plane = 0; plane < 3; plane++) {
            expected[plane] = expect(net, &p, (enum slice_plane)plane);
            CU_ASSERT_DOUBLE_EQUAL(choice.expected[plane], expected[plane], 1e-12);
        }
        least = PLANE_MARGIN * (1 - expected[planned]);
        for (int plane = 0; plane < 3; plane++)
            if (plane != (int)planned && 1 - expected[plane] < least) {
                least = 1 - expected[plane];
                best = (enum slice_plane)plane;
            }
        CU_ASSERT_EQUAL(choice.planned, planned);
        CU_ASSERT_EQUAL(choice.taken, best);
        CU_ASSERT_EQUAL(p.slices.plane, best);
        net_free(&net);
        prepare_clear(&p);
    }
}

static void test_team_equals_one_rank(void)
{
    const struct comm self = comm_self();
    struct prepared p = ball(BEN_CORONAL), q = ball(BEN_CORONAL);
    struct net *net = untrained_net(SIZE, 1, 2);
    struct plane_choice alone, together;
    CHECK_OK(plane_settle(&self, net, threshold, &p, &alone));
    CHECK_OK(plane_settle(&world, net, threshold, &q, &together));
    for (int plane = 0; plane < 3; plane++)
        CU_ASSERT(alone.expected[plane] == together.expected[plane]);
    CU_ASSERT_EQUAL(alone.taken, together.taken);
    net_free(&net);
    prepare_clear(&p);
    prepare_clear(&q);
}

static void test_thick_slices_stay(void)
{
    struct prepared p = ball(BEN_SAGITTAL);
    struct net *net = untrained_net(SIZE, 1, 2);
    struct plane_choice choice;
    p.by_thickness = true;
    CHECK_OK(plane_settle(&world, net, threshold, &p, &choice));
    CU_ASSERT_EQUAL(choice.taken, BEN_SAGITTAL);
    CU_ASSERT(isnan(choice.expected[BEN_SAGITTAL]));
    net_free(&net);
    prepare_clear(&p);
}

static const struct check_test tests[] = {
    {"definition", test_definition},
    {"team equals one rank", test_team_equals_one_rank},
    {"thick slices stay", test_thick_slices_stay},
};

CHECK_MAIN_RANKS("qa/plane", tests)
