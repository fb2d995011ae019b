/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi info: what this build and machine are. */
#include "cli/command.h"
#include "nn/isa.h"

#include <omp.h>
#include <stdio.h>

struct info_config {
    struct common_options common;
};

static const struct option rows[] = {COMMON_OPTIONS};

static enum ben_status info_machine(const struct command_context *context)
{
    if (context->world.rank != 0)
        return BEN_OK;
    printf("ben-mpi %s\nranks %d, threads of each %d\nkernels %s\n", BEN_VERSION,
           context->world.size, omp_get_max_threads(), isa_text(isa_now()));
    return BEN_OK;
}

static enum ben_status run(struct command_context *context, void *config)
{
    (void)config;
    return info_machine(context);
}

const struct command command_info = {
    .name = "info",
    .usage = "[WHAT]",
    .summary = "say what this machine is",
    .min_args = 0,
    .max_args = 1,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct info_config),
    .run = run,
};
