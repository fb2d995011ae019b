/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slices an epoch shows, in which order, and the arrays a step works on. Both are
 * functions of the seed, the epoch and the slices alone: ranks take any part of a batch and
 * see what a single rank would see there.
 *
 * Each slice has a weight (balance, share of slices without brain). An epoch of N samples takes
 * slice i about N * weight_i / sum(weights) times, by systematic sampling with a random start,
 * then shuffles. Without balance and dropping, that is each slice once. */
#ifndef BEN_TRAIN_BATCH_H
#define BEN_TRAIN_BATCH_H

#include "train/augment.h"
#include "train/dataset.h"
#include "train/synth.h"

enum batch_balance {
    BEN_BALANCE_NONE,    /* every slice counts the same */
    BEN_BALANCE_SCAN,    /* every scan counts the same */
    BEN_BALANCE_DATASET, /* every data set counts the same, within it every scan */
};

#define BEN_BALANCE_CHOICES "none|scan|dataset"

struct batch_config {
    uint64_t seed;
    enum batch_balance balance;
    double keep_empty; /* share of the slices without brain that an epoch shows, [0, 1] */
    int samples;       /* per epoch; 0: as many as there are slices, less the dropped */
    double painted;    /* share of the samples that are painted from heads, [0, 1] */
};

struct batches;

/* Over the slices with use[slice], whose masks the data set holds, and over heads (NULL: none;
 * borrowed). Local. Fails: BEN_E_INPUT when no slice is left; BEN_E_MEMORY. */
enum ben_status batches_create(const struct batch_config *config, const struct dataset *dataset,
                               const bool *use, const struct heads *heads,
                               struct batches **batches);
void batches_free(struct batches **batches);

/* Samples in every epoch. */
long batches_samples(const struct batches *batches);

/* Draws the order of that epoch; batches_slice and batches_fill speak of it from then on. */
void batches_start_epoch(struct batches *batches, uint32_t epoch);

/* The slice that is the epoch's sample at place. */
long batches_slice(const struct batches *batches, long place);

/* Samples [first, first+n) of the epoch, augmented: x, y [n][size][size]. Threads share the
 * samples. Fails: BEN_E_MEMORY (threads' scratch, at the first call). */
enum ben_status batches_fill(struct batches *batches, const struct augment_config *augment,
                             long first, int n, float *x, float *y);

#endif
