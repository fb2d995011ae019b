/* SPDX-License-Identifier: BSD-3-Clause */
/* The cohort file: what all ranks write together is what one rank writes alone, to the byte,
 * and reads back as it was given; a failure on one rank is one on all and leaves no file. */
#include "base/util.h"
#include "check_ranks.h"
#include "io/h5.h"
#include "io/results.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

enum { SCANS = 7, BAD = 2 }; /* scan BAD has failed: no voxels */
enum { LONGEST = 100000 };   /* characters of a text */
enum { ID, SLICES, VOLUME, COLUMNS };

static const struct table_column columns[COLUMNS] = {
    {"id", BEN_TABLE_TEXT, 0, NULL, "who", NULL},
    {"slices", BEN_TABLE_INTEGER, 0, NULL, "how many", NULL},
    {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3", "how much", NULL},
};
static const int dims[SCANS][3] = {{128, 128, 70}, {1, 1, 1},   {0, 0, 0},   {100, 64, 33},
                                   {128, 128, 80}, {13, 7, 11}, {64, 200, 9}};

static size_t voxels_of(long scan)
{
    return (size_t)dims[scan][0] * (size_t)dims[scan][1] * (size_t)dims[scan][2];
}

static uint8_t mask_at(long scan, size_t i)
{
    return (uint8_t)((i * 2654435761u >> 13) % 7 < 3 + (size_t)scan % 3);
}

static float probability_at(long scan, size_t i)
{
    return (float)((i * 40503u + (size_t)scan) % 2049) / 2048.0f; /* exact in float16 */
}

static enum ben_status load_mask(void *context, long scan, uint8_t *voxels)
{
    enum ben_status st = BEN_OK;
    const long *failing = context;
    if (*failing == scan)
        FAIL(BEN_E_INPUT, "scan %ld: cannot be read", scan);
    for (size_t i = 0; i < voxels_of(scan); i++)
        voxels[i] = mask_at(scan, i);
out:
    return st;
}

static enum ben_status load_probability(void *context, long scan, float *voxels)
{
    (void)context;
    for (size_t i = 0; i < voxels_of(scan); i++)
        voxels[i] = probability_at(scan, i);
    return BEN_OK;
}

static struct table *make_table(struct results_scan scans[SCANS])
{
    struct table *table;
    CHECK_OK(table_create(columns, COLUMNS, &table));
    memset(scans, 0, SCANS * sizeof *scans);
    for (long s = 0; s < SCANS; s++) {
        char id[32];
        long row;
        snprintf(id, sizeof id, "sub-%0*ld", (int)(2 + s), s);
        CHECK_OK(table_add_row(table, &row));
        CHECK_OK(table_set_text(table, row, ID, id));
        memcpy(scans[s].dim, dims[s], sizeof dims[s]);
        if (s == BAD)
            continue;
        CHECK_OK(table_set_integer(table, row, SLICES, dims[s][2]));
        CHECK_OK(table_set_real(table, row, VOLUME, 0.125 * (double)voxels_of(s)));
        for (int d = 0; d < 3; d++) {
            scans[s].voxel_mm[d] = 0.5;
            scans[s].affine[d][d] = 0.5;
            scans[s].affine[d][3] = (double)(10 * s + d);
        }
    }
    return table;
}

static enum ben_status write_file(const struct comm *comm, const char *path, long failing)
{
    struct results_scan scans[SCANS];
    struct table *table = make_table(scans);
    char *longest = malloc(LONGEST + 1);
    memset(longest, 'x', LONGEST);
    longest[LONGEST] = '\0';
    const struct results_attribute attributes[] = {{"version", "1.2"},
                                                   {"configuration", longest}};
    const struct results_cohort cohort = {table, scans, attributes, 2, 4};
    const struct results_source source = {load_mask, load_probability, NULL, &failing};
    enum ben_status st = results_write(comm, path, &cohort, &source);
    free(longest);
    table_free(&table);
    return st;
}

/* What a reader takes of a row. */
struct row {
    char id[16];
    int64_t slices;
    double volume;
    int32_t dim[3];
    double affine[3][4];
    uint64_t offset, voxels;
};

static hid_t type_of_row(void)
{
    const hsize_t shape[2] = {3, 4};
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct row)), text = H5Tcopy(H5T_C_S1);
    hid_t dim = H5Tarray_create2(H5T_NATIVE_INT32, 1, shape);
    hid_t affine = H5Tarray_create2(H5T_NATIVE_DOUBLE, 2, shape);
    H5Tset_size(text, 16);
    H5Tset_cset(text, H5T_CSET_UTF8);
    H5Tinsert(type, "id", HOFFSET(struct row, id), text);
    H5Tinsert(type, "slices", HOFFSET(struct row, slices), H5T_NATIVE_INT64);
    H5Tinsert(type, "volume_mm3", HOFFSET(struct row, volume), H5T_NATIVE_DOUBLE);
    H5Tinsert(type, "dim", HOFFSET(struct row, dim), dim);
    H5Tinsert(type, "affine", HOFFSET(struct row, affine), affine);
    H5Tinsert(type, "offset", HOFFSET(struct row, offset), H5T_NATIVE_UINT64);
    H5Tinsert(type, "voxels", HOFFSET(struct row, voxels), H5T_NATIVE_UINT64);
    h5_free(&text);
    h5_free(&dim);
    h5_free(&affine);
    return type;
}

/* The whole data set as that memory type, fresh; sets the number of elements. */
static void *read_all(hid_t file, const char *name, hid_t type, size_t width, size_t *n)
{
    hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
    *n = (size_t)H5Sget_simple_extent_npoints(space);
    void *data = calloc(*n + 1, width);
    CU_ASSERT(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    h5_free(&space);
    h5_free(&set);
    return data;
}

static void check_rows(const struct row *rows)
{
    uint64_t offset = 0;
    for (long s = 0; s < SCANS; s++) {
        char id[32];
        snprintf(id, sizeof id, "sub-%0*ld", (int)(2 + s), s);
        CU_ASSERT_STRING_EQUAL(rows[s].id, id);
        CU_ASSERT_EQUAL(rows[s].offset, offset);
        CU_ASSERT_EQUAL(rows[s].voxels, voxels_of(s));
        CU_ASSERT_EQUAL(rows[s].slices, s == BAD ? -1 : dims[s][2]);
        CU_ASSERT_EQUAL(memcmp(rows[s].dim, dims[s], sizeof dims[s]), 0);
        CU_ASSERT_EQUAL(rows[s].affine[2][3], s == BAD ? 0.0 : (double)(10 * s + 2));
        double volume = s == BAD ? NAN : 0.125 * (double)voxels_of(s);
        CU_ASSERT(isnan(volume) ? isnan(rows[s].volume) : rows[s].volume == volume);
        offset += voxels_of(s);
    }
}

static size_t wrong_voxels(const struct row *rows, const uint8_t *mask,
                           const float *probability)
{
    size_t wrong = 0;
    for (long s = 0; s < SCANS; s++)
        for (size_t i = 0; i < rows[s].voxels; i++)
            wrong += mask[rows[s].offset + i] != mask_at(s, i) ||
                     probability[rows[s].offset + i] != probability_at(s, i);
    return wrong;
}

/* The text that no attribute can hold. */
static void check_long_text(hid_t file)
{
    hid_t type;
    size_t n;
    CHECK_OK(h5_fixed_type(LONGEST + 1, &type));
    char *text = read_all(file, "configuration", type, LONGEST + 1, &n);
    CU_ASSERT(n == 1 && strlen(text) == LONGEST && strspn(text, "x") == LONGEST);
    free(text);
    h5_free(&type);
}

static void check_content(const char *path)
{
    char version[16];
    size_t n, n_mask, n_probability;
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), type = type_of_row();
    CU_ASSERT_FATAL(file >= 0);
    CHECK_OK(h5_get_fixed_text(file, "version", version, sizeof version));
    CU_ASSERT_STRING_EQUAL(version, "1.2");
    check_long_text(file);
    struct row *rows = read_all(file, "scan", type, sizeof *rows, &n);
    CU_ASSERT_EQUAL_FATAL(n, SCANS);
    check_rows(rows);
    uint8_t *mask = read_all(file, "mask", H5T_NATIVE_UINT8, 1, &n_mask);
    float *probability =
        read_all(file, "probability", H5T_NATIVE_FLOAT, sizeof(float), &n_probability);
    size_t end = rows[SCANS - 1].offset + rows[SCANS - 1].voxels, behind = 0;
    CU_ASSERT_FATAL(n_mask >= end && n_probability >= end);
    CU_ASSERT_EQUAL(wrong_voxels(rows, mask, probability), 0);
    for (size_t i = end; i < n_mask; i++)
        behind += mask[i] != 0;
    CU_ASSERT_EQUAL(behind, 0);
    CU_ASSERT_EQUAL(H5Lexists(file, "uncertainty", H5P_DEFAULT), 0);
    free(rows);
    free(mask);
    free(probability);
    h5_free(&type);
    h5_free(&file);
}

static void test_content(void)
{
    char *path = util_format("%s/cohort.h5", folder), *alone = util_format("%s/1.h5", folder);
    CHECK_OK(write_file(&world, path, -1));
    if (world.rank == 0) {
        struct comm self = comm_self();
        char *a, *b;
        size_t n, m;
        CHECK_OK(write_file(&self, alone, -1));
        check_content(path);
        check_content(alone);
        CHECK_OK(util_read_file(path, 1 << 30, &a, &n));
        CHECK_OK(util_read_file(alone, 1 << 30, &b, &m));
        CU_ASSERT(n == m && memcmp(a, b, n) == 0);
        free(a);
        free(b);
    }
    MPI_Barrier(world.mpi);
    free(path);
    free(alone);
}

static int files_in_folder(void)
{
    int n = 0;
    DIR *open = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(open));)
        n += entry->d_name[0] != '.' || strstr(entry->d_name, "tmp") != NULL;
    closedir(open);
    return n;
}

static void test_failing_source(void)
{
    char *path = util_format("%s/bad.h5", folder);
    int before = files_in_folder();
    MPI_Barrier(world.mpi);
    CU_ASSERT_EQUAL(write_file(&world, path, 5), BEN_E_INPUT);
    CU_ASSERT_STRING_EQUAL(ben_error_text(), "scan 5: cannot be read");
    MPI_Barrier(world.mpi);
    CU_ASSERT_EQUAL(files_in_folder(), before);
    free(path);
}

static void test_impossible_place(void)
{
    char *path = util_format("%s/no/such/folder/c.h5", folder);
    CU_ASSERT_NOT_EQUAL(write_file(&world, path, -1), BEN_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "no/such/folder/c.h5"));
    free(path);
}

/* A limit on the size of files stands for a full disk; the process shall live to tell. */
static void test_full_disk(void)
{
    char *path = util_format("%s/full.h5", folder);
    struct rlimit whole, little;
    int before = files_in_folder();
    MPI_Barrier(world.mpi);
    getrlimit(RLIMIT_FSIZE, &whole);
    little = whole;
    little.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    enum ben_status st = write_file(&world, path, -1);
    setrlimit(RLIMIT_FSIZE, &whole);
    CU_ASSERT_EQUAL(st, BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "make room"));
    MPI_Barrier(world.mpi);
    CU_ASSERT_EQUAL(files_in_folder(), before);
    free(path);
}

static enum ben_status load_constant(void *context, long scan, uint8_t *voxels)
{
    const struct results_scan *scans = context;
    const int *dim = scans[scan].dim;
    memset(voxels, (int)(1 + scan), (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2]);
    return BEN_OK;
}

/* More chunks than one round takes: 66 scans of a little over one chunk, and none of all. */
static void test_rounds(void)
{
    enum { MANY = 66, SIDE = 1030 };
    char *path = util_format("%s/rounds.h5", folder);
    struct results_scan scans[MANY];
    struct table *table;
    long row;
    memset(scans, 0, sizeof scans);
    CHECK_OK(table_create(columns, COLUMNS, &table));
    for (int s = 0; s < MANY; s++) {
        CHECK_OK(table_add_row(table, &row));
        scans[s].dim[0] = scans[s].dim[1] = SIDE;
        scans[s].dim[2] = 1;
    }
    const struct results_cohort cohort = {table, scans, NULL, 0, 1};
    const struct results_source source = {load_constant, NULL, NULL, scans};
    CHECK_OK(results_write(&world, path, &cohort, &source));
    if (world.rank == 0) {
        size_t n, wrong = 0;
        hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        uint8_t *mask = read_all(file, "mask", H5T_NATIVE_UINT8, 1, &n);
        CU_ASSERT_FATAL(n >= (size_t)MANY * SIDE * SIDE);
        for (size_t i = 0; i < (size_t)MANY * SIDE * SIDE; i++)
            wrong += mask[i] != 1 + i / (SIDE * SIDE);
        CU_ASSERT_EQUAL(wrong, 0);
        free(mask);
        h5_free(&file);
    }
    table_free(&table);
    MPI_Barrier(world.mpi);
    free(path);
}

static void test_no_scans(void)
{
    char *path = util_format("%s/none.h5", folder);
    struct table *table;
    CHECK_OK(table_create(columns, COLUMNS, &table));
    const struct results_cohort cohort = {table, NULL, NULL, 0, 0};
    const struct results_source source = {load_constant, NULL, NULL, NULL};
    CHECK_OK(results_write(&world, path, &cohort, &source));
    CU_ASSERT_TRUE(util_is_file(path));
    table_free(&table);
    free(path);
}

static const struct check_test tests[] = {
    {"what is given is read back, as from one rank", test_content},
    {"a source that fails on one scan", test_failing_source},
    {"a folder that is not there", test_impossible_place},
    {"a full disk", test_full_disk},
    {"more than one round", test_rounds},
    {"no scans", test_no_scans},
};

CHECK_MAIN_RANKS("results", tests)
