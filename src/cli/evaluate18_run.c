/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/util.h"
#include "cli/evaluate18_plan.h"
#include "cli/evaluate18_work.h"
#include "cli/start.h"
#include "mpi/journal.h"
#include "mpi/plan.h"
#include "qa/study_results.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TABLE ((size_t)1 << 26) /* bytes */

struct run {
    const struct evaluate18_config *config;
    const struct comm *world;
    const char *table, *output;
    struct study *study;
    struct evaluate18_plan plan;
    char **reasons; /* [plan.n] why a work failed; NULL: it did not, or another rank knows */
    struct journal_book *book;
    struct journal *journal;
    double start_s;
};

/* A file of rank 0 on every rank; "" where optional and not there. */
static enum ben_status share_file(const struct comm *world, const char *path, bool optional,
                                  char **text, size_t *n)
{
    enum ben_status st = BEN_OK;
    if (world->rank == 0 && (!optional || util_is_file(path)))
        st = util_read_file(path, MAX_TABLE, text, n);
    TRY(comm_agree(world, st));
    TRY(comm_broadcast_block(world, text, n, 0));
out:
    return st;
}

/* NAME.tsv and, beside it, NAME_published.tsv. */
static enum ben_status read_study(struct run *run)
{
    enum ben_status st = BEN_OK;
    size_t length = strlen(run->table), stem = length, n = 0, n_published = 0;
    char *text = NULL, *numbers = NULL, *path = NULL;
    if (length > 4 && strcmp(run->table + length - 4, ".tsv") == 0)
        stem = length - 4;
    path = util_format("%.*s_published.tsv", (int)stem, run->table);
    TRY(comm_agree(run->world, path ? BEN_OK : BEN_E_MEMORY));
    TRY(share_file(run->world, run->table, false, &text, &n));
    TRY(share_file(run->world, path, true, &numbers, &n_published));
    TRY(comm_agree(run->world,
                   study_parse(run->table, text, n, path, numbers, n_published, &run->study)));
out:
    free(text);
    free(numbers);
    free(path);
    return st;
}

static enum ben_status write_in(const char *output, const char *name, const char *text,
                                size_t n)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/%s", output, name));
    TRY(util_make_parents(path));
    TRY(util_write_file(path, text, n));
out:
    free(path);
    return st;
}

static enum ben_status make_plan(struct run *run, const char *effective)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n = 0;
    if (run->world->rank == 0) {
        st = evaluate18_plan_make(run->config, run->table, run->study, run->output, &text, &n);
        if (st == BEN_OK)
            st = write_in(run->output, "plan.tsv", text, n);
        if (st == BEN_OK)
            st = write_in(run->output, "logs/evaluate18.ini", effective, strlen(effective));
    }
    TRY(comm_agree(run->world, st));
    TRY(comm_broadcast_block(run->world, &text, &n, 0));
    TRY(comm_agree(run->world, evaluate18_plan_parse("plan.tsv", text, n, &run->plan)));
    run->reasons = calloc((size_t)run->plan.n + 1, sizeof *run->reasons);
    TRY(comm_agree(run->world, run->reasons ? BEN_OK : BEN_E_MEMORY));
out:
    free(text);
    return st;
}

static enum ben_status open_journal(struct run *run)
{
    enum ben_status st = BEN_OK;
    const char *job = getenv("SLURM_JOB_ID");
    char *folder = util_format("%s/logs/journal", run->output);
    char *name = util_format("%s%s-r%d", job ? "job" : "pid", job ? job : "", run->world->rank);
    TRY(comm_agree(run->world, folder && name ? BEN_OK : BEN_E_MEMORY));
    TRY(journal_load_shared(run->world, folder, &run->book));
    TRY(comm_agree(run->world, journal_open(folder, name, &run->journal)));
out:
    free(folder);
    free(name);
    return st;
}

static bool ends_the_run(enum ben_status status)
{
    return status == BEN_E_INTERRUPTED || status == BEN_E_MPI;
}

/* Done by an earlier run, with the same data and options, and still there; as rank 0 sees it. */
static enum ben_status already_done(const struct run *run, const struct evaluate18_team *team,
                                    const struct evaluate18_work *work, const char *key,
                                    bool *done)
{
    enum ben_status st = BEN_OK;
    const struct journal_entry *entry = journal_find(run->book, key);
    char *result = evaluate18_work_result(run->output, work);
    TRY(comm_agree(&team->comm, result ? BEN_OK : BEN_E_MEMORY));
    bool anew = run->config->restart && !start_requeued();
    *done = !anew && work->kind != EVALUATE18_EXTERNAL && entry &&
            entry->status == BEN_JOURNAL_DONE && util_is_file(result);
    TRY(comm_broadcast(&team->comm, done, sizeof *done, 0));
out:
    free(result);
    return st;
}

static void say(const struct evaluate18_work *work, bool done)
{
    char labels[32] = "";
    if (work->labels >= 0)
        snprintf(labels, sizeof labels, ", %d labels", work->labels);
    log_info("%s: %s%s%s%s%s", work->set, work->method, labels, work->source ? ", from " : "",
             work->source ? work->source : "", done ? ": done before" : "");
}

/* The work, unless it is done; *reason (fresh) where it failed. Collective on the team. */
static enum ben_status attempt(struct run *run, const struct evaluate18_team *team,
                               const struct evaluate18_work *work, char **reason)
{
    enum ben_status st = BEN_OK;
    uint64_t hash = 0;
    bool done = false;
    char *key = NULL;
    enum ben_status outcome = evaluate18_work_hash(team, work, &hash);
    TRY(comm_agree(&team->comm, (key = util_format("%s %016" PRIx64, work->folder, hash))
                                    ? BEN_OK
                                    : BEN_E_MEMORY));
    if (outcome == BEN_OK)
        TRY(already_done(run, team, work, key, &done));
    say(work, done);
    if (done)
        goto out;
    if (outcome == BEN_OK)
        outcome = evaluate18_work_do(team, work);
    if (ends_the_run(outcome)) {
        st = outcome;
        goto out;
    }
    if (outcome != BEN_OK)
        TRY_NEW(*reason = strdup(ben_error_text()));
    if (team->comm.rank == 0)
        st = journal_append(run->journal, key, *reason ? BEN_JOURNAL_FAILED : BEN_JOURNAL_DONE,
                            *reason ? *reason : "");
    if (*reason)
        log_warn("%s: %s", work->folder, *reason);
    TRY(comm_agree(&team->comm, st));
out:
    free(key);
    return st;
}

/* The team's share of works [first, first + n). */
static enum ben_status do_share(struct run *run, const struct evaluate18_team *team, int first,
                                const long *mine, long count)
{
    enum ben_status st = BEN_OK;
    for (long i = 0; i < count; i++) {
        long work = first + mine[i];
        TRY(start_agree_to_go_on(&team->comm));
        TRY(attempt(run, team, &run->plan.works[work], &run->reasons[work]));
    }
out:
    return st;
}

/* Ranks of a team: with many runs few, so that each runs at its most efficient. */
static int team_size(const struct run *run, int n_works)
{
    int size = run->world->size;
    int team = run->config->team > 0 ? run->config->team : (4 * size + n_works - 1) / n_works;
    if (run->config->team == 0 && team > 16)
        team = 16;
    return team < 1 ? 1 : team > size ? size : team;
}

static enum ben_status do_phase(struct run *run, int first, int n)
{
    enum ben_status st = BEN_OK;
    struct evaluate18_team team = {
        .config = run->config, .output = run->output, .comm = {.mpi = MPI_COMM_NULL}};
    struct plan *plan = NULL;
    double *costs = calloc((size_t)n + 1, sizeof *costs);
    long count;
    TRY(comm_agree(run->world, costs ? BEN_OK : BEN_E_MEMORY));
    if (n == 0)
        goto out;
    for (int i = 0; i < n; i++)
        costs[i] = run->plan.works[first + i].cost;
    int ranks = team_size(run, n), units = run->world->size / ranks;
    int unit = run->world->rank / ranks < units ? run->world->rank / ranks : units - 1;
    TRY(comm_agree(run->world, plan_share(costs, n, units, &plan)));
    TRY(comm_split(run->world, plan->team_of_rank[unit], &team.comm));
    const long *mine = plan_scans(plan, unit, &count);
    TRY(comm_agree(run->world, do_share(run, &team, first, mine, count)));
out:
    comm_free(&team.comm);
    plan_free(&plan);
    free(costs);
    return st;
}

/* Reasons of failure travel as texts "index<TAB>reason" from the ranks that have them. */
static enum ben_status gather_reasons(struct run *run)
{
    enum ben_status st = BEN_OK;
    char *mine = NULL, *all = NULL;
    size_t n = 0, *offsets = NULL;
    FILE *to = open_memstream(&mine, &n);
    for (int i = 0; to && i < run->plan.n; i++)
        if (run->reasons[i])
            fprintf(to, "%d\t%s%c", i, run->reasons[i], '\0');
    TRY(comm_agree(run->world, to && fclose(to) == 0 ? BEN_OK : BEN_E_MEMORY));
    TRY(comm_gather_all(run->world, mine, n, &all, &offsets));
    for (const char *at = all; at < all + offsets[run->world->size]; at += strlen(at) + 1) {
        char *end = NULL;
        char **reason = &run->reasons[strtol(at, &end, 10)];
        if (!*reason)
            *reason = strdup(end + 1);
    }
out:
    free(mine);
    free(all);
    free(offsets);
    return st;
}

static enum ben_status do_works(struct run *run)
{
    enum ben_status st = BEN_OK;
    int sources = 0;
    while (sources < run->plan.n && run->plan.works[sources].kind == EVALUATE18_SOURCE)
        sources++;
    TRY(do_phase(run, 0, sources));
    TRY(do_phase(run, sources, run->plan.n - sources));
    TRY(gather_reasons(run));
out:
    return st;
}

/* What all runs were made with, for the page: these options and those of the parts. texts [4] are
 * owned by the caller, whatever happens. */
static enum ben_status gather_settings(const struct run *run, const char *effective,
                                       char *texts[4], struct study_settings *settings)
{
    enum ben_status st = BEN_OK;
    const struct evaluate18_config *config = run->config;
    const char *const files[] = {config->train, config->adapt, config->segment};
    static const char *const titles[] = {"Training of the sources (--train)",
                                         "Adaptation (--adapt)", "Segmentation (--segment)"};
    TRY_NEW(texts[3] = util_format(
                "Data sets of %s, %d runs. What is not set below has the default of the part "
                "(ben-mpi COMMAND --dump-config).",
                util_basename(run->table), run->plan.n));
    *settings = (struct study_settings){.summary = texts[3], .n = 1};
    settings->list[0] = (struct study_setting){"Options of evaluate18", effective};
    for (int i = 0; i < 3; i++) {
        if (!files[i])
            continue;
        TRY(util_read_file(files[i], MAX_TABLE, &texts[i], NULL));
        settings->list[settings->n++] = (struct study_setting){titles[i], texts[i]};
    }
out:
    return st;
}

/* Rank 0: tables, figures and pages from the scores. */
static enum ben_status report(const struct run *run, const char *effective, long *failed)
{
    enum ben_status st = BEN_OK;
    struct study_run *runs = calloc((size_t)run->plan.n + 1, sizeof *runs);
    struct study_settings settings;
    char *texts[4] = {NULL};
    int n = 0;
    TRY_NEW(runs);
    TRY(gather_settings(run, effective, texts, &settings));
    for (int i = 0; i < run->plan.n; i++) {
        const struct evaluate18_work *work = &run->plan.works[i];
        *failed += run->reasons[i] != NULL;
        if (work->kind == EVALUATE18_SOURCE)
            continue;
        runs[n++] = (struct study_run){.set = study_find(run->study, work->set),
                                       .source = work->source,
                                       .method = work->method,
                                       .labels = work->labels,
                                       .external = work->kind == EVALUATE18_EXTERNAL,
                                       .folder = work->folder,
                                       .reason = run->reasons[i]};
    }
    TRY(study_report(run->study, runs, n, &settings, run->output, failed));
out:
    for (int i = 0; i < 4; i++)
        free(texts[i]);
    free(runs);
    return st;
}

enum ben_status evaluate18_run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    struct run run = {.config = config,
                      .world = &context->world,
                      .table = context->args[0],
                      .output = context->args[1],
                      .start_s = util_now_s()};
    TRY(read_study(&run));
    TRY(make_plan(&run, context->effective));
    log_info("%d runs planned: %s/plan.tsv", run.plan.n, run.output);
    if (run.config->plan)
        goto out;
    TRY(open_journal(&run));
    TRY(do_works(&run));
    st = run.world->rank == 0 ? report(&run, context->effective, &context->failed_scans)
                              : BEN_OK;
    TRY(comm_agree(run.world, st));
    TRY(comm_broadcast(run.world, &context->failed_scans, sizeof context->failed_scans, 0));
    log_info("%d runs in %.1f s; results in %s/evaluate18.html", run.plan.n,
             util_now_s() - run.start_s, run.output);
out:
    for (int i = 0; run.reasons && i < run.plan.n; i++)
        free(run.reasons[i]);
    free(run.reasons);
    journal_close(&run.journal);
    journal_free(&run.book);
    evaluate18_plan_free(&run.plan);
    study_free(&run.study);
    return st;
}
