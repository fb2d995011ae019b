/* SPDX-License-Identifier: BSD-3-Clause */
/* Mending of slices against a twin that follows the definition voxel by voxel, and what must stay. */
#include "check.h"

#include "base/random.h"
#include "prep/outlier.h"

#include <stdbool.h>
#include <string.h>

enum { SIDE = 24, SLICES = 11, PIXELS = SIDE * SIDE, VOXELS = SLICES * PIXELS };

static const int along_z[3] = {SIDE, SIDE, SLICES};
static const double unit_mm[3] = {1, 1, 1};

static void box_fill(uint8_t *mask, int from, int to, int low, int high, uint8_t value)
{
    for (int k = from; k <= to; k++)
        for (int y = low; y <= high; y++)
            memset(mask + (k * SIDE + y) * SIDE + low, value, (size_t)(high - low + 1));
}

/* Where the run of equal voxels across the slices ends, going down (-1) or up (1): the next slice. */
static int run_end(const uint8_t *mask, int k, int pixel, int step)
{
    uint8_t value = mask[k * PIXELS + pixel];
    while (k >= 0 && k < SLICES && mask[k * PIXELS + pixel] == value)
        k += step;
    return k;
}

/* Slices of the run next to that one on that side, background at the end being endless; 0: there is none. */
static int next_length(const uint8_t *mask, int k, int pixel, int step)
{
    int from = run_end(mask, k, pixel, step);
    if (from < 0 || from == SLICES)
        return 0;
    int to = run_end(mask, from, pixel, step);
    bool endless = (to < 0 || to == SLICES) && !mask[from * PIXELS + pixel];
    return endless ? SLICES : abs(to - from);
}

static bool is_brief(const uint8_t *mask, int k, int pixel, int longest)
{
    int length = run_end(mask, k, pixel, 1) - run_end(mask, k, pixel, -1) - 1;
    int least = mask[k * PIXELS + pixel] ? length : 2 * length + 1;
    return length <= longest && least <= next_length(mask, k, pixel, 1) &&
           least <= next_length(mask, k, pixel, -1);
}

/* The pixels of set that are connected to those in part join it. */
static void grow(const bool *set, bool *part)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (int i = 0; i < PIXELS; i++) {
            bool near = (i % SIDE > 0 && part[i - 1]) || (i % SIDE < SIDE - 1 && part[i + 1]) ||
                        (i >= SIDE && part[i - SIDE]) || (i < PIXELS - SIDE && part[i + SIDE]);
            if (set[i] && !part[i] && near)
                part[i] = changed = true;
        }
    }
}

/* part := the components of set that hold a square of side[0] x side[1] pixels. */
static void find_wide(const bool *set, const int side[2], bool *part)
{
    memset(part, 0, PIXELS * sizeof *part);
    for (int y = 0; y + side[1] <= SIDE; y++)
        for (int x = 0; x + side[0] <= SIDE; x++) {
            bool full = true;
            for (int j = 0; j < side[1]; j++)
                for (int i = 0; i < side[0]; i++)
                    full = full && set[(y + j) * SIDE + x + i];
            part[y * SIDE + x] |= full;
        }
    grow(set, part);
}

static void twin_slice(const uint8_t *before, int k, int n, const int side[2], uint8_t *after)
{
    bool set[2][PIXELS], part[2][PIXELS];
    int inside = 0, lost = 0;
    for (int value = 0; value < 2; value++) {
        for (int i = 0; i < PIXELS; i++) {
            set[value][i] = before[k * PIXELS + i] == value && is_brief(before, k, i, n);
        }
        find_wide(set[value], side, part[value]);
    }
    for (int i = 0; i < PIXELS; i++) {
        inside += before[k * PIXELS + i];
        lost += part[1][i];
    }
    for (int i = 0; i < PIXELS; i++)
        after[k * PIXELS + i] = part[0][i]                    ? 1
                                : part[1][i] && lost < inside ? 0
                                                              : before[k * PIXELS + i];
}

static void twin(const double voxel_mm[3], uint8_t *mask)
{
    static uint8_t before[VOXELS];
    for (int n = 1; n <= OUTLIER_SLICES; n++) {
        double wide = OUTLIER_WIDTH * n * voxel_mm[2];
        const int side[2] = {(int)(wide / voxel_mm[0]) + 1, (int)(wide / voxel_mm[1]) + 1};
        memcpy(before, mask, VOXELS);
        for (int k = 0; k < SLICES; k++)
            twin_slice(before, k, n, side, mask);
    }
}

/* A ball, with boxes of one to three slices added and cut out, in part beyond it. */
static void draw(struct random_stream *stream, uint32_t seed, uint8_t *mask)
{
    for (int i = 0; i < VOXELS; i++) {
        double z = (i / PIXELS - 5) / 4.6, y = (i / SIDE % SIDE - 12) / 8.0,
               x = (i % SIDE - 11) / 9.0;
        mask[i] = x * x + y * y + z * z < 1;
    }
    for (uint32_t b = 0; b < 8; b++) {
        double at[3];
        for (uint32_t a = 0; a < 3; a++)
            at[a] = random_uniform(stream, 100 * seed + 3 * b + a);
        int k = (int)(at[0] * SLICES), low = (int)(at[1] * 16),
            high = low + 2 + (int)(at[2] * 9);
        int last = k + (int)b % 3;
        box_fill(mask, k, last < SLICES ? last : SLICES - 1, low, high < SIDE ? high : SIDE - 1,
                 b % 2);
    }
}

static void test_equals_the_twin(void)
{
    static uint8_t mask[VOXELS], expected[VOXELS];
    const double spacings[][3] = {{1, 1, 1}, {0.5, 0.25, 1}, {1, 1, 0.3}};
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, 0, 0);
    long mended = 0;
    for (uint32_t seed = 0; seed < 30; seed++) {
        const double *mm = spacings[seed % 3];
        draw(&stream, seed, mask);
        memcpy(expected, mask, VOXELS);
        twin(mm, expected);
        for (int i = 0; i < VOXELS; i++)
            mended += mask[i] != expected[i];
        CHECK_OK(outlier_mend(along_z, mm, 2, mask));
        CU_ASSERT_EQUAL(memcmp(mask, expected, VOXELS), 0);
    }
    CU_ASSERT(mended > 1000);
}

/* The same across the other axes: dims and voxels change places. */
static void test_every_axis(void)
{
    static uint8_t mask[VOXELS], turned[VOXELS];
    const double mm[3] = {0.5, 0.25, 1};
    struct random_stream stream = random_open(2, BEN_RANDOM_TEST, 0, 0);
    for (int axis = 0; axis < 2; axis++) {
        const int dim[3] = {axis == 0 ? SLICES : SIDE, axis == 1 ? SLICES : SIDE, SIDE};
        const double turned_mm[3] = {axis == 0 ? mm[2] : mm[0], axis == 1 ? mm[2] : mm[0],
                                     mm[1]};
        draw(&stream, 40, mask);
        for (int k = 0; k < SLICES; k++)
            for (int v = 0; v < SIDE; v++)
                for (int u = 0; u < SIDE; u++) {
                    int x = axis == 0 ? k : u, y = axis == 0 ? u : k;
                    turned[(v * dim[1] + y) * dim[0] + x] = 9 * mask[(k * SIDE + v) * SIDE + u];
                }
        CHECK_OK(outlier_mend(along_z, mm, 2, mask));
        CHECK_OK(outlier_mend(dim, turned_mm, axis, turned));
        long apart = 0;
        for (int k = 0; k < SLICES; k++)
            for (int v = 0; v < SIDE; v++)
                for (int u = 0; u < SIDE; u++) {
                    int x = axis == 0 ? k : u, y = axis == 0 ? u : k;
                    apart += turned[(v * dim[1] + y) * dim[0] + x] !=
                             mask[(k * SIDE + v) * SIDE + u];
                }
        CU_ASSERT_EQUAL(apart, 0);
    }
}

static long changed_by_mending(const double voxel_mm[3], const uint8_t *mask)
{
    static uint8_t mended[VOXELS];
    long changed = 0;
    memcpy(mended, mask, VOXELS);
    CHECK_OK(outlier_mend(along_z, voxel_mm, 2, mended));
    for (int i = 0; i < VOXELS; i++)
        changed += mended[i] != mask[i];
    return changed;
}

static void test_plates_go_and_gaps_are_filled(void)
{
    static uint8_t mask[VOXELS], whole[VOXELS];
    box_fill(whole, 1, 9, 4, 15, 1);
    memcpy(mask, whole, VOXELS);
    box_fill(mask, 6, 6, 1, 20, 1);  /* all around it */
    box_fill(mask, 4, 4, 4, 15, 0);  /* a slice without */
    box_fill(mask, 8, 8, 16, 20, 1); /* connected by a corner alone */
    CHECK_OK(outlier_mend(along_z, unit_mm, 2, mask));
    for (int i = 0; i < VOXELS; i++)
        CU_ASSERT_EQUAL(mask[i], whole[i]);
}

static void test_what_stays(void)
{
    static uint8_t mask[VOXELS];
    const double thick[3] = {1, 1, 4};
    CU_ASSERT_EQUAL(changed_by_mending(unit_mm, mask), 0);
    box_fill(mask, 2, 4, 4, 15, 1); /* a slab between empty slices is all there is of them */
    CU_ASSERT_EQUAL(changed_by_mending(unit_mm, mask), 0);
    box_fill(mask, 6, 8, 4, 15, 1);
    CU_ASSERT(changed_by_mending(unit_mm, mask) > 0);
    memset(mask, 0, VOXELS);
    box_fill(mask, 0, 6, 4, 15, 1); /* a gap of one slice, and two beyond it */
    box_fill(mask, 8, 9, 4, 15, 1);
    CU_ASSERT_EQUAL(changed_by_mending(unit_mm, mask), 0);
    memset(mask, 0, VOXELS);
    box_fill(mask, 0, 10, 4, 15, 1);
    box_fill(mask, 0, 0, 1, 20, 1); /* the first slice has one neighbour only */
    CU_ASSERT_EQUAL(changed_by_mending(unit_mm, mask), 0);
    memset(mask, 0, VOXELS);
    box_fill(mask, 0, 10, 4, 15, 1);
    box_fill(mask, 5, 5, 3, 16, 1); /* a rim of one voxel */
    CU_ASSERT_EQUAL(changed_by_mending(unit_mm, mask), 0);
    box_fill(mask, 5, 5, 0, 18, 1); /* and one that is narrow for slices of 4 mm */
    CU_ASSERT_EQUAL(changed_by_mending(thick, mask), 0);
    CU_ASSERT(changed_by_mending(unit_mm, mask) > 0);
}

static const struct check_test tests[] = {
    {"the twin's voxels", test_equals_the_twin},
    {"across every axis", test_every_axis},
    {"plates go, gaps are filled", test_plates_go_and_gaps_are_filled},
    {"what stays", test_what_stays},
};

CHECK_MAIN("prep/outlier", tests)
