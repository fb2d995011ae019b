/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi train: weights from scans with masks. The options. */
#include "cli/train_run.h"

#include "io/nifti.h"

#define ROW(section, name, type, field, initial, min, max, unit, help)                         \
    {                                                                                          \
        name, section, type, offsetof(struct train_options, field), initial, min, max, unit,   \
            help, 0                                                                            \
    }
#define TEXT(section, name, field, unit, help)                                                 \
    ROW(section, name, BEN_OPTION_TEXT, field, NULL, 0, 0, unit, help)
#define TEXTS(section, name, field, unit, help)                                                \
    ROW(section, name, BEN_OPTION_TEXTS, field, NULL, 0, 0, unit, help)
#define FLAG(section, name, field, initial, help)                                              \
    ROW(section, name, BEN_OPTION_FLAG, field, initial, 0, 0, NULL, help)
#define INT(section, name, field, initial, min, max, help)                                     \
    ROW(section, name, BEN_OPTION_INT, field, initial, min, max, "N", help)
#define REAL(section, name, field, initial, min, max, unit, help)                              \
    ROW(section, name, BEN_OPTION_REAL, field, initial, min, max, unit, help)
#define CHOICE(section, name, field, initial, choices, help)                                   \
    ROW(section, name, BEN_OPTION_CHOICE, field, initial, 0, 0, choices, help)

static const struct option rows[] = {
    COMMON_OPTIONS,

    TEXT("data", "masks", masks, "DIR", "derivatives data set that holds the masks"),
    TEXT("data", "split", split, "NAME", "train on rows of a manifest with that split"),
    TEXTS("data", "where", where, "COLUMN=VALUE...",
          "rows of a manifest for which all of these hold; column=!value: that are not"),
    TEXTS("data", "participant-label", participants, "LABEL...",
          "only these participants, with or without sub-"),
    TEXT("data", "validation-split", validation_split, "NAME",
         "validate on rows of a manifest with that split"),
    REAL("data", "validation-fraction", validation_fraction, "0", 0, 0.9, "F",
         "share of the participants that validates"),
    INT("data", "folds", folds, "0", 0, 1000, "cross-validation by participant; 0: none"),
    INT("data", "fold", fold, "1", 1, 1000, "the fold that validates, from 1"),
    INT("data", "volume", volume, "-1", -1, 1000000,
        "time point of 4-D scans, from 0; -1: the fifth, or the last of fewer"),
    CHOICE("data", "plane", plane, "auto", "auto|sagittal|coronal|axial",
           "slice plane; auto: by each scan's species"),

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

    INT("train", "epochs", trainer.epochs, "50", 1, 100000, "passes over the training set"),
    INT("train", "batch", trainer.batch, "16", 1, 65536,
        "slices of a step, shared among the ranks"),
    REAL("train", "rate", trainer.rate, "0.0001", 0, 10, "R", "learning rate at its highest"),
    CHOICE("train", "schedule", trainer.schedule, "constant", "constant|cosine",
           "course of the learning rate"),
    REAL("train", "final-rate", trainer.final_rate, "0.01", 0, 1, "F",
         "what a cosine leaves of the learning rate, as a factor"),
    REAL("train", "warmup", trainer.warmup_epochs, "0", 0, 10000, "EPOCHS",
         "linear rise of the learning rate"),
    REAL("train", "beta1", trainer.adam.beta1, "0.9", 0, 0.99999, "B", "Adam's first moment"),
    REAL("train", "beta2", trainer.adam.beta2, "0.999", 0, 0.999999, "B",
         "Adam's second moment"),
    REAL("train", "eps", trainer.adam.eps, "1e-8", 1e-16, 1, "E", "Adam's epsilon"),
    REAL("train", "weight-decay", trainer.adam.weight_decay, "0", 0, 10, "D",
         "decoupled weight decay"),
    REAL("train", "clip", trainer.adam.clip_norm, "0", 0, 1e9, "L",
         "longest gradient; longer ones are scaled; 0: any length"),
    REAL("train", "average", trainer.average, "0", 0, 0.999999, "D",
         "decay of a moving average of the weights, which is then validated and kept; 0: none"),
    REAL("train", "cross-entropy", trainer.loss.cross_entropy, "1", 0, 1000, "W",
         "weight of the cross-entropy"),
    REAL("train", "dice", trainer.loss.dice, "1", 0, 1000, "W",
         "weight of 1 - Dice; the paper's authors' code has 0.2"),
    REAL("train", "smooth", trainer.loss.smooth, "1", 1e-6, 1e6, "PIXELS",
         "added to both sides of Dice; the paper's authors' code has 0.001"),
    CHOICE("train", "balance", trainer.batches.balance, "none", BEN_BALANCE_CHOICES,
           "what counts the same in an epoch: slices (none), scans, data sets"),
    REAL("train", "keep-empty", trainer.batches.keep_empty, "1", 0, 1, "F",
         "share of the slices without brain that an epoch shows"),
    INT("train", "samples", trainer.batches.samples, "0", 0, 1000000000,
        "slices of an epoch; 0: as many as there are"),
    INT("train", "validate-every", trainer.validate_every, "1", 1, 100000,
        "epochs between validations"),
    FLAG("train", "exact-norm", trainer.exact_norm, "no",
         "at the end, norm statistics over the whole training set instead of running ones"),
    REAL("train", "threshold", trainer.threshold, "0.5", 0.01, 0.99, "P",
         "pixels of a higher probability are brain"),

    REAL("augment", "rotate", trainer.augment.rotate_deg, "10", 0, 180, "DEGREES",
         "rotation within +- this"),
    REAL("augment", "scale", trainer.augment.scale, "0.1", 0, 0.9, "F", "size within 1 +- F"),
    REAL("augment", "translate", trainer.augment.translate_px, "10", 0, 1000, "PIXELS",
         "shift within +- this along each axis"),
    REAL("augment", "flip", trainer.augment.flip, "0", 0, 1, "P",
         "probability of exchanging left and right"),
    REAL("augment", "gamma", trainer.augment.gamma, "0", 0, 5, "G",
         "exponent of the intensities within exp(+- G)"),
    REAL("augment", "contrast", trainer.augment.contrast, "0", 0, 1, "F",
         "factor of the intensities around one half within 1 +- F"),
    REAL("augment", "brightness", trainer.augment.brightness, "0", 0, 1, "B",
         "added to the intensities within +- B"),
    REAL("augment", "remap", trainer.augment.remap, "0", 0, 1, "P",
         "probability of a random curve from old to new intensities"),
    REAL("augment", "invert", trainer.augment.invert, "0", 0, 1, "P",
         "probability of exchanging dark and bright inside the head"),
    REAL("augment", "bias", trainer.augment.bias, "0", 0, 5, "SD",
         "smooth field: standard deviation of its logarithm, up to this"),
    REAL("augment", "noise", trainer.augment.noise, "0", 0, 1, "SD", "noise, up to this"),
    REAL("augment", "blur", trainer.augment.blur, "0", 0, 1, "P", "probability of a blur"),
    REAL("augment", "blur-width", trainer.augment.blur_px, "2", 0, 10, "PIXELS",
         "standard deviation of the blur along each axis, up to this"),
    REAL("augment", "turn", trainer.augment.turn, "0", 0, 1, "P",
         "probability of a rotation by any angle"),
    REAL("augment", "flip-vertical", trainer.augment.flip_vertical, "0", 0, 1, "P",
         "probability of exchanging top and bottom"),
    REAL("augment", "elastic", trainer.augment.elastic, "0", 0, 1, "P",
         "probability of a smooth deformation"),
    REAL("augment", "elastic-width", trainer.augment.elastic_px, "5", 0, 100, "PIXELS",
         "standard deviation of the deformation, up to this"),
    REAL("augment", "repaint", trainer.augment.repaint, "0", 0, 1, "P",
         "probability of random intensity curves, one for the brain and one for the rest"),
    REAL("augment", "loss", trainer.augment.loss, "0", 0, 1, "P",
         "probability of signal loss, as near air in EPI"),
    REAL("augment", "coil", trainer.augment.coil, "0", 0, 1, "P",
         "probability of a surface coil's fall-off"),
    REAL("augment", "strip", trainer.augment.strip, "0", 0, 1, "P",
         "probability that only what is near the brain is there"),
    REAL("augment", "resolution", trainer.augment.resolution, "0", 0, 1, "P",
         "probability of coarser pixels, down to a quarter"),
    REAL("augment", "ghost", trainer.augment.ghost, "0", 0, 1, "P",
         "probability of ghosts, as of motion"),
    REAL("augment", "frame", trainer.augment.frame, "0", 0, 1, "P",
         "probability of a field of view that ends early"),

    REAL("synthesis", "painted", trainer.batches.painted, "0", 0, 1, "F",
         "share of the samples that are painted from heads' labels"),
    TEXTS("synthesis", "heads", paint.folders, "DIR...",
          "folders of whole-head label maps, *_labels.nii.gz and labels.tsv"),
    FLAG("synthesis", "around-brains", paint.around, "no",
         "make up heads around the brains of the participants that train"),
    INT("synthesis", "made-heads", paint.made, "0", 0, 10000,
        "heads that are made up altogether"),

    TEXT(NULL, "cache", cache, "DIR", "keep prepared slices there for later runs"),
    INT(NULL, "checkpoint-steps", trainer.checkpoint_steps, "0", 0, 1000000000,
        "a checkpoint also every N steps; 0: after each epoch only"),
    FLAG(NULL, "half", half, "no", "store the weights as float16: half the size"),
    FLAG(NULL, "restart", restart, "no", "start over instead of going on from the checkpoint"),
};

struct trainer_config train_options_trainer(const struct train_options *options)
{
    struct trainer_config config = options->trainer;
    config.seed = (uint64_t)options->common.seed;
    config.batches.seed = config.seed;
    return config;
}

struct selection_config train_options_selection(const struct train_options *options)
{
    return (struct selection_config){.split = options->split,
                                     .validation_split = options->validation_split,
                                     .plane = options->plane,
                                     .volume = options->volume < 0 ? BEN_VOLUME_DEFAULT
                                                                   : options->volume,
                                     .folds = {.seed = (uint64_t)options->common.seed,
                                               .folds = options->folds,
                                               .fold = options->fold,
                                               .fraction = options->validation_fraction}};
}

struct prepare_config train_options_prepare(const struct train_options *options, int size)
{
    struct prepare_config config = prepare_defaults(BEN_AXIAL, size); /* plane: of each scan */
    config.n4 = options->n4;
    config.normalise.low_percent = options->percentile_low;
    config.normalise.high_percent = options->percentile_high;
    return config;
}

const struct command command_train = {
    .name = "train",
    .usage = "INPUT... WEIGHTS.h5",
    .summary = "train a network on scans with masks: a manifest, or a BIDS data set",
    .min_args = 2,
    .max_args = 1 << 20,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct train_options),
    .run = train_run,
};
