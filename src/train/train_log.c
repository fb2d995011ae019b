/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/train_log.h"
#include "base/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char header[] = "epoch\tstep\tlearning_rate\tloss\tcross_entropy\tdice_loss\t"
                             "gradient_norm\tval_dice_mean\tval_dice_median\tval_dice_lowest\t"
                             "seconds\n";

static void format_dice(const struct validation *v, char *to, size_t room)
{
    if (v->n_scans == 0)
        snprintf(to, room, "n/a\tn/a\tn/a");
    else
        snprintf(to, room, "%.6f\t%.6f\t%.6f", v->mean, v->median, v->lowest);
}

enum ben_status train_log_add(char **log, const struct train_row *row)
{
    enum ben_status st = BEN_OK;
    char dice[96], *longer;
    format_dice(&row->validation, dice, sizeof dice);
    TRY_NEW(longer = util_format(
                "%s%s%" PRId64 "\t%" PRId64 "\t%.6g\t%.9g\t%.9g\t%.9g\t%.6g\t%s\t%.1f\n", *log,
                **log ? "" : header, row->epoch, row->step, row->rate, row->loss, row->entropy,
                row->dice, row->norm, dice, row->seconds));
    free(*log);
    *log = longer;
out:
    return st;
}
