/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi report: pages to judge masks by. */
#include "qa/report.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/start.h"

#include <stddef.h>

struct report_config {
    struct common_options common;
    struct option_texts images;
    const char *corrected, *evaluation;
    bool n4;
    int worst;
};

#define ROW(name, type, field, initial, min, max, unit, help)                                  \
    {                                                                                          \
        name, "report", type, offsetof(struct report_config, field), initial, min, max, unit,  \
            help, 0                                                                            \
    }

static const struct option rows[] = {
    COMMON_OPTIONS,
    ROW("images", BEN_OPTION_TEXTS, images, NULL, 0, 0, "DIR...",
        "folders with the scans; none: where they were when they were segmented"),
    ROW("corrected", BEN_OPTION_TEXT, corrected, NULL, 0, 0, "DIR",
        "masks corrected by hand; none: the folder corrected in OUTPUT"),
    ROW("evaluation", BEN_OPTION_TEXT, evaluation, NULL, 0, 0, "TABLE.tsv",
        "a table of evaluate: shows Dice and distances too"),
    ROW("n4", BEN_OPTION_FLAG, n4, "yes", 0, 0, NULL,
        "correct bias fields again, where segment did, to show what that changed"),
    ROW("worst", BEN_OPTION_INT, worst, "20", 0, 1000000, "N",
        "list so many scans as worth correcting first"),
};

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct report_config *c = config;
    const struct report_options options = {.folder = context->args[0],
                                           .images = c->images.text,
                                           .n_images = c->images.n,
                                           .corrected = c->corrected,
                                           .evaluation = c->evaluation,
                                           .n4 = c->n4,
                                           .worst = c->worst,
                                           .stop = start_interrupted};
    struct report_outcome outcome;
    TRY(report_write(&context->world, &options, &outcome));
    context->failed_scans = outcome.unseen;
    log_info("%ld scans: %ld failed, %ld flagged, %ld corrected, %ld without pictures; see "
             "%s/report.html",
             outcome.scans, outcome.failed, outcome.flagged, outcome.redrawn, outcome.unseen,
             options.folder);
out:
    return st;
}

const struct command command_report = {
    .name = "report",
    .usage = "OUTPUT",
    .summary = "make HTML pages of what segment wrote: one per scan, one for all",
    .min_args = 1,
    .max_args = 1,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct report_config),
    .run = run,
};
