/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of training's painted samples, and the heads that they mean (train/heads.h). */
#ifndef BEN_CLI_PAINT_H
#define BEN_CLI_PAINT_H

#include "base/option.h"
#include "train/heads.h"
#include "train/selection.h"

struct paint_options {
    struct option_texts folders; /* of whole-head label maps */
    bool around;                 /* heads around the brains of the participants that train */
    int made;                    /* heads made up altogether */
};

/* NULL where share is 0. Collective. Fails: BEN_E_ARG where there is nothing to paint from, and
 * as heads_create. */
enum ben_status paint_heads(const struct comm *world, const struct paint_options *options,
                            double share, uint64_t seed, const struct selection *selection,
                            struct heads **heads);

#endif
