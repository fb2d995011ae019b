/* SPDX-License-Identifier: BSD-3-Clause */
/* Scans. First byte: bits 0-1 the form of the file (the bytes as .nii, as .nii.gz, deflated into a
 * .nii.gz, parted into .hdr and .img), bits 2-3 how it is read. What can be read must be writable
 * again in its own geometry, and come back with the same header. */
#include "fuzz.h"

#include "io/nifti.h"

#include <nifti1.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

const char fuzz_name[] = "nifti";

enum { HEADER = 348, MOST_VOLUMES = 8 };

static struct nifti_1_header good_header(int datatype, int bits, int volumes)
{
    struct nifti_1_header h = {
        .sizeof_hdr = HEADER,
        .dim = {(short)(volumes > 1 ? 4 : 3), 3, 2, 2, (short)volumes, 1, 1, 1},
        .datatype = (short)datatype,
        .bitpix = (short)bits,
        .pixdim = {1, 1, 2, 3, 1, 1, 1, 1},
        .vox_offset = 352,
        .scl_slope = 2,
        .scl_inter = 1,
        .xyzt_units = NIFTI_UNITS_MM,
        .qform_code = 1,
        .sform_code = (short)(bits > 8),
        .quatern_b = 0.5F,
        .srow_x = {1},
        .srow_y = {0, 2},
        .srow_z = {0, 0, 3}};
    memcpy(h.magic, "n+1", 4);
    return h;
}

static void seed_file(uint8_t mode, struct nifti_1_header h, bool swapped)
{
    uint8_t bytes[1 + 352 + 12 * 16 * 3] = {mode};
    if ((mode & 3) == 3) {
        h.vox_offset = 0;
        memcpy(h.magic, "ni1", 4);
    }
    size_t offset = (mode & 3) == 3 ? HEADER : 352;
    size_t n = offset + (size_t)(12 * h.dim[4] * h.bitpix / 8);
    if (swapped) {
        h.sizeof_hdr = (int)__builtin_bswap32((unsigned)h.sizeof_hdr);
        for (int i = 0; i < 8; i++)
            h.dim[i] = (short)__builtin_bswap16((unsigned short)h.dim[i]);
        h.datatype = (short)__builtin_bswap16((unsigned short)h.datatype);
        h.bitpix = h.bitpix == 8 ? 0x800 : 0x1000;
    }
    memcpy(bytes + 1, &h, sizeof h);
    for (size_t i = offset; i < n; i++)
        bytes[1 + i] = (uint8_t)(i % 7);
    fuzz_seed(bytes, 1 + n);
}

void fuzz_start(void)
{
    static const int types[][2] = {{DT_UINT8, 8},    {DT_INT16, 16}, {DT_FLOAT32, 32},
                                   {DT_FLOAT64, 64}, {DT_INT64, 64}, {DT_FLOAT128, 128},
                                   {DT_INT8, 8},     {DT_UINT16, 16}};
    for (int i = 0; i < 8; i++)
        seed_file((uint8_t)((i & 3) | (i * 5 & 12)), good_header(types[i][0], types[i][1], 1),
                  false);
    for (uint8_t mode = 0; mode < 16; mode += 5)
        seed_file(mode, good_header(DT_INT16, 16, 3), false);
    seed_file(0, good_header(DT_INT16, 16, 1), true);
}

/* With the least memory, of which zlib would take most of the time to clear. */
static const char *write_deflated(const uint8_t *bytes, size_t n)
{
    static uint8_t deflated[1 << 17];
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)bytes,
                       .avail_in = (unsigned)n,
                       .next_out = deflated,
                       .avail_out = sizeof deflated};
    FUZZ_ENSURE(deflateInit2(&stream, 1, Z_DEFLATED, 16 + 9, 1, Z_DEFAULT_STRATEGY) == Z_OK);
    FUZZ_ENSURE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    FUZZ_ENSURE(deflateEnd(&stream) == Z_OK);
    return fuzz_file("x.nii.gz", deflated, stream.total_out);
}

/* In zlib's place: its files keep their usual buffers of 8 KiB, for the same reason. */
int gzbuffer(gzFile file, unsigned n)
{
    (void)file, (void)n;
    return 0;
}

static const char *write_form(int form, const uint8_t *bytes, size_t n)
{
    size_t head = n < HEADER ? n : HEADER;
    switch (form) {
    case 0:
        return fuzz_file("x.nii", bytes, n);
    case 1:
        return fuzz_file("x.nii.gz", bytes, n);
    case 2:
        return write_deflated(bytes, n);
    default:
        fuzz_file("x.img", bytes + head, n - head);
        return fuzz_file("x.hdr", bytes, head);
    }
}

/* The mask of a scan's size goes out and comes back in the same place. */
static void write_back(const struct nifti_geometry *geometry)
{
    struct nifti_info info;
    struct nifti_geometry back;
    uint8_t *mask, *again;
    int dim[3];
    const char *path = fuzz_path("mask.nii");
    nifti_geometry_dims(geometry, dim);
    size_t n = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
    FUZZ_ENSURE(mask = calloc(n, 1));
    mask[n / 2] = 1;
    FUZZ_ENSURE(nifti_write_u8(path, geometry, mask, "fuzz") == BEN_OK);
    FUZZ_ENSURE(nifti_read_mask(path, 0, &again, &info, &back) == BEN_OK);
    FUZZ_ENSURE(memcmp(mask, again, n) == 0);
    const struct nifti_1_header *a = (const void *)geometry->header,
                                *b = (const void *)back.header;
    FUZZ_ENSURE(memcmp(a->pixdim + 1, b->pixdim + 1, 3 * sizeof *a->pixdim) == 0);
    FUZZ_ENSURE(memcmp(&a->qform_code, &b->qform_code, 76) == 0); /* to the end of srow_z */
    free(mask);
    free(again);
}

static void read_volumes(const char *path)
{
    struct nifti_reader *reader;
    struct volume *volume = NULL;
    if (!fuzz_fine(nifti_open(path, &reader), NULL))
        return;
    int n = nifti_reader_info(reader)->n_volumes;
    for (int i = 0; i < n && i < MOST_VOLUMES; i++)
        if (fuzz_fine(nifti_next(reader, i, &volume), fuzz_folder()))
            volume_free(&volume);
    fuzz_fine(nifti_verify(reader), fuzz_folder());
    nifti_close(&reader);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct nifti_geometry geometry;
    struct nifti_info info;
    struct volume *volume = NULL;
    uint8_t *mask = NULL;
    uint8_t mode = fuzz_byte(&from);
    const char *path = write_form(mode & 3, from.at, from.left);
    bool good = fuzz_fine(nifti_inspect(path, &info), fuzz_folder());
    switch (mode >> 2 & 3) {
    case 0:
        FUZZ_ENSURE(good || nifti_read(path, BEN_VOLUME_DEFAULT, &volume, NULL) != BEN_OK);
        if (good &&
            fuzz_fine(nifti_read(path, BEN_VOLUME_DEFAULT, &volume, &geometry), fuzz_folder()))
            volume_free(&volume);
        break;
    case 1:
        fuzz_fine(nifti_read_mask(path, mode >> 4, &mask, &info, NULL), fuzz_folder());
        free(mask);
        break;
    case 2:
        read_volumes(path);
        break;
    default:
        if (fuzz_fine(nifti_read_mask(path, 0, &mask, NULL, &geometry), fuzz_folder()))
            write_back(&geometry);
        free(mask);
    }
}
