/* SPDX-License-Identifier: BSD-3-Clause */
/* The option table: one row per option is the single source of argv parsing, INI files, help,
 * --dump-config and bounds. A command keeps its options in a plain struct; a row names the
 * field by its offset. Order of authority: default < file < argv.
 *
 * Life: option_defaults, option_read_ini, option_read_argv, use the struct, option_free. */
#ifndef BEN_BASE_OPTION_H
#define BEN_BASE_OPTION_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum option_type {
    BEN_OPTION_FLAG,   /* bool; "--x" sets, "--no-x" clears */
    BEN_OPTION_INT,    /* int, within [min, max] */
    BEN_OPTION_REAL,   /* double, within [min, max] */
    BEN_OPTION_TEXT,   /* const char *, NULL by default */
    BEN_OPTION_CHOICE, /* int: index into choices, "a|b|c" */
    BEN_OPTION_TEXTS,  /* struct option_texts: one or more words up to the next option */
    BEN_OPTION_REALS,  /* double[count]: "a,b,c"; one value stands for all */
};

struct option_texts {
    int n;
    const char **text; /* owned by the table's user until option_free */
};

struct option {
    const char *name;    /* long name without dashes: "threads" */
    const char *section; /* INI section; NULL: on the command line only */
    enum option_type type;
    size_t field;        /* offset in the configuration struct */
    const char *initial; /* default as text; NULL: empty */
    double min, max;     /* bounds of numbers */
    const char *unit;    /* of the value, or what it is ("FILE"); the choices of a CHOICE */
    const char *help;    /* one line, lower case, no full stop */
    int count;           /* elements of REALS */
};

struct option_table {
    const struct option *rows;
    size_t n;
};

/* Sets every field from its row's default. A bad default is a bug. */
void option_defaults(const struct option_table *table, void *config);

/* Reads INI text (name is for messages). Unknown keys and sections, bad values and values out
 * of bounds: BEN_E_ARG naming name and line. */
enum ben_status option_read_ini(const struct option_table *table, const char *text,
                                const char *name, void *config);

/* Reads argv[0..n-1]; words that are not options or their values become args (pointers into
 * argv, room for n of them). "--" ends the options. Fails: BEN_E_ARG. */
enum ben_status option_read_argv(const struct option_table *table, int n,
                                 const char *const *argv, void *config, const char **args,
                                 int *n_args);

/* The effective configuration as INI text, commented line by line; the caller frees. NULL
 * without memory. Rows without a section are left out. */
char *option_dump(const struct option_table *table, const void *config);

/* The options for --help, by section; those without one stand with the ones before them. */
void option_help(const struct option_table *table, FILE *to);

void option_free(const struct option_table *table, void *config);

#endif
