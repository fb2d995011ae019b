/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of train, what they mean to the library, and the run. */
#ifndef BEN_CLI_TRAIN_RUN_H
#define BEN_CLI_TRAIN_RUN_H

#include "cli/command.h"
#include "cli/paint.h"
#include "train/selection.h"
#include "train/trainer.h"

struct train_options {
    struct common_options common;
    /* data */
    const char *masks, *split, *validation_split;
    struct option_texts where, participants;
    double validation_fraction;
    int folds, fold;
    int volume; /* -1: BEN_VOLUME_DEFAULT */
    int plane;  /* 0 auto, then enum slice_plane + 1 */
    bool n4;
    double percentile_low, percentile_high;
    /* network */
    struct net_config net;
    /* training: what is a number or a choice is set in place */
    struct trainer_config trainer;
    struct paint_options paint;
    /* run */
    const char *cache;
    bool half, restart;
};

/* The parts of the options in the forms that the library takes; seeds are filled in. */
struct trainer_config train_options_trainer(const struct train_options *options);
struct selection_config train_options_selection(const struct train_options *options);
struct prepare_config train_options_prepare(const struct train_options *options, int size);

/* config: struct train_options. Prepares the scans, trains, writes weights; beside them the log,
 * and the checkpoint while it lasts. Collective. */
enum ben_status train_run(struct command_context *context, void *config);

#endif
