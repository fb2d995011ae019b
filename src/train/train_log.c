/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/train_log.h"
#include "base/util.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char header[] = "epoch\tstep\tlearning_rate\tloss\tcross_entropy\tdice_loss\t"
                             "pseudo_loss\tgradient_norm\tval_dice_mean\tval_dice_median\t"
                             "val_dice_lowest\tseconds\n";
static const char round_header[] =
    "round\tepoch\tstep\tscans\tslices\tscans_kept\tslices_kept\tworst_uncertainty_kept\t"
    "references\tdice_mean\tdice_lowest\tkept_dice\tseconds\n";

static void format_dice(const struct validation *v, char *to, size_t room)
{
    if (v->n_scans == 0)
        snprintf(to, room, "n/a\tn/a\tn/a");
    else
        snprintf(to, room, "%.6f\t%.6f\t%.6f", v->mean, v->median, v->lowest);
}

/* A number as the tables have it; at the end of text [room]. */
static void add_number(char *text, size_t room, const char *format, double value)
{
    size_t used = strlen(text);
    if (isnan(value))
        snprintf(text + used, room - used, "\tn/a");
    else
        snprintf(text + used, room - used, format, value);
}

static enum ben_status append(char **log, const char *head, const char *line)
{
    enum ben_status st = BEN_OK;
    char *longer;
    TRY_NEW(longer = util_format("%s%s%s\n", *log, **log ? "" : head, line));
    free(*log);
    *log = longer;
out:
    return st;
}

enum ben_status train_log_add(char **log, const struct train_row *row)
{
    char line[512], dice[96];
    format_dice(&row->validation, dice, sizeof dice);
    snprintf(line, sizeof line, "%" PRId64 "\t%" PRId64 "\t%.6g", row->epoch, row->step,
             row->rate);
    add_number(line, sizeof line, "\t%.9g", row->loss);
    add_number(line, sizeof line, "\t%.9g", row->entropy);
    add_number(line, sizeof line, "\t%.9g", row->dice);
    add_number(line, sizeof line, "\t%.9g", row->pseudo);
    add_number(line, sizeof line, "\t%.6g", row->norm);
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "\t%s\t%.1f", dice, row->seconds);
    return append(log, header, line);
}

enum ben_status train_log_add_round(char **log, const struct round_row *row)
{
    char line[512];
    const struct selftrain_report *r = &row->report;
    snprintf(line, sizeof line, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%d\t%ld\t%d\t%ld",
             row->round, row->epoch, row->step, r->scans, r->candidates, r->scans_kept,
             r->kept);
    add_number(line, sizeof line, "\t%.6f", r->worst_kept);
    size_t used = strlen(line);
    snprintf(line + used, sizeof line - used, "\t%d", r->references);
    add_number(line, sizeof line, "\t%.6f", r->dice);
    add_number(line, sizeof line, "\t%.6f", r->dice_lowest);
    add_number(line, sizeof line, "\t%.6f", r->kept_dice);
    add_number(line, sizeof line, "\t%.1f", row->seconds);
    return append(log, round_header, line);
}
