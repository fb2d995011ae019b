/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/orient.h"

#include "check.h"
#include "phantom.h"

#include <string.h>

static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                 {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
static const double own_mm[3] = {0.5, 0.75, 1.25};

/* A volume of odd, unequal sizes whose voxels are all different. Own axis c runs along world
 * axis orders[o][c], backwards where bit c of flips is set, and the grid is turned by oblique
 * radians about up. */
static struct volume *make(int o, int flips, double oblique)
{
    struct volume *v = NULL;
    CHECK_OK(volume_create((const int[3]){5, 4, 3}, own_mm, &v));
    memset(v->affine, 0, sizeof v->affine);
    for (int c = 0; c < 3; c++) {
        double column[3] = {0};
        column[orders[o][c]] = (flips >> c & 1 ? -1 : 1) * own_mm[c];
        v->affine[0][c] = cos(oblique) * column[0] - sin(oblique) * column[1];
        v->affine[1][c] = sin(oblique) * column[0] + cos(oblique) * column[1];
        v->affine[2][c] = column[2];
        v->affine[c][3] = 10.5 * c - 7;
    }
    for (size_t i = 0; i < volume_voxels(v); i++)
        v->data[i] = (float)i;
    return v;
}

static void world(const struct volume *v, const int index[3], double mm[3])
{
    for (int r = 0; r < 3; r++)
        mm[r] = v->affine[r][0] * index[0] + v->affine[r][1] * index[1] +
                v->affine[r][2] * index[2] + v->affine[r][3];
}

/* The voxels are numbers that say where they were, so each canonical voxel's world point can be
 * compared with the one it had. */
static void check_world(const struct volume *own, const struct volume *canonical)
{
    const int *d = canonical->dim;
    for (int n = 0; n < d[0] * d[1] * d[2]; n++) {
        int was = (int)canonical->data[n];
        int to[3] = {n % d[0], n / d[0] % d[1], n / d[0] / d[1]};
        int from[3] = {was % own->dim[0], was / own->dim[0] % own->dim[1],
                       was / own->dim[0] / own->dim[1]};
        double a[3], b[3];
        world(canonical, to, a);
        world(own, from, b);
        for (int r = 0; r < 3; r++)
            CHECK_NEAR(a[r], b[r], 1e-12);
    }
}

static void check_back(const struct orientation *o, const struct volume *own,
                       const struct volume *canonical)
{
    size_t n = volume_voxels(own);
    float *values = malloc(n * sizeof *values);
    uint8_t *in = malloc(n), *out = malloc(n);
    CU_ASSERT_TRUE_FATAL(values && in && out);
    orient_back_f32(o, canonical->data, values);
    CU_ASSERT_EQUAL(memcmp(values, own->data, n * sizeof *values), 0);
    for (size_t i = 0; i < n; i++)
        in[i] = (uint8_t)canonical->data[i];
    orient_back_u8(o, in, out);
    for (size_t i = 0; i < n; i++)
        CU_ASSERT_EQUAL(out[i], (uint8_t)i);
    free(values);
    free(in);
    free(out);
}

/* Canonical axis a runs along world axis a, forwards and nearer to it than to any other. */
static void check_canonical(const struct volume *canonical)
{
    int axis[3], sign[3];
    volume_axes((const double(*)[4])canonical->affine, axis, sign);
    for (int a = 0; a < 3; a++) {
        CU_ASSERT_EQUAL(axis[a], a);
        CU_ASSERT_EQUAL(sign[a], 1);
        double length = hypot(hypot(canonical->affine[0][a], canonical->affine[1][a]),
                              canonical->affine[2][a]);
        CHECK_NEAR(canonical->voxel_mm[a], length, 1e-12);
    }
}

/* What takes the volume over gives the same. */
static void check_taken(const struct orientation *found, struct volume **own,
                        const struct volume *canonical)
{
    struct volume *taken = NULL;
    CHECK_OK(orient_take(found, own, &taken));
    CU_ASSERT_PTR_NULL(*own);
    CU_ASSERT_EQUAL(memcmp(taken->dim, canonical->dim, sizeof taken->dim), 0);
    CU_ASSERT_EQUAL(memcmp(taken->voxel_mm, canonical->voxel_mm, sizeof taken->voxel_mm), 0);
    CU_ASSERT_EQUAL(memcmp(taken->affine, canonical->affine, sizeof taken->affine), 0);
    CU_ASSERT_EQUAL(
        memcmp(taken->data, canonical->data, volume_voxels(canonical) * sizeof *taken->data),
        0);
    volume_free(&taken);
}

static void check_all(double oblique)
{
    for (int o = 0; o < 6; o++)
        for (int flips = 0; flips < 8; flips++) {
            struct volume *own = make(o, flips, oblique), *canonical = NULL;
            struct orientation found = orient_find(own);
            CHECK_OK(orient_apply(&found, own, &canonical));
            for (int c = 0; c < 3; c++) {
                CU_ASSERT_EQUAL(found.axis[orders[o][c]], c);
                CU_ASSERT_EQUAL(found.flip[orders[o][c]], flips >> c & 1);
                CU_ASSERT_EQUAL(canonical->dim[orders[o][c]], own->dim[c]);
            }
            check_canonical(canonical);
            check_world(own, canonical);
            check_back(&found, own, canonical);
            check_taken(&found, &own, canonical);
            volume_free(&canonical);
        }
}

static void test_all_48(void)
{
    check_all(0);
}

static void test_oblique(void)
{
    check_all(0.4);
    check_all(-0.7);
}

/* Turned by a bit more than an eighth, x and y change places. */
static void test_nearest(void)
{
    struct volume *v = make(0, 0, M_PI / 4 - 0.01);
    struct orientation o = orient_find(v);
    CU_ASSERT_TRUE(o.axis[0] == 0 && o.axis[1] == 1 && !o.flip[0] && !o.flip[1]);
    volume_free(&v);
    v = make(0, 0, M_PI / 4 + 0.01);
    o = orient_find(v);
    CU_ASSERT_TRUE(o.axis[0] == 1 && o.axis[1] == 0 && o.flip[0] == 1 && o.flip[1] == 0);
    volume_free(&v);
}

/* Two axes that both lie nearest to one direction still get different ones. */
static void test_sheared(void)
{
    struct volume *v = make(0, 0, 0);
    const double sheared[3][4] = {{1, 0.8, 0, 0}, {0.1, 0.6, 0, 0}, {0, 0, 1, 0}};
    memcpy(v->affine, sheared, sizeof sheared);
    struct orientation o = orient_find(v);
    CU_ASSERT_TRUE(o.axis[0] == 0 && o.axis[1] == 1 && o.axis[2] == 2);
    volume_free(&v);
}

static void test_unoriented(void)
{
    struct volume *v = make(3, 5, 0), *canonical = NULL;
    v->oriented = false;
    struct orientation o = orient_find(v);
    CHECK_OK(orient_apply(&o, v, &canonical));
    CU_ASSERT_FALSE(canonical->oriented);
    CU_ASSERT_EQUAL(memcmp(canonical->data, v->data, volume_voxels(v) * sizeof *v->data), 0);
    CU_ASSERT_EQUAL(memcmp(canonical->affine, v->affine, sizeof v->affine), 0);
    volume_free(&v);
    volume_free(&canonical);
}

/* One head scanned along other axes is the same head in canonical order. */
static void test_phantom(void)
{
    struct phantom_options p = phantom_defaults(BEN_RAT);
    struct volume *scan[2] = {NULL}, *canonical[2] = {NULL};
    p.noise = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(p.axes, i ? "PIR" : "RAS", 4);
        memcpy(p.dim, i ? (int[]){24, 20, 16} : (int[]){16, 24, 20}, sizeof p.dim);
        memcpy(p.voxel_mm, i ? (double[]){1.2, 1, 1.4} : (double[]){1.4, 1.2, 1},
               sizeof p.voxel_mm);
        CHECK_OK(phantom_make(&p, &scan[i], NULL));
        struct orientation o = orient_find(scan[i]);
        CHECK_OK(orient_apply(&o, scan[i], &canonical[i]));
    }
    for (size_t i = 0; i < volume_voxels(canonical[0]); i++)
        CHECK_NEAR(canonical[0]->data[i], canonical[1]->data[i], 1e-2);
    for (int i = 0; i < 2; i++) {
        volume_free(&scan[i]);
        volume_free(&canonical[i]);
    }
}

static const struct check_test tests[] = {
    {"all 48 axis orders and flips", test_all_48},
    {"oblique grids", test_oblique},
    {"an oblique axis goes to the nearest direction", test_nearest},
    {"sheared grids get three different axes", test_sheared},
    {"without orientation nothing moves", test_unoriented},
    {"a head scanned along other axes", test_phantom},
};

CHECK_MAIN("orient", tests)
