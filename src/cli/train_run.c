/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/train_run.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/start.h"
#include "train/model.h"
#include "train/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct training {
    const struct comm *world;
    struct train_options *options;
    const char *output;
    char *checkpoint, *log, *identity, *initial;
    char *ancestry; /* provenance of --weights and of those before; NULL without */
    struct cohort *cohort;
    struct selection selection;
    struct trainer_config trainer;
    struct dataset *dataset;
    struct heads *heads; /* to paint samples from; NULL: none */
    struct net *net;
    struct trainer_result result;
};

static enum ben_status find_scans(struct training *t, const char *const *inputs, int n_inputs)
{
    enum ben_status st = BEN_OK;
    const struct train_options *o = t->options;
    const struct cohort_options options = {.masks = o->masks,
                                           .participant_label = o->participants.text,
                                           .n_participant_label = o->participants.n,
                                           .where = o->where.text,
                                           .n_where = o->where.n,
                                           .species = (enum species)o->common.species};
    const struct selection_config selection = train_options_selection(o);
    TRY(cohort_open_shared(t->world, inputs, n_inputs, &options, &t->cohort));
    TRY(comm_agree(t->world, selection_make(&selection, t->cohort, &t->selection)));
    log_info("%d labelled scans: %d train, %d validate", t->selection.n,
             t->selection.n - t->selection.n_validating, t->selection.n_validating);
out:
    return st;
}

/* A fresh network, or that of --weights. Collective. */
static enum ben_status make_net(struct training *t)
{
    enum ben_status st = BEN_OK;
    const struct train_options *o = t->options;
    struct weights_file *file = NULL;
    int max_batch = trainer_max_batch(&t->trainer, t->world);
    if (o->common.weights) {
        TRY(weights_read_shared(t->world, o->common.weights, &file));
        st = model_from_weights(file, max_batch, true, &t->net);
        t->initial = util_format("weights %016llx", (unsigned long long)file->checksum);
        const char *origin = weights_find_text(file, "provenance");
        const char *before = weights_find_text(file, "initial_provenance");
        t->ancestry =
            origin ? util_format("%s%s%s", origin, before ? "\n" : "", before ? before : "")
                   : NULL;
    } else {
        st = net_create(&o->net, max_batch, true, &t->net);
        t->initial = strdup("He-normal");
        if (st == BEN_OK)
            net_init(t->net, t->trainer.seed);
    }
    TRY(comm_agree(t->world, st));
    net_refresh(t->net);
    TRY_NEW(t->initial);
out:
    weights_free(&file);
    return st;
}

static enum ben_status name_files(struct training *t)
{
    enum ben_status st = BEN_OK;
    size_t n = strlen(t->output);
    size_t stem = n > 3 && strcmp(t->output + n - 3, ".h5") == 0 ? n - 3 : n;
    TRY_NEW(t->checkpoint = util_format("%s.checkpoint", t->output));
    TRY_NEW(t->log = util_format("%.*s.log.tsv", (int)stem, t->output));
    if (t->world->rank == 0) {
        TRY(util_make_parents(t->output));
        util_sweep_beside(t->output); /* the checkpoint's too: its name begins the same */
        util_sweep_beside(t->log);
        if (t->options->restart && !start_requeued())
            unlink(t->checkpoint);
    }
out:
    return comm_agree(t->world, st);
}

/* What a run must have in common with its checkpoint: options that matter, data, start. */
static enum ben_status identify(struct training *t, char **options)
{
    enum ben_status st = BEN_OK;
    struct train_options plain = *t->options;
    const char **folders = NULL;
    plain.common.threads = 0;
    TRY_NEW(folders = calloc((size_t)plain.paint.folders.n + 1, sizeof *folders));
    for (int i = 0; i < plain.paint.folders.n; i++)
        folders[i] = util_basename(plain.paint.folders.text[i]);
    plain.paint.folders.text = folders;
    if (plain.common.weights) /* where files lie on this machine is nobody's business */
        plain.common.weights = util_basename(plain.common.weights);
    if (plain.masks)
        plain.masks = util_basename(plain.masks);
    TRY_NEW(*options = option_dump(&command_train.options, &plain));
    TRY_NEW(t->identity =
                util_format("%sprepared slices: %016llx\nheads: %016llx\ninitial values: %s\n",
                            *options, (unsigned long long)t->dataset->hash,
                            t->heads ? (unsigned long long)t->heads->hash : 0, t->initial));
out:
    free(folders);
    return st;
}

static enum ben_status write_weights(const struct training *t, const char *options)
{
    enum ben_status st = BEN_OK;
    const struct provenance provenance = {.selection = &t->selection,
                                          .dataset = t->dataset,
                                          .result = &t->result,
                                          .options = options,
                                          .initial = t->initial,
                                          .seed = t->trainer.seed};
    struct weights_file *file = NULL;
    char *json = NULL;
    TRY(weights_create(BEN_WEIGHTS_NET, &file));
    TRY(model_to_weights(t->net, file));
    struct weights_prep *prep = &file->prep;
    prep->n4 = t->options->n4;
    prep->percentile_low = t->options->percentile_low;
    prep->percentile_high = t->options->percentile_high;
    prep->threshold = t->trainer.threshold;
    strncpy(prep->plane, species_plane_name(t->selection.plane), sizeof prep->plane - 1);
    strncpy(prep->species, t->selection.species, sizeof prep->species - 1);
    strncpy(prep->modality, t->selection.modality, sizeof prep->modality - 1);
    TRY(provenance_text(&provenance, &json));
    TRY(weights_add_text(file, "provenance", json));
    if (t->ancestry)
        TRY(weights_add_text(file, "initial_provenance", t->ancestry));
    TRY(weights_write(file, t->output, t->options->half));
    unlink(t->checkpoint);
    log_info("%s written", t->output);
out:
    free(json);
    weights_free(&file);
    return st;
}

static enum ben_status train(struct training *t)
{
    enum ben_status st = BEN_OK;
    char *options = NULL;
    TRY(comm_agree(t->world, identify(t, &options)));
    const struct trainer_job job = {.world = t->world,
                                    .dataset = t->dataset,
                                    .heads = t->heads,
                                    .validates = t->selection.validates,
                                    .identity = t->identity,
                                    .checkpoint = t->checkpoint,
                                    .log = t->log,
                                    .interrupted = start_interrupted};
    TRY(trainer_run(&job, &t->trainer, t->net, &t->result));
    if (t->result.final.n_scans > 0)
        log_info("validation Dice: mean %.4f, median %.4f, lowest %.4f (epoch %lld; with "
                 "running norm statistics %.4f)",
                 t->result.final.mean, t->result.final.median, t->result.final.lowest,
                 (long long)t->result.best_epoch, t->result.trained.mean);
    TRY(comm_agree(t->world, t->world->rank == 0 ? write_weights(t, options) : BEN_OK));
out:
    free(options);
    return st;
}

static void release(struct training *t)
{
    net_free(&t->net);
    heads_free(&t->heads);
    dataset_free(&t->dataset);
    selection_free(&t->selection);
    cohort_free(&t->cohort);
    free(t->checkpoint);
    free(t->log);
    free(t->identity);
    free(t->initial);
    free(t->ancestry);
}

enum ben_status train_run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    struct training t = {.world = &context->world, .options = config};
    t.output = context->args[context->n_args - 1];
    t.trainer = train_options_trainer(t.options);
    TRY(name_files(&t));
    TRY(find_scans(&t, context->args, context->n_args - 1));
    TRY(make_net(&t));
    const struct dataset_config prepare = {
        .prepare = train_options_prepare(t.options, net_config(t.net)->size),
        .cache = t.options->cache};
    TRY(dataset_prepare(&context->world, &prepare, t.selection.sources, t.selection.n,
                        &t.dataset));
    context->failed_scans = t.dataset->n_failed;
    TRY(paint_heads(&context->world, &t.options->paint, t.trainer.batches.painted,
                    t.trainer.seed, &t.selection, &t.heads));
    TRY(train(&t));
out:
    release(&t);
    return st;
}
