/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "qa/markup.h"
#include "qa/plot.h"
#include "qa/report_inner.h"
#include "qa/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MOST 400 /* scans drawn as points beside the box of a metric */

static void write_nav(FILE *to, const struct report *report, long i)
{
    fputs("<nav aria-label=\"Scans\"><a href=\"", to);
    report_link(to, REPORT_PAGE);
    fputs("\">All scans</a>", to);
    if (i > 0) {
        fputs("<a rel=\"prev\" href=\"", to);
        report_link(to, report->scans[i - 1].page);
        fputs("\">\xE2\x86\x90 Previous <kbd>k</kbd></a>", to);
    }
    if (i + 1 < report->n) {
        fputs("<a rel=\"next\" href=\"", to);
        report_link(to, report->scans[i + 1].page);
        fputs("\">Next <kbd>j</kbd> \xE2\x86\x92</a>", to);
    }
    fputs("</nav>\n<main id=\"main\">\n", to);
}

static void write_summary(FILE *to, const struct report *report, long i)
{
    const struct report_scan *scan = &report->scans[i];
    bool failed = (scan->flags & REPORT_FAILED) != 0;
    fputs("<h1>", to);
    markup_text(to, scan->name);
    fputs("</h1>\n<p>", to);
    fprintf(to, "<span class=\"badge %s\">",
            failed                       ? "failed"
            : scan->flags & REPORT_EMPTY ? "empty"
                                         : "ok");
    markup_text(to, scan->status);
    fputs("</span>", to);
    report_flags(to, report, scan);
    fputs("</p>\n", to);
    if (failed || *report->measured[i].trouble) {
        fputs(failed ? "<p class=\"notice\">There is no mask: "
                     : "<p class=\"notice\">There are no pictures: ",
              to);
        markup_text(to, failed ? scan->reason : report->measured[i].trouble);
        fputs("</p>\n", to);
    }
    fputs("<dl class=\"facts\">\n", to);
    report_fact(to, "Participant", scan->participant);
    report_fact(to, "Session", scan->session);
    report_fact(to, "Species", scan->species);
    report_fact(to, "Mask", scan->mask);
    fputs("</dl>\n", to);
}

/* The values [n] of the scans that this one is compared with, its own marked. */
static enum ben_status gather(const struct report *report, const struct report_metric *metric,
                              long i, double **values, bool **marked, long *n)
{
    enum ben_status st = BEN_OK;
    *n = 0;
    TRY_NEW(*values = malloc(((size_t)report->n + 1) * sizeof **values));
    TRY_NEW(*marked = malloc(((size_t)report->n + 1) * sizeof **marked));
    for (long k = 0; k < report->n; k++)
        if (report->scans[k].group == report->scans[i].group && isfinite(metric->values[k])) {
            (*values)[*n] = metric->values[k];
            (*marked)[(*n)++] = k == i;
        }
out:
    return st;
}

static enum ben_status write_strip(FILE *to, const struct report_metric *metric,
                                   const double *values, const bool *marked, long n)
{
    enum ben_status st = BEN_OK;
    char *svg = NULL, *title = NULL;
    const struct plot_series series = {.n = n, .y = values, .marked = marked};
    TRY_NEW(title = util_format("%s%s%s%s", metric->label, *metric->unit ? " (" : "",
                                metric->unit, *metric->unit ? ")" : ""));
    const struct plot plot = {.kind = BEN_PLOT_BOX,
                              .title = title,
                              .description = "This scan among the scans of its kind.",
                              .series = &series,
                              .n_series = 1,
                              .no_points = n > POINTS_MOST,
                              .width = 260,
                              .height = 240};
    TRY(plot_svg(&plot, &svg));
    fputs(svg, to);
out:
    free(svg);
    free(title);
    return st;
}

static void write_metric_row(FILE *to, const struct report_metric *metric, long i,
                             const struct summary *s)
{
    fputs("<tr><td", to);
    if (*metric->description) {
        fputs(" title=\"", to);
        markup_text(to, metric->description);
        fputc('"', to);
    }
    fputc('>', to);
    markup_text(to, metric->label);
    if (*metric->unit) {
        fputs(" <span class=\"soft\">(", to);
        markup_text(to, metric->unit);
        fputs(")</span>", to);
    }
    fprintf(to, "</td><td class=\"number%s\">", report_off(metric, i) ? " off" : "");
    report_number(to, metric, metric->values[i]);
    fputs("</td><td class=\"number\">", to);
    report_number(to, metric, s->median);
    fputs("</td><td class=\"number\">", to);
    report_number(to, metric, s->quartile1);
    fputs(isfinite(s->quartile1) ? " \xE2\x80\x93 " : "", to);
    report_number(to, metric, s->quartile3);
    fputs("</td><td class=\"number\">", to);
    if (isfinite(metric->z[i]))
        fprintf(to, "%.1f", metric->z[i]);
    fputs("</td></tr>\n", to);
}

/* Either the rows of the table of metrics, or their plots. */
static enum ben_status write_each_metric(FILE *to, const struct report *report, long i,
                                         bool plots)
{
    enum ben_status st = BEN_OK;
    double *values = NULL;
    bool *marked = NULL;
    for (int m = 0; m < report->n_metrics; m++) {
        const struct report_metric *metric = &report->metrics[m];
        struct summary summary;
        long n;
        if (!isfinite(metric->values[i]))
            continue;
        TRY(gather(report, metric, i, &values, &marked, &n));
        TRY(statistics_summary(values, n, &summary));
        if (!plots)
            write_metric_row(to, metric, i, &summary);
        else if (n > 1)
            TRY(write_strip(to, metric, values, marked, n));
        free(values);
        free(marked);
        values = NULL;
        marked = NULL;
    }
out:
    free(values);
    free(marked);
    return st;
}

static enum ben_status write_metrics(FILE *to, const struct report *report, long i)
{
    enum ben_status st = BEN_OK;
    if (report->scans[i].flags & REPORT_FAILED)
        return BEN_OK;
    fputs(
        "<section id=\"numbers\"><h2>Among the cohort</h2>\n<div class=\"wide\" tabindex=\"0\" "
        "role=\"region\" aria-label=\"Measures\"><table>"
        "<thead><tr><th scope=\"col\">Measure</th><th scope=\"col\" class=\"number\">"
        "This scan</th><th scope=\"col\" class=\"number\">Median</th><th scope=\"col\" "
        "class=\"number\">Quartiles</th><th scope=\"col\" class=\"number\">Robust z</th>"
        "</tr></thead><tbody>\n",
        to);
    TRY(write_each_metric(to, report, i, false));
    fputs(
        "</tbody></table></div>\n<p class=\"soft\">Compared with the scans of the same species "
        "and kind.</p>\n<div class=\"plots small\">\n",
        to);
    TRY(write_each_metric(to, report, i, true));
    fputs("</div></section>\n", to);
out:
    return st;
}

static void write_data(FILE *to, const char *name, const char *value)
{
    fprintf(to, " data-%s=\"", name);
    markup_text(to, value);
    fputc('"', to);
}

static void write_form(FILE *to, const struct report_scan *scan)
{
    static const char *const ratings[][2] = {
        {"accept", "good as it is"},
        {"minor", "usable, small errors"},
        {"correct", "to be corrected by hand"},
        {"reject", "not usable"},
    };
    static const char *const issues[][2] = {
        {"too_large", "too large"},          {"too_small", "too small"},
        {"part_missing", "part missing"},    {"not_brain", "contains other tissue"},
        {"motion", "motion in the scan"},    {"artefact", "artefact in the scan"},
        {"orientation", "wrong orientation"}};
    fputs("<section class=\"form\"><h2>Your rating</h2>\n<form id=\"rating\"", to);
    write_data(to, "participant", scan->participant);
    write_data(to, "session", scan->session);
    write_data(to, "scan", scan->name);
    write_data(to, "mask", scan->mask);
    fputs(">\n<fieldset><legend>The mask is</legend>\n", to);
    for (size_t i = 0; i < sizeof ratings / sizeof ratings[0]; i++)
        fprintf(to,
                "<label><input type=\"radio\" name=\"rating\" value=\"%s\"> %s <kbd>%zu</kbd>"
                "</label>\n",
                ratings[i][0], ratings[i][1], i + 1);
    fputs("</fieldset>\n<fieldset><legend>What is wrong</legend>\n", to);
    for (size_t i = 0; i < sizeof issues / sizeof issues[0]; i++)
        fprintf(to, "<label><input type=\"checkbox\" name=\"issue\" value=\"%s\"> %s</label>\n",
                issues[i][0], issues[i][1]);
    fputs("</fieldset>\n"
          "<label class=\"block\">Comment<textarea name=\"comment\" rows=\"2\"></textarea>"
          "</label>\n<label class=\"block\">Rater<input type=\"text\" name=\"rater\" "
          "autocomplete=\"off\"></label>\n"
          "<p><button class=\"act\" type=\"button\" data-save=\"json\">Save as JSON "
          "<kbd>s</kbd></button> <button class=\"act\" type=\"button\" data-save=\"tsv\">Save "
          "as TSV</button> <span id=\"told\" role=\"status\"></span></p>\n</form></section>\n",
          to);
}

enum ben_status report_scan_page(const struct report *report, long scan, const char *middle,
                                 char **html, size_t *bytes)
{
    enum ben_status st = BEN_OK;
    const struct report_scan *s = &report->scans[scan];
    FILE *to;
    TRY_NEW(to = open_memstream(html, bytes));
    char *stem = strndup(s->page, strlen(s->page) - strlen(".html"));
    report_head(to, report, s->name, stem);
    write_nav(to, report, scan);
    write_summary(to, report, scan);
    fputs(middle, to);
    if (!(s->flags & REPORT_FAILED))
        write_form(to, s);
    st = write_metrics(to, report, scan);
    report_methods(to, report);
    report_foot(to, report);
    bool good = report_finish(&to) && stem;
    free(stem);
    if (st == BEN_OK && !good)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}
