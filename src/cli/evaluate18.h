/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of evaluate18, and the list of what is to be done: rank 0 looks at the data sets
 * (evaluate18_data.h), writes manifests and the list as OUTPUT/plan.tsv, and every rank reads the
 * same text. */
#ifndef BEN_CLI_EVALUATE18_H
#define BEN_CLI_EVALUATE18_H

#include "cli/command.h"
#include "io/study.h"
#include "io/tsv.h"

struct evaluate18_config {
    struct common_options common;
    const char *root;
    struct option_texts only;
    const char *methods, *labels;
    const char *train, *adapt, *segment; /* INI files of those commands */
    double test_fraction;
    int test_scans, unlabelled_scans;
    bool inductive;
    int mc, team;
    bool plan, restart;
};

enum evaluate18_kind {
    EVALUATE18_SOURCE,  /* train a source's weights */
    EVALUATE18_RUN,     /* adapt, segment and measure */
    EVALUATE18_EXTERNAL /* measure another program's masks */
};

/* One row of the plan; texts are the plan's. */
struct evaluate18_work {
    enum evaluate18_kind kind;
    const char *folder; /* of its files, relative to the output: "rat/ben-5-from-mouse" */
    const char *set, *source, *method; /* source NULL: none */
    int labels;                        /* -1: all or none, as the method has it */
    const char *weights;               /* SOURCE: to be written; RUN: to begin with, or NULL */
    double cost;
};

struct evaluate18_plan {
    int n;
    struct evaluate18_work *works; /* sources first */
    struct tsv *table;
};

/* The plan of rank 0's text. Local. */
enum ben_status evaluate18_plan_parse(const char *path, const char *text, size_t n,
                                      struct evaluate18_plan *plan);
void evaluate18_plan_free(struct evaluate18_plan *plan);

/* config: struct evaluate18_config. Collective. */
enum ben_status evaluate18_run(struct command_context *context, void *config);

#endif
