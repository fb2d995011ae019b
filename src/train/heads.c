/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/heads.h"
#include "base/log.h"
#include "base/util.h"
#include "io/nifti.h"
#include "io/tsv.h"
#include "prep/close.h"
#include "prep/orient.h"
#include "prep/post.h"
#include "train/head_make.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAP_ENDING    "_labels.nii"
#define CLOSING       0.03 /* radius in cube roots of the brain's volume */
#define LARGEST_LABEL 65535
#define ROUND_AXIAL   0.9 /* how round the brains of species cut axially are taken to be */
#define ROUND_CORONAL 0.1

/* Where a head comes from, in the order: maps, brains, made up. */
struct origin {
    char *map;  /* file, owned */
    int folder; /* of the map */
    const struct head_brain *brain;
};

/* labels.tsv of a folder. */
struct legend {
    int n;
    struct entry {
        int value;
        uint8_t tissue;
        bool brain, csf;
    } entries[BEN_HEAD_LABELS];
};

/* The first word that a tissue's name holds decides. */
static uint8_t tissue_named(const char *name, bool brain, bool csf)
{
    static const struct {
        const char *word;
        uint8_t tissue;
    } words[] = {
        {"vessel", BEN_VESSEL},   {"vein", BEN_VESSEL},    {"csf", BEN_FLUID},
        {"ventricle", BEN_FLUID}, {"white", BEN_WHITE},    {"brain-stem", BEN_WHITE},
        {"pallidum", BEN_WHITE},  {"thalamus", BEN_WHITE}, {"ventral dc", BEN_WHITE},
        {"chiasm", BEN_WHITE},    {"cord", BEN_WHITE},     {"spongy", BEN_MARROW},
        {"marrow", BEN_MARROW},   {"bone", BEN_BONE},      {"skull", BEN_BONE},
        {"muscle", BEN_MUSCLE},   {"skin", BEN_FAT},       {"fat", BEN_FAT},
        {"orbit", BEN_FAT},       {"eye", BEN_FLUID},
    };
    if (csf)
        return BEN_FLUID;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(name, words[i].word))
            return words[i].tissue;
    return brain ? BEN_GREY : BEN_MUSCLE;
}

static bool is_one(const char *cell)
{
    return cell && strcmp(cell, "1") == 0;
}

static enum ben_status read_legend(const char *folder, struct legend *legend)
{
    enum ben_status st = BEN_OK;
    struct tsv *tsv = NULL;
    char *path = NULL;
    *legend = (struct legend){0};
    TRY_NEW(path = util_format("%s/labels.tsv", folder));
    TRY(tsv_read(path, &tsv));
    int value = tsv_column(tsv, "value"), tissue = tsv_column(tsv, "tissue");
    int brain = tsv_column(tsv, "is_brain"), csf = tsv_column(tsv, "is_csf");
    if (value < 0 || tissue < 0 || brain < 0 || csf < 0)
        FAIL(BEN_E_INPUT, "%s: must have the columns value, tissue, is_brain and is_csf", path);
    for (long r = 0; r < tsv_rows(tsv); r++) {
        const char *text = tsv_cell(tsv, r, value), *name = tsv_cell(tsv, r, tissue);
        char *end = NULL;
        long number = text ? strtol(text, &end, 10) : -1;
        if (!text || *end || number < 0 || number > LARGEST_LABEL)
            FAIL(BEN_E_INPUT, "%s, line %ld: value must be a whole number from 0 to %d", path,
                 tsv_line(tsv, r), LARGEST_LABEL);
        if (number == 0)
            continue;
        if (legend->n == BEN_HEAD_LABELS - 1)
            FAIL(BEN_E_INPUT, "%s: more than %d labels", path, BEN_HEAD_LABELS - 1);
        struct entry *e = &legend->entries[legend->n++];
        e->value = (int)number;
        e->brain = is_one(tsv_cell(tsv, r, brain));
        e->csf = is_one(tsv_cell(tsv, r, csf));
        e->tissue = tissue_named(name ? name : "", e->brain, e->csf);
    }
out:
    tsv_free(&tsv);
    free(path);
    return st;
}

/* to := 1 where the label's entry is what is asked for. */
static void select_voxels(const struct legend *legend, const uint8_t *labels, size_t n,
                          bool with_csf, uint8_t *to)
{
    bool chosen[BEN_HEAD_LABELS + 1] = {false};
    for (int k = 0; k < legend->n; k++)
        chosen[k + 1] = legend->entries[k].brain || (with_csf && legend->entries[k].csf);
    for (size_t i = 0; i < n; i++)
        to[i] = chosen[labels[i]];
}

/* Marks the brain by the rule of the header. */
static enum ben_status mark_brain(const struct legend *legend, const struct volume *volume,
                                  uint8_t *labels, struct box *box)
{
    enum ben_status st = BEN_OK;
    size_t n = volume_voxels(volume);
    struct post_config largest = post_defaults();
    uint8_t *brain = NULL, *closed = NULL;
    long voxels;
    TRY_NEW(brain = malloc(n));
    TRY_NEW(closed = malloc(n));
    select_voxels(legend, labels, n, false, brain);
    largest.fill_holes = false;
    TRY(post_clean(&largest, volume->dim, volume->voxel_mm, brain, &voxels));
    if (voxels == 0)
        FAIL(BEN_E_INPUT, "no voxel of the brain");
    memcpy(closed, brain, n);
    double radius = fmax(1, rint(CLOSING * cbrt((double)voxels))) * volume->voxel_mm[0];
    TRY(close_mask(volume->dim, volume->voxel_mm, radius, closed));
    for (size_t i = 0; i < n; i++)
        closed[i] |= brain[i];
    select_voxels(legend, labels, n, true, brain);
    for (size_t i = 0; i < n; i++)
        brain[i] &= closed[i];
    largest.fill_holes = true;
    TRY(post_clean(&largest, volume->dim, volume->voxel_mm, brain, &voxels));
    *box = box_find(volume->dim, brain);
    for (size_t i = 0; i < n; i++)
        labels[i] |= brain[i] ? BEN_HEAD_BRAIN : 0;
out:
    free(brain);
    free(closed);
    return st;
}

static void count_shares(struct head *head, const uint8_t *voxels)
{
    size_t n = (size_t)head->dim[0] * (size_t)head->dim[1] * (size_t)head->dim[2];
    size_t counts[BEN_HEAD_LABELS] = {0}, all = 0;
    for (size_t i = 0; i < n; i++)
        counts[voxels[i] & (BEN_HEAD_BRAIN - 1)]++;
    for (int k = 1; k < BEN_HEAD_LABELS; k++)
        all += counts[k];
    for (int k = 1; k < BEN_HEAD_LABELS && all > 0; k++)
        head->share[k] = (float)((double)counts[k] / (double)all);
}

/* Values to places in the legend + 1; what the legend does not know is air. */
static void index_labels(const struct legend *legend, const struct volume *volume,
                         uint8_t *labels)
{
    size_t n = volume_voxels(volume);
    uint8_t table[LARGEST_LABEL + 1] = {0};
    for (int k = 0; k < legend->n; k++)
        table[legend->entries[k].value] = (uint8_t)(k + 1);
    for (size_t i = 0; i < n; i++) {
        float value = volume->data[i];
        labels[i] = value > 0 && value <= LARGEST_LABEL ? table[(int)lrintf(value)] : 0;
    }
}

static enum ben_status read_map(const char *path, const struct legend *legend,
                                struct head *head, uint8_t **voxels)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL, *canonical = NULL;
    uint8_t *labels = NULL;
    TRY(nifti_read(path, 0, &volume, NULL));
    struct orientation orientation = orient_find(volume);
    TRY(orient_apply(&orientation, volume, &canonical));
    const double *mm = canonical->voxel_mm;
    if (fabs(mm[1] - mm[0]) > .01 * mm[0] || fabs(mm[2] - mm[0]) > .01 * mm[0])
        FAIL(BEN_E_INPUT, "%s: voxels of %g x %g x %g mm; a label map needs cubes", path, mm[0],
             mm[1], mm[2]);
    TRY_NEW(labels = malloc(volume_voxels(canonical)));
    index_labels(legend, canonical, labels);
    struct box brain;
    if (mark_brain(legend, canonical, labels, &brain))
        FAIL(BEN_E_INPUT, "%s: %s", path, ben_error_text());
    *head = (struct head){
        .mm = mm[0], .plane = BEN_AXIAL, .n_labels = legend->n + 1, .brain = brain};
    memcpy(head->dim, canonical->dim, sizeof head->dim);
    for (int k = 0; k < legend->n; k++)
        head->tissue[k + 1] = legend->entries[k].tissue;
    *voxels = labels;
    labels = NULL;
out:
    volume_free(&volume);
    volume_free(&canonical);
    free(labels);
    return st;
}

/* A mask in canonical order. */
static enum ben_status read_mask(const char *path, struct volume **canonical, uint8_t **mask)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    TRY(nifti_read(path, 0, &volume, NULL));
    struct orientation orientation = orient_find(volume);
    TRY(orient_apply(&orientation, volume, canonical));
    size_t n = volume_voxels(*canonical);
    TRY_NEW(*mask = malloc(n));
    for (size_t i = 0; i < n; i++)
        (*mask)[i] = (*canonical)->data[i] > .5F;
out:
    volume_free(&volume);
    return st;
}

static enum ben_status make_head(const struct heads_config *config, int i,
                                 const struct head_brain *brain, struct head *head,
                                 uint8_t **voxels)
{
    enum ben_status st = BEN_OK;
    struct brain_field field = {.distance = NULL};
    struct volume *canonical = NULL;
    uint8_t *mask = NULL;
    struct random_stream shape =
        random_open(config->seed, BEN_RANDOM_SYNTH, 0xFFFFFFFEU, (uint32_t)i);
    struct random_stream around =
        random_open(config->seed, BEN_RANDOM_SYNTH, 0xFFFFFFFFU, (uint32_t)i);
    enum slice_plane plane = BEN_AXIAL;
    if (brain) {
        plane = brain->plane;
        TRY(read_mask(brain->mask, &canonical, &mask));
        if (brain_of_mask(canonical->dim, canonical->voxel_mm, mask,
                          plane == BEN_AXIAL ? ROUND_AXIAL : ROUND_CORONAL, &field))
            FAIL(BEN_E_INPUT, "%s: %s", brain->mask, ben_error_text());
    } else {
        TRY(brain_shape(&shape, &field));
        plane = field.round < .5 ? BEN_CORONAL : BEN_AXIAL;
    }
    TRY(head_around(&around, &field, head, voxels));
    head->plane = plane;
out:
    brain_field_free(&field);
    volume_free(&canonical);
    free(mask);
    return st;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_map(const struct dirent *entry)
{
    return strstr(entry->d_name, MAP_ENDING) != NULL;
}

/* The maps of a folder in the order of their names. */
static enum ben_status list_maps(const char *folder, int which, struct origin **origins, int *n)
{
    enum ben_status st = BEN_OK;
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_map, by_name);
    if (count <= 0)
        FAIL(BEN_E_INPUT, "%s: no *%s or *%s.gz there; name a folder of label maps", folder,
             MAP_ENDING, MAP_ENDING);
    struct origin *more;
    TRY_NEW(more = realloc(*origins, (size_t)(*n + count) * sizeof *more));
    *origins = more;
    for (int i = 0; i < count; i++) {
        more[*n] = (struct origin){.folder = which};
        TRY_NEW(more[*n].map = util_format("%s/%s", folder, entries[i]->d_name));
        ++*n;
    }
out:
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return st;
}

static enum ben_status list_origins(const struct heads_config *config, struct origin **origins,
                                    int *n)
{
    enum ben_status st = BEN_OK;
    for (int f = 0; f < config->n_folders; f++)
        TRY(list_maps(config->folders[f], f, origins, n));
    struct origin *more;
    size_t room = (size_t)(*n + config->n_brains + config->made) + 1;
    TRY_NEW(more = realloc(*origins, room * sizeof *more));
    *origins = more;
    for (int i = 0; i < config->n_brains; i++)
        more[(*n)++] = (struct origin){.brain = &config->brains[i]};
    for (int i = 0; i < config->made; i++)
        more[(*n)++] = (struct origin){0};
out:
    return st;
}

/* This rank's heads: number i belongs to rank i modulo size. */
static enum ben_status make_own(const struct comm *world, const struct heads_config *config,
                                const struct origin *origins, struct heads *heads,
                                uint8_t **voxels)
{
    enum ben_status st = BEN_OK;
    struct legend *legend = NULL;
    int read = -1;
    double start = util_now_s();
    TRY_NEW(legend = malloc(sizeof *legend));
    for (int i = world->rank; i < heads->n; i += world->size) {
        const struct origin *o = &origins[i];
        if (o->map && read != o->folder) {
            TRY(read_legend(config->folders[o->folder], legend));
            read = o->folder;
        }
        if (o->map)
            TRY(read_map(o->map, legend, &heads->list[i], &voxels[i]));
        else
            TRY(make_head(config, i, o->brain, &heads->list[i], &voxels[i]));
        count_shares(&heads->list[i], voxels[i]);
        log_progress("making heads", i + 1, heads->n, start);
    }
    log_progress_end();
out:
    free(legend);
    return st;
}

static size_t voxels_of(const struct head *head)
{
    return (size_t)head->dim[0] * (size_t)head->dim[1] * (size_t)head->dim[2];
}

/* Every head goes to where all ranks read it. Collective. */
static enum ben_status share(const struct comm *world, struct heads *heads, uint8_t **voxels)
{
    enum ben_status st = BEN_OK;
    size_t all = 0;
    for (int i = 0; i < heads->n; i++) {
        TRY(comm_broadcast(world, &heads->list[i], sizeof heads->list[i], i % world->size));
        heads->list[i].offset = all;
        all += voxels_of(&heads->list[i]);
    }
    TRY(shared_create(world, all, &heads->shared));
    uint8_t *to = shared_bytes(heads->shared);
    for (int i = 0; i < heads->n; i++) {
        size_t n = voxels_of(&heads->list[i]);
        if (voxels[i])
            memcpy(to + heads->list[i].offset, voxels[i], n);
        TRY(shared_publish(heads->shared, heads->list[i].offset, n, i % world->size));
    }
    heads->voxels = to;
    heads->hash = util_hash(UTIL_HASH_START, to, all);
out:
    return st;
}

enum ben_status heads_create(const struct comm *world, const struct heads_config *config,
                             struct heads **heads)
{
    enum ben_status st = BEN_OK;
    struct heads *made = NULL;
    struct origin *origins = NULL;
    uint8_t **voxels = NULL;
    int n = 0;
    st = list_origins(config, &origins, &n);
    if (st == BEN_OK && (!(made = calloc(1, sizeof *made)) ||
                         !(made->list = calloc((size_t)n + 1, sizeof *made->list)) ||
                         !(voxels = calloc((size_t)n + 1, sizeof *voxels))))
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    TRY(comm_agree(world, st));
    made->n = n;
    TRY(comm_agree(world, make_own(world, config, origins, made, voxels)));
    TRY(share(world, made, voxels));
    *heads = made;
    made = NULL;
out:
    for (int i = 0; i < n; i++) {
        free(origins[i].map);
        if (voxels)
            free(voxels[i]);
    }
    free(origins);
    free(voxels);
    heads_free(&made);
    return st;
}

void heads_free(struct heads **heads)
{
    struct heads *h = *heads;
    if (!h)
        return;
    shared_free(&h->shared);
    free(h->list);
    free(h);
    *heads = NULL;
}
