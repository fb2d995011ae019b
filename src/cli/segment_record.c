/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/segment_record.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/segment_output.h"

#include <jansson.h>

#include <fcntl.h>
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MOST_REASONS 20 /* in the log; results.tsv has all */

const struct table_column record_plan_columns[BEN_PLAN_COLUMNS] = {
    [BEN_PLAN_SCAN] = {"scan", BEN_TABLE_TEXT, 0, NULL, "path of the scan without its ending",
                       NULL},
    [BEN_PLAN_KEY] = {"key", BEN_TABLE_TEXT, 0, NULL,
                      "hash of what names this piece of work in the journal", NULL},
    [BEN_PLAN_VOXELS] = {"voxels", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL,
                         "of one time point, 0 where its header cannot be read", NULL},
};

enum stage {
    STAGE_READ,
    STAGE_N4,
    STAGE_PREPARE,
    STAGE_NETWORK,
    STAGE_POST,
    STAGE_WRITE,
    N_STAGES
};
static const char *const stage_names[N_STAGES] = {"read",    "N4",   "prepare",
                                                  "network", "post", "write"};

/* What each rank counts. */
struct tally {
    double stage_s[N_STAGES]; /* of this rank */
    double done, failed, before;
    double peak_bytes;
};

struct record {
    const struct comm *world;
    struct tally mine;
    char *reasons; /* a line for each of this rank's failed scans */
    double start_s;
    long n_scans;
    char *path;   /* of NAME.json, on rank 0 */
    json_t *json; /* on rank 0 */
};

uint64_t record_key_hash(const char *key)
{
    return util_hash(UTIL_HASH_START, key, strlen(key));
}

/* ---- the plan ---- */

static enum ben_status add_scan(struct table *table, const char *id, const char *key,
                                double voxels)
{
    enum ben_status st = BEN_OK;
    char text[20];
    long row;
    snprintf(text, sizeof text, "%016" PRIx64, record_key_hash(key));
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, BEN_PLAN_SCAN, id));
    TRY(table_set_text(table, row, BEN_PLAN_KEY, text));
    TRY(table_set_real(table, row, BEN_PLAN_VOXELS, voxels));
out:
    return st;
}

/* Its name is the hash of the keys in it. */
static enum ben_status write_plan(const struct record_start *start, const char *folder,
                                  char name[20])
{
    enum ben_status st = BEN_OK;
    const struct cohort *cohort = start->cohort;
    struct table *table = NULL;
    char *key = NULL, *path = NULL;
    uint64_t hash = UTIL_HASH_START;
    TRY(table_create(record_plan_columns, BEN_PLAN_COLUMNS, &table));
    for (long i = 0; i < cohort->n; i++) {
        const struct scan *scan = &cohort->scans[i];
        free(key);
        TRY_NEW(key = segment_key(scan, start->configuration[scan->species]));
        hash = util_hash(hash, key, strlen(key) + 1);
        TRY(add_scan(table, scan->id, key, start->voxels[i]));
    }
    snprintf(name, 20, "%016" PRIx64, hash);
    TRY_NEW(path = util_format("%s/%s.tsv", folder, name));
    if (!util_is_file(path))
        TRY(table_write(table, path));
out:
    free(key);
    free(path);
    table_free(&table);
    return st;
}

/* ---- the record ---- */

static enum ben_status write_json(const struct record *record)
{
    enum ben_status st = BEN_OK;
    char *text = NULL, *line = NULL;
    TRY_NEW(text = json_dumps(record->json, JSON_INDENT(2)));
    TRY_NEW(line = util_format("%s\n", text));
    TRY(util_write_file(record->path, line, strlen(line)));
out:
    free(text);
    free(line);
    return st;
}

static enum ben_status begin(struct record *record, const struct record_start *start)
{
    enum ben_status st = BEN_OK;
    char *folder = NULL, host[256] = "", plan[20], stamp[32];
    const char *job = getenv("SLURM_JOB_ID");
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t ran_ns = (int64_t)((util_now_s() - start->start_s) * 1e9);
    TRY_NEW(folder = util_format("%s/" BEN_RECORD_FOLDER, start->folder));
    TRY(util_make_dirs(folder));
    TRY(write_plan(start, folder, plan));
    gethostname(host, sizeof host - 1);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", gmtime_r(&now.tv_sec, &parts));
    TRY_NEW(record->path =
                util_format("%s/%s-%s-%ld.json", folder, stamp, host, (long)getpid()));
    TRY_NEW(record->json =
                json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:i, s:i, s:i, s:I, s:s}", "version",
                          BEN_VERSION, "command", start->command_line, "host", host, "pid",
                          (json_int_t)getpid(), "job", job ? job : "", "started_ns",
                          (json_int_t)now.tv_sec * 1000000000 + now.tv_nsec - ran_ns, "ranks",
                          record->world->size, "threads", omp_get_max_threads(), "at_a_time",
                          start->teams, "since_ns", (json_int_t)start->since_ns, "plan", plan));
    TRY(write_json(record));
out:
    free(folder);
    return st;
}

enum ben_status record_open(const struct comm *world, const struct record_start *start,
                            struct record **record)
{
    enum ben_status st = BEN_OK;
    struct record *r = calloc(1, sizeof *r);
    if (r) {
        r->world = world;
        r->start_s = start->start_s;
        r->n_scans = start->cohort->n;
        r->reasons = strdup("");
    }
    if (!r || !r->reasons)
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    else if (world->rank == 0)
        st = begin(r, start);
    TRY(comm_agree(world, st));
    *record = r;
    r = NULL;
out:
    record_free(&r);
    return st;
}

enum ben_status record_scan(struct record *record, const struct scan *scan,
                            const struct segment_result *result, const char *reason, bool lead)
{
    enum ben_status st = BEN_OK;
    struct tally *t = &record->mine;
    const double spent[N_STAGES] = {result->read_s,    result->n4_s,   result->prepare_s,
                                    result->network_s, result->post_s, result->write_s};
    for (int i = 0; i < N_STAGES; i++)
        t->stage_s[i] += spent[i];
    if (record->path)
        utimensat(AT_FDCWD, record->path, NULL, 0);
    if (!lead)
        return BEN_OK;
    t->done += reason == NULL;
    t->failed += reason != NULL;
    if (reason && t->failed <= MOST_REASONS) {
        char *more;
        bool named = strstr(reason, scan->relative) != NULL;
        TRY_NEW(more = util_format("%s%s%s%s\n", record->reasons, named ? "" : scan->id,
                                   named ? "" : ": ", reason));
        free(record->reasons);
        record->reasons = more;
    }
out:
    return st;
}

void record_skip(struct record *record)
{
    record->mine.before++;
}

/* ---- the summary ---- */

/* Sums of all ranks; peak_bytes too, highest: of one rank. Collective. */
static enum ben_status add_up(const struct record *record, struct tally *sum, double *highest)
{
    enum ben_status st = BEN_OK;
    char *all = NULL;
    size_t *offsets = NULL;
    struct tally mine = record->mine;
    mine.peak_bytes = (double)util_peak_bytes();
    memset(sum, 0, sizeof *sum);
    *highest = 0;
    TRY(comm_gather_all(record->world, &mine, sizeof mine, &all, &offsets));
    for (int r = 0; r < record->world->size; r++) {
        struct tally one;
        memcpy(&one, all + offsets[r], sizeof one);
        for (int i = 0; i < N_STAGES; i++)
            sum->stage_s[i] += one.stage_s[i];
        sum->done += one.done;
        sum->failed += one.failed;
        sum->before += one.before;
        sum->peak_bytes += one.peak_bytes;
        *highest = one.peak_bytes > *highest ? one.peak_bytes : *highest;
    }
out:
    free(all);
    free(offsets);
    return st;
}

static const char *how_it_ended(enum ben_status how)
{
    return how == BEN_OK              ? "completed"
           : how == BEN_E_INTERRUPTED ? "interrupted"
                                      : "broken off";
}

static void log_stages(const struct tally *sum, double rank_seconds)
{
    char text[200] = "";
    double rest = rank_seconds;
    for (int i = 0; i < N_STAGES; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s %.0f %%, ", stage_names[i],
                 100 * sum->stage_s[i] / rank_seconds);
        rest -= sum->stage_s[i];
    }
    log_info("  stages  %swaiting and the rest %.0f %%", text,
             rest > 0 ? 100 * rest / rank_seconds : 0);
}

/* text: the reasons of all ranks, line by line. */
static void log_reasons(char *text, double failed)
{
    int n = 0;
    for (char *line; n < MOST_REASONS && (line = strsep(&text, "\n")) != NULL && *line; n++)
        log_info("  failed  %s", line);
    if (failed > n)
        log_info("  failed  and %.0f more: results.tsv has them", failed - n);
}

static void log_summary(const struct record *record, const struct tally *sum, double highest,
                        enum ben_status how)
{
    int ranks = record->world->size, threads = omp_get_max_threads();
    double seconds = util_now_s() - record->start_s, hours = seconds / 3600;
    double left = (double)record->n_scans - sum->done - sum->failed - sum->before;
    log_info("this run %s:", how_it_ended(how));
    log_info("  scans   %.0f done, %.0f failed, %.0f done before, %.0f left of %ld", sum->done,
             sum->failed, sum->before, left, record->n_scans);
    log_info("  time    %.1f s on %d rank%s with %d thread%s each", seconds, ranks,
             ranks == 1 ? "" : "s", threads, threads == 1 ? "" : "s");
    if (sum->done > 0)
        log_info("  speed   %.1f scans per hour, %.2f per core-hour", sum->done / hours,
                 sum->done / (hours * ranks * threads));
    log_info("  memory  at most %.0f MB in a rank, %.0f MB in all", highest / 1e6,
             sum->peak_bytes / 1e6);
    if (sum->done > 0)
        log_stages(sum, seconds * ranks);
}

/* On rank 0. */
static enum ben_status write_end(struct record *record, const struct tally *sum, double highest,
                                 enum ben_status how)
{
    enum ben_status st = BEN_OK;
    json_t *stages;
    TRY_NEW(stages = json_object());
    for (int i = 0; i < N_STAGES; i++)
        json_object_set_new(stages, stage_names[i], json_real(sum->stage_s[i]));
    json_object_set_new(record->json, "stage_seconds", stages);
    json_object_set_new(record->json, "ended", json_integer((json_int_t)time(NULL)));
    json_object_set_new(record->json, "how", json_string(how_it_ended(how)));
    json_object_set_new(record->json, "done", json_integer((json_int_t)sum->done));
    json_object_set_new(record->json, "failed", json_integer((json_int_t)sum->failed));
    json_object_set_new(record->json, "done_before", json_integer((json_int_t)sum->before));
    json_object_set_new(record->json, "seconds", json_real(util_now_s() - record->start_s));
    json_object_set_new(record->json, "peak_bytes_of_a_rank", json_real(highest));
    json_object_set_new(record->json, "peak_bytes", json_real(sum->peak_bytes));
    TRY(write_json(record));
out:
    return st;
}

enum ben_status record_close(struct record **record, enum ben_status how)
{
    enum ben_status st = BEN_OK;
    struct record *r = *record;
    struct tally sum;
    double highest;
    char *reasons = NULL;
    size_t *offsets = NULL;
    TRY(add_up(r, &sum, &highest));
    TRY(comm_gather_all(r->world, r->reasons, strlen(r->reasons), &reasons, &offsets));
    if (r->world->rank == 0) {
        log_summary(r, &sum, highest, how);
        log_reasons(reasons, sum.failed);
        st = write_end(r, &sum, highest, how);
    }
    TRY(comm_agree(r->world, st));
out:
    free(reasons);
    free(offsets);
    record_free(record);
    return st;
}

void record_free(struct record **record)
{
    struct record *r = *record;
    if (!r)
        return;
    json_decref(r->json);
    free(r->reasons);
    free(r->path);
    free(r);
    *record = NULL;
}
