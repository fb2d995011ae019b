/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows that the ranks fill by their shares arrive whole everywhere, also with fewer rows than
 * ranks, with none, and with odd row sizes. */
#include "check_ranks.h"

static unsigned char expected(long row, size_t at)
{
    return (unsigned char)(row * 31 + (long)at * 7 + 5);
}

static long wrong_bytes(long n, size_t row_bytes)
{
    long first, count, wrong = 0;
    unsigned char *rows = calloc((size_t)n * row_bytes + 1, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rows);
    comm_share(n, world.rank, world.size, &first, &count);
    for (long i = first; i < first + count; i++)
        for (size_t at = 0; at < row_bytes; at++)
            rows[(size_t)i * row_bytes + at] = expected(i, at);
    CHECK_OK(comm_share_rows(&world, rows, n, row_bytes));
    for (long i = 0; i < n; i++)
        for (size_t at = 0; at < row_bytes; at++)
            wrong += rows[(size_t)i * row_bytes + at] != expected(i, at);
    wrong += rows[(size_t)n * row_bytes] != 0;
    free(rows);
    return wrong;
}

static void test_rows_arrive(void)
{
    const long rows[] = {0, 1, 2, 3, 5, 64, 1001};
    const size_t bytes[] = {0, 1, 8, 13, 40000};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t k = 0; k < sizeof bytes / sizeof bytes[0]; k++)
            CU_ASSERT_EQUAL(wrong_bytes(rows[i], bytes[k]), 0);
}

static const struct check_test tests[] = {{"rows arrive", test_rows_arrive}};

CHECK_MAIN_RANKS("comm_share_rows", tests)
