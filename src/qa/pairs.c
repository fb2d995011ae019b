/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/pairs.h"

#include "base/util.h"
#include "qa/mask_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static enum ben_status make_list(const struct mask_files sides[2], bool complete,
                                 struct pairs *pairs)
{
    enum ben_status st = BEN_OK;
    const struct mask_files *preds = &sides[0], *refs = &sides[1];
    int key;
    TRY(mask_files_id_key(refs, &key));
    TRY_NEW(pairs->list = calloc((size_t)refs->n, sizeof *pairs->list));
    pairs->extra = preds->n;
    for (long i = 0; i < refs->n; i++) {
        const struct mask_file *file = &refs->files[i];
        const char *id = file->key[key];
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
    struct mask_files sides[2] = {{0}};
    struct pairs *p = NULL;
    TRY(mask_files_open(pred, MASK_FILES_MASKS, &sides[0]));
    TRY(mask_files_open(ref, MASK_FILES_MASKS, &sides[1]));
    if (sides[0].n == 1 && sides[1].n == 1 && util_is_file(pred) && util_is_file(ref))
        sides[0].files[0].partner = sides[1].files[0].partner = 0;
    else
        TRY(mask_files_match(&sides[0], &sides[1]));
    TRY_NEW(p = calloc(1, sizeof *p));
    TRY(make_list(sides, complete, p));
    if (p->missing == sides[1].n)
        FAIL(BEN_E_ARG,
             "no mask of %s (%s, say) has a counterpart in %s (%s, say); name them alike, or "
             "give "
             "two files",
             pred, sides[0].files[0].key[MASK_KEY_PATH], ref,
             sides[1].files[0].key[MASK_KEY_PATH]);
    *pairs = p;
    p = NULL;
out:
    pairs_free(&p);
    mask_files_free(&sides[0]);
    mask_files_free(&sides[1]);
    return st;
}

enum ben_status pairs_join(struct pairs *all, struct pairs *more, const char *method)
{
    enum ben_status st = BEN_OK;
    struct pair *grown = realloc(all->list, (size_t)(all->n + more->n + 1) * sizeof *grown);
    TRY_NEW(grown);
    all->list = grown;
    for (long i = 0; i < more->n && method; i++)
        TRY_NEW(more->list[i].method = strdup(method));
    for (long i = 0; i < more->n; i++)
        all->list[all->n++] = more->list[i];
    all->extra += more->extra;
    all->missing += more->missing;
    more->n = 0;
out:
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
        const char *texts[] = {p->id, p->pred, p->ref, p->method};
        for (int t = 0; t < 4; t++)
            fprintf(to, "%s%c", texts[t] ? texts[t] : "", '\0');
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
        const char *method = ref + strlen(ref) + 1;
        TRY(pair_set(&p->list[i], at, *pred ? pred : NULL, ref));
        if (*method)
            TRY_NEW(p->list[i].method = strdup(method));
        at = method + strlen(method) + 1;
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
        free((*pairs)->list[i].method);
    }
    free((*pairs)->list);
    free(*pairs);
    *pairs = NULL;
}
