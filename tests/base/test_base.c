/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/tree.h"
#include "base/util.h"

#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Known-answer vectors of Philox4x32-10 (Salmon et al. 2011, the Random123 distribution). */
static void test_philox(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        random_block(known[i].counter, known[i].key, out);
        CU_ASSERT_EQUAL(memcmp(out, known[i].out, sizeof out), 0);
    }
}

static void test_distributions(void)
{
    struct random_stream s = random_open(7, BEN_RANDOM_TEST, 1, 2);
    double mean = 0, square = 0, uniform = 0, lowest = 1, highest = 0;
    const uint32_t n = 100000;
    for (uint32_t i = 0; i < n; i++) {
        double x = random_normal(&s, i), u = random_uniform(&s, i);
        lowest = fmin(lowest, u);
        highest = fmax(highest, u);
        mean += x / n;
        square += x * x / n;
        uniform += u / n;
    }
    CU_ASSERT(lowest >= 0 && highest < 1);
    CHECK_NEAR(mean, 0, 0.015);
    CHECK_NEAR(square, 1, 0.03);
    CHECK_NEAR(uniform, 0.5, 0.005);
    uint32_t order[100], sum = 0;
    random_permutation(&s, 100, order);
    for (int i = 0; i < 100; i++)
        sum += order[i];
    CU_ASSERT_EQUAL(sum, 4950);
    CU_ASSERT(order[0] != 0 || order[1] != 1);
}

static void check_utf8(const char *text, const char *expected)
{
    char *good = util_utf8(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(good);
    CU_ASSERT_STRING_EQUAL(good, expected);
    free(good);
}

#define BAD "\xef\xbf\xbd"

static void test_utf8(void)
{
    check_utf8("", "");
    check_utf8("r\xc3\xa4t \xe2\x82\xac \xf0\x9f\x90\x80",
               "r\xc3\xa4t \xe2\x82\xac \xf0\x9f\x90\x80");
    check_utf8("r\xe4t", "r" BAD "t");
    check_utf8("\xc0\xaf", BAD BAD);                 /* longer than need be */
    check_utf8("\xed\xa0\x80", BAD BAD BAD);         /* half a pair */
    check_utf8("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* beyond U+10FFFF */
    check_utf8("\xe2\x82", BAD BAD);                 /* cut */
}

/* Items of very different size, so that another order of summing gives other bits. */
static float item(long i, size_t column)
{
    struct random_stream s = random_open(3, BEN_RANDOM_TEST, (uint32_t)i, (uint32_t)column);
    return (float)(random_normal(&s, 0) * exp(10 * random_normal(&s, 2)));
}

enum { WIDTH = 5, MOST = 23 };

static void sum_shared(long n, int ranks, float total[WIDTH])
{
    float items[MOST][WIDTH], *rows[MOST * 2];
    struct tree_node nodes[MOST * 2];
    int n_nodes = 0;
    for (int r = 0; r < ranks; r++) {
        long first = n * r / ranks, end = n * (r + 1) / ranks;
        struct tree_node mine[BEN_TREE_NODES];
        for (long i = first; i < end; i++)
            for (size_t c = 0; c < WIDTH; c++)
                items[i][c] = item(i, c);
        if (end == first)
            continue;
        int m = tree_sum_f32(items[first], first, end - first, n, WIDTH, mine);
        for (int k = 0; k < m; k++) {
            rows[n_nodes] = items[mine[k].first];
            nodes[n_nodes++] = mine[k];
        }
    }
    tree_finish_f32(rows, nodes, n_nodes, n, WIDTH);
    memcpy(total, rows[0], sizeof(float[WIDTH]));
}

static void test_tree_is_rank_free(void)
{
    for (long n = 1; n <= MOST; n++) {
        float one[WIDTH], many[WIDTH];
        sum_shared(n, 1, one);
        for (size_t c = 0; c < WIDTH; c++) {
            double exact = 0, size = 0;
            for (long i = 0; i < n; i++) {
                exact += (double)item(i, c);
                size += fabs((double)item(i, c));
            }
            CHECK_NEAR(one[c], exact, 1e-6 * size);
        }
        for (int ranks = 2; ranks <= 7; ranks++) {
            sum_shared(n, ranks, many);
            CU_ASSERT_EQUAL(memcmp(one, many, sizeof one), 0);
        }
    }
}

static void test_arena(void)
{
    struct arena *arena = NULL;
    CHECK_OK(arena_create(arena_round(10) + arena_round(100), &arena));
    char *a = arena_take(arena, 10);
    size_t mark = arena_mark(arena);
    char *b = arena_take(arena, 100);
    CU_ASSERT_EQUAL((uintptr_t)a % BEN_ALIGN, 0);
    CU_ASSERT_EQUAL(b - a, 64);
    arena_rewind(arena, mark);
    CU_ASSERT_PTR_EQUAL(arena_take(arena, 1), b);
    arena_free(&arena);
    CU_ASSERT_PTR_NULL(arena);
    arena_free(&arena);
}

static void test_files(void)
{
    const char *folder = getenv("BEN_TEST_TMP");
    char *path = util_format("%s/base/a/b.txt", folder ? folder : "/tmp");
    char *bytes = NULL;
    size_t n = 0;
    CHECK_OK(util_make_parents(path));
    CHECK_OK(util_write_file(path, "hello", 5));
    CHECK_OK(util_write_file(path, "world", 5));
    CHECK_OK(util_read_file(path, 100, &bytes, &n));
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_STRING_EQUAL(bytes, "world");
    free(bytes);
    CU_ASSERT_EQUAL(util_read_file(path, 3, &bytes, &n), BEN_E_INPUT);
    char *below = util_format("%s/c", path);
    CU_ASSERT_EQUAL(util_make_dirs(below), BEN_E_IO);
    CU_ASSERT_EQUAL(util_write_file(below, "x", 1), BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), below));
    free(below);
    free(path);
}

/* A temporary of a process that is gone is swept; our own is in use and stays. */
static void test_sweep(void)
{
    const char *folder = getenv("BEN_TEST_TMP");
    char *path = util_format("%s/base/sweep/x.txt", folder ? folder : "/tmp");
    char *arguments[] = {(char[]){"true"}, NULL};
    pid_t gone = 0;
    CHECK_OK(util_make_parents(path));
    CU_ASSERT_EQUAL(posix_spawnp(&gone, "true", NULL, NULL, arguments, NULL), 0);
    siginfo_t end;
    CU_ASSERT_EQUAL(waitid(P_PID, (id_t)gone, &end, WEXITED | WNOWAIT), 0); /* a zombie */
    char *mine = util_temporary(path);
    char *theirs =
        util_format("%.*s%ld.x.txt", (int)(strrchr(mine, '-') + 1 - mine), mine, (long)gone);
    char *root = util_format("%.*s", (int)(util_basename(path) - path), path);
    CHECK_OK(util_write_file(mine, "x", 1));
    CHECK_OK(util_write_file(theirs, "x", 1));
    util_sweep(root);
    CU_ASSERT(!util_is_file(theirs));
    CU_ASSERT(util_is_file(mine));
    CU_ASSERT_EQUAL(waitpid(gone, NULL, 0), gone);
    /* Beside one file only what was to become that file goes. */
    char *other = util_format("%sy.txt", root);
    CHECK_OK(util_write_file(theirs, "x", 1));
    util_sweep_beside(other);
    CU_ASSERT(util_is_file(theirs));
    util_sweep_beside(path);
    CU_ASSERT(!util_is_file(theirs));
    CU_ASSERT(util_is_file(mine));
    unlink(mine);
    free(other);
    free(theirs);
    free(root);
    free(mine);
    free(path);
}

static const struct check_test tests[] = {
    {"Philox gives the published numbers", test_philox},
    {"distributions", test_distributions},
    {"a tree sum does not depend on who summed", test_tree_is_rank_free},
    {"arena", test_arena},
    {"files appear whole", test_files},
    {"text that is not UTF-8 becomes so", test_utf8},
    {"what the dead left is swept", test_sweep},
};
CHECK_MAIN("base", tests)
