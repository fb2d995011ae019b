/* SPDX-License-Identifier: BSD-3-Clause */
/* Sound HDF5 of which an input decides how it differs from what a reader expects: zeros make what is
 * usual, other bytes other types, shapes, layouts and values. */
#ifndef BEN_TESTS_ODD_H5_H
#define BEN_TESTS_ODD_H5_H

#include "fuzz.h"

#include <hdf5.h>

/* Called once: HDF5 is quiet, and keeps what it frees for the next file, half a megabyte of caches,
 * instead of giving it back to the system and taking it again, which took most of the time. */
void odd_start(void);

/* A type: usual for most choices. */
hid_t odd_type(uint8_t choice, hid_t usual);

/* A space of usual elements in one dimension (1: a scalar); for some choices null, scalar, or up to
 * five dimensions of at most three. */
hid_t odd_space(struct fuzz_source *from, uint8_t choice, hsize_t usual);

/* Bytes for any such space of that type, owned here until the next call; NULL for sequences. */
const void *odd_bytes(struct fuzz_source *from, hid_t type);

/* How a set of that space is created: most often as usual. */
hid_t odd_layout(struct fuzz_source *from, hid_t space);

/* An attribute that is as it should be unless the input says otherwise. */
void odd_attribute(struct fuzz_source *from, hid_t at, const char *name, hid_t usual,
                   hsize_t count, const void *value);

#endif
