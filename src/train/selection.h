/* SPDX-License-Identifier: BSD-3-Clause */
/* From the scans of a cohort to those that train and those that validate. */
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
};

struct selection {
    int n, n_validating;
    struct dataset_source *sources; /* [n] labelled scans; texts borrowed from the cohort */
    const struct scan **scans;      /* [n] the cohort's entries */
    bool *validates;                /* [n] */
    char **participants;            /* [n] "dataset/sub-01", owned */
    enum slice_plane plane;         /* that most scans are cut along */
    const char *species;            /* "rat"; "general" where they differ or are unknown */
    const char *modality;           /* suffix that all share, "any" where they differ */
};

/* cohort must live as long. Unlabelled scans are left out. Local.
 * Fails: BEN_E_ARG when nothing is labelled, nothing is left to train or validate. */
enum ben_status selection_make(const struct selection_config *config,
                               const struct cohort *cohort, struct selection *selection);
void selection_free(struct selection *selection);

#endif
