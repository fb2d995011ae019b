/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/validate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct overlap {
    unsigned long both, predicted, reference; /* pixels */
};

struct work {
    struct net *net;
    int max_batch;
    const struct dataset *dataset;
    double threshold;
    long *slices; /* to predict, all ranks' */
    int *scans;   /* whose they are */
    long n;
    float *x, *prob;          /* [max_batch][size][size] */
    struct overlap *overlaps; /* [n_scans] */
};

static bool takes_part(const struct dataset *dataset, const bool *use, int scan)
{
    return use[scan] && dataset->scans[scan].source->mask && dataset->scans[scan].count > 0;
}

static enum ben_status reserve(struct work *w, const bool *use)
{
    enum ben_status st = BEN_OK;
    const struct dataset *d = w->dataset;
    size_t pixels = (size_t)d->size * (size_t)d->size, batch = (size_t)w->max_batch;
    TRY_NEW(w->slices = calloc((size_t)d->n_slices + 1, sizeof *w->slices));
    TRY_NEW(w->scans = calloc((size_t)d->n_slices + 1, sizeof *w->scans));
    TRY_NEW(w->overlaps = calloc((size_t)d->n_scans + 1, sizeof *w->overlaps));
    TRY_NEW(w->x = malloc(batch * pixels * sizeof *w->x));
    TRY_NEW(w->prob = malloc(batch * pixels * sizeof *w->prob));
    for (int s = 0; s < d->n_scans; s++)
        for (int i = 0; takes_part(d, use, s) && i < d->scans[s].count; i++) {
            w->slices[w->n] = d->scans[s].first + i;
            w->scans[w->n++] = s;
        }
out:
    return st;
}

static void count_pixels(const struct work *w, const float *prob, const uint8_t *mask,
                         struct overlap *overlap)
{
    unsigned long both = 0, predicted = 0, reference = 0;
    float threshold = (float)w->threshold;
    for (size_t i = 0, n = (size_t)w->dataset->size * (size_t)w->dataset->size; i < n; i++) {
        unsigned brain = prob[i] >= threshold;
        both += brain & mask[i];
        predicted += brain;
        reference += mask[i];
    }
    overlap->both += both;
    overlap->predicted += predicted;
    overlap->reference += reference;
}

static void predict_share(struct work *w, long first, long count)
{
    size_t pixels = (size_t)w->dataset->size * (size_t)w->dataset->size;
    for (long at = first; at < first + count; at += w->max_batch) {
        long left = first + count - at;
        int n = left < w->max_batch ? (int)left : w->max_batch;
        for (int i = 0; i < n; i++)
            dataset_read_image(w->dataset, w->slices[at + i], w->x + (size_t)i * pixels);
        net_predict(w->net, w->x, n, w->prob);
        for (int i = 0; i < n; i++)
            count_pixels(w, w->prob + (size_t)i * pixels,
                         dataset_mask(w->dataset, w->slices[at + i]),
                         &w->overlaps[w->scans[at + i]]);
    }
}

/* Two empty masks agree. */
static double dice_of(const struct overlap *o)
{
    unsigned long sum = o->predicted + o->reference;
    return sum ? 2.0 * (double)o->both / (double)sum : 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static enum ben_status summarise(const struct work *w, const bool *use,
                                 struct validation *validation)
{
    enum ben_status st = BEN_OK;
    double *values = NULL, sum = 0;
    int n = 0;
    *validation = (struct validation){.lowest = 2, .lowest_scan = -1};
    TRY_NEW(values = calloc((size_t)w->dataset->n_scans + 1, sizeof *values));
    for (int s = 0; s < w->dataset->n_scans; s++) {
        if (!takes_part(w->dataset, use, s))
            continue;
        double value = dice_of(&w->overlaps[s]);
        if (value < validation->lowest) {
            validation->lowest = value;
            validation->lowest_scan = s;
        }
        values[n++] = value;
        sum += value;
    }
    qsort(values, (size_t)n, sizeof *values, by_value);
    validation->n_scans = n;
    validation->mean = n ? sum / n : NAN;
    validation->median = n ? 0.5 * (values[(n - 1) / 2] + values[n / 2]) : NAN;
    validation->lowest = n ? validation->lowest : NAN;
out:
    free(values);
    return st;
}

enum ben_status validate_dice(const struct comm *world, struct net *net, int max_batch,
                              const struct dataset *dataset, const bool *use, double threshold,
                              struct validation *validation)
{
    enum ben_status st = BEN_OK;
    struct work w = {
        .net = net, .max_batch = max_batch, .dataset = dataset, .threshold = threshold};
    long first, count;
    TRY(comm_agree(world, reserve(&w, use)));
    comm_share(w.n, world->rank, world->size, &first, &count);
    predict_share(&w, first, count);
    TRY(comm_sum_u64(world, &w.overlaps[0].both, 3 * (size_t)dataset->n_scans));
    TRY(comm_agree(world, summarise(&w, use, validation)));
out:
    free(w.slices);
    free(w.scans);
    free(w.overlaps);
    free(w.x);
    free(w.prob);
    return st;
}
