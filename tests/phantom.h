/* SPDX-License-Identifier: BSD-3-Clause */
/* Made heads with a known brain, for tests: scalp, muscle, skull, fluid, grey and white matter,
 * ventricles and eyes as smooth bodies in world space, sampled on any grid, with the
 * intensities of a contrast, texture, a bias field and Rician noise. Equal options give equal
 * bytes. All Local. */
#ifndef BEN_TESTS_PHANTOM_H
#define BEN_TESTS_PHANTOM_H

#include "base/status.h"
#include "io/species.h"
#include "io/volume.h"

#include <stdbool.h>
#include <stdint.h>

enum phantom_contrast {
    BEN_PHANTOM_T1W,
    BEN_PHANTOM_T2W,
    BEN_PHANTOM_EPI,
    BEN_PHANTOM_SWI, /* with veins */
    BEN_PHANTOM_ASL, /* the image without labelling */
    BEN_PHANTOM_CONTRASTS
};

struct phantom_options {
    enum species species;
    enum phantom_contrast contrast;
    int dim[3];         /* voxels along the grid's own axes */
    double voxel_mm[3]; /* a head too large for the field of view is made smaller */
    char axes[4];       /* where i, j, k run to: any order of R/L, A/P, S/I */
    double oblique_deg; /* the grid is turned by this about a slanted axis */
    double bias;        /* the field runs from about exp(-bias) to exp(bias) */
    double coil;        /* a coil above the head sees by this power of the distance less */
    double noise;       /* standard deviation as a part of the brightest tissue */
    uint64_t seed;      /* shape, place, intensities, texture, field, noise */
    int volume;         /* time point: only the noise changes */
    /* What a plain head does without; all zero by default but for the variation of 1. */
    bool shaped;      /* cerebellum, stem, lobes, folds and snout as the species has them */
    bool cropped;     /* the field of view cuts a large head instead of shrinking it */
    double loss;      /* part of the signal lost beside the ears' and the sinuses' air */
    double warp;      /* how far that air displaces, in halves of the brain */
    double variation; /* of size and shape among individuals, 1 as usual */
    uint64_t scanner; /* not 0: tissues shine by up to 15 % otherwise on this one */
};

/* A plausible scan of the species: rodents in coronal slices (axes LSA), primates RAS. */
struct phantom_options phantom_defaults(enum species species);

/* image: values 0..about 1200; mask [dim[2]][dim[1]][dim[0]] 1 in brain (with ventricles,
 * without the fluid around). Both fresh; mask may be NULL. Fails: BEN_E_MEMORY, BEN_E_ARG for
 * impossible axes. */
enum ben_status phantom_make(const struct phantom_options *options, struct volume **image,
                             uint8_t **mask);

/* The size of a usual head of the species in mm (right, front, up). */
void phantom_head_mm(enum species species, double mm[3]);

/* "T1w", "T2w", "EPI", "SWI", "ASL" and back (0, or -1 for another word). */
const char *phantom_contrast_name(enum phantom_contrast contrast);
int phantom_contrast_find(const char *name, enum phantom_contrast *contrast);

#endif
