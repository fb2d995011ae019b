/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "io/table.h"
#include "qa/evaluate.h"

#include <stdlib.h>
#include <string.h>

#define SUMMARY_DECIMALS 6

static const struct table_level status_levels[] = {
    {"ok", "compared"},
    {"warning", "compared, but see the reason"},
    {"failed", "could not be compared, see the reason"},
    {NULL, NULL},
};

/* The columns before and after the metrics. */
static const struct table_column lead[] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "participant, as in the file's name", NULL},
    {"id", BEN_TABLE_TEXT, 0, NULL, "the reference's path in its folder, without ending", NULL},
    {"status", BEN_TABLE_TEXT, 0, NULL, "whether the masks could be compared", status_levels},
};
static const struct table_column trail[] = {
    {"voxels", BEN_TABLE_TEXT, 0, NULL, "size of the image in voxels", NULL},
    {"voxel_mm", BEN_TABLE_TEXT, 0, "mm", "edges of a voxel", NULL},
    {"prediction", BEN_TABLE_TEXT, 0, NULL, "file of the predicted mask", NULL},
    {"reference", BEN_TABLE_TEXT, 0, NULL, "file of the reference mask", NULL},
    {"reason", BEN_TABLE_TEXT, 0, NULL, "of a warning or a failure", NULL},
};
#define LEAD  (int)(sizeof lead / sizeof lead[0])
#define TRAIL (int)(sizeof trail / sizeof trail[0])

static const struct table_column summary_columns[] = {
    {"metric", BEN_TABLE_TEXT, 0, NULL, "column of the table of pairs", NULL},
    {"unit", BEN_TABLE_TEXT, 0, NULL, "of the values in this row", NULL},
    {"n", BEN_TABLE_INTEGER, 0, NULL, "pairs with a value", NULL},
    {"mean", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "arithmetic mean", NULL},
    {"ci95_low", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL,
     "lower end of the 95 % confidence interval of the mean (Student's t)", NULL},
    {"ci95_high", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "upper end of that interval", NULL},
    {"sd", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "standard deviation (n - 1)", NULL},
    {"median", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "median", NULL},
    {"quartile1", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "first quartile", NULL},
    {"quartile3", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "third quartile", NULL},
    {"min", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "smallest value", NULL},
    {"max", BEN_TABLE_REAL, SUMMARY_DECIMALS, NULL, "largest value", NULL},
};
#define SUMMARY_COLUMNS (int)(sizeof summary_columns / sizeof summary_columns[0])

static void make_columns(struct table_column *columns)
{
    memcpy(columns, lead, sizeof lead);
    for (int f = 0; f < METRICS_FIELDS; f++) {
        const struct metrics_field *field = &metrics_fields[f];
        columns[LEAD + f] = (struct table_column){.name = field->name,
                                                  .type = BEN_TABLE_REAL,
                                                  .decimals = field->decimals,
                                                  .unit = field->unit,
                                                  .description = field->description};
    }
    memcpy(columns + LEAD + METRICS_FIELDS, trail, sizeof trail);
}

/* "sub-01" out of "sub-01/anat/sub-01_T1w" or "sub-01_T1w"; else the id. The caller frees. */
static char *participant_of(const char *id)
{
    const char *at = strncmp(id, "sub-", 4) == 0 ? id : strstr(id, "/sub-");
    if (!at)
        return strdup(id);
    at += *at == '/';
    return strndup(at, strcspn(at, "_/"));
}

/* Three numbers as "AxBxC"; NULL where there are none or no memory. */
static char *text_of_sizes(const double size[3])
{
    return size[0] > 0 ? util_format("%gx%gx%g", size[0], size[1], size[2]) : NULL;
}

static enum ben_status set_texts(struct table *table, long at, int first,
                                 const char *const *texts, int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < n; i++)
        TRY(table_set_text(table, at, first + i, texts[i]));
out:
    return st;
}

static enum ben_status add_pair(struct table *table, const struct pair *pair,
                                const struct evaluate_row *row)
{
    enum ben_status st = BEN_OK;
    long at;
    const double dim[3] = {row->dim[0], row->dim[1], row->dim[2]};
    char *participant = participant_of(pair->id), *voxels = text_of_sizes(dim);
    char *edges = text_of_sizes(row->voxel_mm);
    const char *front[] = {participant, pair->id, status_levels[row->status].value};
    const char *back[] = {voxels, edges, pair->pred, pair->ref, row->reason};
    TRY(table_add_row(table, &at));
    TRY(set_texts(table, at, 0, front, LEAD));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(table_set_real(table, at, LEAD + f, metrics_value(&row->metrics, f)));
    TRY(set_texts(table, at, LEAD + METRICS_FIELDS, back, TRAIL));
out:
    free(participant);
    free(voxels);
    free(edges);
    return st;
}

static enum ben_status write_pairs(const char *path, const struct pairs *pairs,
                                   const struct evaluate_row *rows)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[LEAD + METRICS_FIELDS + TRAIL];
    struct table *table = NULL;
    make_columns(columns);
    TRY(table_create(columns, LEAD + METRICS_FIELDS + TRAIL, &table));
    for (long i = 0; i < pairs->n; i++)
        TRY(add_pair(table, &pairs->list[i], &rows[i]));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

static enum ben_status add_summary(struct table *table, int field, const struct summary *s)
{
    enum ben_status st = BEN_OK;
    const double values[] = {s->mean,      s->ci_low,    s->ci_high, s->sd, s->median,
                             s->quartile1, s->quartile3, s->min,     s->max};
    const char *texts[] = {metrics_fields[field].name, metrics_fields[field].unit};
    long at;
    TRY(table_add_row(table, &at));
    TRY(set_texts(table, at, 0, texts, 2));
    TRY(table_set_integer(table, at, 2, s->n));
    for (int i = 0; i < SUMMARY_COLUMNS - 3; i++)
        TRY(table_set_real(table, at, 3 + i, values[i]));
out:
    return st;
}

static enum ben_status write_summary(const char *path, const struct summary *summaries)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(summary_columns, SUMMARY_COLUMNS, &table));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(add_summary(table, f, &summaries[f]));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

enum ben_status evaluate_check_path(const char *path)
{
    enum ben_status st = BEN_OK;
    size_t length = strlen(path);
    if (length < 5 || strcmp(path + length - 4, ".tsv") != 0)
        FAIL(BEN_E_ARG, "%s: the table of results is a TSV file; name it ....tsv", path);
out:
    return st;
}

enum ben_status evaluate_write(const char *path, const struct pairs *pairs,
                               const struct evaluate_row *rows, const struct summary *summaries)
{
    enum ben_status st = BEN_OK;
    char *beside = NULL;
    TRY(evaluate_check_path(path));
    TRY_NEW(beside = util_format("%.*s_summary.tsv", (int)strlen(path) - 4, path));
    TRY(util_make_parents(path));
    TRY(write_pairs(path, pairs, rows));
    TRY(write_summary(beside, summaries));
out:
    free(beside);
    return st;
}
