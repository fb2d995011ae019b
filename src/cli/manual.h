/* SPDX-License-Identifier: BSD-3-Clause */
/* The manual from the tables of commands and options, which are its only source. All Local. */
#ifndef BEN_CLI_MANUAL_H
#define BEN_CLI_MANUAL_H

#include "cli/command.h"

#include <stdio.h>

/* ben-mpi-COMMAND(1) as a page for man; command NULL: ben-mpi(1), the program. */
void manual_page(const struct command *command, FILE *to);

/* The texts of --help. */
void manual_help(FILE *to);
void manual_command_help(const struct command *command, FILE *to);

#endif
