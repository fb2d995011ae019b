/* SPDX-License-Identifier: BSD-3-Clause */
/* The cohort file read back: every rank gets all rows, and any rank any mask; what is no cohort file
 * is refused alike by all. */
#include "check_ranks.h"

#include "base/util.h"
#include "io/h5.h"
#include "io/results.h"
#include "io/results_read.h"

#include <hdf5.h>
#include <string.h>

enum { SCANS = 4 };
enum { PARTICIPANT, STATUS, VOLUME, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "who", NULL},
    {"status", BEN_TABLE_TEXT, 0, NULL, "how", NULL},
    {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3", "how much", NULL},
};
static const int dims[SCANS][3] = {{100, 90, 120}, {3, 2, 1}, {0, 0, 0}, {130, 100, 91}};

static size_t voxels_of(long scan)
{
    return (size_t)dims[scan][0] * (size_t)dims[scan][1] * (size_t)dims[scan][2];
}

static uint8_t mask_at(long scan, size_t i)
{
    return (i * 2654435761u >> 13) % 7 < 3 + (size_t)scan;
}

static enum ben_status load_mask(void *context, long scan, uint8_t *voxels)
{
    (void)context;
    for (size_t i = 0; i < voxels_of(scan); i++)
        voxels[i] = mask_at(scan, i);
    return BEN_OK;
}

static void test_file_is_written(void)
{
    struct results_scan scans[SCANS] = {{{0}, {0}, {{0}}}};
    struct table *table;
    char *path = util_format("%s/cohort.h5", folder);
    CHECK_OK(table_create(columns, COLUMNS, &table));
    for (long s = 0; s < SCANS; s++) {
        long row;
        CHECK_OK(table_add_row(table, &row));
        CHECK_OK(table_set_text(table, row, PARTICIPANT, s == 1 ? NULL : "sub-longer name"));
        CHECK_OK(table_set_text(table, row, STATUS, s == 2 ? "failed" : "ok"));
        if (s != 2)
            CHECK_OK(table_set_real(table, row, VOLUME, 1.5 * (double)s));
        memcpy(scans[s].dim, dims[s], sizeof dims[s]);
        for (int d = 0; d < 3; d++)
            scans[s].voxel_mm[d] = 0.25 * (d + 1);
    }
    const struct results_cohort cohort = {table, scans, NULL, 0, 4};
    const struct results_source source = {.mask = load_mask};
    CHECK_OK(results_write(&world, path, &cohort, &source));
    table_free(&table);
    free(path);
}

static void check_mask(const struct results_file *file, long s)
{
    size_t n = voxels_of(s), wrong = 0;
    uint8_t *mask = malloc(n + 1);
    CHECK_OK(results_read_mask(file, s, mask));
    for (size_t i = 0; i < n; i++)
        wrong += mask[i] != mask_at(s, i);
    CU_ASSERT_EQUAL(wrong, 0);
    free(mask);
}

static void test_rows_and_masks_come_back(void)
{
    struct results_file *file = NULL;
    char *path = util_format("%s/cohort.h5", folder);
    CHECK_OK(results_open(&world, path, &file));
    CU_ASSERT_EQUAL_FATAL(results_rows(file), SCANS);
    for (long s = 0; s < SCANS; s++) {
        const struct results_row *row = results_row(file, s);
        CU_ASSERT_EQUAL(memcmp(row->dim, dims[s], sizeof dims[s]), 0);
        CU_ASSERT_EQUAL(row->voxel_mm[2], 0.75);
        CU_ASSERT_PTR_NULL(row->session);
        CU_ASSERT(isnan(row->uncertainty));
        CU_ASSERT_STRING_EQUAL(row->status, s == 2 ? "failed" : "ok");
        if (s % world.size == world.rank)
            check_mask(file, s);
    }
    CU_ASSERT_PTR_NULL(results_row(file, 1)->participant);
    CU_ASSERT_STRING_EQUAL(results_row(file, 3)->participant, "sub-longer name");
    CU_ASSERT_EQUAL(results_row(file, 3)->volume_mm3, 4.5);
    CU_ASSERT(isnan(results_row(file, 2)->volume_mm3));
    results_close(&file);
    free(path);
}

/* A set of other dimensions, nothing of it stored, takes the place of the file's: of size[0]
 * elements, or two-dimensional where size[1] is not 0. */
static void claim(const char *path, const char *name, const hsize_t size[2])
{
    const hsize_t most[2] = {H5S_UNLIMITED, H5S_UNLIMITED}, part[2] = {64, 1};
    int rank = size[1] > 0 ? 2 : 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(set);
    hid_t space = H5Screate_simple(rank, size, most), options = H5Pcreate(H5P_DATASET_CREATE);
    H5Dclose(set);
    CU_ASSERT(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    CU_ASSERT(H5Pset_chunk(options, rank, part) >= 0);
    set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, options, H5P_DEFAULT);
    CU_ASSERT(set >= 0);
    H5Pclose(options);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(set);
    CU_ASSERT(H5Fclose(file) >= 0);
}

/* A copy to be spoiled, by rank 0. */
static void copy_to(const char *path)
{
    char *good = util_format("%s/cohort.h5", folder), *bytes = NULL;
    size_t n;
    CHECK_OK(util_read_file(good, (size_t)1 << 30, &bytes, &n));
    CHECK_OK(util_write_file(path, bytes, n));
    free(bytes);
    free(good);
}

static void check_refused(const char *path, enum ben_status as, const char *why)
{
    struct results_file *file = NULL;
    MPI_Barrier(world.mpi);
    CU_ASSERT_EQUAL(results_open(&world, path, &file), as);
    CU_ASSERT(strstr(ben_error_text(), why) != NULL);
    CU_ASSERT_PTR_NULL(file);
    MPI_Barrier(world.mpi);
}

static void test_other_files_are_refused(void)
{
    char *absent = util_format("%s/absent.h5", folder), *text = util_format("%s/t.h5", folder);
    if (world.rank == 0)
        CHECK_OK(util_write_file(text, "no HDF5 file", 12));
    check_refused(absent, BEN_E_ARG, "absent.h5");
    check_refused(text, BEN_E_ARG, "t.h5");
    free(absent);
    free(text);
}

static void check_claim(const char *name, const hsize_t size[2], const char *why)
{
    char *path = util_format("%s/bad.h5", folder);
    if (world.rank == 0) {
        copy_to(path);
        claim(path, name, size);
    }
    check_refused(path, BEN_E_INPUT, why);
    free(path);
}

/* Nothing is allocated for what the file cannot hold, nor read in another shape. */
static void test_false_claims(void)
{
    check_claim("mask", (const hsize_t[]){(hsize_t)1 << 40, 0}, "claims more");
    check_claim("scan", (const hsize_t[]){(hsize_t)1 << 40, 0}, "claims more");
    check_claim("mask", (const hsize_t[]){8, 8}, "not laid out");
    check_claim("scan", (const hsize_t[]){4, 1}, "not laid out");
}

/* Texts of variable length, which HDF5 cannot read safely, are not even tried. */
static void test_variable_text_is_refused(void)
{
    char *path = util_format("%s/v.h5", folder);
    if (world.rank == 0) {
        copy_to(path);
        hid_t h5 = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        CU_ASSERT(H5Adelete(h5, "magic") >= 0);
        CHECK_OK(h5_set_text(h5, "magic", "ben-mpi cohort"));
        CU_ASSERT(H5Fclose(h5) >= 0);
    }
    check_refused(path, BEN_E_ARG, "early version");
    free(path);
}

static const struct check_test tests[] = {
    {"the file is written", test_file_is_written},
    {"rows and masks come back", test_rows_and_masks_come_back},
    {"other files are refused", test_other_files_are_refused},
    {"false claims are refused", test_false_claims},
    {"texts of variable length are refused", test_variable_text_is_refused},
};

CHECK_MAIN_RANKS("io/results_read", tests)
