/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact statistics of the norm layers over a whole set of slices, layer by layer: each layer's
 * mean and variance are those of its input over the set with all earlier layers already set
 * (adaptive batch normalisation, Li et al. 2018, without its dependence on batches and order).
 * After training it replaces the running averages, which weigh the last few batches most. */
#ifndef BEN_TRAIN_ADABN_H
#define BEN_TRAIN_ADABN_H

#include "nn/net.h"
#include "train/dataset.h"

/* Sets every running mean and variance of net to those over slices [n]. The ranks share the
 * slices and merge in fixed order: the same values for any number of ranks and any max_batch of
 * the net. max_batch: slices per call, as net was created. Collective.
 * Fails: BEN_E_INPUT without slices; BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status adabn_exact(const struct comm *world, struct net *net, int max_batch,
                            const struct dataset *dataset, const long *slices, long n);

/* The approximation by one pass over the slices: in a fixed random order, batches of 16 are
 * normalised by their own statistics on their way, and each layer gets the mean of these and the
 * variance that goes with them. About a fifth of the time of the exact form, and the same values
 * for any number of ranks; dropout is off. Reserves a training network beside net. Collective.
 * Fails as adabn_exact. */
enum ben_status adabn_stream(const struct comm *world, struct net *net,
                             const struct dataset *dataset, const long *slices, long n);

enum adabn_form { BEN_ADABN_EXACT, BEN_ADABN_STREAM };

#define ADABN_FORM_CHOICES "exact|stream"

struct adabn_config {
    enum adabn_form form;
    double share; /* of the target in the statistics, (0, 1] */
};

/* By one or the other. With a share below 1 the statistics then become those of a set of which the
 * target's slices are that share, and what the net had its statistics from is the rest: the
 * source as a prior (Schneider et al. 2020). Collective. */
enum ben_status adabn_run(const struct adabn_config *config, const struct comm *world,
                          struct net *net, int max_batch, const struct dataset *dataset,
                          const long *slices, long n);

#endif
