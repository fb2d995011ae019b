/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi train: weights from scans with masks. */
#include "cli/training_options.h"

static const struct option rows[] = {
    COMMON_OPTIONS,
    TRAINING_RUN_OPTIONS,

    TRAINING_DATA_OPTIONS,

    FLAG("prepare", "n4", n4, "yes", "correct the bias field first"),
    REAL("prepare", "percentile-low", percentile_low, "1", 0, 50, "P",
         "percentile of the intensities that becomes 0"),
    REAL("prepare", "percentile-high", percentile_high, "99", 50, 100, "P",
         "percentile of the intensities that becomes 1"),

    INT("network", "size", net.size, "256", 32, 4096,
        "slices are N x N pixels, a multiple of 16; with --weights, all of this section is "
        "theirs"),
    INT("network", "channels", net.channels, "16", 16, 256,
        "of the first encoder, a multiple of 16"),
    FLAG("network", "nonlocal", net.nonlocal, "yes", "the non-local block"),
    {"dropout", "network", BEN_OPTION_REALS, offsetof(struct train_options, net.dropout),
     "0,0,0,0,0.1,0.1,0.1,0.1,0.1,0.1", 0, 0.95, "P,...",
     "dropout behind each block: four encoders, bottleneck's two, four decoders", BEN_BLOCKS},
    REAL("network", "norm-eps", net.norm_eps, "0.001", 1e-8, 1, "E",
         "added to the variances of the norm layers"),
    REAL("network", "norm-momentum", net.norm_momentum, "0.8", 0, 0.9999, "M",
         "running = M running + (1 - M) batch"),

    TRAINING_TRAIN_OPTIONS("50", "16", "0.0001", "constant", "0", "0", "0", "0", "no"),

    TRAINING_AUGMENT_OPTIONS("0", "0", "0", "0", "0", "0", "0"),

    REAL("synthesis", "painted", trainer.batches.painted, "0", 0, 1, "F",
         "share of the samples that are painted from heads' labels"),
    TEXTS("synthesis", "heads", paint.folders, "DIR...",
          "folders of whole-head label maps, *_labels.nii.gz and labels.tsv"),
    FLAG("synthesis", "around-brains", paint.around, "no",
         "make up heads around the brains of the participants that train"),
    INT("synthesis", "made-heads", paint.made, "0", 0, 10000,
        "heads that are made up altogether"),
};

/* A fresh network, or that of --weights. Collective. */
static enum ben_status make_net(struct training *t)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    if (t->options->common.weights) {
        TRY(weights_read_shared(t->world, t->options->common.weights, &file));
        TRY(training_take_net(t, file));
    } else {
        TRY(training_make_net(t, &t->options->net));
    }
out:
    weights_free(&file);
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    struct training t;
    training_start(&context->world, &command_train, config, context->args[context->n_args - 1],
                   &t);
    t.trainer.norm = (struct adabn_config){.form = BEN_ADABN_EXACT, .share = 1};
    TRY(training_name_files(&t));
    TRY(training_find_scans(&t, context->args, context->n_args - 1));
    TRY(make_net(&t));
    TRY(training_prepare(&t, &context->failed_scans));
    TRY(paint_heads(&context->world, &t.options->paint, t.trainer.batches.painted,
                    t.trainer.seed, &t.selection, &t.heads));
    TRY(training_run(&t));
out:
    training_free(&t);
    return st;
}

const struct command command_train = {
    .name = "train",
    .usage = "INPUT... WEIGHTS.h5",
    .summary = "train a network on scans with masks: a manifest, or a BIDS data set",
    .min_args = 2,
    .max_args = 1 << 20,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct train_options),
    .run = run,
};
