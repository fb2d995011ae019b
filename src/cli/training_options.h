/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of struct train_options that the option tables of train and adapt share, one macro
 * per section; where their defaults differ, the macro takes them. */
#ifndef BEN_CLI_TRAINING_OPTIONS_H
#define BEN_CLI_TRAINING_OPTIONS_H

#include "cli/training.h"

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

#define TRAINING_DATA_OPTIONS                                                                  \
    TEXT("data", "masks", masks, "DIR", "derivatives data set that holds the masks"),          \
        TEXT("data", "split", split, "NAME", "train on rows of a manifest with that split"),   \
        TEXTS("data", "where", where, "COLUMN=VALUE...",                                       \
              "rows of a manifest for which all of these hold; column=!value: that are not"),  \
        TEXTS("data", "participant-label", participants, "LABEL...",                           \
              "only these participants, with or without sub-"),                                \
        TEXT("data", "validation-split", validation_split, "NAME",                             \
             "validate on rows of a manifest with that split"),                                \
        REAL("data", "validation-fraction", validation_fraction, "0", 0, 0.9, "F",             \
             "share of the participants that validates"),                                      \
        INT("data", "folds", folds, "0", 0, 1000, "cross-validation by participant; 0: none"), \
        INT("data", "fold", fold, "1", 1, 1000, "the fold that validates, from 1"),            \
        INT("data", "volume", volume, "-1", -1, 1000000,                                       \
            "time point of 4-D scans, from 0; -1: the fifth, or the last of fewer"),           \
        CHOICE("data", "plane", plane, "auto", "auto|sagittal|coronal|axial",                  \
               "slice plane; auto: by each scan's species")

#define TRAINING_TRAIN_OPTIONS(epochs_, batch_, rate_, schedule_, warmup_, average_, samples_, \
                               keep_, exact_)                                                  \
    INT("train", "epochs", trainer.epochs, epochs_, 1, 100000,                                 \
        "passes over the training set"),                                                       \
        INT("train", "batch", trainer.batch, batch_, 1, 65536,                                 \
            "slices of a step, shared among the ranks"),                                       \
        REAL("train", "rate", trainer.rate, rate_, 0, 10, "R",                                 \
             "learning rate at its highest"),                                                  \
        CHOICE("train", "schedule", trainer.schedule, schedule_, "constant|cosine",            \
               "course of the learning rate"),                                                 \
        REAL("train", "final-rate", trainer.final_rate, "0.01", 0, 1, "F",                     \
             "what a cosine leaves of the learning rate, as a factor"),                        \
        REAL("train", "warmup", trainer.warmup_epochs, warmup_, 0, 10000, "EPOCHS",            \
             "linear rise of the learning rate"),                                              \
        REAL("train", "beta1", trainer.adam.beta1, "0.9", 0, 0.99999, "B",                     \
             "Adam's first moment"),                                                           \
        REAL("train", "beta2", trainer.adam.beta2, "0.999", 0, 0.999999, "B",                  \
             "Adam's second moment"),                                                          \
        REAL("train", "eps", trainer.adam.eps, "1e-8", 1e-16, 1, "E", "Adam's epsilon"),       \
        REAL("train", "weight-decay", trainer.adam.weight_decay, "0", 0, 10, "D",              \
             "decoupled weight decay"),                                                        \
        REAL("train", "clip", trainer.adam.clip_norm, "0", 0, 1e9, "L",                        \
             "longest gradient; longer ones are scaled; 0: any length"),                       \
        REAL("train", "average", trainer.average, average_, 0, 0.999999, "D",                  \
             "decay of a moving average of the weights, which is then validated and kept; 0: " \
             "none"),                                                                          \
        REAL("train", "cross-entropy", trainer.loss.cross_entropy, "1", 0, 1000, "W",          \
             "weight of the cross-entropy"),                                                   \
        REAL("train", "dice", trainer.loss.dice, "1", 0, 1000, "W",                            \
             "weight of 1 - Dice; the paper's authors' code has 0.2"),                         \
        REAL("train", "smooth", trainer.loss.smooth, "1", 1e-6, 1e6, "PIXELS",                 \
             "added to both sides of Dice; the paper's authors' code has 0.001"),              \
        CHOICE("train", "balance", trainer.batches.balance, "none", BEN_BALANCE_CHOICES,       \
               "what counts the same in an epoch: slices (none), scans, data sets"),           \
        REAL("train", "keep-empty", trainer.batches.keep_empty, "1", 0, 1, "F",                \
             "share of the slices without brain that an epoch shows"),                         \
        INT("train", "samples", trainer.batches.samples, samples_, 0, 1000000000,              \
            "slices of an epoch; 0: as many as there are"),                                    \
        INT("train", "validate-every", trainer.validate_every, "1", 1, 100000,                 \
            "epochs between validations"),                                                     \
        REAL("train", "keep-source", trainer.keep_source, keep_, 0, 1, "F",                    \
             "share of the values that training began with in those that it ends with"),       \
        FLAG("train", "exact-norm", trainer.exact_norm, exact_,                                \
             "at the end, norm statistics over the whole training set instead of running "     \
             "ones"),                                                                          \
        REAL("train", "threshold", trainer.threshold, "0.5", 0.01, 0.99, "P",                  \
             "pixels of a higher probability are brain")

#define TRAINING_AUGMENT_OPTIONS(flip_, gamma_, contrast_, brightness_, bias_, noise_, blur_)  \
    REAL("augment", "rotate", trainer.augment.rotate_deg, "10", 0, 180, "DEGREES",             \
         "rotation within +- this"),                                                           \
        REAL("augment", "scale", trainer.augment.scale, "0.1", 0, 0.9, "F",                    \
             "size within 1 +- F"),                                                            \
        REAL("augment", "translate", trainer.augment.translate_px, "10", 0, 1000, "PIXELS",    \
             "shift within +- this along each axis"),                                          \
        REAL("augment", "flip", trainer.augment.flip, flip_, 0, 1, "P",                        \
             "probability of exchanging left and right"),                                      \
        REAL("augment", "gamma", trainer.augment.gamma, gamma_, 0, 5, "G",                     \
             "exponent of the intensities within exp(+- G)"),                                  \
        REAL("augment", "contrast", trainer.augment.contrast, contrast_, 0, 1, "F",            \
             "factor of the intensities around one half within 1 +- F"),                       \
        REAL("augment", "brightness", trainer.augment.brightness, brightness_, 0, 1, "B",      \
             "added to the intensities within +- B"),                                          \
        REAL("augment", "remap", trainer.augment.remap, "0", 0, 1, "P",                        \
             "probability of a random curve from old to new intensities"),                     \
        REAL("augment", "invert", trainer.augment.invert, "0", 0, 1, "P",                      \
             "probability of exchanging dark and bright inside the head"),                     \
        REAL("augment", "bias", trainer.augment.bias, bias_, 0, 5, "SD",                       \
             "smooth field: standard deviation of its logarithm, up to this"),                 \
        REAL("augment", "noise", trainer.augment.noise, noise_, 0, 1, "SD",                    \
             "noise, up to this"),                                                             \
        REAL("augment", "noiseless", trainer.augment.noiseless, "0", 0, 1, "P",                \
             "probability of no noise at all: averaged and interpolated scans have little"),   \
        REAL("augment", "blur", trainer.augment.blur, blur_, 0, 1, "P",                        \
             "probability of a blur"),                                                         \
        REAL("augment", "blur-width", trainer.augment.blur_px, "2", 0, 10, "PIXELS",           \
             "standard deviation of the blur along each axis, up to this"),                    \
        REAL("augment", "turn", trainer.augment.turn, "0", 0, 1, "P",                          \
             "probability of a rotation by any angle"),                                        \
        REAL("augment", "flip-vertical", trainer.augment.flip_vertical, "0", 0, 1, "P",        \
             "probability of exchanging top and bottom"),                                      \
        REAL("augment", "elastic", trainer.augment.elastic, "0", 0, 1, "P",                    \
             "probability of a smooth deformation"),                                           \
        REAL("augment", "elastic-width", trainer.augment.elastic_px, "5", 0, 100, "PIXELS",    \
             "standard deviation of the deformation, up to this"),                             \
        REAL(                                                                                  \
            "augment", "repaint", trainer.augment.repaint, "0", 0, 1, "P",                     \
            "probability of random intensity curves, one for the brain and one for the rest"), \
        REAL("augment", "loss", trainer.augment.loss, "0", 0, 1, "P",                          \
             "probability of signal loss, as near air in EPI"),                                \
        REAL("augment", "coil", trainer.augment.coil, "0", 0, 1, "P",                          \
             "probability of a surface coil's fall-off"),                                      \
        REAL("augment", "strip", trainer.augment.strip, "0", 0, 1, "P",                        \
             "probability that only what is near the brain is there"),                         \
        REAL("augment", "resolution", trainer.augment.resolution, "0", 0, 1, "P",              \
             "probability of coarser pixels, down to a quarter"),                              \
        REAL("augment", "ghost", trainer.augment.ghost, "0", 0, 1, "P",                        \
             "probability of ghosts, as of motion"),                                           \
        REAL("augment", "frame", trainer.augment.frame, "0", 0, 1, "P",                        \
             "probability of a field of view that ends early"),                                \
        REAL("augment", "dim", trainer.augment.dim, "0", 0, 1, "P",                            \
             "probability that all but the brain is darker")

#define TRAINING_RUN_OPTIONS                                                                   \
    TEXT(NULL, "cache", cache, "DIR", "keep prepared slices there for later runs"),            \
        INT(NULL, "checkpoint-steps", trainer.checkpoint_steps, "0", 0, 1000000000,            \
            "a checkpoint also every N steps; 0: after each epoch only"),                      \
        FLAG(NULL, "half", half, "no", "store the weights as float16: half the size"),         \
        FLAG(NULL, "restart", restart, "no",                                                   \
             "start over instead of going on from the checkpoint")

#endif
