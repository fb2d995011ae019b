/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/results.h"

#include "base/log.h"
#include "base/util.h"
#include "io/h5.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Chunks are of one size whatever the ranks, and each is written once, whole, by one rank:
 * rounds of chunks, every rank a contiguous share of each. Up to ROUND / SHARE ranks the rounds
 * are the same ones, so that even the file's layout is; beyond, rounds grow with the ranks. */
#define CHUNK_BYTES ((size_t)1 << 20)
#define CHUNK_ROWS  512
#define ROUND       64
#define SHARE       16
#define SLACK_BYTES ((size_t)4 << 20) /* room for what HDF5 writes beside the data */

struct writer {
    const struct comm *comm;
    const struct results_cohort *cohort;
    const struct results_source *source;
    long n;           /* scans */
    uint64_t *offset; /* [n + 1] first voxel of each scan */
    hid_t file;
    const char *path;
    char *temporary; /* what it is called until it is whole */
};

/* One of /mask, /probability, /uncertainty. */
struct voxel_set {
    const char *name, *description;
    bool half; /* float in memory, float16 in the file; else uint8 */
    enum ben_status (*load_float)(void *context, long scan, float *voxels);
    enum ben_status (*load_byte)(void *context, long scan, uint8_t *voxels);
};

/* ---- when the disk is full ---- */

/* MPI's collective writing does not survive a write that fails on one rank: the others wait for
 * ever, and HDF5 cannot close the file. So rank 0 makes sure of the room before each step, by
 * reserving it for a moment in a file without a name (which quotas count too). */
static enum ben_status reserve(const struct writer *writer, uint64_t bytes)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    int fd = -1;
    TRY_NEW(path = util_format("%s.room", writer->temporary));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        FAIL(BEN_E_IO, "%s: the cohort file cannot be written: %s", writer->path,
             strerror(errno));
    unlink(path);
    if (fallocate(fd, 0, 0, (off_t)(bytes + SLACK_BYTES)) != 0 && errno != EOPNOTSUPP)
        FAIL(BEN_E_IO,
             "%s: the cohort file cannot be written: %s; make room for %.0f MiB and run again, "
             "what is finished stays",
             writer->path, strerror(errno), (double)(bytes + SLACK_BYTES) / 1048576.0);
out:
    if (fd >= 0)
        close(fd);
    free(path);
    return st;
}

/* Collective. */
static enum ben_status reserve_shared(const struct writer *writer, uint64_t bytes)
{
    return comm_agree(writer->comm, writer->comm->rank == 0 ? reserve(writer, bytes) : BEN_OK);
}

/* A write that failed all the same: the ranks are out of step and only the end of all helps.
 * Scans that are finished stay finished. */
static void end_if_broken(const struct writer *writer, enum ben_status status)
{
    if (status != BEN_E_HDF5)
        return;
    log_error(
        "%s: the cohort file cannot be written: %s; run again when the disk is well, what "
        "is finished stays",
        writer->path, ben_error_text());
    util_discard(writer->temporary);
    MPI_Abort(writer->comm->mpi, EXIT_FAILURE);
}

/* ---- data sets in rounds ---- */

/* A chunked one-dimensional data set that can grow, without time stamps. deflate 0: none. With
 * it length must be whole chunks: HDF5 would fill the rest of one with whatever is in memory. */
static enum ben_status create_set(const struct writer *writer, const char *name, hid_t type,
                                  uint64_t length, size_t chunk, int deflate, hid_t *set)
{
    enum ben_status st = BEN_OK;
    hid_t space = H5_NONE, options = H5_NONE;
    const hsize_t size = length, most = H5S_UNLIMITED, part = chunk;
    TRY_H5(space = H5Screate_simple(1, &size, &most));
    TRY_H5(options = H5Pcreate(H5P_DATASET_CREATE));
    TRY_H5(H5Pset_chunk(options, 1, &part));
    TRY_H5(H5Pset_obj_track_times(options, 0));
    if (deflate > 0 && H5Tget_size(type) > 1)
        TRY_H5(H5Pset_shuffle(options));
    if (deflate > 0)
        TRY_H5(H5Pset_deflate(options, (unsigned)deflate));
    TRY_H5(*set =
               H5Dcreate2(writer->file, name, type, space, H5P_DEFAULT, options, H5P_DEFAULT));
out:
    h5_free(&options);
    h5_free(&space);
    return st;
}

/* Elements [first, first + count) from data, which count 0 leaves untouched. Collective. */
static enum ben_status write_part(hid_t set, hid_t type, uint64_t first, size_t count,
                                  const void *data)
{
    enum ben_status st = BEN_OK;
    hid_t there = H5_NONE, here = H5_NONE, transfer = H5_NONE;
    const hsize_t start = first, size = count;
    const char nothing = 0;
    TRY_H5(there = H5Dget_space(set));
    TRY_H5(here = H5Screate_simple(1, &size, NULL));
    if (count > 0)
        TRY_H5(H5Sselect_hyperslab(there, H5S_SELECT_SET, &start, NULL, &size, NULL));
    else
        TRY_H5(H5Sselect_none(there));
    if (count == 0)
        TRY_H5(H5Sselect_none(here));
    TRY_H5(transfer = H5Pcreate(H5P_DATASET_XFER));
    TRY_H5(H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE));
    TRY_H5(H5Dwrite(set, type, here, there, transfer, count > 0 ? data : &nothing));
out:
    h5_free(&transfer);
    h5_free(&here);
    h5_free(&there);
    return st;
}

/* Fills elements [first, first + count) of a data set into data. */
struct filler {
    enum ben_status (*fill)(void *context, uint64_t first, size_t count, void *data);
    void *context;
    size_t width; /* bytes of an element */
};

/* All length elements of the set, round after round. Collective; the ranks agree before each
 * collective write, so that one that fails takes all with it. */
static enum ben_status write_rounds(const struct writer *writer, hid_t set, hid_t type,
                                    uint64_t length, size_t chunk, const struct filler *filler)
{
    enum ben_status st = BEN_OK;
    const struct comm *comm = writer->comm;
    long per_round = (long)comm->size * SHARE > ROUND ? (long)comm->size * SHARE : ROUND;
    long chunks = (long)((length + chunk - 1) / chunk), most, unused;
    comm_share(chunks < per_round ? chunks : per_round, 0, comm->size, &unused, &most);
    void *data = util_room((size_t)most * chunk * filler->width + 1);
    TRY(comm_agree(
        comm, data ? BEN_OK
                   : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory")));
    for (long begin = 0; begin < chunks; begin += per_round) {
        long in_round = chunks - begin < per_round ? chunks - begin : per_round, mine, n_mine;
        comm_share(in_round, comm->rank, comm->size, &mine, &n_mine);
        uint64_t first = (uint64_t)(begin + mine) * chunk, count = (uint64_t)n_mine * chunk;
        if (n_mine > 0 && first + count > length)
            count = length - first;
        TRY(comm_agree(comm,
                       count ? filler->fill(filler->context, first, count, data) : BEN_OK));
        TRY(reserve_shared(writer, (uint64_t)in_round * chunk * filler->width));
        st = write_part(set, type, first, count, data);
        end_if_broken(writer, st);
        TRY(comm_agree(comm, st));
    }
out:
    free(data);
    return st;
}

/* ---- voxels ---- */

struct voxel_filler {
    const struct writer *writer;
    const struct voxel_set *set;
    size_t width; /* bytes of a voxel in the file */
    long scan;    /* whose voxels are loaded; -1: none */
    void *voxels; /* of the largest scan */
};

static enum ben_status load_scan(struct voxel_filler *filler, long scan)
{
    enum ben_status st = BEN_OK;
    const struct voxel_set *set = filler->set;
    void *context = filler->writer->source->context;
    if (filler->scan == scan)
        return BEN_OK;
    filler->scan = -1;
    TRY(set->half ? set->load_float(context, scan, filler->voxels)
                  : set->load_byte(context, scan, filler->voxels));
    filler->scan = scan;
out:
    return st;
}

/* The scan that holds that voxel. */
static long scan_at(const struct writer *writer, uint64_t voxel)
{
    long low = 0, high = writer->n; /* offset[low] <= voxel < offset[high] */
    while (high - low > 1) {
        long middle = low + (high - low) / 2;
        if (writer->offset[middle] <= voxel)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static enum ben_status fill_voxels(void *context, uint64_t first, size_t count, void *data)
{
    enum ben_status st = BEN_OK;
    struct voxel_filler *filler = context;
    const struct writer *writer = filler->writer;
    uint64_t all = writer->offset[writer->n], end = first + count < all ? first + count : all;
    memset(data, 0, count * filler->width); /* behind the last scan */
    for (uint64_t at = first; at < end;) {
        long scan = scan_at(writer, at);
        uint64_t begin = writer->offset[scan], stop = writer->offset[scan + 1];
        size_t n = (size_t)((stop < end ? stop : end) - at);
        TRY(load_scan(filler, scan));
        if (filler->set->half)
            h5_to_half((const float *)filler->voxels + (at - begin), n,
                       (uint16_t *)data + (at - first));
        else
            memcpy((uint8_t *)data + (at - first), (uint8_t *)filler->voxels + (at - begin), n);
        at += n;
    }
out:
    return st;
}

static uint64_t largest_scan(const struct writer *writer)
{
    uint64_t most = 0;
    for (long s = 0; s < writer->n; s++)
        if (writer->offset[s + 1] - writer->offset[s] > most)
            most = writer->offset[s + 1] - writer->offset[s];
    return most;
}

static enum ben_status write_voxels(const struct writer *writer, const struct voxel_set *about)
{
    enum ben_status st = BEN_OK;
    hid_t set = H5_NONE, type = H5_NONE;
    const size_t width = about->half ? 2 : 1, chunk = CHUNK_BYTES / width;
    const uint64_t length = (writer->offset[writer->n] + chunk - 1) / chunk * chunk;
    struct voxel_filler voxels = {writer, about, width, -1, NULL};
    const struct filler filler = {fill_voxels, &voxels, width};
    voxels.voxels = util_room(largest_scan(writer) * (about->half ? sizeof(float) : 1) + 1);
    TRY(comm_agree(writer->comm, voxels.voxels ? BEN_OK
                                               : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__,
                                                           __func__, "out of memory")));
    if (about->half)
        TRY(h5_half_type(&type));
    else
        TRY_H5(type = H5Tcopy(H5T_NATIVE_UINT8));
    TRY(create_set(writer, about->name, type, length, chunk, writer->cohort->deflate, &set));
    TRY(h5_set_fixed_text(set, "description", about->description));
    TRY(write_rounds(writer, set, type, length, chunk, &filler));
out:
    h5_free(&set);
    h5_free(&type);
    free(voxels.voxels);
    return st;
}

/* ---- the table of scans ---- */

/* What every row ends with, behind the table's own columns. */
struct row_end {
    int32_t dim[3];
    double voxel_mm[3];
    double affine[3][4];
    uint64_t offset, voxels;
};

struct row_filler {
    const struct writer *writer;
    size_t *width; /* [columns] bytes of each column in a row */
    size_t end;    /* where struct row_end begins; row: bytes of all */
    size_t row;
};

static size_t column_width(const struct table *table, int column, enum table_type type)
{
    size_t most = 1;
    if (type != BEN_TABLE_TEXT)
        return 8;
    for (long row = 0; row < table_rows(table); row++) {
        size_t n = strlen(table_cell(table, row, column)) + 1;
        most = n > most ? n : most;
    }
    return most;
}

static enum ben_status plan_row(struct row_filler *rows)
{
    enum ben_status st = BEN_OK;
    const struct table_column *columns;
    const struct table *table = rows->writer->cohort->table;
    int n = table_columns(table, &columns);
    TRY_NEW(rows->width = calloc((size_t)n, sizeof *rows->width));
    for (int c = 0; c < n; c++) {
        rows->width[c] = column_width(table, c, columns[c].type);
        rows->end += rows->width[c];
    }
    rows->row = rows->end + sizeof(struct row_end);
out:
    return st;
}

/* One cell as it stands in a row: text ended and padded by NUL, int64 with -1 or double with NaN where
 * it is missing. */
static void fill_cell(const struct table *table, long row, int column, enum table_type type,
                      size_t width, char *to)
{
    double real = NAN;
    const char *text = table_cell(table, row, column);
    bool there = table_number(table, row, column, &real);
    if (type == BEN_TABLE_TEXT) {
        memset(to, 0, width);
        memcpy(to, text, strlen(text));
    } else if (type == BEN_TABLE_REAL) {
        memcpy(to, &real, sizeof real);
    } else {
        int64_t integer = there ? strtoll(text, NULL, 10) : -1;
        memcpy(to, &integer, sizeof integer);
    }
}

static void fill_end(const struct writer *writer, long row, char *to)
{
    const struct results_scan *scan = &writer->cohort->scans[row];
    struct row_end end;
    memset(&end, 0, sizeof end); /* its padding goes to the file too */
    for (int d = 0; d < 3; d++)
        end.dim[d] = scan->dim[d];
    memcpy(end.voxel_mm, scan->voxel_mm, sizeof end.voxel_mm);
    memcpy(end.affine, scan->affine, sizeof end.affine);
    end.offset = writer->offset[row];
    end.voxels = writer->offset[row + 1] - end.offset;
    memcpy(to, &end, sizeof end);
}

static enum ben_status fill_rows(void *context, uint64_t first, size_t count, void *data)
{
    const struct row_filler *rows = context;
    const struct table *table = rows->writer->cohort->table;
    const struct table_column *columns;
    int n = table_columns(table, &columns);
    for (size_t i = 0; i < count; i++) {
        char *to = (char *)data + i * rows->row;
        long row = (long)(first + i);
        for (int c = 0; c < n; to += rows->width[c++])
            fill_cell(table, row, c, columns[c].type, rows->width[c], to);
        fill_end(rows->writer, row, to);
    }
    return BEN_OK;
}

static enum ben_status insert_text(hid_t row, const char *name, size_t at, size_t width)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE;
    TRY(h5_fixed_type(width, &type));
    TRY_H5(H5Tinsert(row, name, at, type));
out:
    h5_free(&type);
    return st;
}

static enum ben_status insert_array(hid_t row, const char *name, size_t at, hid_t of, int rank,
                                    const hsize_t *shape)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE;
    TRY_H5(type = H5Tarray_create2(of, (unsigned)rank, shape));
    TRY_H5(H5Tinsert(row, name, at, type));
out:
    h5_free(&type);
    return st;
}

static enum ben_status insert_end(hid_t row, size_t at)
{
    enum ben_status st = BEN_OK;
    const hsize_t shape[2] = {3, 4};
#define AT(member) (at + offsetof(struct row_end, member))
    TRY(insert_array(row, "dim", AT(dim), H5T_NATIVE_INT32, 1, shape));
    TRY(insert_array(row, "voxel_mm", AT(voxel_mm), H5T_NATIVE_DOUBLE, 1, shape));
    TRY(insert_array(row, "affine", AT(affine), H5T_NATIVE_DOUBLE, 2, shape));
    TRY_H5(H5Tinsert(row, "offset", AT(offset), H5T_NATIVE_UINT64));
    TRY_H5(H5Tinsert(row, "voxels", AT(voxels), H5T_NATIVE_UINT64));
#undef AT
out:
    return st;
}

static enum ben_status row_type(const struct row_filler *rows, hid_t *type)
{
    enum ben_status st = BEN_OK;
    const struct table_column *columns;
    int n = table_columns(rows->writer->cohort->table, &columns);
    size_t at = 0;
    TRY_H5(*type = H5Tcreate(H5T_COMPOUND, rows->row));
    for (int c = 0; c < n; at += rows->width[c++]) {
        if (columns[c].type == BEN_TABLE_TEXT)
            TRY(insert_text(*type, columns[c].name, at, rows->width[c]));
        else
            TRY_H5(H5Tinsert(*type, columns[c].name, at,
                             columns[c].type == BEN_TABLE_REAL ? H5T_NATIVE_DOUBLE
                                                               : H5T_NATIVE_INT64));
    }
    TRY(insert_end(*type, at));
out:
    return st;
}

static enum ben_status write_scans(const struct writer *writer)
{
    enum ben_status st = BEN_OK;
    hid_t set = H5_NONE, type = H5_NONE;
    struct row_filler rows = {.writer = writer};
    TRY(comm_agree(writer->comm, plan_row(&rows)));
    const struct filler filler = {fill_rows, &rows, rows.row};
    TRY(row_type(&rows, &type));
    TRY(create_set(writer, "scan", type, (uint64_t)writer->n, CHUNK_ROWS, 0, &set));
    TRY(h5_set_fixed_text(set, "missing", "texts n/a, integers -1, reals NaN"));
    TRY(write_rounds(writer, set, type, (uint64_t)writer->n, CHUNK_ROWS, &filler));
out:
    h5_free(&set);
    h5_free(&type);
    free(rows.width);
    return st;
}

/* ---- the file ---- */

/* A text that an attribute has no room for: a data set of one element. Rank 0 writes. */
static enum ben_status write_long_text(const struct writer *writer, const char *name,
                                       const char *text)
{
    enum ben_status st = BEN_OK;
    const size_t n = strlen(text) + 1;
    hid_t type = H5_NONE, set = H5_NONE;
    TRY(reserve_shared(writer, n));
    TRY(h5_fixed_type(n, &type));
    TRY(create_set(writer, name, type, 1, 1, 0, &set));
    TRY(write_part(set, type, 0, writer->comm->rank == 0, text));
out:
    h5_free(&set);
    h5_free(&type);
    return st;
}

static enum ben_status write_text(const struct writer *writer,
                                  const struct results_attribute *attribute)
{
    if (strlen(attribute->text) >= H5_MOST_TEXT)
        return write_long_text(writer, attribute->name, attribute->text);
    return h5_set_fixed_text(writer->file, attribute->name, attribute->text);
}

static enum ben_status write_attributes(const struct writer *writer)
{
    enum ben_status st = BEN_OK;
    const struct results_cohort *cohort = writer->cohort;
    const int64_t format = BEN_RESULTS_FORMAT;
    TRY(h5_set_fixed_text(writer->file, "magic", "ben-mpi cohort"));
    TRY(h5_set_integers(writer->file, "format", &format, 1));
    for (int i = 0; i < cohort->n_attributes; i++)
        TRY(write_text(writer, &cohort->attributes[i]));
out:
    return st;
}

static enum ben_status write_content(const struct writer *writer)
{
    enum ben_status st = BEN_OK;
    const struct results_source *source = writer->source;
    const struct voxel_set sets[] = {
        {"mask", "1 inside the brain; scan s is [offset, offset + voxels) of /scan[s]", false,
         NULL, source->mask},
        {"probability", "of brain, before the mask was cut; laid out as /mask", true,
         source->probability, NULL},
        {"uncertainty", "variance of the probability; laid out as /mask", true,
         source->uncertainty, NULL},
    };
    TRY(write_attributes(writer));
    TRY(write_scans(writer));
    for (int i = 0; i < 3; i++)
        if (sets[i].load_byte || sets[i].load_float)
            TRY(write_voxels(writer, &sets[i]));
    TRY_H5(H5Fflush(writer->file, H5F_SCOPE_GLOBAL)); /* MPI_File_sync on every rank */
out:
    return st;
}

/* Collective; where the place is impossible it is so for all ranks. */
static enum ben_status open_file(struct writer *writer)
{
    enum ben_status st = BEN_OK;
    hid_t access = H5_NONE;
    h5_quiet();
    TRY_H5(access = H5Pcreate(H5P_FILE_ACCESS));
    TRY_H5(H5Pset_fapl_mpio(access, writer->comm->mpi, MPI_INFO_NULL));
    TRY_H5(H5Pset_all_coll_metadata_ops(access, 1));
    TRY_H5(H5Pset_coll_metadata_write(access, 1));
    writer->file = H5Fcreate(writer->temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (writer->file < 0) {
        H5Eclear2(H5E_DEFAULT);
        FAIL(BEN_E_IO,
             "%s: the cohort file cannot be created; is the folder there, writable, and on a "
             "file system that takes parallel writing?",
             writer->path);
    }
out:
    h5_free(&access);
    return st;
}

static enum ben_status close_file(struct writer *writer)
{
    enum ben_status st = BEN_OK;
    hid_t file = writer->file;
    writer->file = H5_NONE;
    TRY_H5(H5Fclose(file));
out:
    return st;
}

static enum ben_status plan_offsets(struct writer *writer)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(writer->offset = calloc((size_t)writer->n + 1, sizeof *writer->offset));
    for (long s = 0; s < writer->n; s++) {
        const int *dim = writer->cohort->scans[s].dim;
        writer->offset[s + 1] =
            writer->offset[s] + (uint64_t)dim[0] * (uint64_t)dim[1] * (uint64_t)dim[2];
    }
out:
    return st;
}

/* The name that all ranks write under, chosen by rank 0. Collective. */
static enum ben_status choose_temporary(const struct comm *comm, const char *path, char **name)
{
    enum ben_status st = BEN_OK;
    size_t n = 0;
    if (comm->rank == 0) {
        *name = util_temporary(path);
        n = *name ? strlen(*name) : 0;
    }
    TRY(comm_agree(comm, comm->rank == 0 && !*name ? ben_raise(BEN_E_MEMORY, __FILE__, __LINE__,
                                                               __func__, "out of memory")
                                                   : BEN_OK));
    TRY(comm_broadcast_block(comm, name, &n, 0));
out:
    return st;
}

/* The open file filled and closed. Collective. */
static enum ben_status fill_file(struct writer *writer)
{
    enum ben_status st = BEN_OK;
    TRY(reserve_shared(writer, 0));
    st = write_content(writer);
    end_if_broken(writer, st);
    TRY(comm_agree(writer->comm, st));
    st = close_file(writer);
    end_if_broken(writer, st);
out:
    return st;
}

enum ben_status results_write(const struct comm *comm, const char *path,
                              const struct results_cohort *cohort,
                              const struct results_source *source)
{
    enum ben_status st = BEN_OK;
    struct writer writer = {comm, cohort,  source, table_rows(cohort->table),
                            NULL, H5_NONE, path,   NULL};
    TRY(comm_agree(comm, plan_offsets(&writer)));
    TRY(choose_temporary(comm, path, &writer.temporary));
    TRY(comm_agree(comm, open_file(&writer)));
    TRY(fill_file(&writer));
    TRY(comm_agree(comm, comm->rank == 0 ? util_publish(writer.temporary, path) : BEN_OK));
out:
    h5_free(&writer.file);
    if (st && comm->rank == 0)
        util_discard(writer.temporary);
    free(writer.temporary);
    free(writer.offset);
    return st;
}
