/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/study.h"

#include "io/tsv.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The columns that are plain texts, and where they go. */
static const struct text_column {
    const char *name;
    size_t field;
} text_columns[] = {
    {"id", offsetof(struct study_set, id)},
    {"modality", offsetof(struct study_set, modality)},
    {"field_t", offsetof(struct study_set, field_t)},
    {"scans", offsetof(struct study_set, scans)},
    {"slices", offsetof(struct study_set, slices)},
    {"in_plane_mm", offsetof(struct study_set, in_plane_mm)},
    {"thickness_mm", offsetof(struct study_set, thickness_mm)},
    {"maker", offsetof(struct study_set, maker)},
    {"institution", offsetof(struct study_set, institution)},
    {"access", offsetof(struct study_set, access)},
    {"url", offsetof(struct study_set, url)},
    {"note", offsetof(struct study_set, note)},
    {"folder", offsetof(struct study_set, folder)},
    {"masks", offsetof(struct study_set, masks)},
    {"weights", offsetof(struct study_set, weights)},
};
#define N_TEXT_COLUMNS (sizeof text_columns / sizeof text_columns[0])

static const char *const other_columns[] = {"species", "role", "sources", "labels", "where"};
#define N_OTHER_COLUMNS (sizeof other_columns / sizeof other_columns[0])

static const char *cell(const struct tsv *table, long row, const char *column)
{
    return tsv_cell(table, row, tsv_column(table, column));
}

/* The words of a text between any of the marks, blanks taken off. */
static enum ben_status split_words(const struct tsv *table, long row, const char *text,
                                   const char *marks, struct study_words *words)
{
    enum ben_status st = BEN_OK;
    while (text && *text) {
        size_t n = strcspn(text, marks), blank = strspn(text, " "), end = n;
        while (end > blank && text[end - 1] == ' ')
            end--;
        if (end > blank && words->n == STUDY_LIST)
            FAIL(BEN_E_ARG, "%s: line %ld: more than %d words in one cell", tsv_path(table),
                 tsv_line(table, row), STUDY_LIST);
        if (end > blank) {
            char *word = strndup(text + blank, end - blank);
            TRY_NEW(word);
            words->word[words->n++] = word;
        }
        text += n + (text[n] != '\0');
    }
out:
    return st;
}

static void free_words(struct study_words *words)
{
    for (int i = 0; i < words->n; i++)
        free(words->word[i]);
    words->n = 0;
}

static enum ben_status check_columns(const struct tsv *table)
{
    enum ben_status st = BEN_OK;
    if (tsv_column(table, "id") < 0)
        FAIL(BEN_E_ARG, "%s: line 1: no column called id", tsv_path(table));
    for (int c = 0; c < tsv_columns(table); c++) {
        const char *name = tsv_column_name(table, c);
        bool known = false;
        for (size_t i = 0; i < N_TEXT_COLUMNS; i++)
            known |= strcasecmp(name, text_columns[i].name) == 0;
        for (size_t i = 0; i < N_OTHER_COLUMNS; i++)
            known |= strcasecmp(name, other_columns[i]) == 0;
        if (!known)
            FAIL(BEN_E_ARG, "%s: line 1: unknown column %s", tsv_path(table), name);
    }
out:
    return st;
}

static bool is_name(const char *text)
{
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
            return false;
    return text[0] != '.';
}

static enum ben_status read_role(const struct tsv *table, long row, struct study_set *set)
{
    enum ben_status st = BEN_OK;
    struct study_words roles = {0};
    const char *text = cell(table, row, "role");
    set->target = text == NULL;
    TRY(split_words(table, row, text, ",", &roles));
    for (int i = 0; i < roles.n; i++) {
        bool source = strcmp(roles.word[i], "source") == 0;
        if (!source && strcmp(roles.word[i], "target") != 0)
            FAIL(BEN_E_ARG, "%s: line %ld: role %s is neither source nor target",
                 tsv_path(table), tsv_line(table, row), roles.word[i]);
        set->source |= source;
        set->target |= !source;
    }
out:
    free_words(&roles);
    return st;
}

static enum ben_status read_labels(const struct tsv *table, long row, struct study_set *set)
{
    enum ben_status st = BEN_OK;
    struct study_words words = {0};
    TRY(split_words(table, row, cell(table, row, "labels"), ",", &words));
    for (int i = 0; i < words.n; i++) {
        char *end = NULL;
        long value = strtol(words.word[i], &end, 10);
        int last = i > 0 ? set->labels[i - 1] : -1;
        if (*end || value <= last || value > 1000000)
            FAIL(BEN_E_ARG, "%s: line %ld: labels %s: give ascending numbers, such as 0,5",
                 tsv_path(table), tsv_line(table, row), cell(table, row, "labels"));
        set->labels[set->n_labels++] = (int)value;
    }
out:
    free_words(&words);
    return st;
}

static enum ben_status read_set(const struct tsv *table, long row, struct study_set *set)
{
    enum ben_status st = BEN_OK;
    const char *species = cell(table, row, "species");
    for (size_t i = 0; i < N_TEXT_COLUMNS; i++)
        *(const char **)((char *)set + text_columns[i].field) =
            cell(table, row, text_columns[i].name);
    if (!set->id || !is_name(set->id))
        FAIL(BEN_E_ARG, "%s: line %ld: id: give letters, digits and .-_", tsv_path(table),
             tsv_line(table, row));
    set->species = species_find(species);
    if (species && set->species == BEN_SPECIES_UNKNOWN)
        FAIL(BEN_E_ARG,
             "%s: line %ld: species %s is not one of mouse, rat, marmoset, macaque, human",
             tsv_path(table), tsv_line(table, row), species);
    TRY(read_role(table, row, set));
    TRY(read_labels(table, row, set));
    TRY(split_words(table, row, cell(table, row, "sources"), ",", &set->origin));
    TRY(split_words(table, row, cell(table, row, "where"), ";", &set->where));
out:
    return st;
}

static enum ben_status check_sets(const struct study *study)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < study->n; i++) {
        const struct study_set *set = &study->sets[i];
        long line = tsv_line(study->table, i);
        if (study_find(study, set->id) != set)
            FAIL(BEN_E_ARG, "%s: line %ld: %s is there twice", tsv_path(study->table), line,
                 set->id);
        for (int s = 0; s < set->origin.n; s++) {
            const struct study_set *origin = study_find(study, set->origin.word[s]);
            if (!origin || !origin->source)
                FAIL(BEN_E_ARG, "%s: line %ld: %s is no row with the role of a source",
                     tsv_path(study->table), line, set->origin.word[s]);
        }
    }
out:
    return st;
}

static enum ben_status read_number(const struct tsv *table, long row,
                                   struct study_published *number)
{
    enum ben_status st = BEN_OK;
    const char *labels = cell(table, row, "labels");
    char *end = NULL;
    *number = (struct study_published){.dataset = cell(table, row, "dataset"),
                                       .source = cell(table, row, "source"),
                                       .method = cell(table, row, "method"),
                                       .labels = labels ? (int)strtol(labels, &end, 10) : -1,
                                       .metric = cell(table, row, "metric"),
                                       .statistic = cell(table, row, "statistic"),
                                       .value = cell(table, row, "value"),
                                       .note = cell(table, row, "note")};
    if (!number->dataset || !number->method || !number->metric || !number->value ||
        (end && *end) || number->labels < -1)
        FAIL(BEN_E_ARG,
             "%s: line %ld: a number needs dataset, method, metric and value, and labels that "
             "are a number or n/a",
             tsv_path(table), tsv_line(table, row));
out:
    return st;
}

static enum ben_status read_published(struct study *study)
{
    enum ben_status st = BEN_OK;
    const struct tsv *table = study->table_published;
    long n = tsv_rows(table);
    TRY_NEW(study->published = calloc((size_t)n + 1, sizeof *study->published));
    for (long i = 0; i < n; i++) {
        struct study_published *number = &study->published[i];
        TRY(read_number(table, i, number));
        study->n_published++;
        if (!study_find(study, number->dataset) && !species_find(number->dataset))
            FAIL(BEN_E_ARG, "%s: line %ld: %s is neither a row of %s nor a species",
                 tsv_path(table), tsv_line(table, i), number->dataset, tsv_path(study->table));
    }
out:
    return st;
}

enum ben_status study_parse(const char *path, const char *text, size_t n,
                            const char *published_path, const char *published,
                            size_t n_published, struct study **study)
{
    enum ben_status st = BEN_OK;
    struct study *s = calloc(1, sizeof *s);
    TRY_NEW(s);
    TRY(tsv_parse(path, text, n, &s->table));
    TRY(check_columns(s->table));
    long rows = tsv_rows(s->table);
    TRY_NEW(s->sets = calloc((size_t)rows + 1, sizeof *s->sets));
    for (long i = 0; i < rows; i++) {
        s->n++;
        TRY(read_set(s->table, i, &s->sets[i]));
    }
    TRY(check_sets(s));
    if (n_published > 0) {
        TRY(tsv_parse(published_path, published, n_published, &s->table_published));
        TRY(read_published(s));
    }
    *study = s;
    s = NULL;
out:
    study_free(&s);
    return st == BEN_E_INPUT ? BEN_E_ARG : st; /* a table that is none is a bad start, too */
}

void study_free(struct study **study)
{
    struct study *s = *study;
    if (!s)
        return;
    for (int i = 0; i < s->n; i++) {
        free_words(&s->sets[i].origin);
        free_words(&s->sets[i].where);
    }
    free(s->sets);
    free(s->published);
    tsv_free(&s->table);
    tsv_free(&s->table_published);
    free(s);
    *study = NULL;
}

const struct study_set *study_find(const struct study *study, const char *id)
{
    for (int i = 0; i < study->n; i++)
        if (strcmp(study->sets[i].id, id) == 0)
            return &study->sets[i];
    return NULL;
}

static bool number_fits(const struct study_published *number, const char *source,
                        const char *method, int labels, const char *metric)
{
    return strcmp(number->method, method) == 0 && strcmp(number->metric, metric) == 0 &&
           number->labels == labels &&
           (!number->source || !source || strcmp(number->source, source) == 0);
}

const struct study_published *study_number(const struct study *study,
                                           const struct study_set *set, const char *source,
                                           const char *method, int labels, const char *metric)
{
    const struct study_published *by_species = NULL;
    for (int i = 0; i < study->n_published; i++) {
        const struct study_published *number = &study->published[i];
        if (!number_fits(number, source, method, labels, metric))
            continue;
        if (strcmp(number->dataset, set->id) == 0)
            return number;
        if (set->species && strcmp(number->dataset, species_name(set->species)) == 0)
            by_species = number;
    }
    return by_species;
}

bool study_modality_fits(const char *modality, const char *suffix)
{
    static const struct {
        const char *modality, *suffix;
    } known[] = {{"EPI", "bold"}, {"EPI", "sbref"},  {"EPI", "cbv"},
                 {"ASL", "asl"},  {"ASL", "m0scan"}, {"SWI", "swi"}};
    if (!modality || strcasecmp(modality, "any") == 0 || strcasecmp(modality, suffix) == 0)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(modality, known[i].modality) == 0 &&
            strcmp(suffix, known[i].suffix) == 0)
            return true;
    return false;
}

double study_value(const char *text)
{
    char *end = NULL;
    double low = text ? strtod(text, &end) : NAN, high;
    if (!text || end == text)
        return NAN;
    if (*end == '\0')
        return low;
    const char *rest = end + 1;
    high = strtod(rest, &end);
    return rest[-1] == '-' && end != rest && *end == '\0' ? (low + high) / 2 : NAN;
}
