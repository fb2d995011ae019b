/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/call.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

/* The file is read on rank 0 only; all ranks parse the same bytes. */
static enum ben_status read_config_file(const struct call *call, const char *path)
{
    enum ben_status st = BEN_OK;
    const struct comm *world = &call->context.world;
    char *text = NULL;
    size_t n = 0;
    if (world->rank == 0)
        st = util_read_file(path, BEN_MAX_CONFIG, &text, &n);
    TRY(comm_agree(world, st));
    TRY(comm_broadcast_block(world, &text, &n, 0));
    TRY(option_read_ini(&call->command->options, text, path, call->config));
out:
    free(text);
    return st;
}

/* default < file < argv: the words are read twice, first to learn the file's name. */
static enum ben_status configure(struct call *call, int n, const char *const *words)
{
    enum ben_status st = BEN_OK;
    const struct command *command = call->command;
    const struct common_options *common = call->config;
    struct command_context *context = &call->context;
    char *path = NULL;
    option_defaults(&command->options, call->config);
    TRY(option_read_argv(&command->options, n, words, call->config, context->args,
                         &context->n_args));
    if (common->config) {
        TRY_NEW(path = strdup(common->config));
        option_free(&command->options, call->config);
        memset(call->config, 0, command->config_bytes);
        option_defaults(&command->options, call->config);
        TRY(read_config_file(call, path));
        TRY(option_read_argv(&command->options, n, words, call->config, context->args,
                             &context->n_args));
    }
    if (!common->dump_config &&
        (context->n_args < command->min_args || context->n_args > command->max_args))
        FAIL(BEN_E_ARG, "usage: ben-mpi %s %s", command->name, command->usage);
out:
    free(path);
    return st;
}

static char *join_words(const char *name, int n, const char *const *words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    fprintf(to, "ben-mpi %s", name);
    for (int i = 0; i < n; i++)
        fprintf(to, " %s", words[i]);
    return fclose(to) == 0 ? text : NULL;
}

enum ben_status call_open(const struct comm *world, const struct command *command, int n,
                          const char *const *words, struct call *call)
{
    enum ben_status st = BEN_OK;
    *call = (struct call){.command = command,
                          .context = {.world = *world},
                          .config = calloc(1, command->config_bytes)};
    call->context.args = calloc((size_t)n + 1, sizeof *call->context.args);
    TRY(comm_agree(world, call->config && call->context.args ? configure(call, n, words)
                                                             : BEN_E_MEMORY));
    call->effective = option_dump(&command->options, call->config);
    call->line = join_words(command->name, n, words);
    TRY(comm_agree(world, call->effective && call->line ? BEN_OK : BEN_E_MEMORY));
    call->context.effective = call->effective;
    call->context.command_line = call->line;
out:
    if (st != BEN_OK)
        call_close(call);
    return st;
}

enum ben_status call_run(struct call *call)
{
    return call->command->run(&call->context, call->config);
}

void call_close(struct call *call)
{
    if (call->config)
        option_free(&call->command->options, call->config);
    free(call->config);
    free(call->context.args);
    free(call->effective);
    free(call->line);
    *call = (struct call){0};
}
