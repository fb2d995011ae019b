/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/mask_files.h"

#include "base/util.h"
#include "io/cohort.h"
#include "io/derivatives.h"
#include "io/nifti.h"

#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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
    TRY_NEW(key[MASK_KEY_PATH] = strndup(relative, length));
    TRY_NEW(key[MASK_KEY_PLAIN] = strdup(key[MASK_KEY_PATH]));
    if (ends_with(key[MASK_KEY_PLAIN], "_mask") || ends_with(key[MASK_KEY_PLAIN], "_dseg"))
        key[MASK_KEY_PLAIN][length - strlen("_mask")] = '\0';
    cut_entity(key[MASK_KEY_PLAIN], "_desc-");
    TRY_NEW(key[MASK_KEY_NAME] = strdup(util_basename(key[MASK_KEY_PLAIN])));
    TRY_NEW(key[MASK_KEY_NO_SPACE] = strdup(key[MASK_KEY_NAME]));
    cut_entity(key[MASK_KEY_NO_SPACE], "_space-");
out:
    return st;
}

enum ben_status mask_files_add(struct mask_files *list, const char *path, const char *relative)
{
    enum ben_status st = BEN_OK;
    if (list->n == list->room) {
        long room = list->room ? 2 * list->room : 64;
        void *grown = realloc(list->files, (size_t)room * sizeof *list->files);
        TRY_NEW(grown);
        list->files = grown;
        list->room = room;
    }
    struct mask_file *file = &list->files[list->n++];
    *file = (struct mask_file){.partner = -1};
    TRY_NEW(file->path = strdup(path));
    TRY(make_keys(relative, file));
out:
    return st;
}

static void file_clear(struct mask_file *file)
{
    free(file->path);
    for (int k = 0; k < MASK_KEYS; k++)
        free(file->key[k]);
}

void mask_files_free(struct mask_files *list)
{
    for (long i = 0; i < list->n; i++)
        file_clear(&list->files[i]);
    free(list->files);
    *list = (struct mask_files){0};
}

/* A NIfTI file that can be opened by this name; of a .hdr/.img pair the header. */
static bool is_nifti_name(const char *name)
{
    size_t ending = nifti_ending(name);
    return name[0] != '.' && ending > 0 && strstr(name + strlen(name) - ending, ".img") == NULL;
}

static enum ben_status files_take(struct mask_files *list, const char *root, FTS *walk,
                                  const FTSENT *entry)
{
    enum ben_status st = BEN_OK;
    bool folder = entry->fts_info == FTS_D;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
        FAIL(BEN_E_IO, "%s: cannot read: %s", entry->fts_path, strerror(entry->fts_errno));
    if (folder && entry->fts_level > 0 && entry->fts_name[0] == '.')
        fts_set(walk, (FTSENT *)(uintptr_t)entry, FTS_SKIP);
    if (entry->fts_info != FTS_F || !is_nifti_name(entry->fts_name))
        return BEN_OK;
    const char *relative = entry->fts_path + strlen(root);
    TRY(mask_files_add(list, entry->fts_path, relative + strspn(relative, "/")));
out:
    return st;
}

static enum ben_status files_walk(struct mask_files *list, const char *name)
{
    enum ben_status st = BEN_OK;
    char *root = strdup(name);
    char *const roots[] = {root, NULL};
    FTS *walk = NULL;
    const FTSENT *entry;
    TRY_NEW(root);
    walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        FAIL(BEN_E_IO, "%s: cannot read: %s", name, strerror(errno));
    while (errno = 0, (entry = fts_read(walk)) != NULL)
        TRY(files_take(list, name, walk, entry));
    if (errno)
        FAIL(BEN_E_IO, "%s: cannot read: %s", name, strerror(errno));
out:
    if (walk)
        fts_close(walk);
    free(root);
    return st;
}

static long count_ending(const struct mask_files *list, const char *end)
{
    long n = 0;
    for (long i = 0; i < list->n; i++)
        n += ends_with(list->files[i].key[MASK_KEY_PATH], end);
    return n;
}

/* Keeps the files whose name ends so, or does not; unless that leaves none. */
static void keep_ending(struct mask_files *list, const char *end, bool with)
{
    long kept = 0, ending = count_ending(list, end);
    if (ending == (with ? 0 : list->n))
        return;
    for (long i = 0; i < list->n; i++)
        if (ends_with(list->files[i].key[MASK_KEY_PATH], end) == with)
            list->files[kept++] = list->files[i];
        else
            file_clear(&list->files[i]);
    list->n = kept;
}

/* The masks of a manifest's scans, by the names of derivatives. */
static enum ben_status open_manifest(const char *name, struct mask_files *list)
{
    enum ben_status st = BEN_OK;
    const struct cohort_options options = {0};
    struct cohort *cohort = NULL;
    char *relative = NULL;
    TRY(cohort_open(&name, 1, &options, &cohort));
    for (long i = 0; i < cohort->n; i++) {
        const struct scan *scan = &cohort->scans[i];
        const struct derivative_source source = {scan->relative, scan->bids,
                                                 scan->suffix_needed};
        free(relative);
        TRY_NEW(relative = derivative_path("", &source, BEN_DERIVATIVE_MASK, ".nii.gz"));
        if (scan->mask)
            TRY(mask_files_add(list, scan->mask, relative));
    }
    if (list->n == 0)
        FAIL(BEN_E_ARG, "%s: no row of this manifest has a mask", name);
out:
    free(relative);
    cohort_free(&cohort);
    return st;
}

enum ben_status mask_files_open(const char *name, enum mask_kind kind, struct mask_files *list)
{
    enum ben_status st = BEN_OK;
    if (util_is_dir(name)) {
        TRY(files_walk(list, name));
        keep_ending(list, kind == MASK_FILES_LABELS ? "dseg" : "mask", true);
        if (kind == MASK_FILES_LABELS)
            keep_ending(list, "mask", false);
    } else if (util_is_file(name) && ends_with(name, ".tsv")) {
        TRY(open_manifest(name, list));
    } else if (util_is_file(name)) {
        TRY(mask_files_add(list, name, util_basename(name)));
    } else {
        FAIL(BEN_E_ARG, "%s: no such file or folder", name);
    }
    if (list->n == 0)
        FAIL(BEN_E_ARG, "%s: no NIfTI file (.nii, .nii.gz, .hdr) in this folder", name);
out:
    return st;
}

/* A file taking part in a step of matching. */
struct candidate {
    const char *key;
    int side;
    long index;
};

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

static size_t take_part(const struct mask_files *list, int side, int key,
                        struct candidate *room)
{
    size_t n = 0;
    for (long i = 0; i < list->n; i++)
        if (list->files[i].partner < 0)
            room[n++] = (struct candidate){list->files[i].key[key], side, i};
    return n;
}

/* One step: names that stand once on either side become partners. room for all files. */
static void match_step(struct mask_files *a, struct mask_files *b, int key,
                       struct candidate *room)
{
    size_t n = take_part(a, 0, key, room);
    n += take_part(b, 1, key, room + n);
    qsort(room, n, sizeof *room, by_key);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && same_key(&room[i], &room[end]);)
            end++;
        if (end - i != 2 || room[i].side == room[i + 1].side)
            continue;
        a->files[room[i].index].partner = room[i + 1].index;
        b->files[room[i + 1].index].partner = room[i].index;
    }
}

enum ben_status mask_files_match(struct mask_files *a, struct mask_files *b)
{
    enum ben_status st = BEN_OK;
    struct candidate *room = NULL;
    TRY_NEW(room = malloc((size_t)(a->n + b->n + 1) * sizeof *room));
    for (int key = 0; key < MASK_KEYS; key++)
        match_step(a, b, key, room);
out:
    free(room);
    return st;
}

enum ben_status mask_files_id_key(const struct mask_files *files, int *key)
{
    enum ben_status st = BEN_OK;
    struct candidate *all = NULL;
    *key = MASK_KEY_PLAIN;
    TRY_NEW(all = malloc((size_t)(files->n + 1) * sizeof *all));
    for (long i = 0; i < files->n; i++)
        all[i] = (struct candidate){files->files[i].key[MASK_KEY_PLAIN], 0, i};
    qsort(all, (size_t)files->n, sizeof *all, by_key);
    for (long i = 1; i < files->n; i++)
        if (same_key(&all[i - 1], &all[i]))
            *key = MASK_KEY_PATH;
out:
    free(all);
    return st;
}

static int by_file_key(const void *a, const void *b, void *key)
{
    const struct mask_file *x = a, *y = b;
    return strcmp(x->key[*(int *)key], y->key[*(int *)key]);
}

void mask_files_sort(struct mask_files *files, int key)
{
    if (files->n > 0)
        qsort_r(files->files, (size_t)files->n, sizeof *files->files, by_file_key, &key);
}
