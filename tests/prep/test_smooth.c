/* SPDX-License-Identifier: BSD-3-Clause */
/* Smoothing and sharpening against their definitions, by direct sums. */
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

enum { REACH = 6, TAPS = 2 * REACH + 1 };

/* Of the distances -REACH..REACH. */
static void weigh(double sd, double weight[TAPS])
{
    const int radius = (int)ceil(3 * sd);
    double sum = 0;
    for (int d = -REACH; d <= REACH; d++) {
        double bell = sd > 0 ? exp(-0.5 * d * d / (sd * sd)) : d == 0;
        weight[d + REACH] = abs(d) > radius ? 0 : bell;
        sum += weight[d + REACH];
    }
    for (int i = 0; i < TAPS; i++)
        weight[i] /= sum;
}

static int within(int at, int n)
{
    return at < 0 ? 0 : at >= n ? n - 1 : at;
}

static double smoothed_at(const float *data, double weight[3][TAPS], int x, int y, int z)
{
    double sum = 0;
    for (int c = 0; c < TAPS; c++)
        for (int b = 0; b < TAPS; b++)
            for (int a = 0; a < TAPS; a++) {
                int k = within(z + c - REACH, NZ), j = within(y + b - REACH, NY),
                    i = within(x + a - REACH, NX);
                sum += weight[0][a] * weight[1][b] * weight[2][c] *
                       (double)data[(k * NY + j) * NX + i];
            }
    return sum;
}

static void check_smoothing(const double sd[3])
{
    struct volume *before = noise(), *after = noise();
    double weight[3][TAPS];
    for (int axis = 0; axis < 3; axis++)
        weigh(sd[axis], weight[axis]);
    CHECK_OK(smooth_volume(after, sd));
    for (int z = 0; z < NZ; z++)
        for (int y = 0; y < NY; y++)
            for (int x = 0; x < NX; x++)
                CHECK_NEAR(after->data[(z * NY + y) * NX + x],
                           smoothed_at(before->data, weight, x, y, z), 1e-6);
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

static void test_sharpening(void)
{
    const double sd[3] = {1, 0.6, 0}, amount = 2.5;
    struct volume *before = noise(), *after = noise();
    double weight[3][TAPS];
    int dark = 0;
    for (int axis = 0; axis < 3; axis++)
        weigh(sd[axis], weight[axis]);
    CHECK_OK(sharpen_volume(after, sd, amount));
    for (int i = 0; i < VOXELS; i++) {
        double v = before->data[i],
               smooth = smoothed_at(before->data, weight, i % NX, i / NX % NY, i / (NX * NY));
        CHECK_NEAR(after->data[i], fmax(v + amount * (v - smooth), 0), 1e-5);
        dark += after->data[i] == 0;
    }
    CU_ASSERT(dark > 0);
    volume_free(&before);
    volume_free(&after);
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
    {"sharpening", test_sharpening},
    {"nothing to do", test_nothing_to_do},
};

CHECK_MAIN("prep/smooth", tests)
