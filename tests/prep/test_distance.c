/* SPDX-License-Identifier: BSD-3-Clause */
/* The distance transform against a search through all voxels, and boxes around masks. */
#include "check.h"

#include "base/random.h"
#include "prep/box.h"
#include "prep/distance.h"

#include <string.h>

static double nearest_by_search(const int dim[3], const double mm[3], const uint8_t *mask,
                                int from)
{
    double nearest = INFINITY;
    int n = dim[0] * dim[1] * dim[2];
    for (int to = 0; to < n; to++) {
        double dx = mm[0] * (from % dim[0] - to % dim[0]);
        double dy = mm[1] * (from / dim[0] % dim[1] - to / dim[0] % dim[1]);
        double dz = mm[2] * (from / dim[0] / dim[1] - to / dim[0] / dim[1]);
        if (mask[to])
            nearest = fmin(nearest, dx * dx + dy * dy + dz * dz);
    }
    return nearest;
}

static void check_distances(const int dim[3], const double mm[3], const uint8_t *mask)
{
    int n = dim[0] * dim[1] * dim[2];
    float *squared = malloc((size_t)n * sizeof *squared);
    CHECK_OK(distance_squared(dim, mm, mask, squared));
    for (int i = 0; i < n; i++) {
        double expected = nearest_by_search(dim, mm, mask, i);
        if (isinf(expected))
            CU_ASSERT(isinf(squared[i]))
        else
            CHECK_NEAR(squared[i], expected, 2e-7 * expected);
    }
    free(squared);
}

static void test_distances_equal_a_search(void)
{
    const int dims[][3] = {{1, 1, 1},  {23, 1, 1}, {1, 19, 1},
                           {1, 1, 17}, {18, 7, 1}, {9, 11, 13}};
    const double spacings[][3] = {{1, 1, 1}, {0.25, 0.25, 1}, {3, 0.513, 0.07}};
    const double densities[] = {0, 0.003, 0.02, 0.5, 1};
    struct random_stream stream = random_open(3, BEN_RANDOM_TEST, 0, 0);
    uint8_t mask[9 * 11 * 13];
    for (int d = 0; d < 6; d++)
        for (int s = 0; s < 3; s++)
            for (int p = 0; p < 5; p++) {
                int n = dims[d][0] * dims[d][1] * dims[d][2];
                for (int i = 0; i < n; i++)
                    mask[i] = random_uniform(&stream, (uint32_t)(p * 2000 + i)) < densities[p];
                check_distances(dims[d], spacings[s], mask);
            }
}

static void test_one_voxel_in_a_wide_volume(void)
{
    const int dim[3] = {40, 35, 3};
    const double mm[3] = {0.1, 1.7, 5};
    uint8_t mask[40 * 35 * 3] = {0};
    mask[(1 * 35 + 30) * 40 + 3] = 1;
    check_distances(dim, mm, mask);
}

static void test_boxes(void)
{
    const int dim[3] = {6, 5, 4};
    uint8_t mask[6 * 5 * 4] = {0}, part[6 * 5 * 4];
    struct box none = box_find(dim, mask), one, two, both;
    CU_ASSERT_EQUAL(none.size[0] + none.size[1] + none.size[2], 0);
    mask[(1 * 5 + 2) * 6 + 3] = 9;
    one = box_find(dim, mask);
    CU_ASSERT_EQUAL(memcmp(one.first, (const int[]){3, 2, 1}, sizeof one.first), 0);
    CU_ASSERT_EQUAL(memcmp(one.size, (const int[]){1, 1, 1}, sizeof one.size), 0);
    memset(mask, 0, sizeof mask);
    mask[(3 * 5 + 1) * 6 + 5] = 1;
    two = box_find(dim, mask);
    both = box_join(&one, &two);
    CU_ASSERT_EQUAL(memcmp(both.first, (const int[]){3, 1, 1}, sizeof both.first), 0);
    CU_ASSERT_EQUAL(memcmp(both.size, (const int[]){3, 2, 3}, sizeof both.size), 0);
    both = box_join(&none, &two);
    CU_ASSERT_EQUAL(memcmp(&both, &two, sizeof both), 0);
    mask[(1 * 5 + 2) * 6 + 3] = 9;
    both = box_find(dim, mask);
    box_cut(&both, dim, mask, part);
    for (int i = 0; i < 18; i++)
        CU_ASSERT_EQUAL(part[i], i == 3 || i == 14);
}

static const struct check_test tests[] = {
    {"distances equal a search", test_distances_equal_a_search},
    {"one voxel in a wide volume", test_one_voxel_in_a_wide_volume},
    {"boxes", test_boxes},
};

CHECK_MAIN("prep/distance", tests)
