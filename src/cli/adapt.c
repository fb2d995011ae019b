/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi adapt: weights for a new species, scanner or contrast, with none to a few labels. The
 * options. */
#include "cli/adapt_run.h"
#include "cli/training_options.h"

static const struct option rows[] = {
    COMMON_OPTIONS,
    TRAINING_RUN_OPTIONS,

    CHOICE("adapt", "method", method, "ben", ADAPT_METHOD_CHOICES,
           "the paper's way, or one to compare with"),
    CHOICE("adapt", "adabn", trainer.norm.form, "exact", ADABN_FORM_CHOICES,
           "norm statistics layer by layer, or by one pass"),
    REAL("adapt", "adabn-share", trainer.norm.share, "0.5", 0.01, 1, "F",
         "share of the target in them; the source's have the rest"),

    TRAINING_DATA_OPTIONS,
    TEXT("data", "unlabelled-split", unlabelled_split, "NAME",
         "use rows of a manifest with that split, too, without their masks"),
    INT("data", "labels", labels, "-1", -1, 1000000,
        "participants that keep their masks, drawn by the seed; -1: all"),

    INT("selftrain", "pseudo-batch", trainer.selftrain.batch, "8", 0, 65536,
        "pseudo-labelled slices of a step; 0: unlabelled scans serve the norm statistics "
        "alone"),
    INT("selftrain", "start", trainer.selftrain.start, "8", 0, 100000,
        "epochs before pseudo-labels are used (T_sl); without labels none"),
    INT("selftrain", "refresh", trainer.selftrain.refresh, "4", 0, 100000,
        "epochs from one round of pseudo-labels to the next; 0: one round"),
    REAL("selftrain", "lambda-sl", trainer.selftrain.weight, "0.5", 0, 1000, "W",
         "weight of the pseudo-labels' loss"),
    REAL("selftrain", "pseudo-cross-entropy", trainer.selftrain.cross_entropy, "0", 0, 1000,
         "W", "weight of the cross-entropy in it; the paper has 1 - Dice alone"),
    INT("selftrain", "mc", trainer.selftrain.samples, "5", 1, 1000,
        "Monte Carlo passes of a round"),
    CHOICE("selftrain", "rule", trainer.selftrain.rule, "slices", SELFTRAIN_RULE_CHOICES,
           "keep the most certain slices, or scans, or of each minibatch of candidates one"),
    REAL("selftrain", "keep", trainer.selftrain.keep, "0.7", 0, 1, "F",
         "share of the slices or scans that is kept, at least one"),
    REAL("selftrain", "zeta", trainer.selftrain.zeta, "-1", -1, 1, "U",
         "keep no slice that is more uncertain, but where whole scans are kept; 0: no limit; "
         "-1: none where there are labels, else that of segment's flag of review"),
    REAL("selftrain", "scan-limit", trainer.selftrain.scan_limit, "-1", -1, 1, "U",
         "keep nothing of a scan whose uncertainty is higher; 0: no limit; -1: that of "
         "segment's flags, where there are labels of review, else of fail"),
    REAL("selftrain", "quorum", trainer.selftrain.quorum, "0.75", 0, 1, "F",
         "learn from no unlabelled scan where fewer than this share of them is within "
         "--scan-limit"),
    FLAG("selftrain", "clean", trainer.selftrain.clean, "yes",
         "mend pseudo-labels as segment does masks, keep each scan's largest region, without "
         "holes"),

    TRAINING_TRAIN_OPTIONS("24", "8", "0.001", "cosine", "1", "0.99", "256", "0.3", "yes"),

    TRAINING_AUGMENT_OPTIONS("0.5", "0.3", "0.2", "0.1", "0.2", "0.04", "0.2"),
};

const struct command command_adapt = {
    .name = "adapt",
    .usage = "INPUT... WEIGHTS.h5",
    .summary = "carry a network to new scans, with masks of a few of them or none",
    .min_args = 2,
    .max_args = 1 << 20,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct train_options),
    .run = adapt_run,
};
