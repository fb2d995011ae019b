/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/adapt_run.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/models.h"
#include "qa/frame.h"
#include "qa/mcqa.h"
#include "qa/plane.h"
#include "qa/predict.h"
#include "train/model.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct mcqa_sums) <= SELFTRAIN_PARTS * sizeof(double),
               "the sums of quality assessment are parts that add up");

static void measure_slice(int size, int samples, double threshold,
                          const struct net_certainty *maps, double parts[SELFTRAIN_PARTS])
{
    struct mcqa_sums sums;
    mcqa_measure(maps, size, (uint32_t)samples, (float)threshold, &sums);
    memset(parts, 0, SELFTRAIN_PARTS * sizeof *parts);
    memcpy(parts, &sums, sizeof sums);
}

static double judge_slice(const double parts[SELFTRAIN_PARTS])
{
    struct mcqa_sums sums;
    memcpy(&sums, parts, sizeof sums);
    return mcqa_slice_score(&sums);
}

static double judge_scan(const double parts[SELFTRAIN_PARTS])
{
    struct mcqa_sums sums;
    memcpy(&sums, parts, sizeof sums);
    return mcqa_scan_score(&sums);
}

static const struct selftrain_scorer scorer = {measure_slice, judge_slice, judge_scan};

/* What the method leaves out of the options. */
static void apply_method(struct training *t)
{
    enum adapt_method method = (enum adapt_method)t->options->method;
    struct trainer_config *c = &t->trainer;
    bool learns = method != BEN_ADAPT_ADABN && method != BEN_ADAPT_NONE;
    bool labels_alone = method == BEN_ADAPT_FINETUNE || method == BEN_ADAPT_SCRATCH;
    t->wanted.unlabelled = !labels_alone;
    t->wanted.unlabelled_split = t->options->unlabelled_split;
    t->wanted.labels = t->options->labels;
    t->scorer = &scorer;
    if (!learns)
        c->epochs = 0;
    if (method == BEN_ADAPT_SCRATCH)
        c->keep_source = 0;
    if (method != BEN_ADAPT_BEN)
        c->selftrain.batch = 0;
    if (method == BEN_ADAPT_NONE)
        c->exact_norm = false;
    if (method == BEN_ADAPT_ADABN)
        c->exact_norm = true;
    c->selftrain.threshold = c->threshold;
}

/* Labels teach better than masks that a person should look at. Without any, these are better than
 * none, in the slices that the network is sure of. */
static void limit_pseudo_labels(struct training *t)
{
    const struct selection *s = &t->selection;
    struct selftrain_config *c = &t->trainer.selftrain;
    const double review = atof(BEN_MCQA_REVIEW_FROM), fail = atof(BEN_MCQA_FAIL_FROM);
    bool labels = s->n > s->n_validating + s->n_unlabelled;
    if (c->scan_limit < 0)
        c->scan_limit = labels ? review : fail;
    if (c->zeta < 0)
        c->zeta = labels ? 0 : review;
}

/* --weights, or what ships for the species that all scans are of. The caller frees. */
static enum ben_status source_path(const struct training *t, char **path)
{
    enum ben_status st = BEN_OK;
    const char *given = t->options->common.weights;
    bool relative = false;
    if (t->world->rank == 0) {
        *path = given ? strdup(given)
                      : models_shipped(species_find(t->selection.species), &relative);
        if (!*path)
            st = ben_raise(BEN_E_ARG, __FILE__, __LINE__, __func__,
                           "no weights for species %s are installed; give --weights FILE",
                           t->selection.species);
    }
    TRY(comm_agree(t->world, st));
    size_t n = *path ? strlen(*path) : 0;
    TRY(comm_broadcast_block(t->world, path, &n, 0));
    if (!given)
        log_info("adapting %s", *path);
out:
    return st;
}

/* The target is prepared as the source was. */
static enum ben_status take_preparation(struct training *t, const struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    enum slice_plane plane;
    t->prepare.n4 = file->prep.n4;
    t->prepare.normalise.low_percent = file->prep.percentile_low;
    t->prepare.normalise.high_percent = file->prep.percentile_high;
    if (t->options->plane > 0)
        return BEN_OK;
    if (species_plane_find(file->prep.plane, &plane) != 0)
        FAIL(BEN_E_ARG, "%s: slice plane '%s' is unknown; give --plane", file->path,
             file->prep.plane);
    selection_cut_unknown(&t->selection, plane);
out:
    return st;
}

static enum ben_status settle_plane(const struct comm *team, const struct training *t,
                                    const struct dataset_source *source,
                                    struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    struct plane_choice choice;
    TRY(plane_settle(team, t->viewer, (float)t->trainer.threshold, prepared, &choice));
    if (team->rank == 0)
        plane_tell(source->image, &choice);
out:
    return st;
}

static enum ben_status settle_frame(const struct comm *team, const struct training *t,
                                    const struct dataset_source *source,
                                    struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    const struct predict_config config = {.threshold = (float)t->trainer.threshold};
    struct predict_maps maps = {.on_root = true};
    maps.prob = malloc((volume_voxels(prepared->volume) + 1) * sizeof *maps.prob);
    TRY(comm_agree(team, maps.prob ? BEN_OK
                                   : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                               "out of memory")));
    TRY(frame_predict(team, t->viewer, &config, source->image, prepared, &maps, NULL));
out:
    free(maps.prob);
    return st;
}

/* Scans are cut as segment would cut them with the source. */
static enum ben_status settle(const struct comm *team, void *of,
                              const struct dataset_source *source, struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    if (source->plane_open)
        TRY(settle_plane(team, of, source, prepared));
    if (source->frame_open)
        TRY(settle_frame(team, of, source, prepared));
out:
    return st;
}

static bool is_any_open(const struct selection *selection)
{
    for (int i = 0; i < selection->n; i++)
        if (selection->sources[i].plane_open || selection->sources[i].frame_open)
            return true;
    return false;
}

/* The source settles how scans are cut, where any may be cut otherwise than planned. */
static enum ben_status look_with(struct training *t, const struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    if (!is_any_open(&t->selection))
        return BEN_OK;
    TRY(comm_agree(t->world, model_from_weights(file, BEN_PREDICT_BATCH, false, &t->viewer)));
    t->settler = (struct dataset_settler){settle, t, file->checksum};
out:
    return st;
}

/* The source's values, or from scratch a network of its shape. Collective. */
static enum ben_status make_net(struct training *t)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    char *path = NULL;
    TRY(source_path(t, &path));
    TRY(weights_read_shared(t->world, path, &file));
    TRY(comm_agree(t->world, take_preparation(t, file)));
    if (t->options->method == BEN_ADAPT_SCRATCH) {
        const struct net_config config = model_config(&file->arch);
        TRY(training_make_net(t, &config));
    } else {
        TRY(training_take_net(t, file));
        TRY(look_with(t, file));
    }
out:
    weights_free(&file);
    free(path);
    return st;
}

enum ben_status adapt_run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    struct training t;
    training_start(&context->world, &command_adapt, config, context->args[context->n_args - 1],
                   &t);
    apply_method(&t);
    TRY(training_name_files(&t));
    TRY(training_find_scans(&t, context->args, context->n_args - 1));
    limit_pseudo_labels(&t);
    TRY(make_net(&t));
    TRY(training_prepare(&t, &context->failed_scans));
    TRY(training_run(&t));
out:
    training_free(&t);
    return st;
}
