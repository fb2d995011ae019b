/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "prep/close.h"

#include <string.h>

enum { N = 24 };
static uint8_t mask[N][N][N], before[N][N][N];

static int inside_ball(int x, int y, int z, double radius)
{
    double a = x - 11.5, b = y - 11.5, c = z - 11.5;
    return a * a + b * b + c * c <= radius * radius;
}

static void make_ball(void)
{
    for (int z = 0; z < N; z++)
        for (int y = 0; y < N; y++)
            for (int x = 0; x < N; x++)
                mask[z][y][x] = (uint8_t)inside_ball(x, y, z, 8);
}

static void test_slit_and_hole(void)
{
    const int dim[3] = {N, N, N};
    const double mm[3] = {0.5, 0.5, 0.5};
    make_ball();
    memcpy(before, mask, sizeof mask);
    for (int z = 0; z < 14; z++) /* a slit two voxels wide from outside */
        for (int y = 0; y < N; y++)
            mask[z][y][11] = mask[z][y][12] = 0;
    memset(&mask[16][9][8], 0, 2); /* and a hole */
    CHECK_OK(close_mask(dim, mm, 1.5, &mask[0][0][0]));
    int lost = 0, gained = 0, all = 0;
    for (int i = 0; i < N * N * N; i++) {
        int now = (&mask[0][0][0])[i], was = (&before[0][0][0])[i];
        lost += was && !now;
        gained += now && !was;
        all += was;
    }
    CU_ASSERT(lost < all / 50); /* the slit's mouth alone stays open a little */
    CU_ASSERT(gained < all / 50);
    CU_ASSERT_EQUAL(mask[12][11][11] + mask[16][9][8], 2);
}

static void test_grows_only(void)
{
    const int dim[3] = {N, N, N};
    const double mm[3] = {1, 2, 0.5};
    make_ball();
    mask[0][0][0] = 7;
    memcpy(before, mask, sizeof mask);
    CHECK_OK(close_mask(dim, mm, 2, &mask[0][0][0]));
    for (int i = 0; i < N * N * N; i++)
        if ((&before[0][0][0])[i] && (&mask[0][0][0])[i] != 1)
            CU_FAIL_FATAL("a voxel inside got lost");
    memset(mask, 0, sizeof mask);
    CHECK_OK(close_mask(dim, mm, 2, &mask[0][0][0]));
    for (int i = 0; i < N * N * N; i++)
        if ((&mask[0][0][0])[i])
            CU_FAIL_FATAL("an empty mask grew");
}

static const struct check_test tests[] = {
    {"a slit and a hole close, the rest stays", test_slit_and_hole},
    {"closing only adds, and nothing to nothing", test_grows_only},
};
CHECK_MAIN("close", tests)
