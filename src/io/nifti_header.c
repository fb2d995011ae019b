/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/nifti_header.h"

#include "base/util.h"

#include <nifti1_io.h>

#include <ctype.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NIFTI2_HEADER_BYTES 540
#define MAX_OFFSET_BYTES    (1 << 30) /* more before the voxels is no extension but damage */

static const char *const endings[] = {".nii.gz", ".nii", ".hdr.gz", ".hdr", ".img.gz", ".img"};

size_t nifti_ending(const char *path)
{
    const char *name = util_basename(path);
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t k = strlen(endings[i]);
        if (n > k && strcasecmp(name + n - k, endings[i]) == 0)
            return k;
    }
    return 0;
}

/* Named .nii, with or without .gz. */
static bool is_single(const char *path)
{
    size_t ending = nifti_ending(path);
    return ending > 0 && tolower((unsigned char)path[strlen(path) - ending + 1]) == 'n';
}

/* path with the letters of its .hdr or .img ending replaced, small or capital as they were. */
static char *with_ending(const char *path, const char *word)
{
    char *copy = strdup(path);
    if (!copy)
        return NULL;
    char *letters = copy + strlen(copy) - nifti_ending(path) + 1;
    bool capital = isupper((unsigned char)letters[0]);
    for (int i = 0; i < 3; i++)
        letters[i] = (char)(capital ? toupper((unsigned char)word[i]) : word[i]);
    return copy;
}

/* Where path is not there but its .gz is (or the other way round), that one. */
static enum ben_status choose_existing(char **path)
{
    enum ben_status st = BEN_OK;
    size_t n = strlen(*path);
    if (util_is_file(*path))
        return BEN_OK;
    char *other = n > 3 && strcasecmp(*path + n - 3, ".gz") == 0 ? strndup(*path, n - 3)
                                                                 : util_format("%s.gz", *path);
    TRY_NEW(other);
    if (util_is_file(other)) {
        free(*path);
        *path = other;
        return BEN_OK;
    }
out:
    free(other);
    return st;
}

enum ben_status nifti_parts(const char *path, bool existing, char **header, char **image)
{
    enum ben_status st = BEN_OK;
    if (nifti_ending(path) == 0)
        FAIL(BEN_E_INPUT,
             "%s: not a NIfTI name; it must end with .nii, .nii.gz, .hdr or .img "
             "(convert DICOM with dcm2niix, other formats with nibabel or mri_convert)",
             path);
    bool single = is_single(path);
    TRY_NEW(*header = single ? strdup(path) : with_ending(path, "hdr"));
    TRY_NEW(*image = single ? strdup(path) : with_ending(path, "img"));
    if (!single && existing) {
        TRY(choose_existing(header));
        TRY(choose_existing(image));
    }
out:
    if (st) {
        free(*header);
        free(*image);
        *header = *image = NULL;
    }
    return st;
}

const char *nifti_type_name(int datatype, const char **reason)
{
    static const struct {
        int datatype;
        const char *name, *reason;
    } types[] = {
        {DT_UINT8, "uint8", NULL},
        {DT_INT8, "int8", NULL},
        {DT_UINT16, "uint16", NULL},
        {DT_INT16, "int16", NULL},
        {DT_UINT32, "uint32", NULL},
        {DT_INT32, "int32", NULL},
        {DT_UINT64, "uint64", NULL},
        {DT_INT64, "int64", NULL},
        {DT_FLOAT32, "float32", NULL},
        {DT_FLOAT64, "float64", NULL},
#if LDBL_MANT_DIG >= 64
        {DT_FLOAT128, "float128", NULL},
#else
        {DT_FLOAT128, NULL, "float128, which this machine cannot hold; store it as float32"},
#endif
        {DT_RGB24, NULL, "RGB colour; give the scan itself, not a picture of it"},
        {DT_RGBA32, NULL, "RGBA colour; give the scan itself, not a picture of it"},
        {DT_COMPLEX64, NULL, "complex (complex64); give the magnitude image"},
        {DT_COMPLEX128, NULL, "complex (complex128); give the magnitude image"},
        {DT_COMPLEX256, NULL, "complex (complex256); give the magnitude image"},
        {DT_BINARY, NULL, "one bit per voxel; store it as uint8"},
    };
    *reason = "no type that NIfTI-1 knows; the header is damaged";
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].datatype == datatype) {
            *reason = types[i].reason;
            return types[i].name;
        }
    return NULL;
}

/* What a file that is not NIfTI-1 is instead. */
static enum ben_status refuse_format(const char *path, const unsigned char *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    int size = 0, swapped = 0;
    if (n >= sizeof size)
        memcpy(&size, bytes, sizeof size);
    swapped = (int)__builtin_bswap32((unsigned)size);
    if (size == NIFTI2_HEADER_BYTES || swapped == NIFTI2_HEADER_BYTES)
        FAIL(BEN_E_INPUT,
             "%s: NIfTI-2, which is not read; convert it to NIfTI-1 "
             "(nifti_tool -convert2dtype, or nibabel's Nifti1Image)",
             path);
    if (n < BEN_NIFTI_HEADER_BYTES)
        FAIL(BEN_E_INPUT,
             "%s: only %zu bytes long, too short for a NIfTI header; the file is cut", path, n);
    FAIL(BEN_E_INPUT, "%s: not NIfTI-1 (the header does not begin with 348)", path);
out:
    return st;
}

/* The header in this machine's byte order. */
static enum ben_status take_header(const char *path, const unsigned char *bytes, size_t n,
                                   struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    struct nifti_1_header *h = &l->header;
    if (n < BEN_NIFTI_HEADER_BYTES)
        return refuse_format(path, bytes, n);
    memcpy(h, bytes, sizeof *h);
    l->info.swapped = (int)__builtin_bswap32((unsigned)h->sizeof_hdr) == BEN_NIFTI_HEADER_BYTES;
    if (!l->info.swapped && h->sizeof_hdr != BEN_NIFTI_HEADER_BYTES)
        return refuse_format(path, bytes, n);
    if (l->info.swapped)
        swap_nifti_header(h, 1);
    if (memcmp(h->magic, "n+1", 4) == 0)
        l->pair = false;
    else if (memcmp(h->magic, "ni1", 4) == 0)
        l->pair = true;
    else if (!is_single(path))
        FAIL(BEN_E_INPUT,
             "%s: Analyze 7.5, which does not say how the head lies; convert it to NIfTI-1",
             path);
    else
        FAIL(BEN_E_INPUT, "%s: wrong magic in the header (neither n+1 nor ni1); not NIfTI-1",
             path);
out:
    return st;
}

static enum ben_status check_dims(const char *path, struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    short *dim = l->header.dim;
    if (dim[0] < 1 || dim[0] > 7)
        FAIL(BEN_E_INPUT, "%s: %d dimensions in the header, but 1 to 7 are possible", path,
             dim[0]);
    if (dim[0] < 3)
        FAIL(BEN_E_INPUT, "%s: %d-D, but a scan is 3-D or 4-D", path, dim[0]);
    for (int i = 1; i <= dim[0]; i++)
        if (dim[i] < (i <= 3 ? 1 : 0))
            FAIL(BEN_E_INPUT, "%s: dimension %d has size %d; the header is damaged", path, i,
                 dim[i]);
    for (int i = 5; i <= dim[0]; i++)
        if (dim[i] > 1)
            FAIL(BEN_E_INPUT,
                 "%s: %d-D (size %d along dimension %d), but a scan is 3-D or 4-D; "
                 "split it first",
                 path, dim[0], dim[i], i);
    for (int i = 0; i < 3; i++)
        l->info.dim[i] = dim[i + 1];
    l->info.n_volumes = dim[0] >= 4 && dim[4] > 1 ? dim[4] : 1;
    l->volume_voxels = (size_t)dim[1] * (size_t)dim[2] * (size_t)dim[3];
    if (l->volume_voxels > INT_MAX)
        FAIL(BEN_E_INPUT, "%s: %dx%dx%d is more than 2147483647 voxels, too many for one scan",
             path, dim[1], dim[2], dim[3]);
out:
    return st;
}

static enum ben_status check_type(const char *path, struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    const struct nifti_1_header *h = &l->header;
    const char *reason;
    int bytes, swap;
    const char *name = nifti_type_name(h->datatype, &reason);
    if (!name)
        FAIL(BEN_E_INPUT, "%s: data type %d is %s", path, h->datatype, reason);
    nifti_datatype_sizes(h->datatype, &bytes, &swap);
    if (h->bitpix != 0 && h->bitpix != 8 * bytes)
        FAIL(BEN_E_INPUT,
             "%s: the header says %s but also %d bits per voxel; it contradicts itself", path,
             name, h->bitpix);
    l->voxel_bytes = (size_t)bytes;
    l->info.datatype = h->datatype;
    strncpy(l->info.type_name, name, sizeof l->info.type_name - 1);
    bool scaled = isfinite(h->scl_slope) && h->scl_slope != 0;
    if (scaled && !isfinite(h->scl_inter))
        FAIL(BEN_E_INPUT, "%s: scl_inter is not a number; the header is damaged", path);
    l->info.slope = scaled ? h->scl_slope : 1;
    l->info.intercept = scaled ? h->scl_inter : 0;
out:
    return st;
}

static enum ben_status check_offset(const char *path, struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    float offset = l->header.vox_offset;
    if (!l->pair && offset == 0)
        offset = BEN_NIFTI_SINGLE_BYTES;
    if (!(offset >= (l->pair ? 0 : BEN_NIFTI_HEADER_BYTES) && offset <= MAX_OFFSET_BYTES) ||
        offset != floorf(offset))
        FAIL(BEN_E_INPUT, "%s: vox_offset is %g, where no voxels can be; the header is damaged",
             path, (double)offset);
    l->offset_bytes = (size_t)offset;
out:
    return st;
}

static double unit_mm(int xyzt_units)
{
    switch (XYZT_TO_SPACE(xyzt_units)) {
    case NIFTI_UNITS_METER:
        return 1000;
    case NIFTI_UNITS_MICRON:
        return 0.001;
    default:
        return 1;
    }
}

/* Zero is no size. A negative pixdim is taken as its absolute value, as other tools do: the
 * direction of an axis is the affine's to say. */
static enum ben_status check_voxels(const char *path, struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < 3; i++) {
        double size = fabs((double)l->header.pixdim[i + 1]) * unit_mm(l->header.xyzt_units);
        if (!isfinite(size))
            FAIL(BEN_E_INPUT,
                 "%s: the voxel size along axis %d is not a number; "
                 "correct pixdim[%d] in the header",
                 path, i + 1, i + 1);
        if (size <= 0)
            FAIL(BEN_E_INPUT,
                 "%s: the voxel size along axis %d is zero; correct pixdim[%d] in the header",
                 path, i + 1, i + 1);
        l->info.voxel_mm[i] = size;
    }
out:
    return st;
}

static void affine_from_sform(const struct nifti_1_header *h, double affine[3][4])
{
    const float *rows[3] = {h->srow_x, h->srow_y, h->srow_z};
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            affine[r][c] = rows[r][c];
}

static void affine_from_qform(const struct nifti_1_header *h, double affine[3][4])
{
    mat44 m = nifti_quatern_to_mat44(h->quatern_b, h->quatern_c, h->quatern_d, h->qoffset_x,
                                     h->qoffset_y, h->qoffset_z, fabsf(h->pixdim[1]),
                                     fabsf(h->pixdim[2]), fabsf(h->pixdim[3]), h->pixdim[0]);
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++)
            affine[r][c] = m.m[r][c];
}

/* Columns as directions: their volume is 1 for a right angle, 0 where two coincide. */
static double column_volume(const double a[3][4])
{
    double det = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]) -
                 a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]) +
                 a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
    for (int c = 0; c < 3; c++) {
        double length = sqrt(a[0][c] * a[0][c] + a[1][c] * a[1][c] + a[2][c] * a[2][c]);
        det = length > 0 ? det / length : 0;
    }
    return fabs(det);
}

static enum ben_status check_affine(const char *path, struct nifti_layout *l)
{
    enum ben_status st = BEN_OK;
    const struct nifti_1_header *h = &l->header;
    struct nifti_info *info = &l->info;
    static const char *const words[] = {"orientation", "qform", "sform"};
    double scale = unit_mm(h->xyzt_units);
    info->space = h->sform_code > 0   ? BEN_SPACE_SFORM
                  : h->qform_code > 0 ? BEN_SPACE_QFORM
                                      : BEN_SPACE_NONE;
    if (info->space == BEN_SPACE_SFORM)
        affine_from_sform(h, info->affine);
    else if (info->space == BEN_SPACE_QFORM)
        affine_from_qform(h, info->affine);
    else
        for (int i = 0; i < 3; i++)
            info->affine[i][i] = fabs((double)h->pixdim[i + 1]);
    for (int r = 0; r < 3; r++)
        for (int c = 0; c < 4; c++) {
            info->affine[r][c] *= scale;
            if (!isfinite(info->affine[r][c]))
                FAIL(BEN_E_INPUT,
                     "%s: its %s holds a value that is not a number; correct the "
                     "header or set the code to 0",
                     path, words[info->space]);
        }
    if (column_volume(info->affine) < 1e-6)
        FAIL(BEN_E_INPUT,
             "%s: its %s maps the scan to a plane or a point; correct the header "
             "or set the code to 0",
             path, words[info->space]);
    info->qform_code = h->qform_code;
    info->sform_code = h->sform_code;
out:
    return st;
}

static void name_axes(struct nifti_info *info)
{
    static const char *const letters[3] = {"LR", "PA", "IS"};
    int world[3], sign[3];
    double straight = volume_axes(info->affine, world, sign);
    for (int c = 0; c < 3; c++)
        info->axes[c] = letters[world[c]][sign[c] > 0];
    info->oblique = straight < 1 - 1e-6;
}

enum ben_status nifti_header_check(const char *path, const unsigned char *bytes, size_t n,
                                   struct nifti_layout *layout)
{
    enum ben_status st = BEN_OK;
    *layout = (struct nifti_layout){0};
    TRY(take_header(path, bytes, n, layout));
    TRY(check_dims(path, layout));
    TRY(check_type(path, layout));
    TRY(check_offset(path, layout));
    TRY(check_voxels(path, layout));
    TRY(check_affine(path, layout));
    name_axes(&layout->info);
    memcpy(layout->info.descrip, layout->header.descrip, sizeof layout->header.descrip);
out:
    return st;
}

int nifti_volume_index(int index, int n_volumes)
{
    if (index == BEN_VOLUME_DEFAULT)
        return n_volumes < 5 ? n_volumes - 1 : 4;
    return index >= 0 && index < n_volumes ? index : -1;
}

bool nifti_same_grid(const struct nifti_info *a, const struct nifti_info *b,
                     double tolerance_mm)
{
    for (int corner = 0; corner < 8; corner++)
        for (int r = 0; r < 3; r++) {
            double x = a->affine[r][3] - b->affine[r][3];
            for (int c = 0; c < 3; c++)
                x += (corner >> c & 1) * (a->dim[c] - 1) * (a->affine[r][c] - b->affine[r][c]);
            if (!(fabs(x) <= tolerance_mm))
                return false;
        }
    return a->dim[0] == b->dim[0] && a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2];
}
