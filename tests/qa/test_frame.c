/* SPDX-License-Identifier: BSD-3-Clause */
/* When the network looks nearer, and where. */
#include "check.h"

#include "qa/frame.h"

/* Coronal slices of 128 x 80 mm with a box of brain in them. */
struct scene {
    struct prepared p;
    float prob[128 * 9 * 80];
};

static void put_box(struct scene *s, int i0, int i1, int k0, int k1)
{
    const int dim[3] = {128, 9, 80};
    const double mm[3] = {1, 2, 1};
    memset(s, 0, sizeof *s);
    CHECK_OK(volume_create(dim, mm, &s->p.volume));
    CHECK_OK(slices_plan(s->p.volume, BEN_CORONAL, 256, &s->p.slices));
    for (int k = k0; k < k1; k++)
        for (int j = 2; j < 7; j++)
            for (int i = i0; i < i1; i++)
                s->prob[(k * 9 + j) * 128 + i] = 0.9F;
}

static struct scene scene;

static bool settle(void)
{
    bool nearer = false;
    CHECK_OK(frame_settle(&scene.p, scene.prob, 0.5F, &nearer));
    return nearer;
}

static void test_large_brains_stay(void)
{
    put_box(&scene, 20, 97, 10, 60); /* 77 of 128 mm */
    CU_ASSERT(!settle());
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.mm, 0.5, 1e-12);
    prepare_clear(&scene.p);
}

static void test_small_brains_fill_the_view(void)
{
    put_box(&scene, 10, 76, 20, 50); /* 66 mm */
    scene.prob[0] = 1;               /* a stray voxel does not count */
    CU_ASSERT(settle());
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.mm * 256, 66 / FRAME_AIM, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.column_shift, 43 - 64, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.row_shift, 35 - 40, 1e-9);
    CU_ASSERT(!settle());
    prepare_clear(&scene.p);
}

/* A step halves the view at most, and voxels are not enlarged without end. */
static void test_limits(void)
{
    put_box(&scene, 60, 70, 40, 48);
    CU_ASSERT(settle());
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.mm * 256, 256 / FRAME_ENLARGED, 1e-9); /* over 64 */
    CU_ASSERT(!settle());
    prepare_clear(&scene.p);
    put_box(&scene, 60, 70, 40, 48);
    scene.p.slices.width_mm = scene.p.slices.height_mm = 0.25; /* of 32 mm 2.5 */
    scene.p.slices.mm = 0.125;
    CU_ASSERT(settle());
    CU_ASSERT_DOUBLE_EQUAL(scene.p.slices.mm * 256, 64 / FRAME_ENLARGED, 1e-9);
    prepare_clear(&scene.p);
}

static void test_no_brain(void)
{
    put_box(&scene, 0, 0, 0, 0);
    CU_ASSERT(!settle());
    prepare_clear(&scene.p);
}

static const struct check_test tests[] = {
    {"large brains stay", test_large_brains_stay},
    {"small brains fill the view", test_small_brains_fill_the_view},
    {"limits", test_limits},
    {"no brain", test_no_brain},
};

CHECK_MAIN("qa/frame", tests)
