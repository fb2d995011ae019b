/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/info_output.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/segment_output.h"
#include "cli/segment_record.h"
#include "cli/segment_runs.h"
#include "io/tsv.h"
#include "mpi/journal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_RUNS    5 /* that are told */
#define MOST_FAILED  50
#define SILENT_S     900 /* a run elsewhere that ended no scan for so long has died, if its scans */
#define SILENT_SCANS 3 /* do not take as long as that */

/* A scan of some plan. */
struct piece {
    char *scan;
    uint64_t key;
    double voxels;
    int run;          /* the latest run that has it */
    int64_t since_ns; /* what was done before does not count */
};

/* An entry of the journal by the hash of its key. */
struct done {
    uint64_t key;
    const struct journal_entry *entry;
    double seconds; /* that the scan took, -1 where its row does not say */
};

struct progress {
    const char *folder;
    struct run_record *runs; /* by start */
    int n_runs;
    bool *alive;          /* [n_runs] still going on */
    struct piece *pieces; /* by scan */
    size_t n_pieces;
    struct journal_book *book;
    struct table *table; /* of the journal's rows */
    struct done *done;   /* [book->n] by key */
};

bool info_is_output(const char *folder)
{
    char *path = util_format("%s/logs/journal", folder);
    bool found = path && util_is_dir(path);
    free(path);
    return found;
}

/* Here the process is looked for; elsewhere it is judged by when it ended a scan last. */
static bool is_alive(const struct run_record *run, double longest_s)
{
    char host[256] = "";
    double patience_s =
        SILENT_SCANS * longest_s > SILENT_S ? SILENT_SCANS * longest_s : SILENT_S;
    gethostname(host, sizeof host - 1);
    if (run->ended)
        return false;
    if (strcmp(host, run->host) == 0)
        return kill((pid_t)run->pid, 0) == 0 || errno != ESRCH;
    return difftime(time(NULL), run->heard) < patience_s;
}

/* ---- plans ---- */

static enum ben_status take_plan(struct progress *p, int run, const struct tsv *tsv)
{
    enum ben_status st = BEN_OK;
    struct piece *more;
    int column[BEN_PLAN_COLUMNS];
    long n = tsv_rows(tsv);
    for (int c = 0; c < BEN_PLAN_COLUMNS; c++)
        if ((column[c] = tsv_column(tsv, record_plan_columns[c].name)) < 0)
            FAIL(BEN_E_INPUT, "%s: no column %s", tsv_path(tsv), record_plan_columns[c].name);
    TRY_NEW(more = realloc(p->pieces, (p->n_pieces + (size_t)n + 1) * sizeof *more));
    p->pieces = more;
    for (long row = 0; row < n; row++) {
        const char *scan = tsv_cell(tsv, row, column[BEN_PLAN_SCAN]);
        const char *key = tsv_cell(tsv, row, column[BEN_PLAN_KEY]);
        const char *voxels = tsv_cell(tsv, row, column[BEN_PLAN_VOXELS]);
        struct piece *piece = &p->pieces[p->n_pieces];
        *piece = (struct piece){.run = run};
        TRY_NEW(piece->scan = strdup(scan ? scan : ""));
        p->n_pieces++;
        piece->key = key ? strtoull(key, NULL, 16) : 0;
        piece->voxels = voxels ? strtod(voxels, NULL) : 0;
        piece->since_ns = p->runs[run].since_ns;
    }
out:
    return st;
}

static int by_scan_and_run(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    int order = strcmp(x->scan, y->scan);
    return order ? order : x->run - y->run;
}

/* Of each scan the latest run's piece stays. */
static void keep_latest(struct progress *p)
{
    size_t kept = 0;
    qsort(p->pieces, p->n_pieces, sizeof *p->pieces, by_scan_and_run);
    for (size_t i = 0; i < p->n_pieces; i++) {
        struct piece *last = kept > 0 ? &p->pieces[kept - 1] : NULL;
        if (last && strcmp(last->scan, p->pieces[i].scan) == 0) {
            free(last->scan);
            *last = p->pieces[i];
        } else {
            p->pieces[kept++] = p->pieces[i];
        }
    }
    p->n_pieces = kept;
}

/* A later run has the same plan. */
static bool is_repeated(const struct progress *p, int run)
{
    for (int later = run + 1; later < p->n_runs; later++)
        if (strcmp(p->runs[later].plan, p->runs[run].plan) == 0)
            return true;
    return false;
}

static enum ben_status read_plans(struct progress *p)
{
    enum ben_status st = BEN_OK;
    struct tsv *tsv = NULL;
    char *path = NULL;
    for (int run = 0; run < p->n_runs; run++) {
        if (is_repeated(p, run))
            continue;
        free(path);
        TRY_NEW(path = util_format("%s/" BEN_RECORD_FOLDER "/%s.tsv", p->folder,
                                   p->runs[run].plan));
        tsv_free(&tsv);
        st = tsv_read(path, &tsv);
        st = st ? st : take_plan(p, run, tsv);
        if (st == BEN_E_MEMORY)
            goto out;
        if (st)
            log_warn("%s; its scans are left out", ben_error_text());
        st = BEN_OK;
    }
    if (p->n_pieces > 0)
        keep_latest(p);
out:
    tsv_free(&tsv);
    free(path);
    return st;
}

/* ---- what is done ---- */

static int column_named(const struct table *table, const char *name)
{
    const struct table_column *columns;
    int n = table_columns(table, &columns), i = 0;
    while (i < n && strcmp(columns[i].name, name) != 0)
        i++;
    ENSURE(i < n);
    return i;
}

static double seconds_of(const struct table *table, long row)
{
    const struct table_column *columns;
    int n = table_columns(table, &columns);
    double sum = 0, value;
    bool found = false;
    for (int c = 0; c < n; c++)
        if (strncmp(columns[c].name, "seconds_", 8) == 0 &&
            table_number(table, row, c, &value)) {
            sum += value;
            found = true;
        }
    return found ? sum : -1;
}

static int by_key(const void *a, const void *b)
{
    const struct done *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* A row that another version wrote may not fit: then its scan counts, but without a time. */
static enum ben_status read_journal(struct progress *p)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/logs/journal", p->folder));
    TRY(journal_load(path, &p->book));
    TRY_NEW(p->done = calloc(p->book->n + 1, sizeof *p->done));
    TRY(segment_table_create(&p->table));
    for (size_t i = 0; i < p->book->n; i++) {
        const struct journal_entry *entry = &p->book->entries[i];
        p->done[i] = (struct done){record_key_hash(entry->key), entry, -1};
        st = table_add_line(p->table, entry->payload);
        if (st == BEN_E_MEMORY)
            goto out;
        if (st == BEN_OK)
            p->done[i].seconds = seconds_of(p->table, table_rows(p->table) - 1);
        st = BEN_OK;
    }
    qsort(p->done, p->book->n, sizeof *p->done, by_key);
out:
    free(path);
    return st;
}

static const struct done *find_done(const struct progress *p, const struct piece *piece)
{
    const struct done wanted = {.key = piece->key};
    const struct done *d =
        p->book->n ? bsearch(&wanted, p->done, p->book->n, sizeof *p->done, by_key) : NULL;
    return d && d->entry->time_ns >= piece->since_ns ? d : NULL;
}

/* ---- what it comes to ---- */

struct account {
    long done, failed, left, timed;
    double voxels, seconds; /* of the scans that are done and say their time */
    double longest_s;
    double left_voxels, largest_left;
};

static struct account count(const struct progress *p)
{
    struct account a = {0};
    for (size_t i = 0; i < p->n_pieces; i++) {
        const struct piece *piece = &p->pieces[i];
        const struct done *d = find_done(p, piece);
        if (!d) {
            a.left++;
            a.left_voxels += piece->voxels;
            a.largest_left = piece->voxels > a.largest_left ? piece->voxels : a.largest_left;
        } else if (d->entry->status == BEN_JOURNAL_FAILED) {
            a.failed++;
        } else {
            a.done++;
            if (d->seconds >= 0) {
                a.timed++;
                a.voxels += piece->voxels;
                a.seconds += d->seconds;
                a.longest_s = d->seconds > a.longest_s ? d->seconds : a.longest_s;
            }
        }
    }
    return a;
}

/* h:mm:ss, days in hours. */
static void print_duration(double seconds)
{
    long s = (long)(seconds + 0.5);
    printf("%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

/* Scans worked on at a time: by the runs that go on, else by the last one if it came again. */
static long at_a_time(const struct progress *p, bool *going_on)
{
    long sum = 0;
    for (int i = 0; i < p->n_runs; i++)
        sum += p->alive[i] ? p->runs[i].at_a_time : 0;
    *going_on = sum > 0;
    if (sum == 0 && p->n_runs > 0)
        sum = p->runs[p->n_runs - 1].at_a_time;
    return sum > 0 ? sum : 1;
}

/* As long as the scans done took for each voxel; never less than the largest one takes. */
static void print_left(const struct progress *p, const struct account *a)
{
    bool going_on;
    long together = at_a_time(p, &going_on);
    if (a->left == 0)
        return;
    printf("time left    ");
    if (a->voxels == 0) {
        printf("not known before a scan is done\n");
        return;
    }
    double per_voxel = a->seconds / a->voxels,
           all = a->left_voxels * per_voxel / (double)together;
    double largest = a->largest_left * per_voxel;
    printf("about ");
    print_duration(all > largest ? all : largest);
    printf(going_on ? ", with %ld scan%s worked on at a time"
                    : " once it goes on, with %ld scan%s at a time",
           together, together == 1 ? "" : "s");
    printf(" (%.1f s each so far)\n", a->seconds / (double)a->timed);
}

static void print_run(const struct run_record *run, bool alive)
{
    char since[32];
    struct tm parts;
    double seconds = difftime(run->ended ? run->ended : time(NULL), run->started);
    strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S", localtime_r(&run->started, &parts));
    printf("run          %s %s%s%s, %ld rank%s with %ld thread%s each, %s", since, run->host,
           *run->job ? ", job " : "", run->job, run->ranks, run->ranks == 1 ? "" : "s",
           run->threads, run->threads == 1 ? "" : "s",
           run->ended ? run->how
           : alive    ? "going on"
                      : "cut short");
    if (run->ended || alive) {
        printf(run->ended ? " after " : " since ");
        print_duration(seconds);
    }
    printf("\n");
}

/* Most reasons name the scan themselves. */
static void print_reason(const struct table *row, const char *scan)
{
    const char *relative = table_cell(row, 0, column_named(row, "scan"));
    const char *reason = table_cell(row, 0, column_named(row, "reason"));
    if (strstr(reason, relative))
        printf("failed       %s\n", reason);
    else
        printf("failed       %s: %s\n", scan, reason);
}

static enum ben_status print_failed(const struct progress *p, long failed)
{
    enum ben_status st = BEN_OK;
    struct table *row = NULL;
    long told = 0;
    for (size_t i = 0; i < p->n_pieces && told < MOST_FAILED; i++) {
        const struct done *d = find_done(p, &p->pieces[i]);
        if (!d || d->entry->status != BEN_JOURNAL_FAILED)
            continue;
        table_free(&row);
        TRY(segment_table_create(&row));
        if (table_add_line(row, d->entry->payload) == BEN_OK)
            print_reason(row, p->pieces[i].scan);
        else
            printf("failed       %s\n", p->pieces[i].scan);
        told++;
    }
    if (failed > told)
        printf("failed       and %ld more: see results.tsv\n", failed - told);
out:
    table_free(&row);
    return st;
}

static enum ben_status print_all(const struct progress *p, const struct account *a)
{
    printf("output       %s\n", p->folder);
    if (p->n_runs == 0)
        printf("scans        %zu in the journal; no run says how many there are\n", p->book->n);
    else
        printf("scans        %zu: %ld done, %ld failed, %ld left\n", p->n_pieces, a->done,
               a->failed, a->left);
    print_left(p, a);
    for (int i = p->n_runs > MOST_RUNS ? p->n_runs - MOST_RUNS : 0; i < p->n_runs; i++)
        print_run(&p->runs[i], p->alive[i]);
    if (a->left > 0 && p->n_runs > 0 && !p->alive[p->n_runs - 1])
        printf("to go on     %s\n", p->runs[p->n_runs - 1].command);
    return print_failed(p, a->failed);
}

static void clear(struct progress *p)
{
    for (size_t i = 0; i < p->n_pieces; i++)
        free(p->pieces[i].scan);
    segment_runs_free(&p->runs, p->n_runs);
    free(p->alive);
    free(p->pieces);
    free(p->done);
    table_free(&p->table);
    journal_free(&p->book);
}

enum ben_status info_output(const char *folder)
{
    enum ben_status st = BEN_OK;
    struct progress p = {.folder = folder};
    TRY(segment_runs_read(folder, &p.runs, &p.n_runs));
    TRY_NEW(p.alive = calloc((size_t)p.n_runs + 1, sizeof *p.alive));
    TRY(read_plans(&p));
    TRY(read_journal(&p));
    struct account a = count(&p);
    for (int i = 0; i < p.n_runs; i++)
        p.alive[i] = is_alive(&p.runs[i], a.longest_s);
    TRY(print_all(&p, &a));
out:
    clear(&p);
    return st;
}
