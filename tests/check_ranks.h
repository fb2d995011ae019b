/* SPDX-License-Identifier: BSD-3-Clause */
/* What every test over ranks shares: the ranks, a fresh folder that all of them see while the
 * tests run, and the main function. */
#ifndef BEN_TESTS_CHECK_RANKS_H
#define BEN_TESTS_CHECK_RANKS_H

#include "base/log.h"
#include "check.h"
#include "mpi/comm.h"

#include <unistd.h>

static struct comm world;
static char folder[256];

/* Runs the tests on all ranks; returns the exit status of this one. Only errors are logged. */
static inline int check_run_ranks(int argc, char **argv, const char *suite_name,
                                  const struct check_test *tests, size_t n)
{
    if (comm_open(&argc, &argv, &world))
        return EXIT_FAILURE;
    log_setup(BEN_LOG_ERROR, world.rank);
    if (world.rank == 0)
        check_folder_create(folder);
    if (comm_broadcast(&world, folder, sizeof folder, 0))
        return EXIT_FAILURE;
    int status = check_run(suite_name, tests, n);
    MPI_Barrier(world.mpi);
    if (world.rank == 0)
        check_folder_remove(folder);
    comm_close(&world);
    return status;
}

/* Until all ranks have come here: asleep, where MPI's own calls would keep processors busy that
 * the rank at work, or another test, needs. */
static inline void check_await_all(void)
{
    MPI_Request request;
    int all = 0;
    MPI_Ibarrier(world.mpi, &request);
    for (MPI_Test(&request, &all, MPI_STATUS_IGNORE); !all;
         MPI_Test(&request, &all, MPI_STATUS_IGNORE))
        usleep(1000);
}

#define CHECK_MAIN_RANKS(suite, tests)                                                         \
    int main(int argc, char **argv)                                                            \
    {                                                                                          \
        return check_run_ranks(argc, argv, suite, tests, sizeof tests / sizeof tests[0]);      \
    }

#endif
