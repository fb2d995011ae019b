/* SPDX-License-Identifier: BSD-3-Clause */
/* The mask (or label) files of a folder and the names they go by. A folder, a BIDS derivatives data
 * set say, is searched with its subfolders; of a .hdr/.img pair the header stands for both. Life:
 * mask_files_open or mask_files_add, mask_files_match, mask_files_free. All Local. */
#ifndef BEN_QA_MASK_FILES_H
#define BEN_QA_MASK_FILES_H

#include "base/status.h"

#include <stdbool.h>

/* Which files of a folder are meant: where some end in mask (or dseg, for labels) only those, else
 * all NIfTI files (for labels: all that are not called masks, where there are such). */
enum mask_kind { MASK_FILES_MASKS, MASK_FILES_LABELS };

/* The names a file goes by, each step more forgiving: the path relative to its folder without
 * ending; without the ending _mask or _dseg and the desc- entity; the file name alone; without the
 * space- entity. */
enum { MASK_KEY_PATH, MASK_KEY_PLAIN, MASK_KEY_NAME, MASK_KEY_NO_SPACE, MASK_KEYS };

struct mask_file {
    char *path;
    char *key[MASK_KEYS];
    long partner; /* index on the other side, -1 none */
};

struct mask_files {
    struct mask_file *files; /* in no order */
    long n, room;
};

/* name: a file, a folder, or a TSV manifest (io/cohort.h), whose masks go by the names that this program
 * gives to the masks of its images; files starts as zeros. Reads names only. Fails: BEN_E_ARG where
 * it is missing or holds no NIfTI file; BEN_E_INPUT, BEN_E_IO. */
enum ben_status mask_files_open(const char *name, enum mask_kind kind,
                                struct mask_files *files);

/* Adds a file by hand; relative: to its folder. */
enum ben_status mask_files_add(struct mask_files *files, const char *path,
                               const char *relative);

/* Sets the partners of two lists, step by step of the names: each takes only names that occur once
 * on either side, so that no match is a guess. */
enum ben_status mask_files_match(struct mask_files *a, struct mask_files *b);

/* The key that serves as id for all: MASK_KEY_PLAIN, or MASK_KEY_PATH where two files share that
 * one. */
enum ben_status mask_files_id_key(const struct mask_files *files, int *key);

/* Sorts by that key, bytewise. */
void mask_files_sort(struct mask_files *files, int key);

void mask_files_free(struct mask_files *files);

#endif
