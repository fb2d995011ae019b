/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command is: a row in the command table (cli/main.c) with its option table and the
 * function that runs it. main parses on every rank from the same bytes, agrees on the verdict,
 * and turns the status into the exit code: 0 all good, 1 some scan failed, 2 bad start,
 * 75 interrupted and resumable. */
#ifndef BEN_CLI_COMMAND_H
#define BEN_CLI_COMMAND_H

#include "base/option.h"
#include "mpi/comm.h"

#define BEN_EXIT_SCANS       1
#define BEN_EXIT_START       2
#define BEN_EXIT_INTERRUPTED 75

/* Options of every command: the first member of each command's configuration struct. */
struct common_options {
    const char *weights; /* file */
    int species;         /* index into the choices: 0 = auto */
    const char *config;  /* INI file */
    int threads;         /* 0: cores of this node / ranks on it */
    double seed;         /* whole number */
    bool quiet, verbose;
    bool dump_config;
};

#define BEN_SPECIES_CHOICES "auto|mouse|rat|marmoset|macaque|human"

/* The rows of struct common_options, to be put first into a command's table. */
#define COMMON_OPTIONS                                                                         \
    {"weights",                                                                                \
     "common",                                                                                 \
     BEN_OPTION_TEXT,                                                                          \
     offsetof(struct common_options, weights),                                                 \
     NULL,                                                                                     \
     0,                                                                                        \
     0,                                                                                        \
     "FILE",                                                                                   \
     "weights file; none: what ships for the species",                                         \
     0},                                                                                       \
        {"species",                                                                            \
         "common",                                                                             \
         BEN_OPTION_CHOICE,                                                                    \
         offsetof(struct common_options, species),                                             \
         "auto",                                                                               \
         0,                                                                                    \
         0,                                                                                    \
         BEN_SPECIES_CHOICES,                                                                  \
         "species of all scans; auto: what the data say",                                      \
         0},                                                                                   \
        {"config",                                                                             \
         NULL,                                                                                 \
         BEN_OPTION_TEXT,                                                                      \
         offsetof(struct common_options, config),                                              \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         "FILE",                                                                               \
         "INI file with options, as --dump-config prints",                                     \
         0},                                                                                   \
        {"threads",                                                                            \
         "common",                                                                             \
         BEN_OPTION_INT,                                                                       \
         offsetof(struct common_options, threads),                                             \
         "0",                                                                                  \
         0,                                                                                    \
         1024,                                                                                 \
         "N",                                                                                  \
         "threads of each rank; 0: the node's cores shared among its ranks",                   \
         0},                                                                                   \
        {"seed",                                                                               \
         "common",                                                                             \
         BEN_OPTION_REAL,                                                                      \
         offsetof(struct common_options, seed),                                                \
         "1",                                                                                  \
         0,                                                                                    \
         9007199254740991.0,                                                                   \
         "N",                                                                                  \
         "seed of all random numbers",                                                         \
         0},                                                                                   \
        {"quiet",                                                                              \
         NULL,                                                                                 \
         BEN_OPTION_FLAG,                                                                      \
         offsetof(struct common_options, quiet),                                               \
         "no",                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL,                                                                                 \
         "only warnings and errors",                                                           \
         0},                                                                                   \
        {"verbose",                                                                            \
         NULL,                                                                                 \
         BEN_OPTION_FLAG,                                                                      \
         offsetof(struct common_options, verbose),                                             \
         "no",                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL,                                                                                 \
         "more about each step",                                                               \
         0},                                                                                   \
    {                                                                                          \
        "dump-config", NULL, BEN_OPTION_FLAG, offsetof(struct common_options, dump_config),    \
            "no", 0, 0, NULL, "print the effective configuration as INI and stop", 0           \
    }

/* What a running command is given. */
struct command_context {
    struct comm world;
    int n_args;
    const char **args;        /* words that are no options */
    const char *effective;    /* the effective configuration, INI text */
    const char *command_line; /* as typed, for provenance */
    long failed_scans;        /* the command counts them: exit code 1 */
};

struct command {
    const char *name;
    const char *usage;   /* the words after the name */
    const char *summary; /* one line */
    int min_args, max_args;
    struct option_table options;
    size_t config_bytes; /* of its configuration struct, which begins with common_options */
    enum ben_status (*run)(struct command_context *context, void *config);
};

#define BEN_MAX_CONFIG ((size_t)1 << 20) /* bytes of a configuration file */

/* All commands (cli/main.c). */
const struct command *const *command_list(size_t *n);

/* The command of that name; NULL for any other word. */
const struct command *command_find(const char *name);

extern const struct command command_segment, command_train, command_adapt, command_evaluate,
    command_volumes, command_info, command_bench, command_report, command_evaluate18;

#endif
