/* SPDX-License-Identifier: BSD-3-Clause */
/* The page: one text, in Markdown for reading beside the figures' files, and in HTML that holds
 * everything. */
#include "qa/study_inner.h"

#include "base/util.h"
#include "io/tsv.h"
#include "qa/markup.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #8886}"
    ".wide{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}"
    "th,td{padding:.25rem .6rem;text-align:left;white-space:nowrap;border-bottom:1px solid "
    "#8884}"
    "th{border-bottom-width:2px}"
    ".n{text-align:right}"
    "td:last-child{white-space:normal;min-width:8rem}"
    "th:first-child,td:first-child{position:sticky;left:0;background:Canvas}"
    ":focus-visible{outline:3px solid #3b82c4;outline-offset:2px}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;font:.875rem/1.5 ui-monospace,monospace}"
    ".figures{display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr))}"
    "figure{margin:0}figure>svg{width:100%;height:auto}"
    ".broad{grid-column:1/-1;overflow-x:auto}.broad>svg{min-width:38rem}"
    "figcaption{font-size:.875rem}"
    "summary{cursor:pointer;padding:.25rem 0}"
    "@media print{details>*{display:block}}";

void study_page_begin(struct study_page *page, const char *title)
{
    fprintf(page->markdown, "# %s\n", title);
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
          page->html);
    markup_text(page->html, title);
    fprintf(page->html, "</title><style>%s</style></head><body><main><h1>", style);
    markup_text(page->html, title);
    fputs("</h1>\n", page->html);
}

void study_page_heading(struct study_page *page, const char *text)
{
    fprintf(page->markdown, "\n## %s\n", text);
    fputs("<h2>", page->html);
    markup_text(page->html, text);
    fputs("</h2>\n", page->html);
}

void study_page_text(struct study_page *page, const char *text)
{
    fprintf(page->markdown, "\n%s\n", text);
    fputs("<p>", page->html);
    markup_text(page->html, text);
    fputs("</p>\n", page->html);
}

/* Bars end cells in Markdown. */
static void markdown_cell(FILE *to, const char *text)
{
    fputs(" ", to);
    for (; *text; text++)
        fprintf(to, *text == '|' ? "\\%c" : "%c", *text);
    fputs(" |", to);
}

static bool is_number(const struct table *table, int column)
{
    const struct table_column *columns;
    table_columns(table, &columns);
    return columns[column].type != BEN_TABLE_TEXT;
}

static void html_cell(FILE *to, const struct table *table, long row, int column)
{
    fputs(is_number(table, column) ? "<td class=\"n\">" : "<td>", to);
    markup_text(to, table_cell(table, row, column));
    fputs("</td>", to);
}

static int find_column(const struct table *table, const char *name)
{
    const struct table_column *columns;
    int n = table_columns(table, &columns), c = 0;
    while (c < n && strcmp(columns[c].name, name) != 0)
        c++;
    ENSURE(c < n);
    return c;
}

static void write_head(struct study_page *page, const struct table *table,
                       const char *const *columns, const char *const *heads, int n)
{
    fputs("\n|", page->markdown);
    fputs("<div class=\"wide\" tabindex=\"0\"><table><thead><tr>", page->html);
    for (int c = 0; c < n; c++) {
        bool number = is_number(table, find_column(table, columns[c]));
        markdown_cell(page->markdown, heads[c]);
        fprintf(page->html, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
        markup_text(page->html, heads[c]);
        fputs("</th>", page->html);
    }
    fputs("\n|", page->markdown);
    for (int c = 0; c < n; c++)
        fputs("---|", page->markdown);
    fputs("\n", page->markdown);
    fputs("</tr></thead><tbody>\n", page->html);
}

void study_page_table(struct study_page *page, const struct table *table,
                      const char *const *columns, const char *const *heads, int n, bool folded)
{
    if (folded)
        fprintf(page->html, "<details><summary>%ld rows</summary>", table_rows(table));
    write_head(page, table, columns, heads, n);
    for (long row = 0; row < table_rows(table); row++) {
        fputs("|", page->markdown);
        fputs("<tr>", page->html);
        for (int c = 0; c < n; c++) {
            int column = find_column(table, columns[c]);
            markdown_cell(page->markdown, table_cell(table, row, column));
            html_cell(page->html, table, row, column);
        }
        fputs("\n", page->markdown);
        fputs("</tr>\n", page->html);
    }
    fprintf(page->html, "</tbody></table></div>%s\n", folded ? "</details>" : "");
}

void study_page_figure(struct study_page *page, const char *file, const char *svg,
                       const char *caption, bool broad)
{
    fprintf(page->markdown, "\n![%s](%s)\n", caption, file);
    fprintf(page->html, "<figure%s>%s<figcaption>",
            broad ? " class=\"broad\" tabindex=\"0\"" : "", svg);
    markup_text(page->html, caption);
    fputs("</figcaption></figure>\n", page->html);
}

/* The lines of INI text that a result may depend on: no comments, no empty ones. */
static bool tells(const char *line, size_t length)
{
    static const char *const idle[] = {"threads ", "team "};
    bool told = length > 0 && *line != ';' && *line != '#';
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
        told &= strncmp(line, idle[i], strlen(idle[i])) != 0;
    return told;
}

static void put_settings(FILE *to, const char *ini, void (*put)(FILE *, const char *))
{
    while (*ini) {
        size_t length = strcspn(ini, "\n");
        char *line = tells(ini, length) ? strndup(ini, length) : NULL;
        if (line) {
            put(to, line);
            fputs("\n", to);
        }
        free(line);
        ini += length + (ini[length] == '\n');
    }
}

static void put_plain(FILE *to, const char *text)
{
    fputs(text, to);
}

void study_page_settings(struct study_page *page, const char *title, const char *ini)
{
    fprintf(page->markdown, "\n%s\n\n```ini\n", title);
    put_settings(page->markdown, ini, put_plain);
    fputs("```\n", page->markdown);
    fputs("<details><summary>", page->html);
    markup_text(page->html, title);
    fputs("</summary><pre>", page->html);
    put_settings(page->html, ini, markup_text);
    fputs("</pre></details>\n", page->html);
}

void study_page_end(struct study_page *page)
{
    fputs("</main></body></html>\n", page->html);
}

#define PUT(page, table, folded, ...)                                                          \
    do {                                                                                       \
        static const char *const cells_[][2] = {__VA_ARGS__};                                  \
        put_table(page, table, cells_, sizeof cells_ / sizeof cells_[0], folded);              \
    } while (0)

#define MAX_SHOWN 20 /* columns of a table on the page */

static void put_table(struct study_page *page, const struct table *table,
                      const char *const (*cells)[2], size_t n, bool folded)
{
    const char *columns[MAX_SHOWN], *heads[MAX_SHOWN];
    ENSURE(n <= MAX_SHOWN);
    for (size_t c = 0; c < n; c++) {
        columns[c] = cells[c][0];
        heads[c] = cells[c][1];
    }
    study_page_table(page, table, columns, heads, (int)n, folded);
}

static enum ben_status show_comparison(const struct study_results *results,
                                       struct study_page *page)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    if (results->study->n_published == 0)
        return BEN_OK;
    TRY(study_table_comparison(results, &table));
    study_page_heading(page, "Beside the published numbers");
    study_page_text(
        page, "Each published number with the same of this evaluation; n/a where its data "
              "set, method or number of labels was not measured here.");
    PUT(page, table, false, {"dataset", "data set"}, {"source", "from"}, {"method", "method"},
        {"labels", "labels"}, {"metric", "metric"}, {"statistic", "statistic"},
        {"published", "published"}, {"here", "here"}, {"n", "scans"}, {"note", "note"});
out:
    table_free(&table);
    return st;
}

static enum ben_status show_runs(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(study_table_runs(results, &table));
    study_page_heading(page, "All runs");
    PUT(page, table, false, {"dataset", "data set"}, {"source", "from"}, {"method", "method"},
        {"labels", "labels"}, {"n", "scans"}, {"dice_median", "Dice median"},
        {"dice_mean", "mean"}, {"dice_ci_low", "95 % CI"}, {"dice_ci_high", "to"},
        {"dice_published", "published"}, {"sensitivity_mean", "sensitivity"},
        {"specificity_mean", "specificity"}, {"hd95_mm_mean", "HD95 mm"},
        {"hd95_mm_published", "published"}, {"assd_mm_mean", "ASSD mm"},
        {"volume_slope", "volume slope"}, {"uncertainty_r", "r uncertainty"},
        {"reason", "failed because"});
out:
    table_free(&table);
    return st;
}

static enum ben_status show_labels(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(study_table_labels(results, &table));
    if (table_rows(table) == 0)
        goto out;
    study_page_heading(page, "Labels needed for a median Dice of 0.95");
    study_page_text(page,
                    "The fewest with which it was reached; n/a: with none of those tried.");
    PUT(page, table, false, {"dataset", "of"}, {"scope", ""}, {"method", "method"},
        {"tried", "labels tried"}, {"labels", "needed"}, {"published", "published"});
out:
    table_free(&table);
    return st;
}

static enum ben_status show_tests(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    TRY(study_table_tests(results, &table));
    if (table_rows(table) == 0)
        goto out;
    study_page_heading(page, "The method against the others");
    study_page_text(page, "Dice of the same scans; two-sided tests. The last column is "
                          "Wilcoxon's p corrected for all tests of this table (Holm).");
    PUT(page, table, true, {"dataset", "data set"}, {"source", "from"}, {"labels", "labels"},
        {"method", "method"}, {"other", "against"}, {"n", "scans"},
        {"dice_difference", "Dice difference"}, {"p_paired_t", "paired t"},
        {"p_wilcoxon", "Wilcoxon"}, {"p_mann_whitney", "Mann-Whitney"},
        {"p_wilcoxon_holm", "corrected"});
out:
    table_free(&table);
    return st;
}

/* datasets.tsv as the plan wrote it, cell by cell. */
static enum ben_status show_sets(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    static const struct table_column columns[] = {
        {"dataset", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"species", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"modality", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"field_t", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"scans", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"access", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"status", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"measured", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"labelled", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"unlabelled", BEN_TABLE_TEXT, 0, NULL, "", NULL}};
    const int n = sizeof columns / sizeof columns[0];
    struct table *table = NULL;
    struct tsv *found = NULL;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/datasets.tsv", results->output));
    TRY(tsv_read(path, &found));
    TRY(table_create(columns, n, &table));
    for (long i = 0; i < tsv_rows(found); i++) {
        long row;
        TRY(table_add_row(table, &row));
        for (int c = 0; c < n; c++)
            TRY(table_set_text(table, row, c,
                               tsv_cell(found, i, tsv_column(found, columns[c].name))));
    }
    study_page_heading(page, "Data sets");
    PUT(page, table, false, {"dataset", "data set"}, {"species", "species"},
        {"modality", "modality"}, {"field_t", "T"}, {"scans", "scans as published"},
        {"access", "access"}, {"status", "here"}, {"measured", "measured"},
        {"labelled", "labelled"}, {"unlabelled", "unlabelled"});
out:
    free(path);
    tsv_free(&found);
    table_free(&table);
    return st;
}

/* The programs that tools/external.sh runs, and any other that left masks. */
static const char *const programs[] = {"bet2",           "3dSkullStrip", "mri_watershed",
                                       "mri_synthstrip", "hd-bet",       "RS2"};
#define N_PROGRAMS (sizeof programs / sizeof programs[0])

static enum ben_status put_program(struct table *table, const struct study_results *results,
                                   const char *name)
{
    enum ben_status st = BEN_OK;
    long row, sets = 0, scans = 0;
    for (int i = 0; i < results->n; i++) {
        const struct study_result *r = &results->list[i];
        if (!r->run->external || strcmp(r->run->method, name) != 0)
            continue;
        sets++;
        scans += r->scores.n - r->failed;
    }
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, 0, name));
    if (sets > 0) {
        TRY(table_set_integer(table, row, 1, sets));
        TRY(table_set_integer(table, row, 2, scans));
    }
out:
    return st;
}

static bool is_listed(const struct table *table, const char *name)
{
    for (long row = 0; row < table_rows(table); row++)
        if (strcmp(table_cell(table, row, 0), name) == 0)
            return true;
    return false;
}

static enum ben_status show_programs(const struct study_results *results,
                                     struct study_page *page)
{
    enum ben_status st = BEN_OK;
    static const struct table_column columns[] = {
        {"program", BEN_TABLE_TEXT, 0, NULL, "", NULL},
        {"sets", BEN_TABLE_INTEGER, 0, NULL, "", NULL},
        {"scans", BEN_TABLE_INTEGER, 0, NULL, "", NULL}};
    struct table *table = NULL;
    TRY(table_create(columns, 3, &table));
    for (size_t i = 0; i < N_PROGRAMS; i++)
        TRY(put_program(table, results, programs[i]));
    for (int i = 0; i < results->n; i++) {
        const struct study_run *run = results->list[i].run;
        if (run->external && !is_listed(table, run->method))
            TRY(put_program(table, results, run->method));
    }
    study_page_heading(page, "Other programs");
    study_page_text(page,
                    "Measured where tools/external.sh found them installed; n/a elsewhere.");
    PUT(page, table, false, {"program", "program"}, {"sets", "data sets"}, {"scans", "scans"});
out:
    table_free(&table);
    return st;
}

static void show_settings(const struct study_results *results, struct study_page *page)
{
    const struct study_settings *settings = results->settings;
    study_page_heading(page, "How it was run");
    study_page_text(page, settings->summary);
    for (int i = 0; i < settings->n; i++)
        study_page_settings(page, settings->list[i].title, settings->list[i].ini);
}

static enum ben_status fill_page(const struct study_results *results, struct study_page *page)
{
    enum ben_status st = BEN_OK;
    study_page_begin(page, "Evaluation of brain extraction");
    study_page_text(
        page,
        "Made by ben-mpi " BEN_VERSION
        ". Methods: none (the source's weights as they are), adabn (the norm layers' "
        "statistics of the new data), ben (these, then learning from labels and from the "
        "most certain predictions), finetune and scratch (labels alone, from the "
        "source's weights or from nothing), source (a source's weights on its own scans), "
        "and other programs where their masks were given.");
    TRY(show_sets(results, page));
    TRY(show_comparison(results, page));
    TRY(show_labels(results, page));
    TRY(show_programs(results, page));
    TRY(study_figures_draw(results, page));
    TRY(show_runs(results, page));
    TRY(show_tests(results, page));
    show_settings(results, page);
    study_page_end(page);
out:
    return st;
}

static enum ben_status write_page(const struct study_results *results, const char *name,
                                  const char *text, size_t n)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/%s", results->output, name));
    TRY(util_write_file(path, text, n));
out:
    free(path);
    return st;
}

static enum ben_status write_pages(const struct study_results *results)
{
    enum ben_status st = BEN_OK;
    char *markdown = NULL, *html = NULL;
    size_t n_markdown = 0, n_html = 0;
    struct study_page page = {.markdown = open_memstream(&markdown, &n_markdown),
                              .html = open_memstream(&html, &n_html)};
    if (page.markdown && page.html)
        st = fill_page(results, &page);
    bool closed = page.markdown && fclose(page.markdown) == 0;
    closed &= page.html && fclose(page.html) == 0;
    TRY(st);
    if (!closed)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(write_page(results, "evaluate18.md", markdown, n_markdown));
    TRY(write_page(results, "evaluate18.html", html, n_html));
out:
    free(markdown);
    free(html);
    return st;
}

enum ben_status study_report(const struct study *study, const struct study_run *runs, int n,
                             const struct study_settings *settings, const char *output,
                             long *failed)
{
    enum ben_status st = BEN_OK;
    struct study_results results = {0};
    TRY(study_results_read(study, runs, n, output, &results));
    results.settings = settings;
    for (int i = 0; i < results.n; i++)
        *failed += results.list[i].failed;
    TRY(study_tables_write(&results));
    TRY(write_pages(&results));
out:
    study_results_free(&results);
    return st;
}
