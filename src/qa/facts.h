/* SPDX-License-Identifier: BSD-3-Clause */
/* What tables know of scans: the age, group or site in participants.tsv, the date of a session in
 * sub-X_sessions.tsv, the uncertainty in a results.tsv of this program, whatever a manifest holds.
 *
 * A row is about a scan when its column mask or image (relative to the table's folder) names a file
 * of the scan; in tables without such columns, when its participant and, where it has one, its
 * session are the scan's, with or without sub- and ses-. Rows that name the file come first, then
 * those of the session, then those of the participant; among them those of the table added first.
 *
 * Life: facts_create, facts_add_table and facts_add_dataset, facts_text, facts_free. All Local. */
#ifndef BEN_QA_FACTS_H
#define BEN_QA_FACTS_H

#include "base/status.h"

#include <stdbool.h>

struct facts;

/* A scan as far as tables go; what is not known is NULL. */
struct facts_scan {
    const char *files[2]; /* as they can be opened: a mask, an image */
    const char *participant, *session;
};

enum ben_status facts_create(struct facts **facts);

/* A TSV. Fails: BEN_E_ARG where it has no column that rows could be found by; BEN_E_INPUT, BEN_E_IO
 * of tsv_read. */
enum ben_status facts_add_table(struct facts *facts, const char *path);

/* The tables of a data set: results.tsv, participants.tsv and the sessions' tables, here and in the
 * raw data set that it was derived from, by the link in dataset_description.json or because it lies
 * in its folder derivatives. A folder without any is fine. Fails as facts_add_table. */
enum ben_status facts_add_dataset(struct facts *facts, const char *folder);

/* Whether any table has that column. */
bool facts_has(const struct facts *facts, const char *column);

/* What the tables say; *text is NULL where they say nothing, else the tables' own. Fails:
 * BEN_E_MEMORY. */
enum ben_status facts_text(struct facts *facts, const struct facts_scan *scan,
                           const char *column, const char **text);

/* The same as a number; NaN where there is none. */
enum ben_status facts_number(struct facts *facts, const struct facts_scan *scan,
                             const char *column, double *number);

/* The columns' texts, with ", " between them, n/a for what is missing; for a column dataset that no
 * table has, the folder of data sets that id begins with ("rat-epi" in "rat-epi/sub-01/..."), "" where
 * there is none. The caller frees *group. Fails: BEN_E_MEMORY. */
enum ben_status facts_group(struct facts *facts, const struct facts_scan *scan, const char *id,
                            const char *const *columns, int n, char **group);

/* Fails: BEN_E_ARG for the first of the columns, but dataset, that no table has. */
enum ben_status facts_check_columns(const struct facts *facts, const char *const *columns,
                                    int n);

void facts_free(struct facts **facts);

#endif
