/* SPDX-License-Identifier: BSD-3-Clause */
/* The program: finds the command, parses its options on every rank alike, runs it, and turns
 * the outcome into the exit code. */
#include "base/log.h"
#include "cli/call.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/start.h"

#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_segment, &command_train, &command_adapt, &command_evaluate, &command_evaluate18,
    &command_volumes, &command_bench, &command_info,  &command_report,
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

const struct command *const *command_list(size_t *n)
{
    *n = N_COMMANDS;
    return commands;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* What needs neither MPI nor a configuration. Returns an exit code, or -1 to go on. */
static int answer_at_once(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        manual_help(stdout);
        return argc < 2 ? BEN_EXIT_START : EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "help") == 0)
        return help_answer(argc - 2, argv + 2);
    if (strcmp(argv[1], "--version") == 0) {
        puts("ben-mpi " BEN_VERSION);
        return EXIT_SUCCESS;
    }
    const struct command *command = command_find(argv[1]);
    if (!command) {
        fprintf(stderr, "error: unknown command '%s'; ben-mpi --help lists them\n", argv[1]);
        return BEN_EXIT_START;
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0) {
            manual_command_help(command, stdout);
            return EXIT_SUCCESS;
        }
    return -1;
}

static enum ben_status run(struct call *call)
{
    enum ben_status st = BEN_OK;
    const struct common_options *common = call->config;
    const struct comm *world = &call->context.world;
    log_setup(common->quiet     ? BEN_LOG_WARN
              : common->verbose ? BEN_LOG_DEBUG
                                : BEN_LOG_INFO,
              world->rank);
    if (common->dump_config) {
        if (world->rank == 0)
            fputs(call->effective, stdout);
        goto out;
    }
    TRY(comm_agree(world, start_machine(world, common->threads)));
    TRY(call_run(call));
out:
    return st;
}

static int exit_code(enum ben_status status, long failed_scans)
{
    if (status == BEN_E_INTERRUPTED)
        return BEN_EXIT_INTERRUPTED;
    if (status != BEN_OK && (status != BEN_E_INPUT || failed_scans == 0))
        return BEN_EXIT_START;
    return failed_scans > 0 ? BEN_EXIT_SCANS : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    start_core_type(argv);
    start_keep_memory();
    int at_once = answer_at_once(argc, argv);
    if (at_once >= 0)
        return at_once;
    struct comm world = {.mpi = MPI_COMM_NULL};
    struct call call = {0};
    long failed_scans = 0;
    start_catch_signals();
    enum ben_status st = comm_open(&argc, &argv, &world);
    if (st == BEN_OK)
        st = call_open(&world, command_find(argv[1]), argc - 2, (const char *const *)argv + 2,
                       &call);
    if (st == BEN_OK) {
        st = run(&call);
        failed_scans = call.context.failed_scans;
        call_close(&call);
    }
    if (st != BEN_OK && world.rank == 0) {
        log_error("%s", ben_error_text());
        log_debug("raised at %s", ben_error_place());
    }
    comm_close(&world);
    return exit_code(st, failed_scans);
}
