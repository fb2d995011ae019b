/* SPDX-License-Identifier: BSD-3-Clause */
/* What a weights file says of its making, as JSON: the data sets with their licences and how to
 * cite them (from each dataset_description.json), the participants, the options, the metrics.
 * No time, no machine, no rank count: equal trainings give equal bytes. */
#ifndef BEN_TRAIN_PROVENANCE_H
#define BEN_TRAIN_PROVENANCE_H

#include "train/selection.h"
#include "train/trainer.h"

struct provenance {
    const char *program; /* the command: "train" */
    const struct selection *selection;
    const struct dataset *dataset;
    const struct trainer_result *result;
    const char *options; /* the effective configuration, INI */
    const char *initial; /* what training began with: "he-normal" or a file's checksum */
    uint64_t seed;
};

/* Reads the data sets' descriptions; one that is missing is said so. Local: rank 0 calls it.
 * *json is fresh. Fails: BEN_E_MEMORY. */
enum ben_status provenance_text(const struct provenance *provenance, char **json);

#endif
