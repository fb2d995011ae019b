/* SPDX-License-Identifier: BSD-3-Clause */
/* The scans of a run: from a NIfTI file, several, a folder of them, a BIDS data set or a TSV
 * manifest to one list in a fixed order (by path, bytewise), with what is known of each.
 *
 * Inputs: a folder with dataset_description.json or participants.tsv is BIDS: images of heads in
 * sub-X/[ses-X/]{anat,func,perf,dwi,swi}, species from participants.tsv. Any other folder gives the
 * NIfTI files right in it, but not NAME_mask and its like beside NAME. A manifest is a .tsv with
 * a column image and, if known, mask, species, participant (or subject, participant_id),
 * session, dataset, split; paths are relative to its folder; other columns serve the filters
 * alone. Where several inputs are given, relative begins with the name of the input's folder.
 * Masks in a derivatives data set: by the name that this program would give them
 * (io/derivatives.h), else by the Sources in their sidecars.
 *
 * Life: cohort_open_shared (on one rank: cohort_open) reads names only, 100,000 files in seconds;
 * cohort_inspect reads headers; cohort_free. */
#ifndef BEN_IO_COHORT_H
#define BEN_IO_COHORT_H

#include "base/status.h"
#include "io/nifti.h"
#include "io/species.h"
#include "mpi/comm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The state of a file, by which a changed one is told. */
struct scan_stamp {
    int64_t bytes, time_s, time_ns; /* size, and when it was changed last */
};

struct scan {
    char *id;          /* unique in the cohort: path relative to its data set without ending */
    char *path;        /* of the image, as it can be opened */
    char *relative;    /* relative to the data set's folder; the base name for single files */
    char *mask;        /* of the reference mask; NULL: unlabelled */
    char *participant; /* "sub-01"; the id where nothing says */
    char *session;     /* "ses-01" or NULL */
    char *suffix;      /* "T1w", "bold", ...; "" where not BIDS */
    char *dataset;     /* manifest's dataset column, else the data set's folder name */
    char *split;       /* manifest's split column or NULL */
    enum species species;
    bool bids;          /* relative is a BIDS path */
    bool suffix_needed; /* other images of its folder differ by suffix alone */
    /* From the file, by cohort_inspect: */
    struct scan_stamp stamp; /* taken before the header was read; zeros where there is none */
    struct nifti_info info;
    char *failed; /* why it cannot be read; NULL: fine so far */
};

struct cohort {
    struct scan *scans;
    long n;
    char *root; /* the data set's folder, or that of the first input */
    bool bids;  /* every input is a BIDS data set */
};

struct cohort_options {
    const char *masks; /* derivatives data set with masks, or NULL; its masks count before
                          those that a manifest names */
    const char *const *participant_label; /* only these, with or without "sub-" */
    int n_participant_label;
    const char *const *where; /* manifest filters "column=value", "column=!value": all hold */
    int n_where;
    const char *split;    /* short for where split=...; NULL: all */
    long shard, n_shards; /* of the scans then left, in order, every n_shards-th from the
                             shard-th (1 ... n_shards); n_shards 0: all */
    enum species species; /* of all scans; BEN_SPECIES_UNKNOWN: what the data say */
};

/* Fails: BEN_E_ARG where an input is missing or holds no scan, ids clash, a participant asked
 * for is not there, the shard is empty; BEN_E_INPUT where a table cannot be used (file and line
 * named). Local. */
enum ben_status cohort_open(const char *const *inputs, int n_inputs,
                            const struct cohort_options *options, struct cohort **cohort);

/* The same on rank 0; every rank gets the list. Collective: all ranks return the same. */
enum ben_status cohort_open_shared(const struct comm *comm, const char *const *inputs,
                                   int n_inputs, const struct cohort_options *options,
                                   struct cohort **cohort);

/* The list, or a part of it in a struct cohort of the caller's ({scans + first, count}), as one
 * fresh block of bytes and back; this is also how ranks exchange what cohort_inspect found.
 * Local. */
enum ben_status cohort_pack(const struct cohort *cohort, char **bytes, size_t *n);
enum ben_status cohort_unpack(const char *bytes, size_t n, struct cohort **cohort);

/* Reads the headers of scans [first, first+count): stamp and info, or failed with the reason. Only lack of
 * memory is an error. Local. */
enum ben_status cohort_inspect(struct cohort *cohort, long first, long count);

/* Every rank inspects its share. Afterwards all have the stamps of all scans and their costs,
 * costs [cohort->n]; info and failed are known of a rank's own share alone. Collective. */
enum ben_status cohort_inspect_shared(const struct comm *comm, struct cohort *cohort,
                                      double *costs);

/* A measure of the work on a scan: its voxels, 0 where it failed. Local. */
double cohort_cost(const struct scan *scan);

void cohort_free(struct cohort **cohort);

#endif
