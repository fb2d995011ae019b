/* SPDX-License-Identifier: BSD-3-Clause */
/* How io/cohort.c, io/bids.c, io/manifest.c and io/masks.c put a cohort together: each source of
 * scans adds to one growing list; filters, marks, masks and order come once all are there.
 * Nobody else needs this. All Local. */
#ifndef BEN_IO_COHORT_BUILD_H
#define BEN_IO_COHORT_BUILD_H

#include "io/cohort.h"
#include "io/tsv.h"

struct cohort_build {
    const struct cohort_options *options;
    struct scan *scans; /* all that was found, wanted or not */
    bool *wanted;       /* [n] */
    long n, room;
    bool *label_seen;   /* [n_participant_label] */
    const char *prefix; /* before relative: "name/" where several data sets are read, or "" */
};

/* Where a scan was found: what filters on columns look at. */
struct cohort_row {
    const struct tsv *table; /* NULL: no table */
    long row;                /* -1: not in it */
};

/* Takes the scan over (its texts are the build's, also on failure); decides whether it is
 * wanted. */
enum ben_status cohort_add(struct cohort_build *build, struct scan *scan,
                           const struct cohort_row *row);

/* The texts of a scan, one after the other, for whoever treats them all alike. */
#define BEN_SCAN_TEXTS 10
char **cohort_scan_text(struct scan *scan, int i);

/* Frees them. */
void cohort_scan_clear(struct scan *scan);

/* Fills id, participant, session, suffix, dataset and bids, as far as unset, from relative. */
enum ben_status cohort_name(struct scan *scan);

/* Whether participant_label lets this participant ("sub-01") through. */
bool cohort_label_wanted(const struct cohort_build *build, const char *participant);

/* Adds the images of a BIDS data set (raw or preprocessed). */
enum ben_status bids_index(struct cohort_build *build, const char *folder);

/* The value of an entity ("ses") in a BIDS name: its start in name and its length, 0 if absent. */
size_t bids_entity(const char *name, const char *key, const char **value);

/* Where the suffix of a base name with a NIfTI ending begins, and its length; NULL without. */
const char *bids_suffix(const char *name, size_t *n);

/* Whether the base name is sub-..._suffix with a NIfTI ending. */
bool bids_is_name(const char *name);

/* Whether images of that suffix (of n letters) in that folder are worked on. */
bool bids_is_image(const char *datatype, const char *suffix, size_t n);

/* The data set's participants.tsv with its id column indexed; NULL where there is none. */
enum ben_status bids_participants(const char *folder, struct tsv **table);

/* The species a participants.tsv gives; names it does not know are warned of. */
enum species bids_species(const struct tsv *participants, const char *participant);

/* Adds the rows of a TSV manifest. */
enum ben_status manifest_index(struct cohort_build *build, const char *path);

/* Looks in the data set folder for the masks of scans [n]; one that is found there takes the
 * place of the scan's own. */
enum ben_status masks_find(const char *folder, struct scan *scans, long n);

/* The names in a folder in byte order: files, or folders with folders set; links count as
 * both; hidden ones never. A folder that is not there has none. Fails: BEN_E_IO. */
struct listing {
    char **names;
    long n;
};
enum ben_status listing_read(const char *folder, bool folders, struct listing *listing);
bool listing_has(const struct listing *listing, const char *name);
void listing_free(struct listing *listing);

#endif
