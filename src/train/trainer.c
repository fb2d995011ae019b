/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/trainer.h"
#include "base/log.h"
#include "base/util.h"
#include "mpi/reduce.h"
#include "train/adabn.h"
#include "train/checkpoint.h"
#include "train/train_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_WIDTH 4096 /* columns of the network's small sums at most */

struct trainer {
    const struct trainer_job *job;
    const struct trainer_config *config;
    struct net *net;
    struct train_state state;
    struct batches *batches;
    struct reduce *reduce;
    struct adam_rate rate;
    bool validating;
    float *x, *y, *prob, *dlogit; /* [max_batch][size][size] */
    float *gradient;              /* [n_trainable] */
    double *losses;               /* [max_batch][2] */
    double last_rate;
    double start_s, epoch_start_s; /* of this process' work */
    int64_t resumed_step;
};

int trainer_max_batch(const struct trainer_config *config, const struct comm *world)
{
    return (config->batch + world->size - 1) / world->size;
}

static long steps_per_epoch(const struct trainer *t)
{
    return (batches_samples(t->batches) + t->config->batch - 1) / t->config->batch;
}

static float *values_of(struct trainer *t)
{
    size_t n, n_trainable;
    return net_values(t->net, &n, &n_trainable);
}

/* The scans that train: labelled and not held out. */
static enum ben_status open_batches(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    const struct dataset *dataset = t->job->dataset;
    bool *use = NULL;
    TRY_NEW(use = calloc((size_t)dataset->n_scans + 1, sizeof *use));
    for (int s = 0; s < dataset->n_scans; s++) {
        use[s] = !t->job->validates[s];
        t->validating |= t->job->validates[s] && dataset->scans[s].source->mask &&
                         dataset->scans[s].count > 0;
    }
    TRY(batches_create(&t->config->batches, dataset, use, t->job->heads, &t->batches));
out:
    free(use);
    return st;
}

static enum ben_status reserve(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    size_t size = (size_t)t->job->dataset->size;
    size_t batch = (size_t)trainer_max_batch(t->config, t->job->world);
    size_t floats = batch * size * size;
    TRY_NEW(t->x = aligned_alloc(64, floats * sizeof *t->x));
    TRY_NEW(t->y = aligned_alloc(64, floats * sizeof *t->y));
    TRY_NEW(t->prob = aligned_alloc(64, floats * sizeof *t->prob));
    TRY_NEW(t->dlogit = aligned_alloc(64, floats * sizeof *t->dlogit));
    TRY_NEW(t->losses = calloc(2 * batch, sizeof *t->losses));
    TRY(train_state_create(t->net, t->config->average > 0, &t->state));
    TRY_NEW(t->gradient = calloc(t->state.n_trainable, sizeof *t->gradient));
    TRY(open_batches(t));
out:
    return st;
}

static enum ben_status trainer_open(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    const struct trainer_config *c = t->config;
    TRY(comm_agree(t->job->world, reserve(t)));
    struct reduce_config reduce = {
        .max_batch = c->batch, .small_width = SMALL_WIDTH, .n_values = t->state.n_trainable};
    TRY(reduce_create(t->job->world, &reduce, &t->reduce));
    t->rate = (struct adam_rate){
        .schedule = c->schedule,
        .rate = c->rate,
        .final = c->final_rate,
        .warmup = c->warmup_epochs * (double)steps_per_epoch(t),
        .n_steps = (double)c->epochs * (double)steps_per_epoch(t),
    };
    if (t->state.average)
        memcpy(t->state.average, values_of(t), t->state.n * sizeof *t->state.average);
out:
    return st;
}

static void trainer_close(struct trainer *t)
{
    reduce_free(&t->reduce);
    batches_free(&t->batches);
    train_state_free(&t->state);
    free(t->x);
    free(t->y);
    free(t->prob);
    free(t->dlogit);
    free(t->gradient);
    free(t->losses);
}

/* Goes on from the checkpoint where there is one. */
static enum ben_status resume(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    const struct trainer_job *job = t->job;
    unsigned long found =
        job->world->rank == 0 && job->checkpoint && util_is_file(job->checkpoint);
    TRY(comm_sum_u64(job->world, &found, 1));
    if (!found)
        return BEN_OK;
    TRY(checkpoint_read(job->world, job->checkpoint, job->identity, &t->state));
    log_info("going on from %s: %" PRId64 " epochs and %" PRId64 " samples done",
             job->checkpoint, t->state.epoch, t->state.place);
out:
    return st;
}

static enum ben_status save(struct trainer *t)
{
    if (!t->job->checkpoint)
        return BEN_OK;
    return checkpoint_write(t->job->world, t->job->checkpoint, t->job->identity, &t->state);
}

/* Samples of the step, losses and the mean loss' gradient; the gradient is complete after it. */
static enum ben_status pass(struct trainer *t, long batch, long first, int n, double losses[2])
{
    enum ben_status st = BEN_OK;
    const struct trainer_config *c = t->config;
    const size_t pixels = (size_t)t->job->dataset->size * (size_t)t->job->dataset->size;
    struct net_sums sums = {.small = reduce_small,
                            .gradient = reduce_gradient,
                            .context = t->reduce,
                            .batch = (int)batch,
                            .first = (int)first};
    TRY(net_train_forward(t->net, t->x, n, c->seed, (uint32_t)t->state.step, &sums, t->prob));
    loss_slices(&c->loss, n, pixels, (int)batch, t->prob, t->y, t->losses, t->dlogit);
    TRY(net_backward(t->net, t->dlogit, n, &sums));
    TRY(reduce_finish(t->reduce, t->gradient));
    TRY(reduce_small(t->reduce, t->losses, n, 2, losses));
out:
    return st;
}

/* The moving average starts fast, so that the first values are soon forgotten. */
static void move_average(struct trainer *t)
{
    double step = (double)t->state.step, early = (1 + step) / (10 + step);
    double decay = early < t->config->average ? early : t->config->average;
    if (t->state.average)
        adam_average(decay, values_of(t), t->state.average, t->state.n);
}

static enum ben_status update(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    t->last_rate = adam_rate_at(&t->rate, (double)t->state.step);
    double norm =
        adam_step(&t->state.adam, &t->config->adam, t->last_rate, t->gradient, values_of(t));
    if (!isfinite(norm))
        FAIL(BEN_E_ARG,
             "training diverged: the gradient of step %" PRId64
             " is not finite; lower --rate or set --clip",
             t->state.step + 1);
    t->state.norm = norm > t->state.norm ? norm : t->state.norm;
    net_refresh(t->net);
    t->state.step++;
    move_average(t);
out:
    return st;
}

/* All ranks learn here that one was asked to stop. */
static enum ben_status agree_to_go_on(struct trainer *t, enum ben_status mine)
{
    enum ben_status st = mine;
    if (st == BEN_OK && t->job->interrupted && t->job->interrupted())
        st = ben_raise(BEN_E_INTERRUPTED, __FILE__, __LINE__, __func__,
                       "stopped by a signal; the same command goes on");
    return comm_agree(t->job->world, st);
}

static enum ben_status step(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    long left = batches_samples(t->batches) - t->state.place, first;
    long batch = left < t->config->batch ? left : t->config->batch;
    double losses[2];
    int n;
    reduce_begin(t->reduce, batch, &first, &n);
    st = batches_fill(t->batches, &t->config->augment, t->state.place + first, n, t->x, t->y);
    st = agree_to_go_on(t, st);
    if (st == BEN_E_INTERRUPTED) {
        enum ben_status saved = save(t);
        if (saved)
            st = saved;
    }
    TRY(st);
    TRY(pass(t, batch, first, n, losses));
    TRY(update(t));
    t->state.entropy += losses[0];
    t->state.dice += losses[1];
    t->state.place += batch;
    if (t->config->checkpoint_steps > 0 && t->state.step % t->config->checkpoint_steps == 0)
        TRY(save(t));
out:
    return st;
}

static void swap_values(float *a, float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Validates the moving average where there is one, else the values; the better stay in best. */
static enum ben_status validate(struct trainer *t, struct validation *validation)
{
    enum ben_status st = BEN_OK;
    struct train_state *s = &t->state;
    if (s->average)
        swap_values(values_of(t), s->average, s->n);
    net_refresh(t->net);
    TRY(validate_dice(t->job->world, t->net, trainer_max_batch(t->config, t->job->world),
                      t->job->dataset, t->job->validates, t->config->threshold, validation,
                      NULL));
    if (validation->mean > s->best_dice) {
        s->best_dice = validation->mean;
        s->best_epoch = s->epoch;
        memcpy(s->best, values_of(t), s->n * sizeof *s->best);
    }
    if (s->average)
        swap_values(values_of(t), s->average, s->n);
    net_refresh(t->net);
out:
    return st;
}

static void describe_epoch(const struct trainer *t, const struct train_row *row)
{
    char dice[96] = "";
    if (row->validation.n_scans > 0)
        snprintf(dice, sizeof dice, ", validation Dice %.4f (lowest %.4f)",
                 row->validation.mean, row->validation.lowest);
    log_info("epoch %" PRId64 " of %d: loss %.4f (cross-entropy %.4f, 1 - Dice %.4f)%s, %.0f s",
             row->epoch, t->config->epochs, row->loss, row->entropy, row->dice, dice,
             row->seconds);
}

static enum ben_status report(struct trainer *t, const struct validation *validation)
{
    enum ben_status st = BEN_OK;
    double samples = (double)batches_samples(t->batches);
    struct train_row row = {.epoch = t->state.epoch,
                            .step = t->state.step,
                            .rate = t->last_rate,
                            .entropy = t->state.entropy / samples,
                            .dice = t->state.dice / samples,
                            .norm = t->state.norm,
                            .validation = *validation,
                            .seconds = util_now_s() - t->epoch_start_s};
    row.loss = t->config->loss.cross_entropy * row.entropy + t->config->loss.dice * row.dice;
    TRY(train_log_add(&t->state.log, &row));
    describe_epoch(t, &row);
    if (t->job->world->rank == 0 && t->job->log)
        TRY(util_write_file(t->job->log, t->state.log, strlen(t->state.log)));
out:
    return st;
}

static enum ben_status end_epoch(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    struct train_state *s = &t->state;
    struct validation validation = {0};
    bool last = s->epoch + 1 == t->config->epochs;
    s->epoch++;
    if (t->validating && (last || s->epoch % t->config->validate_every == 0))
        TRY(validate(t, &validation));
    TRY(comm_agree(t->job->world, report(t, &validation)));
    s->last_entropy = s->entropy / (double)batches_samples(t->batches);
    s->last_dice = s->dice / (double)batches_samples(t->batches);
    s->place = 0;
    s->entropy = s->dice = s->norm = 0;
    TRY(save(t));
out:
    return st;
}

static enum ben_status run_epoch(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    double all = (double)t->config->epochs * (double)steps_per_epoch(t);
    t->epoch_start_s = util_now_s();
    batches_start_epoch(t->batches, (uint32_t)t->state.epoch);
    while (t->state.place < batches_samples(t->batches)) {
        TRY(step(t));
        log_progress("training steps", (double)(t->state.step - t->resumed_step),
                     all - (double)t->resumed_step, t->start_s);
    }
    TRY(end_epoch(t));
out:
    return st;
}

/* The training set as it is without sampling: every slice of every scan that trains. */
static enum ben_status list_slices(const struct trainer *t, long **slices, long *n)
{
    enum ben_status st = BEN_OK;
    const struct dataset *d = t->job->dataset;
    *n = 0;
    TRY_NEW(*slices = calloc((size_t)d->n_slices + 1, sizeof **slices));
    for (int s = 0; s < d->n_scans; s++)
        for (int i = 0;
             !t->job->validates[s] && d->scans[s].source->mask && i < d->scans[s].count; i++)
            (*slices)[(*n)++] = d->scans[s].first + i;
out:
    return st;
}

static enum ben_status measure(struct trainer *t, struct validation *validation)
{
    if (!t->validating)
        return BEN_OK;
    return validate_dice(t->job->world, t->net, trainer_max_batch(t->config, t->job->world),
                         t->job->dataset, t->job->validates, t->config->threshold, validation,
                         NULL);
}

/* The chosen values go into the net, with exact norm statistics where asked for. */
static enum ben_status choose(struct trainer *t, struct trainer_result *result)
{
    enum ben_status st = BEN_OK;
    const struct train_state *s = &t->state;
    long *slices = NULL, n = 0;
    const float *chosen = s->best_epoch > 0 ? s->best : s->average;
    if (chosen)
        memcpy(values_of(t), chosen, s->n * sizeof *chosen);
    net_refresh(t->net);
    TRY(measure(t, &result->trained));
    result->final = result->trained;
    if (t->config->exact_norm) {
        TRY(comm_agree(t->job->world, list_slices(t, &slices, &n)));
        TRY(adabn_exact(t->job->world, t->net, trainer_max_batch(t->config, t->job->world),
                        t->job->dataset, slices, n));
        TRY(measure(t, &result->final));
    }
    result->epochs = s->epoch;
    result->steps = s->step;
    result->best_epoch = s->best_epoch;
    result->entropy = s->last_entropy;
    result->dice = s->last_dice;
    result->loss =
        t->config->loss.cross_entropy * result->entropy + t->config->loss.dice * result->dice;
out:
    free(slices);
    return st;
}

enum ben_status trainer_run(const struct trainer_job *job, const struct trainer_config *config,
                            struct net *net, struct trainer_result *result)
{
    enum ben_status st = BEN_OK;
    struct trainer t = {.job = job, .config = config, .net = net};
    *result = (struct trainer_result){0};
    TRY(trainer_open(&t));
    TRY(resume(&t));
    t.start_s = util_now_s();
    t.resumed_step = t.state.step;
    while (t.state.epoch < config->epochs)
        TRY(run_epoch(&t));
    log_progress_end();
    TRY(choose(&t, result));
out:
    log_progress_end();
    trainer_close(&t);
    return st;
}
