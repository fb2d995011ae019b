/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/methods.h"
#include "qa/markup.h"
#include "qa/report_inner.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const unsigned char report_css[], report_js[]; /* qa/page, by cmake/libraries.cmake */
extern const size_t report_css_bytes, report_js_bytes;
extern const char report_js_sha256[];

/* The script's hash as a content security policy has it. */
static void write_script_hash(FILE *to)
{
    unsigned char bytes[32];
    for (int i = 0; i < 32; i++) {
        const char digits[3] = {report_js_sha256[2 * i], report_js_sha256[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    markup_base64(to, bytes, sizeof bytes);
}

void report_link(FILE *to, const char *file)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    fputs("./", to); /* so that no name is taken for a scheme */
    for (const unsigned char *p = (const unsigned char *)file; *p; p++)
        fprintf(to, strchr(plain, *p) ? "%c" : "%%%02X", *p);
}

void report_head(FILE *to, const struct report *report, const char *title, const char *page)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
          "script-src 'sha256-",
          to);
    write_script_hash(to);
    fputs("'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          to);
    markup_text(to, title);
    fputs("</title>\n<style>\n", to);
    fwrite(report_css, 1, report_css_bytes, to);
    fprintf(to,
            "</style>\n</head>\n<body data-cohort=\"%016" PRIx64
            "\" data-program=\"ben-mpi %s\"",
            report->key, BEN_VERSION);
    fputs(" data-page=\"", to);
    markup_text(to, page);
    fputs("\">\n<a class=\"skip\" href=\"#main\">Skip to the content</a>\n", to);
}

void report_foot(FILE *to, const struct report *report)
{
    fputs("</main>\n<footer>Masks by ben-mpi ", to);
    markup_text(to, *report->version ? report->version : "of unknown version");
    fprintf(to,
            "; report by ben-mpi %s. Nothing on this page was loaded from a network.</footer>\n"
            "<script>",
            BEN_VERSION);
    fwrite(report_js, 1, report_js_bytes, to);
    fputs("</script>\n</body>\n</html>\n", to);
}

void report_fact(FILE *to, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    fputs("<div><dt>", to);
    markup_text(to, name);
    fputs("</dt><dd>", to);
    markup_text(to, value);
    fputs("</dd></div>\n", to);
}

static void write_badge(FILE *to, const char *class, const char *text)
{
    fprintf(to, "<span class=\"badge %s\">", class);
    markup_text(to, text);
    fputs("</span>", to);
}

void report_flags(FILE *to, const struct report *report, const struct report_scan *scan)
{
    long i = scan - report->scans;
    char text[128];
    if (scan->flags & REPORT_EMPTY)
        write_badge(to, "empty", "empty mask");
    if (scan->flags & REPORT_UNSURE) {
        snprintf(text, sizeof text, "uncertain: %s", scan->flag);
        write_badge(to, "flag", text);
    }
    for (int m = 0; (scan->flags & REPORT_OUTLIER) && m < report->n_metrics; m++) {
        const struct report_metric *metric = &report->metrics[m];
        if (!report_off(metric, i))
            continue;
        snprintf(text, sizeof text, "%s %s", metric->label, metric->z[i] > 0 ? "high" : "low");
        write_badge(to, "flag", text);
    }
    if (scan->flags & REPORT_UNSEEN)
        write_badge(to, "failed", "no pictures");
    if (scan->flags & REPORT_REDRAWN)
        write_badge(to, "ok", "corrected");
}

void report_number(FILE *to, const struct report_metric *metric, double value)
{
    double size = fabs(value);
    int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : metric->decimals;
    if (size > 0 && size < 0.02) /* three digits that count */
        decimals = (int)fmin(9, 2 - floor(log10(size)));
    if (isfinite(value))
        fprintf(to, "%.*f", decimals, value);
}

static bool is_on(const struct report *report, const char *key)
{
    char text[32];
    report_setting(report, key, text, sizeof text);
    return strcmp(text, "yes") == 0;
}

static void write_post_processing(FILE *to, const struct report *report)
{
    char threshold[64], components[64];
    report_setting(report, "threshold", threshold, sizeof threshold);
    report_setting(report, "components", components, sizeof components);
    if (*threshold) {
        fputs(" Probabilities were resampled to the grid of the scan and cut at ", to);
        markup_text(to, threshold);
        if (is_on(report, "mend-slices"))
            fputs("; parts that few slices had or lacked against their neighbours were mended",
                  to);
        fputs(strcmp(components, "1") == 0   ? "; the largest connected region was kept"
              : strcmp(components, "0") == 0 ? "; all regions were kept"
                                             : "; the largest connected regions were kept",
              to);
        fputs(is_on(report, "fill-holes") ? " and holes in it were filled." : ".", to);
    }
}

static void write_boilerplate(FILE *to, const struct report *report)
{
    char samples[64];
    report_setting(report, "mc", samples, sizeof samples);
    fprintf(to, "<p>Brains were extracted with ben-mpi%s", *report->version ? " " : "");
    markup_text(to, report->version);
    fputs(METHODS_NETWORK "the scan.", to);
    if (is_on(report, "n4"))
        fputs(METHODS_N4, to);
    fputs(METHODS_SCALED, to);
    write_post_processing(to, report);
    if (atoi(samples) > 0) {
        fputs(METHODS_DROPOUT, to);
        markup_text(to, samples);
        fputs(" samples.", to);
    }
    if (*report->weights) {
        fputs(" Network: ", to);
        markup_text(to, report->weights);
        fputs(".", to);
    }
    fputs(" Outliers are scans whose modified z score (Iglewicz and Hoaglin 1993) among those "
          "of their kind is beyond 3.5.</p>\n",
          to);
}

static void write_work(FILE *to, int work)
{
    const struct methods_work *w = &methods_works[work];
    fprintf(to, "<li>%s <i>%s</i>%s</li>\n", w->title, w->journal, w->place);
}

void report_methods(FILE *to, const struct report *report)
{
    fputs("<section id=\"methods\"><h2>Methods</h2>\n", to);
    write_boilerplate(to, report);
    fputs("<p>Please cite:</p>\n<ul>\n", to);
    write_work(to, METHODS_BEN);
    write_work(to, METHODS_TUSTISON);
    write_work(to, METHODS_WANG);
    char samples[64];
    report_setting(report, "mc", samples, sizeof samples);
    if (atoi(samples) > 0)
        write_work(to, METHODS_GAL);
    fputs("</ul>\n", to);
    if (*report->settings) {
        fputs("<details><summary>Options in effect</summary><pre>", to);
        markup_text(to, report->settings);
        fputs("</pre></details>\n", to);
    }
    fputs("</section>\n", to);
}

bool report_finish(FILE **to)
{
    bool good = fclose(*to) == 0;
    *to = NULL;
    return good;
}
