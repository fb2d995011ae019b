/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables as BIDS wants them: a TSV with n/a for what is missing, and a JSON dictionary beside it
 * that explains each column. A table is made from a constant list of columns, rows are appended
 * and their cells set, and it is written whole, atomically; the same cells give the same bytes.
 * One row can travel as a line of text (through the journal) and be added again. All Local. */
#ifndef BEN_IO_TABLE_H
#define BEN_IO_TABLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum table_type { BEN_TABLE_TEXT, BEN_TABLE_INTEGER, BEN_TABLE_REAL };

#define BEN_TABLE_SHORTEST (-1) /* as few digits as give the same double back */

struct table_level {
    const char *value, *meaning;
};

struct table_column {
    const char *name; /* as in the head line: letters, digits, '_' */
    enum table_type type;
    int decimals;                     /* of a real: behind the point, or BEN_TABLE_SHORTEST */
    const char *unit;                 /* "mm^3", "s", ...; NULL without */
    const char *description;          /* for people */
    const struct table_level *levels; /* ended by {NULL, NULL}; NULL where free */
};

struct table;

/* columns [n] stay the caller's and must outlive the table. */
enum ben_status table_create(const struct table_column *columns, int n, struct table **table);
void table_free(struct table **table);

/* Appends a row of n/a; its index is the number of rows before. */
enum ben_status table_add_row(struct table *table, long *row);

/* Set a cell; column is an index into the list. Tabs and line ends in a text become spaces; an
 * empty text or NULL, and a real that is not finite, is n/a. A wrong index or type is a bug. */
enum ben_status table_set_text(struct table *table, long row, int column, const char *text);
enum ben_status table_set_integer(struct table *table, long row, int column, int64_t value);
enum ben_status table_set_real(struct table *table, long row, int column, double value);

long table_rows(const struct table *table);
int table_columns(const struct table *table, const struct table_column **columns);

/* The cell as it stands in the TSV, "n/a" where missing. Owned by the table. */
const char *table_cell(const struct table *table, long row, int column);

/* A cell's number; false where it is n/a or a text. */
bool table_number(const struct table *table, long row, int column, double *value);

/* The row as one TSV line without its end; the caller frees. NULL without memory. */
char *table_line(const struct table *table, long row);

/* Appends the row of such a line. Fails: BEN_E_INPUT where it does not fit the columns. */
enum ben_status table_add_line(struct table *table, const char *line);

/* Sorts rows by the text of a column (stable, byte order). Fails: BEN_E_MEMORY. */
enum ben_status table_sort(struct table *table, int column);

/* Writes path (NAME.tsv) and the dictionary NAME.json. Fails: BEN_E_IO. */
enum ben_status table_write(const struct table *table, const char *path);

/* The same with rows that are lines already (table_line, each ended), behind the table's own: for
 * tables too long to hold. */
enum ben_status table_write_lines(const struct table *table, const char *path,
                                  const char *lines);

#endif
