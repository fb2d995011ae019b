/* SPDX-License-Identifier: BSD-3-Clause */
/* What writer and reader of weights files share: the seal, the list of plain attributes, the
 * checksum. The seal (user block) is over the file's bytes, so that HDF5 only ever parses what
 * we wrote; the checksum is over the content, so that equal weights have equal sums whatever
 * the container. All Local. */
#ifndef BEN_IO_WEIGHTS_FORMAT_H
#define BEN_IO_WEIGHTS_FORMAT_H

#include "io/weights.h"

#define BEN_WEIGHTS_SEAL_BYTES ((size_t)512)
#define BEN_WEIGHTS_SEAL_MAGIC "BEN-MPI WEIGHTS\n"
#define BEN_WEIGHTS_MAGIC      "ben-mpi weights"
#define BEN_WEIGHTS_MOST_BYTES ((size_t)4 << 30)

enum weights_field_type { BEN_FIELD_INTEGER, BEN_FIELD_SWITCH, BEN_FIELD_REAL, BEN_FIELD_TEXT };

/* A plain attribute and its place in struct weights_file: int, bool, double [room] or
 * char [room]. */
struct weights_field {
    const char *group, *name;
    enum weights_field_type type;
    size_t offset;
    size_t room;
};

/* One list for writing, reading and the checksum. */
#define BEN_WEIGHTS_FIELDS 13
extern const struct weights_field weights_fields[BEN_WEIGHTS_FIELDS];

extern const char *const weights_kind_names[2]; /* by enum weights_kind */

/* The tensor, whose name is good and new, goes to the list's end with its data, which *tensor has
 * no more. Fails: BEN_E_MEMORY. */
enum ben_status weights_adopt(struct weights_list *list, struct weights_tensor *tensor);

/* Over everything that a reader gets, in the order of the lists. */
uint64_t weights_checksum(const struct weights_file *file);

/* The seal of a file of n bytes, the seal's own among them, for that format; zero-padded. */
void weights_seal(const char *bytes, size_t n, int format, char seal[BEN_WEIGHTS_SEAL_BYTES]);

#endif
