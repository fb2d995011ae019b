/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/tsv.h"

#include "base/util.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LIMIT_BYTES ((size_t)1 << 30)
#define MAX_COLUMNS 4096

struct indexed {
    const char *value;
    long row;
};

struct tsv {
    char *path;
    char *text; /* tabs and line ends have become NULs */
    int n_columns;
    long n_rows, room;
    const char **head;     /* [n_columns] into text */
    const char **cells;    /* [n_rows][n_columns] into text; NULL: missing */
    long *lines;           /* [n_rows] */
    struct indexed *index; /* [n_indexed], by value, then row */
    long n_indexed;
};

/* The cell without blanks around it. */
static char *trim(char *cell)
{
    cell += strspn(cell, " \r");
    size_t n = strlen(cell);
    while (n > 0 && (cell[n - 1] == ' ' || cell[n - 1] == '\r'))
        n--;
    cell[n] = '\0';
    return cell;
}

/* Cuts line into at most max cells; returns how many there are, also beyond max. */
static int cut(char *line, const char **cells, int max)
{
    int n = 0;
    while (line) {
        char *tab = strchr(line, '\t');
        if (tab)
            *tab++ = '\0';
        if (n < max)
            cells[n] = trim(line);
        n++;
        line = tab;
    }
    return n;
}

/* The next line of *rest, NUL-ended, or NULL at the end. */
static char *next_line(char **rest)
{
    char *line = *rest;
    if (!line || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    if (end)
        *end++ = '\0';
    *rest = end;
    return line;
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \r")] == '\0';
}

static enum ben_status take_head(struct tsv *t, char *line)
{
    enum ben_status st = BEN_OK;
    int n = 1;
    for (const char *p = line; *p; p++)
        n += *p == '\t';
    if (n > MAX_COLUMNS)
        FAIL(BEN_E_INPUT, "%s: %d columns; it is no table of ours", t->path, n);
    TRY_NEW(t->head = calloc((size_t)n, sizeof *t->head));
    t->n_columns = cut(line, t->head, n);
    for (int i = 0; i < n; i++) {
        if (*t->head[i] == '\0')
            FAIL(BEN_E_INPUT, "%s: line 1: column %d has no name", t->path, i + 1);
        for (int j = 0; j < i; j++)
            if (strcasecmp(t->head[i], t->head[j]) == 0)
                FAIL(BEN_E_INPUT, "%s: line 1: column %s is there twice", t->path, t->head[i]);
    }
out:
    return st;
}

static enum ben_status make_room(struct tsv *t)
{
    enum ben_status st = BEN_OK;
    const char **cells;
    long *lines;
    if (t->n_rows < t->room)
        return BEN_OK;
    size_t room = t->room ? 2 * (size_t)t->room : 64;
    TRY_NEW(cells = realloc(t->cells, room * (size_t)t->n_columns * sizeof *cells));
    t->cells = cells;
    TRY_NEW(lines = realloc(t->lines, room * sizeof *lines));
    t->lines = lines;
    t->room = (long)room;
out:
    return st;
}

static enum ben_status take_row(struct tsv *t, char *line, long number)
{
    enum ben_status st = BEN_OK;
    TRY(make_room(t));
    const char **cells = t->cells + (size_t)t->n_rows * (size_t)t->n_columns;
    int n = cut(line, cells, t->n_columns);
    if (n != t->n_columns)
        FAIL(BEN_E_INPUT, "%s: line %ld has %d cells but the head has %d; part them by tabs",
             t->path, number, n, t->n_columns);
    for (int i = 0; i < n; i++)
        if (*cells[i] == '\0' || strcasecmp(cells[i], "n/a") == 0)
            cells[i] = NULL;
    t->lines[t->n_rows++] = number;
out:
    return st;
}

/* Cuts t->text up. */
static enum ben_status take_lines(struct tsv *t)
{
    enum ben_status st = BEN_OK;
    char *rest = t->text, *line;
    if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
        rest += 3;
    line = next_line(&rest);
    if (!line || is_blank(line))
        FAIL(BEN_E_INPUT, "%s: the table is empty: its first line must name the columns",
             t->path);
    TRY(take_head(t, line));
    for (long number = 2; (line = next_line(&rest)) != NULL; number++)
        if (!is_blank(line))
            TRY(take_row(t, line, number));
out:
    return st;
}

enum ben_status tsv_parse(const char *path, const char *text, size_t n, struct tsv **tsv)
{
    enum ben_status st = BEN_OK;
    struct tsv *t = NULL;
    TRY_NEW(t = calloc(1, sizeof *t));
    TRY_NEW(t->path = strdup(path));
    if (memchr(text, '\0', n))
        FAIL(BEN_E_INPUT, "%s: not a text (it holds a NUL byte); save the table as UTF-8",
             path);
    TRY_NEW(t->text = strndup(text, n));
    TRY(take_lines(t));
    *tsv = t;
    t = NULL;
out:
    tsv_free(&t);
    return st;
}

enum ben_status tsv_read(const char *path, struct tsv **tsv)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n;
    TRY(util_read_file(path, LIMIT_BYTES, &text, &n));
    TRY(tsv_parse(path, text, n, tsv));
out:
    free(text);
    return st;
}

const char *tsv_path(const struct tsv *tsv)
{
    return tsv->path;
}

long tsv_rows(const struct tsv *tsv)
{
    return tsv->n_rows;
}

int tsv_columns(const struct tsv *tsv)
{
    return tsv->n_columns;
}

const char *tsv_column_name(const struct tsv *tsv, int column)
{
    ENSURE(column >= 0 && column < tsv->n_columns);
    return tsv->head[column];
}

int tsv_column(const struct tsv *tsv, const char *name)
{
    for (int i = 0; i < tsv->n_columns; i++)
        if (strcasecmp(tsv->head[i], name) == 0)
            return i;
    return -1;
}

const char *tsv_cell(const struct tsv *tsv, long row, int column)
{
    ENSURE(row >= 0 && row < tsv->n_rows && column < tsv->n_columns);
    return column < 0 ? NULL
                      : tsv->cells[(size_t)row * (size_t)tsv->n_columns + (size_t)column];
}

long tsv_line(const struct tsv *tsv, long row)
{
    ENSURE(row >= 0 && row < tsv->n_rows);
    return tsv->lines[row];
}

static int compare_indexed(const void *a, const void *b)
{
    const struct indexed *x = a, *y = b;
    int order = strcmp(x->value, y->value);
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

enum ben_status tsv_index(struct tsv *tsv, int column)
{
    enum ben_status st = BEN_OK;
    free(tsv->index);
    tsv->n_indexed = 0;
    TRY_NEW(tsv->index = calloc((size_t)tsv->n_rows + 1, sizeof *tsv->index));
    for (long row = 0; row < tsv->n_rows; row++) {
        const char *value = tsv_cell(tsv, row, column);
        if (value)
            tsv->index[tsv->n_indexed++] = (struct indexed){value, row};
    }
    qsort(tsv->index, (size_t)tsv->n_indexed, sizeof *tsv->index, compare_indexed);
out:
    return st;
}

long tsv_find(const struct tsv *tsv, const char *value)
{
    long low = 0, high = tsv->n_indexed;
    while (low < high) {
        long middle = low + (high - low) / 2;
        if (strcmp(tsv->index[middle].value, value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < tsv->n_indexed && strcmp(tsv->index[low].value, value) == 0;
    return found ? tsv->index[low].row : -1;
}

void tsv_free(struct tsv **tsv)
{
    struct tsv *t = *tsv;
    if (!t)
        return;
    free(t->path);
    free(t->text);
    free(t->head);
    free(t->cells);
    free(t->lines);
    free(t->index);
    free(t);
    *tsv = NULL;
}
