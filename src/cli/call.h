/* SPDX-License-Identifier: BSD-3-Clause */
/* A command as a function: its options and arguments from words, as the program's main and
 * commands that use others do it. Life: call_open, log and threads as the options say (main's
 * business alone), call_run, call_close. */
#ifndef BEN_CLI_CALL_H
#define BEN_CLI_CALL_H

#include "cli/command.h"

struct call {
    const struct command *command;
    struct command_context context; /* failed_scans is set by call_run */
    void *config;                   /* begins with struct common_options */
    char *effective, *line;         /* what the context's texts point to, owned */
};

/* words [n]: what stands behind the command's name; they must live as long. Every rank of world
 * has the same; a file of --config is read on rank 0. Nothing is to be freed where it fails.
 * Collective. Fails: BEN_E_ARG, BEN_E_IO, BEN_E_MEMORY. */
enum ben_status call_open(const struct comm *world, const struct command *command, int n,
                          const char *const *words, struct call *call);

/* Collective; every rank returns the same. */
enum ben_status call_run(struct call *call);

void call_close(struct call *call);

#endif
