/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/evaluate_inner.h"
#include "qa/raters.h"

#include <stdlib.h>

static const struct table_column columns[] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "participant, as in the file's name", NULL},
    {"id", BEN_TABLE_TEXT, 0, NULL, "the reference's path in its folder, without ending", NULL},
    {"rater", BEN_TABLE_TEXT, 0, NULL, "who marked the scan", NULL},
    {"raters", BEN_TABLE_INTEGER, 0, NULL, "who marked the scan, in number", NULL},
    {"dice_with_others", BEN_TABLE_REAL, 6, NULL,
     "mean of the Dice coefficients with each other rater", NULL},
    {"staple_sensitivity", BEN_TABLE_REAL, 6, NULL, "as STAPLE estimates it", NULL},
    {"staple_specificity", BEN_TABLE_REAL, 6, NULL, "as STAPLE estimates it", NULL},
    {"consensus_mm3", BEN_TABLE_REAL, 3, "mm^3", "volume of the consensus of all raters", NULL},
    {"union_mm3", BEN_TABLE_REAL, 3, "mm^3", "volume that any rater marked", NULL},
    {"disagreement", BEN_TABLE_REAL, 6, NULL,
     "chance that two raters disagree in a voxel that any of them marked", NULL},
};
#define COLUMNS (int)(sizeof columns / sizeof columns[0])

static enum ben_status add_rater(struct table *table, const struct pair *pair,
                                 const struct rater_score *s)
{
    enum ben_status st = BEN_OK;
    char *participant = evaluate_participant(pair->id);
    const char *texts[] = {participant, pair->id, pair->method};
    const double reals[] = {s->dice_with_others, s->sensitivity, s->specificity,
                            s->consensus_mm3,    s->union_mm3,   s->disagreement};
    long row;
    TRY_NEW(participant);
    TRY(table_add_row(table, &row));
    TRY(evaluate_set_texts(table, row, 0, texts, 3));
    TRY(table_set_integer(table, row, 3, s->raters));
    TRY(evaluate_set_reals(table, row, 4, reals, COLUMNS - 4));
out:
    free(participant);
    return st;
}

enum ben_status raters_write(const char *path, const struct pairs *pairs,
                             const struct rater_score *scores)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(table_create(columns, COLUMNS, &table));
    for (long i = 0; i < pairs->n; i++)
        if (scores[i].raters > 0)
            TRY(add_rater(table, &pairs->list[i], &scores[i]));
    TRY(table_sort(table, 1));
    TRY(table_write(table, path));
out:
    table_free(&table);
    return st;
}
