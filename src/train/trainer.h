/* SPDX-License-Identifier: BSD-3-Clause */
/* Training, supervised and by pseudo-labels, data-parallel over the ranks and equal to serial training to the bit:
 * each step shares one global batch, whose norm statistics, losses and gradients are summed in
 * an order that depends on the batch alone (mpi/reduce.h).
 *
 *   epoch: { fill -> net_train_forward -> loss -> net_backward -> reduce -> adam -> refresh }
 *          -> validate -> best -> log -> checkpoint
 *
 * With unlabelled scans (adaptation), from epoch T_sl on a step's batch is N labelled and M
 * pseudo-labelled slices, and its loss (Yu et al. 2022)
 *   1/N sum CE + lambda_Dice (1 - D)  +  lambda_sl / M sum (1 - D against the pseudo-label).
 * Before that, and every so many epochs, a round makes new pseudo-labels (train/selftrain.h) with
 * the moving average of the values, or without one the values, and norm statistics over all
 * target slices. Without a labelled scan the pseudo-labels are all there is.
 *
 * A run that was stopped goes on from its checkpoint and ends with the same bytes as a run that
 * was not. */
#ifndef BEN_TRAIN_TRAINER_H
#define BEN_TRAIN_TRAINER_H

#include "nn/loss.h"
#include "train/adam.h"
#include "train/adabn.h"
#include "train/batch.h"
#include "train/selftrain.h"
#include "train/validate.h"

struct trainer_config {
    uint64_t seed;
    int epochs; /* 0: nothing is trained */
    int batch;  /* labelled slices of a global batch */
    struct loss_config loss;
    struct adam_config adam;
    enum adam_schedule schedule;
    double rate;          /* learning rate at its highest */
    double final_rate;    /* COSINE: factor at the end */
    double warmup_epochs; /* linear rise */
    double keep_source; /* share of the first values in the last ones (Wortsman et al. 2022) */
    double average;     /* decay of the values' moving average per step; 0: none */
    struct batch_config batches;
    struct augment_config augment;
    int validate_every;   /* epochs; the last one always */
    int checkpoint_steps; /* a checkpoint also every so many steps; 0: at epochs' ends only */
    bool exact_norm;      /* at the end, norm statistics over all slices that trained */
    struct adabn_config norm;          /* how those, and the rounds', are taken */
    double threshold;                  /* of the probability in validation */
    struct selftrain_config selftrain; /* batch 0: unlabelled scans serve the norm alone */
};

struct trainer_job {
    const struct comm *world;
    const struct dataset *dataset;
    const struct heads *heads;             /* to paint samples from; NULL: none */
    const bool *validates;                 /* [n_scans] held out; the other scans train */
    const bool *unlabelled;                /* [n_scans] without their masks; NULL: none */
    const struct selftrain_scorer *scorer; /* of pseudo-labels; NULL without self-training */
    const char *identity;      /* what the checkpoint belongs to: options and data */
    const char *checkpoint;    /* file; continued where it exists */
    const char *log;           /* TSV file, one row per epoch */
    const char *rounds;        /* TSV file, one row per round of pseudo-labels */
    bool (*interrupted)(void); /* asked before each step; NULL: never */
};

struct trainer_result {
    int64_t epochs, steps, best_epoch; /* best_epoch 0: there was no validation */
    double loss, entropy, dice;        /* of the last epoch: total, CE, 1 - Dice */
    int64_t rounds;                    /* of pseudo-labels */
    struct selftrain_report last_round;
    struct validation trained; /* the chosen values with their running statistics */
    struct validation final;   /* as they are now: the same, or with exact statistics */
};

/* Slices per call that the net must be created for. Local. */
int trainer_max_batch(const struct trainer_config *config, const struct comm *world);

/* Trains net from its present values, and leaves in it the values that validated best (without
 * validation: the last ones; with a moving average: its values). Writes logs and checkpoint; the
 * caller removes the checkpoint once the result is safe. Zero epochs: the norm statistics alone
 * change, where config asks for that. Collective.
 * Fails: BEN_E_INTERRUPTED after a checkpoint; BEN_E_ARG for a checkpoint of another run, or
 * when training diverges; BEN_E_INPUT without a slice; BEN_E_IO, BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status trainer_run(const struct trainer_job *job, const struct trainer_config *config,
                            struct net *net, struct trainer_result *result);

#endif
