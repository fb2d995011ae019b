/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/dataset.h"
#include "base/log.h"
#include "base/util.h"
#include "io/nifti.h"
#include "mpi/plan.h"
#include "train/slice_cache.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WHITE       65535.0f
#define EXTRACT_MAX 16 /* slices held as floats at a time */

/* The mask in the image's canonical order. */
static enum ben_status read_mask(const struct dataset_source *source,
                                 const struct nifti_info *image,
                                 const struct orientation *orientation, struct volume **mask)
{
    enum ben_status st = BEN_OK;
    struct nifti_info info;
    struct volume *own = NULL;
    uint8_t *bytes = NULL;
    TRY(nifti_read_mask(source->mask, 0, &bytes, &info, NULL));
    if (!nifti_same_grid(image, &info, 0.5 * image->voxel_mm[0]))
        FAIL(BEN_E_INPUT,
             "%s: %dx%dx%d voxels elsewhere than those of its image %s (%dx%dx%d): give the "
             "mask in the image's own grid",
             source->mask, info.dim[0], info.dim[1], info.dim[2], source->image, image->dim[0],
             image->dim[1], image->dim[2]);
    TRY(volume_create(image->dim, image->voxel_mm, &own));
    memcpy(own->affine, image->affine, sizeof own->affine);
    for (size_t i = 0, n = volume_voxels(own); i < n; i++)
        own->data[i] = bytes[i];
    TRY(orient_apply(orientation, own, mask));
out:
    free(bytes);
    volume_free(&own);
    return st;
}

static void pack_images(const float *x, size_t n, uint16_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint16_t)lroundf(x[i] * WHITE);
}

static void pack_masks(const float *x, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = x[i] > 0.5f;
}

/* mask NULL: unlabelled. */
static enum ben_status cut(const struct slice_geometry *geometry, const struct volume *image,
                           const struct volume *mask, struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)geometry->size * (size_t)geometry->size;
    float *x = NULL;
    TRY_NEW(x = malloc(EXTRACT_MAX * pixels * sizeof *x));
    TRY(slice_block_create(geometry->size, geometry->count, block));
    block->mm = geometry->mm;
    block->thickness_mm = geometry->thickness_mm;
    for (int first = 0; first < geometry->count; first += EXTRACT_MAX) {
        int n = geometry->count - first < EXTRACT_MAX ? geometry->count - first : EXTRACT_MAX;
        slices_extract(geometry, image, first, n, x);
        pack_images(x, (size_t)n * pixels, block->images + (size_t)first * pixels);
        if (!mask)
            continue;
        slices_extract_mask(geometry, mask, first, n, x);
        pack_masks(x, (size_t)n * pixels, block->masks + (size_t)first * pixels);
    }
out:
    free(x);
    return st;
}

/* The ranks of the team prepare one scan; its first rank gets the slices. Collective on team. */
static enum ben_status prepare_scan(const struct comm *team,
                                    const struct dataset_config *config,
                                    const struct dataset_source *source,
                                    struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    struct prepare_config prepare = config->prepare;
    struct prepared prepared = {0};
    struct volume *volume = NULL, *mask = NULL;
    struct nifti_info info;
    prepare.plane = source->plane;
    prepare.follow_thick = source->follow_thick;
    st = nifti_inspect(source->image, &info);
    if (st == BEN_OK)
        st = nifti_read(source->image, source->volume, &volume, NULL);
    TRY(comm_agree(team, st));
    TRY(prepare_volume(team, &prepare, &volume, &prepared));
    if (dataset_settles(config, source))
        TRY(config->settler->settle(team, config->settler->of, source, &prepared));
    if (team->rank == 0 && source->mask)
        TRY(read_mask(source, &info, &prepared.orientation, &mask));
    if (team->rank == 0)
        TRY(cut(&prepared.slices, prepared.volume, mask, block));
out:
    volume_free(&volume);
    volume_free(&mask);
    prepare_clear(&prepared);
    return st;
}

/* The same through the cache. A cache that cannot be written is no reason to stop. */
static enum ben_status obtain_scan(const struct comm *team, const struct dataset_config *config,
                                   const struct dataset_source *source,
                                   struct slice_block *block)
{
    enum ben_status st = BEN_OK;
    struct slice_key key = {.found = false};
    if (config->cache && team->rank == 0)
        st = slice_cache_find(config, source, &key, block);
    TRY(comm_agree(team, st));
    TRY(comm_broadcast(team, &key.found, sizeof key.found, 0));
    if (key.found)
        return BEN_OK;
    st = prepare_scan(team, config, source, block);
    TRY(comm_agree(team, st));
    if (config->cache && team->rank == 0 && slice_cache_store(&key, block) != BEN_OK)
        log_warn("%s; the scan will be prepared anew next time", ben_error_text());
out:
    slice_key_free(&key);
    return st;
}

/* What a scan costs to prepare is taken from its file's size. */
static double cost_of(const struct dataset_source *source)
{
    struct stat info;
    return stat(source->image, &info) == 0 ? (double)info.st_size : 0;
}

/* What the ranks tell each other: sums of what each scan's owner sets. */
struct exchange {
    unsigned long *counts, *owners, *hashes; /* [n] each, in one piece */
    unsigned long *extents;                  /* [n][2]: the bits of mm and thickness_mm */
};

static void settle(const struct comm *world, struct dataset *dataset,
                   const struct exchange *exchange)
{
    dataset->hash = UTIL_HASH_START;
    for (int i = 0; i < dataset->n_scans; i++) {
        struct dataset_scan *scan = &dataset->scans[i];
        scan->first = dataset->n_slices;
        scan->count = (int)exchange->counts[i];
        memcpy(&scan->mm, &exchange->extents[2 * i], sizeof scan->mm);
        memcpy(&scan->thickness_mm, &exchange->extents[2 * i + 1], sizeof scan->thickness_mm);
        dataset->n_slices += scan->count;
        dataset->n_failed += scan->count == 0;
        dataset->hash = util_hash(dataset->hash, &exchange->hashes[i], sizeof(unsigned long));
    }
    if (world->rank == 0)
        log_info("%d scans prepared, %ld slices of %dx%d", dataset->n_scans - dataset->n_failed,
                 dataset->n_slices, dataset->size, dataset->size);
}

/* Every rank's blocks go to where all ranks read them. Collective. */
static enum ben_status share_blocks(const struct comm *world, struct dataset *dataset,
                                    const unsigned long *owners, struct slice_block *blocks)
{
    enum ben_status st = BEN_OK;
    size_t pixels = (size_t)dataset->size * (size_t)dataset->size;
    size_t all = (size_t)dataset->n_slices * pixels;
    TRY(shared_create(world, all * (sizeof(uint16_t) + sizeof(uint8_t)), &dataset->shared));
    uint16_t *images = shared_bytes(dataset->shared);
    uint8_t *masks = (uint8_t *)(images + all);
    for (int i = 0; i < dataset->n_scans; i++) {
        size_t at = (size_t)dataset->scans[i].first * pixels;
        size_t n = (size_t)dataset->scans[i].count * pixels;
        if (n > 0 && (int)owners[i] == world->rank) {
            memcpy(images + at, blocks[i].images, n * sizeof *images);
            memcpy(masks + at, blocks[i].masks, n);
        }
        slice_block_free(&blocks[i]);
        TRY(shared_publish(dataset->shared, at * sizeof *images, n * sizeof *images,
                           (int)owners[i]));
        TRY(shared_publish(dataset->shared, all * sizeof *images + at, n, (int)owners[i]));
    }
    dataset->images = images;
    dataset->masks = masks;
out:
    return st;
}

/* Works through the team's scans; a bad one leaves its count at zero. Collective on team. */
static enum ben_status work_through(const struct comm *world, const struct comm *team,
                                    const struct plan *plan,
                                    const struct dataset_config *config,
                                    const struct dataset *dataset, struct exchange *exchange,
                                    struct slice_block *blocks)
{
    enum ben_status st = BEN_OK;
    long count;
    const long *scans = plan_scans(plan, world->rank, &count);
    double start = util_now_s();
    for (long k = 0; k < count; k++) {
        long i = scans[k];
        st = obtain_scan(team, config, dataset->scans[i].source, &blocks[i]);
        if (st == BEN_E_INPUT || st == BEN_E_IO) {
            if (team->rank == 0)
                log_warn("left out: %s", ben_error_text());
            st = BEN_OK;
        }
        TRY(st);
        if (team->rank == 0 && blocks[i].count > 0) {
            exchange->counts[i] = (unsigned long)blocks[i].count;
            exchange->owners[i] = (unsigned long)world->rank;
            exchange->hashes[i] = (unsigned long)slice_block_hash(&blocks[i]);
            memcpy(&exchange->extents[2 * i], &blocks[i].mm, sizeof blocks[i].mm);
            memcpy(&exchange->extents[2 * i + 1], &blocks[i].thickness_mm,
                   sizeof blocks[i].thickness_mm);
        }
        log_progress("preparing scans", (double)(k + 1), (double)count, start);
    }
    log_progress_end();
out:
    return st;
}

static enum ben_status prepare_all(const struct comm *world,
                                   const struct dataset_config *config, struct dataset *dataset,
                                   struct exchange *exchange, struct slice_block *blocks)
{
    enum ben_status st = BEN_OK;
    struct plan *plan = NULL;
    struct comm team = {.mpi = MPI_COMM_NULL};
    double *costs = calloc((size_t)dataset->n_scans + 1, sizeof *costs);
    if (costs && world->rank == 0)
        for (int i = 0; i < dataset->n_scans; i++)
            costs[i] = cost_of(dataset->scans[i].source);
    TRY(comm_agree(
        world, costs ? BEN_OK
                     : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory")));
    TRY(comm_broadcast(world, costs, (size_t)dataset->n_scans * sizeof *costs, 0));
    TRY(comm_agree(world, plan_share(costs, dataset->n_scans, world->size, &plan)));
    TRY(comm_split(world, plan->team_of_rank[world->rank], &team));
    st = work_through(world, &team, plan, config, dataset, exchange, blocks);
    TRY(comm_agree(world, st));
    TRY(comm_sum_u64(world, exchange->counts, 5 * (size_t)dataset->n_scans));
out:
    if (team.mpi != MPI_COMM_NULL)
        comm_free(&team);
    plan_free(&plan);
    free(costs);
    return st;
}

static enum ben_status create(const struct dataset_config *config,
                              const struct dataset_source *sources, int n,
                              struct dataset **dataset)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(*dataset = calloc(1, sizeof **dataset));
    (*dataset)->size = config->prepare.size;
    TRY_NEW((*dataset)->scans = calloc((size_t)n + 1, sizeof *(*dataset)->scans));
    (*dataset)->n_scans = n;
    for (int i = 0; i < n; i++)
        (*dataset)->scans[i].source = &sources[i];
out:
    return st;
}

enum ben_status dataset_prepare(const struct comm *world, const struct dataset_config *config,
                                const struct dataset_source *sources, int n,
                                struct dataset **dataset)
{
    enum ben_status st = BEN_OK;
    struct dataset *made = NULL;
    struct slice_block *blocks = calloc((size_t)n + 1, sizeof *blocks);
    struct exchange exchange = {.counts = calloc(5 * (size_t)n + 5, sizeof(unsigned long))};
    exchange.owners = exchange.counts + n;
    exchange.hashes = exchange.owners + n;
    exchange.extents = exchange.hashes + n;
    st = create(config, sources, n, &made);
    if (st == BEN_OK && (!blocks || !exchange.counts))
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    TRY(comm_agree(world, st));
    TRY(prepare_all(world, config, made, &exchange, blocks));
    settle(world, made, &exchange);
    if (made->n_slices == 0)
        FAIL(BEN_E_INPUT, "none of %d scans can be used: see the reasons above", n);
    TRY(share_blocks(world, made, exchange.owners, blocks));
    *dataset = made;
    made = NULL;
out:
    for (int i = 0; blocks && i < n; i++)
        slice_block_free(&blocks[i]);
    free(blocks);
    free(exchange.counts);
    dataset_free(&made);
    return st;
}

void dataset_free(struct dataset **dataset)
{
    struct dataset *d = *dataset;
    if (!d)
        return;
    shared_free(&d->shared);
    free(d->scans);
    free(d);
    *dataset = NULL;
}

const uint16_t *dataset_image(const struct dataset *dataset, long slice)
{
    return dataset->images + (size_t)slice * (size_t)dataset->size * (size_t)dataset->size;
}

const uint8_t *dataset_mask(const struct dataset *dataset, long slice)
{
    return dataset->masks + (size_t)slice * (size_t)dataset->size * (size_t)dataset->size;
}

void dataset_read_image(const struct dataset *dataset, long slice, float *x)
{
    const uint16_t *from = dataset_image(dataset, slice);
    for (size_t i = 0, n = (size_t)dataset->size * (size_t)dataset->size; i < n; i++)
        x[i] = (float)from[i] / WHITE;
}
