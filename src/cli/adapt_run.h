/* SPDX-License-Identifier: BSD-3-Clause */
/* The run of adapt: what each method is made of. */
#ifndef BEN_CLI_ADAPT_RUN_H
#define BEN_CLI_ADAPT_RUN_H

#include "cli/training.h"

enum adapt_method {
    BEN_ADAPT_BEN,      /* AdaBN, then labels and pseudo-labels */
    BEN_ADAPT_FINETUNE, /* from the source's values, labels alone */
    BEN_ADAPT_SCRATCH,  /* from random values, labels alone */
    BEN_ADAPT_ADABN,    /* norm statistics of the target alone */
    BEN_ADAPT_NONE,     /* the source as it is */
};

#define ADAPT_METHOD_CHOICES "ben|finetune|scratch|adabn|none"

/* config: struct train_options. Prepares the scans, adapts, writes weights; beside them the logs,
 * and the checkpoint while it lasts. Collective. */
enum ben_status adapt_run(struct command_context *context, void *config);

#endif
