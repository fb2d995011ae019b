/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/model.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(BEN_WEIGHTS_DROPOUT == BEN_BLOCKS, "one dropout rate for each block");

struct net_config model_config(const struct weights_arch *arch)
{
    struct net_config config = {.size = arch->size,
                                .channels = arch->channels,
                                .nonlocal = arch->nonlocal,
                                .norm_eps = arch->norm_eps,
                                .norm_momentum = arch->norm_momentum};
    memcpy(config.dropout, arch->dropout, sizeof config.dropout);
    return config;
}

enum ben_status model_load(const struct weights_file *file, struct net *net)
{
    enum ben_status st = BEN_OK;
    struct weights_want *want = NULL;
    int n;
    const struct net_param *params = net_params(net, &n);
    size_t n_values, n_trainable;
    float *values = net_values(net, &n_values, &n_trainable);
    TRY_NEW(want = calloc((size_t)n, sizeof *want));
    for (int i = 0; i < n; i++) {
        want[i].name = params[i].name;
        want[i].rank = params[i].rank;
        memcpy(want[i].shape, params[i].shape, sizeof want[i].shape);
        want[i].into = values + params[i].offset;
    }
    TRY(weights_load_values(file, want, n));
    net_refresh(net);
out:
    free(want);
    return st;
}

enum ben_status model_from_weights(const struct weights_file *file, int max_batch,
                                   bool training, struct net **net)
{
    enum ben_status st = BEN_OK;
    struct net_config config = model_config(&file->arch);
    struct net *made = NULL;
    TRY(net_create(&config, max_batch, training, &made));
    TRY(model_load(file, made));
    *net = made;
    made = NULL;
out:
    net_free(&made);
    return st;
}

enum ben_status model_to_weights(struct net *net, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    const struct net_config *config = net_config(net);
    int n;
    const struct net_param *params = net_params(net, &n);
    size_t n_values, n_trainable;
    const float *values = net_values(net, &n_values, &n_trainable);
    file->arch = (struct weights_arch){.size = config->size,
                                       .channels = config->channels,
                                       .nonlocal = config->nonlocal,
                                       .norm_eps = config->norm_eps,
                                       .norm_momentum = config->norm_momentum};
    memcpy(file->arch.dropout, config->dropout, sizeof file->arch.dropout);
    for (int i = 0; i < n; i++)
        TRY(weights_add_value(file, params[i].name, params[i].rank, params[i].shape,
                              values + params[i].offset));
out:
    return st;
}
