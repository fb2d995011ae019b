/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files behind nn/net.h share, and nobody else includes: the network as blocks with
 * their shapes, places in the list of values and memory. net_plan.c builds it, net.c owns it,
 * nlunet.c and net_predict.c predict with it, nlunet_train.c trains it.
 *
 * Tensors of several slices lie one behind the other, each slice [channels/16][pixels][16]. */
#ifndef BEN_NN_NET_INNER_H
#define BEN_NN_NET_INNER_H

#include "base/arena.h"
#include "base/random.h"
#include "base/util.h"
#include "nn/conv.h"
#include "nn/net.h"
#include "nn/nonlocal.h"
#include "nn/upconv.h"

#define NET_PARAMS       80                  /* more than the network has */
#define NET_TOGETHER     8                   /* Monte Carlo samples side by side, at most */
#define NET_GROUP        4                   /* slices side by side, at most */
#define BEN_MAX_CHANNELS (256 << BEN_LEVELS) /* of config.channels' bound, at the bottom */

/* Places of the blocks in net->blocks; levels count from 0, the full size. */
enum { NET_START = BEN_LEVELS, NET_END };
#define NET_ENC(level) (level)
#define NET_DEC(level) (BEN_BLOCKS - 1 - (level))

/* From here down maps are small and weights large: slices or samples pass this level and those
 * below it side by side, so that weights are read once for all of them. */
#define NET_DEEP (BEN_LEVELS - 1)

struct net_conv {
    struct conv_shape shape;
    int param;             /* of the weight; the bias is the next */
    float *packed;         /* for forward */
    float *packed_adjoint; /* for backward; NULL where nobody asks */
};

/* conv3x3 + ELU, conv3x3 + ELU, norm, dropout. */
struct net_block {
    struct net_conv conv1, conv2;
    int pixels;
    int skip_channels;                /* of conv1's second input; 0: it has one input */
    int mean, var;                    /* params: running statistics */
    float *scale, *shift;             /* [channels]: the norm by running statistics */
    float *batch_scale, *batch_shift; /* by the batch's, from forward to backward */
    float *y1, *y2, *z; /* training: what conv1, conv2 and the block gave, all slices */
    uint16_t *keep;     /* training: dropout's mask; NULL without dropout */
};

struct net_up {
    struct upconv_shape shape;
    int param; /* of the weight; the bias is the next */
    float *packed, *packed_adjoint;
    float *y; /* training */
};

/* What one thread needs for one group of slices in prediction. */
struct net_workspace {
    float *a, *b, *deep; /* the largest tensor, or NET_TOGETHER of level NET_DEEP */
    float
        *skip[BEN_LEVELS]; /* what the encoders leave for the decoders, of net->group slices */
    /* Monte Carlo: */
    float *ahead;            /* what the first block with dropout gives before it */
    float *part[BEN_LEVELS]; /* what the skips add to the decoders' first convolutions */
    float *kept;             /* of the non-local block */
    uint16_t *keep;          /* dropout's mask */
    float *scratch;          /* of any layer, in training too */
};

struct net {
    struct net_config config;
    int max_batch, threads;
    int group;       /* slices that a thread takes side by side, at most */
    int team;        /* threads that take few slices' layers together; at least as many */
    float **scratch; /* [team] of any layer; the first are the workspaces' */
    bool training;
    struct net_param params[NET_PARAMS];
    int n_params;
    size_t n_values, n_trainable;
    float *values;

    struct net_block blocks[BEN_BLOCKS];
    struct net_up ups[BEN_LEVELS];
    struct nonlocal_shape nonlocal;
    int nonlocal_param; /* of theta; phi, g and output are the next */
    int final_param;    /* of the weight; the bias is the next */

    double *clock; /* [BEN_LAYERS], see net_clock; NULL: off */
    struct arena *arena;
    struct net_workspace *workspaces; /* [threads] */

    /* Training: */
    const float *image;        /* what the last forward was given; backward reads it again */
    float *pooled[BEN_LEVELS]; /* all slices */
    float *nonlocal_out, *nonlocal_kept;
    float *
        gradient[3]; /* of a block's output, at even levels; between its convolutions; at odd */
    float *skip_gradient[BEN_LEVELS];
    float *pooled_gradient;
    float *parts[3];      /* [slices][values]; of a block's second and first convolution and of
                                what lies ahead of it */
    double *sums, *total; /* [slices][2][channels], [2][channels] */
    float *mean_g, *mean_gx; /* [channels], for norm_backward */
    size_t activation_bytes; /* from blocks[0].y1 on: all that forward writes */
};

/* Fills config, params, shapes; then memory. Fails: BEN_E_ARG, BEN_E_MEMORY. */
enum ben_status net_plan(struct net *net);

static inline int net_level(int b)
{
    return b < NET_START ? b : b <= NET_END ? BEN_LEVELS : BEN_BLOCKS - 1 - b;
}

static inline float *net_value(const struct net *net, int param)
{
    return net->values + net->params[param].offset;
}

static inline int net_channels(const struct net_block *block)
{
    return block->conv2.shape.o;
}

/* Floats of one slice of a block's output. */
static inline size_t net_block_floats(const struct net_block *block)
{
    return (size_t)net_channels(block) * block->pixels;
}

/* The first block with dropout; BEN_BLOCKS: none. */
static inline int net_first_dropout(const struct net *net)
{
    int b = 0;
    while (b < BEN_BLOCKS && net->config.dropout[b] == 0)
        b++;
    return b;
}

/* Rows of net_layers. */
#define NET_LAYER_CONV(b, k)  (2 * (b) + (k)) /* k: 0 or 1 */
#define NET_LAYER_POOL(level) (2 * BEN_BLOCKS + (level))
#define NET_LAYER_UP(level)   (2 * BEN_BLOCKS + BEN_LEVELS + (level))
enum { NET_LAYER_DROPOUT = BEN_LAYERS - 3, NET_LAYER_NONLOCAL, NET_LAYER_FINAL };

static inline double net_clock_start(const struct net *net)
{
    return net->clock ? util_now_s() : 0;
}

static inline void net_clock_stop(const struct net *net, int layer, double start)
{
    if (!net->clock)
        return;
    double took = util_now_s() - start;
#pragma omp atomic
    net->clock[layer] += took;
}

/* The streams of dropout masks: block b of a slice, in a training step by its place in the
 * global batch, in a Monte Carlo pass by its key and the sample. */
static inline struct random_stream net_dropout_train(uint64_t seed, uint32_t step, int place,
                                                     int b)
{
    return random_open(seed, BEN_RANDOM_DROPOUT, step, (uint32_t)place << 4 | (uint32_t)b);
}

static inline struct random_stream net_dropout_mc(uint64_t seed, uint32_t key, uint32_t sample,
                                                  int b)
{
    return random_open(seed, BEN_RANDOM_DROPOUT, key,
                       UINT32_C(1) << 31 | sample << 4 | (uint32_t)b);
}

#endif
