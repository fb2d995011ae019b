/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/folds.h"
#include "base/random.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

struct participant {
    const char *name;
    size_t dataset_length; /* bytes before the slash */
    uint32_t draw;
};

static int by_name(const void *a, const void *b)
{
    const struct participant *p = a, *q = b;
    return strcmp(p->name, q->name);
}

/* Participants of one dataset stay together, in random order. */
static int by_dataset_and_draw(const void *a, const void *b)
{
    const struct participant *p = a, *q = b;
    size_t shorter =
        p->dataset_length < q->dataset_length ? p->dataset_length : q->dataset_length;
    int order = memcmp(p->name, q->name, shorter);
    if (order == 0 && p->dataset_length != q->dataset_length)
        order = p->dataset_length < q->dataset_length ? -1 : 1;
    if (order == 0 && p->draw != q->draw)
        order = p->draw < q->draw ? -1 : 1;
    return order ? order : strcmp(p->name, q->name);
}

/* The draw depends on the name alone, so that a participant more or less moves few others. */
static struct participant describe(const char *name, uint64_t seed)
{
    const char *slash = strchr(name, '/');
    uint64_t hash = util_hash(UTIL_HASH_START, name, strlen(name));
    struct random_stream stream =
        random_open(seed, BEN_RANDOM_FOLDS, (uint32_t)hash, (uint32_t)(hash >> 32));
    return (struct participant){name, slash ? (size_t)(slash - name) : 0,
                                random_u32(&stream, 0)};
}

static int list_participants(const char *const *names, int n, uint64_t seed,
                             struct participant *list)
{
    int found = 0;
    for (int i = 0; i < n; i++)
        list[i] = describe(names[i], seed);
    qsort(list, (size_t)n, sizeof *list, by_name);
    for (int i = 0; i < n; i++)
        if (i == 0 || strcmp(list[i].name, list[found - 1].name) != 0)
            list[found++] = list[i];
    qsort(list, (size_t)found, sizeof *list, by_dataset_and_draw);
    return found;
}

static int by_draw(const void *a, const void *b)
{
    const struct participant *p = a, *q = b;
    if (p->draw != q->draw)
        return p->draw < q->draw ? -1 : 1;
    return strcmp(p->name, q->name);
}

/* Every 1/fraction-th of the list validates: all datasets give their share. */
static bool chosen(const struct folds_config *config, int place, int n)
{
    if (config->folds > 1)
        return place % config->folds == config->fold - 1;
    if (config->fraction <= 0)
        return false;
    int wanted = (int)(config->fraction * n + 0.5);
    wanted = wanted < 1 ? 1 : wanted;
    return (long)(place + 1) * wanted / n > (long)place * wanted / n;
}

static enum ben_status check(const struct folds_config *config, int participants)
{
    enum ben_status st = BEN_OK;
    if (config->folds > participants)
        FAIL(BEN_E_ARG, "%d folds need as many participants, but there are %d: lower --folds",
             config->folds, participants);
    if (config->folds > 1 && (config->fold < 1 || config->fold > config->folds))
        FAIL(BEN_E_ARG, "fold %d is not one of 1..%d: set --fold", config->fold, config->folds);
    if (config->folds <= 1 && config->fraction > 0 &&
        (participants < 2 || (int)(config->fraction * participants + 0.5) >= participants))
        FAIL(BEN_E_ARG,
             "a validation fraction of %g leaves none of %d participants to train: lower "
             "--validation-fraction",
             config->fraction, participants);
out:
    return st;
}

static int find_place(const struct participant *list, const char *name)
{
    int place = 0;
    while (strcmp(list[place].name, name) != 0)
        place++;
    return place;
}

enum ben_status folds_split(const struct folds_config *config, const char *const *names, int n,
                            bool *validates)
{
    enum ben_status st = BEN_OK;
    struct participant *list = NULL;
    TRY_NEW(list = calloc((size_t)n + 1, sizeof *list));
    int found = list_participants(names, n, config->seed, list);
    TRY(check(config, found));
    for (int i = 0; i < n; i++)
        validates[i] = chosen(config, find_place(list, names[i]), found);
out:
    free(list);
    return st;
}

enum ben_status folds_choose(uint64_t seed, int wanted, const char *const *names,
                             const bool *allowed, int n, bool *chosen)
{
    enum ben_status st = BEN_OK;
    struct participant *list = NULL;
    const char **left = NULL;
    int n_left = 0;
    TRY_NEW(list = calloc((size_t)n + 1, sizeof *list));
    TRY_NEW(left = calloc((size_t)n + 1, sizeof *left));
    for (int i = 0; i < n; i++)
        if (allowed[i])
            left[n_left++] = names[i];
    int found = list_participants(left, n_left, seed, list);
    qsort(list, (size_t)found, sizeof *list, by_draw);
    for (int i = 0; i < n; i++)
        chosen[i] = allowed[i] && find_place(list, names[i]) < wanted;
out:
    free(list);
    free(left);
    return st;
}
