/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/util.h"
#include "io/derivatives.h"
#include "io/nifti.h"
#include "qa/report_inner.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MOST ((size_t)1 << 30)

/* What rank 0 reads and all ranks get, one text after the other, each ended by a NUL. */
enum source { RESULTS, DICTIONARY, DESCRIPTION, SETTINGS, EVALUATION, SOURCES };

static const char *const source_files[SOURCES] = {
    [RESULTS] = "results.tsv",
    [DICTIONARY] = "results.json",
    [DESCRIPTION] = "dataset_description.json",
    [SETTINGS] = "logs/segment.ini",
};

/* Columns of results.tsv that are no measure of a mask. */
static bool is_bookkeeping(const char *column)
{
    static const char *const names[] = {"participant_id", "session_id", "scan",  "species",
                                        "status",         "reason",     "mask",  "flag",
                                        "n_volumes",      "slices",     "plane", "n4",
                                        "smoothing",      "sharpening"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(column, names[i]) == 0)
            return true;
    return strncmp(column, "seconds_", 8) == 0;
}

static enum ben_status read_source(const struct report_options *options, enum source which,
                                   char **text)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    size_t n = 0;
    if (which == EVALUATION && !options->evaluation) {
        TRY_NEW(*text = strdup(""));
        return BEN_OK;
    }
    TRY_NEW(path = which == EVALUATION
                       ? strdup(options->evaluation)
                       : util_format("%s/%s", options->folder, source_files[which]));
    if (which == RESULTS && !util_is_file(path))
        FAIL(BEN_E_ARG,
             "%s: not there; name a folder that segment wrote (after jobs of "
             "participants run segment ... group first)",
             path);
    if (which == EVALUATION || util_is_file(path))
        TRY(util_read_file(path, TEXT_MOST, text, &n));
    else
        TRY_NEW(*text = strdup(""));
    if (strlen(*text) < n)
        FAIL(BEN_E_ARG, "%s: holds a NUL byte; it is no text", path);
out:
    free(path);
    return st;
}

static enum ben_status read_sources(const struct report_options *options, char **block,
                                    size_t *bytes)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    FILE *to;
    TRY_NEW(to = open_memstream(block, bytes));
    for (int i = 0; i < SOURCES && st == BEN_OK; i++) {
        st = read_source(options, (enum source)i, &text);
        if (st == BEN_OK)
            fwrite(text, 1, strlen(text) + 1, to);
        free(text);
        text = NULL;
    }
    if (fclose(to) != 0 && st == BEN_OK)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}

static char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return strdup(text ? text : "");
}

static enum ben_status take_description(struct report *report, const char *text)
{
    enum ben_status st = BEN_OK;
    json_t *json = json_loads(text, 0, NULL);
    json_t *by = json_array_get(json_object_get(json, "GeneratedBy"), 0);
    if (*text && !json)
        log_warn("%s/dataset_description.json: not JSON; left out", report->options->folder);
    TRY_NEW(report->name = text_of(json, "Name"));
    TRY_NEW(report->version = text_of(by, "Version"));
    TRY_NEW(report->weights = text_of(by, "Description"));
    TRY_NEW(report->raw = text_of(json_object_get(json, "DatasetLinks"), "raw"));
out:
    json_decref(json);
    return st;
}

void report_setting(const struct report *report, const char *key, char *text, size_t size)
{
    const char *at = strstr(report->settings, "[segment]");
    size_t n = strlen(key);
    *text = '\0';
    for (; at && *at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, n) == 0 && strncmp(at + n, " = ", 3) == 0) {
            snprintf(text, size, "%.*s", (int)strcspn(at + n + 3, "\n"), at + n + 3);
            return;
        }
    }
}

/* "mm^3" as people write it. */
static char *unit_of(const char *unit)
{
    const char *cube = strstr(unit, "^3");
    return cube ? util_format("%.*s\xC2\xB3%s", (int)(cube - unit), unit, cube + 2)
                : strdup(unit);
}

enum ben_status report_add_metric(struct report *report, const char *label, const char *unit,
                                  const char *description)
{
    enum ben_status st = BEN_OK;
    struct report_metric *more;
    size_t n = (size_t)report->n + 1;
    TRY_NEW(more = realloc(report->metrics,
                           ((size_t)report->n_metrics + 1) * sizeof *report->metrics));
    report->metrics = more;
    more += report->n_metrics;
    *more = (struct report_metric){.decimals = 3};
    report->n_metrics++;
    TRY_NEW(more->label = strdup(label));
    TRY_NEW(more->unit = unit_of(unit ? unit : ""));
    TRY_NEW(more->description = strdup(description ? description : ""));
    TRY_NEW(more->values = malloc(n * sizeof *more->values));
    TRY_NEW(more->z = malloc(n * sizeof *more->z));
    for (size_t i = 0; i < n; i++)
        more->values[i] = more->z[i] = NAN;
out:
    return st;
}

/* A column's name for people: "volume_mm3" -> "Volume". */
static void label_of(const char *column, char *label, size_t size)
{
    static const struct {
        const char *column, *label;
    } known[] = {
        {"volume_mm3", "Brain volume"},
        {"hd_mm", "HD"},
        {"hd95_mm", "HD95"},
        {"asd_mm", "ASD"},
        {"assd_mm", "ASSD"},
    };
    snprintf(label, size, "%s", column);
    for (char *p = label; *p; p++)
        *p = *p == '_' ? ' ' : *p;
    if (*label >= 'a' && *label <= 'z')
        *label = (char)(*label - 'a' + 'A');
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcasecmp(known[i].column, column) == 0)
            snprintf(label, size, "%s", known[i].label);
}

static bool number_of(const char *cell, double *value)
{
    char *end = NULL;
    if (cell)
        *value = strtod(cell, &end);
    return end && end != cell && *end == '\0' && isfinite(*value);
}

/* A column of numbers becomes a metric: rows[i] is scan i's row there, -1 without. */
static enum ben_status take_column(struct report *report, const struct tsv *table, int column,
                                   const long *rows, const json_t *dictionary)
{
    enum ben_status st = BEN_OK;
    const char *name = tsv_column_name(table, column);
    const json_t *about = json_object_get(dictionary, name);
    char label[64];
    long numbers = 0, others = 0;
    double value;
    for (long i = 0; i < report->n; i++) {
        const char *cell = rows[i] >= 0 ? tsv_cell(table, rows[i], column) : NULL;
        bool number = number_of(cell, &value);
        numbers += number;
        others += cell && !number;
    }
    if (numbers == 0 || others > 0)
        return BEN_OK;
    label_of(name, label, sizeof label);
    const char *unit = json_string_value(json_object_get(about, "Units"));
    size_t n = strlen(name);
    if (!unit && n > 3 && strcmp(name + n - 3, "_mm") == 0)
        unit = "mm";
    TRY(report_add_metric(report, label, unit,
                          json_string_value(json_object_get(about, "Description"))));
    struct report_metric *metric = &report->metrics[report->n_metrics - 1];
    for (long i = 0; i < report->n; i++)
        if (rows[i] >= 0 && number_of(tsv_cell(table, rows[i], column), &value))
            metric->values[i] = value;
    if (strcasecmp(name, "volume_mm3") == 0)
        metric->watch = 2;
    if (strcasecmp(name, "dice") == 0)
        report->dice = report->n_metrics - 1;
    if (strcasecmp(name, "uncertainty") == 0) {
        report->uncertainty = report->n_metrics - 1;
        metric->watch = 1;
        metric->decimals = 4;
    }
out:
    return st;
}

static enum ben_status take_results_metrics(struct report *report, const char *dictionary)
{
    enum ben_status st = BEN_OK;
    json_t *json = json_loads(dictionary, 0, NULL);
    long *rows;
    TRY_NEW(rows = malloc(((size_t)report->n + 1) * sizeof *rows));
    for (long i = 0; i < report->n; i++)
        rows[i] = i;
    for (int c = 0; c < tsv_columns(report->table) && st == BEN_OK; c++)
        if (!is_bookkeeping(tsv_column_name(report->table, c)))
            st = take_column(report, report->table, c, rows, json);
    free(rows);
out:
    json_decref(json);
    return st;
}

/* Whether path ends with the relative path. */
static bool ends_with(const char *path, const char *relative)
{
    size_t a = strlen(path), b = strlen(relative);
    return a >= b && strcmp(path + a - b, relative) == 0 && (a == b || path[a - b - 1] == '/');
}

/* Metrics of the masks whose path stands in the evaluation's column prediction. */
static enum ben_status take_evaluation_metrics(struct report *report)
{
    enum ben_status st = BEN_OK;
    static const char *const wanted[] = {"dice", "hd95_mm", "assd_mm"};
    const struct tsv *table = report->evaluation;
    int prediction = tsv_column(table, "prediction");
    long *rows = NULL, found = 0;
    if (prediction < 0)
        FAIL(BEN_E_ARG, "%s: no column prediction; name a table that evaluate wrote",
             tsv_path(table));
    TRY_NEW(rows = malloc(((size_t)report->n + 1) * sizeof *rows));
    for (long i = 0; i < report->n; i++) {
        rows[i] = -1;
        for (long k = 0; report->scans[i].mask && k < tsv_rows(table); k++) {
            const char *path = tsv_cell(table, k, prediction);
            if (path && ends_with(path, report->scans[i].mask))
                rows[i] = k;
        }
        found += rows[i] >= 0;
    }
    if (found == 0)
        log_warn("%s: compares none of the masks of %s", tsv_path(table),
                 report->options->folder);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        int column = tsv_column(table, wanted[i]);
        if (column >= 0)
            TRY(take_column(report, table, column, rows, NULL));
    }
out:
    free(rows);
    return st;
}

/* The scan's file below folder, or beside it where several inputs gave the scans their names. */
static enum ben_status try_folder(const char *folder, const char *name, char **path)
{
    enum ben_status st = BEN_OK;
    const char *last = util_basename(folder);
    for (int beside = 0; beside < 2 && !*path; beside++) {
        int n = beside ? (int)(last - folder) : (int)strlen(folder);
        TRY_NEW(*path = util_format("%.*s%s%s", n, folder, n > 0 && !beside ? "/" : "", name));
        if (!util_is_file(*path)) {
            free(*path);
            *path = NULL;
        }
    }
out:
    return st;
}

enum ben_status report_image(const struct report *report, const struct report_scan *scan,
                             char **path)
{
    enum ben_status st = BEN_OK;
    const struct report_options *options = report->options;
    char *inner = NULL;
    *path = NULL;
    for (int i = 0; i < options->n_images && !*path; i++)
        TRY(try_folder(options->images[i], scan->name, path));
    if (options->n_images > 0 || !*report->raw)
        return BEN_OK;
    TRY(try_folder(report->raw, scan->name, path));
    if (*report->raw != '/' && !*path) {
        TRY_NEW(inner = util_format("%s/%s", options->folder, report->raw));
        TRY(try_folder(inner, scan->name, path));
    }
out:
    free(inner);
    return st;
}

/* "sub-01/anat/sub-01_T1w.nii.gz" -> "sub-01_T1w.html", with a number "sub-01_T1w-7.html". */
static char *page_of(const char *name, long number)
{
    const char *base = util_basename(name);
    int n = (int)(strlen(base) - nifti_ending(base));
    return number > 0 ? util_format("%.*s-%ld.html", n, base, number)
                      : util_format("%.*s.html", n, base);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ben_status pages_clash(const struct report *report, bool *clash)
{
    enum ben_status st = BEN_OK;
    const char **pages;
    *clash = false;
    TRY_NEW(pages = malloc(((size_t)report->n + 1) * sizeof *pages));
    for (long i = 0; i < report->n; i++)
        pages[i] = report->scans[i].page;
    pages[report->n] = REPORT_PAGE;
    qsort(pages, (size_t)report->n + 1, sizeof *pages, compare_texts);
    for (long i = 0; i < report->n; i++)
        *clash = *clash || strcmp(pages[i], pages[i + 1]) == 0;
    free(pages);
out:
    return st;
}

/* Where two would have one name, all get their number in the table: then no two are the same. */
static enum ben_status name_pages(struct report *report)
{
    enum ben_status st = BEN_OK;
    bool clash = false;
    for (int numbered = 0; numbered < 2; numbered++) {
        for (long i = 0; i < report->n; i++) {
            struct report_scan *scan = &report->scans[i];
            free(scan->page);
            TRY_NEW(scan->page = page_of(scan->name, numbered ? i + 1 : 0));
        }
        TRY(pages_clash(report, &clash));
        if (!clash)
            break;
    }
out:
    return st;
}

static enum ben_status take_scans(struct report *report)
{
    enum ben_status st = BEN_OK;
    const struct tsv *t = report->table;
    const int columns[] = {tsv_column(t, "participant_id"), tsv_column(t, "session_id"),
                           tsv_column(t, "scan"),           tsv_column(t, "species"),
                           tsv_column(t, "status"),         tsv_column(t, "reason"),
                           tsv_column(t, "mask"),           tsv_column(t, "flag")};
    if (columns[2] < 0 || columns[4] < 0)
        FAIL(BEN_E_ARG, "%s: no columns scan and status; it is no table of segment",
             tsv_path(t));
    report->n = tsv_rows(t);
    TRY_NEW(report->scans = calloc((size_t)report->n + 1, sizeof *report->scans));
    TRY_NEW(report->measured = calloc((size_t)report->n + 1, sizeof *report->measured));
    for (long i = 0; i < report->n; i++) {
        struct report_scan *scan = &report->scans[i];
        const char **texts[] = {&scan->participant, &scan->session, &scan->name, &scan->species,
                                &scan->status,      &scan->reason,  &scan->mask, &scan->flag};
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
            *texts[k] = tsv_cell(t, i, columns[k]);
        if (!scan->name || !scan->status)
            FAIL(BEN_E_ARG, "%s: line %ld: no scan or no status", tsv_path(t), tsv_line(t, i));
    }
    TRY(name_pages(report));
out:
    return st;
}

static enum ben_status take_tables(struct report *report, const char *const *texts)
{
    enum ben_status st = BEN_OK;
    const struct report_options *options = report->options;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/results.tsv", options->folder));
    TRY(tsv_parse(path, texts[RESULTS], strlen(texts[RESULTS]), &report->table));
    TRY(take_scans(report));
    TRY(take_results_metrics(report, texts[DICTIONARY]));
    if (options->evaluation) {
        TRY(tsv_parse(options->evaluation, texts[EVALUATION], strlen(texts[EVALUATION]),
                      &report->evaluation));
        TRY(take_evaluation_metrics(report));
    }
    TRY_NEW(report->corrected = options->corrected
                                    ? strdup(options->corrected)
                                    : util_format("%s/corrected", options->folder));
    report->key = util_hash(UTIL_HASH_START, texts[DESCRIPTION], strlen(texts[DESCRIPTION]));
out:
    free(path);
    return st;
}

enum ben_status report_open(const struct comm *world, const struct report_options *options,
                            struct report *report)
{
    enum ben_status st = BEN_OK;
    const char *texts[SOURCES];
    char *block = NULL;
    size_t n = 0;
    *report = (struct report){.options = options, .uncertainty = -1, .dice = -1};
    if (world->rank == 0)
        st = read_sources(options, &block, &n);
    TRY(comm_agree(world, st));
    TRY(comm_broadcast_block(world, &block, &n, 0));
    const char *at = block;
    for (int i = 0; i < SOURCES; i++) {
        texts[i] = at;
        at += strlen(at) + 1;
    }
    st = take_description(report, texts[DESCRIPTION]);
    if (st == BEN_OK && !(report->settings = strdup(texts[SETTINGS])))
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    if (st == BEN_OK)
        st = take_tables(report, texts);
    TRY(comm_agree(world, st));
out:
    free(block);
    return st;
}

void report_close(struct report *report)
{
    for (long i = 0; report->scans && i < report->n; i++)
        free(report->scans[i].page);
    for (int m = 0; m < report->n_metrics; m++) {
        struct report_metric *metric = &report->metrics[m];
        free(metric->label);
        free(metric->unit);
        free(metric->description);
        free(metric->values);
        free(metric->z);
    }
    free(report->scans);
    free(report->measured);
    free(report->metrics);
    free(report->worst);
    free(report->name);
    free(report->version);
    free(report->raw);
    free(report->weights);
    free(report->settings);
    free(report->corrected);
    tsv_free(&report->table);
    tsv_free(&report->evaluation);
}

char *report_derivative(const struct report *report, const struct report_scan *scan, int kind)
{
    const struct derivative_source source = {
        .path = scan->name, .bids = scan->mask && strstr(scan->mask, "_desc-brain_mask")};
    char *path = derivative_path(report->options->folder, &source, (enum derivative_kind)kind,
                                 ".nii.gz");
    if (path && !util_is_file(path)) {
        free(path);
        path = NULL;
    }
    return path;
}

char *report_redrawn(const struct report *report, const struct report_scan *scan)
{
    static const char *const endings[] = {".nii.gz", ".nii"};
    char *path = NULL;
    for (size_t i = 0; scan->mask && !path && i < sizeof endings / sizeof endings[0]; i++) {
        int n = (int)(strlen(scan->mask) - nifti_ending(scan->mask));
        path = util_format("%s/%.*s%s", report->corrected, n, scan->mask, endings[i]);
        if (path && !util_is_file(path)) {
            free(path);
            path = NULL;
        }
    }
    return path;
}
