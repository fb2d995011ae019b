/* SPDX-License-Identifier: BSD-3-Clause */
/* The data sets of an evaluation, as configs/datasets18.tsv lists those of the paper: a table
 * with a row per data set, and beside NAME.tsv, where it exists, NAME_published.tsv with numbers
 * that others published for them. Only the column id is needed; the columns are explained in
 * docs/evaluate18.md. All Local. */
#ifndef BEN_IO_STUDY_H
#define BEN_IO_STUDY_H

#include "base/status.h"
#include "io/species.h"

#include <stdbool.h>
#include <stddef.h>

#define STUDY_LIST 32 /* words in one cell at most */

/* Cells are texts of the table, NULL where it says n/a. */
struct study_words {
    int n;
    char *word[STUDY_LIST]; /* owned */
};

struct study_set {
    const char *id; /* letters, digits, '.', '-', '_' */
    enum species species;
    const char *modality; /* "T1w", "T2w", "EPI", "SWI", "ASL", ...; NULL: any */
    const char *field_t, *scans, *slices, *in_plane_mm, *thickness_mm, *maker, *institution;
    const char *access, *url, *note;
    bool source, target;       /* role: trained on, adapted to */
    struct study_words origin; /* targets: ids of the sources they are adapted from */
    int n_labels;
    int labels[STUDY_LIST]; /* targets: labelled scans to adapt with, ascending */
    /* Where a user has put it; relative paths begin at the table's folder, or another root. */
    const char *folder;       /* BIDS data set, folder or manifest */
    const char *masks;        /* derivatives data set */
    struct study_words where; /* filters of a manifest */
    const char *weights;      /* sources: a weights file instead of training */
};

struct study_published {
    const char *dataset; /* an id of the table, or a species */
    const char *source;  /* NULL: any */
    const char *method;
    int labels;                     /* -1: not said */
    const char *metric, *statistic; /* statistic "median", NULL: not said */
    const char *value;              /* a number, or a range "0.97-0.99" */
    const char *note;
};

struct tsv;

struct study {
    int n, n_published;
    struct study_set *sets;
    struct study_published *published;
    struct tsv *table, *table_published; /* what the texts point into */
};

/* text [n] is the table, published [n_published] that of the numbers (0 bytes: none); the paths
 * are for errors. Fails: BEN_E_ARG with file and line for an unknown column, species or role, an
 * id that is missing, taken twice or no name, a source that is not in the table or not one, labels that are no numbers. */
enum ben_status study_parse(const char *path, const char *text, size_t n,
                            const char *published_path, const char *published,
                            size_t n_published, struct study **study);
void study_free(struct study **study);

/* The set of that id; NULL where there is none. */
const struct study_set *study_find(const struct study *study, const char *id);

/* What was published of a set (by its id, else by its species) for that source, method and
 * number of labels; labels -1: where none is said. NULL where nothing was. */
const struct study_published *study_number(const struct study *study,
                                           const struct study_set *set, const char *source,
                                           const char *method, int labels, const char *metric);

/* What a BIDS suffix of that modality may be: true for T2w and "T2w", for EPI and "bold",
 * "sbref", "cbv", for ASL and "asl", "m0scan", for SWI and "swi"; any for a modality NULL. */
bool study_modality_fits(const char *modality, const char *suffix);

/* The middle of a number or range "0.97-0.99"; NaN for other texts. */
double study_value(const char *text);

#endif
