/* SPDX-License-Identifier: BSD-3-Clause */
/* Training: layer by layer over the local slices, which threads share, with the sums over the
 * global batch in between. */
#include "nn/dropout.h"
#include "nn/final.h"
#include "nn/net_inner.h"
#include "nn/norm.h"
#include "nn/pool.h"
#include "nn/sums.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* One training step of this rank. */
struct step {
    struct net *net;
    const struct net_sums *sums;
    int n; /* local slices */
    uint64_t seed;
    uint32_t step;
};

#define PARALLEL_SLICES                                                                        \
    _Pragma("omp parallel for num_threads(s->net->threads) schedule(dynamic)") for (int i = 0; \
                                                                                    i < s->n;  \
                                                                                    i++)

/* Slices that one thread takes side by side through a block. */
struct group {
    int first, n;
};

/* Several from level NET_DEEP down, where the weights are large: they are read once for all. */
static int groups_of(const struct step *s, int b)
{
    int most = b >= NET_DEEP && b <= NET_DEC(NET_DEEP) ? s->net->group : 1;
    return (s->n + most - 1) / most;
}

static struct group group_at(const struct step *s, int groups, int g)
{
    int first = (int)((long)s->n * g / groups);
    return (struct group){first, (int)((long)s->n * (g + 1) / groups) - first};
}

#define PARALLEL_GROUPS(groups)                                                                \
    _Pragma("omp parallel for num_threads(s->net->threads) schedule(dynamic)") for (int g = 0; \
                                                                                    g <        \
                                                                                    (groups);  \
                                                                                    g++)

static float *scratch(const struct net *net)
{
    return net->workspaces[omp_get_thread_num()].scratch;
}

/* Floats of one slice of what a convolution reads and gives. */
static size_t out_floats(const struct net_conv *conv)
{
    return (size_t)conv->shape.o * conv->shape.h * conv->shape.w;
}

static struct conv_input slice_input(const struct net_conv *conv, struct conv_input in, int i)
{
    size_t pixels = (size_t)conv->shape.h * conv->shape.w;
    int c0 = in.x1 ? in.c0 : conv->shape.c;
    return (struct conv_input){in.x0 + (size_t)i * c0 * pixels,
                               in.x1 ? in.x1 + (size_t)i * (conv->shape.c - c0) * pixels : NULL,
                               c0};
}

/* What conv1 of a block reads, all slices. */
static struct conv_input block_input(const struct net_block *block, const float *in,
                                     const float *skip)
{
    return (struct conv_input){in, skip, block->conv1.shape.c - block->skip_channels};
}

static struct norm_slice norm_slice(const struct net *net, int b, int i)
{
    const struct net_block *block = &net->blocks[b];
    size_t floats = net_block_floats(block);
    return (struct norm_slice){
        .blocks = net_channels(block) / 16,
        .pixels = block->pixels,
        .x = block->y2 + (size_t)i * floats,
        .scale = block->batch_scale,
        .shift = block->batch_shift,
        .keep = block->keep ? block->keep + (size_t)i * floats / 16 : NULL,
        .keep_scale = dropout_scale(net->config.dropout[b]),
    };
}

/* From the sums over the global batch (in net->total): the batch's norm, and the running
 * statistics on their way. */
static void take_statistics(struct net *net, const struct net_block *block, int batch)
{
    int channels = net_channels(block);
    double count = (double)batch * block->pixels, momentum = net->config.norm_momentum;
    float *running_mean = net_value(net, block->mean),
          *running_var = net_value(net, block->var);
    for (int c = 0; c < channels; c++) {
        double mean = net->total[c] / count;
        double var = fmax(net->total[channels + c] / count - mean * mean, 0);
        double scale = 1 / sqrt(var + net->config.norm_eps);
        block->batch_scale[c] = (float)scale;
        block->batch_shift[c] = (float)(-mean * scale);
        running_mean[c] = (float)(momentum * running_mean[c] + (1 - momentum) * mean);
        running_var[c] = (float)(momentum * running_var[c] + (1 - momentum) * var);
    }
}

static void convolve(const struct step *s, const struct net_conv *conv, struct conv_input in,
                     struct group group, float *y)
{
    const struct net *net = s->net;
    struct conv_shape shape = conv->shape;
    struct conv_input from = slice_input(conv, in, group.first);
    shape.n = group.n;
    conv_elu_forward(&shape, &from, conv->packed, net_value(net, conv->param + 1), NULL,
                     y + (size_t)group.first * out_floats(conv), scratch(net));
}

static enum ben_status block_forward(const struct step *s, int b, const float *in,
                                     const float *skip)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    struct net_block *block = &net->blocks[b];
    struct conv_input x = block_input(block, in, skip);
    size_t width = 2 * (size_t)net_channels(block), floats = net_block_floats(block);
    int groups = groups_of(s, b);
    PARALLEL_GROUPS(groups)
    {
        struct group group = group_at(s, groups, g);
        convolve(s, &block->conv1, x, group, block->y1);
        convolve(s, &block->conv2, (struct conv_input){.x0 = block->y1}, group, block->y2);
        for (size_t i = (size_t)group.first; i < (size_t)(group.first + group.n); i++)
            norm_sums(net_channels(block) / 16, block->pixels, block->y2 + i * floats, NULL,
                      net->sums + i * width);
    }
    TRY(sums_small(s->sums, net->sums, s->n, width, net->total));
    take_statistics(net, block, s->sums->batch);
    PARALLEL_SLICES
    {
        struct norm_slice slice = norm_slice(net, b, i);
        struct random_stream stream =
            net_dropout_train(s->seed, s->step, s->sums->first + i, b);
        if (block->keep)
            dropout_mask(&stream, net->config.dropout[b], floats / 16,
                         block->keep + (size_t)i * floats / 16);
        norm_forward(&slice, block->z + (size_t)i * floats);
    }
out:
    return st;
}

static void pool(const struct step *s, int level)
{
    const struct net_block *block = &s->net->blocks[NET_ENC(level)];
    const struct conv_shape *shape = &block->conv2.shape;
    size_t floats = net_block_floats(block);
    PARALLEL_SLICES
    pool_forward(shape->o / 16, shape->h, shape->w, block->z + (size_t)i * floats,
                 s->net->pooled[level] + (size_t)i * floats / 4);
}

static void attend(const struct step *s)
{
    const struct net *net = s->net;
    size_t floats = net_block_floats(&net->blocks[NET_START]);
    size_t kept = nonlocal_kept_floats(&net->nonlocal);
    PARALLEL_SLICES
    nonlocal_forward(&net->nonlocal, net->blocks[NET_START].z + (size_t)i * floats,
                     net_value(net, net->nonlocal_param),
                     net->nonlocal_out + (size_t)i * floats,
                     net->nonlocal_kept + (size_t)i * kept, scratch(net));
}

static size_t up_in_floats(const struct net_up *up)
{
    return (size_t)up->shape.c * up->shape.h * up->shape.w;
}

static void go_up(const struct step *s, int level, const float *in)
{
    const struct net_up *up = &s->net->ups[level];
    size_t floats = up_in_floats(up);
    PARALLEL_SLICES
    upconv_forward(&up->shape, in + (size_t)i * floats, up->packed,
                   net_value(s->net, up->param + 1), up->y + (size_t)i * 2 * floats);
}

/* Debug builds: whoever reads what nobody wrote gets NaN. */
static void poison(struct net *net)
{
#ifdef BEN_DEBUG
    memset(net->blocks[0].y1, 0xff, net->activation_bytes);
#endif
    (void)net;
}

static void predict(const struct step *s, float *prob)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[NET_DEC(0)];
    PARALLEL_SLICES
    final_forward(net->config.channels / 16, (size_t)block->pixels,
                  block->z + (size_t)i * net_block_floats(block),
                  net_value(net, net->final_param), prob + (size_t)i * block->pixels);
}

/* The paper's figure. */
enum ben_status net_train_forward(struct net *net, const float *x, int n, uint64_t seed,
                                  uint32_t step, const struct net_sums *sums, float *prob)
{
    enum ben_status st = BEN_OK;
    struct step s = {net, sums, n, seed, step};
    ENSURE(net->training && n <= net->max_batch && sums->batch > 0);
    poison(net);
    for (int l = 0; l < BEN_LEVELS; l++) {
        TRY(block_forward(&s, NET_ENC(l), l ? net->pooled[l - 1] : x, NULL));
        pool(&s, l);
    }
    TRY(block_forward(&s, NET_START, net->pooled[BEN_LEVELS - 1], NULL));
    const float *here = net->blocks[NET_START].z;
    if (net->config.nonlocal) {
        attend(&s);
        here = net->nonlocal_out;
    }
    TRY(block_forward(&s, NET_END, here, NULL));
    here = net->blocks[NET_END].z;
    for (int l = BEN_LEVELS - 1; l >= 0; l--) {
        go_up(&s, l, here);
        TRY(block_forward(&s, NET_DEC(l), net->ups[l].y, net->blocks[NET_ENC(l)].z));
        here = net->blocks[NET_DEC(l)].z;
    }
    net->image = x;
    predict(&s, prob);
out:
    return st;
}

/* Weight and bias, neighbours in the values, are delivered together. */
static enum ben_status deliver(const struct step *s, int param, size_t count, float *parts)
{
    return sums_gradient(s->sums, s->net->params[param].offset, count, s->n, parts);
}

static size_t pair_count(const struct net *net, int param)
{
    return net->params[param].count + net->params[param + 1].count;
}

static void weights_backward(const struct step *s, const struct net_conv *conv,
                             struct conv_input in, const float *dy, float *parts, int i)
{
    const struct net *net = s->net;
    struct conv_input from = slice_input(conv, in, i);
    float *part = parts + (size_t)i * pair_count(net, conv->param);
    conv_backward_weights(&conv->shape, &from, dy + (size_t)i * out_floats(conv), part,
                          part + net->params[conv->param].count, scratch(net));
}

/* The sums that the norm's gradient needs, over the global batch, by its number of pixels. */
static enum ben_status norm_means(const struct step *s, int b, const float *dz)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    size_t channels = (size_t)net_channels(block), floats = net_block_floats(block);
    double count = (double)s->sums->batch * block->pixels;
    PARALLEL_SLICES
    {
        struct norm_slice slice = norm_slice(net, b, i);
        norm_backward_sums(&slice, dz + (size_t)i * floats,
                           net->sums + (size_t)i * 2 * channels);
    }
    TRY(sums_small(s->sums, net->sums, s->n, 2 * channels, net->total));
    for (size_t c = 0; c < channels; c++) {
        net->mean_g[c] = (float)(net->total[c] / count);
        net->mean_gx[c] = (float)(net->total[channels + c] / count);
    }
out:
    return st;
}

/* Where a block's gradients lie, all slices. */
struct block_gradients {
    float *dz;         /* of the block's output; spoiled */
    float *dy1;        /* of what is between its convolutions; written */
    float *dx, *dskip; /* of its inputs; NULL: none, dx may be dz */
};

static void data_backward(const struct step *s, const struct net_conv *conv, const float *dy,
                          struct conv_input to, struct group group)
{
    struct conv_shape shape = conv->shape;
    struct conv_input at = slice_input(conv, to, group.first);
    struct conv_input_gradient dx = {(float *)at.x0, (float *)at.x1, at.c0, NULL};
    shape.n = group.n;
    conv_backward_data(&shape, dy + (size_t)group.first * out_floats(conv),
                       conv->packed_adjoint, &dx, scratch(s->net));
}

/* Through conv2 and the ELU ahead of it. */
static void between_backward(const struct step *s, const struct net_block *block,
                             const float *dz, float *dy1, struct group group)
{
    struct conv_shape shape = block->conv2.shape;
    size_t at = (size_t)group.first * net_block_floats(block);
    struct conv_input_gradient dx = {.dx0 = dy1 + at, .y = block->y1 + at};
    shape.n = group.n;
    conv_backward_data(&shape, dz + at, block->conv2.packed_adjoint, &dx, scratch(s->net));
}

static void norm_gradient(const struct step *s, int b, float *dz, int i)
{
    const struct net *net = s->net;
    struct norm_slice slice = norm_slice(net, b, i);
    norm_backward(&slice, net->mean_g, net->mean_gx,
                  dz + (size_t)i * net_block_floats(&net->blocks[b]));
}

/* What conv1 of a block read, and where the gradients go, all slices. */
struct block_ends {
    struct conv_input x, dx; /* dx.x0 NULL: not wanted */
};

/* A group's gradients through a block, whose dz becomes that ahead of the norm and the ELU. */
static void group_backward(const struct step *s, int b, const struct block_ends *ends,
                           const struct block_gradients *g, struct group group)
{
    const struct net_block *block = &s->net->blocks[b];
    const struct net_conv *conv1 = &block->conv1, *conv2 = &block->conv2;
    float *const *parts = s->net->parts;
    int end = group.first + group.n;
    for (int i = group.first; i < end; i++) {
        norm_gradient(s, b, g->dz, i);
        weights_backward(s, conv2, (struct conv_input){.x0 = block->y1}, g->dz, parts[0], i);
    }
    between_backward(s, block, g->dz, g->dy1, group);
    for (int i = group.first; i < end; i++)
        weights_backward(s, conv1, ends->x, g->dy1, parts[1], i);
    if (ends->dx.x0)
        data_backward(s, conv1, g->dy1, ends->dx, group);
}

static enum ben_status block_backward(const struct step *s, int b, const float *in,
                                      const float *skip,
                                      const struct block_gradients *gradients)
{
    enum ben_status st = BEN_OK;
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    const struct block_ends ends = {block_input(block, in, skip),
                                    block_input(block, gradients->dx, gradients->dskip)};
    int groups = groups_of(s, b), first = block->conv1.param, second = block->conv2.param;
    TRY(norm_means(s, b, gradients->dz));
    PARALLEL_GROUPS(groups)
    group_backward(s, b, &ends, gradients, group_at(s, groups, g));
    TRY(deliver(s, second, pair_count(net, second), net->parts[0]));
    TRY(deliver(s, first, pair_count(net, first), net->parts[1]));
out:
    return st;
}

static enum ben_status final_gradients(const struct step *s, const float *dlogit, float *dz)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[NET_DEC(0)];
    size_t floats = net_block_floats(block), count = pair_count(net, net->final_param);
    PARALLEL_SLICES
    final_backward(net->config.channels / 16, (size_t)block->pixels,
                   block->z + (size_t)i * floats, net_value(net, net->final_param),
                   dlogit + (size_t)i * block->pixels, dz + (size_t)i * floats,
                   net->parts[0] + (size_t)i * count);
    return deliver(s, net->final_param, count, net->parts[0]);
}

static enum ben_status up_backward(const struct step *s, int level, const float *in,
                                   const float *dy, float *dx)
{
    const struct net *net = s->net;
    const struct net_up *up = &net->ups[level];
    size_t floats = up_in_floats(up), count = pair_count(net, up->param);
    PARALLEL_SLICES
    {
        const float *dy_slice = dy + (size_t)i * 2 * floats;
        float *part = net->parts[0] + (size_t)i * count;
        upconv_backward_weights(&up->shape, in + (size_t)i * floats, dy_slice, part,
                                part + net->params[up->param].count, scratch(net));
        upconv_backward_data(&up->shape, dy_slice, up->packed_adjoint, dx + (size_t)i * floats);
    }
    return deliver(s, up->param, count, net->parts[0]);
}

static enum ben_status attend_backward(const struct step *s, float *dx)
{
    const struct net *net = s->net;
    size_t floats = net_block_floats(&net->blocks[NET_START]);
    size_t kept = nonlocal_kept_floats(&net->nonlocal);
    size_t count = nonlocal_weight_floats(&net->nonlocal);
    PARALLEL_SLICES
    nonlocal_backward(&net->nonlocal, net_value(net, net->nonlocal_param),
                      net->nonlocal_kept + (size_t)i * kept, dx + (size_t)i * floats,
                      net->parts[0] + (size_t)i * count, scratch(net));
    return deliver(s, net->nonlocal_param, count, net->parts[0]);
}

/* The gradient of the skip is there already; that of what was pooled is added. */
static void pool_gradients(const struct step *s, int level, const float *dy, float *dx)
{
    const struct net_block *block = &s->net->blocks[NET_ENC(level)];
    const struct conv_shape *shape = &block->conv2.shape;
    size_t floats = net_block_floats(block);
    PARALLEL_SLICES
    pool_backward(shape->o / 16, shape->h, shape->w, block->z + (size_t)i * floats,
                  dy + (size_t)i * floats / 4, dx + (size_t)i * floats);
}

static void swap(float **a, float **b)
{
    float *was = *a;
    *a = *b;
    *b = was;
}

/* The way back up the encoders, from the gradient of the last pooling on. */
static enum ben_status encoders_backward(const struct step *s, float *spare)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    for (int l = BEN_LEVELS - 1; l >= 0; l--) {
        pool_gradients(s, l, net->pooled_gradient, net->skip_gradient[l]);
        struct block_gradients g = {net->skip_gradient[l], spare,
                                    l ? net->pooled_gradient : NULL, NULL};
        const float *in = l ? net->pooled[l - 1] : net->image;
        TRY(block_backward(s, NET_ENC(l), in, NULL, &g));
    }
out:
    return st;
}

static enum ben_status decoders_backward(const struct step *s, float **here, float **spare)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    for (int l = 0; l < BEN_LEVELS; l++) {
        const struct net_block *below =
            &net->blocks[l < BEN_LEVELS - 1 ? NET_DEC(l + 1) : NET_END];
        struct block_gradients g = {*here, *spare, *here, net->skip_gradient[l]};
        TRY(block_backward(s, NET_DEC(l), net->ups[l].y, net->blocks[NET_ENC(l)].z, &g));
        TRY(up_backward(s, l, below->z, *here, *spare));
        swap(here, spare);
    }
out:
    return st;
}

enum ben_status net_backward(struct net *net, const float *dlogit, int n,
                             const struct net_sums *sums)
{
    enum ben_status st = BEN_OK;
    struct step s = {.net = net, .sums = sums, .n = n};
    float *here = net->gradient[0], *spare = net->gradient[1];
    const float *start = net->blocks[NET_START].z;
    TRY(final_gradients(&s, dlogit, here));
    TRY(decoders_backward(&s, &here, &spare));
    struct block_gradients end = {here, spare, here, NULL};
    TRY(block_backward(&s, NET_END, net->config.nonlocal ? net->nonlocal_out : start, NULL,
                       &end));
    if (net->config.nonlocal)
        TRY(attend_backward(&s, here));
    struct block_gradients first = {here, spare, net->pooled_gradient, NULL};
    TRY(block_backward(&s, NET_START, net->pooled[BEN_LEVELS - 1], NULL, &first));
    TRY(encoders_backward(&s, spare));
out:
    return st;
}
