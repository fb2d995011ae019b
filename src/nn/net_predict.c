/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions: one thread takes a few slices through the whole network, and in Monte Carlo passes one
 * slice, several times through those parts that come after dropout. */
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
    return (struct walk){.net = net,
                         .aim = aim,
                         .work = work,
                         .at = x + (size_t)slice * image_floats(net),
                         .a = work->a,
                         .b = work->b,
                         .n = 1,
                         .team = aim->team,
                         .key = aim->keys ? aim->keys[slice] : 0};
}

/* Tensor i of those in crowd, to go on alone behind block; its two work buffers are those that the
 * crowd's tensors do not lie in. */
static struct walk walk_alone(const struct walk *crowd, int i, int block)
{
    struct walk w = *crowd;
    w.a = nlunet_free(crowd);
    w.b = w.work->b;
    w.at = crowd->at + (size_t)i * net_block_floats(&w.net->blocks[block]);
    w.n = 1;
    return w;
}

/* Slices that go together, and where what they give goes: prob or moments. */
struct group {
    const float *x;
    int first, n;
    float *prob;     /* [slices][pixels] of all slices; NULL: not wanted */
    double *moments; /* [slices][width] of all */
    size_t width;
};

static double *group_moments(const struct group *group, int i)
{
    return group->moments ? group->moments + (size_t)(group->first + i) * group->width : NULL;
}

/* Through the blocks up to last: one by one down to level NET_DEEP, side by side from there, and
 * on the way up one by one again. */
static void walk_group(const struct net *net, const struct walk_aim *aim, struct group group,
                       int last)
{
    const int deep_end = NET_DEC(NET_DEEP);
    struct walk crowd = walk_start(net, aim, group.x, group.first);
    poison(crowd.work);
    for (int i = 0; i < group.n; i++) {
        struct walk w = walk_start(net, aim, group.x, group.first + i);
        w.place = i;
        w.moments = group_moments(&group, i);
        nlunet_walk(&w, 0, last < NET_DEEP ? last + 1 : NET_DEEP);
    }
    crowd.n = group.n;
    crowd.moments = group_moments(&group, 0);
    crowd.at = nlunet_skip(&crowd, NET_DEEP - 1);
    crowd.a = crowd.work->deep;
    crowd.b = crowd.work->a;
    if (last >= NET_DEEP)
        nlunet_walk(&crowd, NET_DEEP, last < deep_end ? last + 1 : deep_end + 1);
    for (int i = 0; last > deep_end && i < group.n; i++) {
        struct walk w = walk_alone(&crowd, i, deep_end);
        w.place = i;
        w.moments = group_moments(&group, i);
        nlunet_walk(&w, deep_end + 1, last + 1);
        if (group.prob)
            nlunet_finish(&w, group.prob + (size_t)(group.first + i) * image_floats(net));
    }
}

/* The threads that take each layer together where a quarter of them and more would have no slice of
 * their own: layer by layer they wait for each other, but all of them work. Else 1. */
static int team_for(const struct net *net, int slices)
{
    return 4 * slices <= 3 * net->team ? net->team : 1;
}

int net_walkers(const struct net *net, int n)
{
    int most = net->threads < n ? net->threads : n;
    return team_for(net, n) > 1 ? 1 : most;
}

static struct group group_at(struct group all, int groups, int g)
{
    struct group group = all;
    group.first = (int)((long)all.n * g / groups);
    group.n = (int)((long)all.n * (g + 1) / groups) - group.first;
    return group;
}

/* Groups as even as the threads can share them. (A team cannot work within a parallel region, of one
 * thread even: GCC's library would start its threads anew for each layer.) */
static void walk_slices(const struct net *net, const struct walk_aim *to, struct group all,
                        int last)
{
    struct walk_aim aim = *to;
    aim.team = team_for(net, all.n);
    const int n = all.n, threads = aim.team > 1 ? 1 : net->threads;
    int at_once = threads * net->group;
    int groups = threads * ((n + at_once - 1) / at_once);
    groups = groups < n ? groups : n;
    ENSURE(n <= net->max_batch);
    if (aim.team > 1) {
        for (int g = 0; g < groups; g++)
            walk_group(net, &aim, group_at(all, groups, g), last);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int g = 0; g < groups; g++)
        walk_group(net, &aim, group_at(all, groups, g), last);
}

void net_predict(struct net *net, const float *x, int n, float *prob)
{
    const struct walk_aim aim = {.mode = BEN_INFER, .first = BEN_BLOCKS};
    walk_slices(net, &aim, (struct group){.x = x, .n = n, .prob = prob}, BEN_BLOCKS - 1);
}

void net_stats(struct net *net, int block, const float *x, int n, double *moments)
{
    const struct walk_aim aim = {.mode = BEN_STATS, .first = BEN_BLOCKS, .block = block};
    size_t width = 2 * (size_t)net_block_channels(net, block);
    ENSURE(block >= 0 && block < BEN_BLOCKS);
    walk_slices(net, &aim, (struct group){.x = x, .n = n, .moments = moments, .width = width},
                block);
}

void net_attention(struct net *net, const float *x, int n, const float *query, float *key)
{
    const struct walk_aim aim = {.mode = BEN_INFER, .first = BEN_BLOCKS, .team = 1};
    ENSURE(n <= net->max_batch && net->config.nonlocal);
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++) {
        struct walk walk = walk_start(net, &aim, x, i);
        size_t skip = (size_t)i * (size_t)net->nonlocal.positions;
        nlunet_walk(&walk, 0, NET_END + 1);
        nonlocal_attention(&net->nonlocal, walk.work->kept, query + skip, key + skip);
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

/* Samples that go side by side below level NET_DEEP. */
static int together(const struct walk_aim *aim, uint32_t left)
{
    if (aim->first != NET_START)
        return 1;
    uint32_t rounds = (left + NET_TOGETHER - 1) / NET_TOGETHER;
    return (int)((left + rounds - 1) / rounds);
}

/* w with samples sample .. sample + n - 1 of what lies ready ahead of the first dropout, on its
 * way to the block behind which each goes on alone; returns that block. */
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
        return first;
    nlunet_walk(w, NET_END, NET_DEC(NET_DEEP) + 1);
    return NET_DEC(NET_DEEP);
}

/* The rest of the way for tensor i of those in crowd. */
static void go_alone(const struct walk *crowd, int i, int block, const struct sink *sink,
                     uint32_t place)
{
    struct walk w = walk_alone(crowd, i, block);
    w.sample = crowd->sample + (uint32_t)i;
    nlunet_walk(&w, block + 1, BEN_BLOCKS);
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

/* Slice i. */
static void sample_at(const struct net *net, const struct walk_aim *aim, const float *x, int i,
                      const struct net_samples *samples, const struct sink *sink)
{
    struct walk walk = walk_start(net, aim, x, i);
    size_t skip = (size_t)i * image_floats(net);
    struct sink here = {.prob = sink->prob ? sink->prob + skip : NULL};
    poison(walk.work);
    if (!sink->prob)
        here = (struct sink){NULL, sink->mean + skip, sink->aleatoric + skip,
                             sink->epistemic + skip, sink->votes ? sink->votes + skip : NULL};
    sample_slice(&walk, samples, &here);
}

static void sample_slices(struct net *net, const float *x, int n,
                          const struct net_samples *samples, const struct sink *sink)
{
    const struct walk_aim aim = {.mode = BEN_MC,
                                 .first = net_first_dropout(net),
                                 .seed = samples->seed,
                                 .keys = samples->keys,
                                 .team = team_for(net, n)};
    ENSURE(n <= net->max_batch && samples->count > 0);
    if (aim.team > 1) {
        for (int i = 0; i < n; i++)
            sample_at(net, &aim, x, i, samples, sink);
        return;
    }
#pragma omp parallel for num_threads(net->threads) schedule(dynamic)
    for (int i = 0; i < n; i++)
        sample_at(net, &aim, x, i, samples, sink);
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
