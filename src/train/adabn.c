/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/adabn.h"
#include "base/log.h"
#include "base/util.h"
#include "mpi/reduce.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct adabn {
    struct net *net;
    const struct dataset *dataset;
    const long *slices;
    long n, first;
    int count, max_batch; /* count: slices of this rank, from first on */
    struct reduce *reduce;
    float *x;        /* [max_batch][size][size] */
    double *moments; /* [count][2][channels] */
    double *parts;   /* [count][channels] */
};

static int widest(const struct net *net)
{
    int width = 0;
    for (int b = 0; b < BEN_BLOCKS; b++)
        width = net_block_channels(net, b) > width ? net_block_channels(net, b) : width;
    return width;
}

/* Pixels of the maps that block's norm layer sees. */
static double block_pixels(const struct net *net, int block)
{
    int level = block < BEN_LEVELS       ? block
                : block < BEN_LEVELS + 2 ? BEN_LEVELS
                                         : BEN_BLOCKS - 1 - block;
    double edge = net_config(net)->size >> level;
    return edge * edge;
}

/* The k-th running mean (or variance) of the parameter list belongs to block k. */
static float *running_values(struct net *net, int block, const char *ending)
{
    int n, found = 0;
    size_t n_values, n_trainable, length = strlen(ending);
    const struct net_param *params = net_params(net, &n);
    float *values = net_values(net, &n_values, &n_trainable);
    for (int i = 0; i < n; i++) {
        size_t name = strlen(params[i].name);
        if (params[i].trainable || name < length ||
            strcmp(params[i].name + name - length, ending) != 0)
            continue;
        if (found++ == block)
            return values + params[i].offset;
    }
    return NULL;
}

static void measure_block(struct adabn *a, int block)
{
    size_t pixels = (size_t)a->dataset->size * (size_t)a->dataset->size;
    size_t row = 2 * (size_t)net_block_channels(a->net, block);
    for (int at = 0; at < a->count; at += a->max_batch) {
        int n = a->count - at < a->max_batch ? a->count - at : a->max_batch;
        for (int i = 0; i < n; i++)
            dataset_read_image(a->dataset, a->slices[a->first + at + i],
                               a->x + (size_t)i * pixels);
        net_stats(a->net, block, a->x, n, a->moments + (size_t)at * row);
    }
}

/* All slices have as many pixels: the mean is the mean of means, and the squares about it are
 * the squares within slices plus those between. */
static enum ben_status merge_block(struct adabn *a, int block, double *mean, double *variance)
{
    enum ben_status st = BEN_OK;
    size_t width = (size_t)net_block_channels(a->net, block);
    double pixels = block_pixels(a->net, block);
    for (int i = 0; i < a->count; i++)
        memcpy(a->parts + (size_t)i * width, a->moments + (size_t)i * 2 * width,
               width * sizeof *a->parts);
    TRY(reduce_small(a->reduce, a->parts, a->count, width, mean));
    for (size_t k = 0; k < width; k++)
        mean[k] /= (double)a->n;
    for (int i = 0; i < a->count; i++) {
        const double *row = a->moments + (size_t)i * 2 * width;
        for (size_t k = 0; k < width; k++) {
            double apart = row[k] - mean[k];
            a->parts[(size_t)i * width + k] = row[width + k] + pixels * apart * apart;
        }
    }
    TRY(reduce_small(a->reduce, a->parts, a->count, width, variance));
    for (size_t k = 0; k < width; k++)
        variance[k] /= (double)a->n * pixels;
out:
    return st;
}

static enum ben_status set_block(struct adabn *a, int block, double *mean, double *variance)
{
    enum ben_status st = BEN_OK;
    float *to_mean = running_values(a->net, block, ".mean");
    float *to_variance = running_values(a->net, block, ".var");
    ENSURE(to_mean && to_variance);
    measure_block(a, block);
    TRY(merge_block(a, block, mean, variance));
    for (int k = 0; k < net_block_channels(a->net, block); k++) {
        to_mean[k] = (float)mean[k];
        to_variance[k] = (float)variance[k];
    }
    net_refresh(a->net);
out:
    return st;
}

static enum ben_status reserve(struct adabn *a, double **totals)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)a->dataset->size * (size_t)a->dataset->size;
    size_t width = (size_t)widest(a->net);
    TRY_NEW(a->x = malloc((size_t)a->max_batch * pixels * sizeof *a->x));
    TRY_NEW(a->moments = malloc(((size_t)a->count + 1) * 2 * width * sizeof *a->moments));
    TRY_NEW(a->parts = malloc(((size_t)a->count + 1) * width * sizeof *a->parts));
    TRY_NEW(*totals = malloc(2 * width * sizeof **totals));
out:
    return st;
}

enum ben_status adabn_exact(const struct comm *world, struct net *net, int max_batch,
                            const struct dataset *dataset, const long *slices, long n)
{
    enum ben_status st = BEN_OK;
    struct adabn a = {
        .net = net, .dataset = dataset, .slices = slices, .n = n, .max_batch = max_batch};
    struct reduce_config config = {.max_batch = n, .small_width = (size_t)widest(net)};
    double *totals = NULL, start = util_now_s();
    if (n <= 0)
        FAIL(BEN_E_INPUT, "no slice to take the norm layers' statistics from");
    TRY(reduce_create(world, &config, &a.reduce));
    reduce_begin(a.reduce, n, &a.first, &a.count);
    TRY(comm_agree(world, reserve(&a, &totals)));
    for (int block = 0; block < BEN_BLOCKS; block++) {
        TRY(set_block(&a, block, totals, totals + config.small_width));
        log_progress("norm statistics", block + 1, BEN_BLOCKS, start);
    }
    log_progress_end();
out:
    reduce_free(&a.reduce);
    free(a.x);
    free(a.moments);
    free(a.parts);
    free(totals);
    return st;
}

/* What stands there becomes the mixture of it (share) and of what was before. A layer's variance
 * comes behind its mean in the list. */
static void mix_statistics(struct net *net, double share, const float *before)
{
    int n;
    const struct net_param *params = net_params(net, &n);
    float *values = net_values(net, NULL, NULL);
    size_t mean = 0;
    for (int p = 0; p < n; p++) {
        if (params[p].trainable)
            continue;
        if (params[p].init != BEN_INIT_ONE) {
            mean = params[p].offset;
            continue;
        }
        for (size_t k = 0; k < params[p].count; k++) {
            size_t m = mean + k, v = params[p].offset + k;
            double apart = (double)values[m] - before[m];
            values[m] = (float)(before[m] + share * apart);
            values[v] = (float)((1 - share) * before[v] + share * values[v] +
                                share * (1 - share) * apart * apart);
        }
    }
    net_refresh(net);
}

static enum ben_status copy_values(const float *values, size_t n, float **copy)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(*copy = malloc(n * sizeof **copy));
    memcpy(*copy, values, n * sizeof **copy);
out:
    return st;
}

enum ben_status adabn_run(const struct adabn_config *config, const struct comm *world,
                          struct net *net, int max_batch, const struct dataset *dataset,
                          const long *slices, long n)
{
    enum ben_status st = BEN_OK;
    size_t n_values, n_trainable;
    const float *values = net_values(net, &n_values, &n_trainable);
    float *before = NULL;
    TRY(comm_agree(world, copy_values(values, n_values, &before)));
    if (config->form == BEN_ADABN_EXACT)
        TRY(adabn_exact(world, net, max_batch, dataset, slices, n));
    else
        TRY(adabn_stream(world, net, dataset, slices, n));
    if (config->share < 1)
        mix_statistics(net, config->share, before);
out:
    free(before);
    return st;
}
