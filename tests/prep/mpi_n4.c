/* SPDX-License-Identifier: BSD-3-Clause */
/* The team's result is that of one rank with one thread, to the byte, for odd sizes, fewer slices
 * than ranks, and with and without a mask; large enough for ranks and threads to share the
 * iterations, and not. */
#include "base/random.h"
#include "check_ranks.h"
#include "prep/n4.h"
#include "prep/otsu.h"

#include <omp.h>
#include <string.h>

static struct volume *make_volume(const int dim[3])
{
    const double voxel_mm[3] = {1, 1, 1};
    struct random_stream stream = random_open(3, BEN_RANDOM_TEST, 0, 0);
    struct volume *volume = NULL;
    CHECK_OK(volume_create(dim, voxel_mm, &volume));
    size_t i = 0;
    for (int z = 0; z < dim[2]; z++)
        for (int y = 0; y < dim[1]; y++)
            for (int x = 0; x < dim[0]; x++, i++) {
                double tissue = sin(0.7 * x) + sin(0.9 * y) + sin(z) > 0 ? 300 : 180;
                double inside = abs(2 * x - dim[0]) < dim[0] * 0.9 ? 1 : 0.01;
                double shade = exp(0.4 * sin(2.5 * x / dim[0]) - 0.3 * y / dim[1]);
                double noise = 4 * random_normal(&stream, (uint32_t)i);
                volume->data[i] = (float)fabs(inside * tissue * shade + noise);
            }
    return volume;
}

enum manner { USUAL, MASKED, STRONG };

struct outcome {
    struct volume *volume;
    float *log_field;
    struct n4_report report;
};

static struct outcome run(const struct comm *team, int threads, const int dim[3],
                          enum manner manner)
{
    struct n4_config config = manner == STRONG ? n4_config_strong() : n4_config_default();
    struct outcome o = {.volume = make_volume(dim)};
    size_t n = volume_voxels(o.volume);
    uint8_t *mask = calloc(n, 1);
    o.log_field = calloc(n, sizeof *o.log_field);
    CU_ASSERT_FATAL(mask && o.log_field);
    for (size_t i = 0; i < n; i++)
        mask[i] = i % 7 != 0;
    config.shrink = 2;
    config.levels = 2;
    for (int i = 0; i < config.levels; i++)
        config.iterations[i] = 3;
    omp_set_num_threads(threads);
    CHECK_OK(n4_correct(team, &config, o.volume, manner == MASKED ? mask : NULL, o.log_field,
                        &o.report));
    free(mask);
    return o;
}

static void free_outcome(struct outcome *o)
{
    free(o->log_field);
    volume_free(&o->volume);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    size_t bytes = volume_voxels(a->volume) * sizeof(float);
    CU_ASSERT_EQUAL(memcmp(a->volume->data, b->volume->data, bytes), 0);
    CU_ASSERT_EQUAL(memcmp(a->log_field, b->log_field, bytes), 0);
    CU_ASSERT_EQUAL(a->report.voxels, b->report.voxels);
    CU_ASSERT_EQUAL(a->report.change, b->report.change);
    CU_ASSERT_EQUAL(
        memcmp(a->report.iterations, b->report.iterations, sizeof a->report.iterations), 0);
}

static void check_dim(const int dim[3], int threads, enum manner manner)
{
    const struct comm self = comm_self();
    struct outcome alone = run(&self, 1, dim, manner);
    struct outcome shared = run(&world, threads, dim, manner);
    CU_ASSERT(alone.report.corrected);
    check_same(&alone, &shared);
    free_outcome(&shared);
    free_outcome(&alone);
}

static void test_same_bytes_small(void)
{
    check_dim((int[]){50, 57, 43}, 2, USUAL);
    check_dim((int[]){50, 57, 43}, 1, MASKED);
    check_dim((int[]){20, 33, 1}, 2, MASKED);
}

static void test_same_bytes_shared(void)
{
    check_dim((int[]){96, 80, 72}, 1, USUAL);
    check_dim((int[]){96, 80, 72}, 2, MASKED);
    check_dim((int[]){401, 350, 1}, 2, USUAL);
    check_dim((int[]){300, 261, 2}, 1, MASKED);
    check_dim((int[]){3, 5000, 9}, 2, USUAL);
    check_dim((int[]){96, 80, 72}, 2, STRONG);
}

static void test_same_threshold(void)
{
    const int dim[3] = {70, 65, 33};
    const struct comm self = comm_self();
    struct volume *volume = make_volume(dim);
    float alone = 0, shared = 0;
    omp_set_num_threads(1);
    CHECK_OK(otsu_threshold(&self, volume, 200, &alone));
    omp_set_num_threads(2);
    CHECK_OK(otsu_threshold(&world, volume, 200, &shared));
    CU_ASSERT(alone > 0);
    CU_ASSERT_EQUAL(alone, shared);
    volume_free(&volume);
}

static const struct check_test tests[] = {
    {"same bytes, found alone", test_same_bytes_small},
    {"same bytes, found together", test_same_bytes_shared},
    {"same threshold", test_same_threshold},
};

CHECK_MAIN_RANKS("prep/n4 in a team", tests)
