/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices to the network's grid and back: orientation, exact copies, no shift, masks that survive
 * the round trip. */
#include "check.h"

#include "prep/slices.h"

#include <string.h>

static struct volume *volume_of(int n0, int n1, int n2, double m0, double m1, double m2)
{
    const int dim[3] = {n0, n1, n2};
    const double mm[3] = {m0, m1, m2};
    struct volume *v = NULL;
    CHECK_OK(volume_create(dim, mm, &v));
    return v;
}

static float *voxel(struct volume *v, int i, int j, int k)
{
    return &v->data[((size_t)k * v->dim[1] + j) * v->dim[0] + i];
}

/* An ellipsoid that is 1 inside, with its centre a little off the middle. */
static void fill_ellipsoid(struct volume *v)
{
    for (int k = 0; k < v->dim[2]; k++)
        for (int j = 0; j < v->dim[1]; j++)
            for (int i = 0; i < v->dim[0]; i++) {
                double x = (i + 0.5) / v->dim[0] - 0.48, y = (j + 0.5) / v->dim[1] - 0.53;
                double z = (k + 0.5) / v->dim[2] - 0.51;
                *voxel(v, i, j, k) = (x * x + y * y * 1.3 + z * z) < 0.32 * 0.32;
            }
}

static void test_rows_and_columns_run_as_documented(void)
{
    struct volume *v = volume_of(4, 4, 4, 1, 1, 1);
    float x[4 * 4];
    struct slice_geometry g;
    for (int k = 0; k < 4; k++)
        for (int j = 0; j < 4; j++)
            for (int i = 0; i < 4; i++)
                *voxel(v, i, j, k) = (float)(100 * i + 10 * j + k);
    CHECK_OK(slices_plan(v, BEN_AXIAL, 4, &g));
    slices_extract(&g, v, 2, 1, x);
    CU_ASSERT_EQUAL(x[0], 32);   /* left, anterior */
    CU_ASSERT_EQUAL(x[15], 302); /* right, posterior */
    CHECK_OK(slices_plan(v, BEN_CORONAL, 4, &g));
    slices_extract(&g, v, 2, 1, x);
    CU_ASSERT_EQUAL(x[0], 23);   /* left, superior */
    CU_ASSERT_EQUAL(x[15], 320); /* right, inferior */
    CHECK_OK(slices_plan(v, BEN_SAGITTAL, 4, &g));
    slices_extract(&g, v, 2, 1, x);
    CU_ASSERT_EQUAL(x[0], 203);  /* posterior, superior */
    CU_ASSERT_EQUAL(x[15], 230); /* anterior, inferior */
    volume_free(&v);
}

/* Same grid: the way there and back changes no bit, whatever the voxel size. */
static void test_same_grid_is_copied_exactly(void)
{
    struct volume *v = volume_of(32, 32, 3, 0.7187, 0.7187, 3);
    float *x = malloc(3 * 32 * 32 * sizeof *x), *back = malloc(3 * 32 * 32 * sizeof *back);
    struct slice_geometry g;
    for (int i = 0; i < 3 * 32 * 32; i++)
        v->data[i] = (float)sin(i);
    CHECK_OK(slices_plan(v, BEN_AXIAL, 32, &g));
    slices_extract(&g, v, 0, 3, x);
    slices_restore(&g, x, 0, 3, back);
    CU_ASSERT_EQUAL(memcmp(back, v->data, 3 * 32 * 32 * sizeof *back), 0);
    free(x);
    free(back);
    volume_free(&v);
}

/* Halving averages 2 x 2; the part outside a narrow field of view is zero. */
static void test_shrinking_averages_areas(void)
{
    struct volume *v = volume_of(4, 8, 1, 1, 1, 1);
    float x[4 * 4];
    struct slice_geometry g;
    for (int j = 0; j < 8; j++)
        for (int i = 0; i < 4; i++)
            *voxel(v, i, j, 0) = (float)(10 * j + i);
    CHECK_OK(slices_plan(v, BEN_AXIAL, 4, &g));
    slices_extract(&g, v, 0, 1, x);
    CU_ASSERT_EQUAL(x[0], 0);
    CU_ASSERT_EQUAL(x[3], 0);
    CU_ASSERT_EQUAL(x[1], 65.5F);
    CU_ASSERT_EQUAL(x[2], 67.5F);
    CU_ASSERT_EQUAL(x[12 + 1], 5.5F);
    volume_free(&v);
}

static void centre_of(const struct volume *v, double centre[3])
{
    double sum = 0;
    memset(centre, 0, 3 * sizeof *centre);
    for (size_t i = 0; i < volume_voxels(v); i++) {
        size_t row = i / (size_t)v->dim[0];
        sum += v->data[i];
        centre[0] += v->data[i] * (double)(i % (size_t)v->dim[0]);
        centre[1] += v->data[i] * (double)(row % (size_t)v->dim[1]);
        centre[2] += v->data[i] * (double)(row / (size_t)v->dim[1]);
    }
    for (int a = 0; a < 3; a++)
        centre[a] /= sum;
}

static double dice_of(const struct volume *a, const struct volume *b)
{
    double both = 0, either = 0;
    for (size_t i = 0; i < volume_voxels(a); i++) {
        both += 2.0 * (a->data[i] > 0.5F && b->data[i] > 0.5F);
        either += (a->data[i] > 0.5F) + (b->data[i] > 0.5F);
    }
    return both / either;
}

/* The mask's way to the network and back, slice by slice in batches of uneven size. */
static void round_trip(struct volume *v, enum slice_plane plane, struct volume *back)
{
    const int size = 256, batch = 5;
    float *x = malloc((size_t)batch * size * size * sizeof *x);
    struct slice_geometry g;
    CHECK_OK(slices_plan(v, plane, size, &g));
    for (int first = 0; first < g.count; first += batch) {
        int n = g.count - first < batch ? g.count - first : batch;
        slices_extract_mask(&g, v, first, n, x);
        int odd = 0;
        for (int i = 0; i < n * size * size; i++)
            odd += x[i] != 0 && x[i] != 1;
        CU_ASSERT_EQUAL(odd, 0);
        slices_restore(&g, x, first, n, back->data);
    }
    free(x);
}

static void test_masks_survive_the_round_trip(void)
{
    static const struct {
        int dim[3];
        double mm[3];
    } cases[] = {
        {{80, 80, 7}, {0.25, 0.25, 1}},      {{448, 448, 3}, {0.5, 0.5, 4}},
        {{406, 448, 3}, {0.51, 0.51, 4}},    {{64, 16, 32}, {0.3, 0.6, 0.3}},
        {{51, 68, 28}, {0.2222, 0.25, 0.7}}, {{256, 255, 3}, {0.6, 0.6, 3}},
        {{300, 60, 20}, {0.1, 1, 1}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (int plane = BEN_SAGITTAL; plane <= BEN_AXIAL; plane++) {
            const int *dim = cases[c].dim;
            const double *mm = cases[c].mm;
            if (dim[plane] > 100)
                continue;
            struct volume *v = volume_of(dim[0], dim[1], dim[2], mm[0], mm[1], mm[2]);
            struct volume *back = volume_of(dim[0], dim[1], dim[2], mm[0], mm[1], mm[2]);
            double centre[3], returned[3];
            fill_ellipsoid(v);
            round_trip(v, (enum slice_plane)plane, back);
            CU_ASSERT(dice_of(v, back) > 0.99);
            centre_of(v, centre);
            centre_of(back, returned);
            for (int a = 0; a < 3; a++)
                CHECK_NEAR(centre[a], returned[a], 0.05);
            volume_free(&v);
            volume_free(&back);
        }
}

/* A ramp's value tells where its pixel lies in mm. Each pixel is right to an eighth of a native
 * voxel (averaged areas of a staircase ripple about the ramp), their mean exactly: no shift. */
static void check_ramp(const struct slice_geometry *g, const float *row)
{
    double mean = 0;
    int edge = 1 + (int)(0.5 / g->mm);
    for (int c = edge; c < g->size - edge; c++) {
        double error = row[c] - 100 - (c + 0.5 - g->size / 2.0) * g->mm;
        CHECK_NEAR(error, 0, 0.125 * g->width_mm);
        mean += error / (g->size - 2 * edge);
    }
    CHECK_NEAR(mean, 0, 1e-4);
}

static void test_positions_in_mm_are_kept(void)
{
    const int sizes[] = {20, 31, 64, 150};
    for (int s = 0; s < 4; s++) {
        struct volume *v = volume_of(60, 44, 1, 0.5, 0.5, 1);
        float *x = malloc((size_t)sizes[s] * sizes[s] * sizeof *x);
        struct slice_geometry g;
        for (int j = 0; j < 44; j++)
            for (int i = 0; i < 60; i++)
                *voxel(v, i, j, 0) = (float)((i + 0.5 - 30) * 0.5 + 100);
        CHECK_OK(slices_plan(v, BEN_AXIAL, sizes[s], &g));
        slices_extract(&g, v, 0, 1, x);
        check_ramp(&g, x + (size_t)(sizes[s] / 2) * sizes[s]);
        free(x);
        volume_free(&v);
    }
}

/* A square about a point holds what the whole field of view holds there, finer; outside of it
 * nothing comes back. */
static void test_zoom(void)
{
    struct volume *v = volume_of(40, 24, 3, 0.5, 0.5, 2),
                  *back = volume_of(40, 24, 3, 0.5, 0.5, 2);
    static float x[3 * 16 * 16];
    struct slice_geometry g;
    for (size_t i = 0; i < volume_voxels(v); i++) {
        v->data[i] = (float)(i % 40) + 100 * (float)(i / 40 % 24);
        back->data[i] = -1;
    }
    CHECK_OK(slices_plan(v, BEN_AXIAL, 16, &g));
    slices_zoom(&g, 9, 27, 8); /* 8 mm are 16 voxels: rows 1 to 16, columns 19 to 34 */
    slices_extract(&g, v, 0, 3, x);
    for (int r = 0; r < 16; r++)
        for (int c = 0; c < 16; c++)
            CU_ASSERT_EQUAL(x[16 * 16 + r * 16 + c], (float)(19 + c) + 100 * (float)(16 - r));
    slices_restore(&g, x, 0, 3, back->data);
    for (int j = 0; j < 24; j++)
        for (int i = 0; i < 40; i++)
            CU_ASSERT_EQUAL(*voxel(back, i, j, 1),
                            j >= 1 && j < 17 && i >= 19 && i < 35 ? *voxel(v, i, j, 1) : 0);
    slices_zoom(&g, 0, 40, 4); /* half of it outside the field of view, two pixels to a voxel */
    slices_extract(&g, v, 0, 1, x);
    CU_ASSERT_EQUAL(x[15 * 16], 0);
    CU_ASSERT_EQUAL(x[15], 0);
    CU_ASSERT_EQUAL(x[0], 35.75F + 100 * 3.25F);
    volume_free(&v);
    volume_free(&back);
}

static void test_thin_and_bad_volumes(void)
{
    struct volume *v = volume_of(1, 1000, 1, 1, 1, 1);
    struct slice_geometry g;
    float x[16 * 16], back[1000];
    for (int i = 0; i < 1000; i++)
        v->data[i] = 1;
    CHECK_OK(slices_plan(v, BEN_AXIAL, 16, &g));
    slices_extract(&g, v, 0, 1, x);
    slices_restore(&g, x, 0, 1, back);
    CHECK_NEAR(back[500], x[8 * 16 + 8] / 2 + x[8 * 16 + 7] / 2, 1e-6);
    v->voxel_mm[1] = NAN;
    CU_ASSERT_EQUAL(slices_plan(v, BEN_AXIAL, 16, &g), BEN_E_INPUT);
    v->voxel_mm[1] = 0;
    CU_ASSERT_EQUAL(slices_plan(v, BEN_AXIAL, 16, &g), BEN_E_INPUT);
    v->voxel_mm[1] = 1;
    v->dim[0] = 0;
    CU_ASSERT_EQUAL(slices_plan(v, BEN_AXIAL, 16, &g), BEN_E_INPUT);
    volume_free(&v);
}

static const struct check_test tests[] = {
    {"rows and columns run as documented", test_rows_and_columns_run_as_documented},
    {"the same grid is copied exactly", test_same_grid_is_copied_exactly},
    {"shrinking averages areas", test_shrinking_averages_areas},
    {"masks survive the round trip", test_masks_survive_the_round_trip},
    {"positions in mm are kept", test_positions_in_mm_are_kept},
    {"zoom", test_zoom},
    {"thin and bad volumes", test_thin_and_bad_volumes},
};

CHECK_MAIN("prep/slices", tests)
