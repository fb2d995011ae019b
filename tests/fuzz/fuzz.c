/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz.h"

#include "base/log.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MOST_SEEDS 64

static struct fuzz_bytes seeds[MOST_SEEDS];
static size_t n_seeds;
static char folder[64];

void fuzz_seed(const void *bytes, size_t n)
{
    struct fuzz_bytes seed = {malloc(n + 1), n};
    FUZZ_ENSURE(seed.bytes && n_seeds < MOST_SEEDS);
    memcpy(seed.bytes, bytes, n);
    seeds[n_seeds++] = seed;
}

void fuzz_seed_text(const char *text)
{
    fuzz_seed(text, strlen(text));
}

const struct fuzz_bytes *fuzz_seeds(size_t *n)
{
    *n = n_seeds;
    return seeds;
}

_Noreturn void fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: broken: %s (last error: %s)\n", file, line, condition,
            ben_error_text());
    abort();
}

static int remove_entry(const char *path, const struct stat *s, int kind, struct FTW *walk)
{
    (void)s, (void)kind;
    if (walk->level > 0 && remove(path) != 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return 0;
}

void fuzz_empty_folder(void)
{
    nftw(fuzz_folder(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_folder(void)
{
    fuzz_empty_folder();
    rmdir(folder);
}

const char *fuzz_folder(void)
{
    if (*folder)
        return folder;
    snprintf(folder, sizeof folder, "%s/ben-fuzz.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_ENSURE(mkdtemp(folder));
    atexit(remove_folder);
    return folder;
}

const char *fuzz_path(const char *name)
{
    static char paths[8][1024];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_folder(), name);
    return path;
}

const char *fuzz_file(const char *name, const void *bytes, size_t n)
{
    const char *path = fuzz_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    FUZZ_ENSURE(fd >= 0);
    FUZZ_ENSURE(write(fd, bytes, n) == (ssize_t)n);
    FUZZ_ENSURE(close(fd) == 0);
    return path;
}

void fuzz_make_folder(const char *name)
{
    FUZZ_ENSURE(util_make_dirs(fuzz_path(name)) == BEN_OK);
}

int fuzz_fine(enum ben_status st, const char *part)
{
    if (st == BEN_OK)
        return 1;
    FUZZ_ENSURE(st != BEN_E_MEMORY);
    FUZZ_ENSURE(*ben_error_text());
    FUZZ_ENSURE(!part || strstr(ben_error_text(), part));
    return 0;
}

void fuzz_take(struct fuzz_source *from, void *to, size_t n)
{
    size_t there = n < from->left ? n : from->left;
    memset(to, 0, n);
    if (there > 0)
        memcpy(to, from->at, there);
    from->at += there;
    from->left -= there;
}

uint8_t fuzz_byte(struct fuzz_source *from)
{
    uint8_t byte;
    fuzz_take(from, &byte, 1);
    return byte;
}

uint32_t fuzz_word(struct fuzz_source *from)
{
    uint32_t word;
    fuzz_take(from, &word, sizeof word);
    return word;
}

char *fuzz_text(struct fuzz_source *from, char end, size_t most)
{
    size_t n = 0;
    while (n < from->left && n < most && from->at[n] != (uint8_t)end && from->at[n])
        n++;
    char *text = malloc(n + 1);
    FUZZ_ENSURE(text);
    fuzz_take(from, text, n);
    text[n] = '\0';
    if (from->left > 0 && n < most)
        fuzz_byte(from);
    return text;
}

/* BEN_FUZZ_SEEDS=FOLDER: writes the seeds there and ends. */
static void write_seeds(const char *to)
{
    for (size_t i = 0; i < n_seeds; i++) {
        char *path = util_format("%s/seed-%02zu", to, i);
        FUZZ_ENSURE(path && util_write_file(path, seeds[i].bytes, seeds[i].n) == BEN_OK);
        free(path);
    }
    exit(EXIT_SUCCESS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    log_setup(BEN_LOG_ERROR, 0);
    fuzz_start();
    if (getenv("BEN_FUZZ_SEEDS"))
        write_seeds(getenv("BEN_FUZZ_SEEDS"));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    ben_error_set("", "");
    fuzz_one(data, n);
    return 0;
}
