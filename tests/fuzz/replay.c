/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a fuzz target without libFuzzer: its seeds, the files named (or in folders named), then
 * mutations of all of these, the same every time.
 *   fuzz_NAME [--runs N] [FILE|FOLDER]...
 * An input that takes longer than ten seconds, or more memory than it could need, ends the program
 * as a crash does; the input is then left behind as ./crash-NAME. */
#include "base/random.h"
#include "base/util.h"
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define MOST_BYTES   65536
#define MOST_SECONDS 10
#define MOST_MEMORY  ((rlim_t)3 << 30) /* of address space, which libraries take most of */

#if defined(__SANITIZE_ADDRESS__)
const char *__asan_default_options(void);
/* The sanitizer needs terabytes of address space, so it limits single allocations instead. */
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=1024";
}
#endif

static struct fuzz_bytes *pool;
static size_t n_pool;
static struct fuzz_bytes now; /* the input that runs */

static void leave_input(int signal_number)
{
    char path[128];
    snprintf(path, sizeof path, "crash-%s", fuzz_name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd >= 0 && write(fd, now.bytes, now.n) == (ssize_t)now.n)
        fprintf(stderr, "fuzz_%s: signal %d; the input is in %s\n", fuzz_name, signal_number,
                path);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void guard(void)
{
    static const int signals[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], leave_input);
#if !defined(__SANITIZE_ADDRESS__)
    setrlimit(RLIMIT_AS, &(struct rlimit){MOST_MEMORY, MOST_MEMORY});
#endif
}

static void run(const uint8_t *bytes, size_t n)
{
    /* fresh, of just that size: a sanitizer then sees a read behind its end */
    now = (struct fuzz_bytes){malloc(n ? n : 1), n};
    FUZZ_ENSURE(now.bytes);
    memcpy(now.bytes, bytes, n);
    alarm(MOST_SECONDS);
    LLVMFuzzerTestOneInput(now.bytes, n);
    alarm(0);
    free(now.bytes);
    now = (struct fuzz_bytes){0};
}

static void add(const uint8_t *bytes, size_t n)
{
    struct fuzz_bytes *more = realloc(pool, (n_pool + 1) * sizeof *more);
    FUZZ_ENSURE(more);
    pool = more;
    pool[n_pool] = (struct fuzz_bytes){malloc(n + 1), n};
    FUZZ_ENSURE(pool[n_pool].bytes);
    memcpy(pool[n_pool++].bytes, bytes, n);
}

static void add_file(const char *path)
{
    char *bytes;
    size_t n;
    if (util_read_file(path, (size_t)1 << 26, &bytes, &n) != BEN_OK) {
        fprintf(stderr, "%s\n", ben_error_text());
        exit(EXIT_FAILURE);
    }
    add((uint8_t *)bytes, n);
    free(bytes);
}

static int no_dot(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void add_path(const char *path)
{
    struct dirent **names;
    int n = util_is_dir(path) ? scandir(path, &names, no_dot, alphasort) : -1;
    if (n < 0) {
        add_file(path);
        return;
    }
    for (int i = 0; i < n; i++) {
        char *inner = util_format("%s/%s", path, names[i]->d_name);
        add_file(inner);
        free(inner);
        free(names[i]);
    }
    free(names);
}

/* The numbers of one mutation. */
struct dice {
    struct random_stream stream;
    uint32_t i;
};

static uint32_t roll(struct dice *dice, size_t sides)
{
    return sides > 0 ? random_u32(&dice->stream, dice->i++) % (uint32_t)sides : 0;
}

/* Room for n more bytes at place, which hold what lay behind. */
static size_t insert(uint8_t *bytes, size_t n, size_t place, size_t more)
{
    more = n + more > MOST_BYTES ? MOST_BYTES - n : more;
    memmove(bytes + place + more, bytes + place, n - place);
    return more;
}

/* One change of bytes [n], room for MOST_BYTES; returns the new length. */
static size_t change(struct dice *dice, uint8_t *bytes, size_t n)
{
    static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '\t', '\n', '"', '0', '9', '-', '/'};
    static const uint32_t words[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fc00000};
    size_t place = roll(dice, n), length = 1 + roll(dice, n - place < 16 ? n - place : 16);
    const struct fuzz_bytes *other = &pool[roll(dice, n_pool)];
    uint32_t word = words[roll(dice, 6)];
    switch (roll(dice, n < 8 ? 2 : 8)) {
    case 0: /* a byte more */
        length = insert(bytes, n, place, 1);
        memset(bytes + place, odd[roll(dice, sizeof odd)], length);
        return n + length;
    case 1: /* a piece of another input more */
        place = roll(dice, n + 1);
        length = other->n > 0 ? 1 + roll(dice, other->n) : 0;
        length = insert(bytes, n, place, length);
        memcpy(bytes + place, other->bytes, length);
        return n + length;
    case 2: /* a piece less */
        memmove(bytes + place, bytes + place + length, n - place - length);
        return n - length;
    case 3: /* cut */
        return place;
    case 4: /* a word of the edge cases */
        memcpy(bytes + (place > n - 4 ? n - 4 : place), &word, sizeof word);
        return n;
    case 5:
        bytes[place] ^= (uint8_t)(1U << roll(dice, 8));
        return n;
    case 6:
        bytes[place] = odd[roll(dice, sizeof odd)];
        return n;
    default: /* a piece twice */
        length = insert(bytes, n, place, length);
        return n + length;
    }
}

static void mutate(uint32_t run_number)
{
    static uint8_t bytes[MOST_BYTES];
    struct dice dice = {random_open(1, BEN_RANDOM_TEST, run_number, 0), 0};
    const struct fuzz_bytes *from = &pool[roll(&dice, n_pool)];
    size_t n = from->n < MOST_BYTES ? from->n : MOST_BYTES;
    memcpy(bytes, from->bytes, n);
    for (uint32_t changes = 1 + roll(&dice, 6); changes > 0; changes--)
        n = change(&dice, bytes, n);
    run(bytes, n);
}

int main(int argc, char **argv)
{
    long runs = 0;
    size_t n;
    double start_s = util_now_s();
    LLVMFuzzerInitialize(&argc, &argv);
    guard();
    const struct fuzz_bytes *seeds = fuzz_seeds(&n);
    for (size_t i = 0; i < n; i++)
        add(seeds[i].bytes, seeds[i].n);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtol(argv[++i], NULL, 10);
        else
            add_path(argv[i]);
    for (size_t i = 0; i < n_pool; i++)
        run(pool[i].bytes, pool[i].n);
    for (long i = 0; n_pool > 0 && i < runs; i++)
        mutate((uint32_t)i);
    printf("fuzz_%s: %zu inputs and %ld mutations in %.1f s\n", fuzz_name, n_pool, runs,
           util_now_s() - start_s);
    for (size_t i = 0; i < n_pool; i++)
        free(pool[i].bytes);
    free(pool);
    return EXIT_SUCCESS;
}
