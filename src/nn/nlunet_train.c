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
static struct conv_input block_input(const struct net *net, int b)
{
    const struct net_block *block = &net->blocks[b];
    struct conv_input in = {.c0 = block->conv1.shape.c - block->skip_channels};
    if (b == 0)
        in.x0 = net->image;
    else if (b <= NET_START)
        in.x0 = net->pooled[b - 1];
    else if (b == NET_END)
        in.x0 = net->config.nonlocal ? net->nonlocal_out : net->blocks[NET_START].z;
    else
        in = (struct conv_input){net->ups[net_level(b)].y, net->blocks[net_level(b)].z, in.c0};
    return in;
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

/* Norm and dropout behind a block. */
static void normalise(const struct step *s, int b, int i)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    size_t floats = net_block_floats(block);
    struct norm_slice slice = norm_slice(net, b, i);
    struct random_stream stream = net_dropout_train(s->seed, s->step, s->sums->first + i, b);
    if (block->keep)
        dropout_mask(&stream, net->config.dropout[b], floats / 16,
                     block->keep + (size_t)i * floats / 16);
    norm_forward(&slice, block->z + (size_t)i * floats);
}

static void pool(const struct net *net, int level, int i)
{
    const struct net_block *block = &net->blocks[NET_ENC(level)];
    const struct conv_shape *shape = &block->conv2.shape;
    size_t floats = net_block_floats(block);
    pool_forward(shape->o / 16, shape->h, shape->w, block->z + (size_t)i * floats,
                 net->pooled[level] + (size_t)i * floats / 4);
}

static void attend(const struct net *net, int i)
{
    size_t floats = net_block_floats(&net->blocks[NET_START]);
    size_t kept = nonlocal_kept_floats(&net->nonlocal);
    nonlocal_forward(&net->nonlocal, net->blocks[NET_START].z + (size_t)i * floats,
                     net_value(net, net->nonlocal_param),
                     net->nonlocal_out + (size_t)i * floats,
                     net->nonlocal_kept + (size_t)i * kept, scratch(net));
}

static size_t up_in_floats(const struct net_up *up)
{
    return (size_t)up->shape.c * up->shape.h * up->shape.w;
}

static void go_up(const struct net *net, int level, int i)
{
    const struct net_up *up = &net->ups[level];
    size_t floats = up_in_floats(up);
    upconv_forward(&up->shape, (struct share){0, 0},
                   net->blocks[NET_DEC(level) - 1].z + (size_t)i * floats, up->packed,
                   net_value(net, up->param + 1), up->y + (size_t)i * 2 * floats);
}

/* What lies ahead of block b, back to the convolutions of the one before: of one slice, so that the
 * block reads it from the cache. */
static void slice_ahead(const struct step *s, int b, int i)
{
    if (b == 0)
        return;
    normalise(s, b - 1, i);
    if (b <= NET_START)
        pool(s->net, b - 1, i);
    else if (b > NET_END)
        go_up(s->net, net_level(b), i);
    else if (s->net->config.nonlocal)
        attend(s->net, i);
}

static enum ben_status block_forward(const struct step *s, int b)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    struct net_block *block = &net->blocks[b];
    struct conv_input x = block_input(net, b);
    size_t width = 2 * (size_t)net_channels(block), floats = net_block_floats(block);
    int groups = groups_of(s, b);
    PARALLEL_GROUPS(groups)
    {
        struct group group = group_at(s, groups, g);
        for (int i = group.first; i < group.first + group.n; i++)
            slice_ahead(s, b, i);
        convolve(s, &block->conv1, x, group, block->y1);
        convolve(s, &block->conv2, (struct conv_input){.x0 = block->y1}, group, block->y2);
        for (size_t i = (size_t)group.first; i < (size_t)(group.first + group.n); i++)
            norm_sums(net_channels(block) / 16, block->pixels, block->y2 + i * floats, NULL,
                      net->sums + i * width);
    }
    TRY(sums_small(s->sums, net->sums, s->n, width, net->total));
    take_statistics(net, block, s->sums->batch);
out:
    return st;
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
    {
        normalise(s, NET_DEC(0), i);
        final_forward(net->config.channels / 16, (size_t)block->pixels,
                      block->z + (size_t)i * net_block_floats(block),
                      net_value(net, net->final_param), prob + (size_t)i * block->pixels);
    }
}

/* The paper's figure: the blocks in their order, each behind what slice_ahead has. */
enum ben_status net_train_forward(struct net *net, const float *x, int n, uint64_t seed,
                                  uint32_t step, const struct net_sums *sums, float *prob)
{
    enum ben_status st = BEN_OK;
    struct step s = {net, sums, n, seed, step};
    ENSURE(net->training && n <= net->max_batch && sums->batch > 0);
    poison(net);
    net->image = x;
    for (int b = 0; b < BEN_BLOCKS; b++)
        TRY(block_forward(&s, b));
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

/* Where the gradient of a block's output lies, all slices: the encoders' waits for what was pooled,
 * the others' change places from level to level, so that no slice writes over another's. */
static float *block_gradient(const struct net *net, int b)
{
    if (b < NET_START)
        return net->skip_gradient[b];
    return net->gradient[net_level(b) % 2 ? 2 : 0];
}

/* Where that of a block's first input goes: over its own, but from the last block ahead of a pooling
 * down, which makes it larger. */
static float *input_gradient(const struct net *net, int b)
{
    return b <= NET_START ? net->pooled_gradient : block_gradient(net, b);
}

/* What the norm's gradient needs of one slice. */
static void slice_sums(const struct step *s, int b, int i)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    struct norm_slice slice = norm_slice(net, b, i);
    norm_backward_sums(&slice, block_gradient(net, b) + (size_t)i * net_block_floats(block),
                       net->sums + (size_t)i * 2 * (size_t)net_channels(block));
}

/* The slices' sums over the global batch, by its number of pixels. */
static enum ben_status norm_means(const struct step *s, int b)
{
    enum ben_status st = BEN_OK;
    struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    size_t channels = (size_t)net_channels(block);
    double count = (double)s->sums->batch * block->pixels;
    TRY(sums_small(s->sums, net->sums, s->n, 2 * channels, net->total));
    for (size_t c = 0; c < channels; c++) {
        net->mean_g[c] = (float)(net->total[c] / count);
        net->mean_gx[c] = (float)(net->total[channels + c] / count);
    }
out:
    return st;
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

/* Through conv1 into the block's inputs. */
static void data_backward(const struct step *s, int b, const float *dy, struct group group)
{
    const struct net *net = s->net;
    const struct net_conv *conv = &net->blocks[b].conv1;
    struct conv_shape shape = conv->shape;
    struct conv_input to = block_input(net, b);
    to.x0 = input_gradient(net, b);
    to.x1 = to.x1 ? net->skip_gradient[net_level(b)] : NULL;
    struct conv_input at = slice_input(conv, to, group.first);
    struct conv_input_gradient dx = {(float *)at.x0, (float *)at.x1, at.c0, NULL};
    shape.n = group.n;
    conv_backward_data(&shape, dy + (size_t)group.first * out_floats(conv),
                       conv->packed_adjoint, &dx, scratch(net));
}

static void norm_gradient(const struct step *s, int b, float *dz, int i)
{
    const struct net *net = s->net;
    struct norm_slice slice = norm_slice(net, b, i);
    norm_backward(&slice, net->mean_g, net->mean_gx,
                  dz + (size_t)i * net_block_floats(&net->blocks[b]));
}

static void up_backward(const struct net *net, int level, int i)
{
    const struct net_up *up = &net->ups[level];
    int below = NET_DEC(level) - 1;
    size_t floats = up_in_floats(up);
    const float *dy = input_gradient(net, NET_DEC(level)) + (size_t)i * 2 * floats;
    float *part = net->parts[2] + (size_t)i * pair_count(net, up->param);
    upconv_backward_weights(&up->shape, net->blocks[below].z + (size_t)i * floats, dy, part,
                            part + net->params[up->param].count, scratch(net));
    upconv_backward_data(&up->shape, dy, up->packed_adjoint,
                         block_gradient(net, below) + (size_t)i * floats);
}

/* In place: the block's input and output lie alike. */
static void attend_backward(const struct net *net, int i)
{
    size_t floats = net_block_floats(&net->blocks[NET_START]);
    nonlocal_backward(&net->nonlocal, net_value(net, net->nonlocal_param),
                      net->nonlocal_kept + (size_t)i * nonlocal_kept_floats(&net->nonlocal),
                      input_gradient(net, NET_END) + (size_t)i * floats,
                      net->parts[2] + (size_t)i * nonlocal_weight_floats(&net->nonlocal),
                      scratch(net));
}

/* The gradient of the skip is there already; that of what was pooled is added. */
static void pool_gradient(const struct net *net, int level, int i)
{
    const struct net_block *block = &net->blocks[NET_ENC(level)];
    const struct conv_shape *shape = &block->conv2.shape;
    size_t floats = net_block_floats(block);
    pool_backward(shape->o / 16, shape->h, shape->w, block->z + (size_t)i * floats,
                  net->pooled_gradient + (size_t)i * floats / 4,
                  net->skip_gradient[level] + (size_t)i * floats);
}

/* The way back through what slice_ahead does, to what the norm of the block before needs. */
static void slice_ahead_backward(const struct step *s, int b, int i)
{
    if (b == 0)
        return;
    if (b <= NET_START)
        pool_gradient(s->net, b - 1, i);
    else if (b > NET_END)
        up_backward(s->net, net_level(b), i);
    else if (s->net->config.nonlocal)
        attend_backward(s->net, i);
    slice_sums(s, b - 1, i);
}

/* A group's gradients through a block and what is ahead of it. The block's own becomes that ahead of
 * the norm and the ELU. */
static void group_backward(const struct step *s, int b, struct group group)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    float *dz = block_gradient(net, b), *dy1 = net->gradient[1];
    int end = group.first + group.n;
    for (int i = group.first; i < end; i++) {
        norm_gradient(s, b, dz, i);
        weights_backward(s, &block->conv2, (struct conv_input){.x0 = block->y1}, dz,
                         net->parts[0], i);
    }
    between_backward(s, block, dz, dy1, group);
    for (int i = group.first; i < end; i++)
        weights_backward(s, &block->conv1, block_input(net, b), dy1, net->parts[1], i);
    if (b > 0)
        data_backward(s, b, dy1, group);
    for (int i = group.first; i < end; i++)
        slice_ahead_backward(s, b, i);
}

/* The weights of what lies ahead of a block. */
static enum ben_status deliver_ahead(const struct step *s, int b)
{
    const struct net *net = s->net;
    if (b > NET_END) {
        int param = net->ups[net_level(b)].param;
        return deliver(s, param, pair_count(net, param), net->parts[2]);
    }
    if (b == NET_END && net->config.nonlocal)
        return deliver(s, net->nonlocal_param, nonlocal_weight_floats(&net->nonlocal),
                       net->parts[2]);
    return BEN_OK;
}

static enum ben_status block_backward(const struct step *s, int b)
{
    enum ben_status st = BEN_OK;
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[b];
    int groups = groups_of(s, b), first = block->conv1.param, second = block->conv2.param;
    TRY(norm_means(s, b));
    PARALLEL_GROUPS(groups)
    group_backward(s, b, group_at(s, groups, g));
    TRY(deliver(s, second, pair_count(net, second), net->parts[0]));
    TRY(deliver(s, first, pair_count(net, first), net->parts[1]));
    TRY(deliver_ahead(s, b));
out:
    return st;
}

static enum ben_status final_gradients(const struct step *s, const float *dlogit)
{
    const struct net *net = s->net;
    const struct net_block *block = &net->blocks[NET_DEC(0)];
    size_t floats = net_block_floats(block), count = pair_count(net, net->final_param);
    PARALLEL_SLICES
    {
        final_backward(net->config.channels / 16, (size_t)block->pixels,
                       block->z + (size_t)i * floats, net_value(net, net->final_param),
                       dlogit + (size_t)i * block->pixels,
                       block_gradient(net, NET_DEC(0)) + (size_t)i * floats,
                       net->parts[0] + (size_t)i * count);
        slice_sums(s, NET_DEC(0), i);
    }
    return deliver(s, net->final_param, count, net->parts[0]);
}

enum ben_status net_backward(struct net *net, const float *dlogit, int n,
                             const struct net_sums *sums)
{
    enum ben_status st = BEN_OK;
    struct step s = {.net = net, .sums = sums, .n = n};
    TRY(final_gradients(&s, dlogit));
    for (int b = BEN_BLOCKS - 1; b >= 0; b--)
        TRY(block_backward(&s, b));
out:
    return st;
}
