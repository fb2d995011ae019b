/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/nifti.h"

#include "base/util.h"
#include "phantom.h"
#include "raw_nifti.h"

#include <glob.h>
#include <signal.h>
#include <sys/resource.h>

static const int dim[3] = {5, 4, 3};
enum { VOXELS = 60 };

/* Stored value of voxel i for a type: small numbers that every type holds, and the type's own
 * sign and range at two places. */
static double stored_value(int datatype, size_t i)
{
    double value = (double)(i + 1);
    if (i == 7 && datatype == DT_INT64)
        return -9007199254740992.0;
    if (i == 7 && (datatype == DT_FLOAT64 || datatype == DT_FLOAT128))
        return -1.0 / 1024;
    if (i == 7 && datatype == DT_UINT64)
        return 9007199254740992.0;
    bool is_signed = datatype != DT_UINT8 && datatype != DT_UINT16 && datatype != DT_UINT32 &&
                     datatype != DT_UINT64;
    return is_signed && i % 3 == 0 ? -value : value;
}

#define STORE(type)                                                                            \
    do {                                                                                       \
        for (size_t i_ = 0; i_ < n; i_++)                                                      \
            ((type *)bytes)[i_] = (type)stored_value(datatype, i_);                            \
    } while (0)

static void store(int datatype, void *bytes, size_t n)
{
    switch (datatype) {
    case DT_UINT8:
        STORE(uint8_t);
        break;
    case DT_INT8:
        STORE(int8_t);
        break;
    case DT_UINT16:
        STORE(uint16_t);
        break;
    case DT_INT16:
        STORE(int16_t);
        break;
    case DT_UINT32:
        STORE(uint32_t);
        break;
    case DT_INT32:
        STORE(int32_t);
        break;
    case DT_UINT64:
        STORE(uint64_t);
        break;
    case DT_INT64:
        STORE(int64_t);
        break;
    case DT_FLOAT32:
        STORE(float);
        break;
    case DT_FLOAT64:
        STORE(double);
        break;
    case DT_FLOAT128:
        STORE(long double);
        break;
    default:
        CU_FAIL("type");
    }
}

static void check_values(const char *path, int datatype, double slope, double intercept)
{
    struct volume *v = NULL;
    CHECK_OK(nifti_read(path, BEN_VOLUME_DEFAULT, &v, NULL));
    for (size_t i = 0; i < VOXELS; i++) {
        float want = (float)(slope * stored_value(datatype, i) + intercept);
        CU_ASSERT_EQUAL(v->data[i], want);
    }
    for (int i = 0; i < 3; i++)
        CU_ASSERT_TRUE(v->dim[i] == dim[i] && v->voxel_mm[i] == i + 1);
    volume_free(&v);
}

static const int all_types[] = {DT_UINT8,   DT_INT8,    DT_UINT16,  DT_INT16,
                                DT_UINT32,  DT_INT32,   DT_UINT64,  DT_INT64,
                                DT_FLOAT32, DT_FLOAT64, DT_FLOAT128};

/* Every scalar type, both byte orders, plain and gzip, scaled and not. */
static void test_types(void)
{
    char folder[256], path[300];
    long double voxels[VOXELS];
    memset(voxels, 0, sizeof voxels); /* a long double's padding is written too */
    check_folder_create(folder);
    for (size_t t = 0; t < sizeof all_types / sizeof all_types[0]; t++)
        for (int form = 0; form < 8; form++) {
            struct nifti_1_header h = raw_header(dim, all_types[t]);
            bool scaled = form & 4;
            h.scl_slope = scaled ? 0.5f : 0;
            h.scl_inter = scaled ? -3 : 7;
            store(all_types[t], voxels, VOXELS);
            snprintf(path, sizeof path, "%s/type.nii%s", folder, form & 2 ? ".gz" : "");
            raw_write(path, &h, voxels, VOXELS * (size_t)h.bitpix / 8, form & 1);
            check_values(path, all_types[t], scaled ? 0.5 : 1, scaled ? -3 : 0);
        }
    check_folder_remove(folder);
}

/* The pair may be named by either part, and each part may be compressed. */
static void test_pairs(void)
{
    char folder[256], header_path[300], image_path[300];
    int16_t voxels[VOXELS];
    for (int form = 0; form < 8; form++) {
        struct nifti_1_header h = raw_header(dim, DT_INT16);
        bool swap = form & 4;
        check_folder_create(folder);
        snprintf(header_path, sizeof header_path, "%s/a.hdr%s", folder, form & 1 ? ".gz" : "");
        snprintf(image_path, sizeof image_path, "%s/a.img%s", folder, form & 2 ? ".gz" : "");
        memcpy(h.magic, "ni1", 4);
        h.vox_offset = 0;
        store(DT_INT16, voxels, VOXELS);
        raw_write(header_path, &h, NULL, 0, swap);
        if (swap)
            nifti_swap_2bytes(VOXELS, voxels);
        raw_bytes(image_path, voxels, sizeof voxels);
        check_values(header_path, DT_INT16, 1, 0);
        check_values(image_path, DT_INT16, 1, 0);
        check_folder_remove(folder);
    }
}

/* Volume n of a 4-D file holds n * 100 + i. */
static void write_series(const char *path, int n)
{
    struct nifti_1_header h = raw_header(dim, DT_INT16);
    int16_t voxels[8 * VOXELS];
    h.dim[0] = 4;
    h.dim[4] = (short)n;
    h.pixdim[4] = 2.5f;
    for (int i = 0; i < n * VOXELS; i++)
        voxels[i] = (int16_t)(i / VOXELS * 100 + i % VOXELS);
    raw_write(path, &h, voxels, (size_t)n * VOXELS * 2, false);
}

static void check_series(const char *path, int index, int expected)
{
    struct volume *v = NULL;
    CHECK_OK(nifti_read(path, index, &v, NULL));
    for (int i = 0; i < VOXELS; i++)
        CU_ASSERT_EQUAL(v->data[i], expected * 100 + i);
    volume_free(&v);
}

static void test_series(void)
{
    char folder[256], path[300];
    struct nifti_reader *r = NULL;
    struct volume *v = NULL;
    check_folder_create(folder);
    for (int gz = 0; gz < 2; gz++) {
        snprintf(path, sizeof path, "%s/four.nii%s", folder, gz ? ".gz" : "");
        write_series(path, 8);
        check_series(path, BEN_VOLUME_DEFAULT, 4);
        check_series(path, 0, 0);
        check_series(path, 7, 7);
        CHECK_OK(nifti_open(path, &r));
        CU_ASSERT_EQUAL(nifti_reader_info(r)->n_volumes, 8);
        for (int i = 7; i >= 0; i -= 3) { /* also backwards */
            CHECK_OK(nifti_next(r, i, &v));
            CU_ASSERT_EQUAL(v->data[1], i * 100 + 1);
            volume_free(&v);
        }
        CHECK_OK(nifti_verify(r));
        nifti_close(&r);
        CU_ASSERT_EQUAL(nifti_read(path, 8, &v, NULL), BEN_E_INPUT);
        CU_ASSERT_EQUAL(nifti_read(path, -2, &v, NULL), BEN_E_INPUT);
        write_series(path, 3);
        check_series(path, BEN_VOLUME_DEFAULT, 2);
    }
    check_folder_remove(folder);
}

/* Trailing dimensions of size one change nothing. */
static void test_trailing(void)
{
    char folder[256], path[300];
    int16_t voxels[VOXELS];
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/seven.nii", folder);
    for (short d = 3; d <= 7; d++) {
        struct nifti_1_header h = raw_header(dim, DT_INT16);
        h.dim[0] = d;
        store(DT_INT16, voxels, VOXELS);
        raw_write(path, &h, voxels, sizeof voxels, false);
        check_values(path, DT_INT16, 1, 0);
    }
    check_folder_remove(folder);
}

static struct nifti_info inspect(const char *folder, const struct nifti_1_header *h)
{
    char path[300];
    struct nifti_info info;
    uint8_t voxels[VOXELS] = {0};
    snprintf(path, sizeof path, "%s/space.nii", folder);
    raw_write(path, h, voxels, sizeof voxels, false);
    CHECK_OK(nifti_inspect(path, &info));
    return info;
}

/* sform before qform before the voxel sizes alone. */
static void test_space(void)
{
    char folder[256];
    struct nifti_1_header h = raw_header(dim, DT_UINT8);
    check_folder_create(folder);
    h.quatern_d = 1; /* half a turn about up: x and y point back */
    h.qoffset_x = 40;
    h.srow_x[3] = -20;
    struct nifti_info info = inspect(folder, &h);
    CU_ASSERT_EQUAL(info.space, BEN_SPACE_SFORM);
    CU_ASSERT_EQUAL(info.affine[0][3], -20);
    CU_ASSERT_STRING_EQUAL(info.axes, "RAS");
    h.sform_code = 0;
    info = inspect(folder, &h);
    CU_ASSERT_EQUAL(info.space, BEN_SPACE_QFORM);
    CHECK_NEAR(info.affine[0][0], -1, 1e-6);
    CHECK_NEAR(info.affine[1][1], -2, 1e-6);
    CHECK_NEAR(info.affine[2][2], 3, 1e-6);
    CU_ASSERT_EQUAL(info.affine[0][3], 40);
    CU_ASSERT_STRING_EQUAL(info.axes, "LPS");
    h.pixdim[0] = -1; /* the third axis is turned round */
    info = inspect(folder, &h);
    CU_ASSERT_STRING_EQUAL(info.axes, "LPI");
    h.qform_code = 0;
    info = inspect(folder, &h);
    CU_ASSERT_EQUAL(info.space, BEN_SPACE_NONE);
    CU_ASSERT_EQUAL(info.affine[2][2], 3);
    CU_ASSERT_EQUAL(info.affine[0][3], 0);
    check_folder_remove(folder);
}

static void test_sizes(void)
{
    char folder[256];
    struct nifti_1_header h = raw_header(dim, DT_UINT8);
    check_folder_create(folder);
    h.pixdim[2] = -2;
    struct nifti_info info = inspect(folder, &h);
    CU_ASSERT_EQUAL(info.voxel_mm[1], 2);
    h.xyzt_units = NIFTI_UNITS_MICRON | NIFTI_UNITS_SEC;
    info = inspect(folder, &h);
    CHECK_NEAR(info.voxel_mm[1], 0.002, 1e-12);
    CHECK_NEAR(info.affine[1][1], 0.002, 1e-12);
    h.xyzt_units = NIFTI_UNITS_METER;
    info = inspect(folder, &h);
    CHECK_NEAR(info.voxel_mm[2], 3000, 1e-9);
    CU_ASSERT_FALSE(info.oblique);
    h.srow_y[0] = 0.2f;
    info = inspect(folder, &h);
    CU_ASSERT_TRUE(info.oblique);
    check_folder_remove(folder);
}

/* An odd header: oblique, unequal forms, other codes and units; all of it must come back. */
static struct nifti_1_header odd_header(bool swap, const char *path)
{
    struct nifti_1_header h = raw_header(dim, DT_INT16);
    int16_t voxels[2 * VOXELS];
    h.dim[0] = 4;
    h.dim[4] = 2;
    for (int i = 0; i < 8; i++)
        h.pixdim[i] = i == 0 ? -1 : 0.1f * (float)i;
    h.quatern_b = 0.1f;
    h.quatern_c = -0.2f;
    h.quatern_d = 0.3f;
    h.qoffset_x = 1.0f / 3;
    h.srow_x[0] = 0.09f;
    h.srow_x[1] = 0.05f;
    h.srow_x[3] = -7.7f;
    h.qform_code = 2;
    h.sform_code = 4;
    h.xyzt_units = NIFTI_UNITS_MM | NIFTI_UNITS_MSEC;
    h.dim_info = 57;
    h.scl_slope = 2;
    h.intent_code = 3;
    for (int i = 0; i < 2 * VOXELS; i++)
        voxels[i] = (int16_t)i;
    raw_write(path, &h, voxels, sizeof voxels, swap);
    return h;
}

static void check_geometry(const struct nifti_1_header *a, const struct nifti_1_header *b)
{
    CU_ASSERT_EQUAL(memcmp(a->dim + 1, b->dim + 1, 3 * sizeof a->dim[0]), 0);
    CU_ASSERT_EQUAL(memcmp(a->pixdim, b->pixdim, sizeof a->pixdim), 0);
    CU_ASSERT_EQUAL(a->xyzt_units, b->xyzt_units);
    CU_ASSERT_EQUAL(a->dim_info, b->dim_info);
    size_t from = offsetof(struct nifti_1_header, qform_code);
    size_t to = offsetof(struct nifti_1_header, intent_name);
    CU_ASSERT_EQUAL(memcmp((const char *)a + from, (const char *)b + from, to - from), 0);
}

static struct nifti_1_header read_raw_header(const char *path)
{
    struct nifti_1_header h;
    gzFile file = gzopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(gzread(file, &h, sizeof h), (int)sizeof h);
    gzclose(file);
    return h;
}

static void test_geometry_kept(void)
{
    char folder[256], in[300], out[300];
    check_folder_create(folder);
    for (int swap = 0; swap < 2; swap++) {
        struct nifti_geometry geometry;
        struct volume *v = NULL;
        uint8_t mask[VOXELS] = {0}, *back = NULL;
        mask[9] = mask[50] = 1;
        snprintf(in, sizeof in, "%s/in.nii", folder);
        snprintf(out, sizeof out, "%s/out.nii.gz", folder);
        struct nifti_1_header h = odd_header(swap, in);
        CHECK_OK(nifti_read(in, 0, &v, &geometry));
        CHECK_OK(nifti_write_u8(out, &geometry, mask, "a mask"));
        struct nifti_1_header o = read_raw_header(out);
        check_geometry(&h, &o);
        CU_ASSERT_TRUE(o.dim[0] == 3 && o.dim[4] == 1);
        CU_ASSERT_TRUE(o.datatype == DT_UINT8 && o.bitpix == 8 && o.vox_offset == 352);
        CU_ASSERT_TRUE(o.scl_slope == 1 && o.scl_inter == 0 && o.intent_code == 0);
        CU_ASSERT_TRUE(o.cal_min == 0 && o.cal_max == 1);
        CU_ASSERT_STRING_EQUAL(o.descrip, "a mask");
        CHECK_OK(nifti_read_mask(out, 0, &back, NULL, NULL));
        CU_ASSERT_EQUAL(memcmp(back, mask, sizeof mask), 0);
        free(back);
        volume_free(&v);
    }
    check_folder_remove(folder);
}

/* The three forms of output, read back. */
static void test_written_forms(void)
{
    static const char *const names[] = {"f.nii", "f.nii.gz", "f.hdr", "f.img", "f.hdr.gz"};
    char folder[256], path[300];
    struct volume *v = NULL, *back = NULL;
    struct nifti_geometry geometry, geometry_back;
    struct phantom_options p = phantom_defaults(BEN_MARMOSET);
    memcpy(p.dim, (const int[]){17, 13, 11}, sizeof p.dim);
    p.oblique_deg = 20;
    CHECK_OK(phantom_make(&p, &v, NULL));
    nifti_geometry_make(v, &geometry);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        check_folder_create(folder);
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        CHECK_OK(nifti_write_f32(path, &geometry, v->data, "values"));
        CHECK_OK(nifti_read(path, BEN_VOLUME_DEFAULT, &back, &geometry_back));
        CU_ASSERT_EQUAL(memcmp(back->data, v->data, volume_voxels(v) * sizeof *v->data), 0);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                CHECK_NEAR(back->affine[r][c], v->affine[r][c], 1e-5);
        const struct nifti_1_header *a = (const void *)geometry.header;
        struct nifti_1_header b = read_raw_header(path);
        if (!strstr(path, ".img"))
            check_geometry(a, &b);
        volume_free(&back);
        check_folder_remove(folder);
    }
    volume_free(&v);
}

/* The quaternion form of a made geometry says the same as the matrix, for every axis order. */
static void test_made_geometry(void)
{
    static const char *const axes[] = {"RAS", "LAS", "LPI", "RSA", "PIR", "ASL", "SRP", "IPL"};
    char folder[256], path[300];
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/q.nii", folder);
    for (size_t i = 0; i < sizeof axes / sizeof axes[0]; i++) {
        struct phantom_options p = phantom_defaults(BEN_RAT);
        struct nifti_geometry geometry;
        struct nifti_info info;
        struct volume *v = NULL;
        memcpy(p.dim, (const int[]){9, 8, 7}, sizeof p.dim);
        memcpy(p.axes, axes[i], 4);
        CHECK_OK(phantom_make(&p, &v, NULL));
        nifti_geometry_make(v, &geometry);
        struct nifti_1_header *h = (void *)geometry.header;
        CU_ASSERT_EQUAL(h->qform_code, 1);
        h->sform_code = 0;
        CHECK_OK(nifti_write_f32(path, &geometry, v->data, NULL));
        CHECK_OK(nifti_inspect(path, &info));
        CU_ASSERT_STRING_EQUAL(info.axes, axes[i]);
        for (int r = 0; r < 3; r++)
            for (int c = 0; c < 4; c++)
                CHECK_NEAR(info.affine[r][c], v->affine[r][c], 2e-3 * p.voxel_mm[r] * 9);
        volume_free(&v);
    }
    check_folder_remove(folder);
}

static void test_series_written(void)
{
    char folder[256], path[300];
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    struct nifti_writer *w = NULL;
    struct nifti_info info;
    int16_t voxels[VOXELS] = {0};
    check_folder_create(folder);
    CHECK_OK(volume_create(dim, (const double[]){1, 1, 1}, &v));
    nifti_geometry_make(v, &geometry);
    snprintf(path, sizeof path, "%s/four.nii.gz", folder);
    struct nifti_output output = {.type = BEN_NIFTI_I16, .n_volumes = 3};
    CHECK_OK(nifti_create(path, &geometry, &output, &w));
    for (int n = 0; n < 3; n++) {
        for (int i = 0; i < VOXELS; i++)
            voxels[i] = (int16_t)(n * 100 + i);
        CHECK_OK(nifti_put(w, voxels));
    }
    CU_ASSERT_FALSE(util_is_file(path));
    CHECK_OK(nifti_finish(&w));
    CHECK_OK(nifti_inspect(path, &info));
    CU_ASSERT_EQUAL(info.n_volumes, 3);
    for (int n = 0; n < 3; n++)
        check_series(path, n, n);
    volume_free(&v);
    check_folder_remove(folder);
}

/* The same bytes at any time under any name. */
static void test_reproducible(void)
{
    char folder[256], path[2][300];
    char *bytes[2] = {NULL};
    size_t n[2];
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    check_folder_create(folder);
    CHECK_OK(volume_create(dim, (const double[]){1, 1, 1}, &v));
    nifti_geometry_make(v, &geometry);
    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s.nii.gz", folder, i ? "other" : "one");
        CHECK_OK(nifti_write_f32(path[i], &geometry, v->data, "x"));
        CHECK_OK(util_read_file(path[i], 1 << 20, &bytes[i], &n[i]));
    }
    CU_ASSERT_TRUE(n[0] == n[1] && memcmp(bytes[0], bytes[1], n[0]) == 0);
    CU_ASSERT_EQUAL(memcmp(bytes[0] + 3, "\0\0\0\0\0", 5), 0); /* no name, no time */
    free(bytes[0]);
    free(bytes[1]);
    volume_free(&v);
    check_folder_remove(folder);
}

/* Hidden ones too: so temporaries are called. */
static size_t count_files(const char *folder)
{
    glob_t found;
    char pattern[300];
    snprintf(pattern, sizeof pattern, "%s/{*,.[!.]*}", folder);
    int code = glob(pattern, GLOB_BRACE, NULL, &found);
    size_t n = code == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return n;
}

/* No room on the disk, no such folder, giving up: an error, and nothing is left behind. */
static void test_failed_writes(void)
{
    char folder[256], path[300];
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    struct rlimit old, small;
    struct nifti_writer *w = NULL;
    struct nifti_output output = {.type = BEN_NIFTI_F32, .n_volumes = 1};
    check_folder_create(folder);
    CHECK_OK(volume_create((const int[]){64, 64, 64}, (const double[]){1, 1, 1}, &v));
    nifti_geometry_make(v, &geometry);
    snprintf(path, sizeof path, "%s/large.nii", folder);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &small);
    enum ben_status st = nifti_write_f32(path, &geometry, v->data, NULL);
    setrlimit(RLIMIT_FSIZE, &old);
    CU_ASSERT_EQUAL(st, BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "large.nii: cannot write"));
    CHECK_OK(nifti_create(path, &geometry, &output, &w));
    CU_ASSERT_EQUAL(count_files(folder), 1);
    nifti_abandon(&w);
    CU_ASSERT_PTR_NULL(w);
    CU_ASSERT_EQUAL(count_files(folder), 0);
    snprintf(path, sizeof path, "%s/none/large.nii", folder);
    CU_ASSERT_EQUAL(nifti_write_f32(path, &geometry, v->data, NULL), BEN_E_IO);
    snprintf(path, sizeof path, "%s/large.png", folder);
    CU_ASSERT_EQUAL(nifti_write_f32(path, &geometry, v->data, NULL), BEN_E_ARG);
    volume_free(&v);
    check_folder_remove(folder);
}

/* Address checkers keep freed memory, so its peak says nothing. */
static bool memory_is_measurable(void)
{
#ifdef __SANITIZE_ADDRESS__
    return false;
#else
    const char *preloaded = getenv("LD_PRELOAD");
    return !preloaded || !strstr(preloaded, "valgrind");
#endif
}

/* One float volume and little more, whatever the stored type. */
static void test_memory(void)
{
    char folder[256], path[300];
    const int large[3] = {160, 160, 160};
    size_t n = 160 * 160 * 160, before, peak;
    struct volume *v = NULL;
    struct nifti_1_header h = raw_header(large, DT_FLOAT64);
    double *voxels = malloc(n * sizeof *voxels);
    CU_ASSERT_PTR_NOT_NULL_FATAL(voxels);
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/large.nii", folder);
    for (size_t i = 0; i < n; i++)
        voxels[i] = (double)i;
    raw_write(path, &h, voxels, n * sizeof *voxels, false);
    free(voxels);
    before = util_peak_bytes(); /* the voxels above are 32 MiB, the volume 16 MiB */
    CHECK_OK(nifti_read(path, 0, &v, NULL));
    peak = util_peak_bytes();
    CU_ASSERT_EQUAL(v->data[n - 1], (float)(n - 1));
    CU_ASSERT_TRUE(peak <= before + ((size_t)4 << 20) || !memory_is_measurable());
    volume_free(&v);
    check_folder_remove(folder);
}

/* Compressed volumes of several of the reader's chunks, of types that fit into a float's room with
 * their file and that do not, read twice by one reader. */
static void test_large(void)
{
    static const int types[] = {DT_UINT8, DT_INT16, DT_UINT16, DT_INT32, DT_FLOAT32};
    char folder[256], path[300];
    const int large[3] = {50, 40, 33};
    const size_t n = 50 * 40 * 33; /* a multiple of VOXELS */
    char *voxels = calloc(n, sizeof(float));
    CU_ASSERT_PTR_NOT_NULL_FATAL(voxels);
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/large.nii.gz", folder);
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
        struct nifti_1_header h = raw_header(large, types[t]);
        struct nifti_reader *reader = NULL;
        const size_t period = VOXELS * (size_t)h.bitpix / 8;
        store(types[t], voxels, VOXELS);
        for (size_t at = period; at < n / VOXELS * period; at += period)
            memcpy(voxels + at, voxels, period);
        raw_write(path, &h, voxels, n / VOXELS * period, t == 2);
        CHECK_OK(nifti_open(path, &reader));
        for (int time = 0; time < 2; time++) {
            struct volume *v = NULL;
            size_t wrong = 0;
            CHECK_OK(nifti_next(reader, 0, &v));
            for (size_t i = 0; i < n; i++)
                wrong += v->data[i] != (float)stored_value(types[t], i % VOXELS);
            CU_ASSERT_EQUAL(wrong, 0);
            volume_free(&v);
        }
        CHECK_OK(nifti_verify(reader));
        nifti_close(&reader);
    }
    free(voxels);
    check_folder_remove(folder);
}

/* Bytes as they are and scaled. */
static void check_byte_masks(const char *path)
{
    struct nifti_1_header h = raw_header(dim, DT_UINT8);
    uint8_t bytes[VOXELS] = {0, 1, 2, 255, 3}, *mask = NULL;
    raw_write(path, &h, bytes, sizeof bytes, false);
    CHECK_OK(nifti_read_mask(path, 0, &mask, NULL, NULL));
    CU_ASSERT_EQUAL(memcmp(mask, "\0\1\1\1\1\0", 6), 0);
    free(mask);
    h.scl_slope = 0.2F;
    raw_write(path, &h, bytes, sizeof bytes, false);
    CHECK_OK(nifti_read_mask(path, 0, &mask, NULL, NULL));
    CU_ASSERT_EQUAL(memcmp(mask, "\0\0\0\1\1\0", 6), 0);
    free(mask);
}

static void test_masks(void)
{
    char folder[256], path[300];
    struct nifti_1_header h = raw_header(dim, DT_FLOAT32);
    float voxels[VOXELS] = {0};
    uint8_t *mask = NULL;
    struct nifti_info info;
    check_folder_create(folder);
    snprintf(path, sizeof path, "%s/mask.nii", folder);
    raw_write(path, &h, voxels, sizeof voxels, false);
    CHECK_OK(nifti_read_mask(path, 0, &mask, &info, NULL)); /* empty is fine */
    free(mask);
    voxels[1] = 0.5f;
    voxels[2] = 0.51f;
    voxels[3] = 255;
    voxels[4] = -1;
    raw_write(path, &h, voxels, sizeof voxels, false);
    CHECK_OK(nifti_read_mask(path, 0, &mask, &info, NULL));
    CU_ASSERT_EQUAL(memcmp(mask, "\0\0\1\1\0", 5), 0);
    CU_ASSERT_TRUE(info.dim[0] == 5 && info.voxel_mm[2] == 3);
    struct nifti_info other = info;
    CU_ASSERT_TRUE(nifti_same_grid(&info, &other, 1e-6));
    other.affine[0][0] += 0.01; /* 0.04 mm at the far corner */
    CU_ASSERT_TRUE(nifti_same_grid(&info, &other, 0.05));
    CU_ASSERT_FALSE(nifti_same_grid(&info, &other, 0.03));
    other = info;
    other.dim[2]++;
    CU_ASSERT_FALSE(nifti_same_grid(&info, &other, 0.05));
    free(mask);
    check_byte_masks(path);
    check_folder_remove(folder);
}

static const struct check_test tests[] = {
    {"every scalar type, byte order, scaling, gzip", test_types},
    {".hdr/.img pairs", test_pairs},
    {"volumes of a 4-D file", test_series},
    {"trailing dimensions of one", test_trailing},
    {"sform, qform or neither", test_space},
    {"voxel sizes and units", test_sizes},
    {"geometry kept bit for bit", test_geometry_kept},
    {"written forms", test_written_forms},
    {"made geometries in both forms", test_made_geometry},
    {"4-D written volume by volume", test_series_written},
    {"the same bytes every time", test_reproducible},
    {"failed writes leave nothing", test_failed_writes},
    {"memory is bounded", test_memory},
    {"large and compressed", test_large},
    {"masks", test_masks},
};

CHECK_MAIN("nifti", tests)
