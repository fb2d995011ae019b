/* SPDX-License-Identifier: BSD-3-Clause */
/* What io/nifti.c and io/nifti_write.c share and nobody else needs: the raw header, and how the
 * two files of a .hdr/.img pair are called. All Local. */
#ifndef BEN_IO_NIFTI_HEADER_H
#define BEN_IO_NIFTI_HEADER_H

#include "io/nifti.h"

#include <nifti1.h>

#define BEN_NIFTI_HEADER_BYTES 348
#define BEN_NIFTI_SINGLE_BYTES 352 /* header and four bytes that say: no extensions */

/* A checked header and where the voxels are. */
struct nifti_layout {
    struct nifti_1_header header; /* in this machine's byte order */
    struct nifti_info info;
    bool pair;           /* voxels are in the .img file */
    size_t offset_bytes; /* of the first voxel in its file */
    size_t voxel_bytes;
    size_t volume_voxels;
};

/* Checks every field that reading depends on. bytes is what the file begins with, n of them
 * (fewer than 348 are an error). path is for the texts. Fails: BEN_E_INPUT. */
enum ben_status nifti_header_check(const char *path, const unsigned char *bytes, size_t n,
                                   struct nifti_layout *layout);

/* "int16"; NULL for what is no scalar type of ours. *reason says what the type is instead. */
const char *nifti_type_name(int datatype, const char **reason);

/* The names of a file's parts, fresh: header and image are equal for a single file. With
 * existing set, the .img or .img.gz (.hdr or .hdr.gz) that exists is chosen.
 * Fails: BEN_E_INPUT for a name that is not NIfTI's. */
enum ben_status nifti_parts(const char *path, bool existing, char **header, char **image);

/* n stored voxels at bytes, aligned for any type (they are turned to this machine's byte order in
 * place) -> values, scaled. */
void nifti_decode(const struct nifti_layout *layout, void *bytes, size_t n, float *values);

#endif
