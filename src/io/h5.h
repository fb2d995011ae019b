/* SPDX-License-Identifier: BSD-3-Clause */
/* What our HDF5 files share: checked calls whose error text carries HDF5's own reason (and
 * nothing is printed to stderr by the library), attributes of three kinds, and IEEE float16,
 * which h5py reads as numpy's. All Local unless the file was opened by many ranks: then
 * Collective, with the same arguments everywhere. */
#ifndef BEN_IO_H5_H
#define BEN_IO_H5_H

#include "base/status.h"

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

#define H5_NONE H5I_INVALID_HID /* what an identifier is before and after its life */

/* Takes HDF5's printing of errors away; before the first call. */
void h5_quiet(void);

/* The error of a failed HDF5 call, with the innermost reason that HDF5 gives. */
enum ben_status h5_raise(const char *file, int line, const char *func, const char *call);

/* A call that returns a negative number on failure: TRY_H5(id = H5Fopen(...)). */
#define TRY_H5(call)                                                                           \
    do {                                                                                       \
        if ((call) < 0) {                                                                      \
            st = h5_raise(__FILE__, __LINE__, __func__, #call);                                \
            goto out;                                                                          \
        }                                                                                      \
    } while (0)

/* Closes whatever id is and sets it to H5_NONE; for clean-up, where failures do not matter. */
void h5_free(hid_t *id);

/* Attributes of an object: a text, or n numbers (a scalar where n is 1). The readers fail with
 * BEN_E_INPUT where the attribute is absent, of another kind or size; room includes the NUL. */
enum ben_status h5_set_text(hid_t at, const char *name, const char *text);
enum ben_status h5_set_integers(hid_t at, const char *name, const int64_t *values, size_t n);
enum ben_status h5_set_reals(hid_t at, const char *name, const double *values, size_t n);
enum ben_status h5_get_text(hid_t at, const char *name, char *text, size_t room);
enum ben_status h5_get_integers(hid_t at, const char *name, int64_t *values, size_t n);
enum ben_status h5_get_reals(hid_t at, const char *name, double *values, size_t n);

/* The same for a text of fixed length. That of h5_set_text is of variable length and lies in HDF5's
 * global heap, whose reader (1.10.8) trusts the file: what no seal vouches for has its texts this
 * way, at most H5_MOST_TEXT bytes each. The reader refuses the other kind. */
#define H5_MOST_TEXT 60000 /* HDF5 keeps attributes in headers of 64 KiB */
enum ben_status h5_set_fixed_text(hid_t at, const char *name, const char *text);
enum ben_status h5_get_fixed_text(hid_t at, const char *name, char *text, size_t room);

/* A fresh type for texts of n bytes, the NUL at the end among them. */
enum ben_status h5_fixed_type(size_t n, hid_t *type);

/* A fresh HDF5 type for float16; its numbers are held as bits in uint16_t. */
enum ben_status h5_half_type(hid_t *type);

/* n numbers to float16 bits, rounded to nearest even, beyond 65504 infinite; and back. */
void h5_to_half(const float *from, size_t n, uint16_t *to);
void h5_from_half(const uint16_t *from, size_t n, float *to);

#endif
