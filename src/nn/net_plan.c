/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/net_inner.h"

#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum ben_status check_config(const struct net_config *config, int max_batch)
{
    enum ben_status st = BEN_OK;
    int least = config->nonlocal ? 32 : 16; /* two positions at least to pool */
    if (config->size < least || config->size > 4096 || config->size % 16)
        FAIL(BEN_E_ARG, "network: size %d must be a multiple of 16 from %d to 4096",
             config->size, least);
    if (config->channels < 16 || config->channels > 256 || config->channels % 16)
        FAIL(BEN_E_ARG, "network: %d channels must be a multiple of 16 from 16 to 256",
             config->channels);
    for (int b = 0; b < BEN_BLOCKS; b++)
        if (!(config->dropout[b] >= 0 && config->dropout[b] < 1))
            FAIL(BEN_E_ARG, "network: dropout rate %g must be in [0, 1)", config->dropout[b]);
    if (!(config->norm_eps > 0) || !(config->norm_momentum >= 0 && config->norm_momentum <= 1))
        FAIL(BEN_E_ARG, "network: norm eps %g must be above 0 and momentum %g in [0, 1]",
             config->norm_eps, config->norm_momentum);
    if (max_batch < 1)
        FAIL(BEN_E_ARG, "network: batch of %d slices; at least 1", max_batch);
out:
    return st;
}

/* Appends a parameter; returns its place. shape[3] of 0 ends shorter shapes. */
static int add(struct net *net, struct net_param param, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int add(struct net *net, struct net_param param, const char *format, ...)
{
    ENSURE(net->n_params < NET_PARAMS);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(param.name, sizeof param.name, format, arguments);
    va_end(arguments);
    param.count = 1;
    for (param.rank = 0; param.rank < 4 && param.shape[param.rank]; param.rank++)
        param.count *= (size_t)param.shape[param.rank];
    param.offset = net->n_values;
    net->n_values += param.count;
    if (param.trainable)
        net->n_trainable = net->n_values;
    net->params[net->n_params] = param;
    return net->n_params++;
}

static struct net_param weight(int o, int c, int side, int fan_in)
{
    return (struct net_param){.shape = {o, c, side, side},
                              .trainable = true,
                              .init = BEN_INIT_HE_NORMAL,
                              .fan_in = fan_in};
}

static struct net_param vector(int n, bool trainable, enum net_init_rule init)
{
    return (struct net_param){.shape = {n}, .trainable = trainable, .init = init};
}

static const char *const block_names[BEN_BLOCKS] = {
    "enc1", "enc2", "enc3", "enc4", "start", "end", "dec4", "dec3", "dec2", "dec1",
};

static void plan_conv(struct net *net, struct net_conv *conv, const char *block, int place)
{
    int c = conv->shape.c, o = conv->shape.o;
    conv->param = add(net, weight(o, c, 3, 9 * c), "%s.conv%d.weight", block, place);
    add(net, vector(o, true, BEN_INIT_ZERO), "%s.conv%d.bias", block, place);
}

/* Block b on level: skip more channels come to c from the encoder. */
static void plan_block(struct net *net, int b, int level, int c, int skip)
{
    struct net_block *block = &net->blocks[b];
    int side = net->config.size >> level, o = net->config.channels << level;
    block->pixels = side * side;
    block->skip_channels = skip;
    block->conv1.shape = (struct conv_shape){c + skip, o, side, side, 1, {0, 0}};
    block->conv2.shape = (struct conv_shape){o, o, side, side, 1, {0, 0}};
    plan_conv(net, &block->conv1, block_names[b], 1);
    plan_conv(net, &block->conv2, block_names[b], 2);
}

static void plan_nonlocal(struct net *net)
{
    int c = net->config.channels << BEN_LEVELS, side = net->config.size >> BEN_LEVELS;
    net->nonlocal = (struct nonlocal_shape){c, side * side};
    net->nonlocal_param = add(net, weight(c / 2, c, 1, c), "nonlocal.theta.weight");
    add(net, weight(c / 2, c, 1, c), "nonlocal.phi.weight");
    add(net, weight(c / 2, c, 1, c), "nonlocal.g.weight");
    add(net, weight(c, c / 2, 1, c / 2), "nonlocal.output.weight");
}

/* An output pixel sees one tap of each input channel: fan-in is the channels. */
static void plan_up(struct net *net, int level)
{
    struct net_up *up = &net->ups[level];
    int o = net->config.channels << level, side = net->config.size >> (level + 1);
    const char *name = block_names[NET_DEC(level)];
    up->shape = (struct upconv_shape){2 * o, o, side, side};
    up->param = add(net, weight(2 * o, o, 2, 2 * o), "%s.up.weight", name);
    add(net, vector(o, true, BEN_INIT_ZERO), "%s.up.bias", name);
}

/* Layers in the order of the figure, then all running statistics. */
static void plan_layers(struct net *net)
{
    int channels = net->config.channels, deep = channels << BEN_LEVELS;
    plan_block(net, NET_ENC(0), 0, 1, 0);
    for (int l = 1; l < BEN_LEVELS; l++)
        plan_block(net, NET_ENC(l), l, channels << (l - 1), 0);
    plan_block(net, NET_START, BEN_LEVELS, deep / 2, 0);
    if (net->config.nonlocal)
        plan_nonlocal(net);
    plan_block(net, NET_END, BEN_LEVELS, deep, 0);
    for (int l = BEN_LEVELS - 1; l >= 0; l--) {
        plan_up(net, l);
        plan_block(net, NET_DEC(l), l, channels << l, channels << l);
    }
    net->final_param = add(net, weight(1, channels, 1, channels), "final.weight");
    add(net, vector(1, true, BEN_INIT_ZERO), "final.bias");
    for (int b = 0; b < BEN_BLOCKS; b++) {
        int c = net_channels(&net->blocks[b]);
        net->blocks[b].mean =
            add(net, vector(c, false, BEN_INIT_ZERO), "%s.norm.mean", block_names[b]);
        net->blocks[b].var =
            add(net, vector(c, false, BEN_INIT_ONE), "%s.norm.var", block_names[b]);
    }
}

/* The reservation is walked twice: without an arena to add up, then to hand out. */
struct reservation {
    struct arena *arena;
    size_t bytes;
};

static void *take(struct reservation *r, size_t bytes)
{
    r->bytes += arena_round(bytes);
    return r->arena ? arena_take(r->arena, bytes) : NULL;
}

static float *take_floats(struct reservation *r, size_t n)
{
    return take(r, n * sizeof(float));
}

static void reserve_conv(struct reservation *r, struct net_conv *conv, bool training)
{
    conv->packed = take_floats(r, conv_packed_floats(&conv->shape));
    struct conv_shape turned = conv->shape;
    turned.c = conv->shape.o;
    turned.o = conv->shape.c;
    if (training && conv->shape.c > 1)
        conv->packed_adjoint = take_floats(r, conv_packed_floats(&turned));
}

static void reserve_layers(struct net *net, struct reservation *r)
{
    net->values = take_floats(r, net->n_values);
    for (int b = 0; b < BEN_BLOCKS; b++) {
        struct net_block *block = &net->blocks[b];
        reserve_conv(r, &block->conv1, net->training);
        reserve_conv(r, &block->conv2, net->training);
        block->scale = take_floats(r, (size_t)net_channels(block));
        block->shift = take_floats(r, (size_t)net_channels(block));
    }
    for (int l = 0; l < BEN_LEVELS; l++) {
        struct net_up *up = &net->ups[l];
        up->packed = take_floats(r, upconv_packed_floats(&up->shape));
        if (net->training)
            up->packed_adjoint = take_floats(r, upconv_packed_floats(&up->shape));
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t scratch_floats(const struct net *net)
{
    size_t most = 0;
    for (int b = 0; b < BEN_BLOCKS; b++) {
        most = larger(most, conv_scratch_floats(&net->blocks[b].conv1.shape));
        most = larger(most, conv_scratch_floats(&net->blocks[b].conv2.shape));
    }
    for (int l = 0; l < BEN_LEVELS; l++)
        most = larger(most, upconv_packed_floats(&net->ups[l].shape));
    if (net->config.nonlocal)
        most = larger(most, nonlocal_scratch_floats(&net->nonlocal));
    return most;
}

/* 16-bit words of the largest dropout mask of a slice, and of the samples' that lie together. */
static size_t keep_words(const struct net *net)
{
    size_t most = 0;
    for (int b = 0; b < BEN_BLOCKS; b++) {
        size_t n = b >= NET_START && b <= NET_DEC(NET_DEEP) ? NET_TOGETHER : 1;
        if (net->config.dropout[b] > 0)
            most = larger(most, n * net_block_floats(&net->blocks[b]) / 16);
    }
    return most;
}

static void reserve_sampling(const struct net *net, struct reservation *r,
                             struct net_workspace *w)
{
    int first = net_first_dropout(net);
    if (first == BEN_BLOCKS)
        return;
    w->ahead = take_floats(r, net_block_floats(&net->blocks[first]));
    for (int l = 0; l < BEN_LEVELS; l++)
        w->part[l] = take_floats(r, net_block_floats(&net->blocks[NET_DEC(l)]));
}

static void reserve_workspace(const struct net *net, struct reservation *r,
                              struct net_workspace *w)
{
    size_t top = net_block_floats(&net->blocks[NET_ENC(0)]);
    w->a = take_floats(r, top);
    w->b = take_floats(r, top);
    w->deep = take_floats(r, top);
    for (int l = 0; l < BEN_LEVELS; l++)
        w->skip[l] =
            take_floats(r, (size_t)net->group * net_block_floats(&net->blocks[NET_ENC(l)]));
    reserve_sampling(net, r, w);
    if (net->config.nonlocal)
        w->kept = take_floats(r, nonlocal_kept_floats(&net->nonlocal));
    w->keep = take(r, keep_words(net) * sizeof *w->keep);
    w->scratch = take_floats(r, scratch_floats(net));
}

/* What forward leaves for backward, all slices. */
static void reserve_activations(struct net *net, struct reservation *r)
{
    size_t n = (size_t)net->max_batch, before = r->bytes;
    for (int b = 0; b < BEN_BLOCKS; b++) {
        struct net_block *block = &net->blocks[b];
        size_t floats = net_block_floats(block);
        block->y1 = take_floats(r, n * floats);
        block->y2 = take_floats(r, n * floats);
        block->z = take_floats(r, n * floats);
    }
    for (int l = 0; l < BEN_LEVELS; l++) {
        size_t floats = net_block_floats(&net->blocks[NET_ENC(l)]);
        net->pooled[l] = take_floats(r, n * floats / 4);
        net->ups[l].y = take_floats(r, n * floats);
    }
    if (net->config.nonlocal) {
        net->nonlocal_out = take_floats(r, n * net_block_floats(&net->blocks[NET_START]));
        net->nonlocal_kept = take_floats(r, n * nonlocal_kept_floats(&net->nonlocal));
    }
    net->activation_bytes = r->bytes - before;
    for (int b = 0; b < BEN_BLOCKS; b++)
        if (net->config.dropout[b] > 0)
            net->blocks[b].keep = take(r, n * net_block_floats(&net->blocks[b]) / 16 *
                                              sizeof *net->blocks[b].keep);
}

/* Values of the largest layer: of those parameters whose gradients are delivered together. */
static size_t layer_values(const struct net *net)
{
    size_t most = net->config.nonlocal ? nonlocal_weight_floats(&net->nonlocal) : 0;
    for (int p = 0; p + 1 < net->n_params; p++)
        if (net->params[p].trainable)
            most = larger(most, net->params[p].count + net->params[p + 1].count);
    return most;
}

/* The same of what lies ahead of a block: a way up, or the non-local block. */
static size_t ahead_values(const struct net *net)
{
    size_t most = net->config.nonlocal ? nonlocal_weight_floats(&net->nonlocal) : 0;
    for (int l = 0; l < BEN_LEVELS; l++) {
        const struct net_param *up = &net->params[net->ups[l].param];
        most = larger(most, up[0].count + up[1].count);
    }
    return most;
}

static void reserve_training(struct net *net, struct reservation *r)
{
    size_t n = (size_t)net->max_batch, deep = (size_t)net->config.channels << BEN_LEVELS;
    reserve_activations(net, r);
    size_t top = net_block_floats(&net->blocks[NET_ENC(0)]);
    for (int k = 0; k < 3; k++)
        net->gradient[k] = take_floats(r, k < 2 ? n * top : n * top / 2);
    for (int l = 0; l < BEN_LEVELS; l++)
        net->skip_gradient[l] = take_floats(r, n * net_block_floats(&net->blocks[NET_ENC(l)]));
    net->pooled_gradient = take_floats(r, n * top / 4);
    for (int k = 0; k < 2; k++)
        net->parts[k] = take_floats(r, n * layer_values(net));
    net->parts[2] = take_floats(r, n * ahead_values(net));
    net->sums = take(r, n * 2 * deep * sizeof *net->sums);
    net->total = take(r, 2 * deep * sizeof *net->total);
    net->mean_g = take_floats(r, deep);
    net->mean_gx = take_floats(r, deep);
    for (int b = 0; b < BEN_BLOCKS; b++) {
        net->blocks[b].batch_scale = take_floats(r, deep);
        net->blocks[b].batch_shift = take_floats(r, deep);
    }
}

static void reserve(struct net *net, struct reservation *r)
{
    reserve_layers(net, r);
    net->workspaces = take(r, (size_t)net->threads * sizeof *net->workspaces);
    for (int t = 0; t < net->threads; t++) {
        struct net_workspace workspace = {0};
        reserve_workspace(net, r, &workspace);
        if (net->workspaces)
            net->workspaces[t] = workspace;
    }
    net->scratch = take(r, (size_t)net->team * sizeof *net->scratch);
    for (int t = 0; t < net->team; t++) {
        float *own = t < net->threads ? NULL : take_floats(r, scratch_floats(net));
        if (net->scratch)
            net->scratch[t] = own ? own : net->workspaces[t].scratch;
    }
    if (net->training)
        reserve_training(net, r);
}

enum ben_status net_plan(struct net *net)
{
    enum ben_status st = BEN_OK;
    TRY(check_config(&net->config, net->max_batch));
    net->team = omp_get_max_threads();
    net->threads = net->team < net->max_batch ? net->team : net->max_batch;
    net->group = (net->max_batch + net->threads - 1) / net->threads;
    net->group = net->group < NET_GROUP ? net->group : NET_GROUP;
    plan_layers(net);
    struct reservation r = {0};
    reserve(net, &r);
    TRY(arena_create(r.bytes, &net->arena));
    r = (struct reservation){.arena = net->arena};
    reserve(net, &r);
out:
    return st;
}
