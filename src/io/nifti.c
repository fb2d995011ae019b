/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/nifti.h"

#include "base/util.h"
#include "io/gzip.h"
#include "io/nifti_header.h"

#include <nifti1_io.h>
#include <zlib.h>

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_VOXELS  16384               /* decoded at a time */
#define MOST_WHOLE    ((size_t)192 << 20) /* bytes inflated at once */
#define MAX_INFLATION 1040                /* deflate makes no more bytes of one (zlib: 1032) */

struct nifti_reader {
    char *header_path, *image_path; /* equal for a single file */
    gzFile file;                    /* reads plain files as they are */
    int fd;                         /* the file's own */
    size_t file_bytes;              /* as stored */
    struct nifti_layout layout;
    char *whole;     /* the file inflated at once; NULL: file is read instead */
    void *own_whole; /* the same where it is not in the volume's room */
    bool tried;      /* to inflate it ... */
    bool good;       /* ... and it went, to the checksum behind its end */
    size_t whole_at; /* the next of its bytes */
    void *stored;    /* CHUNK_VOXELS as in the file */
    float *values;
};

/* What one pass over a volume's voxels saw. */
struct tally {
    size_t not_finite;
    float low, high;
};

/* Opens a regular file for zlib, which tells plain from gzip by the content. */
static enum ben_status open_file(const char *path, struct nifti_reader *r)
{
    enum ben_status st = BEN_OK;
    struct stat s;
    /* without O_NONBLOCK a named pipe would hold us up */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        FAIL(BEN_E_INPUT, "%s: cannot read: %s", path, strerror(errno));
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
        FAIL(BEN_E_INPUT, "%s: not a regular file", path);
    if (s.st_size == 0)
        FAIL(BEN_E_INPUT, "%s: the file is empty", path);
    r->file_bytes = (size_t)s.st_size;
    TRY_NEW(r->file = gzdopen(fd, "rb"));
    r->fd = fd;
    fd = -1;
    gzbuffer(r->file, 1 << 17);
out:
    if (fd >= 0)
        close(fd);
    return st;
}

/* The error of a read that gave fewer bytes than were wanted. */
static enum ben_status read_failed(const char *path, gzFile file)
{
    enum ben_status st = BEN_OK;
    int code = Z_OK;
    const char *text = gzerror(file, &code);
    const char *reason = strstr(text, ": "); /* zlib puts its own name of the file in front */
    if (code == Z_ERRNO)
        FAIL(BEN_E_INPUT, "%s: cannot read: %s", path, strerror(errno));
    if (code == Z_BUF_ERROR)
        FAIL(BEN_E_INPUT, "%s: the file is cut: its gzip stream ends early; copy it again",
             path);
    if (code != Z_OK)
        FAIL(BEN_E_INPUT, "%s: damaged gzip stream (%s); copy it again", path,
             reason ? reason + 2 : text);
    FAIL(BEN_E_INPUT, "%s: the file is cut: the header promises more voxels; copy it again",
         path);
out:
    return st;
}

static enum ben_status read_header(struct nifti_reader *r)
{
    enum ben_status st = BEN_OK;
    unsigned char bytes[BEN_NIFTI_HEADER_BYTES];
    TRY(open_file(r->header_path, r));
    int n = gzread(r->file, bytes, sizeof bytes);
    int code = Z_OK;
    gzerror(r->file, &code);
    if (n < 0 || code != Z_OK)
        TRY(read_failed(r->header_path, r->file));
    TRY(nifti_header_check(r->header_path, bytes, (size_t)n, &r->layout));
    bool pair = strcmp(r->header_path, r->image_path) != 0;
    if (pair != r->layout.pair)
        FAIL(BEN_E_INPUT, "%s: the name says %s but the magic in the header says %s",
             r->header_path, pair ? ".hdr/.img" : ".nii", pair ? ".nii" : ".hdr/.img");
    if (pair) {
        gzclose(r->file);
        r->file = NULL;
        TRY(open_file(r->image_path, r));
    }
    r->layout.info.compressed = !gzdirect(r->file);
out:
    return st;
}

static size_t volume_bytes(const struct nifti_layout *l)
{
    return l->volume_voxels * l->voxel_bytes;
}

/* At most 2^30 + 2^31 * 2^15 * 2^4 bytes, so nothing overflows. */
static size_t needed_bytes(const struct nifti_layout *l)
{
    return l->offset_bytes + (size_t)l->info.n_volumes * volume_bytes(l);
}

/* As far as the size on the disk can tell. */
static enum ben_status check_length(const struct nifti_reader *r)
{
    enum ben_status st = BEN_OK;
    size_t needed = needed_bytes(&r->layout);
    bool compressed = r->layout.info.compressed;
    if (!compressed && r->file_bytes < needed)
        FAIL(BEN_E_INPUT, "%s: the file is cut: %zu bytes of %zu are there; copy it again",
             r->image_path, r->file_bytes, needed);
    if (compressed && r->file_bytes < needed / MAX_INFLATION)
        FAIL(BEN_E_INPUT,
             "%s: the file is cut: %zu bytes cannot inflate to the %zu that the header "
             "promises; copy it again",
             r->image_path, r->file_bytes, needed);
out:
    return st;
}

enum ben_status nifti_open(const char *path, struct nifti_reader **reader)
{
    enum ben_status st = BEN_OK;
    struct nifti_reader *r = NULL;
    TRY_NEW(r = calloc(1, sizeof *r));
    TRY(nifti_parts(path, true, &r->header_path, &r->image_path));
    TRY(read_header(r));
    TRY(check_length(r));
    TRY_NEW(r->stored = malloc(CHUNK_VOXELS * r->layout.voxel_bytes));
    TRY_NEW(r->values = malloc(CHUNK_VOXELS * sizeof *r->values));
    *reader = r;
    r = NULL;
out:
    nifti_close(&r);
    return st;
}

void nifti_close(struct nifti_reader **reader)
{
    struct nifti_reader *r = *reader;
    if (!r)
        return;
    if (r->file)
        gzclose(r->file);
    free(r->header_path);
    free(r->image_path);
    free(r->own_whole);
    free(r->stored);
    free(r->values);
    free(r);
    *reader = NULL;
}

const struct nifti_info *nifti_reader_info(const struct nifti_reader *reader)
{
    return &reader->layout.info;
}

void nifti_reader_geometry(const struct nifti_reader *reader, struct nifti_geometry *geometry)
{
    memcpy(geometry->header, &reader->layout.header, sizeof geometry->header);
}

/* The end of the only volume's room, where there is also place for the file itself in front: memory
 * that is touched anyway. Voxels are stored in less than a float's bytes then, and the floats, which
 * grow from the front, never pass those that are still to be read. NULL: no such place. */
static char *end_of_room(const struct nifti_reader *r, float *data)
{
    size_t room = r->layout.volume_voxels * sizeof *data, bytes = needed_bytes(&r->layout);
    bool fits = r->layout.info.n_volumes == 1 && r->file_bytes + bytes <= room;
    return data && fits ? (char *)data + room - bytes : NULL;
}

static void inflate_whole(struct nifti_reader *r, float *data)
{
    size_t bytes = needed_bytes(&r->layout);
    char *end = end_of_room(r, data);
    if (!end)
        r->own_whole = util_room(bytes);
    r->whole = end ? end : r->own_whole;
    r->good =
        r->whole && gzip_inflate(r->fd, r->file_bytes, end ? data : NULL, r->whole, bytes);
}

static void drop_whole(struct nifti_reader *r)
{
    free(r->own_whole);
    r->own_whole = r->whole = NULL;
}

/* Goes to that byte of the content. What is not too large is inflated at once the first time; where
 * that fails, zlib goes as far as it can and says what is wrong. data: as in read_voxels. */
static enum ben_status seek(struct nifti_reader *r, size_t start, float *data)
{
    bool small = needed_bytes(&r->layout) <= MOST_WHOLE;
    if (!r->tried && r->layout.info.compressed && small)
        inflate_whole(r, data);
    if (!r->good)
        drop_whole(r);
    r->tried = true;
    r->whole_at = start;
    if (!r->whole && gzseek(r->file, (z_off_t)start, SEEK_SET) != (z_off_t)start)
        return read_failed(r->image_path, r->file);
    return BEN_OK;
}

/* The next n voxels of the file, as stored, -> reader->stored. */
static enum ben_status read_chunk(struct nifti_reader *r, size_t n)
{
    size_t bytes = n * r->layout.voxel_bytes;
    errno = 0;
    if (r->whole) {
        memcpy(r->stored, r->whole + r->whole_at, bytes);
        r->whole_at += bytes;
    } else if (gzread(r->file, r->stored, (unsigned)bytes) != (int)bytes) {
        return read_failed(r->image_path, r->file);
    }
    return BEN_OK;
}

static void count_values(const float *values, size_t n, struct tally *tally)
{
    for (size_t i = 0; i < n; i++) {
        tally->not_finite += !isfinite(values[i]);
        tally->low = values[i] < tally->low ? values[i] : tally->low;
        tally->high = values[i] > tally->high ? values[i] : tally->high;
    }
}

/* As our own masks are: no number to be made of them first. */
static bool is_plain_bytes(const struct nifti_info *info)
{
    return info->datatype == DT_UINT8 && info->slope == 1 && info->intercept == 0;
}

static void take_bytes(const uint8_t *stored, size_t n, uint8_t *mask)
{
    for (size_t i = 0; i < n; i++)
        mask[i] = stored[i] > 0;
}

/* Volume index of the file -> data or mask, whichever is not NULL. */
static enum ben_status read_voxels(struct nifti_reader *r, int index, float *data,
                                   uint8_t *mask)
{
    enum ben_status st = BEN_OK;
    const struct nifti_layout *l = &r->layout;
    struct tally tally = {.low = FLT_MAX, .high = -FLT_MAX};
    size_t start = l->offset_bytes + (size_t)index * volume_bytes(l);
    TRY(seek(r, start, data));
    for (size_t at = 0; at < l->volume_voxels; at += CHUNK_VOXELS) {
        size_t left = l->volume_voxels - at;
        size_t n = left < CHUNK_VOXELS ? left : CHUNK_VOXELS;
        TRY(read_chunk(r, n));
        if (mask && is_plain_bytes(&l->info)) {
            take_bytes(r->stored, n, mask + at);
            continue;
        }
        nifti_decode(l, r->stored, n, r->values);
        count_values(r->values, n, &tally);
        if (data)
            memcpy(data + at, r->values, n * sizeof *data);
        for (size_t i = 0; mask && i < n; i++)
            mask[at + i] = r->values[i] > 0.5f;
    }
    if (l->info.n_volumes == 1)
        drop_whole(r);
    if (tally.not_finite > 0)
        FAIL(BEN_E_INPUT,
             "%s: %zu of %zu voxels are NaN or infinite; replace them (fslmaths IN -nan OUT)",
             r->image_path, tally.not_finite, l->volume_voxels);
    if (data && tally.low == tally.high)
        FAIL(BEN_E_INPUT, "%s: every voxel is %g; there is no image in it", r->image_path,
             (double)tally.low);
out:
    return st;
}

static enum ben_status find_index(const struct nifti_reader *r, int wanted, int *index)
{
    enum ben_status st = BEN_OK;
    *index = nifti_volume_index(wanted, r->layout.info.n_volumes);
    if (*index < 0)
        FAIL(BEN_E_INPUT, "%s: there is no volume %d; it holds 0 to %d", r->image_path, wanted,
             r->layout.info.n_volumes - 1);
out:
    return st;
}

enum ben_status nifti_next(struct nifti_reader *reader, int index, struct volume **volume)
{
    enum ben_status st = BEN_OK;
    const struct nifti_info *info = &reader->layout.info;
    struct volume *v = NULL;
    TRY(find_index(reader, index, &index));
    if (volume_create(info->dim, info->voxel_mm, &v) != BEN_OK)
        FAIL(BEN_E_MEMORY, "%s: no memory for its %dx%dx%d voxels", reader->image_path,
             info->dim[0], info->dim[1], info->dim[2]);
    memcpy(v->affine, info->affine, sizeof v->affine);
    v->oriented = info->space != BEN_SPACE_NONE;
    TRY(read_voxels(reader, index, v->data, NULL));
    *volume = v;
    v = NULL;
out:
    volume_free(&v);
    return st;
}

/* What lies behind the last voxel is inflated too: only then does zlib compare checksums. */
enum ben_status nifti_verify(struct nifti_reader *reader)
{
    enum ben_status st = BEN_OK;
    size_t bytes = CHUNK_VOXELS * reader->layout.voxel_bytes;
    int n, code = Z_OK;
    if (!reader->layout.info.compressed || reader->good)
        return BEN_OK;
    errno = 0;
    do
        n = gzread(reader->file, reader->stored, (unsigned)bytes);
    while (n > 0);
    gzerror(reader->file, &code);
    if (n < 0 || code != Z_OK || (size_t)gztell(reader->file) < needed_bytes(&reader->layout))
        TRY(read_failed(reader->image_path, reader->file));
out:
    return st;
}

enum ben_status nifti_inspect(const char *path, struct nifti_info *info)
{
    enum ben_status st = BEN_OK;
    struct nifti_reader *r = NULL;
    TRY(nifti_open(path, &r));
    *info = r->layout.info;
out:
    nifti_close(&r);
    return st;
}

enum ben_status nifti_read(const char *path, int index, struct volume **volume,
                           struct nifti_geometry *geometry)
{
    enum ben_status st = BEN_OK;
    struct nifti_reader *r = NULL;
    struct volume *v = NULL;
    TRY(nifti_open(path, &r));
    TRY(nifti_next(r, index, &v));
    TRY(nifti_verify(r));
    if (geometry)
        nifti_reader_geometry(r, geometry);
    *volume = v;
    v = NULL;
out:
    volume_free(&v);
    nifti_close(&r);
    return st;
}

enum ben_status nifti_read_mask(const char *path, int index, uint8_t **mask,
                                struct nifti_info *info, struct nifti_geometry *geometry)
{
    enum ben_status st = BEN_OK;
    struct nifti_reader *r = NULL;
    uint8_t *m = NULL;
    TRY(nifti_open(path, &r));
    TRY(find_index(r, index, &index));
    TRY_NEW(m = util_room(r->layout.volume_voxels));
    TRY(read_voxels(r, index, NULL, m));
    TRY(nifti_verify(r));
    if (info)
        *info = r->layout.info;
    if (geometry)
        nifti_reader_geometry(r, geometry);
    *mask = m;
    m = NULL;
out:
    free(m);
    nifti_close(&r);
    return st;
}
