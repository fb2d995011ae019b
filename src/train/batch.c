/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/batch.h"
#include "base/random.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define PAINT_STREAM 1U          /* beside the shuffle's, 0 */
#define START_DRAW   0xFFFFFFFFu /* place in the epoch's stream that shuffling never reaches */

struct batches {
    struct batch_config config;
    const struct dataset *dataset;
    const struct heads *heads;
    long n_slices, n_samples;
    long *slices;      /* [n_slices] candidates */
    double *weights;   /* [n_slices], sum n_samples */
    uint32_t *shuffle; /* [n_samples] */
    long *picked;      /* [n_samples] slices before shuffling */
    long *order;       /* [n_samples] the epoch's slices */
    bool once;         /* an epoch is every candidate once */
    uint32_t epoch;
    float *scratch; /* [threads][augment_scratch_floats] */
    int threads;
};

static bool is_empty(const struct dataset *dataset, long slice)
{
    size_t pixels = (size_t)dataset->size * (size_t)dataset->size;
    return memchr(dataset_mask(dataset, slice), 1, pixels) == NULL;
}

static bool is_used(const struct dataset *dataset, const bool *use, int scan)
{
    const struct dataset_scan *s = &dataset->scans[scan];
    return s->count > 0 && memchr(use + s->first, true, (size_t)s->count) != NULL;
}

static int scans_like(const struct dataset *dataset, const bool *use, int scan)
{
    const char *name = dataset->scans[scan].source->dataset;
    int found = 0;
    for (int s = 0; s < dataset->n_scans; s++)
        found +=
            is_used(dataset, use, s) && strcmp(dataset->scans[s].source->dataset, name) == 0;
    return found;
}

/* What all slices of a scan together weigh. */
static double scan_weight(const struct batches *b, const bool *use, int scan, double slices)
{
    if (b->config.balance == BEN_BALANCE_NONE)
        return slices;
    if (b->config.balance == BEN_BALANCE_SCAN)
        return 1;
    return 1.0 / scans_like(b->dataset, use, scan);
}

/* The slices that use has of a scan. */
static void add_scan(struct batches *b, const bool *use, int scan)
{
    const struct dataset_scan *s = &b->dataset->scans[scan];
    long first = b->n_slices;
    double sum = 0;
    for (int i = 0; i < s->count; i++) {
        double weight = is_empty(b->dataset, s->first + i) ? b->config.keep_empty : 1;
        if (weight <= 0 || !use[s->first + i])
            continue;
        b->slices[b->n_slices] = s->first + i;
        b->weights[b->n_slices++] = weight;
        sum += weight;
    }
    double factor = sum > 0 ? scan_weight(b, use, scan, sum) / sum : 0;
    for (long i = first; i < b->n_slices; i++)
        b->weights[i] *= factor;
}

static enum ben_status reserve_samples(struct batches *b, double expected)
{
    enum ben_status st = BEN_OK;
    double sum = 0;
    b->n_samples = b->config.samples > 0 ? b->config.samples : lround(expected);
    if (b->n_slices == 0 || b->n_samples == 0)
        FAIL(BEN_E_INPUT, "no slice to train on: no labelled scan with brain was left");
    b->once = b->n_samples == b->n_slices && b->config.balance == BEN_BALANCE_NONE &&
              (b->config.keep_empty <= 0 || b->config.keep_empty >= 1);
    for (long i = 0; i < b->n_slices; i++)
        sum += b->weights[i];
    for (long i = 0; i < b->n_slices; i++)
        b->weights[i] *= (double)b->n_samples / sum;
    TRY_NEW(b->shuffle = calloc((size_t)b->n_samples, sizeof *b->shuffle));
    TRY_NEW(b->picked = calloc((size_t)b->n_samples, sizeof *b->picked));
    TRY_NEW(b->order = calloc((size_t)b->n_samples, sizeof *b->order));
out:
    return st;
}

/* Samples of an epoch where none are asked for: all slices with brain, a share of the others. */
static double natural_samples(const struct batches *b)
{
    double sum = 0;
    for (long i = 0; i < b->n_slices; i++)
        sum += is_empty(b->dataset, b->slices[i]) ? b->config.keep_empty : 1;
    return sum;
}

enum ben_status batches_create(const struct batch_config *config, const struct dataset *dataset,
                               const bool *use, const struct heads *heads,
                               struct batches **batches)
{
    enum ben_status st = BEN_OK;
    struct batches *b = NULL;
    TRY_NEW(b = calloc(1, sizeof *b));
    b->config = *config;
    b->dataset = dataset;
    b->heads = heads;
    TRY_NEW(b->slices = calloc((size_t)dataset->n_slices + 1, sizeof *b->slices));
    TRY_NEW(b->weights = calloc((size_t)dataset->n_slices + 1, sizeof *b->weights));
    for (int s = 0; s < dataset->n_scans; s++)
        if (is_used(dataset, use, s))
            add_scan(b, use, s);
    TRY(reserve_samples(b, natural_samples(b)));
    *batches = b;
    b = NULL;
out:
    batches_free(&b);
    return st;
}

void batches_free(struct batches **batches)
{
    struct batches *b = *batches;
    if (!b)
        return;
    free(b->slices);
    free(b->weights);
    free(b->shuffle);
    free(b->picked);
    free(b->order);
    free(b->scratch);
    free(b);
    *batches = NULL;
}

long batches_samples(const struct batches *batches)
{
    return batches->n_samples;
}

/* Sample k is the slice in whose stretch of the cumulated weights k + start falls. */
static void pick_slices(struct batches *b, double start)
{
    double upper = b->weights[0];
    for (long k = 0, i = 0; k < b->n_samples; k++) {
        while (upper <= (double)k + start && i + 1 < b->n_slices)
            upper += b->weights[++i];
        b->picked[k] = b->slices[i];
    }
}

void batches_start_epoch(struct batches *batches, uint32_t epoch)
{
    struct random_stream stream =
        random_open(batches->config.seed, BEN_RANDOM_SHUFFLE, epoch, 0);
    /* Once: all weights are 1, and half a step keeps rounding from skipping a slice. */
    pick_slices(batches, batches->once ? 0.5 : random_uniform(&stream, START_DRAW));
    random_permutation(&stream, (uint32_t)batches->n_samples, batches->shuffle);
    for (long k = 0; k < batches->n_samples; k++)
        batches->order[k] = batches->picked[batches->shuffle[k]];
    batches->epoch = epoch;
}

long batches_slice(const struct batches *batches, long place)
{
    return batches->order[place];
}

static enum ben_status reserve_scratch(struct batches *b)
{
    enum ben_status st = BEN_OK;
    int threads = omp_get_max_threads();
    if (threads <= b->threads)
        return BEN_OK;
    free(b->scratch);
    b->threads = 0;
    TRY_NEW(b->scratch = malloc((size_t)threads * augment_scratch_floats(b->dataset->size) *
                                sizeof *b->scratch));
    b->threads = threads;
out:
    return st;
}

/* Whether the sample is painted instead of taken from its slice. */
static bool is_painted(const struct batches *b, uint32_t sample)
{
    struct random_stream stream =
        random_open(b->config.seed, BEN_RANDOM_SHUFFLE, b->epoch, PAINT_STREAM);
    return b->heads && random_uniform(&stream, sample) < b->config.painted;
}

enum ben_status batches_fill(struct batches *batches, const struct augment_config *augment,
                             long first, int n, float *x, float *y)
{
    enum ben_status st = BEN_OK;
    const struct dataset *dataset = batches->dataset;
    const size_t pixels = (size_t)dataset->size * (size_t)dataset->size;
    const size_t scratch = augment_scratch_floats(dataset->size);
    TRY(reserve_scratch(batches));
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < n; i++) {
        const struct sample_key key = {batches->config.seed, batches->epoch,
                                       (uint32_t)(first + i)};
        const long slice = batches->order[first + i];
        float *xi = x + (size_t)i * pixels, *yi = y + (size_t)i * pixels;
        float *own = batches->scratch + (size_t)omp_get_thread_num() * scratch;
        if (is_painted(batches, key.sample)) {
            synth_slice(batches->heads, &key, dataset->size, xi, yi, own);
            augment_painted(augment, &key, dataset->size, xi, yi, own);
        } else {
            const struct augment_source source = {dataset->size, dataset_image(dataset, slice),
                                                  dataset_mask(dataset, slice)};
            augment_slice(augment, &key, &source, xi, yi, own);
        }
    }
out:
    return st;
}
