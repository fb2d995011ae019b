/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi help: help texts, manual pages and completion, on the screen or as files to install. */
#ifndef BEN_CLI_HELP_H
#define BEN_CLI_HELP_H

/* The words behind "help":
 *   none, or COMMAND     the text of --help
 *   --man [COMMAND]      a manual page
 *   --completion SHELL   bash, zsh or fish
 *   --write FOLDER       all of them as files below FOLDER, laid out as /usr/share is
 * Returns the program's exit code. Local. */
int help_answer(int n, char **words);

#endif
