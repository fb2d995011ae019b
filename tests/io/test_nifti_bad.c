/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that must be refused, each with the file and the reason in the text. */
#include "io/nifti.h"

#include "base/random.h"
#include "base/util.h"
#include "raw_nifti.h"

#include <unistd.h>

static const int dim[3] = {5, 4, 3};
enum { VOXELS = 60 };

static void with_dims_zero(struct nifti_1_header *h)
{
    h->dim[2] = 0;
}

static void with_dims_negative(struct nifti_1_header *h)
{
    h->dim[1] = -5;
}

static void with_dim0_zero(struct nifti_1_header *h)
{
    h->dim[0] = 0;
}

static void with_dim0_large(struct nifti_1_header *h)
{
    h->dim[0] = 8;
}

static void with_2d(struct nifti_1_header *h)
{
    h->dim[0] = 2;
}

static void with_5d(struct nifti_1_header *h)
{
    h->dim[0] = 5;
    h->dim[5] = 3;
}

static void with_huge(struct nifti_1_header *h)
{
    h->dim[1] = h->dim[2] = h->dim[3] = 32767;
}

static void with_too_long(struct nifti_1_header *h)
{
    h->dim[3] = 30;
}

static void with_rgb(struct nifti_1_header *h)
{
    h->datatype = DT_RGB24;
}

static void with_complex(struct nifti_1_header *h)
{
    h->datatype = DT_COMPLEX64;
}

static void with_binary(struct nifti_1_header *h)
{
    h->datatype = DT_BINARY;
}

static void with_type(struct nifti_1_header *h)
{
    h->datatype = 77;
}

static void with_bitpix(struct nifti_1_header *h)
{
    h->bitpix = 8;
}

static void with_offset_small(struct nifti_1_header *h)
{
    h->vox_offset = 100;
}

static void with_offset_negative(struct nifti_1_header *h)
{
    h->vox_offset = -352;
}

static void with_offset_nan(struct nifti_1_header *h)
{
    h->vox_offset = NAN;
}

static void with_offset_large(struct nifti_1_header *h)
{
    h->vox_offset = 1e20f;
}

static void with_offset_fraction(struct nifti_1_header *h)
{
    h->vox_offset = 352.5f;
}

static void with_size_zero(struct nifti_1_header *h)
{
    h->pixdim[2] = 0;
}

static void with_size_nan(struct nifti_1_header *h)
{
    h->pixdim[3] = NAN;
}

static void with_size_infinite(struct nifti_1_header *h)
{
    h->pixdim[1] = INFINITY;
}

static void with_sform_nan(struct nifti_1_header *h)
{
    h->srow_y[3] = NAN;
}

static void with_sform_flat(struct nifti_1_header *h)
{
    memcpy(h->srow_z, h->srow_y, sizeof h->srow_z);
}

static void with_sform_zero(struct nifti_1_header *h)
{
    memset(h->srow_x, 0, sizeof h->srow_x);
}

static void with_qform_nan(struct nifti_1_header *h)
{
    h->sform_code = 0;
    h->quatern_b = NAN;
}

static void with_intercept(struct nifti_1_header *h)
{
    h->scl_slope = 1;
    h->scl_inter = NAN;
}

static void with_magic(struct nifti_1_header *h)
{
    memcpy(h->magic, "abc", 4);
}

static void with_pair(struct nifti_1_header *h)
{
    memcpy(h->magic, "ni1", 4);
}

static void with_length(struct nifti_1_header *h)
{
    h->sizeof_hdr = 349;
}

static void with_nifti2(struct nifti_1_header *h)
{
    h->sizeof_hdr = 540;
}

static const struct {
    const char *name;
    void (*damage)(struct nifti_1_header *h);
    const char *reason;
} headers[] = {
    {"a dimension of zero", with_dims_zero, "dimension 2 has size 0"},
    {"a negative dimension", with_dims_negative, "dimension 1 has size -5"},
    {"no dimensions", with_dim0_zero, "0 dimensions"},
    {"eight dimensions", with_dim0_large, "8 dimensions"},
    {"2-D", with_2d, "2-D"},
    {"5-D", with_5d, "5-D"},
    {"more voxels than fit", with_huge, "too many"},
    {"fewer voxels than promised", with_too_long, "cut"},
    {"colour", with_rgb, "RGB"},
    {"complex", with_complex, "complex"},
    {"one bit", with_binary, "one bit"},
    {"unknown type", with_type, "data type 77"},
    {"type against bitpix", with_bitpix, "contradicts"},
    {"voxels inside the header", with_offset_small, "vox_offset is 100"},
    {"negative offset", with_offset_negative, "vox_offset is -352"},
    {"offset not a number", with_offset_nan, "vox_offset is nan"},
    {"offset beyond all files", with_offset_large, "vox_offset is 1e+20"},
    {"offset between bytes", with_offset_fraction, "vox_offset is 352.5"},
    {"voxel size zero", with_size_zero, "axis 2 is zero"},
    {"voxel size not a number", with_size_nan, "axis 3 is not a number"},
    {"voxel size infinite", with_size_infinite, "axis 1 is not a number"},
    {"sform not a number", with_sform_nan, "sform holds"},
    {"sform a plane", with_sform_flat, "to a plane"},
    {"sform of zeros", with_sform_zero, "to a plane"},
    {"qform not a number", with_qform_nan, "qform holds"},
    {"intercept not a number", with_intercept, "scl_inter"},
    {"wrong magic", with_magic, "magic"},
    {"magic of a pair", with_pair, "the name says .nii"},
    {"wrong header length", with_length, "not NIfTI-1"},
    {"NIfTI-2", with_nifti2, "NIfTI-2"},
};

/* Reading must fail as bad input, naming the file and the reason, with nothing given back. */
static void check_refused(const char *path, const char *reason)
{
    struct volume *v = NULL;
    enum ben_status st = nifti_read(path, BEN_VOLUME_DEFAULT, &v, NULL);
    CU_ASSERT_EQUAL(st, BEN_E_INPUT);
    CU_ASSERT_PTR_NULL(v);
    const char *text = st ? ben_error_text() : "";
    bool named = strstr(text, util_basename(path)) && strstr(text, reason);
    if (!named)
        fprintf(stderr, "%s: wanted \"%s\" in \"%s\"\n", path, reason, text);
    CU_ASSERT_TRUE(named);
    volume_free(&v);
}

static unsigned char *good_file(size_t *total)
{
    struct nifti_1_header h = raw_header(dim, DT_INT16);
    int16_t voxels[VOXELS];
    for (int i = 0; i < VOXELS; i++)
        voxels[i] = (int16_t)(i * 91);
    return raw_join(&h, voxels, sizeof voxels, false, total);
}

/* Each damage in both byte orders, plain and gzip. */
static void test_headers(void)
{
    char folder[256], path[300];
    int16_t voxels[VOXELS] = {1};
    check_folder_create(folder);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        for (int form = 0; form < 4; form++) {
            size_t total;
            struct nifti_1_header h = raw_header(dim, DT_INT16);
            unsigned char *bytes = raw_join(&h, voxels, sizeof voxels, false, &total);
            headers[i].damage(&h);
            if (form & 1)
                swap_nifti_header(&h, 1);
            memcpy(bytes, &h, sizeof h);
            snprintf(path, sizeof path, "%s/bad%zu.nii%s", folder, i, form & 2 ? ".gz" : "");
            raw_bytes(path, bytes, total);
            check_refused(path, headers[i].reason);
            free(bytes);
        }
    check_folder_remove(folder);
}

static void test_analyze(void)
{
    char folder[256], path[300];
    struct nifti_1_header h = raw_header(dim, DT_INT16);
    int16_t voxels[VOXELS] = {1};
    check_folder_create(folder);
    memset(h.magic, 0, sizeof h.magic);
    h.vox_offset = 0;
    snprintf(path, sizeof path, "%s/a.img", folder);
    raw_bytes(path, voxels, sizeof voxels);
    snprintf(path, sizeof path, "%s/a.hdr", folder);
    raw_write(path, &h, NULL, 0, false);
    check_refused(path, "Analyze 7.5");
    check_folder_remove(folder);
}

static void test_pairs(void)
{
    char folder[256], path[300], image[300];
    struct nifti_1_header h = raw_header(dim, DT_INT16);
    int16_t voxels[VOXELS] = {1};
    check_folder_create(folder);
    memcpy(h.magic, "ni1", 4);
    h.vox_offset = 0;
    snprintf(image, sizeof image, "%s/a.img", folder);
    snprintf(path, sizeof path, "%s/a.hdr", folder);
    raw_bytes(image, voxels, sizeof voxels);
    struct volume *v = NULL;
    CU_ASSERT_EQUAL(nifti_read(image, 0, &v, NULL), BEN_E_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "a.hdr: cannot read: No such file"));
    raw_write(path, &h, NULL, 0, false);
    CHECK_OK(nifti_read(image, 0, &v, NULL));
    volume_free(&v);
    raw_bytes(image, voxels, sizeof voxels - 1);
    CU_ASSERT_EQUAL(nifti_read(path, 0, &v, NULL), BEN_E_INPUT);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(ben_error_text(), "a.img: the file is cut: 119 bytes of 120"));
    unlink(image);
    CU_ASSERT_EQUAL(nifti_read(path, 0, &v, NULL), BEN_E_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "a.img: cannot read: No such file"));
    memcpy(h.magic, "n+1", 4);
    raw_bytes(image, voxels, sizeof voxels);
    raw_write(path, &h, NULL, 0, false);
    check_refused(path, "the name says .hdr/.img");
    check_folder_remove(folder);
}

/* A plain file cut after any number of bytes. */
static void test_cut_plain(void)
{
    char folder[256], path[300];
    size_t total;
    unsigned char *bytes = good_file(&total);
    struct volume *v = NULL;
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/cut.nii", folder);
    for (size_t n = 0; n < total; n += 1 + n / 16) {
        raw_bytes(path, bytes, n);
        check_refused(path, n == 0 ? "empty" : n < 348 ? "cut" : "the file is cut");
    }
    raw_bytes(path, bytes, total);
    CHECK_OK(nifti_read(path, 0, &v, NULL));
    volume_free(&v);
    free(bytes);
    check_folder_remove(folder);
}

static void gz_file(const char *path, char **gz, size_t *n)
{
    size_t total;
    unsigned char *bytes = good_file(&total);
    raw_bytes(path, bytes, total);
    CHECK_OK(util_read_file(path, 1 << 20, gz, n));
    free(bytes);
}

/* A gzip file cut after any number of bytes: the last ones are checksum and length. */
static void test_cut_gzip(void)
{
    char folder[256], path[300], *gz = NULL;
    size_t n;
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/cut.nii.gz", folder);
    gz_file(path, &gz, &n);
    for (size_t k = 1; k < n; k++) {
        raw_plain(path, gz, k);
        check_refused(path, k < 2 ? "too short" : "cut");
    }
    free(gz);
    check_folder_remove(folder);
}

/* A wrong bit anywhere is refused, or changes no voxel (in unused bytes of the gzip header, or
 * where another code means the same bytes). */
static void test_flipped_gzip(void)
{
    char folder[256], path[300], *gz = NULL;
    size_t n, refused = 0;
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/bit.nii.gz", folder);
    gz_file(path, &gz, &n);
    for (size_t k = 0; k < n; k++) {
        struct volume *v = NULL;
        gz[k] = (char)(gz[k] ^ 1 << k % 8);
        raw_plain(path, gz, n);
        gz[k] = (char)(gz[k] ^ 1 << k % 8);
        enum ben_status st = nifti_read(path, 0, &v, NULL);
        CU_ASSERT_TRUE(st == BEN_OK || st == BEN_E_INPUT);
        for (int i = 0; v && i < VOXELS; i++)
            CU_ASSERT_EQUAL(v->data[i], i * 91);
        refused += st == BEN_E_INPUT;
        volume_free(&v);
    }
    CU_ASSERT_TRUE(refused + 12 > n);
    free(gz);
    check_folder_remove(folder);
}

/* The header promises 10 GB that the file cannot hold; nothing of that size may be asked for. */
static void test_small_gzip_large_promise(void)
{
    char folder[256], path[300];
    struct nifti_1_header h = raw_header((const int[]){2000, 1000, 1000}, DT_FLOAT32);
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/promise.nii.gz", folder);
    raw_write(path, &h, NULL, 0, false);
    check_refused(path, "cannot inflate");
    check_folder_remove(folder);
}

static void test_values(void)
{
    char folder[256], path[300];
    struct nifti_1_header h = raw_header(dim, DT_FLOAT32);
    float voxels[VOXELS];
    uint8_t *mask = NULL;
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/values.nii", folder);
    for (int i = 0; i < VOXELS; i++)
        voxels[i] = 3.5f;
    raw_write(path, &h, voxels, sizeof voxels, false);
    check_refused(path, "every voxel is 3.5");
    voxels[3] = NAN;
    voxels[59] = -INFINITY;
    raw_write(path, &h, voxels, sizeof voxels, false);
    check_refused(path, "2 of 60 voxels are NaN or infinite");
    CU_ASSERT_EQUAL(nifti_read_mask(path, 0, &mask, NULL, NULL), BEN_E_INPUT);
    CU_ASSERT_PTR_NULL(mask);
    check_folder_remove(folder);
}

static void test_names(void)
{
    char folder[256], path[300];
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/none.nii.gz", folder);
    check_refused(path, "No such file");
    snprintf(path, sizeof path, "%s/scan.mgz", folder);
    check_refused(path, "not a NIfTI name");
    snprintf(path, sizeof path, "%s/folder.nii", folder);
    CHECK_OK(util_make_dirs(path));
    check_refused(path, "not a regular file");
    snprintf(path, sizeof path, "%s/pipe.nii", folder);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    check_refused(path, "not a regular file");
    snprintf(path, sizeof path, "%s/text.nii", folder);
    char text[400];
    memset(text, 'x', sizeof text);
    raw_plain(path, text, sizeof text);
    check_refused(path, "not NIfTI-1");
    check_folder_remove(folder);
}

/* Random bytes in a good header: whatever is read without error must be sound. */
static void test_random_headers(void)
{
    char folder[256], path[300];
    size_t total;
    unsigned char *bytes = good_file(&total);
    struct random_stream random = random_open(5, BEN_RANDOM_TEST, 0, 0);
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/random.nii", folder);
    for (uint32_t i = 0; i < 2000; i++) {
        struct volume *v = NULL;
        size_t at = random_u32(&random, 2 * i) % 348;
        unsigned char was = bytes[at];
        bytes[at] = (unsigned char)random_u32(&random, 2 * i + 1);
        raw_bytes(path, bytes, total);
        bytes[at] = was;
        if (nifti_read(path, BEN_VOLUME_DEFAULT, &v, NULL) != BEN_OK)
            continue;
        CU_ASSERT_TRUE(352 + volume_voxels(v) <= total);
        for (int k = 0; k < 3; k++)
            CU_ASSERT_TRUE(v->dim[k] >= 1 && v->voxel_mm[k] > 0 && isfinite(v->affine[k][3]));
        for (size_t k = 0; k < volume_voxels(v); k++)
            CU_ASSERT_TRUE(isfinite(v->data[k]));
        volume_free(&v);
    }
    free(bytes);
    check_folder_remove(folder);
}

static const struct check_test tests[] = {
    {"damaged headers", test_headers},
    {"Analyze 7.5", test_analyze},
    {"pairs with a part missing, cut or wrong", test_pairs},
    {"plain files cut", test_cut_plain},
    {"gzip files cut", test_cut_gzip},
    {"gzip files with a wrong bit", test_flipped_gzip},
    {"a promise too large", test_small_gzip_large_promise},
    {"values that are no image", test_values},
    {"names that are no scan", test_names},
    {"random headers", test_random_headers},
};

CHECK_MAIN("bad nifti", tests)
