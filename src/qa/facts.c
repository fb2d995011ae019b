/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/facts.h"

#include "base/util.h"
#include "io/cohort_build.h"
#include "io/tsv.h"

#include <jansson.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_BYTES ((size_t)1 << 24)

/* Where a key is found: a row of a table. */
struct fact {
    char *key;
    int table;
    long row;
};

struct facts {
    struct tsv **tables;
    int n_tables;
    struct fact *list; /* sorted by key, table, row when sorted is set */
    long n, room;
    bool sorted;
    char *folder, *real; /* the last folder that was resolved, and what it is */
};

static const char *const file_columns[] = {"mask", "image"};
static const char *const participant_columns[] = {"participant_id", "participant", "subject"};
static const char *const session_columns[] = {"session_id", "session"};

enum ben_status facts_create(struct facts **facts)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(*facts = calloc(1, sizeof **facts));
out:
    return st;
}

void facts_free(struct facts **facts)
{
    struct facts *f = *facts;
    if (!f)
        return;
    for (int t = 0; t < f->n_tables; t++)
        tsv_free(&f->tables[t]);
    for (long i = 0; i < f->n; i++)
        free(f->list[i].key);
    free(f->tables);
    free(f->list);
    free(f->folder);
    free(f->real);
    free(f);
    *facts = NULL;
}

/* A file's key: the folder without links, the name as it is, so that linked files stay what they
 * are called. The caller frees; NULL without memory. */
static char *file_key(struct facts *facts, const char *path)
{
    char *folder = util_folder(path);
    if (folder && (!facts->folder || strcmp(folder, facts->folder) != 0)) {
        free(facts->folder);
        free(facts->real);
        facts->real = realpath(folder, NULL);
        facts->folder = folder;
        folder = NULL;
    }
    free(folder);
    if (!facts->folder)
        return NULL;
    return util_format("file %s/%s", facts->real ? facts->real : facts->folder,
                       util_basename(path));
}

static const char *without(const char *prefix, const char *label)
{
    size_t n = strlen(prefix);
    return label && strncmp(label, prefix, n) == 0 ? label + n : label;
}

static char *person_key(const char *participant, const char *session)
{
    return util_format("person %s\t%s", without("sub-", participant),
                       session ? without("ses-", session) : "");
}

/* Takes key over, also on failure; NULL is out of memory. */
static enum ben_status add_fact(struct facts *facts, char *key, int table, long row)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(key);
    if (facts->n == facts->room) {
        long room = facts->room ? 2 * facts->room : 64;
        struct fact *more;
        TRY_NEW(more = realloc(facts->list, (size_t)room * sizeof *more));
        facts->list = more;
        facts->room = room;
    }
    facts->list[facts->n++] = (struct fact){key, table, row};
    facts->sorted = false;
    key = NULL;
out:
    free(key);
    return st;
}

static int find_column(const struct tsv *tsv, const char *const *names, size_t n)
{
    int column = -1;
    for (size_t i = 0; i < n && column < 0; i++)
        column = tsv_column(tsv, names[i]);
    return column;
}
#define FIND_COLUMN(tsv, names) find_column(tsv, names, sizeof names / sizeof names[0])

static enum ben_status index_file(struct facts *facts, int table, long row, int column)
{
    enum ben_status st = BEN_OK;
    const struct tsv *tsv = facts->tables[table];
    const char *cell = tsv_cell(tsv, row, column);
    char *folder = NULL, *path = NULL;
    if (!cell)
        return BEN_OK;
    TRY_NEW(folder = util_folder(tsv_path(tsv)));
    TRY_NEW(path = *cell == '/' ? strdup(cell) : util_format("%s/%s", folder, cell));
    TRY(add_fact(facts, file_key(facts, path), table, row));
out:
    free(folder);
    free(path);
    return st;
}

/* owner: whose rows these are, NULL where a column says. */
static enum ben_status index_person(struct facts *facts, int table, long row, const char *owner)
{
    enum ben_status st = BEN_OK;
    const struct tsv *tsv = facts->tables[table];
    int session = FIND_COLUMN(tsv, session_columns);
    const char *participant =
        owner ? owner : tsv_cell(tsv, row, FIND_COLUMN(tsv, participant_columns));
    const char *when = tsv_cell(tsv, row, session);
    if (!participant || (session >= 0 && !when))
        return BEN_OK;
    TRY(add_fact(facts, person_key(participant, when), table, row));
out:
    return st;
}

static enum ben_status index_table(struct facts *facts, int table, const char *owner)
{
    enum ben_status st = BEN_OK;
    const struct tsv *tsv = facts->tables[table];
    const int files[] = {tsv_column(tsv, file_columns[0]), tsv_column(tsv, file_columns[1])};
    if (files[0] < 0 && files[1] < 0 && !owner && FIND_COLUMN(tsv, participant_columns) < 0)
        FAIL(BEN_E_ARG,
             "%s: its rows cannot be found: it needs a column mask, image or participant_id",
             tsv_path(tsv));
    for (long row = 0; row < tsv_rows(tsv); row++) {
        if (files[0] < 0 && files[1] < 0)
            TRY(index_person(facts, table, row, owner));
        for (int c = 0; c < 2; c++)
            TRY(index_file(facts, table, row, files[c]));
    }
out:
    return st;
}

static enum ben_status add_table(struct facts *facts, const char *path, const char *owner)
{
    enum ben_status st = BEN_OK;
    struct tsv **more;
    TRY_NEW(more = realloc(facts->tables, ((size_t)facts->n_tables + 1) * sizeof *more));
    facts->tables = more;
    more[facts->n_tables] = NULL;
    TRY(tsv_read(path, &more[facts->n_tables]));
    TRY(index_table(facts, facts->n_tables++, owner));
out:
    return st;
}

enum ben_status facts_add_table(struct facts *facts, const char *path)
{
    return add_table(facts, path, NULL);
}

/* folder/name where it is a file. */
static enum ben_status add_if_there(struct facts *facts, const char *folder, const char *name,
                                    const char *owner)
{
    enum ben_status st = BEN_OK;
    char *path;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    if (util_is_file(path))
        TRY(add_table(facts, path, owner));
out:
    free(path);
    return st;
}

static enum ben_status add_sessions(struct facts *facts, const char *folder)
{
    enum ben_status st = BEN_OK;
    struct listing people = {0};
    char *name = NULL;
    TRY(listing_read(folder, true, &people));
    for (long i = 0; i < people.n; i++) {
        const char *person = people.names[i];
        if (strncmp(person, "sub-", 4) != 0)
            continue;
        free(name);
        TRY_NEW(name = util_format("%s/%s_sessions.tsv", person, person));
        TRY(add_if_there(facts, folder, name, person));
    }
out:
    free(name);
    listing_free(&people);
    return st;
}

/* "raw" in DatasetLinks of folder/dataset_description.json as a path; NULL where there is none. */
static enum ben_status linked_raw(const char *folder, char **raw)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *text = NULL;
    size_t n = 0;
    json_t *description = NULL;
    const char *link = NULL;
    TRY_NEW(path = util_format("%s/dataset_description.json", folder));
    if (!util_is_file(path))
        goto out;
    TRY(util_read_file(path, DESCRIPTION_BYTES, &text, &n));
    description = json_loadb(text, n, 0, NULL);
    link =
        json_string_value(json_object_get(json_object_get(description, "DatasetLinks"), "raw"));
    if (link && strncmp(link, "file://", 7) == 0)
        link += 7;
    if (link && *link)
        TRY_NEW(*raw = *link == '/' ? strdup(link) : util_format("%s/%s", folder, link));
out:
    json_decref(description);
    free(path);
    free(text);
    return st;
}

/* The data set in whose folder derivatives this one lies; NULL where it does not. */
static enum ben_status enclosing_raw(const char *folder, char **raw)
{
    enum ben_status st = BEN_OK;
    char *real = realpath(folder, NULL), *parent = NULL;
    if (!real)
        return BEN_OK;
    TRY_NEW(parent = util_folder(real));
    if (strcmp(util_basename(parent), "derivatives") == 0)
        TRY_NEW(*raw = util_folder(parent));
out:
    free(real);
    free(parent);
    return st;
}

enum ben_status facts_add_dataset(struct facts *facts, const char *folder)
{
    enum ben_status st = BEN_OK;
    char *raw = NULL;
    TRY(add_if_there(facts, folder, "results.tsv", NULL));
    TRY(add_if_there(facts, folder, "participants.tsv", NULL));
    TRY(add_sessions(facts, folder));
    TRY(linked_raw(folder, &raw));
    if (!raw)
        TRY(enclosing_raw(folder, &raw));
    if (raw && util_is_dir(raw)) {
        TRY(add_if_there(facts, raw, "participants.tsv", NULL));
        TRY(add_sessions(facts, raw));
    }
out:
    free(raw);
    return st;
}

bool facts_has(const struct facts *facts, const char *column)
{
    for (int t = 0; t < facts->n_tables; t++)
        if (tsv_column(facts->tables[t], column) >= 0)
            return true;
    return false;
}

static int by_key(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order == 0)
        order = x->table - y->table;
    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static void sort_facts(struct facts *facts)
{
    if (!facts->sorted && facts->n > 0)
        qsort(facts->list, (size_t)facts->n, sizeof *facts->list, by_key);
    facts->sorted = true;
}

/* The first row under key that has something in that column. */
static const char *text_of_key(const struct facts *facts, const char *key, const char *column)
{
    long low = 0, high = facts->n;
    while (low < high) {
        long middle = low + (high - low) / 2;
        if (strcmp(facts->list[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < facts->n && strcmp(facts->list[low].key, key) == 0; low++) {
        const struct tsv *tsv = facts->tables[facts->list[low].table];
        const char *cell = tsv_cell(tsv, facts->list[low].row, tsv_column(tsv, column));
        if (cell)
            return cell;
    }
    return NULL;
}

/* The i-th key a scan goes by, most special first; *key NULL where it has none. */
static enum ben_status scan_key(struct facts *facts, const struct facts_scan *scan, int i,
                                char **key)
{
    enum ben_status st = BEN_OK;
    *key = NULL;
    if (i < 2 && scan->files[i])
        TRY_NEW(*key = file_key(facts, scan->files[i]));
    if (i == 2 && scan->participant && scan->session)
        TRY_NEW(*key = person_key(scan->participant, scan->session));
    if (i == 3 && scan->participant)
        TRY_NEW(*key = person_key(scan->participant, NULL));
out:
    return st;
}

enum ben_status facts_text(struct facts *facts, const struct facts_scan *scan,
                           const char *column, const char **text)
{
    enum ben_status st = BEN_OK;
    char *key = NULL;
    *text = NULL;
    sort_facts(facts);
    for (int i = 0; i < 4 && !*text; i++) {
        free(key);
        TRY(scan_key(facts, scan, i, &key));
        if (key)
            *text = text_of_key(facts, key, column);
    }
out:
    free(key);
    return st;
}

enum ben_status facts_number(struct facts *facts, const struct facts_scan *scan,
                             const char *column, double *number)
{
    enum ben_status st = BEN_OK;
    const char *text;
    char *end;
    *number = NAN;
    TRY(facts_text(facts, scan, column, &text));
    if (text) {
        double value = strtod(text, &end);
        if (end != text && *end == '\0' && isfinite(value))
            *number = value;
    }
out:
    return st;
}

enum ben_status facts_check_columns(const struct facts *facts, const char *const *columns,
                                    int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < n; i++)
        if (strcmp(columns[i], "dataset") != 0 && !facts_has(facts, columns[i]))
            FAIL(BEN_E_ARG, "no table has a column %s to group by; name the table with --table",
                 columns[i]);
out:
    return st;
}

static size_t dataset_in_id(const char *id)
{
    const char *slash = strchr(id, '/');
    return slash && strncmp(id, "sub-", 4) != 0 ? (size_t)(slash - id) : 0;
}

enum ben_status facts_group(struct facts *facts, const struct facts_scan *scan, const char *id,
                            const char *const *columns, int n, char **group)
{
    enum ben_status st = BEN_OK;
    const char *text;
    size_t length;
    FILE *to = open_memstream(group, &length);
    TRY_NEW(to);
    for (int i = 0; i < n; i++) {
        TRY(facts_text(facts, scan, columns[i], &text));
        fputs(i ? ", " : "", to);
        if (!text && strcmp(columns[i], "dataset") == 0)
            fprintf(to, "%.*s", (int)dataset_in_id(id), id);
        else
            fputs(text ? text : "n/a", to);
    }
out:
    if (to)
        fclose(to);
    return st;
}
