/* SPDX-License-Identifier: BSD-3-Clause */
/* From the scans of a cohort to those that train, those that validate and, for adaptation, those
 * that are used without their masks. */
#ifndef BEN_TRAIN_SELECTION_H
#define BEN_TRAIN_SELECTION_H

#include "io/cohort.h"
#include "train/dataset.h"
#include "train/folds.h"

struct selection_config {
    const char *split;            /* scans of that split train; NULL: all */
    const char *validation_split; /* scans of that split validate; NULL: by folds */
    int plane;                    /* 0: by species; else enum slice_plane + 1 */
    int volume;                   /* of 4-D files: index or BEN_VOLUME_DEFAULT */
    struct folds_config folds;
    /* Adaptation: */
    bool unlabelled;              /* scans without a mask take part too */
    const char *unlabelled_split; /* scans of that split take part without theirs; NULL: none */
    int labels;                   /* participants that keep their masks; below zero: all */
};

struct selection {
    int n, n_validating, n_unlabelled;
    struct dataset_source *sources; /* [n]; texts borrowed from the cohort */
    const struct scan **scans;      /* [n] the cohort's entries */
    bool *validates;                /* [n] */
    bool *unlabelled;               /* [n] used without a mask, whether it has one or not */
    char **participants;            /* [n] "dataset/sub-01", owned */
    enum slice_plane plane;         /* that most scans are cut along */
    const char *species;            /* "rat"; "general" where they differ or are unknown */
    const char *modality;           /* suffix that all share, "any" where they differ */
};

/* cohort must live as long. Of a participant that validates nothing is used otherwise. Which
 * participants keep their masks depends on the seed of the folds and on names alone, and those
 * of fewer labels are among those of more. Local.
 * Fails: BEN_E_ARG when no scan is left to train on, none validates that should. */
enum ben_status selection_make(const struct selection_config *config,
                               const struct cohort *cohort, struct selection *selection);

/* Scans of unknown species are cut along plane from now on, instead of as primates. Local. */
void selection_cut_unknown(struct selection *selection, enum slice_plane plane);

void selection_free(struct selection *selection);

#endif
