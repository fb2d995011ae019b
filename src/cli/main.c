/* SPDX-License-Identifier: BSD-3-Clause */
/* The program: finds the command, parses its options on every rank alike, runs it, and turns
 * the outcome into the exit code. */
#include "cli/command.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/start.h"

#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_segment, &command_train, &command_evaluate, &command_bench, &command_info,
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

const struct command *const *command_list(size_t *n)
{
    *n = N_COMMANDS;
    return commands;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static void print_help(void)
{
    puts("ben-mpi " BEN_VERSION ": brain extraction of MRI, from one scan to a cohort\n\n"
         "usage: ben-mpi COMMAND [OPTION]... ARGUMENT...\n\n"
         "commands (ben-mpi COMMAND --help tells more):");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nExit codes: 0 all good, 1 some scan failed, 2 bad start, 75 interrupted: run the "
         "same command again to go on.");
}

static void print_command_help(const struct command *command)
{
    printf("usage: ben-mpi %s %s\n\n%s\n\noptions:\n", command->name, command->usage,
           command->summary);
    option_help(&command->options, stdout);
}

/* What needs neither MPI nor a configuration. Returns an exit code, or -1 to go on. */
static int answer_at_once(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
        return argc < 2 ? BEN_EXIT_START : EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("ben-mpi " BEN_VERSION);
        return EXIT_SUCCESS;
    }
    const struct command *command = find_command(argv[1]);
    if (!command) {
        fprintf(stderr, "error: unknown command '%s'; ben-mpi --help lists them\n", argv[1]);
        return BEN_EXIT_START;
    }
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0) {
            print_command_help(command);
            return EXIT_SUCCESS;
        }
    return -1;
}

/* The file is read on rank 0 only; all ranks parse the same bytes. */
static enum ben_status read_config_file(const struct comm *world, const struct command *command,
                                        const char *path, void *config)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n = 0;
    if (world->rank == 0)
        st = util_read_file(path, BEN_MAX_CONFIG, &text, &n);
    TRY(comm_agree(world, st));
    TRY(comm_broadcast_block(world, &text, &n, 0));
    TRY(option_read_ini(&command->options, text, path, config));
out:
    free(text);
    return st;
}

/* default < file < argv: argv is read twice, first to learn the file's name. */
static enum ben_status configure(const struct command *command, int n, const char *const *argv,
                                 struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct common_options *common = config;
    char *path = NULL;
    option_defaults(&command->options, config);
    TRY(option_read_argv(&command->options, n, argv, config, context->args, &context->n_args));
    if (common->config) {
        TRY_NEW(path = strdup(common->config));
        option_free(&command->options, config);
        memset(config, 0, command->config_bytes);
        option_defaults(&command->options, config);
        TRY(read_config_file(&context->world, command, path, config));
        TRY(option_read_argv(&command->options, n, argv, config, context->args,
                             &context->n_args));
    }
    if (!common->dump_config &&
        (context->n_args < command->min_args || context->n_args > command->max_args))
        FAIL(BEN_E_ARG, "usage: ben-mpi %s %s", command->name, command->usage);
out:
    free(path);
    return st;
}

static char *join_words(int n, char *const *words)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (int i = 0; to && i < n; i++)
        fprintf(to, "%s%s", i ? " " : "", i ? words[i] : util_basename(words[i]));
    return to && fclose(to) == 0 ? text : NULL;
}

static enum ben_status run(const struct command *command, int argc, char **argv,
                           struct command_context *context)
{
    enum ben_status st = BEN_OK;
    char *effective = NULL, *line = NULL;
    void *config = calloc(1, command->config_bytes);
    context->args = calloc((size_t)argc, sizeof *context->args);
    TRY(comm_agree(
        &context->world,
        config && context->args
            ? configure(command, argc - 2, (const char *const *)argv + 2, context, config)
            : BEN_E_MEMORY));
    const struct common_options *common = config;
    log_setup(common->quiet     ? BEN_LOG_WARN
              : common->verbose ? BEN_LOG_DEBUG
                                : BEN_LOG_INFO,
              context->world.rank);
    TRY_NEW(effective = option_dump(&command->options, config));
    TRY_NEW(line = join_words(argc, argv));
    context->effective = effective;
    context->command_line = line;
    if (common->dump_config) {
        if (context->world.rank == 0)
            fputs(effective, stdout);
        goto out;
    }
    TRY(comm_agree(&context->world, start_machine(&context->world, common->threads)));
    TRY(command->run(context, config));
out:
    if (config)
        option_free(&command->options, config);
    free(config);
    free(effective);
    free(line);
    free(context->args);
    return st;
}

static int exit_code(enum ben_status status, const struct command_context *context)
{
    if (status == BEN_E_INTERRUPTED)
        return BEN_EXIT_INTERRUPTED;
    if (status != BEN_OK)
        return BEN_EXIT_START;
    return context->failed_scans > 0 ? BEN_EXIT_SCANS : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    start_core_type(argv);
    int at_once = answer_at_once(argc, argv);
    if (at_once >= 0)
        return at_once;
    struct command_context context = {0};
    start_catch_signals();
    enum ben_status st = comm_open(&argc, &argv, &context.world);
    if (st == BEN_OK)
        st = run(find_command(argv[1]), argc, argv, &context);
    if (st != BEN_OK && context.world.rank == 0) {
        log_error("%s", ben_error_text());
        log_debug("raised at %s", ben_error_place());
    }
    comm_close(&context.world);
    return exit_code(st, &context);
}
