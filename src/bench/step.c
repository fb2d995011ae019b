/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/step.h"
#include "base/util.h"
#include "bench/head.h"
#include "mpi/reduce.h"
#include "nn/loss.h"
#include "train/adam.h"

#include <stdlib.h>

#define RATE 1e-4

struct step {
    struct net *net;
    struct reduce *reduce;
    struct adam adam;
    int batch, ranks;
    size_t pixels;
    uint64_t seed;
    float *x, *target, *prob, *dlogit, *gradient;
    double *losses; /* [batch][2] */
    double reduce_s;
};

static enum ben_status reserve(struct step *step, size_t n_trainable)
{
    enum ben_status st = BEN_OK;
    size_t floats = (size_t)step->batch * step->pixels;
    float **all[] = {&step->x, &step->target, &step->prob, &step->dlogit};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        TRY_NEW(*all[i] = aligned_alloc(64, floats * sizeof(float)));
    TRY_NEW(step->gradient = calloc(n_trainable, sizeof *step->gradient));
    TRY_NEW(step->losses = calloc((size_t)step->batch * 2, sizeof *step->losses));
    TRY(adam_create(n_trainable, &step->adam));
out:
    return st;
}

enum ben_status step_open(const struct comm *comm, const struct net_config *config, int batch,
                          uint64_t seed, struct step **step)
{
    enum ben_status st = BEN_OK;
    struct step *fresh = NULL;
    size_t n_trainable;
    TRY_NEW(fresh = calloc(1, sizeof *fresh));
    fresh->batch = batch;
    fresh->ranks = comm->size;
    fresh->seed = seed;
    fresh->pixels = (size_t)config->size * (size_t)config->size;
    TRY(net_create(config, batch, true, &fresh->net));
    net_init(fresh->net, seed);
    net_values(fresh->net, NULL, &n_trainable);
    TRY(reserve(fresh, n_trainable));
    TRY(head_slices(seed, config->size, batch, fresh->x, fresh->target));
    struct reduce_config sums = {.max_batch = (long)batch * comm->size,
                                 .small_width = (size_t)config->channels << (BEN_LEVELS + 1),
                                 .n_values = n_trainable};
    TRY(reduce_create(comm, &sums, &fresh->reduce));
    *step = fresh;
    fresh = NULL;
out:
    step_close(&fresh);
    return st;
}

static enum ben_status timed_small(void *context, double *parts, int n, size_t width,
                                   double *total)
{
    struct step *step = context;
    double start = util_now_s();
    enum ben_status st = reduce_small(step->reduce, parts, n, width, total);
    step->reduce_s += util_now_s() - start;
    return st;
}

static enum ben_status timed_gradient(void *context, size_t offset, size_t count, int n,
                                      float *parts)
{
    struct step *step = context;
    double start = util_now_s();
    enum ben_status st = reduce_gradient(step->reduce, offset, count, n, parts);
    step->reduce_s += util_now_s() - start;
    return st;
}

/* Seconds since the last lap, without what the sums took in between. */
static double lap(struct step *step, double *since, double *reduce_s)
{
    double now = util_now_s(), took = now - *since - step->reduce_s;
    *since = now;
    *reduce_s += step->reduce_s;
    step->reduce_s = 0;
    return took;
}

enum ben_status step_run(struct step *step, double *seconds)
{
    enum ben_status st = BEN_OK;
    struct net_sums sums = {.small = timed_small,
                            .gradient = timed_gradient,
                            .context = step,
                            .batch = step->batch * step->ranks};
    const struct loss_config loss = loss_config_paper();
    const struct adam_config adam = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    double since = util_now_s(), *reduce_s = &seconds[STEP_REDUCE];
    long first;
    int n;
    *reduce_s = step->reduce_s = 0;
    reduce_begin(step->reduce, sums.batch, &first, &n);
    sums.first = (int)first;
    TRY(net_train_forward(step->net, step->x, n, step->seed, (uint32_t)step->adam.step, &sums,
                          step->prob));
    seconds[STEP_FORWARD] = lap(step, &since, reduce_s);
    loss_slices(&loss, &(struct loss_shape){n, sums.batch, step->pixels}, step->prob,
                step->target, step->losses, step->dlogit);
    seconds[STEP_LOSS] = lap(step, &since, reduce_s);
    TRY(net_backward(step->net, step->dlogit, n, &sums));
    seconds[STEP_BACKWARD] = lap(step, &since, reduce_s);
    TRY(reduce_finish(step->reduce, step->gradient));
    double finish_s = lap(step, &since, reduce_s);
    *reduce_s += finish_s;
    adam_step(&step->adam, &adam, RATE, step->gradient, net_values(step->net, NULL, NULL));
    seconds[STEP_ADAM] = lap(step, &since, reduce_s);
    net_refresh(step->net);
    seconds[STEP_REFRESH] = lap(step, &since, reduce_s);
out:
    return st;
}

double step_loss(const struct step *step)
{
    double sum = 0;
    for (int i = 0; i < 2 * step->batch; i++)
        sum += step->losses[i];
    return sum / step->batch;
}

struct net *step_net(struct step *step)
{
    return step->net;
}

void step_batch(struct step *step, float **x, float **target)
{
    *x = step->x;
    *target = step->target;
}

void step_close(struct step **step)
{
    struct step *old = *step;
    if (!old)
        return;
    net_free(&old->net);
    reduce_free(&old->reduce);
    adam_free(&old->adam);
    float *all[] = {old->x, old->target, old->prob, old->dlogit, old->gradient};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(old->losses);
    free(old);
    *step = NULL;
}
