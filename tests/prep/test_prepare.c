/* SPDX-License-Identifier: BSD-3-Clause */
/* Across which axis a volume is cut. */
#include "base/random.h"
#include "check.h"
#include "prep/prepare.h"

static enum slice_plane plane_of(bool follow, double x_mm, double y_mm, double z_mm)
{
    const int dim[3] = {12, 10, 6};
    const double mm[3] = {x_mm, y_mm, z_mm};
    const struct comm self = comm_self();
    struct random_stream stream = random_open(5, BEN_RANDOM_TEST, 0, 0);
    struct prepare_config config = prepare_defaults(BEN_CORONAL, 32);
    struct prepared prepared;
    struct volume *v = NULL;
    CHECK_OK(volume_create(dim, mm, &v));
    for (size_t i = 0; i < volume_voxels(v); i++)
        v->data[i] = (float)random_uniform(&stream, (uint32_t)i);
    config.n4 = false;
    config.follow_thick = follow;
    CHECK_OK(prepare_volume(&self, &config, &v, &prepared));
    enum slice_plane plane = prepared.slices.plane;
    CU_ASSERT_EQUAL(prepared.slices.count, dim[plane]);
    prepare_clear(&prepared);
    return plane;
}

static void test_thick_slices_are_followed(void)
{
    CU_ASSERT_EQUAL(plane_of(true, .1, .1, .2), BEN_AXIAL);
    CU_ASSERT_EQUAL(plane_of(true, .5, .1, .2), BEN_SAGITTAL);
    CU_ASSERT_EQUAL(plane_of(true, .1, .6, .1), BEN_CORONAL);
}

static void test_else_the_plane_stays(void)
{
    CU_ASSERT_EQUAL(plane_of(false, .1, .1, .6), BEN_CORONAL);
    CU_ASSERT_EQUAL(plane_of(true, .1, .1, .19), BEN_CORONAL);
    CU_ASSERT_EQUAL(plane_of(true, .4, .1, .4), BEN_CORONAL);
}

static const struct check_test tests[] = {
    {"thick slices are followed", test_thick_slices_are_followed},
    {"else the plane stays", test_else_the_plane_stays},
};

CHECK_MAIN("prep/prepare", tests)
