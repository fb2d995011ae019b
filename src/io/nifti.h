/* SPDX-License-Identifier: BSD-3-Clause */
/* NIfTI-1 files: .nii, .nii.gz and .hdr/.img pairs (either one may be named, each may carry .gz).
 * Reading: the raw header is checked before anything believes it; voxels of the one wanted
 * volume become float in mm space (struct volume) slice by slice, so memory is one float volume
 * and a small buffer. Writing: the geometry of the source goes into the result bit for bit;
 * files appear whole or not at all and the same bytes come out every time. All Local.
 *
 * Every failure to read is BEN_E_INPUT (the scan is bad, others go on) or BEN_E_MEMORY; the text
 * names the file, the reason and what to do. Failures to write are BEN_E_IO.
 * Format: https://nifti.nimh.nih.gov/nifti-1 (nifti1.h). */
#ifndef BEN_IO_NIFTI_H
#define BEN_IO_NIFTI_H

#include "base/status.h"
#include "io/volume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEN_VOLUME_DEFAULT                                                                     \
    (-1) /* the fifth volume (index 4), or the last where there are fewer */

enum nifti_space { BEN_SPACE_NONE, BEN_SPACE_QFORM, BEN_SPACE_SFORM };

/* The source's header, carried to outputs; plain bytes in this machine's order, so that it may
 * be copied and sent. */
struct nifti_geometry {
    unsigned char header[348];
};

/* What the header says, checked. */
struct nifti_info {
    int dim[3];
    int n_volumes;       /* 1 for 3-D */
    double voxel_mm[3];  /* |pixdim| in mm, whatever the header's unit */
    double affine[3][4]; /* sform if its code > 0, else qform if its code > 0, else pixdim */
    enum nifti_space space;
    char axes[4];       /* where i, j, k run to, as in "RAS"; nearest direction if oblique */
    bool oblique;       /* no axis order and flip makes the affine diagonal */
    int datatype;       /* NIfTI code */
    char type_name[12]; /* "int16" */
    double slope, intercept; /* value = slope * stored + intercept; 1 and 0 where unscaled */
    bool swapped;            /* stored in the other byte order */
    bool compressed;
    int qform_code, sform_code;
    char descrip[81];
};

/* Reads and checks the header, and the file's length as far as that costs no inflating. */
enum ben_status nifti_inspect(const char *path, struct nifti_info *info);

/* The volume that index (0-based or BEN_VOLUME_DEFAULT) means among n_volumes; -1: none. */
int nifti_volume_index(int index, int n_volumes);

/* Reads one volume; the caller frees it. geometry may be NULL. A compressed file is inflated to
 * its end so that damage anywhere shows. Also fails on NaN or infinite voxels and on an image
 * whose voxels are all the same. */
enum ben_status nifti_read(const char *path, int index, struct volume **volume,
                           struct nifti_geometry *geometry);

/* Reads one volume as a mask: fresh [dim[2]][dim[1]][dim[0]], 1 where the value is above one
 * half (so labels and 0/255 masks work too). An empty mask is not an error. info and geometry
 * may be NULL. */
enum ben_status nifti_read_mask(const char *path, int index, uint8_t **mask,
                                struct nifti_info *info, struct nifti_geometry *geometry);

/* Several volumes of one file: indices that only grow cost one pass over a compressed file. */
struct nifti_reader;
enum ben_status nifti_open(const char *path, struct nifti_reader **reader);
const struct nifti_info *nifti_reader_info(const struct nifti_reader *reader);
void nifti_reader_geometry(const struct nifti_reader *reader, struct nifti_geometry *geometry);
enum ben_status nifti_next(struct nifti_reader *reader, int index, struct volume **volume);
/* Inflates the rest, so that damage behind the last volume taken shows. */
enum ben_status nifti_verify(struct nifti_reader *reader);
void nifti_close(struct nifti_reader **reader);

/* The geometry of a volume that comes from no file: sform and qform (where a rotation can hold
 * it) from its affine; neither where it has no orientation. */
void nifti_geometry_make(const struct volume *volume, struct nifti_geometry *geometry);

/* The grid of a geometry; true where two have the same dims and, within tolerance_mm at the
 * corners of the field of view, the same world. */
void nifti_geometry_dims(const struct nifti_geometry *geometry, int dim[3]);
bool nifti_same_grid(const struct nifti_info *a, const struct nifti_info *b,
                     double tolerance_mm);

/* Writes a 3-D file in the geometry's grid: header copied (dims 1-3, pixdim, qform, sform, codes,
 * units), slope 1, intercept 0, cal_min/max of the data (0..1 for u8), descrip (at most 79
 * bytes kept). The ending of path chooses the form; parents must exist. */
enum ben_status nifti_write_u8(const char *path, const struct nifti_geometry *geometry,
                               const uint8_t *data, const char *descrip);
enum ben_status nifti_write_f32(const char *path, const struct nifti_geometry *geometry,
                                const float *data, const char *descrip);

/* The same volume by volume: n_volumes > 1 makes it 4-D with the source's time step. */
enum nifti_type { BEN_NIFTI_U8, BEN_NIFTI_I16, BEN_NIFTI_F32 };

struct nifti_output {
    enum nifti_type type;
    int n_volumes;
    float cal_min, cal_max; /* display range */
    const char *descrip;
};

struct nifti_writer;
enum ben_status nifti_create(const char *path, const struct nifti_geometry *geometry,
                             const struct nifti_output *output, struct nifti_writer **writer);
/* The next volume, in the output's type. */
enum ben_status nifti_put(struct nifti_writer *writer, const void *data);
/* Publishes the file once all volumes are put. Frees the writer in any case. */
enum ben_status nifti_finish(struct nifti_writer **writer);
/* Gives up: removes the temporary. NULL-safe. */
void nifti_abandon(struct nifti_writer **writer);

/* .nii .nii.gz .hdr .img .hdr.gz .img.gz: the length of that ending of path, 0 for any other. */
size_t nifti_ending(const char *path);

#endif
