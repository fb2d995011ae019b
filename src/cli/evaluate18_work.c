/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/evaluate18_work.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/call.h"
#include "io/cohort.h"
#include "io/derivatives.h"
#include "qa/study_scores.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_WORDS   24
#define MAX_WEIGHTS ((size_t)1 << 31) /* bytes of a weights file */

/* The words of a command; owned. */
struct words {
    int n;
    char *word[MAX_WORDS];
};

static void free_words(struct words *words)
{
    for (int i = 0; i < words->n; i++)
        free(words->word[i]);
    words->n = 0;
}

/* Takes the text, which may be NULL for want of memory. */
static enum ben_status add(struct words *words, char *text)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(text);
    ENSURE(words->n < MAX_WORDS);
    words->word[words->n++] = text;
out:
    return st;
}

/* "--name value", where there is a value. */
static enum ben_status add_option(struct words *words, const char *name, const char *value)
{
    enum ben_status st = BEN_OK;
    if (!value)
        return BEN_OK;
    TRY(add(words, util_format("--%s", name)));
    TRY(add(words, strdup(value)));
out:
    return st;
}

static enum ben_status add_number(struct words *words, const char *name, double value)
{
    enum ben_status st = BEN_OK;
    char *text = util_format("%.0f", value);
    TRY_NEW(text);
    TRY(add_option(words, name, text));
out:
    free(text);
    return st;
}

/* What train and adapt share. */
static enum ben_status add_training(const struct evaluate18_team *team, struct words *words)
{
    enum ben_status st = BEN_OK;
    TRY(add_number(words, "seed", team->config->common.seed));
    TRY(add(words, strdup("--cache")));
    TRY(add(words, util_format("%s/cache", team->output)));
    if (team->config->restart)
        TRY(add(words, strdup("--restart")));
out:
    return st;
}

static enum ben_status train_words(const struct evaluate18_team *team,
                                   const struct evaluate18_work *work, struct words *words)
{
    enum ben_status st = BEN_OK;
    TRY(add(words, util_format("%s/%s/train.tsv", team->output, work->set)));
    TRY(add(words, strdup(work->weights)));
    TRY(add_option(words, "config", team->config->train));
    TRY(add_training(team, words));
out:
    return st;
}

/* Weights of the work's own; NULL where it uses those it begins with. */
static char *adapted_weights(const struct evaluate18_team *team,
                             const struct evaluate18_work *work)
{
    return util_format("%s/%s/weights.h5", team->output, work->folder);
}

static bool adapts(const struct evaluate18_work *work)
{
    return strcmp(work->method, "none") != 0 && strcmp(work->method, "source") != 0;
}

static enum ben_status adapt_words(const struct evaluate18_team *team,
                                   const struct evaluate18_work *work, struct words *words)
{
    enum ben_status st = BEN_OK;
    TRY(add(words, util_format("%s/%s/labels-%d.tsv", team->output, work->set, work->labels)));
    TRY(add(words, adapted_weights(team, work)));
    TRY(add_option(words, "method", work->method));
    TRY(add_option(words, "weights", work->weights));
    TRY(add_option(words, "config", team->config->adapt));
    TRY(add_training(team, words));
out:
    return st;
}

static enum ben_status segment_words(const struct evaluate18_team *team,
                                     const struct evaluate18_work *work, struct words *words)
{
    enum ben_status st = BEN_OK;
    TRY(add(words, util_format("%s/%s/test.tsv", team->output, work->set)));
    TRY(add(words, util_format("%s/%s/masks", team->output, work->folder)));
    if (adapts(work)) {
        TRY(add(words, strdup("--weights")));
        TRY(add(words, adapted_weights(team, work)));
    } else {
        TRY(add_option(words, "weights", work->weights));
    }
    TRY(add_option(words, "config", team->config->segment));
    TRY(add_number(words, "seed", team->config->common.seed));
    if (team->config->mc > 0)
        TRY(add_number(words, "mc", team->config->mc));
    TRY(add(words, strdup("--no-hdf5")));
    if (team->config->restart)
        TRY(add(words, strdup("--restart")));
out:
    return st;
}

/* The command with those words, which it logs. Collective on the team. */
static enum ben_status call(const struct evaluate18_team *team, const struct command *command,
                            struct words *words, enum ben_status made)
{
    enum ben_status st = BEN_OK;
    struct call called = {0};
    TRY(comm_agree(&team->comm, made));
    TRY(call_open(&team->comm, command, words->n, (const char *const *)words->word, &called));
    log_debug("%s", called.line);
    st = comm_agree(&team->comm, call_run(&called));
    call_close(&called);
out:
    free_words(words);
    return st;
}

static enum ben_status hash_file(const char *path, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL;
    size_t n = 0;
    if (!path)
        return BEN_OK;
    TRY(util_read_file(path, MAX_WEIGHTS, &bytes, &n));
    *hash = util_hash(*hash, bytes, n);
out:
    free(bytes);
    return st;
}

/* A file's size and time, as segment knows a scan again by. */
static void hash_stamp(const char *path, uint64_t *hash)
{
    struct stat s;
    if (!path || stat(path, &s) != 0)
        return;
    const int64_t stamp[] = {s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
    *hash = util_hash(*hash, stamp, sizeof stamp);
}

/* A manifest, and its scans and masks by their stamps. */
static enum ben_status hash_manifest(const char *path, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    struct tsv *manifest = NULL;
    TRY(hash_file(path, hash));
    TRY(tsv_read(path, &manifest));
    for (long row = 0; row < tsv_rows(manifest); row++) {
        hash_stamp(tsv_cell(manifest, row, tsv_column(manifest, "image")), hash);
        hash_stamp(tsv_cell(manifest, row, tsv_column(manifest, "mask")), hash);
    }
out:
    tsv_free(&manifest);
    return st;
}

static void hash_words(struct words *words, uint64_t *hash)
{
    for (int i = 0; i < words->n; i++)
        if (strcmp(words->word[i], "--restart") != 0)
            *hash = util_hash(*hash, words->word[i], strlen(words->word[i]) + 1);
    free_words(words);
}

/* What training and adapting begin with and see: the words' files. */
static enum ben_status hash_learning(const struct evaluate18_team *team,
                                     const struct evaluate18_work *work, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    bool source = work->kind == EVALUATE18_SOURCE;
    struct words words = {0};
    if (!source && !adapts(work))
        return BEN_OK;
    TRY(source ? train_words(team, work, &words) : adapt_words(team, work, &words));
    TRY(hash_manifest(words.word[0], hash));
    TRY(hash_file(source ? team->config->train : team->config->adapt, hash));
    hash_words(&words, hash);
out:
    free_words(&words);
    return st;
}

static enum ben_status hash_segmenting(const struct evaluate18_team *team,
                                       const struct evaluate18_work *work, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    struct words words = {0};
    if (work->weights && !util_is_file(work->weights))
        FAIL(BEN_E_INPUT, "%s: no such weights; the training of their source failed",
             work->weights);
    TRY(hash_file(work->weights, hash));
    TRY(segment_words(team, work, &words));
    TRY(hash_manifest(words.word[0], hash));
    TRY(hash_file(team->config->segment, hash));
    hash_words(&words, hash);
out:
    free_words(&words);
    return st;
}

enum ben_status evaluate18_work_hash(const struct evaluate18_team *team,
                                     const struct evaluate18_work *work, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    *hash = util_hash(UTIL_HASH_START, work->folder, strlen(work->folder));
    if (team->comm.rank == 0 && work->kind != EVALUATE18_EXTERNAL) {
        st = hash_learning(team, work, hash);
        if (st == BEN_OK && work->kind == EVALUATE18_RUN)
            st = hash_segmenting(team, work, hash);
    }
    TRY(comm_agree(&team->comm, st));
    TRY(comm_broadcast(&team->comm, hash, sizeof *hash, 0));
out:
    return st;
}

/* external: by the plain name that tools/external.sh gives, else as segment names it. */
static enum ben_status fill_pair(const char *folder, const struct scan *scan, bool external,
                                 struct pair *pair)
{
    enum ben_status st = BEN_OK;
    const struct derivative_source source = {scan->relative, scan->bids && !external,
                                             scan->suffix_needed};
    TRY_NEW(pair->id = strdup(scan->relative));
    TRY_NEW(pair->ref = strdup(scan->mask));
    TRY_NEW(pair->pred = derivative_path(folder, &source, BEN_DERIVATIVE_MASK, ".nii.gz"));
    if (!util_is_file(pair->pred)) {
        free(pair->pred);
        pair->pred = NULL;
    }
out:
    return st;
}

/* A scan that segment failed on has no prediction, whatever an earlier run left. */
static enum ben_status drop_failed(const char *path, struct pairs *pairs)
{
    enum ben_status st = BEN_OK;
    struct tsv *results = NULL;
    if (!util_is_file(path))
        return BEN_OK;
    TRY(tsv_read(path, &results));
    TRY(tsv_index(results, tsv_column(results, "scan")));
    for (long i = 0; i < pairs->n; i++) {
        long row = tsv_find(results, pairs->list[i].id);
        const char *status =
            row < 0 ? NULL : tsv_cell(results, row, tsv_column(results, "status"));
        if (status && strcmp(status, "failed") == 0) {
            free(pairs->list[i].pred);
            pairs->list[i].pred = NULL;
        }
    }
out:
    tsv_free(&results);
    return st;
}

/* The scans of test.tsv with their predictions below folder. Local. */
static enum ben_status make_pairs(const struct cohort *cohort, const char *folder,
                                  bool external, struct pairs **pairs)
{
    enum ben_status st = BEN_OK;
    struct pairs *made = calloc(1, sizeof *made);
    TRY_NEW(made);
    TRY_NEW(made->list = calloc((size_t)cohort->n + 1, sizeof *made->list));
    for (; made->n < cohort->n; made->n++) {
        st = fill_pair(folder, &cohort->scans[made->n], external, &made->list[made->n]);
        if (st != BEN_OK) {
            made->n++;
            goto out;
        }
    }
    *pairs = made;
    made = NULL;
out:
    pairs_free(&made);
    return st;
}

/* Rank 0 looks which masks are there; all ranks get the same list. results: the table of segment;
 * NULL: another program's masks. */
static enum ben_status share_pairs(const struct comm *comm, const struct cohort *cohort,
                                   const char *folder, const char *results,
                                   struct pairs **pairs)
{
    enum ben_status st = BEN_OK;
    struct pairs *made = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (comm->rank == 0) {
        st = make_pairs(cohort, folder, results == NULL, &made);
        if (st == BEN_OK && results)
            st = drop_failed(results, made);
        if (st == BEN_OK)
            st = pairs_pack(made, &bytes, &n);
    }
    TRY(comm_agree(comm, st));
    TRY(comm_broadcast_block(comm, &bytes, &n, 0));
    TRY(comm_agree(comm, pairs_unpack(bytes, n, pairs)));
out:
    free(bytes);
    pairs_free(&made);
    return st;
}

static enum ben_status measure(const struct evaluate18_team *team,
                               const struct evaluate18_work *work)
{
    enum ben_status st = BEN_OK;
    const struct cohort_options none = {0};
    const struct comm *comm = &team->comm;
    char *test = util_format("%s/%s/test.tsv", team->output, work->set);
    char *masks = util_format("%s/%s/masks", team->output, work->folder);
    char *table = util_format("%s/%s/masks/results.tsv", team->output, work->folder);
    char *result = evaluate18_work_result(team->output, work);
    const char **participants = NULL;
    struct cohort *cohort = NULL;
    struct pairs *pairs = NULL;
    struct study_scores scores = {0};
    TRY(comm_agree(comm, test && masks && table && result ? BEN_OK : BEN_E_MEMORY));
    TRY(cohort_open_shared(comm, (const char *const *)&test, 1, &none, &cohort));
    TRY(share_pairs(comm, cohort, masks, work->kind == EVALUATE18_EXTERNAL ? NULL : table,
                    &pairs));
    participants = calloc((size_t)cohort->n + 1, sizeof *participants);
    TRY(comm_agree(comm, participants ? BEN_OK : BEN_E_MEMORY));
    for (long i = 0; i < cohort->n; i++)
        participants[i] = cohort->scans[i].participant;
    TRY(study_score_masks(comm, pairs, participants, table, &scores));
    TRY(comm_agree(comm, comm->rank == 0 ? study_scores_write(&scores, result) : BEN_OK));
out:
    study_scores_free(&scores);
    pairs_free(&pairs);
    cohort_free(&cohort);
    free(participants);
    free(test);
    free(masks);
    free(table);
    free(result);
    return st;
}

enum ben_status evaluate18_work_do(const struct evaluate18_team *team,
                                   const struct evaluate18_work *work)
{
    enum ben_status st = BEN_OK;
    struct words words = {0};
    if (work->kind == EVALUATE18_SOURCE)
        return call(team, &command_train, &words, train_words(team, work, &words));
    if (work->kind == EVALUATE18_RUN && adapts(work))
        TRY(call(team, &command_adapt, &words, adapt_words(team, work, &words)));
    if (work->kind == EVALUATE18_RUN)
        TRY(call(team, &command_segment, &words, segment_words(team, work, &words)));
    TRY(measure(team, work));
out:
    return st;
}

char *evaluate18_work_result(const char *output, const struct evaluate18_work *work)
{
    return work->kind == EVALUATE18_SOURCE
               ? strdup(work->weights)
               : util_format("%s/%s/scores.tsv", output, work->folder);
}
