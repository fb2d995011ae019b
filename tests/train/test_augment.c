/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/random.h"
#include "check.h"
#include "train/augment.h"

#include <string.h>

#define SIZE   48
#define PIXELS (SIZE * SIZE)
#define TRIES  200

static uint16_t image[PIXELS];
static uint8_t mask[PIXELS];
static float x[PIXELS], y[PIXELS], *scratch;

static const struct augment_config everything = {
    .rotate_deg = 10,
    .scale = 0.1,
    .translate_px = 4,
    .flip = 0.5,
    .gamma = 0.5,
    .contrast = 0.3,
    .brightness = 0.1,
    .remap = 0.3,
    .invert = 0.3,
    .bias = 0.3,
    .noise = 0.05,
    .blur_px = 1.5,
    .blur = 0.5,
};

/* A disc off the centre with an intensity ramp. */
static void make_slice(void)
{
    scratch = scratch ? scratch : malloc(augment_scratch_floats(SIZE) * sizeof *scratch);
    for (int r = 0; r < SIZE; r++)
        for (int c = 0; c < SIZE; c++) {
            mask[r * SIZE + c] = hypot(r - 20, c - 27) < 12;
            image[r * SIZE + c] = (uint16_t)(mask[r * SIZE + c] ? 30000 + 500 * c : 100 * r);
        }
}

static void augment(const struct augment_config *config, uint32_t epoch, uint32_t sample)
{
    const struct sample_key key = {5, epoch, sample};
    const struct augment_source source = {SIZE, image, mask};
    augment_slice(config, &key, &source, x, y, scratch);
}

static void test_identity(void)
{
    struct augment_config none = {0};
    make_slice();
    augment(&none, 1, 2);
    for (int i = 0; i < PIXELS; i++) {
        CU_ASSERT_EQUAL(x[i], (float)image[i] / 65535);
        CU_ASSERT_EQUAL(y[i], mask[i]);
    }
}

static void test_deterministic(void)
{
    static float first[PIXELS], labels[PIXELS];
    make_slice();
    augment(&everything, 3, 9);
    memcpy(first, x, sizeof x);
    memcpy(labels, y, sizeof y);
    augment(&everything, 4, 9);
    CU_ASSERT_NOT_EQUAL(memcmp(first, x, sizeof x), 0);
    augment(&everything, 3, 10);
    CU_ASSERT_NOT_EQUAL(memcmp(first, x, sizeof x), 0);
    for (size_t i = 0; i < augment_scratch_floats(SIZE); i++)
        scratch[i] = NAN;
    augment(&everything, 3, 9);
    CU_ASSERT_EQUAL(memcmp(first, x, sizeof x), 0);
    CU_ASSERT_EQUAL(memcmp(labels, y, sizeof y), 0);
}

/* The mask given as image too: both must move alike. */
static void test_mask_follows_image(void)
{
    struct augment_config move = {
        .rotate_deg = 10, .scale = 0.1, .translate_px = 4, .flip = 0.5};
    make_slice();
    for (int i = 0; i < PIXELS; i++)
        image[i] = mask[i] ? 65535 : 0;
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&move, 1, sample);
        for (int i = 0; i < PIXELS; i++)
            CU_ASSERT_EQUAL(x[i] > 0.5f, y[i] == 1);
    }
}

struct shape {
    double area, column, row;
};

static struct shape measure(void)
{
    struct shape s = {0};
    for (int i = 0; i < PIXELS; i++) {
        s.area += y[i];
        s.column += y[i] * (i % SIZE);
        s.row += y[i] * (i / SIZE);
    }
    s.column = s.column / s.area - (SIZE - 1) / 2.0;
    s.row = s.row / s.area - (SIZE - 1) / 2.0;
    return s;
}

/* Ranges: reached on both sides, never left (half a pixel for the discretised disc). */
static void test_translation(void)
{
    struct augment_config shift = {.translate_px = 4};
    double low = 0, high = 0;
    make_slice();
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&shift, 1, sample);
        struct shape s = measure();
        double moved = s.column - 3.5;
        CU_ASSERT(fabs(moved) < 4.3 && fabs(s.row + 3.5) < 4.3);
        low = moved < low ? moved : low;
        high = moved > high ? moved : high;
    }
    CU_ASSERT(low < -3.5 && high > 3.5);
}

static void test_scale(void)
{
    struct augment_config zoom = {.scale = 0.1};
    double low = 1, high = 1;
    make_slice();
    augment(&(struct augment_config){0}, 1, 0);
    double area = measure().area;
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&zoom, 1, sample);
        double ratio = measure().area / area;
        CU_ASSERT(ratio > 0.78 && ratio < 1.24);
        low = ratio < low ? ratio : low;
        high = ratio > high ? ratio : high;
    }
    CU_ASSERT(low < 0.86 && high > 1.16);
}

static void test_rotation(void)
{
    struct augment_config turn = {.rotate_deg = 10};
    double low = 0, high = 0, start = atan2(-3.5, 3.5);
    make_slice();
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&turn, 1, sample);
        struct shape s = measure();
        double turned = (atan2(s.row, s.column) - start) * 180 / M_PI;
        CU_ASSERT(fabs(turned) < 12);
        CHECK_NEAR(hypot(s.row, s.column), hypot(3.5, 3.5), 0.2);
        low = turned < low ? turned : low;
        high = turned > high ? turned : high;
    }
    CU_ASSERT(low < -8 && high > 8);
}

static void test_flip(void)
{
    struct augment_config mirror = {.flip = 1};
    make_slice();
    augment(&mirror, 1, 1);
    for (int r = 0; r < SIZE; r++)
        for (int c = 0; c < SIZE; c++)
            CU_ASSERT_EQUAL(x[r * SIZE + c], (float)image[r * SIZE + SIZE - 1 - c] / 65535);
}

static void test_intensities_stay_in_range(void)
{
    make_slice();
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&everything, 2, sample);
        for (int i = 0; i < PIXELS; i++)
            CU_ASSERT(x[i] >= 0 && x[i] <= 1 && (y[i] == 0 || y[i] == 1));
    }
}

static void test_noise_level(void)
{
    struct augment_config noisy = {.noise = 0.05};
    double sum = 0;
    make_slice();
    for (int i = 0; i < PIXELS; i++)
        image[i] = 32768;
    for (uint32_t sample = 0; sample < TRIES; sample++) {
        augment(&noisy, 1, sample);
        for (int i = 0; i < PIXELS; i++)
            sum += (x[i] - 0.5) * (x[i] - 0.5);
    }
    /* The level is uniform in [0, 0.05]: the mean variance is a third of 0.05^2. */
    CHECK_NEAR(sqrt(sum / TRIES / PIXELS), 0.05 / sqrt(3), 0.003);
}

/* The share that has none, of slices that would have some. */
static void test_noiseless(void)
{
    struct augment_config noisy = {.noise = 0.05, .noiseless = 0.75};
    int untouched = 0;
    make_slice();
    for (int i = 0; i < PIXELS; i++)
        image[i] = 65535 / 3;
    for (uint32_t sample = 0; sample < 4 * TRIES; sample++) {
        bool same = true;
        augment(&noisy, 1, sample);
        for (int i = 0; i < PIXELS; i++)
            same &= fabs(x[i] - 1. / 3) < 1e-6;
        untouched += same;
    }
    CHECK_NEAR(untouched / (4. * TRIES), .75, .2);
}

static void test_inversion(void)
{
    struct augment_config invert = {.invert = 1};
    make_slice();
    image[0] = 0;
    image[1] = 65535;
    image[2] = 20000;
    image[3] = 40000;
    augment(&invert, 1, 1);
    CHECK_NEAR(x[0], 0, 1e-6);
    CHECK_NEAR(x[1], 0, 1e-6);
    CHECK_NEAR(x[2], 1 - 20000 / 65535.0, 1e-3);
    CU_ASSERT(x[2] > x[3]);
}

static const struct check_test tests[] = {
    {"nothing asked for: the slice itself", test_identity},
    {"the same sample twice is the same", test_deterministic},
    {"the mask follows the image", test_mask_follows_image},
    {"translation", test_translation},
    {"scale", test_scale},
    {"rotation", test_rotation},
    {"flip", test_flip},
    {"intensities stay in [0, 1]", test_intensities_stay_in_range},
    {"noise level", test_noise_level},
    {"scans without noise", test_noiseless},
    {"contrast inversion", test_inversion},
};

CHECK_MAIN("train/augment", tests)
