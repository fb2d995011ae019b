/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/random.h"
#include "base/util.h"
#include "mpi/reduce.h"
#include "train/adabn.h"

#include <stdlib.h>
#include <string.h>

#define STREAM_BATCH 16 /* slices that normalise each other on their way */

/* A network of our own, whose running statistics are those of the last batch. */
struct stream {
    struct net *net;
    const struct dataset *dataset;
    struct reduce *reduce;
    uint32_t *order; /* [n] */
    float *x, *prob; /* [max_batch][size][size] */
    double *sums;    /* [statistics] of the batches so far, weighed by their slices */
    size_t n_values, n_trainable;
};

/* Momentum 0 leaves the batch's own statistics behind; dropout would change them. */
static enum ben_status copy_net(struct net *net, int max_batch, struct stream *s)
{
    enum ben_status st = BEN_OK;
    struct net_config config = *net_config(net);
    config.norm_momentum = 0;
    memset(config.dropout, 0, sizeof config.dropout);
    TRY(net_create(&config, max_batch, true, &s->net));
    const float *values = net_values(net, &s->n_values, &s->n_trainable);
    memcpy(net_values(s->net, NULL, NULL), values, s->n_values * sizeof *values);
    net_refresh(s->net);
out:
    return st;
}

static enum ben_status reserve(const struct comm *world, struct net *net, long n,
                               struct stream *s)
{
    enum ben_status st = BEN_OK;
    int max_batch = (STREAM_BATCH + world->size - 1) / world->size;
    size_t floats = (size_t)max_batch * (size_t)s->dataset->size * (size_t)s->dataset->size;
    TRY(copy_net(net, max_batch, s));
    TRY_NEW(s->order = calloc((size_t)n, sizeof *s->order));
    TRY_NEW(s->x = malloc(floats * sizeof *s->x));
    TRY_NEW(s->prob = malloc(floats * sizeof *s->prob));
    TRY_NEW(s->sums = calloc(2 * (s->n_values - s->n_trainable), sizeof *s->sums));
out:
    return st;
}

/* Means, and second moments about zero: a batch's variance plus its mean's square. */
static void add_batch(struct stream *s, int batch)
{
    int n;
    const struct net_param *params = net_params(s->net, &n);
    const float *values = net_values(s->net, NULL, NULL), *mean = NULL;
    for (int p = 0; p < n; p++) {
        const float *here = values + params[p].offset;
        double *sums = s->sums + (params[p].offset - s->n_trainable);
        bool variance = params[p].init == BEN_INIT_ONE;
        if (params[p].trainable)
            continue;
        for (size_t k = 0; k < params[p].count; k++)
            sums[k] += batch * (variance ? here[k] + (double)mean[k] * mean[k] : here[k]);
        mean = variance ? NULL : here;
    }
}

static void set_statistics(const struct stream *s, struct net *net, long slices)
{
    int n;
    const struct net_param *params = net_params(net, &n);
    float *values = net_values(net, NULL, NULL);
    const double *mean = NULL;
    for (int p = 0; p < n; p++) {
        float *here = values + params[p].offset;
        const double *sums = s->sums + (params[p].offset - s->n_trainable);
        bool variance = params[p].init == BEN_INIT_ONE;
        if (params[p].trainable)
            continue;
        for (size_t k = 0; k < params[p].count; k++) {
            double m = variance ? mean[k] / (double)slices : 0;
            here[k] = (float)(sums[k] / (double)slices - m * m);
        }
        mean = variance ? NULL : sums;
    }
    net_refresh(net);
}

static enum ben_status pass_batch(struct stream *s, const long *slices, long at, int batch)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)s->dataset->size * (size_t)s->dataset->size;
    struct net_sums sums = {.small = reduce_small, .context = s->reduce, .batch = batch};
    long first;
    int n;
    reduce_begin(s->reduce, batch, &first, &n);
    sums.first = (int)first;
    for (int i = 0; i < n; i++)
        dataset_read_image(s->dataset, slices[s->order[at + first + i]],
                           s->x + (size_t)i * pixels);
    TRY(net_train_forward(s->net, s->x, n, 0, 0, &sums, s->prob));
    add_batch(s, batch);
out:
    return st;
}

enum ben_status adabn_stream(const struct comm *world, struct net *net,
                             const struct dataset *dataset, const long *slices, long n)
{
    enum ben_status st = BEN_OK;
    struct stream s = {.dataset = dataset};
    struct reduce_config config = {.max_batch = STREAM_BATCH};
    double start = util_now_s();
    if (n <= 0)
        FAIL(BEN_E_INPUT, "no slice to take the norm layers' statistics from");
    TRY(comm_agree(world, reserve(world, net, n, &s)));
    config.small_width = s.n_values - s.n_trainable; /* more than one layer has */
    TRY(reduce_create(world, &config, &s.reduce));
    struct random_stream stream = random_open(0, BEN_RANDOM_SHUFFLE, 0, 2);
    random_permutation(&stream, (uint32_t)n, s.order);
    for (long at = 0; at < n; at += STREAM_BATCH) {
        int batch = n - at < STREAM_BATCH ? (int)(n - at) : STREAM_BATCH;
        TRY(pass_batch(&s, slices, at, batch));
        log_progress("norm statistics", (double)(at + batch), (double)n, start);
    }
    log_progress_end();
    set_statistics(&s, net, n);
out:
    reduce_free(&s.reduce);
    net_free(&s.net);
    free(s.order);
    free(s.x);
    free(s.prob);
    free(s.sums);
    return st;
}
