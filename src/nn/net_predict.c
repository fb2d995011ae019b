/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions: one thread takes one slice through the whole network, and in Monte Carlo passes
 * only those parts of it several times that come after dropout. */
#include "nn/nlunet.h"

#include <omp.h>
#include <string.h>

/* Debug builds: whoever reads what nobody wrote gets NaN. */
static void poison(const struct net_workspace *work)
{
#ifdef BEN_DEBUG
    memset(work->a, 0xff, (size_t)((char *)work->scratch - (char *)work->a));
#endif
    (void)work;
}

static size_t image_floats(const struct net *net)
{
    return (size_t)net->config.size * (size_t)net->config.size;
}

static struct walk walk_start(const struct net *net, const struct walk_aim *aim, const float *x,
                              int slice)
{
    const struct net_workspace *work = &net->workspaces[omp_get_thread_num()];
    poison(work);
    return (struct walk){.net = net,
                         .aim = aim,
                         .work = work,
                         .at = x + (size_t)slice * image_floats(net),
                         .a = work->a,
                         .b = work->b,
                         .n = 1,
                         .key = aim->keys ? aim->keys[slice] : 0};
}

void net_predict(struct net *net, const float *x, int n, float *prob)
{
    const struct walk_aim aim = {.mode = BEN_INFER, .first = BEN_BLOCKS};
    ENSURE(n <= net->max_batch);
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct walk walk = walk_start(net, &aim, x, i);
        nlunet_walk(&walk, 0, BEN_BLOCKS);
        nlunet_finish(&walk, prob + (size_t)i * image_floats(net));
    }
}

void net_stats(struct net *net, int block, const float *x, int n, double *moments)
{
    const struct walk_aim aim = {.mode = BEN_STATS, .first = BEN_BLOCKS, .block = block};
    size_t width = 2 * (size_t)net_block_channels(net, block);
    ENSURE(block >= 0 && block < BEN_BLOCKS && n <= net->max_batch);
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct walk walk = walk_start(net, &aim, x, i);
        walk.moments = moments + (size_t)i * width;
        nlunet_walk(&walk, 0, block + 1);
    }
}

/* Where the samples of one slice go: to prob, or into the three running means of as many as went
 * ahead and, where wanted, the votes. */
struct sink {
    float *prob, *mean, *aleatoric, *epistemic, *votes; /* [pixels] */
};

/* Adds weight where p is above one half. */
static void sink_vote(const struct sink *sink, size_t pixels, uint32_t place, float weight,
                      const float *restrict p)
{
    float *restrict votes = sink->votes;
    if (place == 0)
        memset(votes, 0, pixels * sizeof *votes);
    for (size_t i = 0; i < pixels; i++)
        votes[i] += p[i] > 0.5F ? weight : 0;
}

/* Means of what came so far, of place samples and this one: never a sum, so that nothing is lost
 * in the difference of large numbers. */
static void sink_add(const struct sink *sink, size_t pixels, uint32_t place,
                     const float *restrict p)
{
    float *restrict mean = sink->mean, *restrict aleatoric = sink->aleatoric,
                    *restrict epistemic = sink->epistemic;
    float weight = 1 / (float)(place + 1);
    if (place == 0) {
        memset(mean, 0, pixels * sizeof *mean);
        memset(aleatoric, 0, pixels * sizeof *aleatoric);
        memset(epistemic, 0, pixels * sizeof *epistemic);
    }
    for (size_t i = 0; i < pixels; i++) {
        float off = p[i] - mean[i];
        mean[i] += off * weight;
        aleatoric[i] += (p[i] * (1 - p[i]) - aleatoric[i]) * weight;
        epistemic[i] += (off * (p[i] - mean[i]) - epistemic[i]) * weight;
    }
}

/* The sample of that place; it stands for as many as vote. */
static void deliver(const struct walk *w, const struct sink *sink, uint32_t place,
                    uint32_t vote)
{
    if (sink->prob) {
        nlunet_finish(w, sink->prob);
        return;
    }
    float *prob = nlunet_free(w);
    nlunet_finish(w, prob);
    sink_add(sink, image_floats(w->net), place, prob);
    if (sink->votes)
        sink_vote(sink, image_floats(w->net), place, (float)vote, prob);
}

/* Samples that go through the end of the bottleneck together. There maps are small, so that
 * the weights are read once for all of them. */
static int together(const struct walk_aim *aim, uint32_t left)
{
    if (aim->first != NET_START)
        return 1;
    uint32_t rounds = (left + NET_TOGETHER - 1) / NET_TOGETHER;
    return (int)((left + rounds - 1) / rounds);
}

/* w with samples sample .. sample + n - 1 of what lies ready ahead of the first dropout, on its
 * way to the block where each goes on alone; returns that block. */
static int set_off(struct walk *w, uint32_t sample, int n)
{
    int first = w->aim->first;
    size_t floats = net_block_floats(&w->net->blocks[first]);
    float *from = first < NET_START ? w->work->skip[first] : w->work->deep;
    w->sample = sample;
    w->n = n;
    w->a = w->work->deep;
    w->b = w->work->a;
    w->at = from;
    for (size_t i = 0; i < (size_t)n; i++)
        memcpy(from + i * floats, w->work->ahead, floats * sizeof *from);
    nlunet_drop(w, first, from);
    if (first != NET_START)
        return first + 1;
    nlunet_walk(w, NET_END, NET_END + 1);
    return NET_END + 1;
}

/* The rest of the way for tensor i of those in crowd. */
static void go_alone(const struct walk *crowd, int i, int block, const struct sink *sink,
                     uint32_t place)
{
    struct walk w = *crowd;
    size_t floats = net_block_floats(&w.net->blocks[block - 1]);
    w.a = nlunet_free(crowd);
    w.b = w.work->b;
    w.at = crowd->at + (size_t)i * floats;
    w.sample = crowd->sample + (uint32_t)i;
    w.n = 1;
    nlunet_walk(&w, block, BEN_BLOCKS);
    deliver(&w, sink, place, 1);
}

static void sample_slice(struct walk *w, const struct net_samples *samples,
                         const struct sink *sink)
{
    int first = w->aim->first;
    if (first == BEN_BLOCKS) { /* all samples are the same */
        nlunet_walk(w, 0, BEN_BLOCKS);
        deliver(w, sink, 0, samples->count);
        return;
    }
    nlunet_walk(w, 0, first + 1);
    memcpy(w->work->ahead, w->at, net_block_floats(&w->net->blocks[first]) * sizeof(float));
    nlunet_part(w);
    for (uint32_t place = 0, n; place < samples->count; place += n) {
        n = (uint32_t)together(w->aim, samples->count - place);
        int block = set_off(w, samples->first + place, (int)n);
        for (uint32_t i = 0; i < n; i++)
            go_alone(w, (int)i, block, sink, place + i);
    }
}

static void sample_slices(struct net *net, const float *x, int n,
                          const struct net_samples *samples, const struct sink *sink)
{
    const struct walk_aim aim = {.mode = BEN_MC,
                                 .first = net_first_dropout(net),
                                 .seed = samples->seed,
                                 .keys = samples->keys};
    ENSURE(n <= net->max_batch && samples->count > 0);
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct walk walk = walk_start(net, &aim, x, i);
        size_t skip = (size_t)i * image_floats(net);
        struct sink here = {.prob = sink->prob ? sink->prob + skip : NULL};
        if (!sink->prob)
            here =
                (struct sink){NULL, sink->mean + skip, sink->aleatoric + skip,
                              sink->epistemic + skip, sink->votes ? sink->votes + skip : NULL};
        sample_slice(&walk, samples, &here);
    }
}

void net_predict_mc(struct net *net, const float *x, int n, uint64_t seed, const uint32_t *keys,
                    uint32_t sample, float *prob)
{
    const struct net_samples one = {seed, keys, sample, 1};
    sample_slices(net, x, n, &one, &(struct sink){.prob = prob});
}

void net_monte_carlo(struct net *net, const float *x, int n, const struct net_samples *samples,
                     const struct net_certainty *out)
{
    const struct sink sink = {NULL, out->mean, out->aleatoric, out->epistemic, out->votes};
    sample_slices(net, x, n, samples, &sink);
}
