/* SPDX-License-Identifier: BSD-3-Clause */
/* What train and adapt have in common: their options, and the steps of a run from the scans to
 * the weights file. A command calls them in the order below. All collective but where said. */
#ifndef BEN_CLI_TRAINING_H
#define BEN_CLI_TRAINING_H

#include "cli/command.h"
#include "cli/paint.h"
#include "io/weights.h"
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
    /* adapt alone */
    int method, labels;
    const char *unlabelled_split;
};

struct training {
    const struct comm *world;
    const struct option_table *table;
    const struct train_options *options;
    const char *program; /* "ben-mpi train", for provenance */
    const char *output;  /* weights file */
    struct selection_config wanted;
    struct trainer_config trainer;
    struct prepare_config prepare;
    struct dataset_settler settler;        /* of how scans are cut; settle NULL: as planned */
    struct net *viewer;                    /* with which it looks */
    const struct selftrain_scorer *scorer; /* NULL: no self-training */

    char *checkpoint, *log, *rounds; /* files beside the output */
    char *identity;                  /* what the checkpoint belongs to */
    char *initial;                   /* what the values began with */
    char
        *ancestry; /* provenance of the weights they began with, and of those before; or NULL */
    struct cohort *cohort;
    struct selection selection;
    struct dataset *dataset;
    struct heads *heads; /* to paint samples from; NULL: none */
    struct net *net;
    struct trainer_result result;
};

/* From the options: what both commands start with; others' fields can be changed then. Local. */
void training_start(const struct comm *world, const struct command *command,
                    const struct train_options *options, const char *output,
                    struct training *training);

/* Names of the files beside the output; --restart removes the checkpoint. Fails: BEN_E_IO,
 * BEN_E_MEMORY. */
enum ben_status training_name_files(struct training *training);

/* Fails as cohort_open and selection_make. */
enum ben_status training_find_scans(struct training *training, const char *const *inputs,
                                    int n_inputs);

/* A fresh network by config, or what file has; sets initial (and ancestry). */
enum ben_status training_make_net(struct training *training, const struct net_config *config);
enum ben_status training_take_net(struct training *training, const struct weights_file *file);

/* Prepares the scans; failed := how many could not be used. */
enum ben_status training_prepare(struct training *training, long *failed);

/* Trains and writes the weights with their provenance. Fails as trainer_run. */
enum ben_status training_run(struct training *training);

void training_free(struct training *training);

#endif
