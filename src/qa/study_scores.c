/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/study_scores.h"

#include "base/util.h"
#include "io/table.h"
#include "io/tsv.h"
#include "qa/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SCAN,
    PARTICIPANT,
    STATUS,
    REASON,
    UNCERTAINTY,
    METRICS,
    COLUMNS = METRICS + METRICS_FIELDS
};

static const struct table_level status_levels[] = {
    {"ok", "measured"}, {"failed", "could not be measured"}, {NULL, NULL}};

static void describe_columns(struct table_column columns[COLUMNS])
{
    columns[SCAN] = (struct table_column){
        "scan", BEN_TABLE_TEXT, 0, NULL, "the scan, as in the data set's manifest", NULL};
    columns[PARTICIPANT] = (struct table_column){
        "participant_id", BEN_TABLE_TEXT, 0, NULL, "the animal or person", NULL};
    columns[STATUS] =
        (struct table_column){"status", BEN_TABLE_TEXT, 0, NULL, "how it ended", status_levels};
    columns[REASON] =
        (struct table_column){"reason", BEN_TABLE_TEXT, 0, NULL, "why it failed", NULL};
    columns[UNCERTAINTY] =
        (struct table_column){"uncertainty",
                              BEN_TABLE_REAL,
                              BEN_TABLE_SHORTEST,
                              NULL,
                              "uncertainty of the prediction by Monte Carlo dropout",
                              NULL};
    for (int f = 0; f < METRICS_FIELDS; f++)
        columns[METRICS + f] = (struct table_column){metrics_fields[f].name,
                                                     BEN_TABLE_REAL,
                                                     BEN_TABLE_SHORTEST,
                                                     metrics_fields[f].unit,
                                                     metrics_fields[f].description,
                                                     NULL};
}

static enum ben_status write_row(struct table *table, const struct study_score *score)
{
    enum ben_status st = BEN_OK;
    long row;
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, SCAN, score->scan));
    TRY(table_set_text(table, row, PARTICIPANT, score->participant));
    TRY(table_set_text(table, row, STATUS, score->reason ? "failed" : "ok"));
    TRY(table_set_text(table, row, REASON, score->reason));
    TRY(table_set_real(table, row, UNCERTAINTY, score->uncertainty));
    for (int f = 0; f < METRICS_FIELDS; f++)
        TRY(table_set_real(table, row, METRICS + f, metrics_value(&score->metrics, f)));
out:
    return st;
}

enum ben_status study_scores_write(const struct study_scores *scores, const char *path)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[COLUMNS];
    struct table *table = NULL;
    describe_columns(columns);
    TRY(table_create(columns, COLUMNS, &table));
    for (long i = 0; i < scores->n; i++)
        TRY(write_row(table, &scores->list[i]));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}

static double number(const struct tsv *tsv, long row, int column)
{
    const char *text = tsv_cell(tsv, row, column);
    return text ? strtod(text, NULL) : NAN;
}

static enum ben_status read_row(const struct tsv *tsv, long row, struct study_score *score)
{
    enum ben_status st = BEN_OK;
    const char *scan = tsv_cell(tsv, row, SCAN), *participant = tsv_cell(tsv, row, PARTICIPANT),
               *reason = tsv_cell(tsv, row, REASON), *status = tsv_cell(tsv, row, STATUS);
    score->uncertainty = number(tsv, row, UNCERTAINTY);
    for (int f = 0; f < METRICS_FIELDS; f++)
        *(double *)((char *)&score->metrics + metrics_fields[f].offset) =
            number(tsv, row, METRICS + f);
    TRY_NEW(score->scan = strdup(scan ? scan : ""));
    TRY_NEW(score->participant = strdup(participant ? participant : ""));
    if (status && strcmp(status, "failed") == 0)
        TRY_NEW(score->reason = strdup(reason ? reason : "failed"));
out:
    return st;
}

enum ben_status study_scores_read(const char *path, struct study_scores *scores)
{
    enum ben_status st = BEN_OK;
    struct table_column columns[COLUMNS];
    struct tsv *tsv = NULL;
    describe_columns(columns);
    *scores = (struct study_scores){0};
    TRY(tsv_read(path, &tsv));
    for (int c = 0; c < COLUMNS; c++)
        if (tsv_column(tsv, columns[c].name) != c)
            FAIL(BEN_E_INPUT, "%s: no table of scores: column %d is not %s", path, c + 1,
                 columns[c].name);
    TRY_NEW(scores->list = calloc((size_t)tsv_rows(tsv) + 1, sizeof *scores->list));
    for (; scores->n < tsv_rows(tsv); scores->n++)
        TRY(read_row(tsv, scores->n, &scores->list[scores->n]));
out:
    if (st != BEN_OK) {
        scores->n += scores->list != NULL; /* the row that was being read */
        study_scores_free(scores);
    }
    tsv_free(&tsv);
    return st;
}

void study_scores_free(struct study_scores *scores)
{
    for (long i = 0; i < scores->n; i++) {
        free(scores->list[i].scan);
        free(scores->list[i].participant);
        free(scores->list[i].reason);
    }
    free(scores->list);
    *scores = (struct study_scores){0};
}

/* values [pairs->n] by scan, on every rank; NaN where the table or its column is not there. */
static enum ben_status share_uncertainty(const struct comm *comm, const struct pairs *pairs,
                                         const char *path, double *values)
{
    enum ben_status st = BEN_OK;
    struct tsv *tsv = NULL;
    for (long i = 0; i < pairs->n; i++)
        values[i] = NAN;
    if (comm->rank == 0 && path && util_is_file(path)) {
        st = tsv_read(path, &tsv);
        int column = st == BEN_OK ? tsv_column(tsv, "uncertainty") : -1;
        if (column >= 0)
            st = tsv_index(tsv, tsv_column(tsv, "scan"));
        for (long i = 0; column >= 0 && st == BEN_OK && i < pairs->n; i++) {
            long row = tsv_find(tsv, pairs->list[i].id);
            values[i] = row >= 0 ? number(tsv, row, column) : NAN;
        }
    }
    TRY(comm_agree(comm, st));
    TRY(comm_broadcast(comm, values, (size_t)pairs->n * sizeof *values, 0));
out:
    tsv_free(&tsv);
    return st;
}

static enum ben_status fill_score(const struct pair *pair, const char *participant,
                                  const struct evaluate_row *row, double uncertainty,
                                  struct study_score *score)
{
    enum ben_status st = BEN_OK;
    score->metrics = row->metrics;
    score->uncertainty = uncertainty;
    TRY_NEW(score->scan = strdup(pair->id));
    TRY_NEW(score->participant = strdup(participant ? participant : ""));
    if (row->status == BEN_EVALUATE_FAILED)
        TRY_NEW(score->reason = strdup(row->reason));
out:
    return st;
}

enum ben_status study_score_masks(const struct comm *comm, const struct pairs *pairs,
                                  const char *const *participants, const char *uncertainty,
                                  struct study_scores *scores)
{
    enum ben_status st = BEN_OK;
    const struct evaluate_options options = {.plane = EVALUATE_AUTO_PLANE};
    size_t n = (size_t)pairs->n;
    struct evaluate_row *rows = calloc(n + 1, sizeof *rows);
    double *uncertain = calloc(n + 1, sizeof *uncertain);
    *scores = (struct study_scores){.list = calloc(n + 1, sizeof *scores->list)};
    TRY(comm_agree(comm, rows && uncertain && scores->list ? BEN_OK : BEN_E_MEMORY));
    TRY(evaluate_pairs(comm, pairs, &options, rows, NULL));
    TRY(share_uncertainty(comm, pairs, uncertainty, uncertain));
    for (long i = 0; i < pairs->n && st == BEN_OK; i++) {
        scores->n = i + 1;
        st = fill_score(&pairs->list[i], participants[i], &rows[i], uncertain[i],
                        &scores->list[i]);
    }
    TRY(comm_agree(comm, st));
out:
    if (st != BEN_OK)
        study_scores_free(scores);
    free(rows);
    free(uncertain);
    return st;
}
