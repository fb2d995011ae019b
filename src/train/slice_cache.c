/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/slice_cache.h"
#include "base/util.h"
#include "train/dataset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC      "BENSLICE"
#define MEANING    2 /* to be raised when preparation gives other slices for the same settings */
#define READ_BYTES ((size_t)1 << 16)

/* Ahead of the images and the masks in a cache file, in this machine's byte order. */
struct header {
    char magic[8];
    uint32_t size, count;
    uint64_t hash; /* of all that follows */
    double mm, thickness_mm;
};

enum ben_status slice_block_create(int size, int count, struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    size_t n = (size_t)size * (size_t)size * (size_t)count;
    *block = (struct slice_block){.size = size, .count = count};
    TRY_NEW(block->images = calloc(n + 1, sizeof *block->images));
    TRY_NEW(block->masks = calloc(n + 1, sizeof *block->masks));
out:
    if (st)
        slice_block_free(block);
    return st;
}

void slice_block_free(struct slice_block *block)
{
    free(block->images);
    free(block->masks);
    *block = (struct slice_block){0};
}

static size_t block_pixels(const struct slice_block *block)
{
    return (size_t)block->size * (size_t)block->size * (size_t)block->count;
}

uint64_t slice_block_hash(const struct slice_block *block)
{
    size_t n = block_pixels(block);
    const double extent[2] = {block->mm, block->thickness_mm};
    uint64_t hash = util_hash(UTIL_HASH_START, extent, sizeof extent);
    hash = util_hash(hash, block->images, n * sizeof *block->images);
    return util_hash(hash, block->masks, n);
}

static enum ben_status hash_file(const char *path, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    char bytes[READ_BYTES];
    size_t n;
    FILE *from = fopen(path, "rb");
    if (!from)
        FAIL(BEN_E_IO, "%s: %s", path, strerror(errno));
    while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
        *hash = util_hash(*hash, bytes, n);
    if (ferror(from))
        FAIL(BEN_E_IO, "%s: %s", path, strerror(errno));
out:
    if (from)
        fclose(from);
    return st;
}

static char *describe_n4(const struct n4_config *n4)
{
    char *levels = NULL, *text;
    size_t size;
    FILE *to = open_memstream(&levels, &size);
    if (!to)
        return NULL;
    for (int i = 0; i < n4->levels; i++)
        fprintf(to, " %d", n4->iterations[i]);
    if (fclose(to) != 0)
        return NULL;
    text = util_format("%d%s %.17g %d %.17g %.17g %dx%dx%d %.17g %d %d", n4->shrink, levels,
                       n4->threshold, n4->bins, n4->fwhm, n4->noise, n4->mesh[0], n4->mesh[1],
                       n4->mesh[2], n4->spline_mm, (int)n4->foreground, n4->otsu_bins);
    free(levels);
    return text;
}

static enum ben_status hash_preparation(const struct dataset_config *config,
                                        const struct dataset_source *source, uint64_t *hash)
{
    enum ben_status st = BEN_OK;
    const struct prepare_config *prepare = &config->prepare;
    char *text = NULL, *n4 = NULL;
    TRY_NEW(n4 = prepare->n4 ? describe_n4(&prepare->n4_options) : strdup("no N4"));
    TRY_NEW(text = util_format("%d %d %d %d %016" PRIx64 " %d %.17g %.17g %s", MEANING,
                               prepare->size, (int)source->plane, source->follow_thick,
                               dataset_settles(config, source) ? config->settler->identity : 0,
                               source->volume, prepare->normalise.low_percent,
                               prepare->normalise.high_percent, n4));
    *hash = util_hash(*hash, text, strlen(text));
out:
    free(text);
    free(n4);
    return st;
}

static enum ben_status make_key(const struct dataset_config *config,
                                const struct dataset_source *source, struct slice_key *key)
{
    enum ben_status st = BEN_OK;
    uint64_t hash = UTIL_HASH_START;
    *key = (struct slice_key){0};
    TRY(hash_preparation(config, source, &hash));
    TRY(hash_file(source->image, &hash));
    if (source->mask)
        TRY(hash_file(source->mask, &hash));
    TRY_NEW(key->path =
                util_format("%s/%016llx.slices", config->cache, (unsigned long long)hash));
out:
    return st;
}

static bool fits(const struct header *header, size_t bytes, int size)
{
    size_t pixels = (size_t)header->size * header->size * header->count;
    return memcmp(header->magic, MAGIC, sizeof header->magic) == 0 &&
           header->size == (uint32_t)size && header->count > 0 && header->mm > 0 &&
           header->thickness_mm > 0 &&
           bytes == sizeof *header + pixels * (sizeof(uint16_t) + sizeof(uint8_t));
}

/* True where the bytes are a whole block. */
static bool decode(const char *bytes, size_t n, int size, struct slice_block *block)
{
    struct header header;
    if (n < sizeof header)
        return false;
    memcpy(&header, bytes, sizeof header);
    if (!fits(&header, n, size) || slice_block_create(size, (int)header.count, block) != BEN_OK)
        return false;
    block->mm = header.mm;
    block->thickness_mm = header.thickness_mm;
    size_t pixels = block_pixels(block);
    memcpy(block->images, bytes + sizeof header, pixels * sizeof *block->images);
    memcpy(block->masks, bytes + sizeof header + pixels * sizeof *block->images, pixels);
    if (slice_block_hash(block) == header.hash)
        return true;
    slice_block_free(block);
    return false;
}

enum ben_status slice_cache_find(const struct dataset_config *config,
                                 const struct dataset_source *source, struct slice_key *key,
                                 struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL;
    size_t n = 0;
    TRY(make_key(config, source, key));
    TRY(util_make_dirs(config->cache));
    if (util_is_file(key->path) &&
        util_read_file(key->path, SIZE_MAX / 2, &bytes, &n) == BEN_OK)
        key->found = decode(bytes, n, config->prepare.size, block);
out:
    free(bytes);
    return st;
}

enum ben_status slice_cache_store(const struct slice_key *key, const struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    size_t pixels = block_pixels(block);
    size_t n = sizeof(struct header) + pixels * (sizeof(uint16_t) + sizeof(uint8_t));
    struct header header = {.size = (uint32_t)block->size,
                            .count = (uint32_t)block->count,
                            .hash = slice_block_hash(block),
                            .mm = block->mm,
                            .thickness_mm = block->thickness_mm};
    char *bytes = NULL;
    memcpy(header.magic, MAGIC, sizeof header.magic);
    TRY_NEW(bytes = malloc(n));
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + sizeof header, block->images, pixels * sizeof *block->images);
    memcpy(bytes + sizeof header + pixels * sizeof *block->images, block->masks, pixels);
    TRY(util_write_file(key->path, bytes, n));
out:
    free(bytes);
    return st;
}

void slice_key_free(struct slice_key *key)
{
    free(key->path);
    key->path = NULL;
}
