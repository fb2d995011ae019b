/* SPDX-License-Identifier: BSD-3-Clause */
/* The networks a run needs: the one of --weights, or what ships for each species that occurs. */
#ifndef BEN_CLI_MODELS_H
#define BEN_CLI_MODELS_H

#include "io/species.h"
#include "io/weights.h"
#include "mpi/comm.h"
#include "nn/net.h"

#include <stdbool.h>

struct model {
    char *path;
    struct weights_file *file; /* without its tensors, which the net has */
    struct net *net;
};

struct models {
    struct model loaded[BEN_SPECIES_COUNT];
    int n;
    int of_species[BEN_SPECIES_COUNT]; /* index into loaded, -1: not asked for */
    bool fallback[BEN_SPECIES_COUNT];  /* a relative's: none of its own ships */
};

/* Loads what the species with wanted[s] true need; path NULL: from what ships, looked for in
 * the folder $BEN_WEIGHTS, ../share/ben-mpi/weights beside the program, and the source tree.
 * Files are read on rank 0 and sent. Collective. Fails: BEN_E_ARG. */
enum ben_status models_open(const struct comm *world, const char *path,
                            const bool wanted[BEN_SPECIES_COUNT], int max_batch,
                            struct models *models);

const struct model *models_find(const struct models *models, enum species species);

/* The file that ships for the species, fallback telling whether it is a relative's; NULL where none is found. The caller frees. Local. */
char *models_shipped(enum species species, bool *fallback);

void models_close(struct models *models);

#endif
