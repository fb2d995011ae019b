/* SPDX-License-Identifier: BSD-3-Clause */
/* The journal under what happens to files: kill -9 while appending, truncation at every byte,
 * any byte changed, several writers of one name. */
#include "base/util.h"
#include "check.h"
#include "mpi/journal.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256];

static void append(const char *name, const char *key, enum journal_status status,
                   const char *payload)
{
    struct journal *journal;
    CHECK_OK(journal_open(folder, name, &journal));
    CHECK_OK(journal_append(journal, key, status, payload));
    journal_close(&journal);
}

static void test_round_trip(void)
{
    const char *odd = "a\tb\nc\\d\re \xc3\xa9";
    struct journal_book *book;
    check_folder_create(folder);
    append("job1-r0", "scan b", BEN_JOURNAL_DONE, odd);
    append("job1-r1", odd, BEN_JOURNAL_FAILED, "");
    append("job2-r0", "scan a", BEN_JOURNAL_DONE, "row");
    CHECK_OK(journal_load(folder, &book));
    CU_ASSERT_EQUAL_FATAL(book->n, 3);
    CU_ASSERT_EQUAL(book->ignored, 0);
    CU_ASSERT_STRING_EQUAL(book->entries[0].key, odd);
    CU_ASSERT_EQUAL(book->entries[0].status, BEN_JOURNAL_FAILED);
    CU_ASSERT_STRING_EQUAL(book->entries[0].payload, "");
    CU_ASSERT_STRING_EQUAL(book->entries[1].key, "scan a");
    CU_ASSERT_STRING_EQUAL(journal_find(book, "scan b")->payload, odd);
    CU_ASSERT_PTR_NULL(journal_find(book, "scan"));
    CU_ASSERT_PTR_NULL(journal_find(book, "z"));
    journal_free(&book);
    check_folder_remove(folder);
}

static void test_latest_counts(void)
{
    struct journal_book *book;
    check_folder_create(folder);
    append("z", "scan", BEN_JOURNAL_FAILED, "first");
    append("a", "scan", BEN_JOURNAL_DONE, "second");
    append("m", "other", BEN_JOURNAL_DONE, "once");
    CHECK_OK(journal_load(folder, &book));
    CU_ASSERT_EQUAL(book->n, 2);
    CU_ASSERT_STRING_EQUAL(journal_find(book, "scan")->payload, "second");
    journal_free(&book);
    check_folder_remove(folder);
}

static void test_missing_folder(void)
{
    struct journal_book *book;
    CHECK_OK(journal_load("no/such/folder", &book));
    CU_ASSERT_EQUAL(book->n, 0);
    CU_ASSERT_PTR_NULL(journal_find(book, "scan"));
    journal_free(&book);
}

/* A journal of three entries as bytes; its path. */
static char *three_entries(size_t *n, char **path)
{
    char *bytes = NULL;
    struct journal *journal;
    CHECK_OK(journal_open(folder, "job", &journal));
    CHECK_OK(journal_append(journal, "one", BEN_JOURNAL_DONE, "1.5\t2"));
    CHECK_OK(journal_append(journal, "two", BEN_JOURNAL_FAILED, "why"));
    CHECK_OK(journal_append(journal, "three", BEN_JOURNAL_DONE, "3"));
    journal_close(&journal);
    *path = util_format("%s/job.journal", folder);
    CHECK_OK(util_read_file(*path, 10000, &bytes, n));
    return bytes;
}

static size_t lines_in(const char *bytes, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* What a full disk or a kill leaves: any prefix gives exactly its whole lines. */
static void test_truncated(void)
{
    struct journal_book *book;
    char *path;
    size_t n;
    check_folder_create(folder);
    char *bytes = three_entries(&n, &path);
    for (size_t cut = 0; cut <= n; cut++) {
        FILE *file = fopen(path, "wb");
        CU_ASSERT_EQUAL(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        CHECK_OK(journal_load(folder, &book));
        CU_ASSERT_EQUAL(book->n, lines_in(bytes, cut));
        journal_free(&book);
    }
    free(path);
    free(bytes);
    check_folder_remove(folder);
}

/* One changed byte costs its line (its end: two lines), and never makes up an entry. */
static void test_changed_byte(void)
{
    struct journal_book *book;
    char *path;
    size_t n;
    check_folder_create(folder);
    char *bytes = three_entries(&n, &path);
    for (size_t at = 0; at < n; at++) {
        char kept = bytes[at];
        bytes[at] = (char)(kept ^ 4);
        FILE *file = fopen(path, "wb");
        CU_ASSERT_EQUAL(fwrite(bytes, 1, n, file), n);
        fclose(file);
        bytes[at] = kept;
        CHECK_OK(journal_load(folder, &book));
        size_t lost = kept == '\n' && at + 1 < n ? 2 : 1;
        CU_ASSERT_EQUAL(book->n, 3 - lost);
        CU_ASSERT(book->ignored >= 1);
        journal_free(&book);
    }
    free(path);
    free(bytes);
    check_folder_remove(folder);
}

/* The child acknowledges each entry through the pipe until it is killed. */
static void run_child(int pipe_end, int round)
{
    struct journal *journal;
    char name[32], key[48];
    snprintf(name, sizeof name, "job-%d", round % 3); /* names are met again */
    if (journal_open(folder, name, &journal))
        _exit(1);
    for (int k = 0;; k++) {
        snprintf(key, sizeof key, "round %d scan %d", round, k);
        if (journal_append(journal, key, BEN_JOURNAL_DONE, "payload payload payload") ||
            write(pipe_end, "x", 1) != 1)
            _exit(1);
    }
}

/* Kills a child after some entries; returns how many it had acknowledged. */
static int kill_one(int round)
{
    int ends[2], acknowledged = 0, status;
    char byte;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        run_child(ends[1], round);
    close(ends[1]);
    while (acknowledged < 1 + round % 5 && read(ends[0], &byte, 1) == 1)
        acknowledged++;
    usleep((useconds_t)(round * 37 % 400));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    while (read(ends[0], &byte, 1) == 1)
        acknowledged++;
    close(ends[0]);
    return acknowledged;
}

static void test_killed(void)
{
    enum { ROUNDS = 40 };
    int acknowledged[ROUNDS];
    struct journal_book *book;
    char key[48];
    check_folder_create(folder);
    for (int round = 0; round < ROUNDS; round++)
        acknowledged[round] = kill_one(round);
    CHECK_OK(journal_load(folder, &book));
    for (int round = 0; round < ROUNDS; round++) {
        CU_ASSERT(acknowledged[round] >= 1);
        for (int k = 0; k < acknowledged[round]; k++) {
            snprintf(key, sizeof key, "round %d scan %d", round, k);
            CU_ASSERT_PTR_NOT_NULL(journal_find(book, key));
        }
    }
    journal_free(&book);
    check_folder_remove(folder);
}

static void test_several_writers(void)
{
    struct journal *first, *second;
    struct journal_book *book;
    check_folder_create(folder);
    CHECK_OK(journal_open(folder, "same", &first));
    CHECK_OK(journal_open(folder, "same", &second));
    CHECK_OK(journal_append(first, "a", BEN_JOURNAL_DONE, "1"));
    CHECK_OK(journal_append(second, "b", BEN_JOURNAL_DONE, "2"));
    CHECK_OK(journal_append(first, "c", BEN_JOURNAL_DONE, "3"));
    char *other = util_format("%s/same-1.journal", folder);
    CU_ASSERT(util_is_file(other));
    CHECK_OK(journal_load(folder, &book));
    CU_ASSERT_EQUAL(book->n, 3);
    free(other);
    journal_free(&book);
    journal_close(&first);
    journal_close(&second);
    check_folder_remove(folder);
}

static void test_not_writable(void)
{
    struct journal *journal;
    check_folder_create(folder);
    char *path = util_format("%s/file", folder);
    CHECK_OK(util_write_file(path, "x", 1));
    CU_ASSERT_EQUAL(journal_open(path, "job", &journal), BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), path));
    free(path);
    check_folder_remove(folder);
}

static const struct check_test tests[] = {
    {"entries come back, sorted", test_round_trip},
    {"the latest entry counts", test_latest_counts},
    {"a missing folder is an empty book", test_missing_folder},
    {"truncated at every byte", test_truncated},
    {"every byte changed", test_changed_byte},
    {"nothing acknowledged is lost by kill -9", test_killed},
    {"writers of one name do not meet", test_several_writers},
    {"a folder that cannot be", test_not_writable},
};

CHECK_MAIN("journal", tests)
