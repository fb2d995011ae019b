/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/provenance.h"
#include "base/util.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DESCRIPTION ((size_t)1 << 20)

/* The description nearest above the image; NULL where there is none that can be read. */
static json_t *find_description(const char *image)
{
    char *folder = strdup(image);
    json_t *description = NULL;
    for (char *slash; folder && !description && (slash = strrchr(folder, '/')) != NULL;) {
        *slash = '\0';
        char *path = util_format("%s/dataset_description.json", folder), *text = NULL;
        if (path && util_is_file(path) &&
            util_read_file(path, MAX_DESCRIPTION, &text, NULL) == BEN_OK)
            description = json_loads(text, 0, NULL);
        free(text);
        free(path);
    }
    free(folder);
    return description;
}

/* The keys that say what the data are, who made them and on what terms. */
static void describe_dataset(json_t *entry, const char *image)
{
    static const char *const keys[] = {"Name",          "License",
                                       "Authors",       "HowToAcknowledge",
                                       "DatasetDOI",    "ReferencesAndLinks",
                                       "SourceDatasets"};
    json_t *description = find_description(image);
    if (!description)
        json_object_set_new(entry, "License", json_string("not stated"));
    for (size_t k = 0; description && k < sizeof keys / sizeof keys[0]; k++) {
        json_t *value = json_object_get(description, keys[k]);
        if (value)
            json_object_set(entry, keys[k], value);
    }
    json_decref(description);
}

static void append_once(json_t *list, const char *text)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) if (strcmp(json_string_value(item), text) == 0) return;
    json_array_append_new(list, json_string(text));
}

static void count(json_t *entry, const char *key, json_int_t more)
{
    json_int_t now = json_integer_value(json_object_get(entry, key));
    json_object_set_new(entry, key, json_integer(now + more));
}

static json_t *new_entry(const char *dataset, const char *image)
{
    json_t *entry = json_object();
    json_object_set_new(entry, "dataset", json_string(dataset));
    describe_dataset(entry, image);
    json_object_set_new(entry, "scans", json_integer(0));
    json_object_set_new(entry, "slices", json_integer(0));
    json_object_set_new(entry, "training_participants", json_array());
    json_object_set_new(entry, "validation_participants", json_array());
    json_object_set_new(entry, "unlabelled_participants", json_array());
    return entry;
}

static const char *role_of(const struct selection *selection, int scan)
{
    return selection->validates[scan]    ? "validation_participants"
           : selection->unlabelled[scan] ? "unlabelled_participants"
                                         : "training_participants";
}

/* The i-th scan's part in the list of data sets by name; names need not be UTF-8, JSON must. */
static enum ben_status list_scan(const struct provenance *p, int i, json_t *list)
{
    enum ben_status st = BEN_OK;
    const struct scan *scan = p->selection->scans[i];
    char *dataset = NULL, *participant = NULL;
    TRY_NEW(dataset = util_utf8(scan->dataset));
    TRY_NEW(participant = util_utf8(scan->participant));
    json_t *entry = json_object_get(list, dataset);
    if (!entry) {
        entry = new_entry(dataset, scan->path);
        json_object_set_new(list, dataset, entry);
    }
    count(entry, "scans", 1);
    count(entry, "slices", p->dataset->scans[i].count);
    append_once(json_object_get(entry, role_of(p->selection, i)), participant);
out:
    free(dataset);
    free(participant);
    return st;
}

/* NULL without memory. */
static json_t *list_datasets(const struct provenance *p)
{
    json_t *list = json_object(), *datasets = json_array(), *entry;
    const char *name;
    enum ben_status st = BEN_OK;
    for (int i = 0; i < p->selection->n && st == BEN_OK; i++)
        if (p->dataset->scans[i].count > 0)
            st = list_scan(p, i, list);
    json_object_foreach(list, name, entry) json_array_append(datasets, entry);
    json_decref(list);
    if (st)
        json_decref(datasets);
    return st ? NULL : datasets;
}

static json_t *describe_validation(const struct validation *v)
{
    if (v->n_scans == 0)
        return json_null();
    return json_pack("{s:i, s:f, s:f, s:f}", "scans", v->n_scans, "dice_mean", v->mean,
                     "dice_median", v->median, "dice_lowest", v->lowest);
}

/* JSON has no number for what there is none of. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *describe_round(const struct selftrain_report *r)
{
    return json_pack("{s:i, s:i, s:I, s:I, s:o}", "scans", r->scans, "scans_kept",
                     r->scans_kept, "slices", (json_int_t)r->candidates, "slices_kept",
                     (json_int_t)r->kept, "worst_uncertainty_kept", number(r->worst_kept));
}

static json_t *describe_result(const struct trainer_result *r)
{
    return json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:o}", "epochs", (json_int_t)r->epochs,
        "steps", (json_int_t)r->steps, "best_epoch", (json_int_t)r->best_epoch, "loss",
        number(r->loss), "cross_entropy", number(r->entropy), "dice_loss", number(r->dice),
        "validation", describe_validation(&r->final), "validation_with_running_statistics",
        describe_validation(&r->trained), "rounds", (json_int_t)r->rounds, "last_round",
        r->rounds > 0 ? describe_round(&r->last_round) : json_null());
}

enum ben_status provenance_text(const struct provenance *p, char **json)
{
    enum ben_status st = BEN_OK;
    char hash[17], program[64], *options = NULL;
    TRY_NEW(options = util_utf8(p->options));
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)p->dataset->hash);
    snprintf(program, sizeof program, "ben-mpi %s", p->program);
    json_t *all =
        json_pack("{s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:s}", "program", program, "version",
                  BEN_VERSION, "initial_values", p->initial, "seed", (json_int_t)p->seed,
                  "prepared_slices_hash", hash, "training", describe_result(p->result),
                  "datasets", list_datasets(p), "options", options);
    *json = all ? json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(all);
    TRY_NEW(*json);
out:
    free(options);
    return st;
}
