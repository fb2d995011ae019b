/* SPDX-License-Identifier: BSD-3-Clause */
/* Small helpers that every folder needs: time, memory in use, paths, and files that appear
 * whole or not at all. All Local. */
#ifndef BEN_BASE_UTIL_H
#define BEN_BASE_UTIL_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic seconds. */
double util_now_s(void);

/* bytes as malloc gives them, or zeroed as calloc does, in large pages where they are many and the
 * system has such: touching a volume for the first time then takes a sixth of the time. NULL
 * without memory; free() takes them. */
void *util_room(size_t bytes);
void *util_zeroed_room(size_t bytes);

/* Has the system give the pages of fresh room now, whose content is lost, rather than when they are
 * first used: for whoever waits anyway. */
void util_touch(void *room, size_t bytes);

/* This process's peak resident memory. */
size_t util_peak_bytes(void);

/* printf into a fresh string; NULL without memory. The caller frees. */
char *util_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text with each byte that is not part of valid UTF-8 replaced by U+FFFD, as JSON wants it
 * (file names may hold any bytes); NULL without memory. The caller frees. */
char *util_utf8(const char *text);

/* The part after the last slash. */
const char *util_basename(const char *path);

/* The folder that path lies in, "." where it names none, without a slash at its end; the caller frees.
 * NULL without memory. */
char *util_folder(const char *path);

/* Creates the folder and its parents, each brought to the disk; existing ones are fine. */
enum ben_status util_make_dirs(const char *path);

/* Creates the parents of path. */
enum ben_status util_make_parents(const char *path);

bool util_is_dir(const char *path);
bool util_is_file(const char *path);

/* A file is written under util_temporary(path) (same folder; caller frees), then published:
 * fsync, rename to path, fsync of the folder. Whoever reads path sees the old file or the whole
 * new one. The temporary is removed on failure by util_publish or by util_discard. */
char *util_temporary(const char *path);
enum ben_status util_publish(const char *temporary, const char *path);
void util_discard(const char *temporary);

/* Removes, below folder, the temporaries that killed processes left: of this host those whose
 * process is gone, of others those untouched for a day. What cannot be removed stays. */
void util_sweep(const char *folder);

/* The same for the temporaries of the files in path's folder whose names begin as path's does. */
void util_sweep_beside(const char *path);

/* Writes bytes to path by the steps above. */
enum ben_status util_write_file(const char *path, const void *bytes, size_t n);

/* Reads the whole file, NUL-terminated behind its n bytes; the caller frees. More than
 * limit bytes is an error. n may be NULL. */
enum ben_status util_read_file(const char *path, size_t limit, char **bytes, size_t *n);

/* Of the three axes of a volume, the other two than axis. */
static inline int util_lower_axis(int axis)
{
    return axis == 0 ? 1 : 0;
}

static inline int util_higher_axis(int axis)
{
    return axis == 2 ? 1 : 2;
}

/* FNV-1a over bytes, to be chained: start with util_hash_start. */
#define UTIL_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t util_hash(uint64_t hash, const void *bytes, size_t n);

#endif
