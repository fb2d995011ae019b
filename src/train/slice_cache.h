/* SPDX-License-Identifier: BSD-3-Clause */
/* Prepared slices of one scan, and the files that keep them between runs: a file per scan, its
 * name a hash of the scan's and mask's bytes and of all that preparation depends on, so that
 * nothing stale is ever found. A damaged file counts as absent. All Local. */
#ifndef BEN_TRAIN_SLICE_CACHE_H
#define BEN_TRAIN_SLICE_CACHE_H

#include "base/status.h"
#include "prep/prepare.h"

#include <stdbool.h>
#include <stdint.h>

struct slice_block {
    int size, count;         /* count slices of size x size */
    double mm, thickness_mm; /* of a pixel; from one slice to the next */
    uint16_t *images;        /* [count][size][size], owned */
    uint8_t *masks;          /* [count][size][size], owned */
};

/* Zeroed slices, of no extent yet. Fails: BEN_E_MEMORY, the block then empty. */
enum ben_status slice_block_create(int size, int count, struct slice_block *block);
void slice_block_free(struct slice_block *block);
uint64_t slice_block_hash(const struct slice_block *block);

struct dataset_config;
struct dataset_source;

struct slice_key {
    bool found;
    char *path; /* of the scan's file in the cache, owned */
};

/* Computes the key, and reads the block where config's cache has it (key->found). Fails: BEN_E_IO
 * when the scan or its mask cannot be read, or the folder not be made; BEN_E_MEMORY. */
enum ben_status slice_cache_find(const struct dataset_config *config,
                                 const struct dataset_source *source, struct slice_key *key,
                                 struct slice_block *block);

/* Writes the block to where the key points. Fails: BEN_E_IO, BEN_E_MEMORY. */
enum ben_status slice_cache_store(const struct slice_key *key, const struct slice_block *block);

void slice_key_free(struct slice_key *key);

#endif
