/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/table.h"

#include "base/util.h"

#include <jansson.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MISSING "n/a"

struct table {
    const struct table_column *columns;
    int n_columns;
    long n_rows, room;
    char **cells; /* [n_rows][n_columns], each as printed; NULL: missing */
};

enum ben_status table_create(const struct table_column *columns, int n, struct table **table)
{
    enum ben_status st = BEN_OK;
    ENSURE(n > 0);
    TRY_NEW(*table = calloc(1, sizeof **table));
    (*table)->columns = columns;
    (*table)->n_columns = n;
out:
    return st;
}

void table_free(struct table **table)
{
    struct table *t = *table;
    if (!t)
        return;
    for (long i = 0; i < t->n_rows * t->n_columns; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t);
    *table = NULL;
}

enum ben_status table_add_row(struct table *table, long *row)
{
    enum ben_status st = BEN_OK;
    size_t width = (size_t)table->n_columns;
    if (table->n_rows == table->room) {
        long room = table->room ? 2 * table->room : 16;
        char **more;
        TRY_NEW(more = realloc(table->cells, (size_t)room * width * sizeof *more));
        table->cells = more;
        table->room = room;
    }
    memset(table->cells + (size_t)table->n_rows * width, 0, width * sizeof *table->cells);
    *row = table->n_rows++;
out:
    return st;
}

static char **cell_at(const struct table *table, long row, int column)
{
    ENSURE(row >= 0 && row < table->n_rows && column >= 0 && column < table->n_columns);
    return &table->cells[row * table->n_columns + column];
}

/* The cell becomes text, which is taken over; NULL is out of memory. */
static enum ben_status put(struct table *table, long row, int column, char *text)
{
    enum ben_status st = BEN_OK;
    char **cell = cell_at(table, row, column);
    TRY_NEW(text);
    free(*cell);
    *cell = text;
out:
    return st;
}

static void clear(struct table *table, long row, int column)
{
    char **cell = cell_at(table, row, column);
    free(*cell);
    *cell = NULL;
}

enum ben_status table_set_text(struct table *table, long row, int column, const char *text)
{
    enum ben_status st = BEN_OK;
    char *copy;
    ENSURE(table->columns[column].type == BEN_TABLE_TEXT);
    clear(table, row, column);
    if (!text || !*text || strcmp(text, MISSING) == 0)
        return BEN_OK;
    TRY_NEW(copy = strdup(text));
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ')
            *p = ' ';
    TRY(put(table, row, column, copy));
out:
    return st;
}

enum ben_status table_set_integer(struct table *table, long row, int column, int64_t value)
{
    ENSURE(table->columns[column].type == BEN_TABLE_INTEGER);
    return put(table, row, column, util_format("%lld", (long long)value));
}

/* As few digits as give the same number back; whole numbers without an exponent. */
static char *shortest(double value)
{
    char text[40];
    if (value == rint(value) && fabs(value) < 1e15)
        return util_format("%.0f", value);
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    return strdup(text);
}

/* Fixed decimals; what rounds to zero has no sign. */
static char *fixed(double value, int decimals)
{
    char *text = util_format("%.*f", decimals, value);
    if (text && *text == '-' && strspn(text, "-0.") == strlen(text))
        memmove(text, text + 1, strlen(text));
    return text;
}

enum ben_status table_set_real(struct table *table, long row, int column, double value)
{
    int decimals = table->columns[column].decimals;
    ENSURE(table->columns[column].type == BEN_TABLE_REAL);
    if (!isfinite(value)) {
        clear(table, row, column);
        return BEN_OK;
    }
    return put(table, row, column,
               decimals == BEN_TABLE_SHORTEST ? shortest(value) : fixed(value, decimals));
}

long table_rows(const struct table *table)
{
    return table->n_rows;
}

int table_columns(const struct table *table, const struct table_column **columns)
{
    *columns = table->columns;
    return table->n_columns;
}

const char *table_cell(const struct table *table, long row, int column)
{
    const char *text = *cell_at(table, row, column);
    return text ? text : MISSING;
}

bool table_number(const struct table *table, long row, int column, double *value)
{
    const char *text = *cell_at(table, row, column);
    if (!text || table->columns[column].type == BEN_TABLE_TEXT)
        return false;
    *value = strtod(text, NULL);
    return true;
}

static void print_row(const struct table *table, long row, FILE *to)
{
    for (int c = 0; c < table->n_columns; c++)
        fprintf(to, "%s%s", c ? "\t" : "", table_cell(table, row, c));
}

char *table_line(const struct table *table, long row)
{
    char *line = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&line, &n);
    if (!to)
        return NULL;
    print_row(table, row, to);
    if (fclose(to) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

/* Takes a cell of a line as it stands. */
static enum ben_status parse_cell(struct table *table, long row, int column, const char *text)
{
    enum ben_status st = BEN_OK;
    const struct table_column *about = &table->columns[column];
    char *end = NULL;
    if (strcmp(text, MISSING) == 0 || !*text)
        return BEN_OK;
    errno = 0;
    if (about->type == BEN_TABLE_INTEGER)
        (void)strtoll(text, &end, 10);
    else if (about->type == BEN_TABLE_REAL && !isfinite(strtod(text, &end)))
        errno = ERANGE;
    if (end && (*end || errno == ERANGE))
        FAIL(BEN_E_INPUT, "a row of a table holds %.60s in the column %s, which is no number",
             text, about->name);
    TRY(put(table, row, column, strdup(text)));
out:
    return st;
}

static void drop_last_row(struct table *table)
{
    for (int c = 0; c < table->n_columns; c++)
        clear(table, table->n_rows - 1, c);
    table->n_rows--;
}

enum ben_status table_add_line(struct table *table, const char *line)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL, *rest, *text;
    long row = -1;
    int column = 0;
    TRY_NEW(copy = strdup(line));
    TRY(table_add_row(table, &row));
    for (rest = copy; (text = strsep(&rest, "\t")); column++) {
        if (column == table->n_columns)
            break;
        TRY(parse_cell(table, row, column, text));
    }
    if (column != table->n_columns || text)
        FAIL(BEN_E_INPUT, "a row of a table has not the %d columns it should have: %.100s",
             table->n_columns, line);
out:
    if (st && row >= 0)
        drop_last_row(table);
    free(copy);
    return st;
}

struct sort_key {
    const char *text;
    long row;
};

static int by_text(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    if (order != 0)
        return order;
    return x->row < y->row ? -1 : 1;
}

enum ben_status table_sort(struct table *table, int column)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)table->n_rows, width = (size_t)table->n_columns;
    struct sort_key *keys = NULL;
    char **sorted = NULL;
    TRY_NEW(keys = malloc((n + 1) * sizeof *keys));
    TRY_NEW(sorted = malloc((n * width + 1) * sizeof *sorted));
    for (size_t r = 0; r < n; r++)
        keys[r] = (struct sort_key){table_cell(table, (long)r, column), (long)r};
    qsort(keys, n, sizeof *keys, by_text);
    for (size_t r = 0; r < n; r++)
        memcpy(sorted + r * width, table->cells + (size_t)keys[r].row * width,
               width * sizeof *sorted);
    free(table->cells);
    table->cells = sorted;
    table->room = table->n_rows;
    sorted = NULL;
out:
    free(sorted);
    free(keys);
    return st;
}

static void print_table(const struct table *table, FILE *to)
{
    for (int c = 0; c < table->n_columns; c++)
        fprintf(to, "%s%s", c ? "\t" : "", table->columns[c].name);
    fputc('\n', to);
    for (long row = 0; row < table->n_rows; row++) {
        print_row(table, row, to);
        fputc('\n', to);
    }
}

static enum ben_status write_tsv(const struct table *table, const char *path, const char *lines)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n = 0;
    FILE *to;
    TRY_NEW(to = open_memstream(&text, &n));
    print_table(table, to);
    fputs(lines, to);
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(util_write_file(path, text, n));
out:
    free(text);
    return st;
}

/* Fresh; NULL without memory, as jansson's functions pass it on. */
static json_t *describe_column(const struct table_column *column)
{
    json_t *about = json_pack("{s:s}", "Description", column->description);
    if (column->unit)
        json_object_set_new(about, "Units", json_string(column->unit));
    if (column->levels) {
        json_t *levels = json_object();
        for (const struct table_level *level = column->levels; level->value; level++)
            json_object_set_new(levels, level->value, json_string(level->meaning));
        json_object_set_new(about, "Levels", levels);
    }
    return about;
}

static enum ben_status write_dictionary(const struct table *table, const char *path)
{
    enum ben_status st = BEN_OK;
    json_t *all = json_object();
    char *text = NULL, *whole = NULL;
    bool good = all != NULL;
    for (int c = 0; c < table->n_columns; c++)
        good = json_object_set_new(all, table->columns[c].name,
                                   describe_column(&table->columns[c])) == 0 &&
               good;
    if (good)
        text = json_dumps(all, JSON_INDENT(2));
    TRY_NEW(text);
    TRY_NEW(whole = util_format("%s\n", text));
    TRY(util_write_file(path, whole, strlen(whole)));
out:
    free(whole);
    free(text);
    json_decref(all);
    return st;
}

enum ben_status table_write(const struct table *table, const char *path)
{
    return table_write_lines(table, path, "");
}

enum ben_status table_write_lines(const struct table *table, const char *path,
                                  const char *lines)
{
    enum ben_status st = BEN_OK;
    char *dictionary = NULL;
    size_t n = strlen(path);
    ENSURE(n > 4 && strcmp(path + n - 4, ".tsv") == 0);
    TRY_NEW(dictionary = util_format("%.*s.json", (int)n - 4, path));
    TRY(write_dictionary(table, dictionary));
    TRY(write_tsv(table, path, lines));
out:
    free(dictionary);
    return st;
}
