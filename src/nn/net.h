/* SPDX-License-Identifier: BSD-3-Clause */
/* The network as the rest of the program sees it: the NL-U-Net of the BEN paper (Yu et al.
 * 2022) built from a configuration, with one list of named values (weights, biases and running
 * statistics), prediction on slices, and training steps whose sums over the global batch are
 * made by the caller's functions, since this folder knows nothing of MPI.
 *
 * Life: net_create, fill net_values (net_init or a weights file), net_refresh, net_predict; in
 * training net_train_forward, a loss (nn/loss.h), net_backward, change the values, net_refresh.
 *
 * Images are plain [n][size][size] float; inside, activations are nChw16c: blocks of 16
 * channels, the 16 innermost. */
#ifndef BEN_NN_NET_H
#define BEN_NN_NET_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEN_LEVELS 4                    /* encoders; as many decoders */
#define BEN_BLOCKS (2 * BEN_LEVELS + 2) /* enc 1-4, bottleneck start and end, dec 4-1 */

enum net_mode {
    BEN_TRAIN, /* batch statistics, dropout live */
    BEN_INFER, /* running statistics, no dropout */
    BEN_MC,    /* running statistics, dropout live */
    BEN_STATS, /* as INFER up to one norm layer, whose input is measured */
};

struct net_config {
    int size;                   /* slices are size x size pixels; multiple of 16 */
    int channels;               /* of the first encoder, multiple of 16; doubled each level */
    bool nonlocal;              /* the non-local block between the bottleneck's halves */
    double dropout[BEN_BLOCKS]; /* rate behind each block, in [0, 1) */
    double norm_eps;            /* 1e-3 */
    double norm_momentum;       /* running = momentum*running + (1-momentum)*batch; 0.8 */
};

/* The paper's network: size 256, 16 channels, non-local. The paper gives no dropout rates; ours
 * are 0 in the encoders and 0.1 from the bottleneck on, so that Monte Carlo passes differ only
 * where the mask is decided and share all that lies ahead. */
struct net_config net_config_default(void);

enum net_init_rule { BEN_INIT_HE_NORMAL, BEN_INIT_ZERO, BEN_INIT_ONE };

/* One named tensor: serves allocation, files, gradients, optimiser and tests. */
struct net_param {
    char name[48]; /* "enc1.conv1.weight", "enc1.norm.mean", ... */
    int rank;      /* dimensions used */
    int shape[4];  /* convolution [o][c][3][3], as PyTorch */
    size_t offset; /* of its first value in net_values */
    size_t count;
    bool trainable; /* false: running mean or variance */
    enum net_init_rule init;
    int fan_in; /* for He-normal: sd = sqrt(2 / fan_in) */
};

struct net;

/* max_batch: slices per call at most. training: reserve what backward needs.
 * Fails: BEN_E_ARG for an impossible configuration, BEN_E_MEMORY. Local. */
enum ben_status net_create(const struct net_config *config, int max_batch, bool training,
                           struct net **net);
void net_free(struct net **net);

const struct net_config *net_config(const struct net *net);
const struct net_param *net_params(const struct net *net, int *n);

/* All values, in the order of the list; trainable ones first (n_trainable of n). Owned by the
 * net; after changing them call net_refresh before the next pass. */
float *net_values(struct net *net, size_t *n, size_t *n_trainable);
void net_init(struct net *net, uint64_t seed);
void net_refresh(struct net *net);

/* x [n][size][size] -> prob [n][size][size], brain probability. Mode INFER. Slices are
 * independent: results do not depend on n or on threads. n <= max_batch. Local. */
void net_predict(struct net *net, const float *x, int n, float *prob);

/* One stochastic pass per slice (mode MC): dropout masks are keyed by (seed, keys[i], sample),
 * so a slice's result does not depend on its place in the batch. sample < 2^27. Local. */
void net_predict_mc(struct net *net, const float *x, int n, uint64_t seed, const uint32_t *keys,
                    uint32_t sample, float *prob);

struct net_samples {
    uint64_t seed;
    const uint32_t *keys; /* per slice */
    uint32_t first,
        count; /* samples first .. first + count - 1; count >= 1, their sum <= 2^27 */
};

/* Of the samples p of each pixel, all [n][size][size]; uncertainty is aleatoric + epistemic. */
struct net_certainty {
    float *mean;      /* of p */
    float *aleatoric; /* mean of p (1 - p) */
    float *epistemic; /* mean of (p - mean)^2 */
    float *votes;     /* how many samples are above one half; NULL: not wanted */
};

/* The samples of each slice, each p as net_predict_mc gives it to the bit, and what the paper
 * makes of them (its uncertainty by Monte Carlo dropout), updated sample by sample in their order.
 * Blocks ahead of the first dropout, and what the skips that come from there add to the decoders'
 * first convolutions, are computed once per slice: with the default rates ten samples take less
 * than six passes' operations. Local. */
void net_monte_carlo(struct net *net, const float *x, int n, const struct net_samples *samples,
                     const struct net_certainty *out);

/* What the non-local block, which the net must have, draws on (nonlocal_attention): in mode INFER,
 * for each slice, query [n][size/16][size/16] >= 0 says how much each place's view counts, and key,
 * of the same shape, becomes how much these draw on each place; 1 is even, all 0 without a view.
 * Costs less than half a prediction. Local. */
void net_attention(struct net *net, const float *x, int n, const float *query, float *key);

/* Mode STATS: the input of norm layer block (0..BEN_BLOCKS-1), per slice and channel: moments
 * [n][2][channels of that block] = mean and sum of squared deviations over the pixels. Local. */
void net_stats(struct net *net, int block, const float *x, int n, double *moments);
int net_block_channels(const struct net *net, int block);

/* Where prediction spends its time, for bench: one row per layer. */
#define BEN_LAYERS (2 * BEN_BLOCKS + 2 * BEN_LEVELS + 3)

struct net_layer {
    char name[24]; /* "enc1.conv1", "enc1.pool", "nonlocal", "dec4.up", "final", "dropout" */
    double flops;  /* of one slice, computed directly: two per product; 0: what has none */
};

/* The layers of net into layers [BEN_LAYERS]. Local. */
void net_layers(const struct net *net, struct net_layer *layers);

/* From now on predictions add each layer's seconds, summed over the threads that take slices of
 * their own, to seconds [BEN_LAYERS], which the caller owns; NULL, as at first: no clock is read.
 * Local. */
void net_clock(struct net *net, double *seconds);

/* How many threads that are in a prediction of n slices: 1 where slices are too few for the threads,
 * so that all take each layer of the same slices together. Local. */
int net_walkers(const struct net *net, int n);

/* Sums over the global batch, in an order that depends on the global batch alone
 * (base/tree.h). NULL functions: the local batch is the global one; then context is
 * float [n_trainable] and receives the gradients. */
struct net_sums {
    /* parts [n][width], one row per local slice -> total [width] over all ranks' slices. */
    enum ben_status (*small)(void *context, double *parts, int n, size_t width, double *total);
    /* Gradients of values [offset, offset+count): parts [n][count], one row per local slice;
     * spoiled. Called once per parameter (or neighbours together) during net_backward. */
    enum ben_status (*gradient)(void *context, size_t offset, size_t count, int n,
                                float *parts);
    void *context;
    int batch; /* slices in the global batch; n must be > 0 somewhere */
    int first; /* place of the first local slice in the global batch */
};

/* Mode TRAIN on the local part of the global batch, n may be 0 (ranks without a slice still
 * take part in the sums). Dropout masks are keyed by (seed, step, first + i). Writes prob
 * [n][size][size], keeps what backward needs (x too, which the caller leaves in place until then)
 * and moves the running statistics in the values by the global batch's mean and biased variance.
 * Collective where sums are. */
enum ben_status net_train_forward(struct net *net, const float *x, int n, uint64_t seed,
                                  uint32_t step, const struct net_sums *sums, float *prob);

/* dlogit [n][size][size] = dL/d(logit), the loss being the sum over the global batch of what
 * each slice adds. Delivers every trainable value's gradient through sums->gradient, from the
 * last layer to the first, weight and bias of a layer in one call, the non-local block's four
 * weights in one call.
 * Collective where sums are. */
enum ben_status net_backward(struct net *net, const float *dlogit, int n,
                             const struct net_sums *sums);

#endif
