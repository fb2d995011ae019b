/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/results_read.h"

#include "base/util.h"
#include "io/h5.h"
#include "io/results.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES ((size_t)4 << 20) /* a few chunks: neighbouring scans share them */
#define CACHE_SLOTS 521

/* A file may claim any size, so what is claimed is held against what is stored: a chunk deflates
 * to no less than a 1032nd. */
#define MOST_INFLATION 1040

struct results_file {
    const char *path;
    hid_t file, mask;
    struct results_row *rows;
    long n;
};

/* The rows as they lie in the file, of numbers as this machine has them (we write no others): HDF5's
 * conversion would trust what the file says of its columns. */
struct raw_rows {
    hid_t set, type;
    char *bytes;
    size_t row_bytes;
};

struct text_member {
    const char *name;
    size_t field; /* in struct results_row, a char * */
};

static const struct text_member text_members[] = {
    {"participant_id", offsetof(struct results_row, participant)},
    {"session_id", offsetof(struct results_row, session)},
    {"scan", offsetof(struct results_row, scan)},
    {"species", offsetof(struct results_row, species)},
    {"status", offsetof(struct results_row, status)},
    {"reason", offsetof(struct results_row, reason)},
    {"mask", offsetof(struct results_row, mask)},
};
#define TEXT_MEMBERS (int)(sizeof text_members / sizeof text_members[0])

static char **text_field(struct results_row *row, int i)
{
    return (char **)(void *)((char *)row + text_members[i].field);
}

/* ---- rows ---- */

/* A member of the given class and size (0: any, which is then told); its place in a row, or
 * *offset -1 where there is none. */
static enum ben_status find_member(const struct results_file *file, const struct raw_rows *raw,
                                   const char *name, H5T_class_t class, size_t *bytes,
                                   long *offset)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE;
    int index = H5Tget_member_index(raw->type, name);
    *offset = -1;
    if (index < 0) {
        H5Eclear2(H5E_DEFAULT);
        return BEN_OK;
    }
    TRY_H5(type = H5Tget_member_type(raw->type, (unsigned)index));
    size_t wanted = *bytes;
    *bytes = H5Tget_size(type);
    if (H5Tget_class(type) != class || (wanted > 0 && wanted != *bytes) ||
        (class == H5T_STRING && H5Tis_variable_str(type) != 0))
        FAIL(BEN_E_INPUT, "%s: the column %s of /scan is not of the kind it should be",
             file->path, name);
    size_t at = H5Tget_member_offset(raw->type, (unsigned)index);
    if (*bytes > raw->row_bytes || at > raw->row_bytes - *bytes)
        FAIL(BEN_E_INPUT, "%s: the column %s lies outside the rows of /scan", file->path, name);
    *offset = (long)at;
out:
    h5_free(&type);
    return st;
}

static enum ben_status take_texts(struct results_file *file, const struct raw_rows *raw, int i)
{
    enum ben_status st = BEN_OK;
    long at;
    size_t bytes = 0;
    TRY(find_member(file, raw, text_members[i].name, H5T_STRING, &bytes, &at));
    for (long r = 0; r < file->n && at >= 0; r++) {
        const char *row = raw->bytes + (size_t)r * raw->row_bytes;
        char **field = text_field(&file->rows[r], i);
        TRY_NEW(*field = strndup(row + at, bytes));
        if (!**field || strcmp(*field, "n/a") == 0) {
            free(*field);
            *field = NULL;
        }
    }
out:
    return st;
}

/* One member of all rows into a field of struct results_row; false where the file has none. */
static enum ben_status take_bytes(struct results_file *file, const struct raw_rows *raw,
                                  const char *name, H5T_class_t class, size_t field,
                                  size_t bytes)
{
    enum ben_status st = BEN_OK;
    long at;
    TRY(find_member(file, raw, name, class, &bytes, &at));
    for (long r = 0; r < file->n && at >= 0; r++)
        memcpy((char *)&file->rows[r] + field,
               raw->bytes + (size_t)r * raw->row_bytes + (size_t)at, bytes);
    if (at < 0 && class != H5T_FLOAT)
        FAIL(BEN_E_INPUT, "%s: /scan has no column %s", file->path, name);
out:
    return st;
}

#define TAKE(name, class)                                                                      \
    take_bytes(file, raw, #name, class, offsetof(struct results_row, name),                    \
               sizeof file->rows->name)

static enum ben_status take_rows(struct results_file *file, const struct raw_rows *raw)
{
    enum ben_status st = BEN_OK;
    for (long r = 0; r < file->n; r++)
        file->rows[r].volume_mm3 = file->rows[r].uncertainty = NAN;
    for (int i = 0; i < TEXT_MEMBERS; i++)
        TRY(take_texts(file, raw, i));
    TRY(TAKE(volume_mm3, H5T_FLOAT));
    TRY(TAKE(uncertainty, H5T_FLOAT));
    TRY(TAKE(dim, H5T_ARRAY));
    TRY(TAKE(voxel_mm, H5T_ARRAY));
    TRY(TAKE(offset, H5T_INTEGER));
    TRY(TAKE(voxels, H5T_INTEGER));
out:
    return st;
}

/* Whether elements of the type point elsewhere in the file, where HDF5 follows them on trust. */
static bool has_pointers(hid_t type)
{
    H5T_class_t class = H5Tget_class(type);
    bool found = class == H5T_VLEN || class == H5T_REFERENCE || class == H5T_NO_CLASS;
    if (class == H5T_STRING)
        return H5Tis_variable_str(type) != 0;
    int n = class == H5T_COMPOUND ? H5Tget_nmembers(type) : class == H5T_ARRAY;
    for (int i = 0; i < n && !found; i++) {
        hid_t inner = class == H5T_ARRAY ? H5Tget_super(type) : H5Tget_member_type(type, i);
        found = has_pointers(inner);
        h5_free(&inner);
    }
    return found;
}

/* Whether the set passes through no filters but ours; HDF5 would load others from elsewhere. */
static bool filters_known(hid_t creation)
{
    int n = H5Pget_nfilters(creation);
    bool known = n >= 0;
    for (int i = 0; i < n && known; i++) {
        unsigned flags, about;
        size_t values = 0;
        H5Z_filter_t filter =
            H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL, 0, NULL, &about);
        known = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE;
    }
    return known;
}

/* Opens a set of /; *length is its number of elements. Fails where it is not laid out as ours are:
 * of one dimension, in chunks, deflated or not, of numbers and texts of fixed length; or where it
 * cannot hold that many in what is stored. */
static enum ben_status open_set(const struct results_file *file, const char *name, hid_t access,
                                hid_t *set, uint64_t *length)
{
    enum ben_status st = BEN_OK;
    hid_t space = H5_NONE, type = H5_NONE, creation = H5_NONE;
    hssize_t n;
    TRY_H5(*set = H5Dopen2(file->file, name, access));
    TRY_H5(space = H5Dget_space(*set));
    TRY_H5(type = H5Dget_type(*set));
    TRY_H5(creation = H5Dget_create_plist(*set));
    TRY_H5(n = H5Sget_simple_extent_npoints(space));
    if (H5Sget_simple_extent_ndims(space) != 1 || H5Pget_layout(creation) != H5D_CHUNKED ||
        !filters_known(creation) || has_pointers(type))
        FAIL(BEN_E_INPUT, "%s: /%s is not laid out as this program does", file->path, name);
    if ((double)n * (double)H5Tget_size(type) >
        (double)H5Dget_storage_size(*set) * MOST_INFLATION)
        FAIL(BEN_E_INPUT, "%s: /%s claims more than the file can hold; was it cut?", file->path,
             name);
    *length = (uint64_t)n;
out:
    h5_free(&creation);
    h5_free(&type);
    h5_free(&space);
    return st;
}

static enum ben_status read_rows(struct results_file *file)
{
    enum ben_status st = BEN_OK;
    struct raw_rows raw = {.set = H5_NONE, .type = H5_NONE};
    uint64_t n = 0;
    TRY(open_set(file, "scan", H5P_DEFAULT, &raw.set, &n));
    TRY_H5(raw.type = H5Dget_type(raw.set));
    if (H5Tget_class(raw.type) != H5T_COMPOUND)
        FAIL(BEN_E_INPUT, "%s: /scan is not a table", file->path);
    file->n = (long)n;
    raw.row_bytes = H5Tget_size(raw.type);
    TRY_NEW(raw.bytes = calloc((size_t)n + 1, raw.row_bytes)); /* a NUL behind the last text */
    TRY_NEW(file->rows = calloc((size_t)n + 1, sizeof *file->rows));
    TRY_H5(H5Dread(raw.set, raw.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.bytes));
    TRY(take_rows(file, &raw));
out:
    h5_free(&raw.type);
    h5_free(&raw.set);
    free(raw.bytes);
    return st;
}

/* ---- masks ---- */

static enum ben_status open_mask(struct results_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t access = H5_NONE;
    uint64_t length = 0;
    TRY_H5(access = H5Pcreate(H5P_DATASET_ACCESS));
    TRY_H5(H5Pset_chunk_cache(access, CACHE_SLOTS, CACHE_BYTES, 1));
    TRY(open_set(file, "mask", access, &file->mask, &length));
    for (long r = 0; r < file->n; r++) {
        const struct results_row *row = &file->rows[r];
        const int *d = row->dim;
        bool sane = d[0] >= 0 && d[1] >= 0 && d[2] >= 0 && row->voxels <= length &&
                    row->offset <= length - row->voxels;
        if (!sane || (double)d[0] * d[1] * d[2] != (double)row->voxels)
            FAIL(BEN_E_INPUT, "%s: row %ld of /scan does not fit /mask; was the file changed?",
                 file->path, r);
    }
out:
    h5_free(&access);
    return st;
}

enum ben_status results_read_mask(const struct results_file *file, long row, uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    hid_t there = H5_NONE, here = H5_NONE;
    const struct results_row *r = results_row(file, row);
    const hsize_t start = r->offset, count = r->voxels;
    if (count == 0)
        return BEN_OK;
    TRY_H5(there = H5Dget_space(file->mask));
    TRY_H5(H5Sselect_hyperslab(there, H5S_SELECT_SET, &start, NULL, &count, NULL));
    TRY_H5(here = H5Screate_simple(1, &count, NULL));
    TRY_H5(H5Dread(file->mask, H5T_NATIVE_UINT8, here, there, H5P_DEFAULT, mask));
out:
    h5_free(&here);
    h5_free(&there);
    return st;
}

/* ---- the file ---- */

static enum ben_status check_format(const struct results_file *file)
{
    enum ben_status st = BEN_OK;
    char magic[64];
    int64_t format;
    if (h5_get_fixed_text(file->file, "magic", magic, sizeof magic) != BEN_OK ||
        strcmp(magic, "ben-mpi cohort") != 0)
        FAIL(
            BEN_E_ARG,
            "%s: not a cohort file of this program, or one of an early version; run segment on "
            "its folder again",
            file->path);
    TRY(h5_get_integers(file->file, "format", &format, 1));
    if (format > BEN_RESULTS_FORMAT)
        FAIL(BEN_E_ARG, "%s: of a newer format (%ld) than this program knows (%d)", file->path,
             (long)format, BEN_RESULTS_FORMAT);
out:
    return st;
}

/* Opening is collective: an answer that differs between ranks would leave some waiting. */
static enum ben_status open_file(const struct comm *comm, struct results_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t access = H5_NONE;
    bool good = comm->rank > 0 || (util_is_file(file->path) && H5Fis_hdf5(file->path) > 0);
    if (!good)
        st = ben_raise(BEN_E_ARG, __FILE__, __LINE__, __func__,
                       "%s: missing, or not an HDF5 file", file->path);
    TRY(comm_agree(comm, st));
    TRY_H5(access = H5Pcreate(H5P_FILE_ACCESS));
    if (comm->size > 1)
        TRY_H5(H5Pset_fapl_mpio(access, comm->mpi, MPI_INFO_NULL));
    TRY_H5(file->file = H5Fopen(file->path, H5F_ACC_RDONLY, access));
out:
    h5_free(&access);
    return st;
}

static enum ben_status read_file(struct results_file *file)
{
    enum ben_status st = BEN_OK;
    TRY(check_format(file));
    TRY(read_rows(file));
    TRY(open_mask(file));
out:
    return st;
}

enum ben_status results_open(const struct comm *comm, const char *path,
                             struct results_file **file)
{
    enum ben_status st = BEN_OK;
    struct results_file *f = calloc(1, sizeof *f);
    *file = NULL;
    TRY(comm_agree(comm,
                   f ? BEN_OK
                     : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory")));
    f->path = path;
    f->file = f->mask = H5_NONE;
    h5_quiet();
    TRY(comm_agree(comm, open_file(comm, f)));
    TRY(comm_agree(comm, read_file(f)));
    *file = f;
    f = NULL;
out:
    results_close(&f);
    return st;
}

long results_rows(const struct results_file *file)
{
    return file->n;
}

const struct results_row *results_row(const struct results_file *file, long row)
{
    ENSURE(row >= 0 && row < file->n);
    return &file->rows[row];
}

void results_close(struct results_file **file)
{
    struct results_file *f = *file;
    if (!f)
        return;
    for (long r = 0; f->rows && r < f->n; r++)
        for (int i = 0; i < TEXT_MEMBERS; i++)
            free(*text_field(&f->rows[r], i));
    free(f->rows);
    h5_free(&f->mask);
    h5_free(&f->file);
    free(f);
    *file = NULL;
}
