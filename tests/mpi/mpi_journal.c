/* SPDX-License-Identifier: BSD-3-Clause */
/* Every rank writes its own journal at the same time; all read the same book. */
#include "check_ranks.h"
#include "mpi/journal.h"

static void test_shared(void)
{
    enum { SCANS = 5 };
    char key[32];
    struct journal *journal;
    struct journal_book *book;
    CHECK_OK(journal_open(folder, "rank", &journal));
    for (int k = 0; k < SCANS; k++) {
        snprintf(key, sizeof key, "rank %d scan %d", world.rank, k);
        CHECK_OK(journal_append(journal, key, BEN_JOURNAL_DONE, "row"));
    }
    journal_close(&journal);
    MPI_Barrier(world.mpi);
    CHECK_OK(journal_load_shared(&world, folder, &book));
    CU_ASSERT_EQUAL(book->n, (size_t)(SCANS * world.size));
    for (int r = 0; r < world.size; r++) {
        snprintf(key, sizeof key, "rank %d scan %d", r, SCANS - 1);
        CU_ASSERT_PTR_NOT_NULL(journal_find(book, key));
    }
    journal_free(&book);
}

static const struct check_test tests[] = {{"all ranks write and read", test_shared}};

CHECK_MAIN_RANKS("journal over ranks", tests)
