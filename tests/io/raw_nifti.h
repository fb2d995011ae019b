/* SPDX-License-Identifier: BSD-3-Clause */
/* NIfTI files put together byte by byte, so that tests can make good and bad ones. */
#ifndef BEN_TESTS_RAW_NIFTI_H
#define BEN_TESTS_RAW_NIFTI_H

#include "check.h"

#include <nifti1_io.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

/* A good single-file header: scanner sform and qform of size 1 x 2 x 3 mm along the axes. */
static inline struct nifti_1_header raw_header(const int dim[3], int datatype)
{
    struct nifti_1_header h = {.sizeof_hdr = 348, .regular = 'r', .datatype = (short)datatype};
    int bytes, swap;
    nifti_datatype_sizes(datatype, &bytes, &swap);
    h.bitpix = (short)(8 * bytes);
    h.dim[0] = 3;
    for (int i = 1; i < 8; i++)
        h.dim[i] = (short)(i <= 3 ? dim[i - 1] : 1);
    for (int i = 0; i < 8; i++)
        h.pixdim[i] = (float)(i == 0 ? 1 : i <= 3 ? i : 1);
    h.sform_code = h.qform_code = 1;
    h.srow_x[0] = 1;
    h.srow_y[1] = 2;
    h.srow_z[2] = 3;
    h.vox_offset = 352;
    h.xyzt_units = NIFTI_UNITS_MM;
    memcpy(h.magic, "n+1", 4);
    return h;
}

static inline size_t raw_voxels(const struct nifti_1_header *h)
{
    size_t n = 1;
    for (int i = 1; i <= h->dim[0]; i++)
        n *= (size_t)h->dim[i];
    return n;
}

/* bytes to path as they are. An old file is removed first: some file systems bring a file that
 * is cut and written again to the disk at once, which takes a thousand times as long. */
static inline void raw_plain(const char *path, const void *bytes, size_t n)
{
    remove(path);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, file), n);
    CU_ASSERT_EQUAL_FATAL(fclose(file), 0);
}

/* bytes to path; through gzip where it ends with .gz. */
static inline void raw_bytes(const char *path, const void *bytes, size_t n)
{
    bool gz = strlen(path) > 3 && strcmp(path + strlen(path) - 3, ".gz") == 0;
    remove(path);
    gzFile file = gzopen(path, gz ? "wb" : "wbT");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (n > 0)
        CU_ASSERT_EQUAL_FATAL(gzwrite(file, bytes, (unsigned)n), (int)n);
    CU_ASSERT_EQUAL_FATAL(gzclose(file), Z_OK);
}

/* Header and voxels (n bytes in this machine's order) as one file's bytes, fresh; in the other
 * byte order with swap. */
static inline unsigned char *raw_join(const struct nifti_1_header *header, const void *voxels,
                                      size_t n, bool swap, size_t *total)
{
    struct nifti_1_header h = *header;
    int bytes, piece;
    size_t offset = h.vox_offset > 0 ? (size_t)h.vox_offset : sizeof h;
    *total = offset + n;
    unsigned char *all = calloc(*total, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    if (n > 0)
        memcpy(all + offset, voxels, n);
    nifti_datatype_sizes(h.datatype, &bytes, &piece);
    if (swap && bytes > 1)
        nifti_swap_Nbytes(n / (size_t)bytes, bytes, all + offset);
    if (swap)
        swap_nifti_header(&h, 1);
    memcpy(all, &h, sizeof h);
    return all;
}

static inline void raw_write(const char *path, const struct nifti_1_header *header,
                             const void *voxels, size_t n, bool swap)
{
    size_t total;
    unsigned char *all = raw_join(header, voxels, n, swap, &total);
    raw_bytes(path, all, total);
    free(all);
}

#endif
