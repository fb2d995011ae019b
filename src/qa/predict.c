/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/predict.h"
#include "prep/slab.h"

#include <math.h>
#include <stdlib.h>

enum { CELL = BEN_PREDICT_CELL };

/* A team's work on one scan. */
struct job {
    struct net *net;
    const struct predict_config *config;
    const struct prepared *prepared;
    const struct predict_maps *maps;
    struct mcqa_sums *slices; /* [slices of the scan], NULL without samples */
    size_t pixels;            /* of a slice */
    int cells;                /* positions along a slice's edge */
    /* Of a batch, [BEN_PREDICT_BATCH][size][size]: */
    float *x, *y, *aleatoric, *epistemic, *votes;
    float *query; /* [BEN_PREDICT_BATCH][cells][cells] */
};

static enum ben_status take(float **floats, size_t n)
{
    enum ben_status st = BEN_OK;
    size_t bytes = (n * sizeof(float) + 63) / 64 * 64;
    TRY_NEW(*floats = aligned_alloc(64, bytes));
out:
    return st;
}

static enum ben_status open_job(struct job *job)
{
    enum ben_status st = BEN_OK;
    size_t all = BEN_PREDICT_BATCH * job->pixels;
    size_t cells = BEN_PREDICT_BATCH * (size_t)job->cells * (size_t)job->cells;
    TRY(take(&job->x, all));
    TRY(take(&job->y, all));
    if (job->config->samples) {
        TRY_NEW(job->slices = calloc((size_t)job->prepared->slices.count, sizeof *job->slices));
        TRY(take(&job->aleatoric, all));
        TRY(take(&job->epistemic, all));
        TRY(take(&job->votes, all));
    }
    if (job->maps->attention)
        TRY(take(&job->query, cells));
out:
    return st;
}

static void close_job(struct job *job)
{
    float *all[] = {job->x, job->y, job->aleatoric, job->epistemic, job->votes, job->query};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(job->slices);
}

/* x -> what the samples give; y is spoiled. */
static void sample(struct job *job, int first, int n)
{
    uint32_t keys[BEN_PREDICT_BATCH];
    int size = job->prepared->slices.size;
    for (int i = 0; i < n; i++)
        keys[i] = (uint32_t)(first + i);
    const struct net_samples samples = {job->config->seed, keys, 0, job->config->samples};
    const struct net_certainty out = {job->y, job->aleatoric, job->epistemic, job->votes};
    net_monte_carlo(job->net, job->x, n, &samples, &out);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n; i++) {
        size_t skip = (size_t)i * job->pixels;
        const struct net_certainty one = {out.mean + skip, out.aleatoric + skip,
                                          out.epistemic + skip, out.votes + skip};
        mcqa_measure(&one, size, samples.count, job->config->threshold,
                     &job->slices[first + i]);
    }
}

/* The uncertainty takes the aleatoric part's place. */
static void restore_uncertainty(struct job *job, int first, int n)
{
    for (size_t i = 0; i < (size_t)n * job->pixels; i++)
        job->aleatoric[i] += job->epistemic[i];
    slices_restore(&job->prepared->slices, job->aleatoric, first, n, job->maps->uncertainty);
}

/* The share of each cell's pixels that are above the threshold. */
static void find_queries(const struct job *job, const float *prob, float *query)
{
    int size = job->prepared->slices.size, cells = job->cells;
    for (int i = 0; i < cells * cells; i++) {
        const float *corner =
            prob + (size_t)(i / cells * CELL) * (size_t)size + i % cells * CELL;
        int inside = 0;
        for (int p = 0; p < CELL * CELL; p++)
            inside +=
                corner[(size_t)(p / CELL) * (size_t)size + p % CELL] > job->config->threshold;
        query[i] = (float)inside / (CELL * CELL);
    }
}

/* Cells [cells][cells] -> [size][size], linear between their centres. */
static void enlarge(const float *cell, int cells, float *to)
{
    int size = cells * CELL;
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            float y = fminf(fmaxf((r + 0.5F) / CELL - 0.5F, 0), (float)(cells - 1));
            float x = fminf(fmaxf((c + 0.5F) / CELL - 0.5F, 0), (float)(cells - 1));
            int top = (int)y, left = (int)x;
            int below = top + 1 < cells ? top + 1 : top,
                right = left + 1 < cells ? left + 1 : left;
            const float *a = cell + top * cells, *b = cell + below * cells;
            float upper = a[left] + (x - (float)left) * (a[right] - a[left]);
            float lower = b[left] + (x - (float)left) * (b[right] - b[left]);
            to[(size_t)r * (size_t)size + c] = upper + (y - (float)top) * (lower - upper);
        }
}

static void attend(const struct job *job, int first, int n)
{
    size_t cells = (size_t)job->cells * (size_t)job->cells;
    for (int i = 0; i < n; i++)
        find_queries(job, job->y + (size_t)i * job->pixels, job->query + (size_t)i * cells);
    net_attention(job->net, job->x, n, job->query,
                  job->maps->attention + (size_t)first * cells);
}

static void predict_share(struct job *job, int first, int count)
{
    const struct slice_geometry *slices = &job->prepared->slices;
    for (int at = first; at < first + count; at += BEN_PREDICT_BATCH) {
        int left = first + count - at, n = left < BEN_PREDICT_BATCH ? left : BEN_PREDICT_BATCH;
        slices_extract(slices, job->prepared->volume, at, n, job->x);
        if (job->config->samples)
            sample(job, at, n);
        net_predict(job->net, job->x, n, job->y);
        slices_restore(slices, job->y, at, n, job->maps->prob);
        if (job->maps->uncertainty)
            restore_uncertainty(job, at, n);
        if (job->maps->attention)
            attend(job, at, n);
    }
}

/* The shares of all ranks to all; the slices' sums together. */
static enum ben_status unite(const struct comm *team, const struct job *job,
                             struct mcqa_sums *sums)
{
    enum ben_status st = BEN_OK;
    float *const maps[] = {job->maps->prob, job->maps->uncertainty};
    const struct prepared *prepared = job->prepared;
    enum ben_status (*share)(const struct comm *, float *, const int *, int) =
        job->maps->on_root ? slab_gather : slab_exchange;
    for (int i = 0; i < 2; i++)
        if (maps[i])
            TRY(share(team, maps[i], prepared->volume->dim, (int)prepared->slices.plane));
    if (job->maps->attention)
        TRY(comm_share_rows(team, job->maps->attention, prepared->slices.count,
                            (size_t)job->cells * (size_t)job->cells * sizeof(float)));
    if (!sums)
        goto out;
    TRY(comm_share_rows(team, job->slices, prepared->slices.count, sizeof *job->slices));
    *sums = (struct mcqa_sums){0};
    for (int i = 0; i < prepared->slices.count; i++)
        mcqa_add(sums, &job->slices[i]);
out:
    return st;
}

size_t predict_attention_floats(const struct prepared *prepared)
{
    size_t cells = (size_t)prepared->slices.size / CELL;
    return (size_t)prepared->slices.count * cells * cells;
}

enum ben_status predict_attention_map(const struct prepared *prepared, const float *attention,
                                      float *map)
{
    enum ben_status st = BEN_OK;
    const struct slice_geometry *slices = &prepared->slices;
    int cells = slices->size / CELL;
    float *slice = NULL;
    TRY(take(&slice, (size_t)slices->size * (size_t)slices->size));
    for (int i = 0; i < slices->count; i++) {
        enlarge(attention + (size_t)i * (size_t)(cells * cells), cells, slice);
        slices_restore(slices, slice, i, 1, map);
    }
out:
    free(slice);
    return st;
}

enum ben_status predict_scan(const struct comm *team, struct net *net,
                             const struct predict_config *config,
                             const struct prepared *prepared, const struct predict_maps *maps,
                             struct mcqa_sums *sums)
{
    enum ben_status st = BEN_OK;
    size_t size = (size_t)prepared->slices.size;
    struct job job = {.net = net,
                      .config = config,
                      .prepared = prepared,
                      .maps = maps,
                      .pixels = size * size,
                      .cells = prepared->slices.size / CELL};
    long first, count;
    ENSURE(config->samples > 0 || (!maps->uncertainty && !sums));
    comm_share(prepared->slices.count, team->rank, team->size, &first, &count);
    TRY(comm_agree(team, open_job(&job)));
    predict_share(&job, (int)first, (int)count);
    TRY(unite(team, &job, sums));
out:
    close_job(&job);
    return st;
}

enum ben_status predict_volume(const struct comm *team, struct net *net,
                               const struct prepared *prepared, float *prob)
{
    const struct predict_config config = {0};
    const struct predict_maps maps = {.prob = prob};
    return predict_scan(team, net, &config, prepared, &maps, NULL);
}
