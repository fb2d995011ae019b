/* SPDX-License-Identifier: BSD-3-Clause */
/* A library to be preloaded into the program, which counts what the program does to the files of
 * one folder and, at the chosen instant, kills it, slows it down or tells it that the disk is
 * full. The program knows nothing of it. By environment:
 *   BREAK_UNDER=DIR    only files below count (absolute, no link in it)
 *   BREAK_LOG=FILE     each event goes to FILE.RANK as "CALL PATH"
 *   BREAK_RANK=R       the rank that the rest is for (0); -1: every rank
 *   BREAK_AT=N         at its N-th event, from 1 ...
 *   BREAK_WHEN=before|half|after   ... before it, after half of the bytes of a write, after it ...
 *   BREAK_WHO=rank|all|mpirun      ... kill -9 of it, of its whole session, of mpirun
 *   BREAK_SLOW_US=T    every event takes that much longer
 *   BREAK_ROOM=BYTES   what can still be written; then EDQUOT, as over quota
 * Events are calls that change files and, in the log alone (they are not counted), "look" for each
 * look at a file or folder: stat, open for reading, reading a folder. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static struct {
    bool ready, chosen, half, after;
    const char *under, *who;
    size_t under_length;
    long at, slow_us;
    int log;
    atomic_long count, room;
} state;

static long number(const char *name, long other)
{
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : other;
}

static void open_log(const char *rank)
{
    char path[PATH_MAX];
    const char *log = getenv("BREAK_LOG");
    state.log = -1;
    if (!log)
        return;
    snprintf(path, sizeof path, "%s.%s", log, rank);
    state.log = NEXT(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void prepare(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *when = getenv("BREAK_WHEN");
    long wanted = number("BREAK_RANK", 0);
    rank = rank ? rank : "0";
    when = when ? when : "before";
    state.ready = true;
    state.under = getenv("BREAK_UNDER");
    state.under_length = state.under ? strlen(state.under) : 0;
    state.who = getenv("BREAK_WHO");
    state.chosen = wanted < 0 || wanted == strtol(rank, NULL, 10);
    state.half = strcmp(when, "half") == 0;
    state.after = strcmp(when, "after") == 0;
    state.at = number("BREAK_AT", 0);
    state.slow_us = number("BREAK_SLOW_US", 0);
    state.room = number("BREAK_ROOM", LONG_MAX);
    open_log(rank);
}

static bool below(const char *path)
{
    size_t n = state.under_length;
    return n > 0 && strncmp(path, state.under, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Whether the path (relative ones too) counts; it is made absolute. */
static bool counts(const char *path, char full[PATH_MAX])
{
    char here[PATH_MAX];
    if (!state.ready)
        prepare();
    if (!path || !state.under)
        return false;
    if (*path == '/' || !getcwd(here, sizeof here))
        snprintf(full, PATH_MAX, "%s", path);
    else if (snprintf(full, PATH_MAX, "%s/%s", here, path) >= PATH_MAX)
        return false;
    return below(full);
}

static bool counts_fd(int fd, char full[PATH_MAX])
{
    char link[40];
    if (!state.ready)
        prepare();
    if (!state.under || fd < 0 || fd == state.log)
        return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, full, PATH_MAX - 1);
    full[n > 0 ? n : 0] = '\0';
    return below(full);
}

static void note(const char *call, const char *path)
{
    char line[PATH_MAX + 40];
    int n = snprintf(line, sizeof line, "%s %s\n", call, path);
    if (state.log >= 0 && NEXT(write)(state.log, line, (size_t)n) != n)
        abort();
}

static void kill_session(void)
{
    DIR *all = NEXT(opendir)("/proc");
    pid_t session = getsid(0);
    struct dirent *entry;
    while (all && (entry = NEXT(readdir)(all)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != getpid() && getsid(pid) == session)
            kill(pid, SIGKILL);
    }
}

static void strike(void)
{
    const char *who = state.who ? state.who : "rank";
    if (strcmp(who, "mpirun") == 0 && getenv("OMPI_COMM_WORLD_RANK")) {
        kill(getppid(), SIGKILL); /* the ranks must find that out by themselves */
        return;
    }
    if (strcmp(who, "all") == 0)
        kill_session();
    kill(getpid(), SIGKILL);
    pause();
}

/* An event begins; true where it is the one to strike at, and not before it. */
static bool begin(const char *call, const char *path)
{
    note(call, path);
    if (!state.chosen)
        return false;
    if (state.slow_us > 0)
        nanosleep(&(struct timespec){state.slow_us / 1000000, state.slow_us % 1000000 * 1000},
                  NULL);
    bool now = atomic_fetch_add(&state.count, 1) + 1 == state.at;
    if (now && !state.half && !state.after)
        strike();
    return now && (state.half || state.after);
}

static void look(const char *path)
{
    char full[PATH_MAX];
    int kept = errno;
    if (counts(path, full))
        note("look", full);
    errno = kept;
}

/* False: over quota. */
static bool take_room(size_t n)
{
    if (!state.chosen || atomic_fetch_sub(&state.room, (long)n) >= (long)n)
        return true;
    atomic_fetch_add(&state.room, (long)n);
    errno = EDQUOT;
    return false;
}

/* ---- calls by path ---- */

static int open_event(const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    bool changes = (flags & (O_CREAT | O_TRUNC)) != 0, now;
    if (!counts(path, full))
        return NEXT(open)(path, flags, mode);
    if (!changes) {
        note("look", full);
        return NEXT(open)(path, flags, mode);
    }
    now = begin("open", full);
    int fd = NEXT(open)(path, flags, mode);
    if (now)
        strike();
    return fd;
}

static mode_t mode_argument(int flags, va_list args)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_argument(flags, args);
    va_end(args);
    return open_event(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = mode_argument(flags, args);
    va_end(args);
    return open_event(path, flags, mode);
}

#define BY_PATH(name, parameters, path, ...)                                                   \
    int name parameters                                                                        \
    {                                                                                          \
        char full[PATH_MAX];                                                                   \
        bool now = counts(path, full) && begin(#name, full);                                   \
        int code = NEXT(name)(__VA_ARGS__);                                                    \
        if (now)                                                                               \
            strike();                                                                          \
        return code;                                                                           \
    }

BY_PATH(rename, (const char *from, const char *to), to, from, to)
BY_PATH(unlink, (const char *path), path, path)
BY_PATH(mkdir, (const char *path, mode_t mode), path, path, mode)

int stat(const char *restrict path, struct stat *restrict s)
{
    look(path);
    return NEXT(stat)(path, s);
}

int stat64(const char *restrict path, struct stat64 *restrict s)
{
    look(path);
    return NEXT(stat64)(path, s);
}

int lstat(const char *restrict path, struct stat *restrict s)
{
    look(path);
    return NEXT(lstat)(path, s);
}

int access(const char *path, int mode)
{
    look(path);
    return NEXT(access)(path, mode);
}

DIR *opendir(const char *path)
{
    look(path);
    return NEXT(opendir)(path);
}

/* ---- calls by descriptor ---- */

#define BY_FD(name, parameters, fd, ...)                                                       \
    int name parameters                                                                        \
    {                                                                                          \
        char full[PATH_MAX];                                                                   \
        bool now = counts_fd(fd, full) && begin(#name, full);                                  \
        int code = NEXT(name)(__VA_ARGS__);                                                    \
        if (now)                                                                               \
            strike();                                                                          \
        return code;                                                                           \
    }

BY_FD(fsync, (int fd), fd, fd)
BY_FD(fdatasync, (int fd), fd, fd)
BY_FD(ftruncate, (int fd, off_t size), fd, fd, size)
BY_FD(ftruncate64, (int fd, off64_t size), fd, fd, size)

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    char full[PATH_MAX];
    bool counted = counts_fd(fd, full), now = counted && begin("fallocate", full);
    if (counted && state.chosen && size > state.room) {
        errno = EDQUOT;
        return -1;
    }
    int code = NEXT(fallocate)(fd, mode, offset, size);
    if (now)
        strike();
    return code;
}

/* A write with its half: after it the program is struck, or finds a short write where only mpirun
 * was. */
#define WRITES(name, parameters, fd, n, half_call, ...)                                        \
    ssize_t name parameters                                                                    \
    {                                                                                          \
        char full[PATH_MAX];                                                                   \
        bool counted = counts_fd(fd, full), now = counted && begin("write", full);             \
        if (counted && !take_room(n))                                                          \
            return -1;                                                                         \
        ssize_t done = now && state.half ? half_call : 0;                                      \
        if (now && state.half)                                                                 \
            strike();                                                                          \
        if (done == 0)                                                                         \
            done = NEXT(name)(__VA_ARGS__);                                                    \
        if (now && !state.half)                                                                \
            strike();                                                                          \
        return done;                                                                           \
    }

static size_t bytes_of(const struct iovec *parts, int n)
{
    size_t sum = 0;
    for (int i = 0; i < n; i++)
        sum += parts[i].iov_len;
    return sum;
}

WRITES(write, (int fd, const void *bytes, size_t n), fd, n, NEXT(write)(fd, bytes, n / 2), fd,
       bytes, n)
WRITES(pwrite, (int fd, const void *bytes, size_t n, off_t at), fd, n,
       NEXT(pwrite)(fd, bytes, n / 2, at), fd, bytes, n, at)
WRITES(pwrite64, (int fd, const void *bytes, size_t n, off64_t at), fd, n,
       NEXT(pwrite64)(fd, bytes, n / 2, at), fd, bytes, n, at)
WRITES(writev, (int fd, const struct iovec *parts, int n), fd, bytes_of(parts, n),
       NEXT(writev)(fd, parts, n / 2), fd, parts, n)
WRITES(pwritev, (int fd, const struct iovec *parts, int n, off_t at), fd, bytes_of(parts, n),
       NEXT(pwritev)(fd, parts, n / 2, at), fd, parts, n, at)

/* ---- stdio: its writes do not pass through write above, so they are led there ---- */

struct stream {
    int fd;
};

static ssize_t stream_read(void *cookie, char *bytes, size_t n)
{
    return read(((struct stream *)cookie)->fd, bytes, n);
}

/* Of a short write stdio's own streams write the rest; these would take it for an error. */
static ssize_t stream_write(void *cookie, const char *bytes, size_t n)
{
    size_t sum = 0;
    while (sum < n) {
        ssize_t done = write(((struct stream *)cookie)->fd, bytes + sum, n - sum);
        if (done < 0)
            break;
        sum += (size_t)done;
    }
    return (ssize_t)sum;
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
    *at = lseek(((struct stream *)cookie)->fd, *at, whence);
    return *at < 0 ? -1 : 0;
}

static int stream_close(void *cookie)
{
    int code = close(((struct stream *)cookie)->fd);
    free(cookie);
    return code;
}

static FILE *stream_open(const char *path, const char *mode)
{
    bool append = *mode == 'a', plus = strchr(mode, '+') != NULL;
    int flags =
        (plus ? O_RDWR : O_WRONLY) | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
    struct stream *stream = malloc(sizeof *stream);
    if (!stream)
        return NULL;
    stream->fd = open_event(path, flags, 0666);
    if (stream->fd >= 0)
        return fopencookie(
            stream, mode,
            (cookie_io_functions_t){stream_read, stream_write, stream_seek, stream_close});
    free(stream);
    return NULL;
}

FILE *fopen(const char *restrict path, const char *restrict mode)
{
    char full[PATH_MAX];
    if (*mode != 'r' && counts(path, full))
        return stream_open(path, mode);
    look(path);
    return NEXT(fopen)(path, mode);
}

FILE *fopen64(const char *restrict path, const char *restrict mode)
{
    return fopen(path, mode);
}
