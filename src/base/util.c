/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

double util_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define LARGE_PAGE ((size_t)2 << 20)

/* The whole small pages among the bytes: the system finds the large ones in them. A hint: where it
 * fails, nothing is lost. */
static void *in_large_pages(char *room, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (room && bytes >= 2 * LARGE_PAGE) {
        char *first = room + (page - (uintptr_t)room % page) % page;
        size_t whole = (size_t)(room + bytes - first) / page * page;
        madvise(first, whole, MADV_HUGEPAGE);
    }
    return room;
}

void *util_room(size_t bytes)
{
    return in_large_pages(malloc(bytes), bytes);
}

void *util_zeroed_room(size_t bytes)
{
    return in_large_pages(calloc(bytes, 1), bytes);
}

void util_touch(void *room, size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < bytes; at += page)
        ((volatile char *)room)[at] = 0;
}

size_t util_peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

char *util_format(const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    return n < 0 ? NULL : text;
}

/* The bytes of the valid UTF-8 sequence at text: 1 to 4, 0 for none (Unicode, table 3-7). */
static size_t utf8_length(const unsigned char *text)
{
    static const struct {
        unsigned char first, last; /* leading byte */
        unsigned char low, high;   /* second byte; the others are 80 to bf */
        size_t n;
    } forms[] = {
        {0x01, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text[0] < forms[i].first || text[0] > forms[i].last)
            continue;
        size_t k = 1;
        if (forms[i].n > 1 && (text[1] < forms[i].low || text[1] > forms[i].high))
            return 0;
        while (k < forms[i].n && (k == 1 || (text[k] >= 0x80 && text[k] <= 0xbf)))
            k++;
        return k == forms[i].n ? k : 0;
    }
    return 0;
}

char *util_utf8(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = malloc(3 * strlen(text) + 1), *to = copy;
    while (copy && *text) {
        size_t n = utf8_length((const unsigned char *)text);
        memcpy(to, n > 0 ? text : replacement, n > 0 ? n : 3);
        to += n > 0 ? n : 3;
        text += n > 0 ? n : 1;
    }
    if (copy)
        *to = '\0';
    return copy;
}

const char *util_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static enum ben_status sync_path(const char *path, int flags)
{
    enum ben_status st = BEN_OK;
    int fd = open(path, flags | O_CLOEXEC);
    /* EINVAL: a file system that keeps its folders by itself. */
    if (fd < 0 || (fsync(fd) != 0 && !(flags & O_DIRECTORY && errno == EINVAL)))
        FAIL(BEN_E_IO, "%s: cannot bring it to the disk: %s", path, strerror(errno));
out:
    if (fd >= 0)
        close(fd);
    return st;
}

/* The folder that path lies in, fresh. */
static char *folder_of(const char *path)
{
    const char *name = util_basename(path);
    return name == path ? strdup(".") : strndup(path, (size_t)(name - path));
}

/* The name in the folder above is on the disk too: what was acknowledged in a new folder must
 * not vanish with it when the power does. */
static enum ben_status sync_name(const char *path)
{
    enum ben_status st = BEN_OK;
    char *folder;
    TRY_NEW(folder = folder_of(path));
    TRY(sync_path(folder, O_RDONLY | O_DIRECTORY));
out:
    free(folder);
    return st;
}

char *util_folder(const char *path)
{
    const char *name = util_basename(path);
    if (name == path)
        return strdup(".");
    return strndup(path, (size_t)(name - path - (name - path > 1)));
}

enum ben_status util_make_dirs(const char *path)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    TRY_NEW(copy = strdup(path));
    for (char *p = copy + 1; *copy; p++) {
        char c = *p;
        if (c != '/' && c != '\0')
            continue;
        *p = '\0';
        int why = mkdir(copy, 0777) == 0 ? 0 : errno;
        if (why && !util_is_dir(copy))
            FAIL(BEN_E_IO, "%s: cannot create the folder: %s", copy,
                 why == EEXIST ? "a file of that name is in the way" : strerror(why));
        if (!why)
            TRY(sync_name(copy));
        *p = c;
        if (c == '\0')
            break;
    }
out:
    free(copy);
    return st;
}

enum ben_status util_make_parents(const char *path)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    TRY_NEW(copy = strdup(path));
    char *slash = strrchr(copy, '/');
    if (slash && slash != copy) {
        *slash = '\0';
        TRY(util_make_dirs(copy));
    }
out:
    free(copy);
    return st;
}

bool util_is_dir(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool util_is_file(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

static unsigned host_hash(void)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return (unsigned)util_hash(UTIL_HASH_START, host, strlen(host));
}

char *util_temporary(const char *path)
{
    /* Host and process, since jobs on several machines may share the folder. The ending stays,
     * since libraries choose the format by it. */
    const char *name = util_basename(path);
    return util_format("%.*s.tmp%08x-%ld.%s", (int)(name - path), path, host_hash(),
                       (long)getpid(), name);
}

/* On this host; one that has ended but that its parent has not asked for yet is gone too. */
static bool process_gone(long pid)
{
    char path[40], state = '?';
    if (kill((pid_t)pid, 0) != 0)
        return errno == ESRCH;
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    int n = fscanf(file, "%*d (%*[^)]) %c", &state);
    fclose(file);
    return n == 1 && state == 'Z';
}

/* What the temporary of that name is to become, NULL where it is none. gone: nobody works on it
 * any more. */
static const char *temporary_of(const char *name, const struct stat *s, bool *gone)
{
    unsigned host;
    long pid;
    int end = 0;
    if (sscanf(name, ".tmp%8x-%ld.%n", &host, &pid, &end) != 2 || end == 0)
        return NULL;
    *gone = host == host_hash() ? process_gone(pid) : time(NULL) - s->st_mtime > 24 * 3600;
    return name + end;
}

static int sweep_one(const char *path, const struct stat *s, int type, struct FTW *place)
{
    bool gone = false;
    if (type == FTW_F && temporary_of(path + place->base, s, &gone) && gone)
        unlink(path);
    return 0;
}

void util_sweep(const char *folder)
{
    nftw(folder, sweep_one, 16, FTW_PHYS);
}

/* MPI-IO and HDF5's room put endings of their own behind a temporary's name. */
static bool is_left_of(int folder, const char *name, const char *wanted)
{
    struct stat s;
    bool gone = false;
    if (strncmp(name, ".tmp", 4) != 0 || fstatat(folder, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    const char *of = temporary_of(name, &s, &gone);
    return of && gone && strncmp(of, wanted, strlen(wanted)) == 0;
}

void util_sweep_beside(const char *path)
{
    char *folder = folder_of(path);
    DIR *listing = folder ? opendir(folder) : NULL;
    struct dirent *entry;
    while (listing && (entry = readdir(listing)) != NULL)
        if (is_left_of(dirfd(listing), entry->d_name, util_basename(path)))
            unlinkat(dirfd(listing), entry->d_name, 0);
    if (listing)
        closedir(listing);
    free(folder);
}

enum ben_status util_publish(const char *temporary, const char *path)
{
    enum ben_status st = BEN_OK;
    TRY(sync_path(temporary, O_RDONLY));
    if (rename(temporary, path) != 0)
        FAIL(BEN_E_IO, "%s: cannot rename %s to it: %s", path, temporary, strerror(errno));
    TRY(sync_name(path));
out:
    if (st)
        unlink(temporary);
    return st;
}

void util_discard(const char *temporary)
{
    if (temporary)
        unlink(temporary);
}

enum ben_status util_write_file(const char *path, const void *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    FILE *file = NULL;
    char *temporary = NULL;
    TRY_NEW(temporary = util_temporary(path));
    file = fopen(temporary, "wb");
    if (!file)
        FAIL(BEN_E_IO, "%s: cannot write: %s", path, strerror(errno));
    bool good = fwrite(bytes, 1, n, file) == n;
    good = fclose(file) == 0 && good;
    file = NULL;
    if (!good)
        FAIL(BEN_E_IO, "%s: cannot write: %s", path, strerror(errno));
    TRY(util_publish(temporary, path));
out:
    if (st)
        util_discard(temporary);
    free(temporary);
    return st;
}

enum ben_status util_read_file(const char *path, size_t limit, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t size = 0, room = 4096;
    struct stat s;
    FILE *file = fopen(path, "rb");
    if (!file || util_is_dir(path))
        FAIL(BEN_E_IO, "%s: cannot read: %s", path, file ? "it is a folder" : strerror(errno));
    if (fstat(fileno(file), &s) == 0 && (size_t)s.st_size < limit)
        room += (size_t)s.st_size; /* and what it may have grown by */
    TRY_NEW(text = util_room(room));
    do {
        if (size + 1 >= room) {
            char *more;
            room *= 2;
            TRY_NEW(more = realloc(text, room));
            text = more;
        }
        size += fread(text + size, 1, room - 1 - size, file);
        if (size > limit)
            FAIL(BEN_E_INPUT, "%s: larger than %zu bytes, which is not credible", path, limit);
    } while (!feof(file) && !ferror(file));
    if (ferror(file))
        FAIL(BEN_E_IO, "%s: cannot read: %s", path, strerror(errno));
    text[size] = '\0';
    *bytes = text;
    text = NULL;
    if (n)
        *n = size;
out:
    if (file)
        fclose(file);
    free(text);
    return st;
}

uint64_t util_hash(uint64_t hash, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n > 0; n--, p++)
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    return hash;
}
