/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi evaluate: predicted masks against references. */
#include "base/util.h"
#include "cli/command.h"
#include "cli/evaluate_input.h"
#include "qa/evaluate.h"
#include "qa/raters.h"

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
    ROW("rater", BEN_OPTION_TEXTS, raters, NULL, 0, "[NAME=]DIR...",
        "other raters' masks of the same scans: the consensus with REF becomes the reference"),
    ROW("consensus", BEN_OPTION_CHOICE, consensus, "majority", 0, "majority|staple",
        "of the raters: more than half of them, or weighted by how well each does"),
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

/* NAME_raters + ending for NAME.tsv. The caller frees; NULL without memory. */
static char *raters_path(const struct command_context *context, const char *ending)
{
    const char *path = context->args[context->n_args - 1];
    return util_format("%.*s_raters%s", (int)strlen(path) - 4, path, ending);
}

/* What a run holds. */
struct evaluate_work {
    struct pairs *pairs;
    long first_rater;
    struct evaluate_known known;
    struct evaluate_row *rows;
    char *slices;
};

/* Against the raters' consensus. */
static enum ben_status work_with_raters(const struct command_context *context,
                                        const struct evaluate_config *config,
                                        const struct evaluate_options *options,
                                        struct evaluate_work *work)
{
    enum ben_status st = BEN_OK;
    const struct comm *world = &context->world;
    struct rater_score *scores = calloc((size_t)work->pairs->n + 1, sizeof *scores);
    char *folder = raters_path(context, ""), *table = raters_path(context, ".tsv");
    const struct raters_options raters = {(enum consensus_kind)config->consensus,
                                          work->first_rater, folder};
    TRY(comm_agree(world, scores && folder && table ? BEN_OK : BEN_E_MEMORY));
    TRY(raters_evaluate(world, work->pairs, options, &raters, work->rows, scores,
                        config->slices ? &work->slices : NULL));
    TRY(comm_agree(world,
                   world->rank == 0 ? raters_write(table, work->pairs, scores) : BEN_OK));
out:
    free(scores);
    free(folder);
    free(table);
    return st;
}

static enum ben_status work_through(const struct command_context *context,
                                    const struct evaluate_config *config,
                                    struct evaluate_work *work)
{
    const struct evaluate_options options = {
        config->ref_close_mm, config->plane == 0 ? EVALUATE_AUTO_PLANE : config->plane - 1};
    if (config->raters.n > 0)
        return work_with_raters(context, config, &options, work);
    return evaluate_pairs(&context->world, work->pairs, &options, work->rows,
                          config->slices ? &work->slices : NULL);
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct evaluate_config *c = config;
    const struct comm *world = &context->world;
    struct evaluate_work work = {0};
    TRY(evaluate_check_path(context->args[context->n_args - 1]));
    TRY(evaluate_inputs(context, c, &work.pairs, &work.first_rater));
    TRY(comm_agree(world, world->rank == 0 ? evaluate_know(context, c, work.pairs, &work.known)
                                           : BEN_OK));
    work.rows = calloc((size_t)work.pairs->n + 1, sizeof *work.rows);
    TRY(comm_agree(world, work.rows ? BEN_OK : BEN_E_MEMORY));
    TRY(work_through(context, c, &work));
    context->failed_scans = count_failed(work.rows, work.pairs->n);
    struct evaluate_results results = {work.pairs, work.rows, NULL, NULL, work.slices};
    TRY(comm_agree(world,
                   world->rank == 0 ? report(context, c, &work.known, &results) : BEN_OK));
out:
    evaluate_forget(&work.known, work.pairs ? work.pairs->n : 0);
    free(work.rows);
    free(work.slices);
    pairs_free(&work.pairs);
    return st;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .usage = "[NAME=]PRED... [NAME=]REF OUTPUT.tsv",
    .summary = "measure how well masks agree with references",
    .min_args = 3,
    .max_args = 1 << 10,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct evaluate_config),
    .run = run,
};
