/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/start.h"
#include "base/log.h"
#include "nn/isa.h"

#include <malloc.h>
#include <omp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

void start_core_type(char **argv)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (getenv("OPENBLAS_CORETYPE") || !__builtin_cpu_supports("avx512f") ||
        !__builtin_cpu_supports("avx512vl"))
        return;
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    execv("/proc/self/exe", argv); /* returns only where it failed: go on as we are */
#else
    (void)argv;
#endif
}

void start_keep_memory(void)
{
#ifdef M_MMAP_MAX
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

bool start_interrupted(void)
{
    return interrupted != 0;
}

enum ben_status start_agree_to_go_on(const struct comm *team)
{
    enum ben_status st = BEN_OK;
    if (start_interrupted())
        FAIL(BEN_E_INTERRUPTED, "stopped by a signal; the same command goes on");
out:
    return comm_agree(team, st);
}

bool start_requeued(void)
{
    const char *restarts = getenv("SLURM_RESTART_COUNT");
    return restarts && strtol(restarts, NULL, 10) > 0;
}

void start_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

static enum ben_status ranks_on_node(const struct comm *world, int *ranks)
{
    enum ben_status st = BEN_OK;
    MPI_Comm node = MPI_COMM_NULL;
    TRY_MPI(MPI_Comm_split_type(world->mpi, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
    TRY_MPI(MPI_Comm_size(node, ranks));
out:
    if (node != MPI_COMM_NULL)
        MPI_Comm_free(&node);
    return st;
}

/* Cores this process may use, divided among the ranks that share them: a launcher that binds
 * each rank to its own cores has divided already. */
static enum ben_status choose_threads(const struct comm *world, int *threads)
{
    enum ben_status st = BEN_OK;
    int ranks = 1;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t set;
    int usable = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)online;
    TRY(ranks_on_node(world, &ranks));
    *threads = usable < online ? usable : usable / ranks;
    if (*threads < 1)
        *threads = 1;
out:
    return st;
}

enum ben_status start_machine(const struct comm *world, int threads)
{
    enum ben_status st = BEN_OK;
    const char *given = getenv("OMP_NUM_THREADS");
    TRY(isa_check());
    if (threads == 0 && given && *given)
        threads = omp_get_max_threads();
    if (threads == 0)
        TRY(choose_threads(world, &threads));
    omp_set_num_threads(threads);
    log_debug("%d ranks, %d threads each, %s kernels", world->size, threads,
              isa_text(isa_now()));
out:
    return st;
}
