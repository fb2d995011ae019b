/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "bench/head.h"
#include "bench/measure.h"

#include <stdlib.h>
#include <string.h>

struct job {
    const struct measure_config *config;
    struct net *net;
    float *x, *target, *prob;
    struct net_certainty certainty;
    uint32_t *keys;
    double *layer_s; /* [BEN_LAYERS] of one run */
    struct sample plain, mc, layers[BEN_LAYERS];
};

static enum ben_status open_job(struct job *job)
{
    enum ben_status st = BEN_OK;
    const struct measure_config *config = job->config;
    size_t size = (size_t)config->net.size, floats = (size_t)config->batch * size * size;
    TRY(net_create(&config->net, config->batch, false, &job->net));
    net_init(job->net, config->seed);
    TRY_NEW(job->x = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->target = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->prob = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->certainty.mean = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->certainty.aleatoric = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->certainty.epistemic = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(job->keys = calloc((size_t)config->batch, sizeof *job->keys));
    TRY_NEW(job->layer_s = calloc(BEN_LAYERS, sizeof *job->layer_s));
    TRY(head_slices(config->seed, config->net.size, config->batch, job->x, job->target));
    for (int i = 0; i < config->batch; i++)
        job->keys[i] = (uint32_t)i;
out:
    return st;
}

static void close_job(struct job *job)
{
    net_free(&job->net);
    free(job->x);
    free(job->target);
    free(job->prob);
    free(job->certainty.mean);
    free(job->certainty.aleatoric);
    free(job->certainty.epistemic);
    free(job->keys);
    free(job->layer_s);
}

static double run_plain(struct job *job)
{
    double start = util_now_s();
    net_predict(job->net, job->x, job->config->batch, job->prob);
    return util_now_s() - start;
}

static double run_mc(struct job *job)
{
    const struct measure_config *config = job->config;
    const struct net_samples samples = {config->seed, job->keys, 0,
                                        (uint32_t)config->mc_samples};
    double start = util_now_s();
    net_monte_carlo(job->net, job->x, config->batch, &samples, &job->certainty);
    return util_now_s() - start;
}

static void run_clocked(struct job *job)
{
    memset(job->layer_s, 0, BEN_LAYERS * sizeof *job->layer_s);
    net_clock(job->net, job->layer_s);
    run_plain(job);
    net_clock(job->net, NULL);
}

static void repeat(struct job *job)
{
    run_plain(job);
    for (int r = 0; r < job->config->repeat; r++) {
        sample_add(&job->plain, run_plain(job));
        run_clocked(job);
        for (int l = 0; l < BEN_LAYERS; l++)
            sample_add(&job->layers[l], job->layer_s[l]);
        sample_add(&job->mc, run_mc(job));
    }
}

static void summarise(const struct job *job, struct measure_prediction *p)
{
    int batch = job->config->batch, threads = net_walkers(job->net, batch);
    struct net_layer layers[BEN_LAYERS];
    net_layers(job->net, layers);
    p->plain = sample_summary(&job->plain, batch);
    p->mc = sample_summary(&job->mc, batch);
    for (int l = 0; l < BEN_LAYERS; l++) {
        p->layers[l].layer = layers[l];
        p->layers[l].time = sample_summary(&job->layers[l], (double)batch * threads);
        p->flops += layers[l].flops;
    }
}

enum ben_status measure_prediction(const struct comm *comm, struct measure_result *result)
{
    enum ben_status st = BEN_OK;
    struct job *job = NULL;
    sample_forget_peak();
    TRY_NEW(job = calloc(1, sizeof *job));
    job->config = &result->config;
    TRY(comm_agree(comm, open_job(job)));
    repeat(job);
    summarise(job, &result->prediction);
    result->prediction.peak_bytes = util_peak_bytes();
out:
    if (job)
        close_job(job);
    free(job);
    return st;
}
