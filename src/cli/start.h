/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens before a command runs: OpenBLAS' kernels, threads, signals. */
#ifndef BEN_CLI_START_H
#define BEN_CLI_START_H

#include "mpi/comm.h"

#include <stdbool.h>

/* OpenBLAS 0.3.21 does not know newer CPUs and falls back to AVX2 kernels; its core type is
 * read from the environment when the library loads. Where the CPU has AVX-512 and nobody set
 * OPENBLAS_CORETYPE, sets it and starts the program anew. Call first in main. Local. */
void start_core_type(char **argv);

/* Memory that is freed stays with the process for what is allocated next: every page that the system
 * gives is cleared first, which in a virtual machine that gave it back takes as long as the work that is
 * done on it. Call first in main. Local. */
void start_keep_memory(void);

/* From here on SIGTERM, SIGINT and SIGUSR1 only ask to stop. Call before MPI starts: a scheduler
 * may signal at any time. Local. */
void start_catch_signals(void);

/* Threads of this rank (0: this node's usable cores / ranks on it, or OMP_NUM_THREADS) and the
 * instruction set. Collective. */
enum ben_status start_machine(const struct comm *world, int threads);

/* True where the scheduler started this job again, after a signal or the loss of a node:
 * --restart was for its first start (SLURM_RESTART_COUNT). Local. */
bool start_requeued(void);

/* True once a signal asked to stop: save and return BEN_E_INTERRUPTED. Local. */
bool start_interrupted(void);

/* BEN_E_INTERRUPTED on all ranks of the team once one of them was asked to stop: the signal may
 * reach them at different times, or one alone. Collective. */
enum ben_status start_agree_to_go_on(const struct comm *team);

#endif
