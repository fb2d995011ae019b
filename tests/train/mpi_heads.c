/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads from a label map, around a mask and made up: the same for any number of ranks; what the
 * rule for the brain of a label map says; folders that are wrong. */
#include "base/util.h"
#include "check_ranks.h"
#include "io/nifti.h"
#include "train/heads.h"

#include <string.h>

#define SIDE 24

static char map[300], legend[300], mask[300];
static const char legend_text[] = "value\ttissue\tis_brain\tis_csf\n0\tair\t0\t0\n"
                                  "3\tcortex\t1\t0\n4\tventricle\t1\t1\n"
                                  "24\tCSF\t0\t1\n515\tbone\t0\t0\n";

/* Bone around fluid around a brain of 10 x 8 x 8 voxels with a ventricle and a sulcus one voxel
 * wide. */
static float label_at(int x, int y, int z)
{
    bool brain = x >= 7 && x < 17 && y >= 8 && y < 16 && z >= 8 && z < 16;
    if (x < 3 || x >= 21 || y < 3 || y >= 21 || z < 3 || z >= 21)
        return 0;
    if (brain && x == 12 && z >= 12)
        return 24;
    if (brain)
        return x == 9 && y == 11 && z == 11 ? 4 : 3;
    return x >= 5 && x < 19 && y >= 5 && y < 19 && z >= 5 && z < 19 ? 24 : 515;
}

static void write_map(void)
{
    const int dim[3] = {SIDE, SIDE, SIDE};
    const double mm[3] = {2, 2, 2};
    struct nifti_geometry geometry;
    struct volume *volume = NULL;
    uint8_t *inside = calloc((size_t)SIDE * SIDE * SIDE, 1);
    CHECK_OK(volume_create(dim, mm, &volume));
    for (int z = 0, i = 0; z < SIDE; z++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++, i++) {
                volume->data[i] = label_at(x, y, z);
                inside[i] = volume->data[i] == 3;
            }
    nifti_geometry_make(volume, &geometry);
    CHECK_OK(nifti_write_f32(map, &geometry, volume->data, "test"));
    CHECK_OK(nifti_write_u8(mask, &geometry, inside, "test"));
    CHECK_OK(util_write_file(legend, legend_text, strlen(legend_text)));
    volume_free(&volume);
    free(inside);
}

static void make_files(void)
{
    snprintf(map, sizeof map, "%s/one_labels.nii.gz", folder);
    snprintf(legend, sizeof legend, "%s/labels.tsv", folder);
    snprintf(mask, sizeof mask, "%s/mask.nii.gz", folder);
    if (world.rank == 0)
        write_map();
    CHECK_OK(comm_agree(&world, BEN_OK));
}

static struct heads *make(const struct comm *comm, int made)
{
    const struct head_brain brain = {.mask = mask, .plane = BEN_CORONAL};
    const char *const folders[] = {folder};
    const struct heads_config config = {.seed = 4,
                                        .folders = folders,
                                        .n_folders = 1,
                                        .brains = &brain,
                                        .n_brains = 1,
                                        .made = made};
    struct heads *heads = NULL;
    CHECK_OK(heads_create(comm, &config, &heads));
    return heads;
}

static void test_ranks_do_not_show(void)
{
    struct comm self;
    CHECK_OK(comm_split(&world, world.rank, &self));
    struct heads *alone = make(&self, 1), *shared = make(&world, 1);
    CU_ASSERT_EQUAL_FATAL(shared->n, 3);
    CU_ASSERT_EQUAL(shared->hash, alone->hash);
    CU_ASSERT_EQUAL(memcmp(shared->list, alone->list, 3 * sizeof *shared->list), 0);
    heads_free(&shared);
    heads_free(&alone);
    comm_free(&self);
}

/* The sulcus and the ventricle belong to the brain, the fluid around does not. */
static void test_label_map(void)
{
    struct heads *heads = make(&world, 0);
    const struct head *head = &heads->list[0];
    size_t brain = 0, expected = 10 * 8 * 8;
    for (size_t i = 0; i < (size_t)SIDE * SIDE * SIDE; i++)
        brain += heads->voxels[head->offset + i] >= BEN_HEAD_BRAIN;
    CU_ASSERT_DOUBLE_EQUAL((double)brain, (double)expected,
                           16); /* but for the rim of the sulcus */
    CU_ASSERT_EQUAL(head->n_labels, 5);
    CU_ASSERT_EQUAL(head->tissue[1], BEN_GREY);
    CU_ASSERT_EQUAL(head->tissue[2], BEN_FLUID);
    CU_ASSERT_EQUAL(head->tissue[4], BEN_BONE);
    CU_ASSERT_EQUAL(head->brain.first[0], 7);
    CU_ASSERT_EQUAL(head->brain.size[0], 10);
    heads_free(&heads);
}

static enum ben_status try_folder(const char *name)
{
    const char *const folders[] = {name};
    const struct heads_config config = {.folders = folders, .n_folders = 1};
    struct heads *heads = NULL;
    enum ben_status st = heads_create(&world, &config, &heads);
    heads_free(&heads);
    return st;
}

static void test_bad_folders(void)
{
    CU_ASSERT_EQUAL(try_folder("/nowhere"), BEN_E_INPUT);
    if (world.rank == 0)
        CHECK_OK(util_write_file(legend, "value\ttissue\n1\tx\n", 17));
    CHECK_OK(comm_agree(&world, BEN_OK));
    CU_ASSERT_EQUAL(try_folder(folder), BEN_E_INPUT);
    CU_ASSERT_TRUE(strstr(ben_error_text(), "labels.tsv") != NULL);
}

static const struct check_test tests[] = {
    {"files are written", make_files},
    {"ranks do not show", test_ranks_do_not_show},
    {"label map", test_label_map},
    {"bad folders", test_bad_folders},
};

CHECK_MAIN_RANKS("train/heads", tests)
