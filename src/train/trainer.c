/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/trainer.h"
#include "base/log.h"
#include "base/util.h"
#include "mpi/reduce.h"
#include "train/checkpoint.h"
#include "train/train_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL_WIDTH 4096 /* columns of the network's small sums at most */
#define LOSSES      4    /* columns of the losses' sum: CE and 1 - D, labelled and pseudo */
#define PSEUDO_SEED UINT64_C(0x9e3779b97f4a7c15) /* their draws are not the labelled ones' */

/* The slices of one step: labelled ones first in the global batch. */
struct share {
    long labelled, pseudo; /* of the global batch */
    int n, n_labelled;     /* this rank's, of which labelled */
    long first;            /* place of this rank's first */
};

struct trainer {
    const struct trainer_job *job;
    const struct trainer_config *config;
    struct net *net;
    struct train_state state;
    struct batches *batches;     /* labelled; NULL: no scan is */
    struct selftrain *selftrain; /* NULL: supervised alone */
    struct batches *pseudo;      /* pseudo-labelled; NULL: none yet, or none was kept */
    struct reduce *reduce;
    struct adam_rate rate;
    bool validating;
    float *x, *y, *prob, *dlogit; /* [max_batch][size][size] */
    float *gradient;              /* [n_trainable] */
    double *losses;               /* [max_batch][2] */
    double *parts;                /* [max_batch][LOSSES] */
    long *slices, n_slices;       /* that train, in either way */
    long *learnt;                 /* of these, room for those that norm statistics are of */
    float *spare;                 /* [n] values that wait while a round is made */
    float *source;                /* [n] the first values; NULL: nothing of them is kept */
    struct selftrain_report last_round;
    double last_rate;
    double start_s, epoch_start_s; /* of this process' work */
    int64_t resumed_step;
};

int trainer_max_batch(const struct trainer_config *config, const struct comm *world)
{
    return (config->batch + config->selftrain.batch + world->size - 1) / world->size;
}

/* What an epoch counts: its labelled samples, or pseudo-labelled ones where none is labelled. */
static long epoch_samples(const struct trainer *t)
{
    if (t->batches)
        return batches_samples(t->batches);
    int asked = t->config->batches.samples;
    return !t->selftrain ? 0 : asked > 0 ? asked : selftrain_slices(t->selftrain);
}

static int step_samples(const struct trainer *t)
{
    return t->batches ? t->config->batch : t->config->selftrain.batch;
}

static long steps_per_epoch(const struct trainer *t)
{
    int step = step_samples(t);
    return step ? (epoch_samples(t) + step - 1) / step : 0;
}

static bool is_unlabelled(const struct trainer *t, int scan)
{
    return t->job->unlabelled && t->job->unlabelled[scan];
}

static float *values_of(struct trainer *t)
{
    size_t n, n_trainable;
    return net_values(t->net, &n, &n_trainable);
}

/* Which slices are labelled, all that train, and whether there is something to validate on. */
static enum ben_status sort_slices(struct trainer *t, bool *labelled)
{
    enum ben_status st = BEN_OK;
    const struct dataset *d = t->job->dataset;
    TRY_NEW(t->slices = calloc((size_t)d->n_slices + 1, sizeof *t->slices));
    TRY_NEW(t->learnt = calloc((size_t)d->n_slices + 1, sizeof *t->learnt));
    for (int s = 0; s < d->n_scans; s++) {
        const struct dataset_scan *scan = &d->scans[s];
        bool validates = t->job->validates[s], has_mask = scan->source->mask != NULL;
        t->validating |= validates && has_mask && scan->count > 0;
        for (int i = 0; i < scan->count && !validates; i++) {
            labelled[scan->first + i] = has_mask && !is_unlabelled(t, s);
            if (has_mask || is_unlabelled(t, s))
                t->slices[t->n_slices++] = scan->first + i;
        }
    }
out:
    return st;
}

/* Of the labelled scans that are not held out, where anything is to be trained. */
static enum ben_status open_batches(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    const struct dataset *dataset = t->job->dataset;
    bool *labelled = NULL;
    TRY_NEW(labelled = calloc((size_t)dataset->n_slices + 1, sizeof *labelled));
    TRY(sort_slices(t, labelled));
    bool any = memchr(labelled, true, (size_t)dataset->n_slices) != NULL;
    if (t->config->epochs > 0 && (any || t->config->selftrain.batch == 0))
        TRY(batches_create(&t->config->batches, dataset, labelled, t->job->heads, &t->batches));
out:
    free(labelled);
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
    TRY_NEW(t->parts = calloc(LOSSES * batch, sizeof *t->parts));
    TRY(train_state_create(t->net, t->config->average > 0, t->config->selftrain.batch > 0,
                           &t->state));
    TRY_NEW(t->gradient = calloc(t->state.n_trainable, sizeof *t->gradient));
    TRY_NEW(t->spare = calloc(t->state.n, sizeof *t->spare));
    if (t->config->keep_source > 0) {
        TRY_NEW(t->source = calloc(t->state.n, sizeof *t->source));
        memcpy(t->source, values_of(t), t->state.n * sizeof *t->source);
    }
    TRY(open_batches(t));
out:
    return st;
}

static enum ben_status trainer_open(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    const struct trainer_config *c = t->config;
    TRY(comm_agree(t->job->world, reserve(t)));
    struct reduce_config reduce = {.max_batch = c->batch + c->selftrain.batch,
                                   .small_width = SMALL_WIDTH,
                                   .n_values = t->state.n_trainable};
    TRY(reduce_create(t->job->world, &reduce, &t->reduce));
    if (c->selftrain.batch > 0)
        TRY(selftrain_create(t->job->world, t->job->dataset, t->job->unlabelled, &c->selftrain,
                             t->job->scorer, trainer_max_batch(c, t->job->world),
                             &t->selftrain));
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
    batches_free(&t->pseudo);
    selftrain_free(&t->selftrain);
    train_state_free(&t->state);
    free(t->x);
    free(t->y);
    free(t->prob);
    free(t->dlogit);
    free(t->gradient);
    free(t->losses);
    free(t->parts);
    free(t->slices);
    free(t->learnt);
    free(t->spare);
    free(t->source);
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

static struct loss_config pseudo_loss(const struct trainer *t)
{
    const struct selftrain_config *c = &t->config->selftrain;
    return (struct loss_config){.cross_entropy = c->weight * c->cross_entropy,
                                .dice = c->weight,
                                .smooth = t->config->loss.smooth};
}

/* Losses of this rank's slices and the gradients of the step's loss ahead of the sigmoid. */
static void take_losses(struct trainer *t, const struct share *share)
{
    const size_t pixels = (size_t)t->job->dataset->size * (size_t)t->job->dataset->size;
    const struct loss_config pseudo = pseudo_loss(t);
    size_t skip = (size_t)share->n_labelled * pixels;
    const struct loss_shape of_labels = {share->n_labelled, (int)share->labelled, pixels};
    const struct loss_shape of_pseudo = {share->n - share->n_labelled, (int)share->pseudo,
                                         pixels};
    loss_slices(&t->config->loss, &of_labels, t->prob, t->y, t->losses, t->dlogit);
    loss_slices(&pseudo, &of_pseudo, t->prob + skip, t->y + skip,
                t->losses + 2 * share->n_labelled, t->dlogit + skip);
    memset(t->parts, 0, (size_t)share->n * LOSSES * sizeof *t->parts);
    for (int i = 0; i < share->n; i++)
        memcpy(t->parts + (size_t)i * LOSSES + (i < share->n_labelled ? 0 : 2),
               t->losses + 2 * (size_t)i, 2 * sizeof *t->parts);
}

/* The step's losses, summed over the global batch; the gradient is complete after it. */
static enum ben_status pass(struct trainer *t, const struct share *share, double losses[LOSSES])
{
    enum ben_status st = BEN_OK;
    struct net_sums sums = {.small = reduce_small,
                            .gradient = reduce_gradient,
                            .context = t->reduce,
                            .batch = (int)(share->labelled + share->pseudo),
                            .first = (int)share->first};
    TRY(net_train_forward(t->net, t->x, share->n, t->config->seed, (uint32_t)t->state.step,
                          &sums, t->prob));
    take_losses(t, share);
    TRY(net_backward(t->net, t->dlogit, share->n, &sums));
    TRY(reduce_finish(t->reduce, t->gradient));
    TRY(reduce_small(t->reduce, t->parts, share->n, LOSSES, losses));
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

/* Whatever was asked to stop leaves a checkpoint behind. */
static enum ben_status save_if_stopped(struct trainer *t, enum ben_status st)
{
    enum ben_status saved = st == BEN_E_INTERRUPTED ? save(t) : BEN_OK;
    return saved ? saved : st;
}

static struct share share_step(struct trainer *t)
{
    struct share s = {0};
    long left = epoch_samples(t) - t->state.place;
    long size = left < step_samples(t) ? left : step_samples(t);
    if (t->batches) {
        s.labelled = size;
        s.pseudo = t->pseudo ? t->config->selftrain.batch : 0;
    } else {
        s.pseudo = size;
    }
    reduce_begin(t->reduce, s.labelled + s.pseudo, &s.first, &s.n);
    long labelled = s.labelled - s.first;
    s.n_labelled = (int)(labelled < 0 ? 0 : labelled < s.n ? labelled : s.n);
    return s;
}

static enum ben_status fill(struct trainer *t, const struct share *s)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)t->job->dataset->size * (size_t)t->job->dataset->size;
    size_t skip = (size_t)s->n_labelled * pixels;
    long first = s->first + s->n_labelled - s->labelled;
    if (s->n_labelled > 0)
        TRY(batches_fill(t->batches, &t->config->augment, t->state.place + s->first,
                         s->n_labelled, t->x, t->y));
    if (s->n > s->n_labelled)
        TRY(batches_fill(t->pseudo, &t->config->augment, t->state.pseudo_place + first,
                         s->n - s->n_labelled, t->x + skip, t->y + skip));
out:
    return st;
}

static enum ben_status step(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    double losses[LOSSES];
    struct share share = share_step(t);
    TRY(save_if_stopped(t, agree_to_go_on(t, fill(t, &share))));
    TRY(pass(t, &share, losses));
    TRY(update(t));
    t->state.entropy += losses[0];
    t->state.dice += losses[1];
    t->state.pseudo += losses[3];
    t->state.place += t->batches ? share.labelled : share.pseudo;
    t->state.pseudo_place += share.pseudo;
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
                      t->job->dataset, t->job->validates, t->config->threshold, validation));
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
    char labelled[96] = "", pseudo[64] = "", dice[96] = "";
    if (!isnan(row->loss))
        snprintf(labelled, sizeof labelled, "loss %.4f (cross-entropy %.4f, 1 - Dice %.4f)",
                 row->loss, row->entropy, row->dice);
    if (!isnan(row->pseudo))
        snprintf(pseudo, sizeof pseudo, "%spseudo-labels 1 - Dice %.4f", *labelled ? ", " : "",
                 row->pseudo);
    if (row->validation.n_scans > 0)
        snprintf(dice, sizeof dice, ", validation Dice %.4f (lowest %.4f)",
                 row->validation.mean, row->validation.lowest);
    log_info("epoch %" PRId64 " of %d: %s%s%s, %.0f s", row->epoch, t->config->epochs, labelled,
             pseudo, dice, row->seconds);
}

/* Means over the epoch so far; NAN of what it had nothing of. */
static void take_means(const struct trainer *t, struct train_row *row)
{
    const struct train_state *s = &t->state;
    double samples = t->batches && s->place ? (double)s->place : NAN;
    row->entropy = s->entropy / samples;
    row->dice = s->dice / samples;
    row->loss = t->config->loss.cross_entropy * row->entropy + t->config->loss.dice * row->dice;
    row->pseudo = s->pseudo_place ? s->pseudo / (double)s->pseudo_place : NAN;
}

static enum ben_status report(struct trainer *t, const struct validation *validation)
{
    enum ben_status st = BEN_OK;
    struct train_row row = {.epoch = t->state.epoch,
                            .step = t->state.step,
                            .rate = t->last_rate,
                            .norm = t->state.norm,
                            .validation = *validation,
                            .seconds = util_now_s() - t->epoch_start_s};
    take_means(t, &row);
    t->state.last_entropy = row.entropy;
    t->state.last_dice = row.dice;
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
    s->place = s->pseudo_place = 0;
    s->entropy = s->dice = s->norm = s->pseudo = 0;
    TRY(save(t));
out:
    return st;
}

/* Batches of what the round kept: so many that each step has its share. */
static enum ben_status open_pseudo(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    struct batch_config config = t->config->batches;
    const struct dataset *dataset = selftrain_dataset(t->selftrain);
    const bool *kept = selftrain_kept(t->selftrain);
    config.seed ^= PSEUDO_SEED;
    config.samples = (int)steps_per_epoch(t) * t->config->selftrain.batch;
    batches_free(&t->pseudo);
    if (memchr(kept, true, (size_t)dataset->n_slices)) {
        st = batches_create(&config, dataset, kept, NULL, &t->pseudo);
        if (st == BEN_E_INPUT) /* all that was kept is empty, and empty slices are dropped */
            st = BEN_OK;
    }
    return comm_agree(t->job->world, st);
}

static enum ben_status report_round(struct trainer *t, double start)
{
    enum ben_status st = BEN_OK;
    const struct selftrain_report *r = &t->last_round;
    struct round_row row = {.round = t->state.rounds,
                            .epoch = t->state.epoch,
                            .step = t->state.step,
                            .report = *r,
                            .seconds = util_now_s() - start};
    char dice[128] = "";
    TRY(train_log_add_round(&t->state.round_log, &row));
    if (r->references > 0)
        snprintf(dice, sizeof dice,
                 "; Dice %.4f (lowest of %d scans %.4f), of what was kept %.4f", r->dice,
                 r->references, r->dice_lowest, r->kept_dice);
    log_info("round %" PRId64 ": %ld of %ld slices of %d of %d scans serve as pseudo-labels%s",
             row.round, r->kept, r->candidates, r->scans_kept, r->scans, dice);
    if (r->kept == 0 && t->job->world->rank == 0)
        log_warn(
            "the network is sure of %d of %d scans without labels, too few for pseudo-labels "
            "(--quorum); masks of a few scans will help most",
            r->scans_sure, r->scans);
    if (t->job->world->rank == 0 && t->job->rounds)
        TRY(util_write_file(t->job->rounds, t->state.round_log, strlen(t->state.round_log)));
out:
    return st;
}

/* values wait in spare while the net has others. */
static void lend_values(struct trainer *t, const float *others)
{
    float *values = values_of(t);
    memcpy(t->spare, values, t->state.n * sizeof *values);
    if (others)
        memcpy(values, others, t->state.n * sizeof *values);
    net_refresh(t->net);
}

static void return_values(struct trainer *t)
{
    memcpy(values_of(t), t->spare, t->state.n * sizeof *t->spare);
    net_refresh(t->net);
}

/* The teacher's norm layers are those of the target set. A round that was asked to stop was
 * never made. */
static enum ben_status make_round(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    struct train_state *s = &t->state;
    double start = util_now_s();
    lend_values(t, s->average);
    st = adabn_run(&t->config->norm, t->job->world, t->net,
                   trainer_max_batch(t->config, t->job->world), t->job->dataset, t->slices,
                   t->n_slices);
    if (st == BEN_OK)
        st = selftrain_round(t->selftrain, t->net, t->config->seed, (int)s->rounds,
                             t->job->interrupted, &t->last_round);
    if (st == BEN_OK) {
        memcpy(s->teacher, values_of(t), s->n * sizeof *s->teacher);
        s->rounds++;
        s->round_epoch = s->epoch;
    }
    return_values(t);
    TRY(save_if_stopped(t, st));
    TRY(comm_agree(t->job->world, report_round(t, start)));
    TRY(open_pseudo(t));
out:
    return st;
}

/* After going on from a checkpoint: the pseudo-labels that its teacher made. */
static enum ben_status repeat_round(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    if (t->state.rounds == 0)
        return BEN_OK;
    lend_values(t, t->state.teacher);
    st = selftrain_round(t->selftrain, t->net, t->config->seed, (int)t->state.rounds - 1,
                         t->job->interrupted, &t->last_round);
    return_values(t);
    TRY(save_if_stopped(t, st));
    TRY(open_pseudo(t));
out:
    return st;
}

/* Without labels there is nothing to wait for. */
static bool round_is_due(const struct trainer *t)
{
    const struct selftrain_config *c = &t->config->selftrain;
    const struct train_state *s = &t->state;
    if (!t->selftrain || selftrain_slices(t->selftrain) == 0 || s->place > 0)
        return false;
    if (s->rounds == 0)
        return s->epoch >= c->start || !t->batches;
    return c->refresh > 0 && s->epoch - s->round_epoch >= c->refresh;
}

static enum ben_status run_epoch(struct trainer *t)
{
    enum ben_status st = BEN_OK;
    double all = (double)t->config->epochs * (double)steps_per_epoch(t);
    t->epoch_start_s = util_now_s();
    if (round_is_due(t))
        TRY(make_round(t));
    if (t->batches)
        batches_start_epoch(t->batches, (uint32_t)t->state.epoch);
    if (t->pseudo)
        batches_start_epoch(t->pseudo, (uint32_t)t->state.epoch);
    while (t->state.place < epoch_samples(t) && (t->batches || t->pseudo)) {
        TRY(step(t));
        log_progress("training steps", (double)(t->state.step - t->resumed_step),
                     all - (double)t->resumed_step, t->start_s);
    }
    TRY(end_epoch(t));
out:
    return st;
}

static enum ben_status measure(struct trainer *t, struct validation *validation)
{
    if (!t->validating)
        return BEN_OK;
    return validate_dice(t->job->world, t->net, trainer_max_batch(t->config, t->job->world),
                         t->job->dataset, t->job->validates, t->config->threshold, validation);
}

/* What did not change stays as it is, to the bit. */
static void mix_values(float share, const float *source, float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = source[i] + (1 - share) * (values[i] - source[i]);
}

/* Whether the scan's labels, or pseudo-labels of the last round, were learnt from. */
static bool was_learnt_from(const struct trainer *t, int s)
{
    const struct dataset_scan *scan = &t->job->dataset->scans[s];
    if (t->job->validates[s])
        return false;
    if (!is_unlabelled(t, s))
        return scan->source->mask != NULL;
    return scan->count > 0 &&
           memchr(selftrain_kept(t->selftrain) + scan->first, true, (size_t)scan->count);
}

/* Norm statistics of the scans that were learnt from: those that the network was lost on would
 * spoil them. Of all scans where there are no others, or where unlabelled ones serve for nothing else. */
static enum ben_status settle_norm(struct trainer *t)
{
    const struct dataset *d = t->job->dataset;
    long n = 0;
    for (int s = 0; s < d->n_scans && t->selftrain; s++)
        for (int i = 0; i < d->scans[s].count && was_learnt_from(t, s); i++)
            t->learnt[n++] = d->scans[s].first + i;
    return adabn_run(&t->config->norm, t->job->world, t->net,
                     trainer_max_batch(t->config, t->job->world), d,
                     n > 0 ? t->learnt : t->slices, n > 0 ? n : t->n_slices);
}

/* The chosen values go into the net, with exact norm statistics where asked for. */
static enum ben_status choose(struct trainer *t, struct trainer_result *result)
{
    enum ben_status st = BEN_OK;
    const struct train_state *s = &t->state;
    const float *chosen = s->best_epoch > 0 ? s->best : s->average;
    if (chosen)
        memcpy(values_of(t), chosen, s->n * sizeof *chosen);
    if (t->source)
        mix_values((float)t->config->keep_source, t->source, values_of(t), s->n);
    net_refresh(t->net);
    TRY(measure(t, &result->trained));
    result->final = result->trained;
    if (t->config->exact_norm) {
        TRY(settle_norm(t));
        TRY(measure(t, &result->final));
    }
    result->epochs = s->epoch;
    result->steps = s->step;
    result->best_epoch = s->best_epoch;
    result->entropy = s->last_entropy;
    result->dice = s->last_dice;
    result->loss =
        t->config->loss.cross_entropy * result->entropy + t->config->loss.dice * result->dice;
    result->rounds = s->rounds;
    result->last_round = t->last_round;
out:
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
    TRY(repeat_round(&t));
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
