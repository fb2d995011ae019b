/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi evaluate: predicted masks against references. */
#include "base/log.h"
#include "cli/command.h"
#include "cli/evaluate_input.h"
#include "qa/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(name, type, field, initial, max, unit, help)                                       \
    {                                                                                          \
        name, "evaluate", type, offsetof(struct evaluate_config, field), initial, 0, max,      \
            unit, help, 0                                                                      \
    }

static const struct option rows[] = {
    COMMON_OPTIONS,
    ROW("complete", BEN_OPTION_FLAG, complete, "no", 0, NULL,
        "a reference without a prediction counts as failed"),
    ROW("ref-close", BEN_OPTION_REAL, ref_close_mm, "0", 1000, "MM",
        "close references by a ball of that radius and fill their holes: for stripped images"),
    ROW("slices", BEN_OPTION_FLAG, slices, "no", 0, NULL,
        "write a table of metrics slice by slice too"),
    ROW("slice-plane", BEN_OPTION_CHOICE, plane, "auto", 0, "auto|sagittal|coronal|axial",
        "of those slices; auto: across the thickest voxel edge"),
    ROW("group-by", BEN_OPTION_TEXTS, group_by, NULL, 0, "COLUMN...",
        "columns of the tables to group results by; none: the data set, where there are "
        "several"),
    ROW("table", BEN_OPTION_TEXTS, tables, NULL, 0, "FILE.tsv...",
        "tables that know more of the scans, found by mask, image or participant_id"),
    ROW("uncertainty", BEN_OPTION_TEXT, uncertainty, "uncertainty", 0, "COLUMN",
        "column of results.tsv or the tables that metrics are correlated with"),
    ROW("plots", BEN_OPTION_FLAG, plots, "no", 0, NULL, "draw the results too (SVG)"),
};

static long count_failed(const struct evaluate_row *results, long n)
{
    long failed = 0;
    for (long i = 0; i < n; i++)
        failed += results[i].status == BEN_EVALUATE_FAILED;
    return failed;
}

static void print_value(double value)
{
    if (isfinite(value))
        printf(" %10.*f", fabs(value) < 1000 ? 4 : 1, value);
    else
        printf(" %10s", "n/a");
}

static void print_method(const char *method, const struct summary *summaries)
{
    printf("%s%s%-12s %5s %10s %10s %10s %10s %10s %10s %10s\n", method, *method ? "\n" : "",
           "metric", "n", "mean", "95% CI", "to", "SD", "median", "min", "max");
    for (int f = 0; f < METRICS_FIELDS; f++) {
        const struct summary *s = &summaries[f];
        printf("%-12s %5ld", metrics_fields[f].name, s->n);
        const double values[] = {s->mean,   s->ci_low, s->ci_high, s->sd,
                                 s->median, s->min,    s->max};
        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
            print_value(values[i]);
        putchar('\n');
    }
}

/* All groups together; the table has each. */
static enum ben_status print_summary(const struct evaluate_results *results)
{
    enum ben_status st = BEN_OK;
    struct evaluate_parts parts;
    struct summary summaries[METRICS_FIELDS];
    long n = results->pairs->n;
    printf("%ld pairs, %ld failed\n", n, count_failed(results->rows, n));
    TRY(evaluate_find_parts(results, &parts));
    for (long m = 0; m < parts.n_methods; m++) {
        TRY(evaluate_summarise(results, parts.methods[m], NULL, summaries));
        print_method(parts.methods[m], summaries);
    }
out:
    evaluate_free_parts(&parts);
    return st;
}

/* On rank 0: tables, plots and the screen. */
static enum ben_status report(const struct command_context *context,
                              const struct evaluate_config *config,
                              const struct evaluate_known *known,
                              struct evaluate_results *results)
{
    enum ben_status st = BEN_OK;
    const char *path = context->args[context->n_args - 1];
    results->groups = (const char *const *)known->groups;
    results->uncertainty = known->uncertainty;
    TRY(evaluate_write(path, results));
    if (config->plots)
        TRY(evaluate_plot(path, results));
    if (!config->common.quiet)
        TRY(print_summary(results));
out:
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct evaluate_config *c = config;
    struct evaluate_results results = {0};
    struct evaluate_known known = {0};
    struct evaluate_row *found = NULL;
    struct pairs *pairs = NULL;
    char *slices = NULL;
    const struct evaluate_options options = {
        c->ref_close_mm, c->plane == 0 ? EVALUATE_AUTO_PLANE : c->plane - 1};
    bool first = context->world.rank == 0;
    TRY(evaluate_check_path(context->args[context->n_args - 1]));
    TRY(evaluate_inputs(context, c, &pairs));
    TRY(comm_agree(&context->world, first ? evaluate_know(context, c, pairs, &known) : BEN_OK));
    found = calloc((size_t)pairs->n + 1, sizeof *found);
    TRY(comm_agree(&context->world, found ? BEN_OK : BEN_E_MEMORY));
    TRY(evaluate_pairs(&context->world, pairs, &options, found, c->slices ? &slices : NULL));
    context->failed_scans = count_failed(found, pairs->n);
    results = (struct evaluate_results){.pairs = pairs, .rows = found, .slices = slices};
    TRY(comm_agree(&context->world, first ? report(context, c, &known, &results) : BEN_OK));
out:
    evaluate_forget(&known, pairs ? pairs->n : 0);
    free(found);
    free(slices);
    pairs_free(&pairs);
    return st;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .usage = "[NAME=]PRED... REF OUTPUT.tsv",
    .summary = "measure how well masks agree with references, files or folders of them",
    .min_args = 3,
    .max_args = 1 << 10,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct evaluate_config),
    .run = run,
};
