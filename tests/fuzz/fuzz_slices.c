/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of the cache of prepared slices. First byte: 0 leaves the hash as it is; else it is made
 * to fit, so that mutations come past it. */
#include "fuzz.h"

#include "base/util.h"
#include "train/dataset.h"
#include "train/slice_cache.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "slices";

enum { SIZE = 4, HEADER = 40, HASH_AT = 16, HASHED = 24 };

static struct dataset_config config;
static struct dataset_source source;
static struct slice_key key;

void fuzz_start(void)
{
    uint8_t bytes[1 + HEADER + SIZE * SIZE * 3] = {1};
    const uint32_t size = SIZE, count = 1;
    const double extent[2] = {0.5, 2};
    struct slice_block none = {0};
    source.image = strdup(fuzz_file("x.nii", "x", 1));
    config.prepare = prepare_defaults(BEN_AXIAL, SIZE);
    config.cache = fuzz_folder();
    FUZZ_ENSURE(slice_cache_find(&config, &source, &key, &none) == BEN_OK);
    memcpy(bytes + 1, "BENSLICE", 8);
    memcpy(bytes + 9, &size, sizeof size);
    memcpy(bytes + 13, &count, sizeof count);
    memcpy(bytes + 1 + HASHED, extent, sizeof extent);
    for (size_t i = 1 + HEADER; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    fuzz_seed(bytes, sizeof bytes);
    bytes[0] = 0;
    fuzz_seed(bytes, sizeof bytes);
}

/* The block's hash over what follows it, as the cache makes it. */
static void fit_hash(uint8_t *bytes, size_t n)
{
    uint32_t count = 0;
    uint64_t hash = UTIL_HASH_START;
    if (n < HEADER)
        return;
    memcpy(&count, bytes + 12, sizeof count);
    size_t pixels = (size_t)SIZE * SIZE * count;
    if (n != HEADER + 3 * pixels)
        return;
    hash = util_hash(hash, bytes + HASHED, n - HASHED);
    memcpy(bytes + HASH_AT, &hash, sizeof hash);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct slice_block block = {0};
    struct slice_key again = {0};
    uint8_t fit = fuzz_byte(&from);
    size_t left = from.left;
    uint8_t *bytes = malloc(left + 1);
    FUZZ_ENSURE(bytes);
    fuzz_take(&from, bytes, left);
    if (fit)
        fit_hash(bytes, left);
    fuzz_file(util_basename(key.path), bytes, left);
    free(bytes);
    FUZZ_ENSURE(slice_cache_find(&config, &source, &again, &block) == BEN_OK);
    FUZZ_ENSURE(again.found == (block.images != NULL));
    FUZZ_ENSURE(!again.found || (block.size == SIZE && block.count > 0 && block.mm > 0));
    slice_block_free(&block);
    slice_key_free(&again);
}
