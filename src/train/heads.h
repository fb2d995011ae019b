/* SPDX-License-Identifier: BSD-3-Clause */
/* Heads to paint training slices from (train/synth.h): label volumes of one isotropic grid each,
 * whole heads with the brain marked, in canonical orientation (i right, j front, k up). Three
 * sources: whole-head label maps from files; heads made up around the brains of labelled scans;
 * heads made up altogether, brains between a rodent's and a primate's shape. What is made up is a
 * function of the seed and the head's number alone. */
#ifndef BEN_TRAIN_HEADS_H
#define BEN_TRAIN_HEADS_H

#include "io/species.h"
#include "mpi/comm.h"
#include "mpi/shared.h"
#include "prep/box.h"

#include <stdint.h>

#define BEN_HEAD_LABELS 128 /* a voxel is its label, below this, and HEAD_BRAIN where marked */
#define BEN_HEAD_BRAIN  128

enum tissue {
    BEN_AIR,
    BEN_WHITE,
    BEN_GREY,
    BEN_FLUID,
    BEN_MUSCLE,
    BEN_FAT,
    BEN_BONE,
    BEN_MARROW,
    BEN_VESSEL,
    BEN_TISSUES,
};

struct head {
    int dim[3];
    double mm;              /* edge of a voxel */
    enum slice_plane plane; /* that its species is cut along */
    struct box brain;       /* the part of the grid that it occupies */
    int n_labels;           /* 0 is air */
    uint8_t tissue[BEN_HEAD_LABELS];
    float share[BEN_HEAD_LABELS]; /* of the voxels that are not air */
    size_t offset;                /* of its first voxel in heads.voxels */
};

struct heads {
    int n;
    struct head *list;     /* [n] */
    const uint8_t *voxels; /* each head's [dim[2]][dim[1]][dim[0]] */
    struct shared *shared;
    uint64_t hash; /* of all: what a checkpoint is bound to */
};

/* A labelled scan whose brain gets a made-up head. Texts are borrowed for the call. */
struct head_brain {
    const char *mask;
    enum slice_plane plane;
};

struct heads_config {
    uint64_t seed;
    const char *const *folders; /* [n_folders] of *_labels.nii[.gz] and labels.tsv */
    int n_folders;
    const struct head_brain *brains; /* [n_brains] */
    int n_brains;
    int made; /* heads made up altogether */
};

/* A labels.tsv has the columns value, tissue (a name), is_brain and is_csf (1 or 0). The brain of
 * a label map is its largest component of brain, its closing (radius 3 % of the cube root of its
 * volume) where that is brain or CSF, and its holes: ventricles and closed sulci, without the
 * fluid around. Heads are shared among the ranks, made once, and read by all. Collective.
 * Fails: BEN_E_INPUT for a bad folder, map or mask; BEN_E_IO, BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status heads_create(const struct comm *world, const struct heads_config *config,
                             struct heads **heads);

/* Collective. */
void heads_free(struct heads **heads);

#endif
