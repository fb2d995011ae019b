/* SPDX-License-Identifier: BSD-3-Clause */
/* Between a network in memory (nn/net.h) and its weights file (io/weights.h), which know nothing
 * of each other: architecture and named values, both ways. All Local. */
#ifndef BEN_TRAIN_MODEL_H
#define BEN_TRAIN_MODEL_H

#include "io/weights.h"
#include "nn/net.h"

/* The network that an architecture in a file means. */
struct net_config model_config(const struct weights_arch *arch);

/* The network that the file describes, with its values, ready for passes. Fails: BEN_E_ARG
 * naming the file for an impossible architecture or tensors that do not fit it. */
enum ben_status model_from_weights(const struct weights_file *file, int max_batch,
                                   bool training, struct net **net);

/* Puts the file's values into a network that exists, as for fine-tuning. Fails: BEN_E_ARG. */
enum ben_status model_load(const struct weights_file *file, struct net *net);

/* Architecture and all values of net into an empty file. */
enum ben_status model_to_weights(struct net *net, struct weights_file *file);

#endif
