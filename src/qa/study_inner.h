/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the files of the study's report alone: its tables, as texts for the page, its figures
 * and the page, which is written as Markdown and as HTML at once. */
#ifndef BEN_QA_STUDY_INNER_H
#define BEN_QA_STUDY_INNER_H

#include "io/table.h"
#include "qa/study_results.h"

#include <stdio.h>

/* The tables that are files and, in part, on the page; fresh. */
enum ben_status study_table_runs(const struct study_results *results, struct table **table);
enum ben_status study_table_comparison(const struct study_results *results,
                                       struct table **table);
enum ben_status study_table_tests(const struct study_results *results, struct table **table);
enum ben_status study_table_labels(const struct study_results *results, struct table **table);

/* A page in the making. */
struct study_page {
    FILE *markdown, *html;
};

void study_page_begin(struct study_page *page, const char *title);
void study_page_heading(struct study_page *page, const char *text);
void study_page_text(struct study_page *page, const char *text);
/* The named columns [n] of the table under those heads; folded: shown on a click in HTML. */
void study_page_table(struct study_page *page, const struct table *table,
                      const char *const *columns, const char *const *heads, int n, bool folded);
/* file: relative to the page; svg: its content. broad: across the page, and scrolled on a small
 * screen. */
void study_page_figure(struct study_page *page, const char *file, const char *svg,
                       const char *caption, bool broad);
/* INI text, folded in HTML, without comments and what no number depends on. */
void study_page_settings(struct study_page *page, const char *title, const char *ini);
void study_page_end(struct study_page *page);

/* Draws all figures into the page, and into OUTPUT/figures. */
enum ben_status study_figures_draw(const struct study_results *results,
                                   struct study_page *page);

#endif
