/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/weights_format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ben_status weights_create(enum weights_kind kind, struct weights_file **file)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(*file = calloc(1, sizeof **file));
    (*file)->kind = kind;
out:
    return st;
}

static void free_list(struct weights_list *list)
{
    for (int i = 0; i < list->n; i++)
        free(list->items[i].data);
    free(list->items);
}

void weights_drop_tensors(struct weights_file *file)
{
    free_list(&file->values);
    free_list(&file->state);
    file->values = file->state = (struct weights_list){NULL, 0, 0};
}

void weights_free(struct weights_file **file)
{
    struct weights_file *f = *file;
    if (!f)
        return;
    free_list(&f->values);
    free_list(&f->state);
    for (int i = 0; i < f->n_texts; i++)
        free(f->texts[i].text);
    free(f->texts);
    free(f->integers);
    free(f->reals);
    free(f->path);
    free(f);
    *file = NULL;
}

bool weights_name_good(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
            return false;
    return n > 0 && n < BEN_WEIGHTS_NAME && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static const struct weights_tensor *find(const struct weights_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

enum ben_status weights_adopt(struct weights_list *list, struct weights_tensor *tensor)
{
    enum ben_status st = BEN_OK;
    ENSURE(weights_name_good(tensor->name) && !find(list, tensor->name));
    if (list->n == list->room) {
        struct weights_tensor *more;
        list->room = list->room ? 2 * list->room : 64;
        TRY_NEW(more = realloc(list->items, (size_t)list->room * sizeof *more));
        list->items = more;
    }
    list->items[list->n++] = *tensor;
    tensor->data = NULL;
out:
    return st;
}

static enum ben_status add_tensor(struct weights_list *list, const char *name, int rank,
                                  const int *shape, const float *data)
{
    enum ben_status st = BEN_OK;
    struct weights_tensor tensor = {.rank = rank, .count = 1};
    ENSURE(weights_name_good(name) && rank >= 1 && rank <= 4);
    strcpy(tensor.name, name);
    for (int d = 0; d < rank; d++) {
        ENSURE(shape[d] > 0);
        tensor.shape[d] = shape[d];
        tensor.count *= (size_t)shape[d];
    }
    TRY_NEW(tensor.data = malloc(tensor.count * sizeof *data));
    memcpy(tensor.data, data, tensor.count * sizeof *data);
    TRY(weights_adopt(list, &tensor));
out:
    free(tensor.data);
    return st;
}

enum ben_status weights_add_value(struct weights_file *file, const char *name, int rank,
                                  const int *shape, const float *data)
{
    return add_tensor(&file->values, name, rank, shape, data);
}

enum ben_status weights_add_state(struct weights_file *file, const char *name, int rank,
                                  const int *shape, const float *data)
{
    return add_tensor(&file->state, name, rank, shape, data);
}

static const struct weights_integer *find_integer(const struct weights_file *file,
                                                  const char *name)
{
    for (int i = 0; i < file->n_integers; i++)
        if (strcmp(file->integers[i].name, name) == 0)
            return &file->integers[i];
    return NULL;
}

static const struct weights_real *find_real(const struct weights_file *file, const char *name)
{
    for (int i = 0; i < file->n_reals; i++)
        if (strcmp(file->reals[i].name, name) == 0)
            return &file->reals[i];
    return NULL;
}

enum ben_status weights_add_integer(struct weights_file *file, const char *name, int64_t value)
{
    enum ben_status st = BEN_OK;
    struct weights_integer *more;
    ENSURE(weights_name_good(name) && !find_integer(file, name) && !find_real(file, name));
    TRY_NEW(more = realloc(file->integers, ((size_t)file->n_integers + 1) * sizeof *more));
    file->integers = more;
    more += file->n_integers++;
    more->value = value;
    strcpy(more->name, name);
out:
    return st;
}

enum ben_status weights_add_real(struct weights_file *file, const char *name, double value)
{
    enum ben_status st = BEN_OK;
    struct weights_real *more;
    ENSURE(weights_name_good(name) && !find_integer(file, name) && !find_real(file, name));
    TRY_NEW(more = realloc(file->reals, ((size_t)file->n_reals + 1) * sizeof *more));
    file->reals = more;
    more += file->n_reals++;
    more->value = value;
    strcpy(more->name, name);
out:
    return st;
}

enum ben_status weights_add_text(struct weights_file *file, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    struct weights_text *more;
    ENSURE(weights_name_good(name) && !weights_find_text(file, name));
    TRY_NEW(more = realloc(file->texts, ((size_t)file->n_texts + 1) * sizeof *more));
    file->texts = more;
    more += file->n_texts;
    TRY_NEW(more->text = strdup(text));
    strcpy(more->name, name);
    file->n_texts++;
out:
    return st;
}

const struct weights_tensor *weights_find_value(const struct weights_file *file,
                                                const char *name)
{
    return find(&file->values, name);
}

const struct weights_tensor *weights_find_state(const struct weights_file *file,
                                                const char *name)
{
    return find(&file->state, name);
}

const char *weights_find_text(const struct weights_file *file, const char *name)
{
    for (int i = 0; i < file->n_texts; i++)
        if (strcmp(file->texts[i].name, name) == 0)
            return file->texts[i].text;
    return NULL;
}

static const char *path_of(const struct weights_file *file)
{
    return file->path ? file->path : "weights in memory";
}

enum ben_status weights_get_integer(const struct weights_file *file, const char *name,
                                    int64_t *value)
{
    enum ben_status st = BEN_OK;
    const struct weights_integer *found = find_integer(file, name);
    if (!found)
        FAIL(BEN_E_ARG, "%s: the number %s is missing; is this a checkpoint of ben-mpi train?",
             path_of(file), name);
    *value = found->value;
out:
    return st;
}

enum ben_status weights_get_real(const struct weights_file *file, const char *name,
                                 double *value)
{
    enum ben_status st = BEN_OK;
    const struct weights_real *found = find_real(file, name);
    if (!found)
        FAIL(BEN_E_ARG, "%s: the number %s is missing; is this a checkpoint of ben-mpi train?",
             path_of(file), name);
    *value = found->value;
out:
    return st;
}

/* "16x3x3" */
static const char *shape_text(int rank, const int *shape, char text[64])
{
    char *end = text;
    *text = '\0';
    for (int d = 0; d < rank; d++)
        end += snprintf(end, (size_t)(text + 64 - end), d ? "x%d" : "%d", shape[d]);
    return text;
}

static enum ben_status check_want(const struct weights_file *file,
                                  const struct weights_list *list,
                                  const struct weights_want *want)
{
    enum ben_status st = BEN_OK;
    char found[64], wanted[64];
    const struct weights_tensor *tensor = find(list, want->name);
    if (!tensor)
        FAIL(BEN_E_ARG,
             "%s: the tensor %s is missing; these weights are not for this network, take "
             "weights "
             "of the same architecture",
             path_of(file), want->name);
    if (tensor->rank != want->rank ||
        memcmp(tensor->shape, want->shape, (size_t)want->rank * sizeof(int)) != 0)
        FAIL(BEN_E_ARG,
             "%s: the tensor %s is %s, this network needs %s; take weights of the same "
             "architecture",
             path_of(file), want->name, shape_text(tensor->rank, tensor->shape, found),
             shape_text(want->rank, want->shape, wanted));
out:
    return st;
}

static enum ben_status load(const struct weights_file *file, const struct weights_list *list,
                            const struct weights_want *want, int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < n; i++)
        TRY(check_want(file, list, &want[i]));
    for (int i = 0; i < n; i++) {
        const struct weights_tensor *tensor = find(list, want[i].name);
        if (want[i].into)
            memcpy(want[i].into, tensor->data, tensor->count * sizeof *tensor->data);
    }
out:
    return st;
}

static bool is_wanted(const char *name, const struct weights_want *want, int n)
{
    for (int i = 0; i < n; i++)
        if (strcmp(want[i].name, name) == 0)
            return true;
    return false;
}

enum ben_status weights_load_values(const struct weights_file *file,
                                    const struct weights_want *want, int n)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < file->values.n; i++)
        if (!is_wanted(file->values.items[i].name, want, n))
            FAIL(BEN_E_ARG,
                 "%s: this network has no tensor %s; take weights of the same architecture",
                 path_of(file), file->values.items[i].name);
    TRY(load(file, &file->values, want, n));
out:
    return st;
}

enum ben_status weights_load_state(const struct weights_file *file,
                                   const struct weights_want *want, int n)
{
    return load(file, &file->state, want, n);
}
