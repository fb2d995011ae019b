/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/net.h"
#include "base/random.h"
#include "nn/net_inner.h"

#include <math.h>
#include <stdlib.h>

/* Dropout from the bottleneck on: the encoders stay as they are, so that Monte Carlo passes
 * share them, and uncertainty comes from where the mask is decided. */
struct net_config net_config_default(void)
{
    struct net_config config = {
        .size = 256, .channels = 16, .nonlocal = true, .norm_eps = 1e-3, .norm_momentum = 0.8};
    for (int b = NET_START; b < BEN_BLOCKS; b++)
        config.dropout[b] = 0.1;
    return config;
}

enum ben_status net_create(const struct net_config *config, int max_batch, bool training,
                           struct net **net)
{
    enum ben_status st = BEN_OK;
    struct net *fresh = NULL;
    TRY_NEW(fresh = calloc(1, sizeof *fresh));
    fresh->config = *config;
    fresh->max_batch = max_batch;
    fresh->training = training;
    TRY(net_plan(fresh));
    *net = fresh;
    fresh = NULL;
out:
    net_free(&fresh);
    return st;
}

void net_free(struct net **net)
{
    if (!*net)
        return;
    arena_free(&(*net)->arena);
    free(*net);
    *net = NULL;
}

const struct net_config *net_config(const struct net *net)
{
    return &net->config;
}

const struct net_param *net_params(const struct net *net, int *n)
{
    *n = net->n_params;
    return net->params;
}

float *net_values(struct net *net, size_t *n, size_t *n_trainable)
{
    if (n)
        *n = net->n_values;
    if (n_trainable)
        *n_trainable = net->n_trainable;
    return net->values;
}

int net_block_channels(const struct net *net, int block)
{
    return net_channels(&net->blocks[block]);
}

static void init_normal(const struct net_param *param, uint64_t seed, int place, float *values)
{
    struct random_stream stream = random_open(seed, BEN_RANDOM_INIT, (uint32_t)place, 0);
    double sd = sqrt(2.0 / param->fan_in);
#pragma omp parallel for
    for (size_t i = 0; i < param->count; i++)
        values[i] = (float)(sd * random_normal(&stream, (uint32_t)i));
}

void net_init(struct net *net, uint64_t seed)
{
    for (int p = 0; p < net->n_params; p++) {
        const struct net_param *param = &net->params[p];
        float *values = net_value(net, p);
        if (param->init == BEN_INIT_HE_NORMAL)
            init_normal(param, seed, p, values);
        for (size_t i = 0; param->init != BEN_INIT_HE_NORMAL && i < param->count; i++)
            values[i] = param->init == BEN_INIT_ONE;
    }
    net_refresh(net);
}

static void refresh_conv(const struct net *net, const struct net_conv *conv)
{
    conv_pack(&conv->shape, net_value(net, conv->param), conv->packed);
    if (conv->packed_adjoint)
        conv_pack_adjoint(&conv->shape, net_value(net, conv->param), conv->packed_adjoint);
}

static void refresh_norm(const struct net *net, const struct net_block *block)
{
    const float *mean = net_value(net, block->mean), *var = net_value(net, block->var);
    for (int c = 0; c < net_channels(block); c++) {
        double scale = 1 / sqrt(var[c] + net->config.norm_eps);
        block->scale[c] = (float)scale;
        block->shift[c] = (float)(-mean[c] * scale);
    }
}

static void refresh_up(const struct net *net, const struct net_up *up)
{
    upconv_pack(&up->shape, net_value(net, up->param), up->packed);
    if (up->packed_adjoint)
        upconv_pack_adjoint(&up->shape, net_value(net, up->param), up->packed_adjoint);
}

void net_refresh(struct net *net)
{
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < 2 * BEN_BLOCKS; k++) {
        const struct net_block *block = &net->blocks[k / 2];
        refresh_conv(net, k % 2 ? &block->conv2 : &block->conv1);
    }
    for (int b = 0; b < BEN_BLOCKS; b++)
        refresh_norm(net, &net->blocks[b]);
    for (int l = 0; l < BEN_LEVELS; l++)
        refresh_up(net, &net->ups[l]);
}
