/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/nlunet.h"
#include "nn/dropout.h"
#include "nn/final.h"
#include "nn/norm.h"
#include "nn/pool.h"

/* [2][channels] of one tensor. */
static void measure(const struct net_block *block, const float *y, double *moments)
{
    int c = net_channels(block);
    float about[BEN_MAX_CHANNELS];
    double sums[2 * BEN_MAX_CHANNELS];
    norm_sums(c / 16, block->pixels, y, NULL, sums);
    for (int k = 0; k < c; k++)
        about[k] = (float)(sums[k] / block->pixels);
    norm_sums(c / 16, block->pixels, y, about, sums);
    for (int k = 0; k < c; k++) { /* about is the mean but for its rounding */
        double rest = sums[k] / block->pixels;
        moments[k] = about[k] + rest;
        moments[c + k] = sums[c + k] - rest * sums[k];
    }
}

/* The masks behind block b -> work->keep. */
static void draw(const struct walk *w, int b)
{
    size_t groups = net_block_floats(&w->net->blocks[b]) / 16;
    double start = net_clock_start(w->net);
    for (uint32_t i = 0; i < (uint32_t)w->n; i++) {
        struct random_stream stream = net_dropout_mc(w->aim->seed, w->key, w->sample + i, b);
        dropout_mask(&stream, w->net->config.dropout[b], groups, w->work->keep + i * groups);
    }
    net_clock_stop(w->net, NET_LAYER_DROPOUT, start);
}

void nlunet_drop(const struct walk *w, int b, float *z)
{
    draw(w, b);
    double start = net_clock_start(w->net);
    dropout_apply((size_t)w->n * net_block_floats(&w->net->blocks[b]) / 16, w->work->keep,
                  dropout_scale(w->net->config.dropout[b]), z);
    net_clock_stop(w->net, NET_LAYER_DROPOUT, start);
}

/* Whether the level's skip has met no dropout, and its decoder comes after some. */
static bool is_parted(const struct walk *w, int level)
{
    return NET_ENC(level) < w->aim->first && w->aim->first < NET_DEC(level);
}

/* Of the inputs of a decoder's first convolution. */
static struct conv_part upsampled(const struct net_block *block, const float *x)
{
    return (struct conv_part){x, 0, block->conv1.shape.c - block->skip_channels};
}

static struct conv_part skipped(const struct net_block *block, const float *x)
{
    return (struct conv_part){x, block->conv1.shape.c - block->skip_channels,
                              block->skip_channels};
}

/* For each of the team one share. */
#define EACH_SHARE(w)                                                                          \
    _Pragma("omp parallel for num_threads((w)->team) if ((w)->team > 1)") for (int t = 0;      \
                                                                               t < (w)->team;  \
                                                                               t++)

static float *scratch_of(const struct walk *w, int t)
{
    return w->team > 1 ? w->net->scratch[t] : w->work->scratch;
}

/* Of the walk's tensors. */
static struct conv_shape shape_of(const struct walk *w, const struct net_conv *conv, int t)
{
    struct conv_shape shape = conv->shape;
    shape.n = w->n;
    shape.share = (struct share){t, w->team};
    return shape;
}

void nlunet_part(const struct walk *w)
{
    for (int l = 0; l < BEN_LEVELS; l++) {
        const struct net_conv *conv = &w->net->blocks[NET_DEC(l)].conv1;
        struct conv_part part = skipped(&w->net->blocks[NET_DEC(l)], nlunet_skip(w, l));
        if (!is_parted(w, l))
            continue;
        double start = net_clock_start(w->net);
        EACH_SHARE(w)
        {
            struct conv_shape shape = shape_of(w, conv, t);
            conv_part_forward(&shape, &part, conv->packed, w->work->part[l], scratch_of(w, t));
        }
        net_clock_stop(w->net, NET_LAYER_CONV(NET_DEC(l), 0), start);
    }
}

static void convolve_first(const struct walk *w, int b, float *y)
{
    const struct net_block *block = &w->net->blocks[b];
    const struct net_conv *conv = &block->conv1;
    const float *skip = b > NET_END ? nlunet_skip(w, net_level(b)) : NULL;
    const float *bias = net_value(w->net, conv->param + 1);
    struct conv_input in = {w->at, skip, conv->shape.c - block->skip_channels};
    struct conv_part part = upsampled(block, w->at);
    double start = net_clock_start(w->net);
    EACH_SHARE(w)
    {
        struct conv_shape shape = shape_of(w, conv, t);
        if (skip && is_parted(w, net_level(b)))
            conv_rest_forward(&shape, &part, conv->packed, bias, w->work->part[net_level(b)], y,
                              scratch_of(w, t));
        else
            conv_elu_forward(&shape, &in, conv->packed, bias, NULL, y, scratch_of(w, t));
    }
    net_clock_stop(w->net, NET_LAYER_CONV(b, 0), start);
}

static void convolve_second(const struct walk *w, int b, const float *x,
                            const struct conv_norm *norm, float *y)
{
    const struct net_conv *conv = &w->net->blocks[b].conv2;
    struct conv_input in = {x, NULL, conv->shape.c};
    const float *bias = net_value(w->net, conv->param + 1);
    double start = net_clock_start(w->net);
    EACH_SHARE(w)
    {
        struct conv_shape shape = shape_of(w, conv, t);
        conv_elu_forward(&shape, &in, conv->packed, bias, norm, y, scratch_of(w, t));
    }
    net_clock_stop(w->net, NET_LAYER_CONV(b, 1), start);
}

/* False: the walk ends here. */
static bool block_forward(struct walk *w, int b)
{
    const struct net_block *block = &w->net->blocks[b];
    bool ends = w->aim->mode == BEN_STATS && w->aim->block == b;
    struct conv_norm norm = {.scale = block->scale, .shift = block->shift};
    float *between = nlunet_free(w), *out = between == w->a ? w->b : w->a;
    if (b < NET_START)
        out = nlunet_skip(w, b);
    if (b > w->aim->first && w->net->config.dropout[b] > 0) {
        draw(w, b);
        norm.keep = w->work->keep;
        norm.keep_scale = dropout_scale(w->net->config.dropout[b]);
    }
    convolve_first(w, b, between);
    convolve_second(w, b, between, ends ? NULL : &norm, out);
    w->at = out;
    for (int i = 0; ends && i < w->n; i++)
        measure(block, out + (size_t)i * net_block_floats(block),
                w->moments + (size_t)i * 2 * (size_t)net_channels(block));
    return !ends;
}

static void pool(struct walk *w, int level)
{
    const struct conv_shape *shape = &w->net->blocks[NET_ENC(level)].conv2.shape;
    float *out = nlunet_free(w);
    const size_t row = (size_t)shape->w * 16;
    const long rows = (long)w->n * (shape->o / 16) * (shape->h / 2);
    double start = net_clock_start(w->net);
    EACH_SHARE(w)
    {
        long first,
            end; /* rows of all planes, which are one high plane, since heights are even */
        share_range((struct share){t, w->team}, rows, &first, &end);
        pool_forward(1, 2 * (int)(end - first), shape->w, w->at + 2 * (size_t)first * row,
                     out + (size_t)first * row / 2);
    }
    w->at = out;
    net_clock_stop(w->net, NET_LAYER_POOL(level), start);
}

static void attend(struct walk *w)
{
    const struct net *net = w->net;
    size_t floats = net_block_floats(&net->blocks[NET_START]);
    float *out = nlunet_free(w);
    double start = net_clock_start(net);
    for (size_t i = 0; i < (size_t)w->n; i++)
        nonlocal_forward(&net->nonlocal, w->at + i * floats,
                         net_value(net, net->nonlocal_param), out + i * floats, w->work->kept,
                         w->work->scratch);
    w->at = out;
    net_clock_stop(net, NET_LAYER_NONLOCAL, start);
}

static void go_up(struct walk *w, int level)
{
    const struct net_up *up = &w->net->ups[level];
    size_t in = net_block_floats(&w->net->blocks[NET_DEC(level) - 1]);
    size_t floats = net_block_floats(&w->net->blocks[NET_DEC(level)]);
    float *out = nlunet_free(w);
    double start = net_clock_start(w->net);
    EACH_SHARE(w)
    for (size_t i = 0; i < (size_t)w->n; i++)
        upconv_forward(&up->shape, (struct share){t, w->team}, w->at + i * in, up->packed,
                       net_value(w->net, up->param + 1), out + i * floats);
    w->at = out;
    net_clock_stop(w->net, NET_LAYER_UP(level), start);
}

/* The paper's figure: what lies ahead of each block. */
bool nlunet_walk(struct walk *w, int from, int to)
{
    for (int b = from; b < to; b++) {
        if (b > NET_ENC(0) && b <= NET_START)
            pool(w, b - 1);
        else if (b == NET_END && w->net->config.nonlocal)
            attend(w);
        else if (b > NET_END)
            go_up(w, net_level(b));
        if (!block_forward(w, b))
            return false;
    }
    return true;
}

void nlunet_finish(const struct walk *w, float *prob)
{
    const struct net *net = w->net;
    double start = net_clock_start(net);
    final_forward(net->config.channels / 16, (size_t)net->blocks[NET_DEC(0)].pixels, w->at,
                  net_value(net, net->final_param), prob);
    net_clock_stop(net, NET_LAYER_FINAL, start);
}
