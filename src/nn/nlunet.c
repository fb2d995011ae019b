/* SPDX-License-Identifier: BSD-3-Clause */
/* Prediction: one thread takes one slice through the whole network. */
#include "nn/dropout.h"
#include "nn/final.h"
#include "nn/net_inner.h"
#include "nn/norm.h"
#include "nn/pool.h"

#include <omp.h>
#include <string.h>

/* What a pass over slices is for; of the modes INFER, MC and STATS. */
struct pass {
    enum net_mode mode;
    uint64_t seed;        /* MC */
    const uint32_t *keys; /* MC: per slice */
    uint32_t sample;      /* MC */
    int block;            /* STATS: whose norm's input is measured */
};

/* One slice on its way: what it is, where it works, what becomes of it. */
struct slice {
    const struct net *net;
    const struct pass *pass;
    const struct net_workspace *work;
    uint32_t key;
    double *moments; /* STATS */
};

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

static void drop(const struct slice *s, int b, float *z)
{
    double rate = s->net->config.dropout[b];
    if (s->pass->mode != BEN_MC || rate == 0)
        return;
    struct random_stream stream = net_dropout_mc(s->pass->seed, s->key, s->pass->sample, b);
    size_t groups = net_block_floats(&s->net->blocks[b]) / 16;
    double start = net_clock_start(s->net);
    dropout_mask(&stream, rate, groups, s->work->keep);
    dropout_apply(groups, s->work->keep, dropout_scale(rate), z);
    net_clock_stop(s->net, NET_LAYER_DROPOUT, start);
}

static void convolve(const struct slice *s, int b, int k, struct conv_input in,
                     const struct conv_norm *norm, float *y)
{
    const struct net_block *block = &s->net->blocks[b];
    const struct net_conv *conv = k ? &block->conv2 : &block->conv1;
    double start = net_clock_start(s->net);
    conv_elu_forward(&conv->shape, &in, conv->packed, net_value(s->net, conv->param + 1), norm,
                     y, s->work->scratch);
    net_clock_stop(s->net, NET_LAYER_CONV(b, k), start);
}

/* in (and skip, NULL: none) -> out by way of between. False: the pass ends here. */
static bool block_forward(const struct slice *s, int b, const float *in, const float *skip,
                          float *between, float *out)
{
    const struct net_block *block = &s->net->blocks[b];
    bool ends = s->pass->mode == BEN_STATS && s->pass->block == b;
    struct conv_norm norm = {block->scale, block->shift};
    int c0 = block->conv1.shape.c - block->skip_channels;
    convolve(s, b, 0, (struct conv_input){in, skip, c0}, NULL, between);
    convolve(s, b, 1, (struct conv_input){between, NULL, 0}, ends ? NULL : &norm, out);
    if (ends)
        measure(block, out, s->moments);
    else
        drop(s, b, out);
    return !ends;
}

static void pool(const struct slice *s, int level, const float *in, float *out)
{
    const struct conv_shape *shape = &s->net->blocks[NET_ENC(level)].conv2.shape;
    double start = net_clock_start(s->net);
    pool_forward(shape->o / 16, shape->h, shape->w, in, out);
    net_clock_stop(s->net, NET_LAYER_POOL(level), start);
}

static void attend(const struct slice *s, const float *in, float *out)
{
    const struct net *net = s->net;
    double start = net_clock_start(net);
    nonlocal_forward(&net->nonlocal, in, net_value(net, net->nonlocal_param), out,
                     s->work->kept, s->work->scratch);
    net_clock_stop(net, NET_LAYER_NONLOCAL, start);
}

static void go_up(const struct slice *s, int level, const float *in, float *out)
{
    const struct net_up *up = &s->net->ups[level];
    double start = net_clock_start(s->net);
    upconv_forward(&up->shape, in, up->packed, net_value(s->net, up->param + 1), out);
    net_clock_stop(s->net, NET_LAYER_UP(level), start);
}

static void finish(const struct slice *s, const float *in, float *prob)
{
    const struct net *net = s->net;
    double start = net_clock_start(net);
    final_forward(net->config.channels / 16, (size_t)net->blocks[NET_DEC(0)].pixels, in,
                  net_value(net, net->final_param), prob);
    net_clock_stop(net, NET_LAYER_FINAL, start);
}

static void swap(float **a, float **b)
{
    float *was = *a;
    *a = *b;
    *b = was;
}

/* The paper's figure. The tensor on its way is in here; there is free. */
static void slice_forward(const struct slice *s, const float *image, float *prob)
{
    const struct net *net = s->net;
    float *here = s->work->a, *there = s->work->b, *const *skip = s->work->skip;
    for (int l = 0; l < BEN_LEVELS; l++) {
        if (!block_forward(s, NET_ENC(l), l ? here : image, NULL, there, skip[l]))
            return;
        pool(s, l, skip[l], here);
    }
    if (!block_forward(s, NET_START, here, NULL, there, here))
        return;
    if (net->config.nonlocal) {
        attend(s, here, there);
        swap(&here, &there);
    }
    if (!block_forward(s, NET_END, here, NULL, there, here))
        return;
    for (int l = BEN_LEVELS - 1; l >= 0; l--) {
        go_up(s, l, here, there);
        swap(&here, &there);
        if (!block_forward(s, NET_DEC(l), here, skip[l], there, here))
            return;
    }
    finish(s, here, prob);
}

/* Debug builds: whoever reads what nobody wrote gets NaN. */
static void poison(const struct net *net, const struct net_workspace *work)
{
#ifdef BEN_DEBUG
    memset(work->a, 0xff, (size_t)((char *)work->scratch - (char *)work->a));
#endif
    (void)net;
    (void)work;
}

static void forward(const struct net *net, const struct pass *pass, const float *x, int n,
                    float *prob, double *moments)
{
    size_t image = (size_t)net->config.size * net->config.size;
    size_t width = moments ? 2 * (size_t)net_block_channels(net, pass->block) : 0;
    ENSURE(n <= net->max_batch);
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++) {
        const struct net_workspace *work = &net->workspaces[omp_get_thread_num()];
        struct slice s = {net, pass, work, pass->keys ? pass->keys[i] : 0,
                          moments ? moments + (size_t)i * width : NULL};
        poison(net, work);
        slice_forward(&s, x + (size_t)i * image, prob ? prob + (size_t)i * image : NULL);
    }
}

void net_predict(struct net *net, const float *x, int n, float *prob)
{
    forward(net, &(struct pass){.mode = BEN_INFER}, x, n, prob, NULL);
}

void net_predict_mc(struct net *net, const float *x, int n, uint64_t seed, const uint32_t *keys,
                    uint32_t sample, float *prob)
{
    struct pass pass = {.mode = BEN_MC, .seed = seed, .keys = keys, .sample = sample};
    forward(net, &pass, x, n, prob, NULL);
}

void net_stats(struct net *net, int block, const float *x, int n, double *moments)
{
    ENSURE(block >= 0 && block < BEN_BLOCKS);
    forward(net, &(struct pass){.mode = BEN_STATS, .block = block}, x, n, NULL, moments);
}
