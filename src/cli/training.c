/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/training.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/start.h"
#include "io/nifti.h"
#include "train/model.h"
#include "train/provenance.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct selection_config wanted_by(const struct train_options *options)
{
    return (struct selection_config){.split = options->split,
                                     .validation_split = options->validation_split,
                                     .plane = options->plane,
                                     .volume = options->volume < 0 ? BEN_VOLUME_DEFAULT
                                                                   : options->volume,
                                     .folds = {.seed = (uint64_t)options->common.seed,
                                               .folds = options->folds,
                                               .fold = options->fold,
                                               .fraction = options->validation_fraction},
                                     .labels = -1};
}

static struct prepare_config prepared_by(const struct train_options *options)
{
    struct prepare_config config =
        prepare_defaults(BEN_AXIAL, options->net.size); /* plane: of each scan */
    config.n4 = options->n4;
    config.normalise.low_percent = options->percentile_low;
    config.normalise.high_percent = options->percentile_high;
    return config;
}

void training_start(const struct comm *world, const struct command *command,
                    const struct train_options *options, const char *output,
                    struct training *training)
{
    *training = (struct training){.world = world,
                                  .table = &command->options,
                                  .options = options,
                                  .program = command->name,
                                  .output = output,
                                  .wanted = wanted_by(options),
                                  .trainer = options->trainer,
                                  .prepare = prepared_by(options)};
    training->trainer.seed = (uint64_t)options->common.seed;
    training->trainer.batches.seed = training->trainer.seed;
}

enum ben_status training_name_files(struct training *t)
{
    enum ben_status st = BEN_OK;
    size_t n = strlen(t->output);
    size_t stem = n > 3 && strcmp(t->output + n - 3, ".h5") == 0 ? n - 3 : n;
    TRY_NEW(t->checkpoint = util_format("%s.checkpoint", t->output));
    TRY_NEW(t->log = util_format("%.*s.log.tsv", (int)stem, t->output));
    TRY_NEW(t->rounds = util_format("%.*s.rounds.tsv", (int)stem, t->output));
    if (t->world->rank == 0) {
        TRY(util_make_parents(t->output));
        util_sweep_beside(t->output); /* the checkpoint's too: its name begins the same */
        util_sweep_beside(t->log);
        util_sweep_beside(t->rounds);
        if (t->options->restart && !start_requeued())
            unlink(t->checkpoint);
    }
out:
    return comm_agree(t->world, st);
}

enum ben_status training_find_scans(struct training *t, const char *const *inputs, int n_inputs)
{
    enum ben_status st = BEN_OK;
    const struct train_options *o = t->options;
    const struct cohort_options options = {.masks = o->masks,
                                           .participant_label = o->participants.text,
                                           .n_participant_label = o->participants.n,
                                           .where = o->where.text,
                                           .n_where = o->where.n,
                                           .species = (enum species)o->common.species};
    TRY(cohort_open_shared(t->world, inputs, n_inputs, &options, &t->cohort));
    TRY(comm_agree(t->world, selection_make(&t->wanted, t->cohort, &t->selection)));
    const struct selection *s = &t->selection;
    log_info("%d labelled scans: %d train, %d validate", s->n - s->n_unlabelled,
             s->n - s->n_unlabelled - s->n_validating, s->n_validating);
    if (t->wanted.unlabelled)
        log_info("%d scans without labels", s->n_unlabelled);
out:
    return st;
}

enum ben_status training_make_net(struct training *t, const struct net_config *config)
{
    enum ben_status st = BEN_OK;
    st = net_create(config, trainer_max_batch(&t->trainer, t->world), true, &t->net);
    t->initial = strdup("He-normal");
    if (st == BEN_OK)
        net_init(t->net, t->trainer.seed);
    TRY(comm_agree(t->world, st));
    t->prepare.size = config->size;
    TRY_NEW(t->initial);
out:
    return st;
}

/* Of the weights and of those before them. */
static char *join_ancestry(const struct weights_file *file)
{
    const char *origin = weights_find_text(file, "provenance");
    const char *before = weights_find_text(file, "initial_provenance");
    return util_format("%s%s%s", origin ? origin : "", before ? "\n" : "",
                       before ? before : "");
}

enum ben_status training_take_net(struct training *t, const struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    st = model_from_weights(file, trainer_max_batch(&t->trainer, t->world),
                            t->trainer.epochs > 0, &t->net);
    TRY(comm_agree(t->world, st));
    net_refresh(t->net);
    t->prepare.size = file->arch.size;
    TRY_NEW(t->initial = util_format("weights %016llx", (unsigned long long)file->checksum));
    TRY_NEW(t->ancestry = join_ancestry(file));
out:
    return st;
}

enum ben_status training_prepare(struct training *t, long *failed)
{
    enum ben_status st = BEN_OK;
    const struct dataset_config config = {.prepare = t->prepare,
                                          .settler = t->settler.settle ? &t->settler : NULL,
                                          .cache = t->options->cache};
    TRY(dataset_prepare(t->world, &config, t->selection.sources, t->selection.n, &t->dataset));
    net_free(&t->viewer);
    *failed = t->dataset->n_failed;
out:
    return st;
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
    TRY_NEW(*options = option_dump(t->table, &plain));
    TRY_NEW(t->identity =
                util_format("%sprepared slices: %016llx\nheads: %016llx\ninitial values: %s\n",
                            *options, (unsigned long long)t->dataset->hash,
                            t->heads ? (unsigned long long)t->heads->hash : 0, t->initial));
out:
    free(folders);
    return st;
}

static enum ben_status describe(const struct training *t, const char *options,
                                struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    const struct provenance provenance = {.program = t->program,
                                          .selection = &t->selection,
                                          .dataset = t->dataset,
                                          .result = &t->result,
                                          .options = options,
                                          .initial = t->initial,
                                          .seed = t->trainer.seed};
    struct weights_prep *prep = &file->prep;
    char *json = NULL;
    prep->n4 = t->prepare.n4;
    prep->percentile_low = t->prepare.normalise.low_percent;
    prep->percentile_high = t->prepare.normalise.high_percent;
    prep->threshold = t->trainer.threshold;
    strncpy(prep->plane, species_plane_name(t->selection.plane), sizeof prep->plane - 1);
    strncpy(prep->species, t->selection.species, sizeof prep->species - 1);
    strncpy(prep->modality, t->selection.modality, sizeof prep->modality - 1);
    TRY(provenance_text(&provenance, &json));
    TRY(weights_add_text(file, "provenance", json));
    if (t->ancestry && *t->ancestry)
        TRY(weights_add_text(file, "initial_provenance", t->ancestry));
out:
    free(json);
    return st;
}

static enum ben_status write_weights(const struct training *t, const char *options)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    TRY(weights_create(BEN_WEIGHTS_NET, &file));
    TRY(model_to_weights(t->net, file));
    TRY(describe(t, options, file));
    TRY(weights_write(file, t->output, t->options->half));
    unlink(t->checkpoint);
    log_info("%s written", t->output);
out:
    weights_free(&file);
    return st;
}

static void log_validation(const struct trainer_result *r)
{
    if (r->final.n_scans > 0)
        log_info("validation Dice: mean %.4f, median %.4f, lowest %.4f (epoch %lld; with "
                 "running norm statistics %.4f)",
                 r->final.mean, r->final.median, r->final.lowest, (long long)r->best_epoch,
                 r->trained.mean);
}

enum ben_status training_run(struct training *t)
{
    enum ben_status st = BEN_OK;
    char *options = NULL;
    TRY(comm_agree(t->world, identify(t, &options)));
    const struct trainer_job job = {.world = t->world,
                                    .dataset = t->dataset,
                                    .heads = t->heads,
                                    .validates = t->selection.validates,
                                    .unlabelled = t->selection.unlabelled,
                                    .scorer = t->scorer,
                                    .identity = t->identity,
                                    .checkpoint = t->checkpoint,
                                    .log = t->log,
                                    .rounds = t->rounds,
                                    .interrupted = start_interrupted};
    TRY(trainer_run(&job, &t->trainer, t->net, &t->result));
    log_validation(&t->result);
    TRY(comm_agree(t->world, t->world->rank == 0 ? write_weights(t, options) : BEN_OK));
out:
    free(options);
    return st;
}

void training_free(struct training *t)
{
    net_free(&t->net);
    net_free(&t->viewer);
    heads_free(&t->heads);
    dataset_free(&t->dataset);
    selection_free(&t->selection);
    cohort_free(&t->cohort);
    free(t->checkpoint);
    free(t->log);
    free(t->rounds);
    free(t->identity);
    free(t->initial);
    free(t->ancestry);
}
