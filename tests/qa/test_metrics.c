/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics against a slow twin that goes by the definitions, and what degenerate masks give. */
#include "check.h"

#include "base/random.h"
#include "qa/metrics.h"

#include <stdbool.h>
#include <string.h>

#define MOST 2000

static int double_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool inside(const int dim[3], const uint8_t *mask, int i, int j, int k)
{
    if (i < 0 || j < 0 || k < 0 || i >= dim[0] || j >= dim[1] || k >= dim[2])
        return false;
    return mask[(k * dim[1] + j) * dim[0] + i] != 0;
}

static int boundary_of(const int dim[3], const uint8_t *mask, int points[MOST][3])
{
    int n = 0;
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++)
            for (int i = 0; i < dim[0]; i++) {
                bool whole = inside(dim, mask, i - 1, j, k) && inside(dim, mask, i + 1, j, k) &&
                             inside(dim, mask, i, j - 1, k) && inside(dim, mask, i, j + 1, k) &&
                             inside(dim, mask, i, j, k - 1) && inside(dim, mask, i, j, k + 1);
                if (inside(dim, mask, i, j, k) && !whole)
                    memcpy(points[n++], (const int[]){i, j, k}, 3 * sizeof(int));
            }
    return n;
}

static void nearest_distances(int n_from, int from[MOST][3], int n_to, int to[MOST][3],
                              const double mm[3], double *away)
{
    for (int f = 0; f < n_from; f++) {
        away[f] = INFINITY;
        for (int t = 0; t < n_to; t++) {
            double squared = 0;
            for (int a = 0; a < 3; a++) {
                double d = (from[f][a] - to[t][a]) * mm[a];
                squared += d * d;
            }
            away[f] = fmin(away[f], sqrt(squared));
        }
    }
    qsort(away, (size_t)n_from, sizeof *away, double_order);
}

static double percentile_95(const double *sorted, int n)
{
    double place = 0.95 * (n - 1);
    int low = (int)place, high = low + 1 < n ? low + 1 : low;
    return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

static double sum_of(const double *values, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += values[i];
    return sum;
}

static void check_distances(const int dim[3], const double mm[3], const uint8_t *pred,
                            const uint8_t *ref, const struct metrics *m)
{
    static int p[MOST][3], r[MOST][3];
    static double forth[MOST], back[MOST];
    const double unit[3] = {1, 1, 1};
    int np = boundary_of(dim, pred, p), nr = boundary_of(dim, ref, r);
    CU_ASSERT_FATAL(np > 0 && nr > 0);
    nearest_distances(np, p, nr, r, unit, forth);
    nearest_distances(nr, r, np, p, unit, back);
    CHECK_NEAR(m->hd_voxels, fmax(forth[np - 1], back[nr - 1]), 1e-5);
    nearest_distances(np, p, nr, r, mm, forth);
    nearest_distances(nr, r, np, p, mm, back);
    CHECK_NEAR(m->hd_mm, fmax(forth[np - 1], back[nr - 1]), 1e-5);
    CHECK_NEAR(m->hd95_mm, fmax(percentile_95(forth, np), percentile_95(back, nr)), 1e-5);
    CHECK_NEAR(m->asd_mm, sum_of(forth, np) / np, 1e-5);
    CHECK_NEAR(m->assd_mm, (sum_of(forth, np) + sum_of(back, nr)) / (np + nr), 1e-5);
}

static void check_overlap(const int dim[3], const double mm[3], const uint8_t *pred,
                          const uint8_t *ref, const struct metrics *m)
{
    double count[2][2] = {{0}};
    for (int i = 0; i < dim[0] * dim[1] * dim[2]; i++)
        count[pred[i] != 0][ref[i] != 0]++;
    double tp = count[1][1], fp = count[1][0], fn = count[0][1], tn = count[0][0];
    CHECK_NEAR(m->dice, 2 * tp / (2 * tp + fp + fn), 1e-12);
    CHECK_NEAR(m->jaccard, tp / (tp + fp + fn), 1e-12);
    CHECK_NEAR(m->sensitivity, tp / (tp + fn), 1e-12);
    CHECK_NEAR(m->specificity, tn / (tn + fp), 1e-12);
    CHECK_NEAR(m->pred_mm3, (tp + fp) * mm[0] * mm[1] * mm[2], 1e-9);
    CHECK_NEAR(m->ref_mm3, (tp + fn) * mm[0] * mm[1] * mm[2], 1e-9);
}

static void test_metrics_equal_the_definitions(void)
{
    const int dims[][3] = {{9, 8, 7}, {12, 11, 1}, {1, 20, 4}, {14, 12, 11}};
    const double spacings[][3] = {{1, 1, 1}, {0.25, 0.25, 1}, {0.5134, 0.7, 4}, {2, 2, 2}};
    const double densities[][2] = {{0.02, 0.03}, {0.5, 0.1}, {0.9, 0.95}};
    struct random_stream stream = random_open(4, BEN_RANDOM_TEST, 0, 0);
    uint8_t pred[14 * 12 * 11], ref[14 * 12 * 11];
    for (int d = 0; d < 4; d++)
        for (int p = 0; p < 3; p++) {
            int n = dims[d][0] * dims[d][1] * dims[d][2];
            for (int i = 0; i < n; i++) {
                pred[i] = random_uniform(&stream, (uint32_t)(2 * i)) < densities[p][0];
                ref[i] = random_uniform(&stream, (uint32_t)(2 * i + 1)) < densities[p][1];
            }
            struct metrics m;
            pred[n / 2] = 255; /* any value is inside */
            ref[n / 3] = 1;
            CHECK_OK(metrics_compute(dims[d], spacings[d], pred, ref, &m));
            check_overlap(dims[d], spacings[d], pred, ref, &m);
            check_distances(dims[d], spacings[d], pred, ref, &m);
        }
}

/* The bits of a mask in hexadecimal, x fastest. */
static void read_bits(FILE *from, uint8_t *mask, int n)
{
    for (int i = 0; i < n; i += 8) {
        unsigned byte = 0;
        CU_ASSERT_EQUAL_FATAL(fscanf(from, "%2x", &byte), 1);
        for (int b = 0; b < 8 && i + b < n; b++)
            mask[i + b] = byte >> (7 - b) & 1;
    }
}

static void check_known_case(FILE *from, const int dim[3], const double mm[3])
{
    uint8_t pred[MOST], ref[MOST];
    struct metrics m;
    CU_ASSERT_FATAL(dim[0] * dim[1] * dim[2] <= MOST);
    read_bits(from, pred, dim[0] * dim[1] * dim[2]);
    read_bits(from, ref, dim[0] * dim[1] * dim[2]);
    CHECK_OK(metrics_compute(dim, mm, pred, ref, &m));
    for (int f = 0; f < METRICS_FIELDS; f++) {
        double expected = 0, found = metrics_value(&m, f);
        CU_ASSERT_EQUAL_FATAL(fscanf(from, "%lf", &expected), 1);
        bool distance = strncmp(metrics_fields[f].name, "hd", 2) == 0 ||
                        strstr(metrics_fields[f].name, "sd_mm");
        CU_ASSERT_EQUAL(isnan(found), isnan(expected));
        if (!isnan(expected))
            CHECK_NEAR(found, expected, distance ? 1e-4 : 1e-6);
    }
}

/* tests/ref/metrics.txt, which tools/reference_scipy.py makes. */
static void test_metrics_equal_scipy(void)
{
    const char *folder = getenv("BEN_TEST_REF");
    char path[512];
    int dim[3], cases = 0;
    double mm[3];
    snprintf(path, sizeof path, "%s/metrics.txt", folder ? folder : "tests/ref");
    FILE *from = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    for (; fscanf(from, "%d %d %d %lf %lf %lf", &dim[0], &dim[1], &dim[2], &mm[0], &mm[1],
                  &mm[2]) == 6;
         cases++)
        check_known_case(from, dim, mm);
    fclose(from);
    CU_ASSERT_EQUAL(cases, 96);
}

static void check_no_distances(const struct metrics *m)
{
    CU_ASSERT(isnan(m->hd_mm));
    CU_ASSERT(isnan(m->hd_voxels));
    CU_ASSERT(isnan(m->hd95_mm));
    CU_ASSERT(isnan(m->asd_mm));
    CU_ASSERT(isnan(m->assd_mm));
}

static void test_empty_masks(void)
{
    const int dim[3] = {5, 4, 3};
    const double mm[3] = {1, 2, 3};
    uint8_t empty[60] = {0}, full[60];
    struct metrics m;
    memset(full, 1, sizeof full);
    CHECK_OK(metrics_compute(dim, mm, empty, empty, &m));
    CU_ASSERT_EQUAL(m.dice, 1);
    CU_ASSERT_EQUAL(m.jaccard, 1);
    CU_ASSERT(isnan(m.sensitivity));
    CU_ASSERT_EQUAL(m.specificity, 1);
    check_no_distances(&m);
    CHECK_OK(metrics_compute(dim, mm, full, empty, &m));
    CU_ASSERT_EQUAL(m.dice, 0);
    CU_ASSERT(isnan(m.sensitivity));
    CU_ASSERT_EQUAL(m.specificity, 0);
    CU_ASSERT_EQUAL(m.pred_mm3, 360);
    check_no_distances(&m);
    CHECK_OK(metrics_compute(dim, mm, empty, full, &m));
    CU_ASSERT_EQUAL(m.dice, 0);
    CU_ASSERT_EQUAL(m.sensitivity, 0);
    CU_ASSERT(isnan(m.specificity));
    check_no_distances(&m);
}

static void test_full_and_single_voxels(void)
{
    const int dim[3] = {5, 4, 3};
    const double mm[3] = {1, 2, 3};
    uint8_t full[60], one[60] = {0}, other[60] = {0};
    struct metrics m;
    memset(full, 1, sizeof full);
    CHECK_OK(metrics_compute(dim, mm, full, full, &m));
    CU_ASSERT_EQUAL(m.dice, 1);
    CU_ASSERT_EQUAL(m.sensitivity, 1);
    CU_ASSERT(isnan(m.specificity));
    CU_ASSERT_EQUAL(m.hd_mm, 0);
    CU_ASSERT_EQUAL(m.assd_mm, 0);
    one[0] = 1;
    other[(2 * 4 + 3) * 5 + 4] = 1;
    CHECK_OK(metrics_compute(dim, mm, one, other, &m));
    CU_ASSERT_EQUAL(m.dice, 0);
    CHECK_NEAR(m.hd_mm, sqrt(16 + 36 + 36), 1e-5);
    CHECK_NEAR(m.hd95_mm, m.hd_mm, 1e-12);
    CHECK_NEAR(m.asd_mm, m.hd_mm, 1e-12);
    CHECK_NEAR(m.hd_voxels, sqrt(16 + 9 + 4), 1e-5);
}

/* Concentric balls of radius 10 and 13: every distance is about 3 voxels. */
static void test_balls_are_as_far_apart_as_their_radii(void)
{
    const int dim[3] = {32, 32, 32};
    const double mm[3] = {0.5, 0.5, 0.5};
    static uint8_t small[32 * 32 * 32], large[32 * 32 * 32];
    struct metrics m;
    for (int i = 0; i < 32 * 32 * 32; i++) {
        double x = i % 32 - 15.5, y = i / 32 % 32 - 15.5, z = i / 1024 - 15.5;
        small[i] = x * x + y * y + z * z < 10 * 10;
        large[i] = x * x + y * y + z * z < 13 * 13;
    }
    CHECK_OK(metrics_compute(dim, mm, small, large, &m));
    CHECK_NEAR(m.assd_mm, 1.5, 0.1);
    CHECK_NEAR(m.hd_mm, 1.5, 0.3);
    CHECK_NEAR(m.dice, 2.0 * 1000 / (1000 + 2197), 0.01);
    CU_ASSERT_EQUAL(m.sensitivity < 1, true);
    CU_ASSERT_EQUAL(m.specificity, 1);
}

/* Squares of 6 and 4 pixels around one centre: every distance is 1 pixel, diagonals at corners. */
static void test_slices_have_boundaries_in_their_plane(void)
{
    const int dim[3] = {8, 8, 1};
    const double mm[3] = {0.5, 0.5, 4};
    uint8_t large[64] = {0}, small[64] = {0};
    struct metrics m, solid;
    for (int i = 0; i < 64; i++) {
        int x = i % 8, y = i / 8;
        large[i] = x >= 1 && x <= 6 && y >= 1 && y <= 6;
        small[i] = x >= 2 && x <= 5 && y >= 2 && y <= 5;
    }
    CHECK_OK(metrics_compute_slice(dim, mm, small, large, &m));
    CHECK_NEAR(m.hd_mm, 0.5 * sqrt(2), 1e-6);
    CHECK_NEAR(m.asd_mm, 0.5, 1e-6);
    CHECK_NEAR(m.assd_mm, (12 * 0.5 + 16 * 0.5 + 4 * 0.5 * sqrt(2)) / 32, 1e-6);
    CHECK_NEAR(m.dice, 2.0 * 16 / (16 + 36), 1e-12);
    CHECK_NEAR(m.ref_mm3, 36 * 0.25 * 4, 1e-9);
    CHECK_OK(metrics_compute(dim, mm, small, large, &solid));
    CU_ASSERT(solid.asd_mm < m.asd_mm); /* as a volume all of a slice is boundary */
}

static void test_fields_name_the_values(void)
{
    const struct metrics m = {.dice = 1, .jaccard = 2, .assd_mm = 3, .ref_mm3 = 4};
    double sum = 0;
    for (int f = 0; f < METRICS_FIELDS; f++)
        sum += metrics_value(&m, f);
    CU_ASSERT_EQUAL(sum, 10);
    CU_ASSERT_EQUAL(metrics_value(&m, 0), 1);
    CU_ASSERT_STRING_EQUAL(metrics_fields[0].name, "dice");
    CU_ASSERT_STRING_EQUAL(metrics_fields[METRICS_SCORES].name, "pred_mm3");
    CU_ASSERT_EQUAL(metrics_value(&m, METRICS_FIELDS - 1), 4);
    CU_ASSERT_STRING_EQUAL(metrics_fields[METRICS_FIELDS - 1].name, "ref_mm3");
}

static const struct check_test tests[] = {
    {"metrics equal the definitions", test_metrics_equal_the_definitions},
    {"metrics equal SciPy's", test_metrics_equal_scipy},
    {"empty masks", test_empty_masks},
    {"full masks and single voxels", test_full_and_single_voxels},
    {"balls are as far apart as their radii", test_balls_are_as_far_apart_as_their_radii},
    {"slices have boundaries in their plane", test_slices_have_boundaries_in_their_plane},
    {"fields name the values", test_fields_name_the_values},
};

CHECK_MAIN("qa/metrics", tests)
