/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/segment_run.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/models.h"
#include "cli/segment_output.h"
#include "cli/segment_record.h"
#include "cli/segment_runs.h"
#include "cli/start.h"
#include "io/derivatives.h"
#include "mpi/plan.h"
#include "qa/predict.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum stage { STAGE_BOTH, STAGE_PARTICIPANT, STAGE_GROUP };

/* Everything a run holds; one cleanup in segment_run. */
struct run {
    struct command_context *context;
    const struct segment_config *config;
    const struct comm *world;
    const char *output;
    bool to_file; /* output is the mask itself */
    enum stage stage;
    int n_inputs;
    int volume;
    long shard, n_shards;                      /* 0 shards: all scans */
    uint64_t configuration[BEN_SPECIES_COUNT]; /* hashes of what shapes the outputs */
    struct cohort *cohort;
    double *voxels; /* [cohort->n] of each scan, 0 where it cannot be read */
    struct models models;
    struct plan *plan;
    struct comm team;
    struct journal_book *book; /* what earlier runs finished ... */
    int64_t since_ns;          /* ... and counts, being done since (--restart) */
    struct journal *journal;
    struct record *record; /* NULL where the output is a file */
    long failed;           /* scans of this rank's team in this run */
    double start_s;
};

static enum ben_status parse_volume(struct run *run)
{
    enum ben_status st = BEN_OK;
    const char *text = run->config->volume;
    char *end = NULL;
    run->volume = BEN_VOLUME_DEFAULT;
    if (!text)
        return BEN_OK;
    if (strcmp(text, "all") == 0) {
        run->volume = BEN_VOLUME_ALL;
        return BEN_OK;
    }
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 0 || n > 1 << 20)
        FAIL(BEN_E_ARG, "--volume %s: give a number from 0, or all", text);
    run->volume = (int)n;
out:
    return st;
}

static enum ben_status parse_shard(struct run *run)
{
    enum ben_status st = BEN_OK;
    const char *text = run->config->shard;
    char *end = NULL;
    if (!text)
        return BEN_OK;
    run->shard = strtol(text, &end, 10);
    if (*end == '/')
        run->n_shards = strtol(end + 1, &end, 10);
    if (*end || run->shard < 1 || run->shard > run->n_shards)
        FAIL(BEN_E_ARG, "--shard %s: give I/N, such as 1/16 to 16/16", text);
out:
    return st;
}

/* INPUT... OUTPUT [participant|group] */
static enum ben_status parse_arguments(struct run *run)
{
    enum ben_status st = BEN_OK;
    const struct command_context *context = run->context;
    int n = context->n_args;
    const char *last = context->args[n - 1];
    if (n > 2 && (strcmp(last, "participant") == 0 || strcmp(last, "group") == 0)) {
        run->stage = strcmp(last, "group") == 0 ? STAGE_GROUP : STAGE_PARTICIPANT;
        n--;
    }
    run->output = context->args[n - 1];
    run->n_inputs = n - 1;
    run->to_file = nifti_ending(run->output) > 0;
    if (run->config->uncertainty && run->config->mc == 0)
        FAIL(BEN_E_ARG,
             "--uncertainty comes from Monte Carlo samples: give --mc T, such as 10");
    if (run->to_file && run->n_inputs != 1)
        FAIL(BEN_E_ARG, "%s: one mask for %d inputs; name a folder as the output", run->output,
             run->n_inputs);
    TRY(parse_volume(run));
    TRY(parse_shard(run));
out:
    return st;
}

static enum ben_status find_scans(struct run *run)
{
    enum ben_status st = BEN_OK;
    const struct segment_config *config = run->config;
    const struct cohort_options options = {.participant_label = config->participants.text,
                                           .n_participant_label = config->participants.n,
                                           .where = config->where.text,
                                           .n_where = config->where.n,
                                           .split = config->split,
                                           .shard = run->shard,
                                           .n_shards = run->n_shards,
                                           .species = (enum species)config->common.species};
    TRY(cohort_open_shared(run->world, run->context->args, run->n_inputs, &options,
                           &run->cohort));
    if (run->to_file && run->cohort->n != 1)
        FAIL(BEN_E_ARG, "%s: one mask for %ld scans; name a folder as the output", run->output,
             run->cohort->n);
out:
    return st;
}

/* Headers are read by all ranks, each its share; the plan is the same everywhere. */
static enum ben_status make_plan(struct run *run)
{
    enum ben_status st = BEN_OK;
    run->voxels = calloc((size_t)run->cohort->n + 1, sizeof *run->voxels);
    TRY(comm_agree(run->world, run->voxels ? BEN_OK : BEN_E_MEMORY));
    TRY(cohort_inspect_shared(run->world, run->cohort, run->voxels));
    TRY(comm_agree(run->world,
                   plan_share(run->voxels, run->cohort->n, run->world->size, &run->plan)));
    TRY(comm_split(run->world, run->plan->team_of_rank[run->world->rank], &run->team));
out:
    return st;
}

static void warn_of_fallbacks(const struct run *run, const bool wanted[BEN_SPECIES_COUNT])
{
    for (int s = 0; s < BEN_SPECIES_COUNT && run->world->rank == 0; s++) {
        if (!wanted[s] || !run->models.fallback[s])
            continue;
        const char *file = util_basename(models_find(&run->models, (enum species)s)->path);
        if (s == BEN_SPECIES_UNKNOWN)
            log_warn("the species is not known (--species tells it); using %s", file);
        else
            log_warn("no weights of their own ship for %s; using %s: look at the masks",
                     species_name((enum species)s), file);
    }
}

static enum ben_status open_models(struct run *run)
{
    enum ben_status st = BEN_OK;
    bool wanted[BEN_SPECIES_COUNT] = {false};
    for (long i = 0; i < run->cohort->n; i++)
        wanted[run->cohort->scans[i].species] = true;
    TRY(models_open(run->world, run->config->common.weights, wanted, BEN_PREDICT_BATCH,
                    &run->models));
    warn_of_fallbacks(run, wanted);
    /* What shapes the outputs: the section's options, the program, the species' weights: the
     * same in a job that sees a part of the scans. */
    const char *section = strstr(run->context->effective, "[segment]");
    const char *end = section ? strstr(section + 1, "\n[") : NULL;
    ENSURE(section && end);
    uint64_t hash = util_hash(UTIL_HASH_START, section, (size_t)(end - section));
    if (run->config->mc > 0)
        hash = util_hash(hash, &run->config->common.seed, sizeof run->config->common.seed);
    hash = util_hash(hash, BEN_VERSION, strlen(BEN_VERSION));
    for (int s = 0; s < BEN_SPECIES_COUNT; s++)
        if (wanted[s])
            run->configuration[s] =
                util_hash(hash, &models_find(&run->models, (enum species)s)->file->checksum,
                          sizeof(uint64_t));
out:
    return st;
}

static enum ben_status plane_of(const struct run *run, const struct scan *scan,
                                enum slice_plane *plane)
{
    enum ben_status st = BEN_OK;
    const struct model *model = models_find(&run->models, scan->species);
    if (run->config->plane > 0) {
        *plane = (enum slice_plane)(run->config->plane - 1);
    } else if (scan->species != BEN_SPECIES_UNKNOWN) {
        *plane = species_plane(scan->species);
    } else if (species_plane_find(model->file->prep.plane, plane) != 0) {
        FAIL(BEN_E_ARG, "%s: slice plane '%s' is unknown; give --plane", model->path,
             model->file->prep.plane);
    }
out:
    return st;
}

static struct mcqa_limits limits_of(const struct segment_config *config)
{
    return (struct mcqa_limits){config->review_from, config->fail_from};
}

static enum ben_status describe_job(const struct run *run, const struct scan *scan,
                                    struct segment_job *job)
{
    enum ben_status st = BEN_OK;
    const struct segment_config *config = run->config;
    const struct model *model = models_find(&run->models, scan->species);
    const struct weights_prep *prep = &model->file->prep;
    enum slice_plane plane;
    TRY(plane_of(run, scan, &plane));
    job->image = scan->path;
    job->volume = run->volume;
    job->prepare = prepare_defaults(plane, model->file->arch.size);
    job->prepare.follow_thick = config->plane == 0 && species_lies_anyhow(scan->species);
    job->settle_plane = config->plane == 0 && species_plane_is_open(scan->species);
    job->settle_frame = species_frame_is_open(scan->species);
    job->prepare.n4 = config->n4 && prep->n4;
    job->settle_bias = config->n4_strong && job->prepare.n4;
    job->settle_noise = config->denoise;
    job->settle_blur = config->sharpen;
    job->prepare.n4_options.shrink = config->n4_shrink;
    job->prepare.normalise.low_percent = prep->percentile_low;
    job->prepare.normalise.high_percent = prep->percentile_high;
    job->post = post_defaults();
    job->post.threshold = (float)config->threshold;
    job->post.components = config->components;
    job->post.min_mm3 = config->min_mm3;
    job->post.fill_holes = config->fill_holes;
    job->mend_slices = config->mend_slices;
    job->predict = (struct predict_config){.samples = (uint32_t)config->mc,
                                           .seed = (uint64_t)config->common.seed,
                                           .threshold = (float)config->threshold};
    job->limits = limits_of(config);
    if (config->attention && !model->file->arch.nonlocal)
        FAIL(BEN_E_ARG,
             "%s: the network has no non-local block, so that there is no --attention",
             model->path);
out:
    return st;
}

/* The files a scan may have; owned. */
struct outputs {
    char *path[BEN_DERIVATIVE_KINDS]; /* NULL: not wanted */
    char *mosaic;
};

static void free_outputs(struct outputs *outputs)
{
    for (int kind = 0; kind < BEN_DERIVATIVE_KINDS; kind++)
        free(outputs->path[kind]);
    free(outputs->mosaic);
}

static bool is_wanted(const struct segment_config *config, int kind)
{
    const bool wanted[BEN_DERIVATIVE_KINDS] = {
        [BEN_DERIVATIVE_MASK] = true,
        [BEN_DERIVATIVE_BRAIN] = config->brain,
        [BEN_DERIVATIVE_PROBABILITY] = config->probability,
        [BEN_DERIVATIVE_UNCERTAINTY] = config->uncertainty,
        [BEN_DERIVATIVE_ATTENTION] = config->attention,
    };
    return wanted[kind];
}

/* OUT.nii.gz, and for the rest OUT_brain.nii.gz and so on. */
static enum ben_status outputs_beside(const struct run *run, struct outputs *outputs)
{
    enum ben_status st = BEN_OK;
    const char *output = run->output;
    const struct derivative_source source = {output, false, false};
    int stem = (int)(strlen(output) - nifti_ending(output));
    TRY_NEW(outputs->path[BEN_DERIVATIVE_MASK] = strdup(output));
    for (int kind = 0; kind < BEN_DERIVATIVE_KINDS; kind++)
        if (is_wanted(run->config, kind) && !outputs->path[kind])
            TRY_NEW(outputs->path[kind] = derivative_path(
                        "", &source, (enum derivative_kind)kind, output + stem));
    if (run->config->mosaic)
        TRY_NEW(outputs->mosaic = util_format("%.*s_mosaic.png", stem, output));
out:
    return st;
}

static enum ben_status outputs_in_folder(const struct run *run,
                                         const struct derivative_source *source,
                                         struct outputs *outputs)
{
    enum ben_status st = BEN_OK;
    for (int kind = 0; kind < BEN_DERIVATIVE_KINDS; kind++)
        if (is_wanted(run->config, kind))
            TRY_NEW(outputs->path[kind] = derivative_path(
                        run->output, source, (enum derivative_kind)kind, ".nii.gz"));
    if (run->config->mosaic)
        TRY_NEW(outputs->mosaic =
                    derivative_path(run->output, source, BEN_DERIVATIVE_MASK, ".png"));
out:
    return st;
}

static enum ben_status write_sidecars(const struct run *run,
                                      const struct derivative_source *source)
{
    enum ben_status st = BEN_OK;
    for (int kind = 0; kind < BEN_DERIVATIVE_KINDS; kind++)
        if (is_wanted(run->config, kind))
            TRY(derivative_write_sidecar(run->output, source, (enum derivative_kind)kind,
                                         run->config->threshold));
out:
    return st;
}

/* One scan by the team, its files written and, in a folder, its companions. */
static enum ben_status work_on(struct run *run, const struct scan *scan,
                               struct segment_result *result)
{
    enum ben_status st = BEN_OK;
    const struct derivative_source source = {scan->relative, scan->bids, scan->suffix_needed};
    struct outputs outputs = {.mosaic = NULL};
    struct segment_job job = {NULL};
    TRY(comm_agree(&run->team, describe_job(run, scan, &job)));
    st = run->to_file ? outputs_beside(run, &outputs)
                      : outputs_in_folder(run, &source, &outputs);
    if (st == BEN_OK && run->team.rank == 0)
        st = util_make_parents(outputs.path[BEN_DERIVATIVE_MASK]);
    TRY(comm_agree(&run->team, st));
    job.mask = outputs.path[BEN_DERIVATIVE_MASK];
    job.probability = outputs.path[BEN_DERIVATIVE_PROBABILITY];
    job.brain = outputs.path[BEN_DERIVATIVE_BRAIN];
    job.uncertainty = outputs.path[BEN_DERIVATIVE_UNCERTAINTY];
    job.attention = outputs.path[BEN_DERIVATIVE_ATTENTION];
    job.mosaic = outputs.mosaic;
    TRY(segment_scan(&run->team, models_find(&run->models, scan->species)->net, &job, result));
    if (run->team.rank == 0 && !run->to_file)
        st = write_sidecars(run, &source);
    TRY(comm_agree(&run->team, st));
out:
    free_outputs(&outputs);
    return st;
}

static bool concerns_scan_alone(enum ben_status status)
{
    return status == BEN_E_INPUT || status == BEN_E_IO || status == BEN_E_MEMORY;
}

/* On the team's rank 0: the scan's row goes into the journal once its files are in place. */
static enum ben_status acknowledge(struct run *run, const struct scan *scan,
                                   const struct segment_result *result, const char *reason)
{
    enum ben_status st = BEN_OK;
    char *key = NULL, *row = NULL;
    TRY_NEW(key = segment_key(scan, run->configuration[scan->species]));
    const struct mcqa_limits limits = limits_of(run->config);
    TRY_NEW(row = segment_row(scan, result, &limits, reason));
    TRY(journal_append(run->journal, key, reason ? BEN_JOURNAL_FAILED : BEN_JOURNAL_DONE, row));
out:
    free(key);
    free(row);
    return st;
}

static enum ben_status already_done(const struct run *run, const struct scan *scan, bool *done)
{
    enum ben_status st = BEN_OK;
    char *key = NULL;
    *done = false;
    if (!run->book)
        return BEN_OK;
    TRY_NEW(key = segment_key(scan, run->configuration[scan->species]));
    const struct journal_entry *entry = journal_find(run->book, key);
    *done = entry && entry->status == BEN_JOURNAL_DONE && entry->time_ns >= run->since_ns;
out:
    free(key);
    return st;
}

/* Where no table does, or where somebody should look. */
static void tell_certainty(const struct run *run, const struct scan *scan,
                           const struct segment_result *result)
{
    const struct mcqa_limits limits = limits_of(run->config);
    enum mcqa_flag flag = segment_flag(&limits, result);
    if (flag != BEN_MCQA_PASS)
        log_warn("%s: %s, uncertainty %.3f: look at the mask", scan->path, mcqa_flag_name(flag),
                 result->uncertainty);
    else if (run->to_file)
        log_info("%s: %s, uncertainty %.3f", scan->path, mcqa_flag_name(flag),
                 result->uncertainty);
}

static enum ben_status do_scan(struct run *run, const struct scan *scan)
{
    enum ben_status st = BEN_OK;
    struct segment_result result = {0};
    char *reason = NULL;
    enum ben_status outcome = work_on(run, scan, &result);
    if (outcome != BEN_OK && !concerns_scan_alone(outcome))
        return outcome;
    if (outcome != BEN_OK) {
        TRY_NEW(reason = strdup(ben_error_text()));
        run->failed++;
        if (run->team.rank == 0)
            log_error("%s", reason);
    } else if (run->team.rank == 0 && result.volume_mm3 == 0) {
        log_warn("%s: no brain was found, the mask is empty; look at the scan and its species",
                 scan->path);
    }
    if (run->team.rank == 0 && run->journal)
        st = acknowledge(run, scan, &result, reason);
    if (run->record && st == BEN_OK)
        st = record_scan(run->record, scan, &result, reason, run->team.rank == 0);
    TRY(comm_agree(&run->team, st));
    if (outcome != BEN_OK && run->config->strict)
        FAIL(BEN_E_INPUT, "%s (--strict stops here)", reason);
    log_debug("%s: %.1f mm3", scan->path, result.volume_mm3);
    if (outcome == BEN_OK && run->team.rank == 0 && run->config->mc > 0)
        tell_certainty(run, scan, &result);
out:
    free(reason);
    return st;
}

static enum ben_status do_scans(struct run *run)
{
    enum ben_status st = BEN_OK;
    long count;
    const long *mine = plan_scans(run->plan, run->world->rank, &count);
    for (long i = 0; i < count; i++) {
        const struct scan *scan = &run->cohort->scans[mine[i]];
        bool done = false;
        TRY(comm_agree(&run->team, already_done(run, scan, &done)));
        TRY(comm_broadcast(&run->team, &done, sizeof done, 0));
        if (done && run->record && run->team.rank == 0)
            record_skip(run->record);
        if (!done) {
            TRY(start_agree_to_go_on(&run->team));
            TRY(do_scan(run, scan));
        }
        log_progress("scans of rank 0", (double)i + 1, (double)count, run->start_s);
    }
    log_progress_end();
out:
    return st;
}

/* The scans' folder by its full path: whoever reads the results may stand elsewhere. */
static enum ben_status describe_dataset(const struct run *run, const char *parameters)
{
    enum ben_status st = BEN_OK;
    char *full = realpath(run->cohort->root, NULL);
    const char *raw = full ? full : run->cohort->root;
    const struct derivative_dataset dataset = {.name = util_basename(raw),
                                               .raw = raw,
                                               .version = BEN_VERSION,
                                               .parameters = parameters,
                                               .n4 = run->config->n4,
                                               .samples = run->config->mc};
    TRY(derivative_write_dataset(run->output, &dataset));
out:
    free(full);
    return st;
}

/* The output folder: description, effective configuration, log, journal. */
static enum ben_status open_folder(struct run *run)
{
    enum ben_status st = BEN_OK;
    const struct model *model = &run->models.loaded[0];
    char *logs = NULL, *path = NULL, *name = NULL, *parameters = NULL;
    const char *job = getenv("SLURM_JOB_ID");
    TRY_NEW(logs = util_format("%s/logs/journal", run->output));
    TRY_NEW(parameters = util_format("weights %s, checksum %016" PRIx64,
                                     util_basename(model->path), model->file->checksum));
    TRY_NEW(name =
                util_format("%s%s-r%d", job ? "job" : "pid", job ? job : "", run->world->rank));
    if (run->world->rank == 0) {
        if (util_is_dir(logs))
            util_sweep(run->output);
        TRY(util_make_dirs(logs));
        TRY(describe_dataset(run, parameters));
        TRY_NEW(path = util_format("%s/logs/segment.ini", run->output));
        TRY(util_write_file(path, run->context->effective, strlen(run->context->effective)));
        free(path);
        TRY_NEW(path = util_format("%s/logs/segment.log", run->output));
        if (log_file(path) != 0)
            FAIL(BEN_E_IO, "%s: cannot write", path);
    }
    if (run->team.rank == 0)
        TRY(journal_open(logs, name, &run->journal));
out:
    free(logs);
    free(path);
    free(name);
    free(parameters);
    return st;
}

static enum ben_status load_book(struct run *run)
{
    enum ben_status st = BEN_OK;
    char *logs = util_format("%s/logs/journal", run->output);
    TRY(comm_agree(run->world, logs ? BEN_OK : BEN_E_MEMORY));
    TRY(journal_load_shared(run->world, logs, &run->book));
    if (run->config->restart) {
        TRY(comm_agree(run->world, run->world->rank == 0
                                       ? segment_runs_restart(run->output, &run->since_ns)
                                       : BEN_OK));
        TRY(comm_broadcast(run->world, &run->since_ns, sizeof run->since_ns, 0));
    }
out:
    free(logs);
    return st;
}

/* Every rank learns how many scans failed in this run. */
static enum ben_status count_failed(struct run *run)
{
    enum ben_status st = BEN_OK;
    unsigned long failed = run->team.rank == 0 ? (unsigned long)run->failed : 0;
    TRY(comm_sum_u64(run->world, &failed, 1));
    run->context->failed_scans = (long)failed;
out:
    return st;
}

static enum ben_status assemble(struct run *run)
{
    enum ben_status st = BEN_OK;
    long done = 0, failed = 0, left;
    const struct segment_assembly assembly = {.folder = run->output,
                                              .cohort = run->cohort,
                                              .configuration = run->configuration,
                                              .hdf5 = run->config->hdf5,
                                              .probability = run->config->probability,
                                              .uncertainty = run->config->uncertainty,
                                              .effective = run->context->effective,
                                              .weights = run->models.loaded[0].path};
    TRY(segment_assemble(run->world, &assembly, &done, &failed));
    left = run->cohort->n - done - failed;
    if (left > 0 && run->world->rank == 0)
        log_warn("%ld of %ld scans are not done yet: segment them with the same options, then "
                 "run group again",
                 left, run->cohort->n);
    run->context->failed_scans = failed + left;
    log_info("%ld scans done, %ld failed; results in %s/results.tsv, what to cite in "
             "logs/CITATION.md",
             done, failed, run->output);
out:
    return st;
}

static enum ben_status do_all(struct run *run)
{
    enum ben_status st = BEN_OK;
    if (run->stage != STAGE_GROUP)
        st = comm_agree(run->world, do_scans(run));
    if (st == BEN_E_INPUT) /* of --strict alone; the others go on */
        run->context->failed_scans = 1;
    if (st)
        goto out;
    TRY(count_failed(run));
    if (run->stage != STAGE_PARTICIPANT)
        TRY(assemble(run));
out:
    return st;
}

static enum ben_status open_record(struct run *run)
{
    const struct record_start start = {.folder = run->output,
                                       .command_line = run->context->command_line,
                                       .cohort = run->cohort,
                                       .voxels = run->voxels,
                                       .configuration = run->configuration,
                                       .teams = run->plan->n_teams,
                                       .since_ns = run->since_ns,
                                       .start_s = run->start_s};
    return record_open(run->world, &start, &run->record);
}

/* However the run ended, its summary is written, but where ranks may be out of step. */
static enum ben_status close_record(struct run *run, enum ben_status how)
{
    if (how == BEN_E_MPI || how == BEN_E_HDF5)
        return how;
    char *text = strdup(ben_error_text()), *place = strdup(ben_error_place());
    enum ben_status closed = record_close(&run->record, how);
    if (how != BEN_OK && text && place)
        ben_error_set(text, place);
    free(text);
    free(place);
    return how != BEN_OK ? how : closed;
}

static enum ben_status run_folder(struct run *run)
{
    enum ben_status st = BEN_OK;
    TRY(load_book(run));
    TRY(comm_agree(run->world, open_folder(run)));
    if (run->stage == STAGE_GROUP) {
        TRY(do_all(run));
    } else {
        TRY(open_record(run));
        TRY(close_record(run, do_all(run)));
    }
out:
    log_file(NULL);
    return st;
}

/* What killed runs left of one scan's files, which have no folder of their own to be swept: all
 * their names begin with the mask's. */
static enum ben_status sweep_beside(const char *mask)
{
    enum ben_status st = BEN_OK;
    char *stem;
    TRY_NEW(stem = util_format("%.*s", (int)(strlen(mask) - nifti_ending(mask)), mask));
    util_sweep_beside(stem);
out:
    free(stem);
    return st;
}

enum ben_status segment_run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    struct run run = {.context = context,
                      .config = config,
                      .world = &context->world,
                      .start_s = util_now_s(),
                      .team = {.mpi = MPI_COMM_NULL}};
    TRY(parse_arguments(&run));
    TRY(find_scans(&run));
    TRY(open_models(&run));
    TRY(make_plan(&run));
    if (run.to_file) {
        TRY(comm_agree(run.world, run.world->rank == 0 ? sweep_beside(run.output) : BEN_OK));
        TRY(comm_agree(run.world, do_scans(&run)));
        TRY(count_failed(&run));
    } else {
        TRY(run_folder(&run));
    }
out:
    record_free(&run.record);
    journal_close(&run.journal);
    journal_free(&run.book);
    comm_free(&run.team);
    plan_free(&run.plan);
    models_close(&run.models);
    cohort_free(&run.cohort);
    free(run.voxels);
    return st;
}
