/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/pairs.h"

#include "base/util.h"
#include "io/nifti.h"

#include <errno.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The names a file goes by, each step more forgiving. */
enum { KEY_PATH, KEY_PLAIN, KEY_NAME, KEY_NO_SPACE, KEYS };

struct mask_file {
    char *path;
    char *key[KEYS];
    long partner; /* index on the other side, -1 none */
};

struct side {
    const char *name; /* what the user gave */
    struct mask_file *files;
    long n, room;
};

/* A file taking part in a step of matching. */
struct candidate {
    const char *key;
    int side;
    long index;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Cuts "<what><value>" up to the next '_' or '/' out of text, wherever an entity can stand. */
static void cut_entity(char *text, const char *what)
{
    char *at = strstr(text, what);
    if (!at)
        return;
    size_t length = strlen(what) + strcspn(at + strlen(what), "_/");
    memmove(at, at + length, strlen(at + length) + 1);
}

static enum ben_status make_keys(const char *relative, struct mask_file *file)
{
    enum ben_status st = BEN_OK;
    char **key = file->key;
    size_t length = strlen(relative) - nifti_ending(relative);
    TRY_NEW(key[KEY_PATH] = strndup(relative, length));
    TRY_NEW(key[KEY_PLAIN] = strdup(key[KEY_PATH]));
    if (ends_with(key[KEY_PLAIN], "_mask"))
        key[KEY_PLAIN][length - strlen("_mask")] = '\0';
    cut_entity(key[KEY_PLAIN], "_desc-");
    TRY_NEW(key[KEY_NAME] = strdup(util_basename(key[KEY_PLAIN])));
    TRY_NEW(key[KEY_NO_SPACE] = strdup(key[KEY_NAME]));
    cut_entity(key[KEY_NO_SPACE], "_space-");
out:
    return st;
}

static enum ben_status side_add(struct side *side, const char *path, const char *relative)
{
    enum ben_status st = BEN_OK;
    if (side->n == side->room) {
        long room = side->room ? 2 * side->room : 64;
        void *grown = realloc(side->files, (size_t)room * sizeof *side->files);
        TRY_NEW(grown);
        side->files = grown;
        side->room = room;
    }
    struct mask_file *file = &side->files[side->n++];
    *file = (struct mask_file){.partner = -1};
    TRY_NEW(file->path = strdup(path));
    TRY(make_keys(relative, file));
out:
    return st;
}

static void file_clear(struct mask_file *file)
{
    free(file->path);
    for (int k = 0; k < KEYS; k++)
        free(file->key[k]);
}

static void side_free(struct side *side)
{
    for (long i = 0; i < side->n; i++)
        file_clear(&side->files[i]);
    free(side->files);
}

/* A NIfTI file that can be opened by this name; of a .hdr/.img pair the header. */
static bool is_nifti_name(const char *name)
{
    size_t ending = nifti_ending(name);
    return name[0] != '.' && ending > 0 && strstr(name + strlen(name) - ending, ".img") == NULL;
}

static enum ben_status side_take(struct side *side, FTS *walk, const FTSENT *entry)
{
    enum ben_status st = BEN_OK;
    bool folder = entry->fts_info == FTS_D;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
        FAIL(BEN_E_IO, "%s: cannot read: %s", entry->fts_path, strerror(entry->fts_errno));
    if (folder && entry->fts_level > 0 && entry->fts_name[0] == '.')
        fts_set(walk, (FTSENT *)(uintptr_t)entry, FTS_SKIP);
    if (entry->fts_info != FTS_F || !is_nifti_name(entry->fts_name))
        return BEN_OK;
    const char *relative = entry->fts_path + strlen(side->name);
    TRY(side_add(side, entry->fts_path, relative + strspn(relative, "/")));
out:
    return st;
}

static enum ben_status side_walk(struct side *side)
{
    enum ben_status st = BEN_OK;
    char *root = strdup(side->name);
    char *const roots[] = {root, NULL};
    FTS *walk = NULL;
    const FTSENT *entry;
    TRY_NEW(root);
    walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        FAIL(BEN_E_IO, "%s: cannot read: %s", side->name, strerror(errno));
    while (errno = 0, (entry = fts_read(walk)) != NULL)
        TRY(side_take(side, walk, entry));
    if (errno)
        FAIL(BEN_E_IO, "%s: cannot read: %s", side->name, strerror(errno));
out:
    if (walk)
        fts_close(walk);
    free(root);
    return st;
}

/* Where some files are called masks, the others (images, probabilities) are not meant. */
static void side_keep_masks(struct side *side)
{
    long masks = 0, kept = 0;
    for (long i = 0; i < side->n; i++)
        masks += ends_with(side->files[i].key[KEY_PATH], "mask");
    for (long i = 0; i < side->n && masks > 0; i++)
        if (ends_with(side->files[i].key[KEY_PATH], "mask"))
            side->files[kept++] = side->files[i];
        else
            file_clear(&side->files[i]);
    side->n = masks > 0 ? kept : side->n;
}

static enum ben_status side_open(const char *name, struct side *side)
{
    enum ben_status st = BEN_OK;
    side->name = name;
    if (util_is_dir(name)) {
        TRY(side_walk(side));
        side_keep_masks(side);
    } else if (util_is_file(name)) {
        TRY(side_add(side, name, util_basename(name)));
    } else {
        FAIL(BEN_E_ARG, "%s: no such file or folder", name);
    }
    if (side->n == 0)
        FAIL(BEN_E_ARG, "%s: no NIfTI file (.nii, .nii.gz, .hdr) in this folder", name);
out:
    return st;
}

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->side - y->side;
}

static bool same_key(const struct candidate *a, const struct candidate *b)
{
    return strcmp(a->key, b->key) == 0;
}

/* One step: names that stand once on either side become partners. room for all files. */
static void match_step(struct side sides[2], int key, struct candidate *room)
{
    size_t n = 0;
    for (int s = 0; s < 2; s++)
        for (long i = 0; i < sides[s].n; i++)
            if (sides[s].files[i].partner < 0)
                room[n++] = (struct candidate){sides[s].files[i].key[key], s, i};
    qsort(room, n, sizeof *room, by_key);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && same_key(&room[i], &room[end]);)
            end++;
        if (end - i != 2 || room[i].side == room[i + 1].side)
            continue;
        sides[0].files[room[i].index].partner = room[i + 1].index;
        sides[1].files[room[i + 1].index].partner = room[i].index;
    }
}

static enum ben_status match_sides(struct side sides[2])
{
    enum ben_status st = BEN_OK;
    struct candidate *room = NULL;
    if (util_is_file(sides[0].name) && util_is_file(sides[1].name)) {
        sides[0].files[0].partner = sides[1].files[0].partner = 0;
        return BEN_OK;
    }
    TRY_NEW(room = malloc((size_t)(sides[0].n + sides[1].n) * sizeof *room));
    for (int key = 0; key < KEYS; key++)
        match_step(sides, key, room);
out:
    free(room);
    return st;
}

static enum ben_status pair_set(struct pair *pair, const char *id, const char *pred,
                                const char *ref)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(pair->id = strdup(id));
    TRY_NEW(pair->ref = strdup(ref));
    if (pred)
        TRY_NEW(pair->pred = strdup(pred));
out:
    return st;
}

static int by_id(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    return strcmp(x->id, y->id);
}

/* Whether two references share their plain names, so that those cannot be ids. */
static enum ben_status plain_names_clash(const struct side *refs, bool *clash)
{
    enum ben_status st = BEN_OK;
    struct candidate *all = NULL;
    *clash = false;
    TRY_NEW(all = malloc((size_t)refs->n * sizeof *all));
    for (long i = 0; i < refs->n; i++)
        all[i] = (struct candidate){refs->files[i].key[KEY_PLAIN], 0, i};
    qsort(all, (size_t)refs->n, sizeof *all, by_key);
    for (long i = 1; i < refs->n; i++)
        *clash |= same_key(&all[i - 1], &all[i]);
out:
    free(all);
    return st;
}

static enum ben_status make_list(const struct side sides[2], bool complete, struct pairs *pairs)
{
    enum ben_status st = BEN_OK;
    const struct side *preds = &sides[0], *refs = &sides[1];
    bool clash;
    TRY(plain_names_clash(refs, &clash));
    TRY_NEW(pairs->list = calloc((size_t)refs->n, sizeof *pairs->list));
    pairs->extra = preds->n;
    for (long i = 0; i < refs->n; i++) {
        const struct mask_file *file = &refs->files[i];
        const char *id = file->key[clash ? KEY_PATH : KEY_PLAIN];
        const char *pred = file->partner < 0 ? NULL : preds->files[file->partner].path;
        pairs->missing += !pred;
        pairs->extra -= pred != NULL;
        if (pred || complete)
            TRY(pair_set(&pairs->list[pairs->n++], id, pred, file->path));
    }
    qsort(pairs->list, (size_t)pairs->n, sizeof *pairs->list, by_id);
out:
    return st;
}

enum ben_status pairs_match(const char *pred, const char *ref, bool complete,
                            struct pairs **pairs)
{
    enum ben_status st = BEN_OK;
    struct side sides[2] = {{0}};
    struct pairs *p = NULL;
    TRY(side_open(pred, &sides[0]));
    TRY(side_open(ref, &sides[1]));
    TRY(match_sides(sides));
    TRY_NEW(p = calloc(1, sizeof *p));
    TRY(make_list(sides, complete, p));
    if (p->missing == sides[1].n)
        FAIL(BEN_E_ARG,
             "no mask of %s (%s, say) has a counterpart in %s (%s, say); name them alike, or "
             "give "
             "two files",
             pred, sides[0].files[0].key[KEY_PATH], ref, sides[1].files[0].key[KEY_PATH]);
    *pairs = p;
    p = NULL;
out:
    pairs_free(&p);
    side_free(&sides[0]);
    side_free(&sides[1]);
    return st;
}

enum ben_status pairs_pack(const struct pairs *pairs, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    FILE *to = NULL;
    *bytes = NULL;
    TRY_NEW(to = open_memstream(bytes, n));
    fwrite(&pairs->n, sizeof pairs->n, 1, to);
    fwrite(&pairs->extra, sizeof pairs->extra, 1, to);
    fwrite(&pairs->missing, sizeof pairs->missing, 1, to);
    for (long i = 0; i < pairs->n; i++) {
        const struct pair *p = &pairs->list[i];
        const char *texts[] = {p->id, p->pred ? p->pred : "", p->ref};
        for (int t = 0; t < 3; t++)
            fwrite(texts[t], strlen(texts[t]) + 1, 1, to);
    }
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}

enum ben_status pairs_unpack(const char *bytes, size_t n, struct pairs **pairs)
{
    enum ben_status st = BEN_OK;
    struct pairs *p = NULL;
    const char *at = bytes + 3 * sizeof(long);
    ENSURE(n >= 3 * sizeof(long));
    TRY_NEW(p = calloc(1, sizeof *p));
    memcpy(&p->n, bytes, sizeof p->n);
    memcpy(&p->extra, bytes + sizeof(long), sizeof p->extra);
    memcpy(&p->missing, bytes + 2 * sizeof(long), sizeof p->missing);
    TRY_NEW(p->list = calloc((size_t)p->n + 1, sizeof *p->list));
    for (long i = 0; i < p->n; i++) {
        const char *pred = at + strlen(at) + 1, *ref = pred + strlen(pred) + 1;
        TRY(pair_set(&p->list[i], at, *pred ? pred : NULL, ref));
        at = ref + strlen(ref) + 1;
    }
    ENSURE(at == bytes + n);
    *pairs = p;
    p = NULL;
out:
    pairs_free(&p);
    return st;
}

void pairs_free(struct pairs **pairs)
{
    if (!*pairs)
        return;
    for (long i = 0; (*pairs)->list && i < (*pairs)->n; i++) {
        free((*pairs)->list[i].id);
        free((*pairs)->list[i].pred);
        free((*pairs)->list[i].ref);
    }
    free((*pairs)->list);
    free(*pairs);
    *pairs = NULL;
}
