/* SPDX-License-Identifier: BSD-3-Clause */
/* The runs of segment that made the masks, as their records in logs/runs tell. */
#include "base/log.h"
#include "base/util.h"
#include "io/cohort_build.h"
#include "qa/markup.h"
#include "qa/report_inner.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct run {
    json_int_t started_ns;
    json_t *record; /* owned */
};

static int by_start(const void *a, const void *b)
{
    const struct run *x = a, *y = b;
    return (x->started_ns > y->started_ns) - (x->started_ns < y->started_ns);
}

/* Records of that folder, by their start; a plan's dictionary has the same ending and is none. */
static enum ben_status read_runs(const char *folder, struct run **runs, long *n)
{
    enum ben_status st = BEN_OK;
    struct listing files = {0};
    char *path = NULL;
    *n = 0;
    TRY(listing_read(folder, false, &files));
    TRY_NEW(*runs = calloc((size_t)files.n + 1, sizeof **runs));
    for (long i = 0; i < files.n; i++) {
        const char *name = files.names[i];
        size_t length = strlen(name);
        if (length <= 5 || strcmp(name + length - 5, ".json") != 0)
            continue;
        free(path);
        TRY_NEW(path = util_format("%s/%s", folder, name));
        json_t *record = json_load_file(path, 0, NULL), *start;
        start = json_object_get(record, "started_ns");
        if (json_is_integer(start))
            (*runs)[(*n)++] = (struct run){json_integer_value(start), json_incref(record)};
        else if (!record)
            log_warn("%s: not JSON; left out", path);
        json_decref(record);
    }
    qsort(*runs, (size_t)*n, sizeof **runs, by_start);
out:
    free(path);
    listing_free(&files);
    return st;
}

static void write_text(FILE *to, const json_t *record, const char *key)
{
    fputs("<td>", to);
    markup_text(to, json_string_value(json_object_get(record, key)));
    fputs("</td>", to);
}

static void write_number(FILE *to, const json_t *record, const char *key, int decimals)
{
    const json_t *value = json_object_get(record, key);
    fputs("<td class=\"number\">", to);
    if (json_is_number(value))
        fprintf(to, "%.*f", decimals, json_number_value(value));
    fputs("</td>", to);
}

static void write_run(FILE *to, const struct run *run)
{
    time_t started = (time_t)(run->started_ns / 1000000000);
    struct tm utc;
    char text[32] = "";
    if (gmtime_r(&started, &utc))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &utc);
    fprintf(to, "<tr><td>%s</td>", text);
    write_text(to, run->record, "command");
    write_text(to, run->record, "version");
    write_text(to, run->record, "host");
    write_number(to, run->record, "ranks", 0);
    write_number(to, run->record, "threads", 0);
    write_number(to, run->record, "done", 0);
    write_number(to, run->record, "failed", 0);
    write_number(to, run->record, "seconds", 1);
    write_text(to, run->record, "how");
    fputs("</tr>\n", to);
}

enum ben_status report_runs(FILE *to, const struct report *report)
{
    static const char *const columns[] = {"Started (UTC)", "Command", "Version", "Host",
                                          "Ranks",         "Threads", "Done",    "Failed",
                                          "Seconds",       "Ended"};
    enum ben_status st = BEN_OK;
    struct run *runs = NULL;
    char *folder = NULL;
    long n = 0;
    TRY_NEW(folder = util_format("%s/logs/runs", report->options->folder));
    TRY(read_runs(folder, &runs, &n));
    if (n == 0)
        goto out;
    fputs("<section id=\"runs\"><h2>Runs</h2>\n<div class=\"wide\" tabindex=\"0\" "
          "role=\"region\" aria-label=\"Runs\"><table><thead><tr>",
          to);
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        fprintf(to, "<th scope=\"col\"%s>%s</th>", i >= 4 && i <= 8 ? " class=\"number\"" : "",
                columns[i]);
    fputs("</tr></thead><tbody>\n", to);
    for (long i = 0; i < n; i++)
        write_run(to, &runs[i]);
    fputs("</tbody></table></div></section>\n", to);
out:
    for (long i = 0; runs && i < n; i++)
        json_decref(runs[i].record);
    free(runs);
    free(folder);
    return st;
}
