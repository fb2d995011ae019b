/* SPDX-License-Identifier: BSD-3-Clause */
/* N4 and its parts: transform, B-splines and sharpening against their definitions, Otsu against
 * brute force, and N4 on a head-like phantom of three tissues under a known smooth field, and on
 * volumes in which there is nothing to find. */
#include "base/random.h"
#include "check.h"
#include "prep/fft.h"
#include "prep/n4.h"
#include "prep/n4_sharpen.h"
#include "prep/n4_spline.h"
#include "prep/otsu.h"

#include <string.h>

static const double voxel_mm[3] = {1, 1, 1};

static double noise(uint32_t what, uint32_t index)
{
    struct random_stream stream = random_open(11, BEN_RANDOM_TEST, what, 0);
    return random_normal(&stream, index);
}

/* ---- Transform ---- */

static void naive_dft(int n, const double *re, const double *im, double *to_re, double *to_im)
{
    for (int k = 0; k < n; k++) {
        to_re[k] = to_im[k] = 0;
        for (int j = 0; j < n; j++) {
            double a = -2 * M_PI * ((double)j * k / n);
            to_re[k] += re[j] * cos(a) - im[j] * sin(a);
            to_im[k] += re[j] * sin(a) + im[j] * cos(a);
        }
    }
}

static void check_fft(int n)
{
    double re[64], im[64], x[64], y[64], want_re[64], want_im[64];
    struct fft *fft = NULL;
    CHECK_OK(fft_create(n, &fft));
    for (int i = 0; i < n; i++) {
        x[i] = re[i] = noise(1, (uint32_t)i);
        y[i] = im[i] = noise(2, (uint32_t)i);
    }
    naive_dft(n, re, im, want_re, want_im);
    fft_forward(fft, x, y);
    for (int i = 0; i < n; i++) {
        CHECK_NEAR(x[i], want_re[i], 1e-12);
        CHECK_NEAR(y[i], want_im[i], 1e-12);
    }
    fft_forward(fft, y, x);
    for (int i = 0; i < n; i++) {
        CHECK_NEAR(x[i] / n, re[i], 1e-13);
        CHECK_NEAR(y[i] / n, im[i], 1e-13);
    }
    fft_free(&fft);
}

static void test_fft(void)
{
    for (int n = 1; n <= 64; n *= 2)
        check_fft(n);
}

/* ---- B-splines ---- */

static double naive_basis(double t)
{
    t = fabs(t);
    if (t >= 2)
        return 0;
    return t < 1 ? (4 - 6 * t * t + 3 * t * t * t) / 6 : (2 - t) * (2 - t) * (2 - t) / 6;
}

/* Control point c of an axis is the spline centred at c - 1 mesh elements. */
static double naive_weight(int n, int mesh, int i, int c)
{
    double at = n > 1 ? (double)mesh * i / (n - 1) : 0;
    return naive_basis(at - (c - 1));
}

static const int grid[3] = {9, 7, 5}, mesh[3] = {2, 1, 4};

static void create_grid(const int dim[3], const int elements[3], struct spline_axis axes[3])
{
    for (int a = 0; a < 3; a++)
        CHECK_OK(spline_axis_create(dim[a], elements[a], axes + a));
}

static void free_grid(struct spline_axis axes[3])
{
    for (int a = 0; a < 3; a++)
        spline_axis_free(axes + a);
}

static double naive_field(const double *lattice, int x, int y, int z)
{
    double sum = 0;
    for (int c = 0; c < mesh[2] + 3; c++)
        for (int b = 0; b < mesh[1] + 3; b++)
            for (int a = 0; a < mesh[0] + 3; a++)
                sum += naive_weight(grid[0], mesh[0], x, a) *
                       naive_weight(grid[1], mesh[1], y, b) *
                       naive_weight(grid[2], mesh[2], z, c) *
                       lattice[(c * (mesh[1] + 3) + b) * (mesh[0] + 3) + a];
    return sum;
}

static void test_spline_field(void)
{
    struct spline_axis axes[3];
    double lattice[5 * 4 * 7], plane[5 * 4];
    float rows[4 * 9], field[9];
    create_grid(grid, mesh, axes);
    for (int i = 0; i < 5 * 4 * 7; i++)
        lattice[i] = noise(3, (uint32_t)i);
    for (int z = 0; z < grid[2]; z++) {
        spline_slice(axes, lattice, z, plane, rows);
        for (int y = 0; y < grid[1]; y++) {
            spline_line(axes, rows, y, 0, grid[0], field);
            for (int x = 0; x < grid[0]; x++)
                CHECK_NEAR(field[x], naive_field(lattice, x, y, z), 1e-6);
        }
    }
    free_grid(axes);
}

/* Eq. 3 to 5 of Lee, Wolberg and Shin for one control point, by their definition. */
static double naive_fit(const float *values, int a, int b, int c)
{
    double numerator = 0, denominator = 0;
    for (int z = 0; z < grid[2]; z++)
        for (int y = 0; y < grid[1]; y++)
            for (int x = 0; x < grid[0]; x++) {
                double squares = 0, w = naive_weight(grid[0], mesh[0], x, a) *
                                        naive_weight(grid[1], mesh[1], y, b) *
                                        naive_weight(grid[2], mesh[2], z, c);
                for (int i = 0; i < 7 * 4 * 5; i++) {
                    double v = naive_weight(grid[0], mesh[0], x, i % 5) *
                               naive_weight(grid[1], mesh[1], y, i / 5 % 4) *
                               naive_weight(grid[2], mesh[2], z, i / 20);
                    squares += v * v;
                }
                double value = values[(z * grid[1] + y) * grid[0] + x];
                numerator += w * w * (w * value / squares);
                denominator += w * w;
            }
    return numerator / denominator;
}

static void collect_all(const struct spline_axis axes[3], enum spline_weight kind,
                        const float *values, double *lattice)
{
    double columns[4 * 9], planes[5 * 5 * 4];
    for (int z = 0; z < grid[2]; z++) {
        memset(columns, 0, sizeof columns);
        for (int y = 0; y < grid[1]; y++)
            spline_collect_line(axes, kind, y, 0, grid[0], values + (z * grid[1] + y) * grid[0],
                                columns);
        spline_collect_slice(axes, kind, columns, planes + z * 20);
    }
    spline_collect(axes, kind, planes, lattice);
}

static void test_spline_fit(void)
{
    struct spline_axis axes[3];
    float values[9 * 7 * 5], ones[9 * 7 * 5];
    double sums[5 * 4 * 7], weights[5 * 4 * 7];
    create_grid(grid, mesh, axes);
    for (int i = 0; i < 9 * 7 * 5; i++) {
        values[i] = (float)noise(4, (uint32_t)i);
        ones[i] = 1;
    }
    collect_all(axes, SPLINE_CUBE, values, sums);
    collect_all(axes, SPLINE_SQUARE, ones, weights);
    for (int i = 0; i < 5 * 4 * 7; i++)
        CHECK_NEAR(sums[i] / weights[i], naive_fit(values, i % 5, i / 5 % 4, i / 20), 1e-12);
    free_grid(axes);
}

static void test_spline_refine(void)
{
    const int controls[3] = {mesh[0] + 3, mesh[1] + 3, mesh[2] + 3};
    const int finer[3] = {2 * mesh[0], 2 * mesh[1], 2 * mesh[2]};
    static double lattice[5 * 4 * 7], refined[7 * 5 * 11], spare[7 * 5 * 11];
    double plane[7 * 5];
    float rows[5 * 9], field[9];
    struct spline_axis axes[3];
    for (int i = 0; i < 5 * 4 * 7; i++)
        lattice[i] = noise(5, (uint32_t)i);
    spline_refine(controls, lattice, spare, refined);
    create_grid(grid, finer, axes);
    for (int z = 0; z < grid[2]; z++) {
        spline_slice(axes, refined, z, plane, rows);
        for (int y = 0; y < grid[1]; y++) {
            spline_line(axes, rows, y, 0, grid[0], field);
            for (int x = 0; x < grid[0]; x++)
                CHECK_NEAR(field[x], naive_field(lattice, x, y, z), 1e-6);
        }
    }
    free_grid(axes);
}

/* ---- Sharpening ---- */

/* Two peaks, blurred by the very Gaussian that is to be taken out again: what is measured at a
 * peak, and a little beside it, is expected to have been the peak. */
static void test_sharpen_pulls_to_peaks(void)
{
    enum { BINS = 200 };
    const struct sharpen_config config = {.bins = BINS, .fwhm = 0.3, .noise = 0.01};
    const double low = 2, step = 0.02, sigma = config.fwhm / 2.3548;
    double counts[BINS], expected[BINS];
    struct sharpen *sharpen = NULL;
    for (int i = 0; i < BINS; i++) {
        double u = low + i * step, a = (u - 3.2) / sigma, b = (u - 4.6) / sigma;
        counts[i] = 1000 * exp(-a * a / 2) + 500 * exp(-b * b / 2);
    }
    CHECK_OK(sharpen_create(&config, &sharpen));
    sharpen_map(sharpen, counts, low, step, expected);
    for (int i = 55; i <= 65; i++)
        CHECK_NEAR(expected[i], 3.2, 0.5 * fabs(low + i * step - 3.2) + 0.01);
    for (int i = 125; i <= 135; i++)
        CHECK_NEAR(expected[i], 4.6, 0.5 * fabs(low + i * step - 4.6) + 0.01);
    for (int i = 0; i < BINS; i++)
        CU_ASSERT(isfinite(expected[i]));
    sharpen_free(&sharpen);
}

/* One bin alone expects itself; bins out of its reach too, and not the noise of the transform. */
static void test_sharpen_single_bin(void)
{
    enum { BINS = 64 };
    const struct sharpen_config config = {.bins = BINS, .fwhm = 0.05, .noise = 0.01};
    double counts[BINS] = {0}, expected[BINS];
    struct sharpen *sharpen = NULL;
    counts[20] = 7;
    CHECK_OK(sharpen_create(&config, &sharpen));
    sharpen_map(sharpen, counts, -1, 0.05, expected);
    CHECK_NEAR(expected[20], 0, 1e-9);
    CHECK_NEAR(expected[60], 2, 1e-9);
    sharpen_free(&sharpen);
}

/* ---- Otsu ---- */

static double between_variance(const unsigned long *counts, const double *centers, int bins,
                               int split)
{
    double n[2] = {0, 0}, sum[2] = {0, 0};
    for (int i = 0; i < bins; i++) {
        n[i > split] += (double)counts[i];
        sum[i > split] += (double)counts[i] * centers[i];
    }
    if (n[0] == 0 || n[1] == 0)
        return 0;
    double gap = sum[0] / n[0] - sum[1] / n[1];
    return n[0] * n[1] * gap * gap;
}

static void test_otsu_split(void)
{
    enum { BINS = 37 };
    for (uint32_t trial = 0; trial < 50; trial++) {
        unsigned long counts[BINS];
        double centers[BINS], best = 0;
        for (uint32_t i = 0; i < BINS; i++) {
            counts[i] = (unsigned long)(100 * fabs(noise(100 + trial, i)));
            centers[i] = 3.5 * i - 20;
        }
        for (int i = 0; i < BINS - 1; i++)
            best = fmax(best, between_variance(counts, centers, BINS, i));
        int split = otsu_split(counts, centers, BINS);
        CHECK_NEAR(between_variance(counts, centers, BINS, split) / best, 1, 1e-12);
    }
}

static void test_otsu_two_classes(void)
{
    const int dim[3] = {10, 10, 3};
    const struct comm self = comm_self();
    struct volume *volume = NULL;
    float threshold = 0;
    CHECK_OK(volume_create(dim, voxel_mm, &volume));
    for (uint32_t i = 0; i < 300; i++)
        volume->data[i] = (float)((i % 3 ? 10 : 100) + noise(6, i));
    CHECK_OK(otsu_threshold(&self, volume, 200, &threshold));
    for (uint32_t i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(volume->data[i] > threshold, i % 3 == 0);
    const float extremes[] = {0, 1e-45f, -3e38f, 3e38f};
    for (int i = 0; i < 300; i++)
        volume->data[i] = extremes[i % 2];
    CHECK_OK(otsu_threshold(&self, volume, 200, &threshold));
    CU_ASSERT(threshold >= 0 && threshold <= 1e-45f);
    for (int i = 0; i < 300; i++)
        volume->data[i] = extremes[2 + i % 2];
    CHECK_OK(otsu_threshold(&self, volume, 200, &threshold));
    CU_ASSERT(threshold >= -3e38f && threshold < 3e38f);
    for (int i = 0; i < 300; i++)
        volume->data[i] = -4;
    CHECK_OK(otsu_threshold(&self, volume, 200, &threshold));
    CHECK_NEAR(threshold, -4, 0);
    volume_free(&volume);
}

/* ---- Phantoms ---- */

static double radius_at(const int dim[3], int x, int y, int z)
{
    const int at[3] = {x, y, z};
    double sum = 0;
    for (int a = 0; a < 3; a++) {
        double r = dim[a] > 1 ? (2.0 * at[a] / (dim[a] - 1) - 1) / 0.95 : 0;
        sum += r * r;
    }
    return sqrt(sum);
}

/* Concentric tissues with folds, so that the true image has no smooth trend of its own. */
static double tissue_at(const int dim[3], int x, int y, int z)
{
    double r = radius_at(dim, x, y, z);
    if (r > 1)
        return 0;
    double fold = sin(0.9 * x) + sin(0.8 * y) + sin(1.1 * z);
    return fold > 0.6 ? 300 : fold > -0.6 ? 200 : 110;
}

static double field_at(const int dim[3], int x, int y, int z)
{
    double a = (double)x / dim[0], b = (double)y / dim[1], c = (double)z / dim[2];
    return 0.35 * sin(2.2 * a + 0.3) - 0.3 * b * b + 0.25 * cos(2 * c) + 0.2 * a * b;
}

static struct volume *make_phantom(const int dim[3])
{
    struct volume *volume = NULL;
    CHECK_OK(volume_create(dim, voxel_mm, &volume));
    for (int z = 0; z < dim[2]; z++)
        for (int y = 0; y < dim[1]; y++)
            for (int x = 0; x < dim[0]; x++) {
                uint32_t i = (uint32_t)((z * dim[1] + y) * dim[0] + x);
                double value = tissue_at(dim, x, y, z) * exp(field_at(dim, x, y, z));
                volume->data[i] = (float)fabs(value + 3 * noise(7, i));
            }
    return volume;
}

struct moments {
    double n, a, b, aa, bb, ab;
};

static void add(struct moments *m, double a, double b)
{
    m->n++;
    m->a += a;
    m->b += b;
    m->aa += a * a;
    m->bb += b * b;
    m->ab += a * b;
}

static double correlation(const struct moments *m)
{
    return (m->ab - m->a * m->b / m->n) /
           sqrt((m->aa - m->a * m->a / m->n) * (m->bb - m->b * m->b / m->n));
}

static double variation(const struct moments *m)
{
    double mean = m->a / m->n;
    return sqrt(m->aa / m->n - mean * mean) / mean;
}

/* Correlation of the field found with the true one; the variation of one tissue before, after. */
static double judge(const struct volume *before, const struct volume *after,
                    const float *log_field, double spread[2])
{
    struct moments fields = {0}, first = {0}, second = {0};
    const int *dim = before->dim;
    for (int z = 0; z < dim[2]; z++)
        for (int y = 0; y < dim[1]; y++)
            for (int x = 0; x < dim[0]; x++) {
                size_t i = (size_t)((z * dim[1] + y) * dim[0] + x);
                double tissue = tissue_at(dim, x, y, z);
                if (tissue > 0)
                    add(&fields, log_field[i], field_at(dim, x, y, z));
                if (tissue == 200) {
                    add(&first, before->data[i], 0);
                    add(&second, after->data[i], 0);
                }
            }
    spread[0] = variation(&first);
    spread[1] = variation(&second);
    return correlation(&fields);
}

static void check_phantom(const int dim[3], struct n4_config config)
{
    const struct comm self = comm_self();
    struct volume *before = make_phantom(dim), *after = make_phantom(dim);
    float *log_field = calloc(volume_voxels(before), sizeof *log_field);
    struct n4_report report = {0};
    double spread[2];
    CHECK_OK(n4_correct(&self, &config, after, NULL, log_field, &report));
    CU_ASSERT(report.corrected);
    double r = judge(before, after, log_field, spread);
    printf("\n    correlation %.4f, variation in one tissue %.3f before, %.3f after ", r,
           spread[0], spread[1]);
    CU_ASSERT(r > 0.97);
    CU_ASSERT(spread[1] < 0.4 * spread[0]);
    for (size_t i = 0; i < volume_voxels(before); i++)
        CHECK_NEAR(after->data[i] * exp(log_field[i]), before->data[i],
                   1e-6 * fabs(before->data[i]) + 1e-30);
    free(log_field);
    volume_free(&before);
    volume_free(&after);
}

static void test_phantom(void)
{
    const int dim[3] = {44, 40, 36};
    struct n4_config config = n4_config_default();
    config.shrink = 2;
    check_phantom(dim, config);
}

static void test_phantom_full_grid(void)
{
    const int dim[3] = {26, 24, 22};
    struct n4_config config = n4_config_default();
    config.shrink = 1;
    config.levels = 2;
    config.foreground = BEN_N4_POSITIVE;
    config.spline_mm = 15;
    check_phantom(dim, config);
}

/* A coil at a corner of the grid. */
static void shade_by_coil(struct volume *volume)
{
    const int *dim = volume->dim;
    for (int z = 0; z < dim[2]; z++)
        for (int y = 0; y < dim[1]; y++)
            for (int x = 0; x < dim[0]; x++) {
                double a = (double)x / dim[0], b = (double)y / dim[1], c = (double)z / dim[2];
                volume->data[(z * dim[1] + y) * dim[0] + x] *=
                    (float)pow(0.1 + sqrt(a * a + b * b + c * c), -3);
            }
}

/* The variation of one tissue after the usual correction, and after a strong one before it. */
static void test_strong(void)
{
    const int dim[3] = {44, 40, 36};
    const struct comm self = comm_self();
    struct volume *before = make_phantom(dim),
                  *after[2] = {make_phantom(dim), make_phantom(dim)};
    struct n4_config usual = n4_config_default(), strong = n4_config_strong();
    double spread[2][2], even, shaded;
    float *nothing = calloc(volume_voxels(before), sizeof *nothing);
    usual.shrink = strong.shrink = 2;
    CHECK_OK(n4_shading(&self, before, &even));
    shade_by_coil(before);
    CHECK_OK(n4_shading(&self, before, &shaded));
    for (int i = 0; i < 2; i++) {
        shade_by_coil(after[i]);
        if (i == 1)
            CHECK_OK(n4_correct(&self, &strong, after[i], NULL, NULL, NULL));
        CHECK_OK(n4_correct(&self, &usual, after[i], NULL, NULL, NULL));
        judge(before, after[i], nothing, spread[i]);
    }
    printf("\n    foreground %.1f and %.1f; variation in one tissue %.3f before, %.3f after, "
           "%.3f after "
           "a strong one ",
           even, shaded, spread[0][0], spread[0][1], spread[1][1]);
    CU_ASSERT(even > 0.9 && even < 3 && shaded > 4);
    CU_ASSERT(spread[1][1] < 0.1 * spread[0][1]);
    free(nothing);
    volume_free(&before);
    volume_free(&after[0]);
    volume_free(&after[1]);
}

/* The mask decides where to look, the field is applied everywhere. */
static void test_mask(void)
{
    const int dim[3] = {30, 28, 20};
    const struct comm self = comm_self();
    struct volume *a = make_phantom(dim), *b = make_phantom(dim);
    size_t n = volume_voxels(a);
    uint8_t *mask = calloc(n, 1);
    struct n4_config config = n4_config_default();
    struct n4_report report = {0};
    config.shrink = 2;
    for (size_t i = 0; i < n; i++) {
        mask[i] = b->data[i] > 50 ? 255 : 0;
        if (!mask[i])
            b->data[i] = 1e6f; /* would spoil the histogram */
    }
    CHECK_OK(n4_correct(&self, &config, a, mask, NULL, NULL));
    CHECK_OK(n4_correct(&self, &config, b, mask, NULL, &report));
    CU_ASSERT(report.corrected);
    size_t differing = 0, spoiled = 0;
    for (size_t i = 0; i < n; i++) {
        differing += mask[i] && a->data[i] != b->data[i];
        spoiled += !mask[i] && b->data[i] != 1e6f;
    }
    CU_ASSERT_EQUAL(differing, 0);
    CU_ASSERT(spoiled > 0);
    free(mask);
    volume_free(&a);
    volume_free(&b);
}

/* ---- Nothing to find ---- */

static void check_unchanged(const int dim[3], float value, const uint8_t *mask)
{
    const struct comm self = comm_self();
    const struct n4_config config = n4_config_default();
    struct n4_report report = {.corrected = true};
    struct volume *volume = NULL;
    CHECK_OK(volume_create(dim, voxel_mm, &volume));
    size_t n = volume_voxels(volume), changed = 0;
    float *log_field = calloc(n, sizeof *log_field);
    for (size_t i = 0; i < n; i++) {
        volume->data[i] = value;
        log_field[i] = 7;
    }
    CHECK_OK(n4_correct(&self, &config, volume, mask, log_field, &report));
    CU_ASSERT_FALSE(report.corrected);
    for (size_t i = 0; i < n; i++)
        changed += volume->data[i] != value || log_field[i] != 0;
    CU_ASSERT_EQUAL(changed, 0);
    free(log_field);
    volume_free(&volume);
}

static void test_nothing_to_correct(void)
{
    const int dims[][3] = {{1, 1, 1}, {2, 1, 1}, {20, 20, 1}, {9, 8, 7}};
    uint8_t *mask = calloc(400, 2);
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        memset(mask, 0, 800);
        check_unchanged(dims[i], 0, NULL);
        check_unchanged(dims[i], 42, NULL);
        check_unchanged(dims[i], -3, NULL);
        check_unchanged(dims[i], 5, mask);
        memset(mask, 1, 800);
        check_unchanged(dims[i], 5, mask);
        check_unchanged(dims[i], -5, mask);
    }
    free(mask);
}

/* Whatever the size, the result is finite and the volume less its field. */
static void test_odd_sizes(void)
{
    const int dims[][3] = {{2, 1, 1},   {1, 3, 1},  {40, 1, 30}, {1, 33, 17},
                           {31, 29, 1}, {2, 2, 50}, {3, 3, 3},   {70, 5, 4}};
    const struct comm self = comm_self();
    struct n4_config config = n4_config_default();
    config.foreground = BEN_N4_POSITIVE;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        struct volume *volume = make_phantom(dims[i]);
        size_t n = volume_voxels(volume), infinite = 0;
        CHECK_OK(n4_correct(&self, &config, volume, NULL, NULL, NULL));
        for (size_t k = 0; k < n; k++)
            infinite += !isfinite(volume->data[k]) || volume->data[k] < 0;
        CU_ASSERT_EQUAL(infinite, 0);
        volume_free(&volume);
    }
}

static void check_factors(const int dim[3], const double mm[3], int shrink, const int want[3])
{
    struct volume volume = {.dim = {dim[0], dim[1], dim[2]}, .voxel_mm = {mm[0], mm[1], mm[2]}};
    int factor[3];
    n4_shrink(shrink, &volume, factor);
    for (int a = 0; a < 3; a++)
        CU_ASSERT_EQUAL(factor[a], want[a]);
}

static void test_shrink_factors(void)
{
    check_factors((int[]){256, 256, 256}, (double[]){1, 1, 1}, 4, (int[]){4, 4, 4});
    check_factors((int[]){80, 80, 16}, (double[]){0.25, 0.25, 1}, 4, (int[]){4, 4, 1});
    check_factors((int[]){256, 24, 256}, (double[]){0.11, 1, 0.11}, 4, (int[]){4, 1, 4});
    check_factors((int[]){64, 16, 32}, (double[]){0.3, 0.6, 0.3}, 4, (int[]){4, 2, 4});
    check_factors((int[]){20, 1, 300}, (double[]){1, 1, 1}, 4, (int[]){2, 1, 4});
    check_factors((int[]){256, 256, 256}, (double[]){1, 1, 1}, 1, (int[]){1, 1, 1});
}

static void check_refused(struct n4_config config)
{
    const int dim[3] = {8, 8, 8};
    const struct comm self = comm_self();
    struct volume *volume = make_phantom(dim);
    CU_ASSERT_EQUAL(n4_correct(&self, &config, volume, NULL, NULL, NULL), BEN_E_ARG);
    volume_free(&volume);
}

static void test_bounds(void)
{
    struct n4_config config = n4_config_default();
    config.shrink = 0;
    check_refused(config);
    config = n4_config_default();
    config.levels = BEN_N4_MAX_LEVELS + 1;
    check_refused(config);
    config = n4_config_default();
    config.bins = 1;
    check_refused(config);
    config = n4_config_default();
    config.fwhm = 0;
    check_refused(config);
    config = n4_config_default();
    config.mesh[1] = BEN_N4_MAX_MESH / 8 + 1;
    check_refused(config);
    config = n4_config_default();
    config.iterations[3] = -1;
    check_refused(config);
}

static const struct check_test tests[] = {
    {"fft", test_fft},
    {"spline field", test_spline_field},
    {"spline fit", test_spline_fit},
    {"spline refine", test_spline_refine},
    {"sharpening pulls to the peaks", test_sharpen_pulls_to_peaks},
    {"sharpening a single bin", test_sharpen_single_bin},
    {"otsu split", test_otsu_split},
    {"otsu of two classes", test_otsu_two_classes},
    {"phantom", test_phantom},
    {"phantom on the full grid", test_phantom_full_grid},
    {"strong", test_strong},
    {"mask", test_mask},
    {"nothing to correct", test_nothing_to_correct},
    {"odd sizes", test_odd_sizes},
    {"shrink factors", test_shrink_factors},
    {"bounds", test_bounds},
};

CHECK_MAIN("prep/n4", tests)
