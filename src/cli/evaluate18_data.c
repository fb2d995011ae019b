/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/evaluate18_data.h"
#include "base/random.h"
#include "base/util.h"
#include "train/folds.h"

#include <stdlib.h>
#include <string.h>

/* A path of the table as it can be opened; the caller frees. */
static char *from_root(const char *root, const char *path)
{
    return path[0] == '/' || root[0] == '\0' ? strdup(path) : util_format("%s/%s", root, path);
}

/* The folder of the set's row, else ROOT/ID; *masks: the row's, else what lies beside. */
static enum ben_status find_folder(const struct study_set *set, const char *root, char **folder,
                                   char **masks)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(*folder = from_root(root, set->folder ? set->folder : set->id));
    if (set->masks)
        TRY_NEW(*masks = from_root(root, set->masks));
    else
        TRY_NEW(*masks = util_format("%s/derivatives/reference", *folder));
    if (!set->masks && !util_is_dir(*masks)) {
        free(*masks);
        *masks = NULL;
    }
out:
    return st;
}

static bool has_mask(const struct scan *scan)
{
    return scan->mask != NULL;
}

static bool fits(const struct study_set *set, const struct scan *scan)
{
    return !scan->bids || study_modality_fits(set->modality, scan->suffix);
}

static bool split_is(const struct scan *scan, const char *split)
{
    return scan->split && strcmp(scan->split, split) == 0;
}

/* is_test [n]: by the split column where it names a test, else by participant. Where there is
 * but one participant, all is measured and nothing is left to label. */
static enum ben_status choose_test(const struct evaluate18_data *data,
                                   const struct evaluate18_config *config, const long *labelled,
                                   int n, bool *is_test)
{
    enum ben_status st = BEN_OK;
    const struct scan *scans = data->cohort->scans;
    const char **names = calloc((size_t)n + 1, sizeof *names);
    bool named = false, several = false;
    const struct folds_config folds = {.seed = (uint64_t)config->common.seed,
                                       .fraction = config->test_fraction};
    TRY_NEW(names);
    for (int i = 0; i < n; i++) {
        is_test[i] = split_is(&scans[labelled[i]], "test");
        named |= is_test[i];
        names[i] = scans[labelled[i]].participant;
        several |= strcmp(names[i], names[0]) != 0;
    }
    if (!named && several)
        TRY(folds_split(&folds, names, n, is_test));
    for (int i = 0; !named && !several && i < n; i++)
        is_test[i] = true;
out:
    free(names);
    return st;
}

/* Scans in the order of getting labels: participants in random order, one scan of each, then the
 * second of each, and so on. */
static enum ben_status order_labels(struct evaluate18_data *data, uint64_t seed)
{
    enum ben_status st = BEN_OK;
    const struct scan *scans = data->cohort->scans;
    size_t n = (size_t)data->n_train;
    uint32_t set = (uint32_t)util_hash(UTIL_HASH_START, data->set->id, strlen(data->set->id));
    struct random_stream random = random_open(seed, BEN_RANDOM_FOLDS, 1, set);
    uint32_t *shuffled = calloc(n + 1, sizeof *shuffled);
    long *order = calloc(n + 1, sizeof *order), *round = calloc(n + 1, sizeof *round), at = 0;
    TRY_NEW(shuffled);
    TRY_NEW(order);
    TRY_NEW(round);
    random_permutation(&random, (uint32_t)n, shuffled);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            round[i] += strcmp(scans[data->train[shuffled[i]]].participant,
                               scans[data->train[shuffled[j]]].participant) == 0;
    for (long r = 0; at < data->n_train; r++)
        for (size_t i = 0; i < n; i++)
            if (round[i] == r)
                order[at++] = data->train[shuffled[i]];
    memcpy(data->train, order, n * sizeof *order);
out:
    free(shuffled);
    free(order);
    free(round);
    return st;
}

static enum ben_status sort_out(const struct evaluate18_config *config,
                                struct evaluate18_data *data)
{
    enum ben_status st = BEN_OK;
    const struct cohort *cohort = data->cohort;
    size_t room = (size_t)cohort->n + 1;
    int n = 0;
    long *labelled = calloc(room, sizeof *labelled);
    bool *is_test = calloc(room, sizeof *is_test);
    TRY_NEW(labelled);
    TRY_NEW(is_test);
    TRY_NEW(data->test = calloc(room, sizeof *data->test));
    TRY_NEW(data->train = calloc(room, sizeof *data->train));
    TRY_NEW(data->plain = calloc(room, sizeof *data->plain));
    for (long i = 0; i < cohort->n; i++)
        if (!fits(data->set, &cohort->scans[i]))
            continue;
        else if (has_mask(&cohort->scans[i]))
            labelled[n++] = i;
        else
            data->plain[data->n_plain++] = i;
    TRY(choose_test(data, config, labelled, n, is_test));
    for (int i = 0; i < n; i++)
        if (!is_test[i])
            data->train[data->n_train++] = labelled[i];
        else if (config->test_scans == 0 || data->n_test < config->test_scans)
            data->test[data->n_test++] = labelled[i];
    TRY(order_labels(data, (uint64_t)config->common.seed));
out:
    free(labelled);
    free(is_test);
    return st;
}

/* Not there: the reason is kept. */
static enum ben_status give_up(struct evaluate18_data *data)
{
    cohort_free(&data->cohort);
    data->n_test = data->n_train = data->n_plain = 0;
    data->why = strdup(ben_error_text());
    return data->why ? BEN_OK : BEN_E_MEMORY;
}

static enum ben_status open_cohort(const struct study_set *set, const char *root,
                                   struct cohort **cohort)
{
    enum ben_status st = BEN_OK;
    char *folder = NULL, *masks = NULL;
    TRY(find_folder(set, root, &folder, &masks));
    if (!util_is_dir(folder) && !util_is_file(folder))
        FAIL(BEN_E_ARG, "%s: not there", folder);
    const struct cohort_options options = {.masks = masks,
                                           .where = (const char *const *)set->where.word,
                                           .n_where = set->where.n,
                                           .species = set->species};
    TRY(cohort_open((const char *const *)&folder, 1, &options, cohort));
out:
    free(folder);
    free(masks);
    return st;
}

enum ben_status evaluate18_data_open(const struct study_set *set,
                                     const struct evaluate18_config *config, const char *root,
                                     struct evaluate18_data *data)
{
    enum ben_status st = BEN_OK;
    *data = (struct evaluate18_data){.set = set};
    st = open_cohort(set, root, &data->cohort);
    if (st == BEN_OK)
        st = sort_out(config, data);
    if (st == BEN_OK && data->n_test + data->n_train == 0)
        st = ben_raise(BEN_E_ARG, __FILE__, __LINE__, __func__,
                       "no scan of %s has a mask and fits modality %s", set->id,
                       set->modality ? set->modality : "any");
    if (st != BEN_OK && st != BEN_E_MEMORY)
        st = give_up(data);
    return st;
}

void evaluate18_data_free(struct evaluate18_data *data)
{
    cohort_free(&data->cohort);
    free(data->why);
    free(data->test);
    free(data->train);
    free(data->plain);
    *data = (struct evaluate18_data){0};
}

/* One row of a manifest; paths from the root of the file system, so that it works from anywhere. */
static enum ben_status put_row(FILE *to, const struct evaluate18_data *data, long index,
                               bool labelled)
{
    enum ben_status st = BEN_OK;
    const struct scan *scan = &data->cohort->scans[index];
    char *image = realpath(scan->path, NULL);
    char *mask = labelled ? realpath(scan->mask, NULL) : NULL;
    if (!image || (labelled && !mask))
        FAIL(BEN_E_IO, "%s: cannot be found any more", image ? scan->mask : scan->path);
    fprintf(to, "%s\t%s\t%s\t%s\t%s\t%s\n", image, mask ? mask : "n/a",
            species_latin(scan->species), scan->participant,
            scan->session ? scan->session : "n/a", data->set->id);
out:
    free(image);
    free(mask);
    return st;
}

struct part {
    const long *scans;
    long n;
    bool labelled;
};

static enum ben_status write_manifest(const struct evaluate18_data *data, const char *folder,
                                      const char *name, const struct part *parts, int n_parts)
{
    enum ben_status st = BEN_OK;
    char *text = NULL, *path = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    TRY_NEW(to);
    fputs("image\tmask\tspecies\tparticipant\tsession\tdataset\n", to);
    for (int p = 0; p < n_parts; p++)
        for (long i = 0; i < parts[p].n; i++)
            TRY(put_row(to, data, parts[p].scans[i], parts[p].labelled));
    int closed = fclose(to);
    to = NULL;
    if (closed != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY(util_make_parents(path));
    TRY(util_write_file(path, text, size));
out:
    if (to)
        fclose(to);
    free(text);
    free(path);
    return st;
}

static long at_most(long n, long *left)
{
    long taken = *left < n ? *left : n;
    *left -= taken;
    return taken;
}

/* Scans without labels: those that are measured first, then the others of the data set. */
static enum ben_status write_labels(const struct evaluate18_data *data,
                                    const struct evaluate18_config *config, const char *folder,
                                    int labels)
{
    enum ben_status st = BEN_OK;
    long left = config->unlabelled_scans > 0 ? config->unlabelled_scans : data->cohort->n;
    char *name = util_format("labels-%d.tsv", labels);
    TRY_NEW(name);
    long n_test = config->inductive ? 0 : at_most(data->n_test, &left);
    long n_plain = at_most(data->n_plain, &left);
    const struct part parts[] = {
        {data->train, labels, true},
        {data->test, n_test, false},
        {data->plain, n_plain, false},
        {data->train + labels, at_most(data->n_train - labels, &left), false}};
    TRY(write_manifest(data, folder, name, parts, 4));
out:
    free(name);
    return st;
}

enum ben_status evaluate18_data_write(const struct evaluate18_data *data,
                                      const struct evaluate18_config *config,
                                      const char *folder, const int *labels, int n_labels)
{
    enum ben_status st = BEN_OK;
    const struct part test = {data->test, data->n_test, true};
    const struct part train = {data->train, data->n_train, true};
    TRY(write_manifest(data, folder, "test.tsv", &test, 1));
    TRY(write_manifest(data, folder, "train.tsv", &train, 1));
    for (int i = 0; i < n_labels; i++)
        if (labels[i] <= data->n_train)
            TRY(write_labels(data, config, folder, labels[i]));
out:
    return st;
}
