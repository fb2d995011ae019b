/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort.h"

#include "base/util.h"
#include "io/cohort_build.h"
#include "io/derivatives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char *without_sub(const char *label)
{
    return strncmp(label, "sub-", 4) == 0 ? label + 4 : label;
}

bool cohort_label_wanted(const struct cohort_build *build, const char *participant)
{
    const struct cohort_options *o = build->options;
    bool wanted = o->n_participant_label == 0;
    for (int i = 0; i < o->n_participant_label; i++)
        if (strcmp(without_sub(participant), without_sub(o->participant_label[i])) == 0)
            wanted = build->label_seen[i] = true;
    return wanted;
}

static char *copy_of(const char *text, size_t n)
{
    return strndup(text, n);
}

/* Participant, session and suffix as a BIDS name says them. */
static void name_from_bids(struct scan *scan, const char *name)
{
    const char *value;
    size_t n = bids_entity(name, "sub", &value);
    if (!scan->participant)
        scan->participant = copy_of(value - 4, n + 4);
    n = bids_entity(name, "ses", &value);
    if (!scan->session && n > 0)
        scan->session = copy_of(value - 4, n + 4);
    value = bids_suffix(name, &n);
    scan->suffix = copy_of(value, n);
}

enum ben_status cohort_name(struct scan *scan)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(scan->path);
    TRY_NEW(scan->relative);
    const char *name = util_basename(scan->relative);
    size_t n = strlen(scan->relative) - nifti_ending(scan->relative);
    TRY_NEW(scan->id = copy_of(scan->relative, n));
    scan->bids = bids_is_name(name);
    if (scan->bids)
        name_from_bids(scan, name);
    if (!scan->participant)
        TRY_NEW(scan->participant = strdup(scan->id));
    if (!scan->suffix)
        TRY_NEW(scan->suffix = strdup(""));
    if (!scan->dataset)
        TRY_NEW(scan->dataset = strdup(""));
out:
    return st;
}

/* What the scan has in that column, NULL for n/a. false: there is no such column. */
static bool find_cell(const struct scan *scan, const struct cohort_row *row, const char *column,
                      const char **cell)
{
    const struct {
        const char *column, *value;
    } own[] = {{"participant", scan->participant},
               {"session", scan->session},
               {"suffix", scan->suffix},
               {"dataset", scan->dataset},
               {"split", scan->split},
               {"species", species_name(scan->species)}};
    int at = row->table ? tsv_column(row->table, column) : -1;
    *cell = at >= 0 && row->row >= 0 ? tsv_cell(row->table, row->row, at) : NULL;
    if (at >= 0)
        return true;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcasecmp(column, own[i].column) == 0 &&
            (own[i].value || strcmp(column, "split") != 0)) {
            *cell = own[i].value;
            return true;
        }
    return false;
}

/* Equal texts; for names of species and participants also what means the same. */
static bool same_cell(const char *cell, const char *value)
{
    if (!cell)
        return strcasecmp(value, "n/a") == 0;
    enum species species = species_find(value);
    if (species != BEN_SPECIES_UNKNOWN && species_find(cell) == species)
        return true;
    return strcmp(without_sub(cell), without_sub(value)) == 0;
}

/* value: what the cell must be, or with '!' ahead must not be. */
static enum ben_status check_where(const struct scan *scan, const struct cohort_row *row,
                                   const char *column, const char *value, bool *wanted)
{
    enum ben_status st = BEN_OK;
    const char *cell;
    if (!find_cell(scan, row, column, &cell))
        FAIL(BEN_E_ARG, "%s: no column %s to choose scans by",
             row->table ? tsv_path(row->table) : scan->path, column);
    *wanted = *wanted && (*value == '!' ? !same_cell(cell, value + 1) : same_cell(cell, value));
out:
    return st;
}

static enum ben_status decide(struct cohort_build *build, const struct scan *scan,
                              const struct cohort_row *row, bool *wanted)
{
    enum ben_status st = BEN_OK;
    const struct cohort_options *o = build->options;
    char *column = NULL;
    *wanted = cohort_label_wanted(build, scan->participant);
    if (o->split)
        TRY(check_where(scan, row, "split", o->split, wanted));
    for (int i = 0; i < o->n_where; i++) {
        const char *equals = strchr(o->where[i], '=');
        if (!equals || equals == o->where[i])
            FAIL(BEN_E_ARG, "%s: scans are chosen by column=value or column=!value",
                 o->where[i]);
        free(column);
        TRY_NEW(column = copy_of(o->where[i], (size_t)(equals - o->where[i])));
        TRY(check_where(scan, row, column, equals + 1, wanted));
    }
out:
    free(column);
    return st;
}

enum ben_status cohort_add(struct cohort_build *build, struct scan *scan,
                           const struct cohort_row *row)
{
    enum ben_status st = BEN_OK;
    if (build->n == build->room) {
        struct scan *more;
        bool *flags;
        size_t room = build->room ? 2 * (size_t)build->room : 64;
        TRY_NEW(more = realloc(build->scans, room * sizeof *more));
        build->scans = more;
        TRY_NEW(flags = realloc(build->wanted, room * sizeof *flags));
        build->wanted = flags;
        build->room = (long)room;
    }
    TRY(cohort_name(scan));
    if (build->options->species != BEN_SPECIES_UNKNOWN)
        scan->species = build->options->species;
    TRY(decide(build, scan, row, &build->wanted[build->n]));
    build->scans[build->n++] = *scan;
    *scan = (struct scan){0};
out:
    cohort_scan_clear(scan);
    return st;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), k = strlen(ending);
    return n > k && strcasecmp(text + n - k, ending) == 0;
}

/* Whether the folder has an image called stem (n letters). */
static bool has_image(const struct listing *files, const char *stem, size_t n)
{
    static const char *const endings[] = {".nii.gz", ".nii", ".hdr", ".hdr.gz"};
    char name[512];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%.*s%s", (int)n, stem, endings[i]);
        if (listing_has(files, name))
            return true;
    }
    return false;
}

/* NAME_mask and its like beside NAME: what this program wrote there before. */
static bool is_own_output(const struct listing *files, const char *name)
{
    static const char *const words[] = {"_mask", "_brain", "_probability", "_uncertainty",
                                        "_attention"};
    size_t n = strlen(name) - nifti_ending(name);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t k = strlen(words[i]);
        if (n > k && strncmp(name + n - k, words[i], k) == 0 && has_image(files, name, n - k))
            return true;
    }
    return false;
}

/* Of a pair the .hdr stands for both. */
static bool is_scan_file(const struct listing *files, const char *name)
{
    size_t ending = nifti_ending(name);
    bool image_part = ending > 0 && strncasecmp(name + strlen(name) - ending, ".img", 4) == 0;
    return ending > 0 && !image_part && !is_own_output(files, name);
}

static enum ben_status add_folder(struct cohort_build *build, const char *folder)
{
    enum ben_status st = BEN_OK;
    struct listing files = {0};
    const struct cohort_row nowhere = {NULL, -1};
    char *real = realpath(folder, NULL);
    TRY(listing_read(folder, false, &files));
    for (long i = 0; i < files.n; i++) {
        if (!is_scan_file(&files, files.names[i]))
            continue;
        struct scan scan = {.path = util_format("%s/%s", folder, files.names[i]),
                            .relative = util_format("%s%s", build->prefix, files.names[i]),
                            .dataset = strdup(util_basename(real ? real : folder))};
        TRY(cohort_add(build, &scan, &nowhere));
    }
out:
    free(real);
    listing_free(&files);
    return st;
}

/* The BIDS data set that a file lies in (up to three folders above): the one with a
 * participants.tsv. NULL where there is none. */
static enum ben_status find_dataset(const char *path, struct tsv **participants)
{
    enum ben_status st = BEN_OK;
    char *folder = NULL;
    TRY_NEW(folder = util_folder(path));
    for (int level = 0; level < 4 && !*participants; level++) {
        TRY(bids_participants(folder, participants));
        char *above = util_folder(folder);
        free(folder);
        TRY_NEW(folder = above);
    }
out:
    free(folder);
    return st;
}

static enum ben_status add_file(struct cohort_build *build, const char *path)
{
    enum ben_status st = BEN_OK;
    struct tsv *participants = NULL;
    struct scan scan = {.path = strdup(path), .relative = strdup(util_basename(path))};
    struct cohort_row row = {NULL, -1};
    const char *value;
    size_t n = bids_entity(util_basename(path), "sub", &value);
    if (n > 0 && bids_is_name(util_basename(path)) && strchr(path, '/'))
        TRY(find_dataset(path, &participants));
    if (participants) {
        char participant[256];
        snprintf(participant, sizeof participant, "sub-%.*s", (int)n, value);
        row.table = participants;
        row.row = tsv_find(participants, participant);
        scan.species = bids_species(participants, participant);
    }
    TRY(cohort_add(build, &scan, &row));
out:
    cohort_scan_clear(&scan);
    tsv_free(&participants);
    return st;
}

static bool is_bids(const char *folder)
{
    static const char *const marks[] = {"dataset_description.json", "participants.tsv"};
    for (int i = 0; i < 2; i++) {
        char *path = util_format("%s/%s", folder, marks[i]);
        bool found = path && util_is_file(path);
        free(path);
        if (found)
            return true;
    }
    return false;
}

/* One input of the command line; *bids stays set where it is a BIDS data set. */
static enum ben_status add_input(struct cohort_build *build, const char *input, bool *bids)
{
    enum ben_status st = BEN_OK;
    long before = build->n;
    bool folder = util_is_dir(input), dataset = folder && is_bids(input);
    if (folder)
        TRY(dataset ? bids_index(build, input) : add_folder(build, input));
    else if (ends_with(input, ".tsv") && util_is_file(input))
        TRY(manifest_index(build, input));
    else if (nifti_ending(input) > 0 && util_is_file(input))
        TRY(add_file(build, input));
    else if (!util_is_file(input))
        FAIL(BEN_E_ARG, "%s: no such file or folder", input);
    else
        FAIL(BEN_E_ARG, "%s: neither a NIfTI file, a folder nor a .tsv manifest", input);
    *bids = *bids && dataset;
    if (build->n == before && build->options->n_participant_label == 0)
        FAIL(BEN_E_ARG, "%s: no scan in it; %s", input,
             dataset ? "wanted are sub-*/[ses-*/]anat/*_T1w.nii.gz and the like"
             : folder
                 ? "wanted are .nii, .nii.gz or .hdr files in the folder itself, or a BIDS "
                   "data set with its dataset_description.json"
                 : "the table has no rows");
out:
    return st;
}

/* A folder's name as the first part of relative paths, where several inputs could clash. */
static char *make_prefix(const char *folder)
{
    char *real = realpath(folder, NULL);
    char *prefix = util_format("%s/", util_basename(real ? real : folder));
    free(real);
    return prefix;
}

static enum ben_status add_inputs(struct cohort_build *build, const char *const *inputs, int n,
                                  bool *bids)
{
    enum ben_status st = BEN_OK;
    char *input = NULL, *prefix = NULL;
    for (int i = 0; i < n; i++) {
        free(input);
        free(prefix);
        prefix = NULL;
        TRY_NEW(input = strdup(inputs[i]));
        for (size_t k = strlen(input); k > 1 && input[k - 1] == '/'; k--)
            input[k - 1] = '\0';
        TRY_NEW(prefix = n > 1 && util_is_dir(input) ? make_prefix(input) : strdup(""));
        build->prefix = prefix;
        TRY(add_input(build, input, bids));
    }
out:
    build->prefix = "";
    free(input);
    free(prefix);
    return st;
}

static enum ben_status check_labels(const struct cohort_build *build)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < build->options->n_participant_label; i++)
        if (!build->label_seen[i])
            FAIL(BEN_E_ARG, "no participant %s in the input; see --participant-label",
                 build->options->participant_label[i]);
out:
    return st;
}

struct name {
    char *text;
    struct scan *scan;
};

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : strcmp(x->scan->path, y->scan->path);
}

static void free_names(struct name *names, long n)
{
    for (long i = 0; names && i < n; i++)
        free(names[i].text);
    free(names);
}

/* Scans whose names differ by suffix alone: sub-01_T1w and sub-01_T2w of one folder. */
static enum ben_status mark_suffixes(struct cohort_build *build)
{
    enum ben_status st = BEN_OK;
    struct name *names;
    TRY_NEW(names = calloc((size_t)build->n + 1, sizeof *names));
    for (long i = 0; i < build->n; i++) {
        struct scan *scan = &build->scans[i];
        size_t n = strlen(scan->id), k = scan->bids ? strlen(scan->suffix) : 0;
        names[i].scan = scan;
        TRY_NEW(names[i].text = copy_of(scan->id, n - k));
    }
    qsort(names, (size_t)build->n, sizeof *names, compare_names);
    for (long i = 0, next; i < build->n; i = next) {
        bool differ = false;
        for (next = i; next < build->n && strcmp(names[i].text, names[next].text) == 0; next++)
            differ = differ || strcmp(names[i].scan->suffix, names[next].scan->suffix) != 0;
        for (long k = i; k < next; k++)
            names[k].scan->suffix_needed = differ;
    }
out:
    free_names(names, build->n);
    return st;
}

/* Two scans whose masks would have one name. */
static enum ben_status check_clashes(struct scan *scans, long n)
{
    enum ben_status st = BEN_OK;
    struct name *names;
    TRY_NEW(names = calloc((size_t)n + 1, sizeof *names));
    for (long i = 0; i < n; i++) {
        struct derivative_source source = {scans[i].relative, scans[i].bids,
                                           scans[i].suffix_needed};
        names[i].scan = &scans[i];
        TRY_NEW(names[i].text = derivative_stem(&source, BEN_DERIVATIVE_MASK));
    }
    qsort(names, (size_t)n, sizeof *names, compare_names);
    for (long i = 1; i < n; i++)
        if (strcmp(names[i - 1].text, names[i].text) == 0)
            FAIL(BEN_E_ARG, "%s and %s would both write %s; leave one out or rename it",
                 names[i - 1].scan->path, names[i].scan->path, names[i].text);
out:
    free_names(names, n);
    return st;
}

/* Only the wanted scans stay. */
static void drop_unwanted(struct cohort_build *build)
{
    long n = 0;
    for (long i = 0; i < build->n; i++) {
        if (build->wanted[i])
            build->scans[n++] = build->scans[i];
        else
            cohort_scan_clear(&build->scans[i]);
    }
    build->n = n;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct scan *)a)->path, ((const struct scan *)b)->path);
}

/* The scans of one shard stay: names and clashes were judged among all. */
static enum ben_status keep_shard(struct cohort_build *build)
{
    enum ben_status st = BEN_OK;
    long shard = build->options->shard, n_shards = build->options->n_shards, n = 0;
    if (n_shards == 0)
        return BEN_OK;
    if (shard < 1 || shard > n_shards || shard > build->n)
        FAIL(BEN_E_ARG, "shard %ld of %ld: there is none, of %ld scans", shard, n_shards,
             build->n);
    for (long i = 0; i < build->n; i++)
        if (i % n_shards == shard - 1)
            build->scans[n++] = build->scans[i];
        else
            cohort_scan_clear(&build->scans[i]);
    build->n = n;
out:
    return st;
}

static enum ben_status arrange(struct cohort_build *build)
{
    enum ben_status st = BEN_OK;
    TRY(check_labels(build));
    TRY(mark_suffixes(build));
    drop_unwanted(build);
    if (build->n == 0)
        FAIL(BEN_E_ARG, "no scan is left: none fits what --split, --where and "
                        "--participant-label ask for");
    qsort(build->scans, (size_t)build->n, sizeof *build->scans, compare_paths);
    TRY(check_clashes(build->scans, build->n));
    TRY(keep_shard(build));
    if (build->options->masks)
        TRY(masks_find(build->options->masks, build->scans, build->n));
out:
    return st;
}

static void build_clear(struct cohort_build *build)
{
    for (long i = 0; i < build->n; i++)
        cohort_scan_clear(&build->scans[i]);
    free(build->scans);
    free(build->wanted);
    free(build->label_seen);
}

enum ben_status cohort_open(const char *const *inputs, int n_inputs,
                            const struct cohort_options *options, struct cohort **cohort)
{
    enum ben_status st = BEN_OK;
    struct cohort_build build = {.options = options, .prefix = ""};
    struct cohort *c = NULL;
    if (n_inputs < 1)
        FAIL(BEN_E_ARG, "no input; give a NIfTI file, a folder, a BIDS data set or a manifest");
    TRY_NEW(build.label_seen = calloc((size_t)options->n_participant_label + 1, sizeof(bool)));
    TRY_NEW(c = calloc(1, sizeof *c));
    TRY_NEW(c->root = util_is_dir(inputs[0]) ? strdup(inputs[0]) : util_folder(inputs[0]));
    c->bids = true;
    TRY(add_inputs(&build, inputs, n_inputs, &c->bids));
    TRY(arrange(&build));
    c->scans = build.scans;
    c->n = build.n;
    build.scans = NULL;
    build.n = 0;
    *cohort = c;
    c = NULL;
out:
    build_clear(&build);
    cohort_free(&c);
    return st;
}

void cohort_free(struct cohort **cohort)
{
    struct cohort *c = *cohort;
    if (!c)
        return;
    for (long i = 0; i < c->n; i++)
        cohort_scan_clear(&c->scans[i]);
    free(c->scans);
    free(c->root);
    free(c);
    *cohort = NULL;
}

static struct scan_stamp stamp_of(const char *path)
{
    struct stat s;
    if (stat(path, &s) != 0)
        return (struct scan_stamp){0};
    return (struct scan_stamp){s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

enum ben_status cohort_inspect(struct cohort *cohort, long first, long count)
{
    enum ben_status st = BEN_OK;
    for (long i = first; i < first + count; i++) {
        struct scan *scan = &cohort->scans[i];
        free(scan->failed);
        scan->failed = NULL;
        scan->info = (struct nifti_info){0};
        scan->stamp = stamp_of(scan->path);
        enum ben_status found = nifti_inspect(scan->path, &scan->info);
        if (found == BEN_E_MEMORY)
            TRY(found);
        if (found)
            TRY_NEW(scan->failed = strdup(ben_error_text()));
    }
out:
    return st;
}

double cohort_cost(const struct scan *scan)
{
    const int *d = scan->info.dim;
    return scan->failed ? 0 : (double)d[0] * d[1] * d[2];
}
