/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/segment_runs.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/segment_record.h"
#include "cli/start.h"

#include <jansson.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return strdup(text ? text : "");
}

static long integer_of(const json_t *json, const char *key)
{
    return (long)json_integer_value(json_object_get(json, key));
}

static enum ben_status take_run(const char *path, const json_t *json, struct run_record *run)
{
    enum ben_status st = BEN_OK;
    struct stat s;
    TRY_NEW(run->plan = text_of(json, "plan"));
    TRY_NEW(run->command = text_of(json, "command"));
    TRY_NEW(run->host = text_of(json, "host"));
    TRY_NEW(run->job = text_of(json, "job"));
    TRY_NEW(run->how = text_of(json, "how"));
    run->pid = integer_of(json, "pid");
    run->ranks = integer_of(json, "ranks");
    run->threads = integer_of(json, "threads");
    run->at_a_time = integer_of(json, "at_a_time");
    run->started_ns = json_integer_value(json_object_get(json, "started_ns"));
    run->started = (time_t)(run->started_ns / 1000000000);
    run->ended = integer_of(json, "ended");
    run->since_ns = json_integer_value(json_object_get(json, "since_ns"));
    run->heard = stat(path, &s) == 0 ? s.st_mtime : run->started;
out:
    return st;
}

static int is_record(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name);
    return n > 7 && entry->d_name[0] != '.' && entry->d_name[8] == 'T' &&
           strcmp(entry->d_name + n - 5, ".json") == 0;
}

enum ben_status segment_runs_read(const char *folder, struct run_record **runs, int *n)
{
    enum ben_status st = BEN_OK;
    struct dirent **names = NULL;
    struct run_record *all = NULL;
    char *where = NULL, *path = NULL;
    int n_names = 0, n_runs = 0;
    TRY_NEW(where = util_format("%s/" BEN_RECORD_FOLDER, folder));
    n_names = scandir(where, &names, is_record, alphasort); /* names begin with the time */
    TRY_NEW(all = calloc((size_t)(n_names > 0 ? n_names : 0) + 1, sizeof *all));
    for (int i = 0; i < n_names; i++) {
        free(path);
        TRY_NEW(path = util_format("%s/%s", where, names[i]->d_name));
        json_t *json = json_load_file(path, 0, NULL);
        if (json)
            st = take_run(path, json, &all[n_runs++]);
        else
            log_warn("%s: no record of a run; left out", path);
        json_decref(json);
        TRY(st);
    }
    *runs = all;
    *n = n_runs;
    all = NULL;
out:
    for (int i = 0; names && i < n_names; i++)
        free(names[i]);
    free(names);
    free(path);
    free(where);
    segment_runs_free(&all, n_runs);
    return st;
}

void segment_runs_free(struct run_record **runs, int n)
{
    struct run_record *all = *runs;
    for (int i = 0; all && i < n; i++) {
        free(all[i].plan);
        free(all[i].command);
        free(all[i].host);
        free(all[i].job);
        free(all[i].how);
    }
    free(all);
    *runs = NULL;
}

enum ben_status segment_runs_restart(const char *folder, int64_t *since_ns)
{
    enum ben_status st = BEN_OK;
    const char *job = getenv("SLURM_JOB_ID");
    struct run_record *runs = NULL;
    struct timespec now;
    int n = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    *since_ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    if (!job || !start_requeued())
        return BEN_OK;
    TRY(segment_runs_read(folder, &runs, &n));
    for (int i = n - 1; i >= 0; i--)
        if (strcmp(runs[i].job, job) == 0 && runs[i].since_ns > 0)
            *since_ns = runs[i].since_ns;
out:
    segment_runs_free(&runs, n);
    return st;
}
