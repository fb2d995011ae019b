/* SPDX-License-Identifier: BSD-3-Clause */
/* Every rank writes its own journal at the same time; all read the same book. */
#include "check.h"
#include "mpi/journal.h"

static struct comm world;

static void test_shared(void)
{
    enum { SCANS = 5 };
    char folder[256] = "", key[32];
    struct journal *journal;
    struct journal_book *book;
    if (world.rank == 0)
        check_folder_create(folder);
    CHECK_OK(comm_broadcast(&world, folder, sizeof folder, 0));
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
    MPI_Barrier(world.mpi);
    if (world.rank == 0)
        check_folder_remove(folder);
}

static const struct check_test tests[] = {{"all ranks write and read", test_shared}};

int main(int argc, char **argv)
{
    if (comm_open(&argc, &argv, &world))
        return EXIT_FAILURE;
    int code = check_run("journal over ranks", tests, 1);
    comm_close(&world);
    return code;
}
