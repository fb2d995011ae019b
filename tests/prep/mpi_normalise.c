/* SPDX-License-Identifier: BSD-3-Clause */
/* The range of a volume is the same, to the bit, for a team of any size and for one rank, also
 * with more ranks than slices; failures reach every rank. */
#include "check_ranks.h"

#include "base/random.h"
#include "prep/normalise.h"

#include <string.h>

static struct volume *noisy_volume(int slices, uint32_t which)
{
    const int dim[3] = {17, 13, slices};
    const double mm[3] = {1, 1, 1};
    struct random_stream stream = random_open(5, BEN_RANDOM_TEST, which, 0);
    struct volume *v = NULL;
    CHECK_OK(volume_create(dim, mm, &v));
    for (size_t i = 0; i < volume_voxels(v); i++)
        v->data[i] = (float)(100 + 30 * random_normal(&stream, (uint32_t)i));
    return v;
}

static void test_range_equals_that_of_one_rank(void)
{
    const struct normalise_config config = normalise_defaults();
    const struct comm self = comm_self();
    for (int slices = 1; slices <= 9; slices += 2) {
        struct normalise_range alone, shared;
        struct volume *v = noisy_volume(slices, (uint32_t)slices);
        CHECK_OK(normalise_find(&self, &config, v, &alone));
        CHECK_OK(normalise_find(&world, &config, v, &shared));
        CU_ASSERT_EQUAL(alone.low, shared.low);
        CU_ASSERT_EQUAL(alone.high, shared.high);
        volume_free(&v);
    }
}

static void test_sparse_and_bad_volumes(void)
{
    const struct normalise_config config = normalise_defaults();
    struct normalise_range range;
    struct volume *v = noisy_volume(7, 0);
    size_t n = volume_voxels(v);
    memset(v->data, 0, n * sizeof *v->data);
    CU_ASSERT_EQUAL(normalise_find(&world, &config, v, &range), BEN_E_INPUT);
    v->data[3] = 8;
    CHECK_OK(normalise_find(&world, &config, v, &range));
    CU_ASSERT_EQUAL(range.low, 0);
    CU_ASSERT_EQUAL(range.high, 8);
    v->data[n - 1] = NAN;
    CU_ASSERT_EQUAL(normalise_find(&world, &config, v, &range), BEN_E_INPUT);
    volume_free(&v);
}

static const struct check_test tests[] = {
    {"the range equals that of one rank", test_range_equals_that_of_one_rank},
    {"sparse and bad volumes", test_sparse_and_bad_volumes},
};

CHECK_MAIN_RANKS("prep/normalise on ranks", tests)
