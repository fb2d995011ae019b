/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi volumes: brain volumes of a cohort from its masks. */
#include "cli/command.h"
#include "qa/statistics.h"
#include "qa/volumes.h"

#include <stdio.h>
#include <stdlib.h>

struct volumes_config {
    struct common_options common;
    struct option_texts tables, group_by;
    const char *labels, *label_names, *uncertainty, *time, *time_unit;
    bool plots;
};

#define ROW(name, type, field, initial, unit, help)                                            \
    {                                                                                          \
        name, "volumes", type, offsetof(struct volumes_config, field), initial, 0, 0, unit,    \
            help, 0                                                                            \
    }

static const struct option rows[] = {
    COMMON_OPTIONS,
    ROW("group-by", BEN_OPTION_TEXTS, group_by, NULL, "COLUMN...",
        "columns of the tables to group scans by, such as group or sex"),
    ROW("table", BEN_OPTION_TEXTS, tables, NULL, "FILE.tsv...",
        "tables that know more of the scans, found by mask, image or participant_id"),
    ROW("time", BEN_OPTION_TEXT, time, NULL, "COLUMN",
        "column with the age or date of a scan; none: age, else acq_time"),
    ROW("time-unit", BEN_OPTION_TEXT, time_unit, NULL, "UNIT",
        "of numbers in that column, such as week; dates are in days"),
    ROW("labels", BEN_OPTION_TEXT, labels, NULL, "DIR",
        "label maps in the masks' grids, named like the masks: volumes of regions"),
    ROW("label-names", BEN_OPTION_TEXT, label_names, NULL, "FILE.tsv",
        "names of the labels: columns index and name"),
    ROW("uncertainty", BEN_OPTION_TEXT, uncertainty, "uncertainty", "COLUMN",
        "column with the uncertainty of a mask"),
    ROW("plots", BEN_OPTION_FLAG, plots, "no", NULL, "draw the results too (SVG)"),
};

static long count_failed(const struct volumes *volumes)
{
    long failed = 0;
    for (long i = 0; i < volumes->n; i++)
        failed += volumes->rows[i].status == BEN_VOLUMES_FAILED;
    return failed;
}

static enum ben_status print_summary(const struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    struct summary s;
    double *mm3 = NULL;
    long n = 0;
    TRY_NEW(mm3 = malloc(((size_t)volumes->n + 1) * sizeof *mm3));
    for (long i = 0; i < volumes->n; i++)
        if (volumes->rows[i].status == BEN_VOLUMES_OK)
            mm3[n++] = volumes->rows[i].mm3;
    TRY(statistics_summary(mm3, n, &s));
    printf("%ld scans, %ld measured, %ld empty, %ld failed\n", volumes->n, n,
           volumes->n - n - count_failed(volumes), count_failed(volumes));
    if (n > 0)
        printf("volume mm^3: median %.1f, from %.1f to %.1f, mean %.1f\n", s.median, s.min,
               s.max, s.mean);
out:
    free(mm3);
    return st;
}

/* On rank 0. */
static enum ben_status report(const char *path, const struct volumes_config *config,
                              struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    const struct volumes_options options = {
        .tables = config->tables.text,
        .n_tables = config->tables.n,
        .group_by = config->group_by.text,
        .n_group_by = config->group_by.n,
        .uncertainty = config->uncertainty,
        .time = config->time,
        .time_unit = config->time_unit,
        .label_names = config->label_names,
    };
    TRY(volumes_know(volumes, &options));
    TRY(volumes_write(path, volumes, &options));
    if (config->plots)
        TRY(volumes_plot(path, volumes, &options));
    if (!config->common.quiet)
        TRY(print_summary(volumes));
out:
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct volumes_config *c = config;
    const struct comm *world = &context->world;
    const char *path = context->args[context->n_args - 1];
    struct volumes *volumes = NULL;
    TRY(volumes_check_path(path));
    TRY(volumes_find(world, context->args, context->n_args - 1, c->labels, &volumes));
    TRY(volumes_measure(world, volumes));
    context->failed_scans = count_failed(volumes);
    TRY(comm_agree(world, world->rank == 0 ? report(path, c, volumes) : BEN_OK));
out:
    volumes_free(&volumes);
    return st;
}

const struct command command_volumes = {
    .name = "volumes",
    .usage = "INPUT... OUTPUT.tsv",
    .summary = "measure brain volumes of a cohort: folders, a manifest, cohort.h5",
    .min_args = 2,
    .max_args = 1 << 20,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct volumes_config),
    .run = run,
};
