/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables read from tab-separated text, as BIDS has them: one head line with the columns' names,
 * n/a for what is missing, quotes without meaning. A byte order mark, CR before LF, blanks around
 * cells and empty lines are tolerated; a row with more or fewer cells than the head, a column
 * named twice and a NUL are not. All Local. */
#ifndef BEN_IO_TSV_H
#define BEN_IO_TSV_H

#include "base/status.h"

#include <stddef.h>

struct tsv;

/* Fails: BEN_E_INPUT with file and line where it is no such table; BEN_E_IO where it cannot be
 * read. */
enum ben_status tsv_read(const char *path, struct tsv **tsv);

/* The same for text of n bytes (copied); path is for the error's text. */
enum ben_status tsv_parse(const char *path, const char *text, size_t n, struct tsv **tsv);

const char *tsv_path(const struct tsv *tsv);
long tsv_rows(const struct tsv *tsv);
int tsv_columns(const struct tsv *tsv);
const char *tsv_column_name(const struct tsv *tsv, int column);

/* The column called name (case ignored), -1 where there is none. */
int tsv_column(const struct tsv *tsv, const char *name);

/* The cell's text; NULL where it is n/a or empty, and for column -1. Owned by the table. */
const char *tsv_cell(const struct tsv *tsv, long row, int column);

/* The line of the file that a row came from, 1 being the head. */
long tsv_line(const struct tsv *tsv, long row);

/* Makes tsv_find fast for that column; then: the first row whose cell is value, or -1. */
enum ben_status tsv_index(struct tsv *tsv, int column);
long tsv_find(const struct tsv *tsv, const char *value);

void tsv_free(struct tsv **tsv);

#endif
