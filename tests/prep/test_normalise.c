/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact percentiles against sorting, and what normalisation does to odd images. */
#include "check.h"

#include "base/random.h"
#include "prep/normalise.h"
#include "prep/percentile.h"

#include <string.h>

static const double unit_mm[3] = {1, 1, 1};

static int float_order(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The definition, on a sorted copy. */
static double percentile_by_sorting(const float *values, size_t n, double percent)
{
    float *sorted = malloc(n * sizeof *sorted);
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, float_order);
    double place = percent / 100 * (double)(n - 1);
    size_t low = (size_t)place;
    size_t high = low + 1 < n ? low + 1 : low;
    double value = sorted[low] + ((double)sorted[high] - sorted[low]) * (place - (double)low);
    free(sorted);
    return value;
}

static void check_percentiles(const float *values, size_t n)
{
    const double percents[] = {0, 1, 25, 50, 99, 99.9, 100};
    const struct comm self = comm_self();
    double found[7];
    CHECK_OK(percentile_find(&self, values, n, NULL, percents, 7, found));
    for (int i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(found[i], percentile_by_sorting(values, n, percents[i]));
}

static void test_percentiles_equal_sorting(void)
{
    const size_t sizes[] = {1, 2, 3, 10, 101, 1000, 50000};
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, 0, 0);
    float *values = malloc(50000 * sizeof *values);
    for (int s = 0; s < 7; s++)
        for (int kind = 0; kind < 3; kind++) {
            for (size_t i = 0; i < sizes[s]; i++) {
                double z = random_normal(&stream, (uint32_t)i);
                values[i] = (float)(kind == 0 ? z * 1e3 : kind == 1 ? rint(z) : z * 1e-38);
            }
            check_percentiles(values, sizes[s]);
        }
    free(values);
}

static void test_skipped_value_does_not_count(void)
{
    const float values[] = {7, 0, 0, 3, 0, 5, 0, 0}, zero = 0;
    const double percents[] = {0, 50, 100};
    const struct comm self = comm_self();
    double found[3];
    CHECK_OK(percentile_find(&self, values, 8, &zero, percents, 3, found));
    CU_ASSERT_EQUAL(found[0], 3);
    CU_ASSERT_EQUAL(found[1], 5);
    CU_ASSERT_EQUAL(found[2], 7);
}

static void test_no_values_and_not_finite_fail(void)
{
    const float bad[][2] = {{1, NAN}, {-NAN, 1}, {INFINITY, 1}, {1, -INFINITY}};
    const double half = 50;
    const struct comm self = comm_self();
    double found;
    for (int i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(percentile_find(&self, bad[i], 2, NULL, &half, 1, &found), BEN_E_INPUT);
    CU_ASSERT_EQUAL(percentile_find(&self, bad[0], 0, NULL, &half, 1, &found), BEN_E_INPUT);
    CU_ASSERT_EQUAL(percentile_find(&self, bad[0], 1, &bad[0][0], &half, 1, &found),
                    BEN_E_INPUT);
    float extreme[2] = {3.4e38F, -3.4e38F};
    CHECK_OK(percentile_find(&self, extreme, 2, NULL, &half, 1, &found));
    CHECK_NEAR(found, 0, 1e30);
}

static struct volume *volume_of_size(int n0, int n1, int n2)
{
    const int dim[3] = {n0, n1, n2};
    struct volume *v = NULL;
    CHECK_OK(volume_create(dim, unit_mm, &v));
    return v;
}

static void test_ramp_is_stretched_and_clipped(void)
{
    const struct comm self = comm_self();
    const struct normalise_config config = normalise_defaults();
    struct normalise_range range;
    struct volume *v = volume_of_size(101, 1, 1);
    for (int i = 0; i < 101; i++)
        v->data[i] = (float)(2 * i - 50);
    CHECK_OK(normalise_volume(&self, &config, v, &range));
    CU_ASSERT_EQUAL(range.low, -48);
    CU_ASSERT_EQUAL(range.high, 148);
    CU_ASSERT_FALSE(range.sparse);
    CU_ASSERT_EQUAL(v->data[0], 0);
    CU_ASSERT_EQUAL(v->data[1], 0);
    CHECK_NEAR(v->data[50], 0.5, 1e-7);
    CU_ASSERT_EQUAL(v->data[99], 1);
    CU_ASSERT_EQUAL(v->data[100], 1);
    volume_free(&v);
}

static void test_sparse_image_uses_its_other_voxels(void)
{
    const struct comm self = comm_self();
    const struct normalise_config config = normalise_defaults();
    struct normalise_range range;
    struct volume *v = volume_of_size(20, 20, 20);
    for (int i = 0; i < 11; i++)
        v->data[100 + i] = (float)(10 + i);
    CHECK_OK(normalise_volume(&self, &config, v, &range));
    CU_ASSERT_TRUE(range.sparse);
    CU_ASSERT_EQUAL(range.low, 0);
    CHECK_NEAR(range.high, 19.9, 1e-5);
    CU_ASSERT_EQUAL(v->data[0], 0);
    CHECK_NEAR(v->data[105], 15 / 19.9, 1e-6);
    volume_free(&v);
}

static void test_constant_image_and_bad_percentiles_fail(void)
{
    const struct comm self = comm_self();
    const struct normalise_config bad[] = {{-1, 99}, {1, 101}, {50, 50}, {60, 40}, {NAN, 99}};
    const struct normalise_config config = normalise_defaults();
    struct volume *v = volume_of_size(4, 4, 4);
    for (int i = 0; i < 64; i++)
        v->data[i] = 3;
    CU_ASSERT_EQUAL(normalise_volume(&self, &config, v, NULL), BEN_E_INPUT);
    for (int i = 0; i < 64; i++)
        v->data[i] = (float)i;
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(normalise_volume(&self, &bad[i], v, NULL), BEN_E_ARG);
    v->data[5] = NAN;
    CU_ASSERT_EQUAL(normalise_volume(&self, &config, v, NULL), BEN_E_INPUT);
    volume_free(&v);
}

static const struct check_test tests[] = {
    {"percentiles equal those by sorting", test_percentiles_equal_sorting},
    {"a skipped value does not count", test_skipped_value_does_not_count},
    {"no values, NaN and infinity fail", test_no_values_and_not_finite_fail},
    {"a ramp is stretched and clipped", test_ramp_is_stretched_and_clipped},
    {"a sparse image uses its other voxels", test_sparse_image_uses_its_other_voxels},
    {"constant image and bad percentiles fail", test_constant_image_and_bad_percentiles_fail},
};

CHECK_MAIN("prep/normalise", tests)
