/* SPDX-License-Identifier: BSD-3-Clause */
/* What the shell tests need to know of scans and masks:
 *   scan-tool orientations IN FOLDER   the same scan in all 48 axis orders and flips
 *   scan-tool oblique IN OUT DEGREES   the same voxels on a grid turned about a slanted axis
 *   scan-tool same-header SCAN MASK    fails unless the mask's grid is the scan's, bit for bit
 *   scan-tool canonical MASK           a hash of the mask's voxels in canonical order
 *   scan-tool box OUT N FIRST LAST MM LABEL   N x N x N voxels of MM, those from FIRST to LAST
 *                                      along each axis LABEL; of label 2 the upper half is 3
 *   scan-tool blank IN OUT SLICE       the scan without signal in that slice of the third axis
 *   scan-tool blur IN OUT SD           the scan smoothed by SD voxels along its first two axes
 *   scan-tool spoil IN OUT BYTES       the first BYTES bytes of a file
 *   scan-tool many IN FOLDER N         a BIDS data set of N scans, all of them IN */
#include "base/util.h"
#include "io/nifti.h"
#include "prep/orient.h"
#include "prep/smooth.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum ben_status write_scan(const char *path, const struct volume *volume)
{
    struct nifti_geometry geometry;
    nifti_geometry_make(volume, &geometry);
    return nifti_write_f32(path, &geometry, volume->data, "test");
}

/* canonical in the own order of o, with the affine that belongs to it. */
static enum ben_status reorder(const struct volume *canonical, struct orientation o,
                               struct volume **own)
{
    enum ben_status st = BEN_OK;
    struct volume *v = NULL;
    double voxel_mm[3];
    for (int a = 0; a < 3; a++) {
        o.dim[o.axis[a]] = canonical->dim[a];
        voxel_mm[o.axis[a]] = canonical->voxel_mm[a];
    }
    TRY(volume_create(o.dim, voxel_mm, &v));
    for (int r = 0; r < 3; r++) {
        v->affine[r][3] = canonical->affine[r][3];
        for (int a = 0; a < 3; a++) {
            double step = canonical->affine[r][a];
            v->affine[r][o.axis[a]] = o.flip[a] ? -step : step;
            v->affine[r][3] += o.flip[a] ? step * (canonical->dim[a] - 1) : 0;
        }
    }
    orient_back_f32(&o, canonical->data, v->data);
    *own = v;
out:
    return st;
}

static enum ben_status orientations(const char *in, const char *folder)
{
    enum ben_status st = BEN_OK;
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    struct volume *scan = NULL, *canonical = NULL, *own = NULL;
    char *path = NULL;
    TRY(nifti_read(in, BEN_VOLUME_DEFAULT, &scan, NULL));
    struct orientation found = orient_find(scan);
    TRY(orient_apply(&found, scan, &canonical));
    for (int i = 0; i < 48; i++) {
        struct orientation o = {.flip = {i & 1, i >> 1 & 1, i >> 2 & 1}};
        memcpy(o.axis, orders[i / 8], sizeof o.axis);
        TRY(reorder(canonical, o, &own));
        TRY_NEW(path = util_format("%s/scan%02d.nii.gz", folder, i));
        TRY(write_scan(path, own));
        volume_free(&own);
        free(path);
        path = NULL;
    }
out:
    volume_free(&scan);
    volume_free(&canonical);
    volume_free(&own);
    free(path);
    return st;
}

static void turn(double affine[3][4], int a, int b, double degrees)
{
    double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180);
    for (int k = 0; k < 4; k++) {
        double x = affine[a][k], y = affine[b][k];
        affine[a][k] = c * x - s * y;
        affine[b][k] = s * x + c * y;
    }
}

static enum ben_status oblique(const char *in, const char *out_path, double degrees)
{
    enum ben_status st = BEN_OK;
    struct volume *scan = NULL;
    TRY(nifti_read(in, BEN_VOLUME_DEFAULT, &scan, NULL));
    turn(scan->affine, 0, 1, degrees);
    turn(scan->affine, 1, 2, 0.7 * degrees);
    TRY(write_scan(out_path, scan));
out:
    volume_free(&scan);
    return st;
}

static enum ben_status same_header(const char *scan, const char *mask)
{
    enum ben_status st = BEN_OK;
    static const struct {
        const char *name;
        size_t first, bytes; /* nifti1.h */
    } fields[] = {{"dim 1-3", 42, 6},
                  {"pixdim 0-3", 76, 16},
                  {"units", 123, 1},
                  {"qform and sform", 252, 76}};
    struct nifti_reader *a = NULL, *b = NULL;
    struct nifti_geometry ga, gb;
    TRY(nifti_open(scan, &a));
    TRY(nifti_open(mask, &b));
    nifti_reader_geometry(a, &ga);
    nifti_reader_geometry(b, &gb);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (memcmp(ga.header + fields[i].first, gb.header + fields[i].first, fields[i].bytes))
            FAIL(BEN_E_INPUT, "%s: %s differ from those of %s", mask, fields[i].name, scan);
out:
    nifti_close(&a);
    nifti_close(&b);
    return st;
}

static enum ben_status canonical_hash(const char *path)
{
    enum ben_status st = BEN_OK;
    struct volume *mask = NULL, *canonical = NULL;
    TRY(nifti_read(path, BEN_VOLUME_DEFAULT, &mask, NULL));
    struct orientation o = orient_find(mask);
    TRY(orient_apply(&o, mask, &canonical));
    printf("%016" PRIx64 "\n", util_hash(UTIL_HASH_START, canonical->data,
                                         volume_voxels(canonical) * sizeof(float)));
out:
    volume_free(&mask);
    volume_free(&canonical);
    return st;
}

/* words: N FIRST LAST MM LABEL. */
static enum ben_status box(const char *path, char **words)
{
    enum ben_status st = BEN_OK;
    const int n = atoi(words[0]), first = atoi(words[1]), last = atoi(words[2]);
    const int label = atoi(words[4]), dim[3] = {n, n, n};
    const double mm = atof(words[3]), voxel_mm[3] = {mm, mm, mm};
    struct nifti_geometry geometry;
    struct volume *volume = NULL;
    uint8_t *voxels = calloc((size_t)n * (size_t)n, (size_t)n);
    TRY_NEW(voxels);
    TRY(volume_create(dim, voxel_mm, &volume));
    volume->oriented = true;
    nifti_geometry_make(volume, &geometry);
    for (int k = first; k <= last; k++)
        for (int j = first; j <= last; j++)
            for (int i = first; i <= last; i++)
                voxels[(k * n + j) * n + i] =
                    (uint8_t)(label + (label == 2 && k > (first + last) / 2));
    TRY(nifti_write_u8(path, &geometry, voxels, "test"));
out:
    volume_free(&volume);
    free(voxels);
    return st;
}

static enum ben_status blank(const char *in, const char *out_path, int slice)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    TRY(nifti_read(in, BEN_VOLUME_DEFAULT, &volume, NULL));
    if (slice < 0 || slice >= volume->dim[2])
        FAIL(BEN_E_ARG, "%s has no slice %d", in, slice);
    size_t pixels = (size_t)volume->dim[0] * (size_t)volume->dim[1];
    memset(volume->data + (size_t)slice * pixels, 0, pixels * sizeof *volume->data);
    TRY(write_scan(out_path, volume));
out:
    volume_free(&volume);
    return st;
}

static enum ben_status blur(const char *in, const char *out_path, double sd)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    TRY(nifti_read(in, BEN_VOLUME_DEFAULT, &volume, NULL));
    TRY(smooth_volume(volume, (const double[]){sd, sd, 0}));
    TRY(write_scan(out_path, volume));
out:
    volume_free(&volume);
    return st;
}

static enum ben_status spoil(const char *in, const char *out_path, size_t bytes)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n;
    TRY(util_read_file(in, (size_t)1 << 30, &text, &n));
    TRY(util_write_file(out_path, text, bytes < n ? bytes : n));
out:
    free(text);
    return st;
}

/* A file system allows a file so many names. */
#define NAMES_OF_A_FILE 20000

/* The i-th scan of FOLDER: a copy of bytes, or another name of the last copy. */
static enum ben_status add_one(const char *folder, long i, const char *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    char path[512], first[512];
    long of = i - i % NAMES_OF_A_FILE;
    snprintf(path, sizeof path, "%s/sub-%06ld", folder, i);
    if (mkdir(path, 0777) != 0)
        FAIL(BEN_E_IO, "%s: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%s/sub-%06ld/anat", folder, i);
    if (mkdir(path, 0777) != 0)
        FAIL(BEN_E_IO, "%s: %s", path, strerror(errno));
    snprintf(path, sizeof path, "%s/sub-%06ld/anat/sub-%06ld_T2w.nii.gz", folder, i, i);
    snprintf(first, sizeof first, "%s/sub-%06ld/anat/sub-%06ld_T2w.nii.gz", folder, of, of);
    if (i == of)
        TRY(util_write_file(path, bytes, n));
    else if (link(first, path) != 0)
        FAIL(BEN_E_IO, "%s: %s", path, strerror(errno));
out:
    return st;
}

/* A BIDS data set of n scans, all the same one. */
static enum ben_status many(const char *in, const char *folder, long n)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL, *path = NULL, *table = NULL;
    size_t size, table_size;
    FILE *rows = NULL;
    TRY(util_read_file(in, (size_t)1 << 30, &bytes, &size));
    TRY(util_make_dirs(folder));
    TRY_NEW(rows = open_memstream(&table, &table_size));
    fprintf(rows, "participant_id\tspecies\n");
    for (long i = 0; i < n; i++) {
        TRY(add_one(folder, i, bytes, size));
        fprintf(rows, "sub-%06ld\trat\n", i);
    }
    fflush(rows);
    TRY_NEW(path = util_format("%s/participants.tsv", folder));
    TRY(util_write_file(path, table, table_size));
out:
    if (rows)
        fclose(rows);
    free(table);
    free(bytes);
    free(path);
    return st;
}

int main(int argc, char **argv)
{
    enum ben_status st = BEN_E_ARG;
    const char *what = argc > 2 ? argv[1] : "";
    if (argc == 4 && strcmp(what, "orientations") == 0)
        st = orientations(argv[2], argv[3]);
    else if (argc == 5 && strcmp(what, "oblique") == 0)
        st = oblique(argv[2], argv[3], atof(argv[4]));
    else if (argc == 4 && strcmp(what, "same-header") == 0)
        st = same_header(argv[2], argv[3]);
    else if (argc == 3 && strcmp(what, "canonical") == 0)
        st = canonical_hash(argv[2]);
    else if (argc == 8 && strcmp(what, "box") == 0)
        st = box(argv[2], argv + 3);
    else if (argc == 5 && strcmp(what, "blank") == 0)
        st = blank(argv[2], argv[3], atoi(argv[4]));
    else if (argc == 5 && strcmp(what, "blur") == 0)
        st = blur(argv[2], argv[3], atof(argv[4]));
    else if (argc == 5 && strcmp(what, "spoil") == 0)
        st = spoil(argv[2], argv[3], strtoul(argv[4], NULL, 10));
    else if (argc == 5 && strcmp(what, "many") == 0)
        st = many(argv[2], argv[3], atol(argv[4]));
    if (st != BEN_OK)
        fprintf(stderr, "scan-tool %s: %s\n", what, ben_error_text());
    return st == BEN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
