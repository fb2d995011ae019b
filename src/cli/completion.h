/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion of commands, options and their choices in a shell, from the tables of commands and
 * options. Local. */
#ifndef BEN_CLI_COMPLETION_H
#define BEN_CLI_COMPLETION_H

#include <stdbool.h>
#include <stdio.h>

/* The script for that shell: "bash", "zsh" or "fish"; false for any other. */
bool completion_write(const char *shell, FILE *to);

#endif
