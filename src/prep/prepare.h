/* SPDX-License-Identifier: BSD-3-Clause */
/* From a scan as it was read to what the network sees: canonical orientation, N4, intensities
 * to [0, 1], the geometry of the slices. The one way, for segment, train and adapt alike. */
#ifndef BEN_PREP_PREPARE_H
#define BEN_PREP_PREPARE_H

#include "io/species.h"
#include "io/volume.h"
#include "mpi/comm.h"
#include "prep/n4.h"
#include "prep/normalise.h"
#include "prep/orient.h"
#include "prep/slices.h"

#include <stdbool.h>

struct prepare_config {
    bool n4;
    bool n4_strong; /* n4_config_strong first */
    struct n4_config n4_options;
    struct normalise_config normalise;
    enum slice_plane plane;
    bool follow_thick; /* cut across the axis of thick slices instead, where there is one */
    int size;          /* of the network's slices */
};

struct prepared {
    struct orientation orientation; /* the way back to the scan's own grid */
    struct volume *volume;          /* canonical, in [0, 1]; owned */
    struct slice_geometry slices;
    bool by_thickness;   /* the plane is that of thick slices */
    double n4_s, rest_s; /* seconds spent */
};

/* N4 on with its defaults, percentiles 1 and 99. */
struct prepare_config prepare_defaults(enum slice_plane plane, int size);

/* Consumes *volume (freed and nulled, so that memory holds one copy less). Every rank of the
 * team has the same volume and gets the same result. Collective on team. Fails: BEN_E_INPUT
 * for a scan without contrast or field of view. */
enum ben_status prepare_volume(const struct comm *team, const struct prepare_config *config,
                               struct volume **volume, struct prepared *prepared);

void prepare_clear(struct prepared *prepared);

#endif
