/* SPDX-License-Identifier: BSD-3-Clause */
/* Connected components of a mask, by union-find on runs of voxels along x: memory goes with the
 * number of runs, not of voxels. Voxels are connected through their faces. */
#ifndef BEN_PREP_COMPONENTS_H
#define BEN_PREP_COMPONENTS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct component {
    long voxels;
    bool at_border; /* has a voxel on the volume's border; axes of one voxel have no border */
};

struct components {
    struct component *list; /* [count], in the order of their first voxels */
    long count;
    struct component_runs *runs;
};

/* The components of mask [dim[2]][dim[1]][dim[0]]: of its voxels that are not 0 where inside,
 * else of those that are. Local. Fails: BEN_E_MEMORY. */
enum ben_status components_find(const int dim[3], const uint8_t *mask, bool inside,
                                struct components *components);

/* mask := value in the voxels of every component i with chosen[i]. Local. */
void components_paint(const struct components *components, const bool *chosen, uint8_t value,
                      uint8_t *mask);

void components_free(struct components *components);

#endif
