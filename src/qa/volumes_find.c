/* SPDX-License-Identifier: BSD-3-Clause */
/* Which masks there are. */
#include "base/util.h"
#include "io/nifti.h"
#include "io/results_read.h"
#include "io/tsv.h"
#include "qa/mask_files.h"
#include "qa/volumes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_NAMES 8 /* of a path that are tried to tell inputs apart */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

static bool is_cohort_file(const char *path)
{
    return ends_with(path, ".h5") || ends_with(path, ".hdf5");
}

/* ---- one input ---- */

/* cell as seen from the folder that file lies in. */
static enum ben_status add_beside(struct mask_files *files, const char *file, const char *cell)
{
    enum ben_status st = BEN_OK;
    char *folder = util_folder(file), *path = NULL;
    TRY_NEW(folder);
    TRY_NEW(path = *cell == '/' ? strdup(cell) : util_format("%s/%s", folder, cell));
    TRY(mask_files_add(files, path, cell));
out:
    free(folder);
    free(path);
    return st;
}

static enum ben_status list_manifest(const char *path, struct mask_files *files)
{
    enum ben_status st = BEN_OK;
    struct tsv *tsv = NULL;
    TRY(tsv_read(path, &tsv));
    int column = tsv_column(tsv, "mask");
    if (column < 0)
        FAIL(BEN_E_ARG, "%s: a manifest for volumes needs a column mask", path);
    for (long r = 0; r < tsv_rows(tsv); r++)
        if (tsv_cell(tsv, r, column))
            TRY(add_beside(files, path, tsv_cell(tsv, r, column)));
    if (files->n == 0)
        FAIL(BEN_E_ARG, "%s: no row has a mask", path);
out:
    tsv_free(&tsv);
    return st;
}

/* Rows in the file's order, failed ones too. */
static enum ben_status list_cohort(const struct results_file *file, const char *path,
                                   struct mask_files *files)
{
    enum ben_status st = BEN_OK;
    char name[32];
    for (long r = 0; r < results_rows(file); r++) {
        const struct results_row *row = results_row(file, r);
        const char *known = row->mask ? row->mask : row->scan;
        snprintf(name, sizeof name, "row-%ld", r);
        TRY(add_beside(files, path, known ? known : name));
    }
    if (files->n == 0)
        FAIL(BEN_E_ARG, "%s: no scan in it", path);
out:
    return st;
}

static enum ben_status list_input(const struct volumes *volumes, int input,
                                  struct mask_files *files, int *key)
{
    enum ben_status st = BEN_OK;
    const char *path = volumes->inputs[input];
    if (volumes->files[input])
        TRY(list_cohort(volumes->files[input], path, files));
    else if (ends_with(path, ".tsv"))
        TRY(list_manifest(path, files));
    else
        TRY(mask_files_open(path, MASK_FILES_MASKS, files));
    TRY(mask_files_id_key(files, key));
    if (!volumes->files[input])
        mask_files_sort(files, *key);
out:
    return st;
}

/* ---- all inputs ---- */

/* The k-th name from the end of a path, from 0, "" beyond its first: where it begins and its length. */
static size_t name_of(const char *path, int k, const char **name)
{
    size_t end = strlen(path), begin;
    for (;; k--) {
        while (end > 0 && path[end - 1] == '/')
            end--;
        for (begin = end; begin > 0 && path[begin - 1] != '/';)
            begin--;
        *name = path + begin;
        if (k == 0 || end == 0)
            return end - begin;
        end = begin;
    }
}

/* Whether the k-th names of all inputs differ. */
static bool tells_apart(const struct volumes *volumes, int k)
{
    const char *a, *b;
    for (int i = 0; i < volumes->n_inputs; i++)
        for (int j = 0; j < i; j++) {
            size_t n = name_of(volumes->inputs[i], k, &a);
            if (n == name_of(volumes->inputs[j], k, &b) && strncmp(a, b, n) == 0)
                return false;
        }
    return true;
}

/* Where there are several inputs, ids begin with what tells them apart: the last name, or, where
 * those are the same (A/derivatives/masks, B/derivatives/masks), one before it. */
static char *make_id(const struct volumes *volumes, int input, const char *key)
{
    const char *name;
    int k = 0;
    if (volumes->n_inputs == 1)
        return strdup(key);
    while (k < MOST_NAMES && !tells_apart(volumes, k))
        k++;
    size_t n = name_of(volumes->inputs[input], k < MOST_NAMES ? k : 0, &name);
    return util_format("%.*s/%s", (int)n, name, key);
}

/* Adds the scans of an input; all keeps their names for the label maps. */
static enum ben_status add_input(struct volumes *volumes, int input, struct mask_files *all)
{
    enum ben_status st = BEN_OK;
    struct mask_files files = {0};
    struct volumes_scan *more;
    int key;
    TRY(list_input(volumes, input, &files, &key));
    TRY_NEW(more = realloc(volumes->scans, (size_t)(volumes->n + files.n) * sizeof *more));
    volumes->scans = more;
    for (long i = 0; i < files.n; i++) {
        struct volumes_scan *scan = &volumes->scans[volumes->n++];
        *scan = (struct volumes_scan){.input = input, .row = -1};
        if (volumes->files[input])
            scan->row = i;
        TRY_NEW(scan->id = make_id(volumes, input, files.files[i].key[key]));
        TRY_NEW(scan->path = strdup(files.files[i].path));
        TRY(mask_files_add(all, scan->path, files.files[i].key[MASK_KEY_PATH]));
    }
out:
    mask_files_free(&files);
    return st;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum ben_status check_ids(const struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    const char **ids;
    TRY_NEW(ids = malloc(((size_t)volumes->n + 1) * sizeof *ids));
    for (long i = 0; i < volumes->n; i++)
        ids[i] = volumes->scans[i].id;
    qsort(ids, (size_t)volumes->n, sizeof *ids, by_text);
    for (long i = 1; i < volumes->n; i++)
        if (strcmp(ids[i - 1], ids[i]) == 0)
            FAIL(BEN_E_ARG, "two masks are called %s; give inputs of different names", ids[i]);
out:
    free(ids);
    return st;
}

static enum ben_status find_labels(struct volumes *volumes, const char *labels,
                                   struct mask_files *all)
{
    enum ben_status st = BEN_OK;
    struct mask_files maps = {0};
    long found = 0;
    TRY(mask_files_open(labels, MASK_FILES_LABELS, &maps));
    TRY(mask_files_match(&maps, all));
    if (maps.n == 1 && all->n == 1)
        all->files[0].partner = 0;
    for (long i = 0; i < volumes->n; i++) {
        long partner = all->files[i].partner;
        if (partner >= 0)
            TRY_NEW(volumes->scans[i].labels = strdup(maps.files[partner].path));
        found += partner >= 0;
    }
    if (found == 0)
        FAIL(BEN_E_ARG, "%s: no label map in it is named like a mask (%s, say)", labels,
             volumes->scans[0].id);
out:
    mask_files_free(&maps);
    return st;
}

/* On rank 0. */
static enum ben_status list_scans(struct volumes *volumes, const char *labels)
{
    enum ben_status st = BEN_OK;
    struct mask_files all = {0};
    for (int i = 0; i < volumes->n_inputs; i++)
        TRY(add_input(volumes, i, &all));
    TRY(check_ids(volumes));
    if (labels)
        TRY(find_labels(volumes, labels, &all));
out:
    mask_files_free(&all);
    return st;
}

/* ---- all ranks ---- */

static enum ben_status pack(const struct volumes *volumes, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    FILE *to = NULL;
    TRY_NEW(to = open_memstream(bytes, n));
    fwrite(&volumes->n, sizeof volumes->n, 1, to);
    for (long i = 0; i < volumes->n; i++) {
        const struct volumes_scan *s = &volumes->scans[i];
        fwrite(&s->input, sizeof s->input, 1, to);
        fwrite(&s->row, sizeof s->row, 1, to);
        fprintf(to, "%s%c%s%c%s%c", s->id, '\0', s->path, '\0', s->labels ? s->labels : "",
                '\0');
    }
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
out:
    return st;
}

static enum ben_status unpack(const char *bytes, struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    long n;
    const char *at = bytes + sizeof n;
    memcpy(&n, bytes, sizeof n);
    TRY_NEW(volumes->scans = calloc((size_t)n + 1, sizeof *volumes->scans));
    for (; volumes->n < n; volumes->n++) {
        struct volumes_scan *s = &volumes->scans[volumes->n];
        memcpy(&s->input, at, sizeof s->input);
        memcpy(&s->row, at + sizeof s->input, sizeof s->row);
        at += sizeof s->input + sizeof s->row;
        TRY_NEW(s->id = strdup(at));
        at += strlen(at) + 1;
        TRY_NEW(s->path = strdup(at));
        at += strlen(at) + 1;
        if (*at)
            TRY_NEW(s->labels = strdup(at));
        at += strlen(at) + 1;
    }
out:
    return st;
}

static enum ben_status share(const struct comm *comm, struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL;
    size_t n = 0;
    TRY(comm_agree(comm, comm->rank == 0 ? pack(volumes, &bytes, &n) : BEN_OK));
    TRY(comm_broadcast_block(comm, &bytes, &n, 0));
    TRY(comm_agree(comm, comm->rank == 0 ? BEN_OK : unpack(bytes, volumes)));
out:
    free(bytes);
    return st;
}

static enum ben_status create(const char *const *inputs, int n, struct volumes **volumes)
{
    enum ben_status st = BEN_OK;
    struct volumes *v;
    TRY_NEW(*volumes = v = calloc(1, sizeof *v));
    TRY_NEW(v->inputs = calloc((size_t)n, sizeof *v->inputs));
    TRY_NEW(v->files = calloc((size_t)n, sizeof *v->files));
    for (v->n_inputs = 0; v->n_inputs < n; v->n_inputs++)
        TRY_NEW(v->inputs[v->n_inputs] = strdup(inputs[v->n_inputs]));
out:
    return st;
}

enum ben_status volumes_find(const struct comm *comm, const char *const *inputs, int n_inputs,
                             const char *labels, struct volumes **volumes)
{
    enum ben_status st = BEN_OK;
    *volumes = NULL;
    TRY(comm_agree(comm, create(inputs, n_inputs, volumes)));
    for (int i = 0; i < n_inputs; i++)
        if (is_cohort_file(inputs[i]))
            TRY(results_open(comm, (*volumes)->inputs[i], &(*volumes)->files[i]));
    TRY(comm_agree(comm, comm->rank == 0 ? list_scans(*volumes, labels) : BEN_OK));
    TRY(share(comm, *volumes));
out:
    return st;
}

static void free_known(struct volumes_known *known)
{
    free(known->participant);
    free(known->session);
    free(known->species);
    free(known->group);
}

void volumes_free(struct volumes **volumes)
{
    struct volumes *v = *volumes;
    if (!v)
        return;
    for (long i = 0; i < v->n; i++) {
        free(v->scans[i].id);
        free(v->scans[i].path);
        free(v->scans[i].labels);
        if (v->known)
            free_known(&v->known[i]);
    }
    for (int i = 0; i < v->n_inputs; i++) {
        results_close(&v->files[i]);
        free(v->inputs[i]);
    }
    free(v->scans);
    free(v->inputs);
    free(v->files);
    free(v->rows);
    free(v->regions);
    free(v->known);
    free(v);
    *volumes = NULL;
}
