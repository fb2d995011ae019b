/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything that training needs to go on exactly where it stopped, and its file: a checkpoint
 * in the format of io/weights.h, with the network's values, the optimiser, the moving average,
 * the best values so far, the place in the epochs and the training log. */
#ifndef BEN_TRAIN_CHECKPOINT_H
#define BEN_TRAIN_CHECKPOINT_H

#include "mpi/comm.h"
#include "nn/net.h"
#include "train/adam.h"

#include <stdbool.h>
#include <stdint.h>

struct train_state {
    struct net *net; /* borrowed; its values are the current ones */
    struct adam adam;
    float *average; /* [n] moving average of all values; NULL: not kept */
    float *best;    /* [n] the values that validated best */
    size_t n, n_trainable;
    int64_t epoch, step;            /* epochs finished; optimiser steps made in all */
    int64_t place;                  /* samples of the unfinished epoch already seen */
    double entropy, dice;           /* sums over those samples of CE and 1 - Dice */
    double norm;                    /* longest gradient of the unfinished epoch */
    double last_entropy, last_dice; /* means of the last finished epoch */
    double best_dice;               /* below zero before the first validation */
    int64_t best_epoch;
    char *log; /* the training log's text so far, owned */
    /* Self-training; teacher NULL: none */
    float *teacher;       /* [n] the values that made the present pseudo-labels */
    int64_t rounds;       /* made */
    int64_t round_epoch;  /* epochs that were finished at the last one */
    double pseudo;        /* sum over the epoch's pseudo-labelled samples of 1 - Dice */
    int64_t pseudo_place; /* how many those are */
    char *round_log;      /* the rounds' table so far, owned */
};

/* Zeroed state around net. Fails: BEN_E_MEMORY. Local. */
enum ben_status train_state_create(struct net *net, bool average, bool selftrain,
                                   struct train_state *state);
void train_state_free(struct train_state *state);

/* Writes the state; identity is a text that says what run it belongs to. Rank 0 writes, all
 * ranks learn the outcome. Collective. */
enum ben_status checkpoint_write(const struct comm *world, const char *path,
                                 const char *identity, const struct train_state *state);

/* Reads it into state (and its net) on all ranks. Fails: BEN_E_ARG where the file belongs to
 * another run: the first line of identity that differs is named. Collective. */
enum ben_status checkpoint_read(const struct comm *world, const char *path,
                                const char *identity, struct train_state *state);

#endif
