/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/nifti.h"

#include "base/util.h"
#include "io/nifti_header.h"

#include <nifti1_io.h>
#include <zlib.h>

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((size_t)1 << 28) /* zlib counts in unsigned int */

struct nifti_writer {
    char *header_path, *image_path; /* equal for a single file */
    char *header_temporary, *image_temporary;
    struct nifti_1_header header;
    bool pair;
    gzFile file; /* the image's temporary */
    size_t volume_bytes;
    int left; /* volumes still to come */
};

static const struct {
    short datatype;
    short bitpix;
} types[] = {
    [BEN_NIFTI_U8] = {DT_UINT8, 8},
    [BEN_NIFTI_I16] = {DT_INT16, 16},
    [BEN_NIFTI_F32] = {DT_FLOAT32, 32},
};

/* The quaternion goes in where it can hold the affine (a rotation with or without a flip, no
 * shear); near half turns its float parts are good to a thousandth. */
static void set_qform(const mat44 *affine, struct nifti_1_header *h)
{
    mat44 a = *affine;
    float qfac;
    nifti_mat44_to_quatern(a, &h->quatern_b, &h->quatern_c, &h->quatern_d, &h->qoffset_x,
                           &h->qoffset_y, &h->qoffset_z, NULL, NULL, NULL, &qfac);
    h->pixdim[0] = qfac;
    mat44 back = nifti_quatern_to_mat44(h->quatern_b, h->quatern_c, h->quatern_d, h->qoffset_x,
                                        h->qoffset_y, h->qoffset_z, h->pixdim[1], h->pixdim[2],
                                        h->pixdim[3], qfac);
    h->qform_code = NIFTI_XFORM_SCANNER_ANAT;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 3; c++)
            if (fabsf(back.m[r][c] - a.m[r][c]) > 2e-3f * h->pixdim[c + 1])
                h->qform_code = NIFTI_XFORM_UNKNOWN;
}

void nifti_geometry_make(const struct volume *volume, struct nifti_geometry *geometry)
{
    struct nifti_1_header h = {.sizeof_hdr = BEN_NIFTI_HEADER_BYTES, .regular = 'r'};
    mat44 affine = {{{0}}};
    for (int i = 0; i < 8; i++)
        h.dim[i] = (short)(i == 0 ? 3 : i <= 3 ? volume->dim[i - 1] : 1);
    for (int i = 0; i < 8; i++)
        h.pixdim[i] = i >= 1 && i <= 3 ? (float)volume->voxel_mm[i - 1] : 1;
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            affine.m[r][c] = (float)volume->affine[r][c];
    affine.m[3][3] = 1;
    if (volume->oriented) {
        h.sform_code = NIFTI_XFORM_SCANNER_ANAT;
        memcpy(h.srow_x, affine.m[0], sizeof h.srow_x);
        memcpy(h.srow_y, affine.m[1], sizeof h.srow_y);
        memcpy(h.srow_z, affine.m[2], sizeof h.srow_z);
        set_qform(&affine, &h);
    }
    h.xyzt_units = NIFTI_UNITS_MM | NIFTI_UNITS_SEC;
    memcpy(geometry->header, &h, sizeof geometry->header);
}

void nifti_geometry_dims(const struct nifti_geometry *geometry, int dim[3])
{
    struct nifti_1_header h;
    memcpy(&h, geometry->header, sizeof h);
    for (int i = 0; i < 3; i++)
        dim[i] = h.dim[i + 1];
}

/* The source's place in space stays bit for bit; what spoke of its values goes. */
static struct nifti_1_header output_header(const struct nifti_geometry *geometry,
                                           const struct nifti_output *output, bool pair)
{
    struct nifti_1_header h;
    memcpy(&h, geometry->header, sizeof h);
    memset(h.data_type, 0, sizeof h.data_type);
    memset(h.db_name, 0, sizeof h.db_name);
    memset(h.descrip, 0, sizeof h.descrip);
    memset(h.aux_file, 0, sizeof h.aux_file);
    memset(h.intent_name, 0, sizeof h.intent_name);
    h.extents = h.glmax = h.glmin = 0;
    h.session_error = h.intent_code = 0;
    h.intent_p1 = h.intent_p2 = h.intent_p3 = 0;
    h.regular = 'r';
    h.dim[0] = output->n_volumes > 1 ? 4 : 3;
    h.dim[4] = (short)output->n_volumes;
    h.dim[5] = h.dim[6] = h.dim[7] = 1;
    h.datatype = types[output->type].datatype;
    h.bitpix = types[output->type].bitpix;
    h.scl_slope = 1;
    h.scl_inter = 0;
    h.cal_min = output->cal_min;
    h.cal_max = output->cal_max;
    h.vox_offset = pair ? 0 : BEN_NIFTI_SINGLE_BYTES;
    memcpy(h.magic, pair ? "ni1" : "n+1", 4);
    strncpy(h.descrip, output->descrip ? output->descrip : "", sizeof h.descrip - 1);
    return h;
}

static bool is_gz(const char *path)
{
    size_t n = strlen(path);
    return n > 3 && strcmp(path + n - 3, ".gz") == 0;
}

static enum ben_status write_failed(const char *path, gzFile file, const char *func)
{
    int code = Z_ERRNO, system = errno;
    const char *text = file ? gzerror(file, &code) : "";
    return ben_raise(BEN_E_IO, __FILE__, __LINE__, func, "%s: cannot write: %s", path,
                     code == Z_ERRNO ? strerror(system) : text);
}

/* T: zlib passes bytes through as they are. Masks shrink well, by runs (R) in half the time and to
 * nearly the size of what a longer search finds; floats hardly, whatever the effort:
 * level 1 took a quarter to four fifths of level 6's time for 1 to 26 % more bytes. */
static enum ben_status open_output(const char *path, const char *temporary,
                                   enum nifti_type type, gzFile *file)
{
    enum ben_status st = BEN_OK;
    *file = gzopen(temporary, !is_gz(path) ? "wbT" : type == BEN_NIFTI_U8 ? "wb6R" : "wb1");
    if (!*file)
        FAIL(BEN_E_IO, "%s: cannot write: %s", path, strerror(errno));
    gzbuffer(*file, 1 << 17);
out:
    return st;
}

static enum ben_status put_bytes(const char *path, gzFile file, const void *bytes, size_t n)
{
    for (const char *p = bytes; n > 0;) {
        size_t part = n < CHUNK_BYTES ? n : CHUNK_BYTES;
        errno = 0;
        if (gzwrite(file, p, (unsigned)part) != (int)part)
            return write_failed(path, file, __func__);
        p += part;
        n -= part;
    }
    return BEN_OK;
}

static enum ben_status put_header(const char *path, gzFile file,
                                  const struct nifti_1_header *header)
{
    unsigned char bytes[BEN_NIFTI_SINGLE_BYTES] = {0};
    memcpy(bytes, header, sizeof *header);
    return put_bytes(path, file, bytes, sizeof bytes);
}

static enum ben_status close_output(const char *path, gzFile *file)
{
    gzFile f = *file;
    *file = NULL;
    errno = 0;
    return gzclose(f) == Z_OK ? BEN_OK : write_failed(path, NULL, __func__);
}

enum ben_status nifti_create(const char *path, const struct nifti_geometry *geometry,
                             const struct nifti_output *output, struct nifti_writer **writer)
{
    enum ben_status st = BEN_OK;
    struct nifti_writer *w = NULL;
    if (nifti_ending(path) == 0)
        FAIL(BEN_E_ARG, "%s: not a NIfTI name; end it with .nii, .nii.gz or .hdr", path);
    ENSURE(output->n_volumes >= 1);
    if (output->n_volumes > INT16_MAX)
        FAIL(BEN_E_ARG, "%s: %d volumes, but NIfTI-1 holds 32767 at most", path,
             output->n_volumes);
    TRY_NEW(w = calloc(1, sizeof *w));
    TRY(nifti_parts(path, false, &w->header_path, &w->image_path));
    w->pair = strcmp(w->header_path, w->image_path) != 0;
    w->header = output_header(geometry, output, w->pair);
    w->left = output->n_volumes;
    w->volume_bytes = (size_t)w->header.dim[1] * (size_t)w->header.dim[2] *
                      (size_t)w->header.dim[3] * (size_t)(w->header.bitpix / 8);
    TRY_NEW(w->image_temporary = util_temporary(w->image_path));
    TRY_NEW(w->header_temporary = util_temporary(w->header_path));
    TRY(open_output(w->image_path, w->image_temporary, output->type, &w->file));
    if (!w->pair)
        TRY(put_header(w->image_path, w->file, &w->header));
    *writer = w;
    w = NULL;
out:
    nifti_abandon(&w);
    return st;
}

enum ben_status nifti_put(struct nifti_writer *writer, const void *data)
{
    ENSURE(writer->left > 0);
    writer->left--;
    return put_bytes(writer->image_path, writer->file, data, writer->volume_bytes);
}

/* The image is there before the header that points to it. */
enum ben_status nifti_finish(struct nifti_writer **writer)
{
    enum ben_status st = BEN_OK;
    struct nifti_writer *w = *writer;
    ENSURE(w->left == 0);
    TRY(close_output(w->image_path, &w->file));
    if (w->pair) {
        TRY(open_output(w->header_path, w->header_temporary, BEN_NIFTI_U8, &w->file));
        TRY(put_header(w->header_path, w->file, &w->header));
        TRY(close_output(w->header_path, &w->file));
    }
    TRY(util_publish(w->image_temporary, w->image_path));
    if (w->pair)
        TRY(util_publish(w->header_temporary, w->header_path));
out:
    nifti_abandon(writer);
    return st;
}

void nifti_abandon(struct nifti_writer **writer)
{
    struct nifti_writer *w = *writer;
    if (!w)
        return;
    if (w->file)
        gzclose(w->file);
    util_discard(w->image_temporary);
    util_discard(w->header_temporary);
    free(w->image_temporary);
    free(w->header_temporary);
    free(w->image_path);
    free(w->header_path);
    free(w);
    *writer = NULL;
}

static enum ben_status write_one(const char *path, const struct nifti_geometry *geometry,
                                 const struct nifti_output *output, const void *data)
{
    enum ben_status st = BEN_OK;
    struct nifti_writer *w = NULL;
    TRY(nifti_create(path, geometry, output, &w));
    TRY(nifti_put(w, data));
    TRY(nifti_finish(&w));
out:
    nifti_abandon(&w);
    return st;
}

enum ben_status nifti_write_u8(const char *path, const struct nifti_geometry *geometry,
                               const uint8_t *data, const char *descrip)
{
    struct nifti_output output = {
        .type = BEN_NIFTI_U8, .n_volumes = 1, .cal_max = 1, .descrip = descrip};
    return write_one(path, geometry, &output, data);
}

enum ben_status nifti_write_f32(const char *path, const struct nifti_geometry *geometry,
                                const float *data, const char *descrip)
{
    int dim[3];
    float low = FLT_MAX, high = -FLT_MAX;
    nifti_geometry_dims(geometry, dim);
    size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
    for (size_t i = 0; i < n; i++) {
        low = data[i] < low ? data[i] : low;
        high = data[i] > high ? data[i] : high;
    }
    struct nifti_output output = {.type = BEN_NIFTI_F32,
                                  .n_volumes = 1,
                                  .cal_min = low <= high ? low : 0,
                                  .cal_max = low <= high ? high : 0,
                                  .descrip = descrip};
    return write_one(path, geometry, &output, data);
}
