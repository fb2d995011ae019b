/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and companions of what is written for a scan, as BIDS derivatives have them, or in
 * the plain form NAME_mask.nii.gz for scans that are not BIDS. Every file is written atomically;
 * several jobs that write the same output folder write the same bytes. All Local. */
#ifndef BEN_IO_DERIVATIVES_H
#define BEN_IO_DERIVATIVES_H

#include "base/status.h"

#include <stdbool.h>

enum derivative_kind {
    BEN_DERIVATIVE_MASK,        /* <entities>_desc-brain_mask     NAME_mask */
    BEN_DERIVATIVE_BRAIN,       /* <entities>_desc-brain_<suffix> NAME_brain */
    BEN_DERIVATIVE_PROBABILITY, /* <entities>_label-brain_probseg NAME_probability */
    BEN_DERIVATIVE_UNCERTAINTY, /* <entities>_desc-uncertainty_<suffix> NAME_uncertainty */
    BEN_DERIVATIVE_ATTENTION,   /* <entities>_desc-attention_<suffix> NAME_attention */
    BEN_DERIVATIVE_KINDS
};

/* A scan as far as names are concerned. */
struct derivative_source {
    const char *path;   /* relative to its data set: "sub-01/anat/sub-01_acq-a_T1w.nii.gz" */
    bool bids;          /* false: plain names */
    bool suffix_needed; /* other images of the folder differ by suffix alone: names without
                           a suffix of their own carry _space-<suffix> */
};

/* The path, relative to the output folder and without extension, of that derivative; folders of
 * the source are kept. A desc- entity of the source is replaced. The caller frees; NULL without
 * memory. */
char *derivative_stem(const struct derivative_source *source, enum derivative_kind kind);

/* folder/derivative_stem + extension (".nii.gz", ".json", ".png"). The caller frees. */
char *derivative_path(const char *folder, const struct derivative_source *source,
                      enum derivative_kind kind, const char *extension);

/* Writes the sidecar JSON of that derivative under folder (parents are created): Type, Sources,
 * SpatialReference, SkullStripped and what else its kind asks for. Plain scans get none.
 * threshold: of the mask, in probability. */
enum ben_status derivative_write_sidecar(const char *folder,
                                         const struct derivative_source *source,
                                         enum derivative_kind kind, double threshold);

struct derivative_dataset {
    const char *name;       /* of the raw data set, "" where unknown */
    const char *raw;        /* its folder, relative to the output folder or absolute */
    const char *raw_doi;    /* DatasetDOI of the raw data set; NULL where unknown */
    const char *version;    /* of this program */
    const char *parameters; /* one line: weights, their hash, options that matter */
    bool n4;                /* bias fields were corrected */
    int samples;            /* of Monte Carlo dropout; 0: none */
};

/* Writes dataset_description.json, README, .bidsignore, descriptions.tsv with its dictionary and
 * logs/CITATION.md (methods text and references) into the output folder (created if missing). */
enum ben_status derivative_write_dataset(const char *folder,
                                         const struct derivative_dataset *dataset);

#endif
