/* SPDX-License-Identifier: BSD-3-Clause */
/* Prediction as a walk through the paper's figure, block by block, that can stop and go on:
 * between nn/net.h's predictions (net_predict.c) and the layers. One thread walks with one
 * tensor, or with several slices or samples of one slice, one behind the other; where slices are
 * fewer than threads, a team takes each layer of one walk together. Not for others. */
#ifndef BEN_NN_NLUNET_H
#define BEN_NN_NLUNET_H

#include "nn/net_inner.h"

/* What a walk is for. */
struct walk_aim {
    enum net_mode mode;   /* INFER, MC or STATS */
    int first;            /* MC: first block with dropout; otherwise BEN_BLOCKS */
    uint64_t seed;        /* MC */
    const uint32_t *keys; /* MC: per slice */
    int block;            /* STATS: whose norm's input is measured */
    int team;             /* of the walks */
};

struct walk {
    const struct net *net;
    const struct walk_aim *aim;
    const struct net_workspace *work;
    const float *at; /* the tensors on the way; at first the image */
    float *a, *b;    /* where they go in turn */
    int n;           /* how many: slices, or samples sample, sample + 1, ... */
    int team;        /* threads that take each layer together; 1: the caller alone */
    int place;       /* of the first one's skips in work->skip */
    uint32_t key;    /* MC: of the slice */
    uint32_t sample; /* MC */
    double *moments; /* STATS: of the first */
};

/* Through blocks [from, to), each with what lies ahead of it; leaves w->at. With dropout behind
 * those after aim->first, whose own is nlunet_drop's. False: the walk was for a measurement,
 * which is made. Encoders leave work->skip, from w->place on. */
bool nlunet_walk(struct walk *w, int from, int to);

/* In place, dropout behind block b. */
void nlunet_drop(const struct walk *w, int b, float *z);

/* What the skips that no dropout touches add to their decoders: work->skip -> work->part. Call
 * when the walk has come to the first block with dropout; decoders behind it then take it. */
void nlunet_part(const struct walk *w);

/* The last layer: prob [size][size] of one tensor. */
void nlunet_finish(const struct walk *w, float *prob);

/* What encoder level leaves of the first tensor. */
static inline float *nlunet_skip(const struct walk *w, int level)
{
    return w->work->skip[level] +
           (size_t)w->place * net_block_floats(&w->net->blocks[NET_ENC(level)]);
}

/* The work buffer that w->at does not lie in. */
static inline float *nlunet_free(const struct walk *w)
{
    return w->at == w->a ? w->b : w->a;
}

#endif
