/* SPDX-License-Identifier: BSD-3-Clause */
/* Outlines enclose just the pixels inside, and robust z scores are those of the definition. */
#include "base/random.h"
#include "check.h"
#include "qa/outlier.h"
#include "qa/outline.h"

#include <string.h>

#define SIDE 9

static char *path_of(const uint8_t *plane, int width, int height)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    CHECK_OK(outline_write(to, plane, width, height));
    fclose(to);
    return text;
}

/* Twice the enclosed area, inside on the left: lines of one pixel add 4, holes subtract. */
static double area_of(const char *path, int *lines)
{
    double twice = 0;
    *lines = 0;
    for (const char *p = strchr(path, 'M'); p; p = strchr(p, 'M')) {
        long x, y, dx, dy, used;
        int head = 0;
        CU_ASSERT_EQUAL_FATAL(sscanf(p, "M%ld %ldl%n", &x, &y, &head), 2);
        const long x0 = x, y0 = y;
        for (p += head; *p != 'z'; p += used) {
            int n = 0;
            if (sscanf(p, "%ld %ld%n", &dx, &dy, &n) != 2)
                break;
            used = n + (p[n] == ' ');
            twice -= (double)(x * (y + dy) - (x + dx) * y); /* y runs down */
            x += dx;
            y += dy;
        }
        ++*lines;
        /* The last run closes the line, up to the step that 'z' draws. */
        twice -= (double)(x * y0 - x0 * y);
    }
    return twice;
}

static void test_one_pixel(void)
{
    const uint8_t one[] = {0, 0, 0, 0, 1, 0, 0, 0, 0}, none[9] = {0};
    int lines;
    char *path = path_of(one, 3, 3);
    /* a diamond between pixel centres: half a pixel of area, twice 2 units squared */
    CHECK_NEAR(area_of(path, &lines), 4, 1e-9);
    CU_ASSERT_EQUAL(lines, 1);
    free(path);
    path = path_of(none, 3, 3);
    CU_ASSERT_STRING_EQUAL(path, "");
    free(path);
}

static void test_block_and_hole(void)
{
    uint8_t plane[SIDE * SIDE];
    int lines;
    memset(plane, 1, sizeof plane); /* up to the edge */
    char *path = path_of(plane, SIDE, SIDE);
    /* a square of 2 SIDE units with corners of half a unit squared each cut off */
    CHECK_NEAR(area_of(path, &lines), 2 * (4.0 * SIDE * SIDE - 4 * 0.5), 1e-9);
    CU_ASSERT_EQUAL(lines, 1);
    free(path);
    plane[SIDE * (SIDE / 2) + SIDE / 2] = 0;
    path = path_of(plane, SIDE, SIDE);
    CHECK_NEAR(area_of(path, &lines), 2 * (4.0 * SIDE * SIDE - 4 * 0.5) - 4, 1e-9);
    CU_ASSERT_EQUAL(lines, 2);
    free(path);
}

static void test_corners_are_apart(void)
{
    const uint8_t saddle[] = {1, 0, 0, 1}, other[] = {0, 1, 1, 0};
    int lines;
    char *path = path_of(saddle, 2, 2);
    CHECK_NEAR(area_of(path, &lines), 8, 1e-9);
    CU_ASSERT_EQUAL(lines, 2);
    free(path);
    path = path_of(other, 2, 2);
    CHECK_NEAR(area_of(path, &lines), 8, 1e-9);
    CU_ASSERT_EQUAL(lines, 2);
    free(path);
}

/* The area under marching squares is the sum over cells of what each case covers. */
static double area_by_cells(const uint8_t *plane, int width, int height)
{
    static const double covered[5] = {0, 0.5, 2, 3.5, 4}; /* of 4, by corners inside */
    double area = 0;
    for (int y = -1; y < height; y++)
        for (int x = -1; x < width; x++) {
            int n = 0, diagonal;
            int corner[4] = {0};
            for (int k = 0; k < 4; k++) {
                int u = x + (k & 1), v = y + (k >> 1);
                corner[k] =
                    u >= 0 && v >= 0 && u < width && v < height && plane[v * width + u] != 0;
                n += corner[k];
            }
            diagonal = n == 2 && corner[0] == corner[3];
            area += diagonal ? 1 : covered[n];
        }
    return area;
}

static void test_random_planes(void)
{
    for (uint32_t trial = 0; trial < 200; trial++) {
        struct random_stream stream = random_open(trial, BEN_RANDOM_TEST, 7, 0);
        uint8_t plane[SIDE * SIDE];
        int lines, width = 1 + (int)(trial % SIDE), height = 1 + (int)(trial / SIDE % SIDE);
        for (int i = 0; i < width * height; i++)
            plane[i] = random_uniform(&stream, (uint32_t)i) < 0.55;
        char *path = path_of(plane, width, height);
        CHECK_NEAR(area_of(path, &lines), 2 * area_by_cells(plane, width, height), 1e-9);
        free(path);
    }
}

static void test_robust_z(void)
{
    /* median 5, absolute deviations 4 1 0 1 95: MAD 1 */
    const double values[] = {1, 4, 5, 6, 100, NAN};
    double z[6];
    CHECK_OK(outlier_z(values, NULL, 6, z));
    CHECK_NEAR(z[0], -4 * 0.6745, 1e-12);
    CHECK_NEAR(z[2], 0, 1e-12);
    CHECK_NEAR(z[4], 95 * 0.6745, 1e-12);
    CU_ASSERT(isnan(z[5]));
}

static void test_robust_z_degenerate(void)
{
    /* MAD 0: mean absolute deviation 10 / 5 */
    const double mostly[] = {3, 3, 3, 3, 13}, equal[] = {2, 2, 2, 2, 2};
    double z[5];
    CHECK_OK(outlier_z(mostly, NULL, 5, z));
    CHECK_NEAR(z[4], 10 / (1.2533 * 2), 1e-12);
    CHECK_NEAR(z[0], 0, 1e-12);
    CHECK_OK(outlier_z(equal, NULL, 5, z));
    for (int i = 0; i < 5; i++)
        CHECK_NEAR(z[i], 0, 0);
    CHECK_OK(outlier_z(mostly, NULL, 4, z));
    for (int i = 0; i < 4; i++)
        CU_ASSERT(isnan(z[i]));
}

/* Groups do not see each other, however their members are mixed. */
static void test_robust_z_groups(void)
{
    double values[20], z[20], alone[10], want[10];
    int group[20];
    for (int i = 0; i < 20; i++) {
        group[i] = i % 2 ? 9 : -3;
        values[i] = (i % 2 ? 1000 : 1) * (1 + 0.1 * ((i * 7) % 11));
    }
    CHECK_OK(outlier_z(values, group, 20, z));
    for (int parity = 0; parity < 2; parity++) {
        for (int i = 0; i < 10; i++)
            alone[i] = values[2 * i + parity];
        CHECK_OK(outlier_z(alone, NULL, 10, want));
        for (int i = 0; i < 10; i++)
            CHECK_NEAR(z[2 * i + parity], want[i], 1e-12);
    }
}

static const struct check_test tests[] = {
    {"one pixel, none", test_one_pixel},
    {"a block up to the edge, and its hole", test_block_and_hole},
    {"pixels that touch at a corner are apart", test_corners_are_apart},
    {"random planes: the area by cells", test_random_planes},
    {"robust z by hand", test_robust_z},
    {"robust z of equal and few values", test_robust_z_degenerate},
    {"robust z by group", test_robust_z_groups},
};

CHECK_MAIN("outline", tests)
