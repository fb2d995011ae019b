/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/option.h"

#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_COLUMN = 32, HELP_WIDTH = 80 };

static void *field_of(const struct option *row, void *config)
{
    return (char *)config + row->field;
}

static enum ben_status parse_number(const struct option *row, const char *value,
                                    const char *where, double *number)
{
    enum ben_status st = BEN_OK;
    char *end = NULL;
    errno = 0;
    *number = strtod(value, &end);
    if (end == value || *end != '\0' || errno == ERANGE || !isfinite(*number))
        FAIL(BEN_E_ARG, "%s: '%s' is not a number for %s", where, value, row->name);
    if (row->type == BEN_OPTION_INT && *number != floor(*number))
        FAIL(BEN_E_ARG, "%s: '%s' is not a whole number for %s", where, value, row->name);
    if (*number < row->min || *number > row->max)
        FAIL(BEN_E_ARG, "%s: %s = %s is out of bounds, %g to %g", where, row->name, value,
             row->min, row->max);
out:
    return st;
}

static enum ben_status parse_flag(const struct option *row, const char *value,
                                  const char *where, bool *flag)
{
    enum ben_status st = BEN_OK;
    if (strcmp(value, "yes") == 0 || strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
        *flag = true;
    else if (strcmp(value, "no") == 0 || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
        *flag = false;
    else
        FAIL(BEN_E_ARG, "%s: %s = '%s'; use yes or no", where, row->name, value);
out:
    return st;
}

static enum ben_status parse_choice(const struct option *row, const char *value,
                                    const char *where, int *chosen)
{
    enum ben_status st = BEN_OK;
    size_t n = strlen(value);
    int index = 0;
    for (const char *at = row->unit; at; index++) {
        size_t length = strcspn(at, "|");
        if (length == n && strncmp(at, value, n) == 0) {
            *chosen = index;
            return BEN_OK;
        }
        at = at[length] ? at + length + 1 : NULL;
    }
    FAIL(BEN_E_ARG, "%s: %s = '%s'; use one of %s", where, row->name, value, row->unit);
out:
    return st;
}

static enum ben_status parse_reals(const struct option *row, const char *value,
                                   const char *where, double *numbers)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL, *rest = NULL;
    int n = 0;
    TRY_NEW(copy = strdup(value));
    for (char *word = strtok_r(copy, ", ", &rest); word; word = strtok_r(NULL, ", ", &rest)) {
        if (n == row->count)
            FAIL(BEN_E_ARG, "%s: %s has more than %d values", where, row->name, row->count);
        TRY(parse_number(row, word, where, &numbers[n++]));
    }
    if (n != 1 && n != row->count)
        FAIL(BEN_E_ARG, "%s: %s wants 1 or %d values, not %d", where, row->name, row->count, n);
    for (; n < row->count; n++)
        numbers[n] = numbers[0];
out:
    free(copy);
    return st;
}

static enum ben_status add_text(struct option_texts *texts, const char *value)
{
    enum ben_status st = BEN_OK;
    const char **more;
    char *copy;
    TRY_NEW(more = realloc(texts->text, ((size_t)texts->n + 1) * sizeof *more));
    texts->text = more;
    TRY_NEW(copy = strdup(value));
    texts->text[texts->n++] = copy;
out:
    return st;
}

static void clear_texts(struct option_texts *texts)
{
    for (int i = 0; i < texts->n; i++)
        free((void *)texts->text[i]);
    free(texts->text);
    *texts = (struct option_texts){0};
}

/* Cuts the next word off *rest: up to a blank, or between double quotes. NULL at the end. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    if (*word == '\0')
        return NULL;
    const char *ends = *word == '"' ? "\"" : " \t";
    word += *word == '"';
    char *end = word + strcspn(word, ends);
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

/* The words of an INI line replace the list. */
static enum ben_status parse_texts(const char *value, struct option_texts *texts)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    clear_texts(texts);
    TRY_NEW(copy = strdup(value));
    char *rest = copy;
    for (char *word = next_word(&rest); word; word = next_word(&rest))
        TRY(add_text(texts, word));
out:
    free(copy);
    return st;
}

static enum ben_status set_text(const char *value, const char **text)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    if (*value)
        TRY_NEW(copy = strdup(value));
    free((void *)*text);
    *text = copy;
out:
    return st;
}

static enum ben_status set_value(const struct option *row, const char *value, const char *where,
                                 void *config)
{
    enum ben_status st = BEN_OK;
    void *field = field_of(row, config);
    double number = 0;
    switch (row->type) {
    case BEN_OPTION_FLAG:
        TRY(parse_flag(row, value, where, field));
        break;
    case BEN_OPTION_INT:
        TRY(parse_number(row, value, where, &number));
        *(int *)field = (int)number;
        break;
    case BEN_OPTION_REAL:
        TRY(parse_number(row, value, where, &number));
        *(double *)field = number;
        break;
    case BEN_OPTION_TEXT:
        TRY(set_text(value, field));
        break;
    case BEN_OPTION_CHOICE:
        TRY(parse_choice(row, value, where, field));
        break;
    case BEN_OPTION_TEXTS:
        TRY(parse_texts(value, field));
        break;
    case BEN_OPTION_REALS:
        TRY(parse_reals(row, value, where, field));
        break;
    }
out:
    return st;
}

void option_defaults(const struct option_table *table, void *config)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct option *row = &table->rows[i];
        if (row->initial)
            ENSURE(set_value(row, row->initial, "default", config) == BEN_OK);
    }
}

struct ini_state {
    const struct option_table *table;
    const char *name;
    void *config;
    enum ben_status status;
};

/* inih's handler: 1 goes on, 0 marks the line as bad. */
static int ini_line(void *user, const char *section, const char *key, const char *value)
{
    struct ini_state *state = user;
    if (state->status)
        return 1;
    for (size_t i = 0; i < state->table->n; i++) {
        const struct option *row = &state->table->rows[i];
        if (!row->section || strcmp(row->section, section) != 0)
            continue;
        if (strcmp(row->name, key) == 0) {
            state->status = set_value(row, value, state->name, state->config);
            return state->status == BEN_OK;
        }
    }
    state->status = ben_raise(BEN_E_ARG, __FILE__, __LINE__, __func__,
                              "%s: unknown key '%s' in section [%s]; --dump-config shows what "
                              "there is",
                              state->name, key, section);
    return 0;
}

enum ben_status option_read_ini(const struct option_table *table, const char *text,
                                const char *name, void *config)
{
    enum ben_status st = BEN_OK;
    struct ini_state state = {table, name, config, BEN_OK};
    int line = ini_parse_string(text, ini_line, &state);
    if (state.status)
        FAIL(state.status, "%s (line %d)", ben_error_text(), line);
    if (line != 0)
        FAIL(BEN_E_ARG, "%s: neither 'key = value' nor '[section]' (line %d)", name, line);
out:
    return st;
}

static const struct option *find_row(const struct option_table *table, const char *name,
                                     size_t length)
{
    for (size_t i = 0; i < table->n; i++)
        if (strlen(table->rows[i].name) == length &&
            strncmp(table->rows[i].name, name, length) == 0)
            return &table->rows[i];
    return NULL;
}

/* "--x" or "--no-x" for flag x. */
static enum ben_status read_flag(const struct option_table *table, const char *word,
                                 void *config)
{
    enum ben_status st = BEN_OK;
    bool value = strncmp(word, "no-", 3) != 0;
    const char *name = value ? word : word + 3;
    const struct option *row = find_row(table, name, strlen(name));
    if (!row || row->type != BEN_OPTION_FLAG)
        FAIL(BEN_E_ARG, "unknown option --%s; --help lists them", word);
    *(bool *)field_of(row, config) = value;
out:
    return st;
}

static bool is_option(const char *word)
{
    return strncmp(word, "--", 2) == 0;
}

static enum ben_status read_values(const struct option *row, int n, const char *const *argv,
                                   int *at, void *config)
{
    enum ben_status st = BEN_OK;
    struct option_texts *texts = field_of(row, config);
    if (*at >= n || (row->type == BEN_OPTION_TEXTS && is_option(argv[*at])))
        FAIL(BEN_E_ARG, "option --%s wants a value (%s)", row->name, row->unit);
    if (row->type != BEN_OPTION_TEXTS)
        return set_value(row, argv[(*at)++], "command line", config);
    clear_texts(texts);
    while (*at < n && !is_option(argv[*at]))
        TRY(add_text(texts, argv[(*at)++]));
out:
    return st;
}

static enum ben_status read_option(const struct option_table *table, int n,
                                   const char *const *argv, int *at, void *config)
{
    enum ben_status st = BEN_OK;
    const char *word = argv[(*at)++] + 2;
    size_t length = strcspn(word, "=");
    const struct option *row = find_row(table, word, length);
    if (word[length] == '=') {
        if (!row)
            FAIL(BEN_E_ARG, "unknown option --%.*s; --help lists them", (int)length, word);
        TRY(set_value(row, word + length + 1, "command line", config));
    } else if (!row || row->type == BEN_OPTION_FLAG) {
        TRY(read_flag(table, word, config));
    } else {
        TRY(read_values(row, n, argv, at, config));
    }
out:
    return st;
}

enum ben_status option_read_argv(const struct option_table *table, int n,
                                 const char *const *argv, void *config, const char **args,
                                 int *n_args)
{
    enum ben_status st = BEN_OK;
    bool only_args = false;
    *n_args = 0;
    for (int at = 0; at < n;) {
        if (!only_args && strcmp(argv[at], "--") == 0) {
            only_args = true;
            at++;
        } else if (!only_args && is_option(argv[at])) {
            TRY(read_option(table, n, argv, &at, config));
        } else if (!only_args && argv[at][0] == '-' && argv[at][1]) {
            FAIL(BEN_E_ARG, "unknown option %s; options have two dashes, --help lists them",
                 argv[at]);
        } else {
            args[(*n_args)++] = argv[at++];
        }
    }
out:
    return st;
}

static void dump_choice(const char *choices, int index, FILE *to)
{
    for (; index > 0; index--)
        choices = strchr(choices, '|') + 1;
    fprintf(to, "%.*s", (int)strcspn(choices, "|"), choices);
}

static void dump_value(const struct option *row, const void *config, FILE *to)
{
    const void *field = (const char *)config + row->field;
    const struct option_texts *texts = field;
    const char *text;
    switch (row->type) {
    case BEN_OPTION_FLAG:
        fputs(*(const bool *)field ? "yes" : "no", to);
        break;
    case BEN_OPTION_INT:
        fprintf(to, "%d", *(const int *)field);
        break;
    case BEN_OPTION_REAL:
        fprintf(to, "%.15g", *(const double *)field);
        break;
    case BEN_OPTION_TEXT:
        text = *(const char *const *)field;
        fputs(text ? text : "", to);
        break;
    case BEN_OPTION_CHOICE:
        dump_choice(row->unit, *(const int *)field, to);
        break;
    case BEN_OPTION_TEXTS:
        for (int i = 0; i < texts->n; i++) {
            const char *quote = strpbrk(texts->text[i], " \t") ? "\"" : "";
            fprintf(to, "%s%s%s%s", i ? " " : "", quote, texts->text[i], quote);
        }
        break;
    case BEN_OPTION_REALS:
        for (int i = 0; i < row->count; i++)
            fprintf(to, "%s%.15g", i ? "," : "", ((const double *)field)[i]);
        break;
    }
}

static bool has_bounds(const struct option *row)
{
    return row->type == BEN_OPTION_INT || row->type == BEN_OPTION_REAL ||
           row->type == BEN_OPTION_REALS;
}

char *option_dump(const struct option_table *table, const void *config)
{
    char *text = NULL;
    size_t size = 0;
    const char *section = "";
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    for (size_t i = 0; i < table->n; i++) {
        const struct option *row = &table->rows[i];
        if (!row->section)
            continue;
        if (strcmp(section, row->section) != 0)
            fprintf(to, "%s[%s]\n", i ? "\n" : "", row->section);
        section = row->section;
        fprintf(to, "; %s", row->help);
        if (row->unit)
            fprintf(to, " (%s)", row->unit);
        if (has_bounds(row))
            fprintf(to, ", %g to %g", row->min, row->max);
        fprintf(to, "\n%s = ", row->name);
        dump_value(row, config, to);
        fputc('\n', to);
    }
    return fclose(to) == 0 ? text : NULL;
}

/* Words at column *at of a help text, from HELP_COLUMN on, no line longer than HELP_WIDTH where
 * words allow. */
static void put_words(FILE *to, const char *words, int *at)
{
    while (*words) {
        int n = (int)strcspn(words, " ");
        if (*at > HELP_COLUMN && *at + 1 + n > HELP_WIDTH) {
            fputc('\n', to);
            *at = 0;
        }
        *at += fprintf(to, "%*s%.*s", *at < HELP_COLUMN ? HELP_COLUMN - *at : 1, "", n, words);
        words += words[n] ? n + 1 : n;
    }
}

static void help_row(const struct option *row, FILE *to)
{
    bool flag = row->type == BEN_OPTION_FLAG;
    int at = fprintf(to, "  --%s", row->name);
    if (!flag)
        at += fprintf(to, " %s", row->unit ? row->unit : "N");
    if (at >= HELP_COLUMN) {
        fputc('\n', to);
        at = 0;
    }
    put_words(to, row->help, &at);
    char note[80] = "";
    if (flag && row->initial && strcmp(row->initial, "yes") == 0)
        snprintf(note, sizeof note, "[yes; or --no-%s]", row->name);
    else if (!flag && row->initial)
        snprintf(note, sizeof note, "[%s]", row->initial);
    put_words(to, note, &at);
    fputc('\n', to);
}

void option_help(const struct option_table *table, FILE *to)
{
    const char *section = "";
    for (size_t i = 0; i < table->n; i++) {
        const struct option *row = &table->rows[i];
        if (row->section && strcmp(section, row->section) != 0) {
            section = row->section;
            fprintf(to, "\n%s:\n", section);
        }
        help_row(row, to);
    }
}

void option_free(const struct option_table *table, void *config)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct option *row = &table->rows[i];
        if (row->type == BEN_OPTION_TEXTS)
            clear_texts(field_of(row, config));
        if (row->type == BEN_OPTION_TEXT) {
            const char **text = field_of(row, config);
            free((void *)*text);
            *text = NULL;
        }
    }
}
