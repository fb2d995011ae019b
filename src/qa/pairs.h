/* SPDX-License-Identifier: BSD-3-Clause */
/* Which prediction goes with which reference. Both sides are a mask file, a folder (a BIDS
 * derivatives data set, say) that is searched with its subfolders, or a TSV manifest; files are matched
 * by their names (qa/mask_files.h), never by a guess. */
#ifndef BEN_QA_PAIRS_H
#define BEN_QA_PAIRS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct pair {
    char *id;   /* the reference's path relative to its folder, without ending, _mask and desc-
                   where that is unique: the same for the predictions of every method */
    char *pred; /* path; NULL where there is none for the reference */
    char *ref;  /* path */
    char *method; /* what made the prediction; NULL where nobody said */
};

struct pairs {
    struct pair *list; /* [n], by id, bytewise; where joined, method after method */
    long n;
    long extra;   /* predictions without a reference, left out */
    long missing; /* references without a prediction */
};

/* References without a prediction are left out unless complete. Two files are one pair whatever
 * their names. Reads names only. Local. Fails: BEN_E_ARG where a side is missing or holds no
 * NIfTI file, or nothing matches; BEN_E_IO. */
enum ben_status pairs_match(const char *pred, const char *ref, bool complete,
                            struct pairs **pairs);

/* Moves more's pairs behind those of all as the given method's (NULL: none); more keeps none. Fails:
 * BEN_E_MEMORY. Local. */
enum ben_status pairs_join(struct pairs *all, struct pairs *more, const char *method);

/* The list as one fresh block of bytes and back. Local. */
enum ben_status pairs_pack(const struct pairs *pairs, char **bytes, size_t *n);
enum ben_status pairs_unpack(const char *bytes, size_t n, struct pairs **pairs);

void pairs_free(struct pairs **pairs);

#endif
