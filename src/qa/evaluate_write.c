/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "qa/evaluate_inner.h"

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
    {"method", BEN_TABLE_TEXT, 0, NULL, "what made the prediction", NULL},
    {"group", BEN_TABLE_TEXT, 0, NULL, "data set, or what results were grouped by", NULL},
    {"status", BEN_TABLE_TEXT, 0, NULL, "whether the masks could be compared", status_levels},
};
static const struct table_column trail[] = {
    {"uncertainty", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL,
     "of the prediction, as the table of its results says", NULL},
    {"voxels", BEN_TABLE_TEXT, 0, NULL, "size of the image in voxels", NULL},
    {"voxel_mm", BEN_TABLE_TEXT, 0, "mm", "edges of a voxel", NULL},
    {"prediction", BEN_TABLE_TEXT, 0, NULL, "file of the predicted mask", NULL},
    {"reference", BEN_TABLE_TEXT, 0, NULL, "file of the reference mask", NULL},
    {"reason", BEN_TABLE_TEXT, 0, NULL, "of a warning or a failure", NULL},
};
#define LEAD  (int)(sizeof lead / sizeof lead[0])
#define TRAIL (int)(sizeof trail / sizeof trail[0])

static const struct table_column summary_columns[] = {
    {"method", BEN_TABLE_TEXT, 0, NULL, "what made the predictions", NULL},
    {"group", BEN_TABLE_TEXT, 0, NULL, "data set, or what results were grouped by", NULL},
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

void evaluate_metric_columns(struct table_column *columns)
{
    for (int f = 0; f < METRICS_FIELDS; f++) {
        const struct metrics_field *field = &metrics_fields[f];
        columns[f] = (struct table_column){.name = field->name,
                                           .type = BEN_TABLE_REAL,
                                           .decimals = field->decimals,
                                           .unit = field->unit,
                                           .description = field->description};
    }
}

static void make_columns(struct table_column *columns)
{
    memcpy(columns, lead, sizeof lead);
    evaluate_metric_columns(columns + LEAD);
    memcpy(columns + LEAD + METRICS_FIELDS, trail, sizeof trail);
}

const char *evaluate_group_name(const char *group)
{
    return group ? group : "all";
}

/* The entity called key, "sub-" say, with its value, at the start of a folder or of a name's part. */
static char *entity_of(const char *id, const char *key)
{
    for (const char *at = id; (at = strstr(at, key)); at++)
        if (at == id || at[-1] == '/' || at[-1] == '_')
            return strndup(at, strcspn(at, "_/"));
    return NULL;
}

char *evaluate_participant(const char *id)
{
    char *participant = entity_of(id, "sub-");
    return participant ? participant : strdup(id);
}

char *evaluate_session(const char *id)
{
    return entity_of(id, "ses-");
}

/* Three numbers as "AxBxC"; NULL where there are none or no memory. */
static char *text_of_sizes(const double size[3])
{
    return size[0] > 0 ? util_format("%gx%gx%g", size[0], size[1], size[2]) : NULL;
}

enum ben_status evaluate_set_texts(struct table *table, long row, int first,
                                   const char *const *texts, int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < n; i++)
        TRY(table_set_text(table, row, first + i, texts[i]));
out:
    return st;
}

enum ben_status evaluate_set_reals(struct table *table, long row, int first,
                                   const double *values, int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < n; i++)
        TRY(table_set_real(table, row, first + i, values[i]));
out:
    return st;
}

static enum ben_status add_pair(struct table *table, const struct evaluate_results *results,
                                long i)
{
    enum ben_status st = BEN_OK;
    long at;
    const struct pair *pair = &results->pairs->list[i];
    const struct evaluate_row *row = &results->rows[i];
    const double dim[3] = {row->dim[0], row->dim[1], row->dim[2]};
    char *participant = evaluate_participant(pair->id), *voxels = text_of_sizes(dim);
    char *edges = text_of_sizes(row->voxel_mm);
    const char *front[] = {participant, pair->id, pair->method,
                           results->groups ? results->groups[i] : NULL,
                           status_levels[row->status].value};
    const char *back[] = {voxels, edges, pair->pred, pair->ref, row->reason};
    TRY(table_add_row(table, &at));
    TRY(evaluate_set_texts(table, at, 0, front, LEAD));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(table_set_real(table, at, LEAD + f, metrics_value(&row->metrics, f)));
    if (results->uncertainty)
        TRY(table_set_real(table, at, LEAD + METRICS_FIELDS, results->uncertainty[i]));
    TRY(evaluate_set_texts(table, at, LEAD + METRICS_FIELDS + 1, back, TRAIL - 1));
out:
    free(participant);
    free(voxels);
    free(edges);
    return st;
}

static enum ben_status write_pairs(const char *path, const struct evaluate_results *results)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[LEAD + METRICS_FIELDS + TRAIL];
    struct table *table = NULL;
    make_columns(columns);
    TRY(table_create(columns, LEAD + METRICS_FIELDS + TRAIL, &table));
    for (long i = 0; i < results->pairs->n; i++)
        TRY(add_pair(table, results, i));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

static enum ben_status add_summary(struct table *table, const char *const *texts,
                                   const struct summary *s)
{
    enum ben_status st = BEN_OK;
    const double values[] = {s->mean,      s->ci_low,    s->ci_high, s->sd, s->median,
                             s->quartile1, s->quartile3, s->min,     s->max};
    long at;
    TRY(table_add_row(table, &at));
    TRY(evaluate_set_texts(table, at, 0, texts, 4));
    TRY(table_set_integer(table, at, 4, s->n));
    TRY(evaluate_set_reals(table, at, 5, values, SUMMARY_COLUMNS - 5));
out:
    return st;
}

static enum ben_status add_part(struct table *table, const struct evaluate_results *results,
                                const char *method, const char *group)
{
    enum ben_status st = BEN_OK;
    struct summary summaries[METRICS_FIELDS];
    TRY(evaluate_summarise(results, method, group, summaries));
    for (int f = 0; f < METRICS_FIELDS; f++) {
        const char *texts[] = {method, evaluate_group_name(group), metrics_fields[f].name,
                               metrics_fields[f].unit};
        TRY(add_summary(table, texts, &summaries[f]));
    }
out:
    return st;
}

static enum ben_status write_summary(const char *path, const struct evaluate_results *results,
                                     const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(summary_columns, SUMMARY_COLUMNS, &table));
    for (long m = 0; m < parts->n_methods; m++) {
        TRY(add_part(table, results, parts->methods[m], NULL));
        for (long g = 0; g < parts->n_groups; g++)
            TRY(add_part(table, results, parts->methods[m], parts->groups[g]));
    }
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

/* NAME + ending for NAME.tsv. The caller frees; NULL without memory. */
static char *beside(const char *path, const char *ending)
{
    return util_format("%.*s%s", (int)strlen(path) - 4, path, ending);
}

static enum ben_status write_statistics(const char *path,
                                        const struct evaluate_results *results,
                                        const struct evaluate_parts *parts)
{
    enum ben_status st = BEN_OK;
    char *summary = beside(path, "_summary.tsv"), *volumes = beside(path, "_volumes.tsv");
    char *tests = beside(path, "_tests.tsv"), *uncertainty = beside(path, "_uncertainty.tsv");
    if (!summary || !volumes || !tests || !uncertainty)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(write_summary(summary, results, parts));
    TRY(evaluate_write_volumes(volumes, results, parts));
    if (parts->n_methods > 1)
        TRY(evaluate_write_tests(tests, results, parts));
    if (evaluate_knows_uncertainty(results, NULL))
        TRY(evaluate_write_uncertainty(uncertainty, results, parts));
out:
    free(summary);
    free(volumes);
    free(tests);
    free(uncertainty);
    return st;
}

enum ben_status evaluate_write(const char *path, const struct evaluate_results *results)
{
    enum ben_status st = BEN_OK;
    struct evaluate_parts parts = {0};
    char *slices = NULL;
    TRY(evaluate_check_path(path));
    TRY_NEW(slices = beside(path, "_slices.tsv"));
    TRY(evaluate_find_parts(results, &parts));
    TRY(util_make_parents(path));
    TRY(write_pairs(path, results));
    TRY(write_statistics(path, results, &parts));
    if (results->slices)
        TRY(evaluate_write_slices(slices, results->slices));
out:
    free(slices);
    evaluate_free_parts(&parts);
    return st;
}
