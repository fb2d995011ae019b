/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps and sums of a scan are the same, to the bit, for a team of any size and for one rank, also
 * with more ranks than slices; what the maps say of each other holds. */
#include "check_ranks.h"

#include "ball.h"
#include "qa/predict.h"

#include <string.h>

enum { SLICES = 3, SIZE = 32, SAMPLES = 3 };

/* A bright cylinder in noise, prepared as it is. */
static struct prepared cylinder(void)
{
    const int dim[3] = {20, 16, SLICES};
    const double mm[3] = {1, 1, 1};
    struct random_stream stream = random_open(5, BEN_RANDOM_TEST, 0, 0);
    struct prepared p = {.orientation = {.axis = {0, 1, 2}}};
    CHECK_OK(volume_create(dim, mm, &p.volume));
    for (int i = 0; i < 20 * 16 * SLICES; i++) {
        double x = i % 20 - 9.5, y = i / 20 % 16 - 7.5;
        p.volume->data[i] = (float)(0.2 * random_uniform(&stream, (uint32_t)i) +
                                    (x * x + y * y < 30 ? 0.8 : 0));
    }
    CHECK_OK(slices_plan(p.volume, BEN_AXIAL, SIZE, &p.slices));
    return p;
}

struct outcome {
    struct predict_maps maps;
    struct mcqa_sums sums;
    size_t voxels, cells;
};

static float *fresh(size_t n)
{
    float *floats = malloc(n * sizeof *floats);
    CU_ASSERT_PTR_NOT_NULL_FATAL(floats);
    memset(floats, 0xff, n * sizeof *floats); /* NaN: whole maps must be written */
    return floats;
}

static struct outcome predict(const struct comm *team, const struct prepared *p, uint64_t seed)
{
    const struct predict_config config = {SAMPLES, seed, 0.5F};
    struct outcome o = {.voxels = volume_voxels(p->volume),
                        .cells = predict_attention_floats(p)};
    struct net *net = untrained_net(SIZE, BEN_PREDICT_BATCH, 3);
    o.maps = (struct predict_maps){false, fresh(o.voxels), fresh(o.voxels), fresh(o.cells)};
    CHECK_OK(predict_scan(team, net, &config, p, &o.maps, &o.sums));
    net_free(&net);
    return o;
}

static void clear(struct outcome *o)
{
    free(o->maps.prob);
    free(o->maps.uncertainty);
    free(o->maps.attention);
}

static bool same(const float *a, const float *b, size_t n)
{
    return memcmp(a, b, n * sizeof *a) == 0;
}

static void test_team_equals_one_rank(void)
{
    const struct comm self = comm_self();
    struct prepared p = cylinder();
    struct outcome alone = predict(&self, &p, 1), shared = predict(&world, &p, 1);
    struct outcome other = predict(&world, &p, 2);
    CU_ASSERT(same(alone.maps.prob, shared.maps.prob, alone.voxels));
    CU_ASSERT(same(alone.maps.uncertainty, shared.maps.uncertainty, alone.voxels));
    CU_ASSERT(same(alone.maps.attention, shared.maps.attention, alone.cells));
    CU_ASSERT_EQUAL(memcmp(&alone.sums, &shared.sums, sizeof alone.sums), 0);
    CU_ASSERT_FALSE(same(other.maps.uncertainty, shared.maps.uncertainty, alone.voxels));
    clear(&alone);
    clear(&shared);
    clear(&other);
    prepare_clear(&p);
}

/* Uncertainty is at most a quarter and a variance on top; a slice's attention adds up, or is 0
 * where it has no brain. */
static void test_ranges(void)
{
    struct prepared p = cylinder();
    struct outcome o = predict(&world, &p, 1);
    float *map = fresh(o.voxels);
    int with_brain = 0;
    size_t cells = o.cells / SLICES;
    for (size_t i = 0; i < o.voxels; i++) {
        CU_ASSERT(o.maps.prob[i] >= 0 && o.maps.prob[i] <= 1);
        CU_ASSERT(o.maps.uncertainty[i] >= 0 && o.maps.uncertainty[i] <= 0.5F);
    }
    for (int s = 0; s < SLICES; s++) {
        double sum = 0;
        for (size_t i = 0; i < cells; i++)
            sum += o.maps.attention[(size_t)s * cells + i];
        with_brain += sum > 0;
        CU_ASSERT(sum == 0 || fabs(sum - (double)cells) < 1e-4);
    }
    CU_ASSERT(with_brain > 0);
    CHECK_OK(predict_attention_map(&p, o.maps.attention, map));
    for (size_t i = 0; i < o.voxels; i++)
        CU_ASSERT(map[i] >= 0 && map[i] <= (float)cells);
    CU_ASSERT_EQUAL(o.sums.pixels, SLICES * SIZE * SIZE);
    free(map);
    clear(&o);
    prepare_clear(&p);
}

static void test_one_pass(void)
{
    const struct comm self = comm_self();
    struct prepared p = cylinder();
    struct net *net = untrained_net(SIZE, BEN_PREDICT_BATCH, 3);
    size_t n = volume_voxels(p.volume);
    float *shared = fresh(n), *alone = fresh(n);
    CHECK_OK(predict_volume(&world, net, &p, shared));
    CHECK_OK(predict_volume(&self, net, &p, alone));
    CU_ASSERT(same(shared, alone, n));
    free(shared);
    free(alone);
    net_free(&net);
    prepare_clear(&p);
}

/* In the place of the scan's own voxels, gathered on rank 0: the same there, and on others in the
 * slices of their share. */
static void test_in_place(void)
{
    const struct comm self = comm_self();
    struct prepared p = cylinder(), own = cylinder();
    struct net *net = untrained_net(SIZE, BEN_PREDICT_BATCH, 3);
    size_t n = volume_voxels(p.volume), slice = n / SLICES;
    const struct predict_config config = {SAMPLES, 1, 0.5F};
    const struct predict_maps maps = {true, p.volume->data, fresh(n), NULL};
    struct outcome alone = predict(&self, &own, 1);
    long first = 0, count = SLICES;
    CHECK_OK(predict_scan(&world, net, &config, &p, &maps, NULL));
    if (world.rank > 0)
        comm_share(SLICES, world.rank, world.size, &first, &count);
    size_t from = (size_t)first * slice, many = (size_t)count * slice;
    CU_ASSERT(same(alone.maps.prob + from, maps.prob + from, many));
    CU_ASSERT(same(alone.maps.uncertainty + from, maps.uncertainty + from, many));
    free(maps.uncertainty);
    clear(&alone);
    net_free(&net);
    prepare_clear(&p);
    prepare_clear(&own);
}

static const struct check_test tests[] = {
    {"a team's maps equal those of one rank", test_team_equals_one_rank},
    {"ranges of the maps", test_ranges},
    {"one pass", test_one_pass},
    {"in the scan's place, on rank 0", test_in_place},
};

CHECK_MAIN_RANKS("qa/predict on ranks", tests)
