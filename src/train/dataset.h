/* SPDX-License-Identifier: BSD-3-Clause */
/* Scans as training sees them: slices at the network's size with their masks, prepared once.
 * Scans are shared among the ranks (teams where scans are fewer), read, oriented, bias-corrected,
 * normalised and cut; then every rank can read every slice. Per slice of 256 x 256 that is
 * 192 KiB, held once per node (mpi/shared.h): 5,000 slices take 1 GB of a node.
 *
 * With a cache folder, what was prepared is kept in a file per scan, named by a hash of the
 * scan's and mask's bytes and of everything that preparation depends on. */
#ifndef BEN_TRAIN_DATASET_H
#define BEN_TRAIN_DATASET_H

#include "mpi/comm.h"
#include "mpi/shared.h"
#include "prep/prepare.h"

#include <stdbool.h>
#include <stdint.h>

/* One scan to prepare. Texts are borrowed for the dataset's life. */
struct dataset_source {
    const char *image, *mask; /* files; mask NULL: unlabelled */
    const char *participant;  /* "dataset/sub-01", unique for an animal or a patient */
    const char *dataset;
    int volume;             /* index in a 4-D file, or BEN_VOLUME_DEFAULT */
    enum slice_plane plane; /* that it is cut along */
    bool follow_thick;      /* or across the axis of thick slices (prep/prepare.h) */
    bool plane_open;        /* or as the settler has it */
    bool frame_open;        /* the settler may look nearer than at the whole field of view */
};

/* Who decides how a prepared scan is cut, as qa/plane.h and qa/frame.h do. */
struct dataset_settler {
    /* May cut it anew, prepared->slices. Collective on team. */
    enum ben_status (*settle)(const struct comm *team, void *of,
                              const struct dataset_source *source, struct prepared *prepared);
    void *of;
    uint64_t identity; /* of what the decision depends on, for the cache */
};

/* One prepared scan. */
struct dataset_scan {
    const struct dataset_source *source;
    long first;              /* slice */
    int count;               /* 0: the scan could not be used, its reason was logged */
    double mm, thickness_mm; /* of a pixel; from one slice to the next */
};

struct dataset {
    int size; /* slices are size x size */
    int n_scans;
    struct dataset_scan *scans; /* [n_scans], in the order of the sources */
    int n_failed;
    long n_slices;
    const uint16_t *images; /* [n_slices][size][size], 65535 = intensity 1 */
    const uint8_t *masks;   /* [n_slices][size][size], 0 or 1; 0 where unlabelled */
    uint64_t hash;          /* of all slices: what a checkpoint is bound to */
    struct shared *shared;
};

struct dataset_config {
    struct prepare_config prepare;         /* plane is taken from each source */
    const struct dataset_settler *settler; /* NULL: all are cut as their sources say */
    const char *cache;                     /* folder, created where missing; NULL: none */
};

/* Whether the settler has a say in how this one is cut. Local. */
static inline bool dataset_settles(const struct dataset_config *config,
                                   const struct dataset_source *source)
{
    return config->settler && (source->plane_open || source->frame_open);
}

/* A scan that cannot be used is logged, counted and left out. Collective.
 * Fails: BEN_E_INPUT when none can be used; BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status dataset_prepare(const struct comm *world, const struct dataset_config *config,
                                const struct dataset_source *sources, int n,
                                struct dataset **dataset);

/* Collective. */
void dataset_free(struct dataset **dataset);

/* Slice's pixels. Local. */
const uint16_t *dataset_image(const struct dataset *dataset, long slice);
const uint8_t *dataset_mask(const struct dataset *dataset, long slice);

/* The image as floats, x [size][size]. Local. */
void dataset_read_image(const struct dataset *dataset, long slice, float *x);

#endif
