/* SPDX-License-Identifier: BSD-3-Clause */
/* The cohort file: sound HDF5 whose tables, types, shapes and numbers the input makes up. What is
 * opened must be readable, each mask in the room that its row claims. */
#include "odd_h5.h"

#include "io/h5.h"
#include "io/results_read.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "results";

enum { ROWS = 2, VOXELS = 24, TEXT = 7, REPEAT = 64 };

void fuzz_start(void)
{
    uint8_t bytes[128] = {0};
    odd_start();
    fuzz_seed(bytes, sizeof bytes);
    for (uint8_t k = 0; k < 40; k++) {
        memset(bytes, 0, sizeof bytes);
        bytes[2 * k] = (uint8_t)(k % 16);
        bytes[2 * k + 1] = (uint8_t)(k * 16);
        fuzz_seed(bytes, sizeof bytes);
    }
}

/* A row as it should be: all members of known places. */
struct row {
    char text[TEXT];
    double volume_mm3;
    int dim[3];
    double voxel_mm[3];
    uint64_t offset, voxels;
};

/* A compound of the usual members, some of other types or left out. */
static hid_t row_type(struct fuzz_source *from)
{
    static const char *const texts[] = {"participant_id", "status", "mask"};
    hid_t text = H5Tcopy(H5T_C_S1), type = H5Tcreate(H5T_COMPOUND, sizeof(struct row) + 256);
    hid_t dims = H5Tarray_create2(H5T_STD_I32LE, 1, (hsize_t[]){3});
    hid_t sizes = H5Tarray_create2(H5T_IEEE_F64LE, 1, (hsize_t[]){3});
    H5Tset_size(text, TEXT);
    const struct {
        const char *name;
        size_t offset;
        hid_t usual;
    } members[] = {{texts[0], offsetof(struct row, text), text},
                   {"volume_mm3", offsetof(struct row, volume_mm3), H5T_IEEE_F64LE},
                   {"dim", offsetof(struct row, dim), dims},
                   {"voxel_mm", offsetof(struct row, voxel_mm), sizes},
                   {"offset", offsetof(struct row, offset), H5T_STD_U64LE},
                   {"voxels", offsetof(struct row, voxels), H5T_STD_U64LE},
                   {texts[1], sizeof(struct row), text},
                   {texts[2], sizeof(struct row) + 64, text}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        uint8_t choice = fuzz_byte(from);
        hid_t member = odd_type(choice, members[i].usual);
        if (choice != 14)
            H5Tinsert(type, members[i].name, members[i].offset, member);
        h5_free(&member);
    }
    h5_free(&sizes);
    h5_free(&dims);
    h5_free(&text);
    return type;
}

static void fill_rows(struct fuzz_source *from, uint8_t *bytes, size_t row_bytes)
{
    for (int i = 0; i < ROWS; i++) {
        struct row row = {.text = "sub-01",
                          .dim = {2, 3, 4},
                          .voxel_mm = {1, 1, 1},
                          .offset = (uint64_t)i * VOXELS,
                          .voxels = VOXELS};
        uint8_t change = fuzz_byte(from);
        if (change & 1)
            row.dim[fuzz_byte(from) % 3] = (int)fuzz_word(from);
        if (change & 2)
            fuzz_take(from, &row.offset, sizeof row.offset);
        if (change & 4)
            fuzz_take(from, &row.voxels, sizeof row.voxels);
        if (change & 8)
            memset(row.text, 'x', sizeof row.text);
        memcpy(bytes + (size_t)i * row_bytes, &row, sizeof row);
    }
}

/* One-dimensional and in chunks, as both sets are, unless the input says otherwise; of a claimed
 * length that may be far beyond what is written. */
static hid_t create_set(struct fuzz_source *from, hid_t file, const char *name, hid_t type,
                        hsize_t n)
{
    static const hsize_t part[2] = {8, 1}, most[2] = {H5S_UNLIMITED, H5S_UNLIMITED};
    uint8_t choice = fuzz_byte(from);
    hsize_t size[2] = {n, 1};
    int rank = choice == 1 ? 2 : 1;
    if (choice == 2)
        size[0] = (hsize_t)fuzz_word(from) << (fuzz_byte(from) % 20);
    hid_t space = choice == 3 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, size, most);
    hid_t options = H5Pcreate(H5P_DATASET_CREATE);
    if (choice != 3)
        H5Pset_chunk(options, rank, part);
    if (choice & 16)
        H5Pset_deflate(options, 1);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, options, H5P_DEFAULT);
    h5_free(&options);
    h5_free(&space);
    return set;
}

/* The first n elements. */
static void write_first(hid_t set, hid_t type, hsize_t n, const void *bytes)
{
    hsize_t zero[2] = {0}, size[2] = {n, 1};
    hid_t there = H5Dget_space(set), here = H5Screate_simple(1, &n, NULL);
    if (set >= 0 && there >= 0 &&
        H5Sselect_hyperslab(there, H5S_SELECT_SET, zero, NULL, size, NULL) >= 0)
        H5Dwrite(set, type, here, there, H5P_DEFAULT, bytes);
    h5_free(&here);
    h5_free(&there);
}

static void make_scan(struct fuzz_source *from, hid_t file)
{
    hid_t type = row_type(from);
    size_t row_bytes = H5Tget_size(type);
    if (H5Tget_nmembers(type) == 0) {
        h5_free(&type);
        return;
    }
    hid_t set = create_set(from, file, "scan", type, ROWS);
    uint8_t *bytes = calloc(ROWS, row_bytes);
    FUZZ_ENSURE(bytes);
    fill_rows(from, bytes, row_bytes);
    bool pointers = H5Tdetect_class(type, H5T_VLEN) > 0;
    for (int i = 0; i < H5Tget_nmembers(type); i++) {
        hid_t member = H5Tget_member_type(type, (unsigned)i);
        pointers = pointers || H5Tis_variable_str(member) > 0;
        h5_free(&member);
    }
    if (!pointers)
        write_first(set, type, ROWS, bytes);
    free(bytes);
    h5_free(&set);
    h5_free(&type);
}

static void make_mask(struct fuzz_source *from, hid_t file)
{
    static const uint8_t voxels[ROWS * VOXELS] = {0, 1, 1, 1};
    uint8_t choice = fuzz_byte(from);
    hid_t type = odd_type(choice, H5T_STD_U8LE);
    hid_t set = create_set(from, file, "mask", type, ROWS * VOXELS);
    if (choice == 0)
        write_first(set, type, ROWS * VOXELS, voxels);
    h5_free(&set);
    h5_free(&type);
}

static const char *make_file(struct fuzz_source *from)
{
    static const int64_t format = 1;
    static const char magic[] = "ben-mpi cohort";
    const char *path = fuzz_path("cohort.h5");
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), type = H5Tcopy(H5T_C_S1);
    H5Pset_fapl_core(access, (size_t)1 << 16, 1);
    H5Tset_size(type, sizeof magic);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    FUZZ_ENSURE(file >= 0);
    odd_attribute(from, file, "magic", type, 1, magic);
    odd_attribute(from, file, "format", H5T_STD_I64LE, 1, &format);
    make_scan(from, file);
    make_mask(from, file);
    h5_free(&file);
    h5_free(&type);
    h5_free(&access);
    return path;
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    const struct comm self = comm_self();
    struct results_file *file = NULL;
    const char *path = make_file(&from);
    H5Eclear2(H5E_DEFAULT);
    if (!fuzz_fine(results_open(&self, path, &file), NULL))
        return;
    for (long i = 0; i < results_rows(file) && i < REPEAT; i++) {
        const struct results_row *row = results_row(file, i);
        uint8_t *mask = malloc(row->voxels + 1);
        FUZZ_ENSURE(mask);
        fuzz_fine(results_read_mask(file, i, mask), NULL);
        free(mask);
    }
    results_close(&file);
}
