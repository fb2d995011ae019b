/* SPDX-License-Identifier: BSD-3-Clause */
/* Made heads as files: one scan with its mask, or a BIDS data set with the masks in
 * derivatives/reference. All Local. */
#ifndef BEN_TESTS_PHANTOM_BIDS_H
#define BEN_TESTS_PHANTOM_BIDS_H

#include "io/nifti.h"
#include "phantom.h"

struct phantom_bids {
    const char *folder; /* of the data set */
    const char *name;   /* for its description */
    enum nifti_type type;
    int volumes; /* time points; above 1: 4-D */
};

/* mask NULL: not wanted. Parents must exist. Fails: BEN_E_IO, and as phantom_make. */
enum ben_status phantom_write_scan(const struct phantom_bids *bids,
                                   const struct phantom_options *phantom, const char *image,
                                   const char *mask);

/* One scan of subject sub-NN (from 1): anat, func, swi or perf, by its contrast. */
enum ben_status phantom_write_subject(const struct phantom_bids *bids,
                                      const struct phantom_options *phantom, int subject);

/* The files beside the subjects sub-01..: descriptions and participants.tsv with their species
 * [n]. */
enum ben_status phantom_write_dataset(const struct phantom_bids *bids,
                                      const enum species *species, int n);

#endif
