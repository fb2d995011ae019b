/* SPDX-License-Identifier: BSD-3-Clause */
/* Items dealt to ranks: every item is worked on once, rows and texts come in the items' order for any
 * number of ranks, also with fewer items than ranks and with none. */
#include "check_ranks.h"

#include "mpi/spread.h"

#include <string.h>

struct made_row {
    long item;
    int rank;
};

static double cost_of(void *context, long item)
{
    (void)context;
    return (double)(item * 7 % 5);
}

static enum ben_status make_row(void *context, long item, void *row, FILE *text)
{
    struct made_row *r = row;
    const long *failing = context;
    CU_ASSERT_EQUAL(r->item, 0);
    *r = (struct made_row){item + 1, world.rank};
    for (long i = 0; text && i < item % 3; i++)
        fprintf(text, "%ld:%ld\n", item, i);
    if (item == *failing)
        return ben_raise(BEN_E_INPUT, __FILE__, __LINE__, __func__, "item %ld", item);
    return BEN_OK;
}

static struct spread spread_of(long n, long *failing)
{
    return (struct spread){n, sizeof(struct made_row), failing, cost_of, make_row};
}

static void check_items(long n)
{
    long nobody = -1;
    const struct spread spread = spread_of(n, &nobody);
    struct made_row *rows = calloc((size_t)n + 1, sizeof *rows);
    char *text = NULL, expected[4096] = "";
    CHECK_OK(spread_work(&world, &spread, rows, &text));
    for (long i = 0; i < n; i++) {
        CU_ASSERT_EQUAL(rows[i].item, i + 1);
        CU_ASSERT(rows[i].rank >= 0 && rows[i].rank < world.size);
        for (long k = 0; k < i % 3; k++)
            snprintf(expected + strlen(expected), 48, "%ld:%ld\n", i, k);
    }
    if (world.rank == 0)
        CU_ASSERT_STRING_EQUAL(text, expected);
    CU_ASSERT_EQUAL(text == NULL, world.rank != 0);
    free(text);
    memset(rows, 0, (size_t)n * sizeof *rows);
    CHECK_OK(spread_work(&world, &spread, rows, NULL));
    for (long i = 0; i < n; i++)
        CU_ASSERT_EQUAL(rows[i].item, i + 1);
    free(rows);
}

static void test_rows_and_texts_come_in_order(void)
{
    check_items(50);
    check_items(4);
    check_items(2);
    check_items(1);
    check_items(0);
}

static void test_a_failure_is_everybodys(void)
{
    long failing = 3;
    const struct spread spread = spread_of(6, &failing);
    struct made_row rows[6];
    char *text = NULL;
    CU_ASSERT_EQUAL(spread_work(&world, &spread, rows, &text), BEN_E_INPUT);
    CU_ASSERT_STRING_EQUAL(ben_error_text(), "item 3");
    CU_ASSERT_PTR_NULL(text);
}

/* Rank r sends r times its letter, rank 2 sends none. */
static void test_gather_to_rank_0(void)
{
    char mine[16], *all = NULL, expected[64] = "";
    size_t *offsets = NULL, n = world.rank == 2 ? 0 : (size_t)world.rank + 1;
    memset(mine, 'a' + world.rank, sizeof mine);
    CHECK_OK(comm_gather(&world, mine, n, &all, &offsets));
    for (int r = 0; r < world.size && world.rank == 0; r++) {
        size_t before = strlen(expected);
        CU_ASSERT_EQUAL(offsets[r], before);
        memset(expected + before, 'a' + r, r == 2 ? 0 : (size_t)r + 1);
    }
    if (world.rank == 0)
        CU_ASSERT_STRING_EQUAL(all, expected);
    CU_ASSERT_EQUAL(all == NULL, world.rank != 0);
    CU_ASSERT_EQUAL(offsets == NULL, world.rank != 0);
    free(all);
    free(offsets);
}

static const struct check_test tests[] = {
    {"rows and texts come in order", test_rows_and_texts_come_in_order},
    {"a failure is everybody's", test_a_failure_is_everybodys},
    {"gather to rank 0", test_gather_to_rank_0},
};

CHECK_MAIN_RANKS("mpi/spread", tests)
