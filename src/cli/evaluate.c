/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi evaluate: predicted masks against references. */
#include "base/log.h"
#include "cli/command.h"
#include "qa/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct evaluate_config {
    struct common_options common;
    bool complete;
    double ref_close_mm;
};

static const struct option rows[] = {
    COMMON_OPTIONS,
    {"complete", "evaluate", BEN_OPTION_FLAG, offsetof(struct evaluate_config, complete), "no",
     0, 0, NULL, "a reference without a prediction counts as failed", 0},
    {"ref-close", "evaluate", BEN_OPTION_REAL, offsetof(struct evaluate_config, ref_close_mm),
     "0", 0, 1000, "MM",
     "close references by a ball of that radius and fill their holes: for stripped images", 0},
};

/* Rank 0 reads names; all ranks get the same list. */
static enum ben_status share_pairs(const struct command_context *context, bool complete,
                                   struct pairs **pairs)
{
    enum ben_status st = BEN_OK;
    struct pairs *found = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (context->world.rank == 0)
        st = pairs_match(context->args[0], context->args[1], complete, &found);
    if (found)
        st = pairs_pack(found, &bytes, &n);
    TRY(comm_agree(&context->world, st));
    TRY(comm_broadcast_block(&context->world, &bytes, &n, 0));
    TRY(comm_agree(&context->world, pairs_unpack(bytes, n, pairs)));
out:
    free(bytes);
    pairs_free(&found);
    return st;
}

static void say_what_is_left_out(const struct pairs *pairs, bool complete)
{
    if (pairs->extra > 0)
        log_warn("%ld predictions have no reference, or none that is clear from their names: "
                 "left out",
                 pairs->extra);
    if (pairs->missing > 0 && !complete)
        log_info("%ld references have no prediction: left out (--complete counts them as "
                 "failed)",
                 pairs->missing);
}

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

static void print_summary(const struct summary *summaries, long n, long failed)
{
    printf("%ld pairs, %ld failed\n%-12s %5s %10s %10s %10s %10s %10s %10s %10s\n", n, failed,
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

static enum ben_status report(const struct command_context *context, const struct pairs *pairs,
                              const struct evaluate_row *results, bool quiet)
{
    enum ben_status st = BEN_OK;
    struct summary summaries[METRICS_FIELDS];
    TRY(evaluate_summarise(results, pairs->n, summaries));
    TRY(evaluate_write(context->args[2], pairs, results, summaries));
    if (!quiet)
        print_summary(summaries, pairs->n, count_failed(results, pairs->n));
out:
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct evaluate_config *c = config;
    struct pairs *pairs = NULL;
    struct evaluate_row *results = NULL;
    TRY(evaluate_check_path(context->args[2]));
    TRY(share_pairs(context, c->complete, &pairs));
    say_what_is_left_out(pairs, c->complete);
    results = calloc((size_t)pairs->n + 1, sizeof *results);
    TRY(comm_agree(&context->world, results ? BEN_OK : BEN_E_MEMORY));
    TRY(evaluate_pairs(&context->world, pairs, c->ref_close_mm, results));
    context->failed_scans = count_failed(results, pairs->n);
    if (context->world.rank == 0)
        st = report(context, pairs, results, c->common.quiet);
    TRY(comm_agree(&context->world, st));
out:
    free(results);
    pairs_free(&pairs);
    return st;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .usage = "PRED REF OUTPUT.tsv",
    .summary = "measure how well masks agree with references, files or folders of them",
    .min_args = 3,
    .max_args = 3,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct evaluate_config),
    .run = run,
};
