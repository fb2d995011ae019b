/* SPDX-License-Identifier: BSD-3-Clause */
/* Smoothing against its definition, by direct sums. */
#include "check.h"

#include "base/random.h"
#include "prep/smooth.h"

#include <string.h>

enum { NX = 13, NY = 7, NZ = 5, VOXELS = NX * NY * NZ };

static struct volume *noise(void)
{
    const int dim[3] = {NX, NY, NZ};
    const double mm[3] = {1, 1, 1};
    struct random_stream stream = random_open(3, BEN_RANDOM_TEST, 0, 0);
    struct volume *volume = NULL;
    CHECK_OK(volume_create(dim, mm, &volume));
    for (int i = 0; i < VOXELS; i++)
        volume->data[i] = (float)random_uniform(&stream, (uint32_t)i);
    return volume;
}

static double weight(double sd, int d)
{
    if (sd == 0)
        return d == 0;
    double sum = 0;
    int radius = (int)ceil(3 * sd);
    for (int e = -radius; e <= radius; e++)
        sum += exp(-0.5 * e * e / (sd * sd));
    return abs(d) > radius ? 0 : exp(-0.5 * d * d / (sd * sd)) / sum;
}

static int within(int at, int n)
{
    return at < 0 ? 0 : at >= n ? n - 1 : at;
}

static double smoothed_at(const float *data, const double sd[3], int x, int y, int z)
{
    enum { REACH = 6 };
    double sum = 0;
    for (int c = -REACH; c <= REACH; c++)
        for (int b = -REACH; b <= REACH; b++)
            for (int a = -REACH; a <= REACH; a++) {
                int at = (within(z + c, NZ) * NY + within(y + b, NY)) * NX + within(x + a, NX);
                sum +=
                    weight(sd[0], a) * weight(sd[1], b) * weight(sd[2], c) * (double)data[at];
            }
    return sum;
}

static void check_smoothing(const double sd[3])
{
    struct volume *before = noise(), *after = noise();
    CHECK_OK(smooth_volume(after, sd));
    for (int z = 0; z < NZ; z++)
        for (int y = 0; y < NY; y++)
            for (int x = 0; x < NX; x++)
                CHECK_NEAR(after->data[(z * NY + y) * NX + x],
                           smoothed_at(before->data, sd, x, y, z), 1e-6);
    volume_free(&before);
    volume_free(&after);
}

static void test_definition(void)
{
    check_smoothing((const double[]){0.6, 0, 0});
    check_smoothing((const double[]){0, 1.6, 0});
    check_smoothing((const double[]){0, 0, 1}); /* a kernel longer than the volume */
    check_smoothing((const double[]){1, 0.6, 1.9});
}

static void test_nothing_to_do(void)
{
    const double none[3] = {0, 0, 0};
    struct volume *before = noise(), *after = noise();
    CHECK_OK(smooth_volume(after, none));
    CU_ASSERT_EQUAL(memcmp(after->data, before->data, VOXELS * sizeof(float)), 0);
    volume_free(&before);
    volume_free(&after);
}

static const struct check_test tests[] = {
    {"definition", test_definition},
    {"nothing to do", test_nothing_to_do},
};

CHECK_MAIN("prep/smooth", tests)
