/* SPDX-License-Identifier: BSD-3-Clause */
/* The made animals of the paper's 18 data sets: sizes as their table says, brains of a plausible
 * size, individuals that differ, contrasts that can be told apart. */
#include "phantom_set.h"

#include "base/util.h"
#include "check.h"

#include <string.h>

#define TABLE BEN_SOURCE_FOLDER "/configs/datasets18.tsv"

static struct study *study;

static void load(void)
{
    char *text = NULL;
    size_t n = 0;
    CHECK_OK(util_read_file(TABLE, 1 << 20, &text, &n));
    CHECK_OK(study_parse(TABLE, text, n, NULL, NULL, 0, &study));
    free(text);
    CU_ASSERT_EQUAL(study->n, 18);
}

/* The whole table adds up to what the paper says of it. */
static void test_sums(void)
{
    double scans = 0, slices = 0;
    for (int i = 0; i < study->n; i++) {
        scans += study_value(study->sets[i].scans);
        slices += study_value(study->sets[i].slices);
    }
    CHECK_NEAR(scans, 5630, 0);
    CHECK_NEAR(slices, 925755, 0);
}

static void test_true_resolution(void)
{
    const struct phantom_limits none = {0, 0};
    struct phantom_options o;
    CHECK_OK(phantom_of_set(study_find(study, "mouse-t2w-7"), 0, &none, &o));
    CHECK_NEAR(o.voxel_mm[0], 0.08, 1e-12);
    CHECK_NEAR(o.voxel_mm[2], 0.8, 1e-12);
    CU_ASSERT_EQUAL(o.dim[2], 9); /* 126 slices of 14 scans */
    CU_ASSERT(o.dim[0] * o.voxel_mm[0] > 16);
    CHECK_OK(phantom_of_set(study_find(study, "human-t1w-abcd"), 0, &none, &o));
    CU_ASSERT_EQUAL(o.dim[2], 170);
    for (int animal = 0; animal < 6; animal++) {
        CHECK_OK(phantom_of_set(study_find(study, "macaque-t1w"), animal, &none, &o));
        CU_ASSERT(o.voxel_mm[0] >= 0.3 && o.voxel_mm[0] <= 0.6);
        CU_ASSERT(o.voxel_mm[2] >= 0.3 && o.voxel_mm[2] <= 0.75);
    }
}

static double brain_mm3(const struct volume *v, const uint8_t *mask)
{
    size_t n = 0;
    for (size_t i = 0; i < volume_voxels(v); i++)
        n += mask[i];
    return (double)n * v->voxel_mm[0] * v->voxel_mm[1] * v->voxel_mm[2];
}

/* Contrast of the middle of the brain against the rest of the head's brightness. */
static void test_every_set(void)
{
    static const double largest_mm3[BEN_SPECIES_COUNT] = {[BEN_MOUSE] = 800,
                                                          [BEN_RAT] = 2800,
                                                          [BEN_MARMOSET] = 11000,
                                                          [BEN_MACAQUE] = 180000,
                                                          [BEN_HUMAN] = 2.2e6};
    const struct phantom_limits limits = {40, 8};
    for (int i = 0; i < study->n; i++) {
        const struct study_set *set = &study->sets[i];
        double size[2];
        for (int animal = 0; animal < 2; animal++) {
            struct phantom_options o;
            struct volume *v = NULL;
            uint8_t *mask = NULL;
            CHECK_OK(phantom_of_set(set, animal, &limits, &o));
            CHECK_OK(phantom_make(&o, &v, &mask));
            CU_ASSERT(v->dim[0] <= 40 && v->dim[1] <= 40 && v->dim[2] <= 8);
            size[animal] = brain_mm3(v, mask);
            CU_ASSERT(size[animal] < largest_mm3[set->species]);
            CU_ASSERT(size[animal] > 0.25 * largest_mm3[set->species]);
            volume_free(&v);
            free(mask);
        }
        CU_ASSERT(size[0] != size[1]);
    }
}

static void test_refused(void)
{
    const struct phantom_limits none = {0, 0};
    struct phantom_options o;
    struct study_set set = *study_find(study, "mouse-t2w-7");
    set.thickness_mm = NULL;
    CU_ASSERT_EQUAL(phantom_of_set(&set, 0, &none, &o), BEN_E_ARG);
    set = *study_find(study, "mouse-t2w-7");
    set.modality = "PET";
    CU_ASSERT_EQUAL(phantom_of_set(&set, 0, &none, &o), BEN_E_ARG);
}

static void unload(void)
{
    study_free(&study);
}

static const struct check_test tests[] = {
    {"the table", load},
    {"its sums", test_sums},
    {"true resolution", test_true_resolution},
    {"every set, made small", test_every_set},
    {"refused", test_refused},
    {"its end", unload},
};

CHECK_MAIN("phantom set", tests)
