/* SPDX-License-Identifier: BSD-3-Clause */
/* Scans prepared by ranks: the same slices for any number of ranks, with more ranks than scans,
 * from the cache as without it; a scan that cannot be used is left out. */
#include "base/util.h"
#include "check_ranks.h"
#include "io/nifti.h"
#include "phantom.h"
#include "train/dataset.h"
#include "train/slice_cache.h"

#include <string.h>
#include <unistd.h>

#define SIZE  32
#define SCANS 3 /* the second is spoilt */

static const double voxel_mm[3] = {0.35, 0.35, 1.2};

static char images[SCANS][300], masks[SCANS][300];
static struct dataset_source sources[SCANS];
static uint64_t hash_alone;

static void write_scan(int i)
{
    struct phantom_options options = phantom_defaults(i == 0 ? BEN_RAT : BEN_HUMAN);
    struct nifti_geometry geometry;
    struct volume *image = NULL;
    uint8_t *mask = NULL;
    options.dim[0] = 24;
    options.dim[1] = 22;
    options.dim[2] = 8;
    memcpy(options.voxel_mm, voxel_mm, sizeof voxel_mm);
    options.seed = (uint64_t)i;
    CHECK_OK(phantom_make(&options, &image, &mask));
    nifti_geometry_make(image, &geometry);
    CHECK_OK(nifti_write_f32(images[i], &geometry, image->data, "test"));
    CHECK_OK(nifti_write_u8(masks[i], &geometry, mask, "test"));
    volume_free(&image);
    free(mask);
}

static void make_sources(void)
{
    for (int i = 0; i < SCANS; i++) {
        snprintf(images[i], sizeof images[i], "%s/scan%d.nii.gz", folder, i);
        snprintf(masks[i], sizeof masks[i], "%s/mask%d.nii.gz", folder, i);
        sources[i] = (struct dataset_source){.image = images[i],
                                             .mask = i == 2 ? NULL : masks[i],
                                             .participant = "made/sub-01",
                                             .dataset = "made",
                                             .volume = BEN_VOLUME_DEFAULT,
                                             .plane = i == 0 ? BEN_CORONAL : BEN_AXIAL};
        if (world.rank == 0)
            write_scan(i);
    }
    if (world.rank == 0)
        CHECK_OK(util_write_file(images[1], "spoilt", 6));
    MPI_Barrier(world.mpi);
}

static void check_extents(const struct dataset *dataset)
{
    for (int i = 0; i < SCANS; i += 2) {
        CU_ASSERT_DOUBLE_EQUAL(dataset->scans[i].mm, 24 * voxel_mm[0] / SIZE, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(dataset->scans[i].thickness_mm, voxel_mm[2], 1e-6);
    }
}

static struct dataset_config configure(const char *cache)
{
    struct dataset_config config = {.prepare = prepare_defaults(BEN_AXIAL, SIZE),
                                    .cache = cache};
    config.prepare.n4_options.levels = 1;
    config.prepare.n4_options.iterations[0] = 3;
    return config;
}

static struct dataset *prepare(const struct comm *comm, const char *cache)
{
    const struct dataset_config config = configure(cache);
    struct dataset *dataset = NULL;
    CHECK_OK(dataset_prepare(comm, &config, sources, SCANS, &dataset));
    return dataset;
}

static unsigned brain_pixels(const struct dataset *dataset, int scan)
{
    unsigned brain = 0;
    for (int i = 0; i < dataset->scans[scan].count; i++)
        for (int p = 0; p < SIZE * SIZE; p++)
            brain += dataset_mask(dataset, dataset->scans[scan].first + i)[p];
    return brain;
}

static void test_prepared_alone(void)
{
    struct comm self = comm_self();
    struct dataset *dataset = prepare(&self, NULL);
    CU_ASSERT_EQUAL(dataset->n_failed, 1);
    CU_ASSERT_EQUAL(dataset->scans[1].count, 0);
    CU_ASSERT_EQUAL(dataset->n_slices, dataset->scans[0].count + dataset->scans[2].count);
    CU_ASSERT(brain_pixels(dataset, 0) > 500);
    CU_ASSERT_EQUAL(brain_pixels(dataset, 2), 0); /* unlabelled */
    check_extents(dataset);
    float x[SIZE * SIZE], highest = 0;
    dataset_read_image(dataset, dataset->scans[0].first + dataset->scans[0].count / 2, x);
    for (int i = 0; i < SIZE * SIZE; i++)
        highest = x[i] > highest ? x[i] : highest;
    CU_ASSERT(highest > 0.5f && highest <= 1);
    hash_alone = dataset->hash;
    dataset_free(&dataset);
}

static void test_ranks_do_not_show(void)
{
    struct dataset *dataset = prepare(&world, NULL);
    CU_ASSERT_EQUAL(dataset->hash, hash_alone);
    CU_ASSERT(brain_pixels(dataset, 0) > 500);
    check_extents(dataset);
    dataset_free(&dataset);
}

/* The second run reads what the first wrote; a damaged file counts as absent. */
static void test_cache(void)
{
    char *cache = util_format("%s/cache", folder);
    for (int run = 0; run < 2; run++) {
        struct dataset *dataset = prepare(&world, cache);
        CU_ASSERT_EQUAL(dataset->hash, hash_alone);
        check_extents(dataset);
        dataset_free(&dataset);
    }
    struct slice_key key = {.found = false};
    struct slice_block block = {0};
    struct dataset_config config = configure(cache);
    CHECK_OK(slice_cache_find(&config, &sources[0], &key, &block));
    CU_ASSERT(key.found);
    slice_block_free(&block);
    MPI_Barrier(world.mpi);
    if (world.rank == 0)
        CHECK_OK(util_write_file(key.path, "damaged", 7));
    slice_key_free(&key);
    MPI_Barrier(world.mpi);
    CHECK_OK(slice_cache_find(&config, &sources[0], &key, &block));
    CU_ASSERT(!key.found);
    slice_key_free(&key);
    config.prepare.normalise.low_percent = 2;
    CHECK_OK(slice_cache_find(&config, &sources[2], &key, &block));
    CU_ASSERT(!key.found);
    slice_key_free(&key);
    free(cache);
}

static const struct check_test tests[] = {
    {"scans are written", make_sources},
    {"prepared alone", test_prepared_alone},
    {"ranks do not show", test_ranks_do_not_show},
    {"cache", test_cache},
};

CHECK_MAIN_RANKS("train/dataset", tests)
