/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights and training checkpoints: one HDF5 file that h5py and h5dump read without us. A
 * writer fills a struct weights_file (weights_create, weights_add_...) and calls weights_write;
 * a reader calls weights_read or weights_read_shared, looks at arch and prep, and lets
 * weights_load put the named tensors where the network wants them.
 *
 * In the file: a 512-byte user block with magic, length and hash of all that follows, checked
 * before HDF5 sees a byte; root attributes magic, format, kind, version, checksum; groups
 * /architecture and /preparation with plain attributes; /values/NAME the tensors, float32 or
 * IEEE float16; /state with what else a checkpoint carries (arrays as data sets, numbers as
 * attributes); /text/NAME longer texts, "provenance" (JSON) among them. */
#ifndef BEN_IO_WEIGHTS_H
#define BEN_IO_WEIGHTS_H

#include "base/status.h"
#include "mpi/comm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEN_WEIGHTS_FORMAT  1
#define BEN_WEIGHTS_NAME    64 /* room for a name with its NUL */
#define BEN_WEIGHTS_DROPOUT 10 /* dropout rates: one per block of the network */

enum weights_kind { BEN_WEIGHTS_NET, BEN_WEIGHTS_CHECKPOINT };

/* The network that the tensors fit; the fields of nn's struct net_config. */
struct weights_arch {
    int size;     /* slices are size x size pixels */
    int channels; /* of the first encoder */
    bool nonlocal;
    double dropout[BEN_WEIGHTS_DROPOUT];
    double norm_eps, norm_momentum;
};

/* How scans are prepared before the network sees them, and what its answer means. */
struct weights_prep {
    char plane[16];    /* "coronal", "axial", "sagittal" */
    char species[64];  /* "rat", "human", "general", ... */
    char modality[64]; /* "T2w", "any", ...; "" where not said */
    bool n4;
    double percentile_low, percentile_high; /* normalisation; 1 and 99 */
    double threshold;                       /* probability from which a voxel is brain; 0.5 */
};

struct weights_tensor {
    char name[BEN_WEIGHTS_NAME];
    int rank; /* dimensions, 1..4 */
    int shape[4];
    size_t count; /* their product, > 0 */
    float *data;  /* [count], row-major, owned by the file */
};

struct weights_list {
    struct weights_tensor *items;
    int n, room;
};

struct weights_integer {
    char name[BEN_WEIGHTS_NAME];
    int64_t value;
};

struct weights_real {
    char name[BEN_WEIGHTS_NAME];
    double value;
};

struct weights_text {
    char name[BEN_WEIGHTS_NAME];
    char *text;
};

struct weights_file {
    enum weights_kind kind;
    char *path; /* where it was read from, for error texts; NULL before */
    struct weights_arch arch;
    struct weights_prep prep;
    struct weights_list values; /* the network's named values, in the order of adding */
    struct weights_list state;  /* optimiser moments and the like */
    struct weights_integer *integers;
    struct weights_real *reals;
    struct weights_text *texts;
    int n_integers, n_reals, n_texts;
    uint64_t checksum; /* of all content, set by weights_write and weights_read */
};

/* An empty file with zeroed arch and prep, to be filled. Local. */
enum ben_status weights_create(enum weights_kind kind, struct weights_file **file);
void weights_free(struct weights_file **file);

/* Frees values and state, once they are elsewhere; all else stays. Local. */
void weights_drop_tensors(struct weights_file *file);

/* Letters, digits, '.', '_', '-', at least one, fewer than BEN_WEIGHTS_NAME. Local. */
bool weights_name_good(const char *name);

/* Add one named thing each; data and text are copied. A bad name or one used twice in its list,
 * a rank not in 1..4 and an empty shape are bugs (ENSURE). Local. Fails: BEN_E_MEMORY. */
enum ben_status weights_add_value(struct weights_file *file, const char *name, int rank,
                                  const int *shape, const float *data);
enum ben_status weights_add_state(struct weights_file *file, const char *name, int rank,
                                  const int *shape, const float *data);
enum ben_status weights_add_integer(struct weights_file *file, const char *name, int64_t value);
enum ben_status weights_add_real(struct weights_file *file, const char *name, double value);
enum ben_status weights_add_text(struct weights_file *file, const char *name, const char *text);

/* Look up by name; NULL where absent. Owned by the file. Local. */
const struct weights_tensor *weights_find_value(const struct weights_file *file,
                                                const char *name);
const struct weights_tensor *weights_find_state(const struct weights_file *file,
                                                const char *name);
const char *weights_find_text(const struct weights_file *file, const char *name);

/* Fail with BEN_E_ARG where absent, naming file and entry. Local. */
enum ben_status weights_get_integer(const struct weights_file *file, const char *name,
                                    int64_t *value);
enum ben_status weights_get_real(const struct weights_file *file, const char *name,
                                 double *value);

/* What a reader expects, and where the numbers go. */
struct weights_want {
    const char *name;
    int rank;
    int shape[4];
    float *into; /* [product of shape] or NULL to check only */
};

/* Every wanted tensor of values (or of state) is there with that shape, and values holds
 * nothing else; copies them. Nothing is copied on failure. Fails: BEN_E_ARG for a missing or
 * surplus tensor or another shape. Local. */
enum ben_status weights_load_values(const struct weights_file *file,
                                    const struct weights_want *want, int n);
enum ben_status weights_load_state(const struct weights_file *file,
                                   const struct weights_want *want, int n);

/* Writes under a temporary name, fsyncs, renames. half: tensors of values with two or more
 * dimensions as float16 (rounded to nearest even; file->values then hold the rounded numbers, as a reader will see them).
 * The same content gives the same bytes. Fails: BEN_E_IO, BEN_E_HDF5, BEN_E_ARG for values
 * that are not finite or do not fit float16. Local: one rank writes. */
enum ben_status weights_write(struct weights_file *file, const char *path, bool half);

/* Reads and verifies everything: magic, format, length, hash, checksum, shapes, no value that
 * is not finite. Fails: BEN_E_ARG with path, reason and what to do; BEN_E_IO. Local. */
enum ben_status weights_read(const char *path, struct weights_file **file);

/* The same from the file's bytes; path only names it in errors. Local. */
enum ben_status weights_decode(const char *path, const void *bytes, size_t n,
                               struct weights_file **file);

/* Rank 0 reads the bytes, all ranks decode them: every rank gets a copy of its own. On failure
 * all ranks return the same status and text. Collective. */
enum ben_status weights_read_shared(const struct comm *comm, const char *path,
                                    struct weights_file **file);

#endif
