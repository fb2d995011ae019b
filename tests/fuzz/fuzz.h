/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzzing: a target hands any bytes to one reader, which must refuse them with a text or take
 * them, but never crash, hang or allocate what the bytes cannot justify. A target (fuzz_NAME.c)
 * defines fuzz_one and fuzz_start; the helpers here are what targets share. Two programs run
 * it: libFuzzer, where clang builds with BEN_FUZZ (tools/fuzz.sh), and replay.c everywhere,
 * which gives it the seeds, the inputs that once failed (tests/fuzz/found/NAME) and a number of
 * simple mutations of both. */
#ifndef BEN_TESTS_FUZZ_H
#define BEN_TESTS_FUZZ_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The target's name, as in fuzz_NAME.c. */
extern const char fuzz_name[];

/* Called once, before the first input: fixtures, and fuzz_seed for each seed. */
void fuzz_start(void);

/* One input. */
void fuzz_one(const uint8_t *data, size_t n);

/* Adds a seed (copied). */
void fuzz_seed(const void *bytes, size_t n);
void fuzz_seed_text(const char *text);

struct fuzz_bytes {
    uint8_t *bytes;
    size_t n;
};
const struct fuzz_bytes *fuzz_seeds(size_t *n);

/* The target's scratch folder, in memory where the machine has /dev/shm; removed at exit. */
const char *fuzz_folder(void);

/* folder/name, in the scratch folder. Valid until the eighth call after. */
const char *fuzz_path(const char *name);

/* Writes a file of the scratch folder; returns its path as fuzz_path does. */
const char *fuzz_file(const char *name, const void *bytes, size_t n);

/* Makes the folder of a path of the scratch folder. */
void fuzz_make_folder(const char *name);

/* Removes everything in the scratch folder. */
void fuzz_empty_folder(void);

/* What every reader's status must be: good, or a failure with a text that holds part (a path, say;
 * NULL: any text), but never lack of memory, since inputs are small. Returns true where good. */
int fuzz_fine(enum ben_status st, const char *part);

/* The condition is a promise of the code under test. */
#define FUZZ_ENSURE(condition)                                                                 \
    do {                                                                                       \
        if (!(condition))                                                                      \
            fuzz_failed(__FILE__, __LINE__, #condition);                                       \
    } while (0)
_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* Reading an input as a program: bytes taken off its front, zeros behind its end. */
struct fuzz_source {
    const uint8_t *at;
    size_t left;
};
void fuzz_take(struct fuzz_source *from, void *to, size_t n);
uint8_t fuzz_byte(struct fuzz_source *from);
uint32_t fuzz_word(struct fuzz_source *from);

/* A fresh text of at most most bytes, up to the first that is end or NUL (which is taken too). */
char *fuzz_text(struct fuzz_source *from, char end, size_t most);

#endif
