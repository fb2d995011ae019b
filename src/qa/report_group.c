/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "qa/markup.h"
#include "qa/outlier.h"
#include "qa/plot.h"
#include "qa/report_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_LINEAR 30  /* largest by smallest value from which an axis is logarithmic */
#define POINTS_MOST 200 /* scans of a kind from which a violin says more than points */
#define LABELS_MOST 500 /* points that tell their scan when pointed at */

static long count(const struct report *report, unsigned flags)
{
    long n = 0;
    for (long i = 0; i < report->n; i++)
        n += (report->scans[i].flags & flags) != 0;
    return n;
}

static void write_count(FILE *to, long n, const char *what)
{
    fprintf(to, "<li><b>%ld</b>%s</li>\n", n, what);
}

static void write_summary(FILE *to, const struct report *report)
{
    long failed = count(report, REPORT_FAILED);
    fputs("<nav aria-label=\"Parts of this page\"><a href=\"#worst\">Worth correcting</a>"
          "<a href=\"#plots\">Plots</a><a href=\"#scans\">Scans</a>"
          "<a href=\"#failed\">Failures</a><a href=\"#methods\">Methods</a></nav>\n"
          "<main id=\"main\">\n<h1>",
          to);
    markup_text(to, *report->name ? report->name : "Brain masks");
    fputs("</h1>\n<ul class=\"counts\">\n", to);
    write_count(to, report->n, "scans");
    write_count(to, report->n - failed, "with a mask");
    write_count(to, failed, "failed");
    write_count(to, count(report, REPORT_OUTLIER | REPORT_EMPTY | REPORT_UNSURE), "flagged");
    write_count(to, count(report, REPORT_REDRAWN), "corrected");
    fputs("</ul>\n", to);
}

static void write_page_link(FILE *to, const struct report_scan *scan)
{
    fputs("<a href=\"", to);
    report_link(to, scan->page);
    fputs("\">", to);
    markup_text(to, scan->name);
    fputs("</a>", to);
}

static void write_worst_list(FILE *to, const struct report *report)
{
    fputs("<ol>\n", to);
    for (long k = 0; k < report->n_worst; k++) {
        const struct report_scan *scan = &report->scans[report->worst[k]];
        fputs("<li>", to);
        write_page_link(to, scan);
        if (report->uncertainty >= 0) {
            const struct report_metric *metric = &report->metrics[report->uncertainty];
            fputs(" <span class=\"soft\">uncertainty ", to);
            report_number(to, metric, metric->values[report->worst[k]]);
            fputs("</span> ", to);
        }
        report_flags(to, report, scan);
        fputs("</li>\n", to);
    }
    fputs("</ol>\n", to);
}

/* text in single quotes, as a shell takes it literally. */
static void write_quoted(FILE *to, const char *text)
{
    fputs("&#39;", to);
    for (const char *p = text, *end; p; p = end) {
        end = strchr(p, '\'');
        char *part = strndup(p, end ? (size_t)(end - p) : strlen(p));
        markup_text(to, part);
        free(part);
        if (end) {
            fputs("&#39;\\&#39;&#39;", to);
            end++;
        }
    }
    fputs("&#39;", to);
}

/* The commands that take the first scan's mask through a correction. */
static void write_loop(FILE *to, const struct report *report)
{
    const char *mask = report->scans[report->worst[0]].mask;
    char *folder = strndup(mask, (size_t)(util_basename(mask) - mask));
    fputs("<p>Correct their masks in any editor of masks and put them, under the names they "
          "have, below <code>",
          to);
    markup_text(to, report->corrected);
    fputs("</code>. Then adapt the network to them; a mask found there counts before any "
          "other:</p>\n<pre>mkdir -p ",
          to);
    char *to_folder = util_format("%s/%s", report->corrected, folder ? folder : "");
    char *from = util_format("%s/%s", report->options->folder, mask);
    write_quoted(to, to_folder ? to_folder : "");
    fputs("\ncp ", to);
    write_quoted(to, from ? from : "");
    fputc(' ', to);
    write_quoted(to, to_folder ? to_folder : "");
    fputs("   # then edit the copy\nben-mpi adapt ", to);
    write_quoted(to, *report->raw ? report->raw : "INPUT");
    fputs(" adapted.h5 --masks ", to);
    write_quoted(to, report->corrected);
    fputs("\nben-mpi segment ", to);
    write_quoted(to, *report->raw ? report->raw : "INPUT");
    fputs(" OUTPUT2 --weights adapted.h5</pre>\n", to);
    free(from);
    free(to_folder);
    free(folder);
}

static void write_worst(FILE *to, const struct report *report)
{
    fputs("<section id=\"worst\"><h2>Worth correcting first</h2>\n", to);
    if (report->uncertainty >= 0)
        fputs("<p>Empty masks, then those the network is least sure of.</p>\n", to);
    else
        fputs("<p>Empty masks, then outliers. With <code>segment --mc 10</code> scans are "
              "ranked by how sure the network is of them.</p>\n",
              to);
    if (report->n_worst > 0) {
        write_worst_list(to, report);
        write_loop(to, report);
    } else {
        fputs("<p>None stands out.</p>\n", to);
    }
    fputs("</section>\n", to);
}

/* The groups of scans as series of one metric. */
struct groups {
    int n;
    long most;                  /* scans in the largest */
    struct plot_series *series; /* [n] */
    char **names;               /* [n], owned */
    double *values;             /* [scans] grouped */
    bool *marked;               /* [scans] */
    const char **labels;        /* [scans] */
};

static void groups_clear(struct groups *g)
{
    for (int i = 0; g->names && i < g->n; i++)
        free(g->names[i]);
    free(g->names);
    free(g->series);
    free(g->values);
    free(g->marked);
    free(g->labels);
}

/* "rat T2w", as far as known. */
static char *name_group(const struct report_scan *scan)
{
    const char *base = util_basename(scan->name), *suffix = strrchr(base, '_');
    bool bids = scan->mask && strstr(scan->mask, "_desc-brain_mask") && suffix;
    int n = bids ? (int)strcspn(suffix + 1, ".") : 0;
    return util_format("%s%s%.*s", scan->species ? scan->species : "", n ? " " : "", n,
                       bids ? suffix + 1 : "");
}

static enum ben_status groups_make(const struct report *report,
                                   const struct report_metric *metric, struct groups *g)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)report->n + 1;
    long at = 0;
    TRY_NEW(g->series = calloc(n, sizeof *g->series));
    TRY_NEW(g->names = calloc(n, sizeof *g->names));
    TRY_NEW(g->values = malloc(n * sizeof *g->values));
    TRY_NEW(g->marked = malloc(n * sizeof *g->marked));
    TRY_NEW(g->labels = malloc(n * sizeof *g->labels));
    for (long first = 0; first < report->n; first++) {
        if (report->scans[first].group != first)
            continue;
        struct plot_series *series = &g->series[g->n];
        TRY_NEW(g->names[g->n++] = name_group(&report->scans[first]));
        *series = (struct plot_series){.name = g->names[g->n - 1], .y = g->values + at};
        series->marked = g->marked + at;
        series->labels = report->n <= LABELS_MOST ? g->labels + at : NULL;
        for (long i = first; i < report->n; i++)
            if (report->scans[i].group == first && isfinite(metric->values[i])) {
                g->values[at] = metric->values[i];
                g->marked[at] = report_off(metric, i);
                g->labels[at++] = report->scans[i].name;
                series->n++;
            }
        g->most = series->n > g->most ? series->n : g->most;
    }
out:
    return st;
}

static enum ben_status write_plot(FILE *to, const struct report *report,
                                  const struct report_metric *metric)
{
    enum ben_status st = BEN_OK;
    struct groups groups = {0};
    char *svg = NULL, *title = NULL;
    double low = INFINITY, high = -INFINITY;
    for (long i = 0; i < report->n; i++) {
        low = fmin(low, metric->values[i]); /* passes over NaN */
        high = fmax(high, metric->values[i]);
    }
    if (low > high)
        return BEN_OK;
    TRY(groups_make(report, metric, &groups));
    TRY_NEW(title = util_format("%s%s%s%s", metric->label, *metric->unit ? " (" : "",
                                metric->unit, *metric->unit ? ")" : ""));
    bool many = groups.most > POINTS_MOST;
    const struct plot plot = {.kind = many ? BEN_PLOT_VIOLIN : BEN_PLOT_BOX,
                              .no_points = many,
                              .title = title,
                              .description = metric->description,
                              .y = {NULL, low > 0 && high > SPAN_LINEAR * low, 0, 0},
                              .series = groups.series,
                              .n_series = groups.n,
                              .width = 420,
                              .height = 300};
    TRY(plot_svg(&plot, &svg));
    fputs(svg, to);
out:
    groups_clear(&groups);
    free(svg);
    free(title);
    return st;
}

/* How well uncertainty stands in for Dice, where both are known. */
static enum ben_status write_trust(FILE *to, const struct report *report)
{
    enum ben_status st = BEN_OK;
    char *svg = NULL;
    const char **labels = NULL;
    if (report->dice < 0 || report->uncertainty < 0)
        return BEN_OK;
    TRY_NEW(labels = malloc(((size_t)report->n + 1) * sizeof *labels));
    for (long i = 0; i < report->n; i++)
        labels[i] = report->scans[i].name;
    const struct plot_series series = {.n = report->n,
                                       .x = report->metrics[report->uncertainty].values,
                                       .y = report->metrics[report->dice].values,
                                       .labels = report->n <= LABELS_MOST ? labels : NULL};
    const struct plot plot = {.kind = BEN_PLOT_SCATTER,
                              .title = "Dice against uncertainty",
                              .x = {.label = "Uncertainty"},
                              .y = {.label = "Dice"},
                              .series = &series,
                              .n_series = 1,
                              .fit = true,
                              .width = 420,
                              .height = 300};
    TRY(plot_svg(&plot, &svg));
    fputs(svg, to);
out:
    free(labels);
    free(svg);
    return st;
}

static enum ben_status write_plots(FILE *to, const struct report *report)
{
    enum ben_status st = BEN_OK;
    fputs("<section id=\"plots\"><h2>The cohort's numbers</h2>\n<div class=\"plots\">\n", to);
    for (int m = 0; m < report->n_metrics; m++)
        TRY(write_plot(to, report, &report->metrics[m]));
    TRY(write_trust(to, report));
    fprintf(to,
            "</div>\n<p class=\"soft\">Boxes: quartiles and median. Outliers, marked: robust z "
            "beyond %.1f among scans of one kind.</p></section>\n",
            BEN_OUTLIER_Z);
out:
    return st;
}

static const char *const states[][2] = {
    {"", "all"},
    {"flagged", "flagged"},
    {"failed", "failed"},
    {"unseen", "no pictures"},
    {"corrected", "corrected"},
    {"plain", "nothing to remark"},
};

/* The table's columns: the scan, its status and flags, the metrics, then texts that any scan
 * has, and the rating. */
struct column {
    const char *label, *unit, *description, *class;
    const struct report_metric *metric;              /* NULL: a text */
    const char *(*text)(const struct report_scan *); /* NULL: special */
};

static const char *participant_of(const struct report_scan *scan)
{
    return scan->participant;
}

static const char *session_of(const struct report_scan *scan)
{
    return scan->session;
}

static const char *species_of(const struct report_scan *scan)
{
    return scan->species;
}

static bool any_has(const struct report *report,
                    const char *(*text)(const struct report_scan *))
{
    for (long i = 0; i < report->n; i++)
        if (text(&report->scans[i]))
            return true;
    return false;
}

#define LEAD   3 /* columns before the metrics */
#define AROUND 7 /* columns beside the metrics, at most */

/* Fills columns [AROUND + metrics]; returns how many there are. */
static int list_columns(const struct report *report, struct column *columns)
{
    static const struct column lead[LEAD] = {{"Scan", "", "", "first", NULL, NULL},
                                             {"Status", "", "", "text", NULL, NULL},
                                             {"Flags", "", "", "flags", NULL, NULL}};
    static const struct column texts[] = {{"Participant", "", "", "text", NULL, participant_of},
                                          {"Session", "", "", "text", NULL, session_of},
                                          {"Species", "", "", "text", NULL, species_of}};
    int n = LEAD;
    memcpy(columns, lead, sizeof lead);
    for (int m = 0; m < report->n_metrics; m++) {
        const struct report_metric *metric = &report->metrics[m];
        columns[n++] = (struct column){metric->label, metric->unit, metric->description,
                                       "number",      metric,       NULL};
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (any_has(report, texts[i].text))
            columns[n++] = texts[i];
    columns[n++] =
        (struct column){"Your rating", "", "kept in this browser", "text", NULL, NULL};
    return n;
}

static void write_option(FILE *to, int column, const char *order, const char *label)
{
    fprintf(to, "<option value=\"%d%s\">", column, order);
    markup_text(to, label);
    fprintf(to, ", %s</option>", *order == 'd' ? "falling" : "rising");
}

static void write_tools(FILE *to, const struct column *columns, int n)
{
    fputs("<div class=\"tools\"><label>Filter<input type=\"search\" id=\"filter\" "
          "placeholder=\"words in any column\"></label>\n<label>Show<select id=\"state\">",
          to);
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        fprintf(to, "<option value=\"%s\">%s</option>", states[i][0], states[i][1]);
    fputs("</select></label>\n<label>Sort by<select id=\"sort\">", to);
    for (int i = 0; i < n; i++) {
        write_option(to, i, columns[i].metric ? "d" : "a", columns[i].label);
        write_option(to, i, columns[i].metric ? "a" : "d", columns[i].label);
    }
    fputs("</select></label>\n<span id=\"shown\" role=\"status\"></span></div>\n", to);
}

static void write_head_cell(FILE *to, const struct column *column)
{
    fprintf(to, "<th scope=\"col\" class=\"%s\"", column->class);
    if (*column->description) {
        fputs(" title=\"", to);
        markup_text(to, column->description);
        fputc('"', to);
    }
    fputs("><button type=\"button\">", to);
    markup_text(to, column->label);
    if (*column->unit) {
        fputs(" (", to);
        markup_text(to, column->unit);
        fputc(')', to);
    }
    fputs("</button></th>", to);
}

static void write_cell(FILE *to, const struct report *report, const struct column *column,
                       long i)
{
    fputs("<td data-of=\"", to);
    markup_text(to, column->label);
    fputc('"', to);
    if (column->metric) {
        fprintf(to, " class=\"number%s\">", report_off(column->metric, i) ? " off" : "");
        report_number(to, column->metric, column->metric->values[i]);
    } else {
        fputc('>', to);
        markup_text(to, column->text ? column->text(&report->scans[i]) : "");
    }
    fputs("</td>", to);
}

static void write_row(FILE *to, const struct report *report, const struct column *columns,
                      int n, long i)
{
    const struct report_scan *scan = &report->scans[i];
    unsigned flagged = REPORT_OUTLIER | REPORT_EMPTY | REPORT_UNSURE;
    fprintf(to, "<tr data-flags=\"%s%s%s%s%s\" data-scan=\"",
            scan->flags & flagged ? "flagged " : "",
            scan->flags & REPORT_FAILED ? "failed " : "",
            scan->flags & REPORT_UNSEEN ? "unseen " : "",
            scan->flags & REPORT_REDRAWN ? "corrected " : "", scan->flags ? "" : "plain");
    markup_text(to, scan->name);
    fputs("\"><td>", to);
    write_page_link(to, scan);
    fprintf(to, "</td><td data-of=\"Status\" class=\"%s\">",
            scan->flags & REPORT_FAILED  ? "failed"
            : scan->flags & REPORT_EMPTY ? "empty"
                                         : "ok");
    markup_text(to, scan->status);
    fputs("</td><td data-of=\"Flags\">", to);
    report_flags(to, report, scan);
    fputs("</td>", to);
    for (int c = LEAD; c < n; c++)
        write_cell(to, report, &columns[c], i);
    fputs("</tr>\n", to);
}

static enum ben_status write_table(FILE *to, const struct report *report)
{
    enum ben_status st = BEN_OK;
    struct column *columns;
    TRY_NEW(columns = malloc(((size_t)report->n_metrics + AROUND) * sizeof *columns));
    int n = list_columns(report, columns);
    fputs("<section id=\"scans\"><h2>Scans</h2>\n", to);
    write_tools(to, columns, n);
    fprintf(
        to,
        "<div class=\"wide tall\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Table of scans\"><table class=\"sortable cards\" style=\"--wide:%drem\">"
        "<thead><tr>",
        30 + 7 * (n - 2));
    for (int c = 0; c < n; c++)
        write_head_cell(to, &columns[c]);
    fputs("</tr></thead><tbody>\n", to);
    for (long i = 0; i < report->n; i++)
        write_row(to, report, columns, n, i);
    fputs("</tbody></table></div>\n"
          "<p class=\"tools\"><button class=\"act\" type=\"button\" data-save-all=\"tsv\">Save "
          "all ratings as TSV</button> <button class=\"act\" type=\"button\" "
          "data-save-all=\"json\">Save all ratings as JSON</button> <span id=\"rated\" "
          "class=\"soft\"></span></p></section>\n",
          to);
    free(columns);
out:
    return st;
}

static void write_failures(FILE *to, const struct report *report)
{
    fputs("<section id=\"failed\"><h2>Failures</h2>\n", to);
    if (count(report, REPORT_FAILED | REPORT_UNSEEN) == 0)
        fputs("<p>None: every scan has a mask.</p>\n", to);
    else
        fputs("<ul>\n", to);
    for (long i = 0; i < report->n; i++) {
        const struct report_scan *scan = &report->scans[i];
        if (!(scan->flags & (REPORT_FAILED | REPORT_UNSEEN)))
            continue;
        fputs("<li>", to);
        write_page_link(to, scan);
        fputs(scan->flags & REPORT_FAILED ? ": " : ": no pictures: ", to);
        markup_text(to,
                    scan->flags & REPORT_FAILED ? scan->reason : report->measured[i].trouble);
        fputs("</li>\n", to);
    }
    if (count(report, REPORT_FAILED | REPORT_UNSEEN) > 0)
        fputs("</ul>\n", to);
    fputs("</section>\n", to);
}

enum ben_status report_group_page(const struct report *report, char **html, size_t *bytes)
{
    enum ben_status st = BEN_OK;
    FILE *to;
    TRY_NEW(to = open_memstream(html, bytes));
    report_head(to, report, *report->name ? report->name : "Brain masks", "report");
    write_summary(to, report);
    write_worst(to, report);
    st = write_plots(to, report);
    if (st == BEN_OK)
        st = write_table(to, report);
    write_failures(to, report);
    if (st == BEN_OK)
        st = report_runs(to, report);
    report_methods(to, report);
    report_foot(to, report);
    if (!report_finish(&to) && st == BEN_OK)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}
