/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/derivatives.h"

#include "base/util.h"
#include "io/methods.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BIDS_VERSION "1.8.0"
#define PAPER        "https://doi.org/10.7554/eLife.81217"

/* How each kind is called, in BIDS and in plain folders, and what its sidecar says. */
static const struct kind {
    const char *entity; /* between the source's entities and the suffix */
    const char *suffix; /* NULL: the source's own */
    const char *plain;
    const char *description; /* for a sidecar; NULL where the name says it all */
    bool mask, stripped;
} kinds[BEN_DERIVATIVE_KINDS] = {
    [BEN_DERIVATIVE_MASK] = {"desc-brain", "mask", "mask", NULL, true, false},
    [BEN_DERIVATIVE_BRAIN] = {"desc-brain", NULL, "brain",
                              "The scan as it came, zero outside the brain mask.", false, true},
    [BEN_DERIVATIVE_PROBABILITY] = {"label-brain", "probseg", "probability",
                                    "Probability of brain, 0 to 1, before the mask was cut and "
                                    "cleaned.",
                                    false, false},
    [BEN_DERIVATIVE_UNCERTAINTY] = {"desc-uncertainty", NULL, "uncertainty",
                                    "Variance of the brain probability by Monte Carlo dropout: "
                                    "aleatoric and epistemic part together.",
                                    false, false},
    [BEN_DERIVATIVE_ATTENTION] = {"desc-attention", NULL, "attention",
                                  "Attention of the network's non-local block: where it looks.",
                                  false, false},
};

/* A source path in parts: folder with its slash, entities without desc, suffix; the parts are
 * lengths into path, but for the entities, which are a fresh text. */
struct parts {
    int folder;
    char *entities;
    const char *suffix; /* into path */
    int suffix_length;
};

/* The length of a base name without .nii, .nii.gz, .hdr, .img and their .gz. */
static int without_ending(const char *name)
{
    static const char *const endings[] = {".nii.gz", ".hdr.gz", ".img.gz",
                                          ".nii",    ".hdr",    ".img"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t length = strlen(endings[i]);
        if (n > length && strcmp(name + n - length, endings[i]) == 0)
            return (int)(n - length);
    }
    return (int)n;
}

/* Takes the entity that begins with key ("_desc-") out of a text, in place. */
static void remove_entity(char *text, const char *key)
{
    char *from = strstr(text, key);
    if (!from)
        return;
    char *end = from + 1 + strcspn(from + 1, "_");
    memmove(from, end, strlen(end) + 1);
}

/* "sub-01_desc-x_T1w": what lies before the last underscore are entities. */
static bool split(const char *path, struct parts *parts)
{
    const char *name = util_basename(path);
    int n = without_ending(name), at = n;
    while (at > 0 && name[at] != '_')
        at--;
    parts->folder = (int)(name - path);
    parts->suffix = at > 0 ? name + at + 1 : name;
    parts->suffix_length = at > 0 ? n - at - 1 : 0;
    parts->entities = util_format("%.*s", at > 0 ? at : n, name);
    if (parts->entities)
        remove_entity(parts->entities, "_desc-");
    return parts->entities != NULL;
}

static char *bids_stem(const struct derivative_source *source, const struct kind *kind)
{
    struct parts parts;
    char *stem = NULL, *space = NULL;
    if (!split(source->path, &parts))
        return NULL;
    bool spaced = source->suffix_needed && kind->suffix && parts.suffix_length > 0 &&
                  !strstr(parts.entities, "_space-");
    space = util_format("%s%.*s", spaced ? "_space-" : "", spaced ? parts.suffix_length : 0,
                        parts.suffix);
    const char *suffix = kind->suffix ? kind->suffix : parts.suffix;
    int length = kind->suffix ? (int)strlen(kind->suffix) : parts.suffix_length;
    if (space)
        stem = util_format("%.*s%s%s_%s%s%.*s", parts.folder, source->path, parts.entities,
                           space, kind->entity, length ? "_" : "", length, suffix);
    free(space);
    free(parts.entities);
    return stem;
}

char *derivative_stem(const struct derivative_source *source, enum derivative_kind kind)
{
    if (source->bids)
        return bids_stem(source, &kinds[kind]);
    const char *name = util_basename(source->path);
    int n = (int)(name - source->path) + without_ending(name);
    return util_format("%.*s_%s", n, source->path, kinds[kind].plain);
}

char *derivative_path(const char *folder, const struct derivative_source *source,
                      enum derivative_kind kind, const char *extension)
{
    char *stem = derivative_stem(source, kind), *path = NULL;
    if (stem)
        path = util_format("%s%s%s%s", folder, *folder ? "/" : "", stem, extension);
    free(stem);
    return path;
}

/* Takes json over (NULL is out of memory) and writes it with a line end. */
static enum ben_status write_json(const char *path, json_t *json)
{
    enum ben_status st = BEN_OK;
    char *text = NULL, *whole = NULL;
    TRY_NEW(json);
    TRY_NEW(text = json_dumps(json, JSON_INDENT(2)));
    TRY_NEW(whole = util_format("%s\n", text));
    TRY(util_write_file(path, whole, strlen(whole)));
out:
    free(whole);
    free(text);
    json_decref(json);
    return st;
}

/* Any text as JSON; a file name need not be UTF-8. */
static json_t *any_text(const char *text)
{
    char *good = util_utf8(text);
    json_t *json = good ? json_string(good) : NULL;
    free(good);
    return json;
}

static json_t *sidecar(const struct kind *kind, const char *uri, double threshold)
{
    json_t *json =
        json_pack("{s:[o], s:o}", "Sources", any_text(uri), "SpatialReference", any_text(uri));
    if (!json)
        return NULL;
    if (kind->mask) {
        json_object_set_new(json, "Type", json_string("Brain"));
        json_object_set_new(json, "Threshold", json_real(threshold));
    } else {
        json_object_set_new(json, "Description", json_string(kind->description));
    }
    if (!kind->suffix)
        json_object_set_new(json, "SkullStripped", json_boolean(kind->stripped));
    return json;
}

enum ben_status derivative_write_sidecar(const char *folder,
                                         const struct derivative_source *source,
                                         enum derivative_kind kind, double threshold)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *uri = NULL;
    if (!source->bids)
        return BEN_OK;
    TRY_NEW(path = derivative_path(folder, source, kind, ".json"));
    TRY_NEW(uri = util_format("bids:raw:%s", source->path));
    TRY(util_make_parents(path));
    TRY(write_json(path, sidecar(&kinds[kind], uri, threshold)));
out:
    free(uri);
    free(path);
    return st;
}

static enum ben_status write_description(const char *folder,
                                         const struct derivative_dataset *dataset)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *name = NULL;
    TRY_NEW(path = util_format("%s/dataset_description.json", folder));
    TRY_NEW(name = util_format("Brain masks%s%s", *dataset->name ? " of " : "", dataset->name));
    json_t *json =
        json_pack("{s:o, s:s, s:s, s:[{s:s, s:s, s:o}], s:s, s:[s], s:{s:o}}", "Name",
                  any_text(name), "BIDSVersion", BIDS_VERSION, "DatasetType", "derivative",
                  "GeneratedBy", "Name", "ben-mpi", "Version", dataset->version, "Description",
                  any_text(dataset->parameters), "HowToAcknowledge",
                  "Please cite Yu et al. (2022), A generalizable brain extraction net (BEN) "
                  "for multimodal "
                  "MRI data from rodents, nonhuman primates, and humans, eLife 11:e81217.",
                  "ReferencesAndLinks", PAPER, "DatasetLinks", "raw", any_text(dataset->raw));
    if (json && dataset->raw_doi)
        json_object_set_new(json, "SourceDatasets",
                            json_pack("[{s:o}]", "DOI", any_text(dataset->raw_doi)));
    TRY(write_json(path, json));
out:
    free(name);
    free(path);
    return st;
}

static enum ben_status write_text(const char *folder, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    char *path;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY(util_write_file(path, text, strlen(text)));
out:
    free(path);
    return st;
}

static enum ben_status write_readme(const char *folder,
                                    const struct derivative_dataset *dataset)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    TRY_NEW(
        text = util_format(
            "Brain masks%s%s, made by ben-mpi %s (%s).\n\n"
            "sub-*/        masks (desc-brain_mask) and what else was asked for, named after "
            "their scans\n"
            "results.tsv   a row per scan: status, reason, volume, times; results.json "
            "explains its columns\n"
            "cohort.h5     the same with all masks in one HDF5 file\n"
            "logs/         options, log, journal of finished scans, methods text to cite\n\n"
            "Please cite Yu et al. (2022), eLife 11:e81217, " PAPER "\n",
            *dataset->name ? " of " : "", dataset->name, dataset->version,
            dataset->parameters));
    TRY(write_text(folder, "README", text));
out:
    free(text);
    return st;
}

static void print_work(FILE *to, int work, const char *link)
{
    const struct methods_work *w = &methods_works[work];
    fprintf(to, "- %s *%s*%s%s\n", w->title, w->journal, w->place, link);
}

static void print_citation(FILE *to, const struct derivative_dataset *dataset)
{
    fprintf(to,
            "# Methods text\n\nBrains were extracted with ben-mpi %s (%s)" METHODS_NETWORK
            "each scan.%s" METHODS_SCALED,
            dataset->version, dataset->parameters, dataset->n4 ? METHODS_N4 : "");
    if (dataset->samples > 0)
        fprintf(to, METHODS_DROPOUT "%d samples.", dataset->samples);
    fputs("\n\n# References\n\n", to);
    print_work(to, METHODS_BEN, " " PAPER);
    print_work(to, METHODS_WANG, "");
    if (dataset->n4)
        print_work(to, METHODS_TUSTISON, "");
    if (dataset->samples > 0)
        print_work(to, METHODS_GAL, "");
}

/* A paragraph for the methods section of a paper, with the references that it cites. */
static enum ben_status write_citation(const char *folder,
                                      const struct derivative_dataset *dataset)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n;
    FILE *to = NULL;
    TRY_NEW(to = open_memstream(&text, &n));
    print_citation(to, dataset);
    bool good = fclose(to) == 0;
    TRY_NEW(good ? text : NULL);
    TRY(write_text(folder, "logs/CITATION.md", text));
out:
    free(text);
    return st;
}

enum ben_status derivative_write_dataset(const char *folder,
                                         const struct derivative_dataset *dataset)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *logs = NULL;
    TRY_NEW(logs = util_format("%s/logs", folder));
    TRY(util_make_dirs(logs));
    TRY(write_description(folder, dataset));
    TRY(write_readme(folder, dataset));
    TRY(write_citation(folder, dataset));
    /* What BIDS has no names for; a validator is told to look away. */
    TRY(write_text(folder, ".bidsignore",
                   "*_desc-uncertainty_*\n*_desc-attention_*\n*_mask.png\n*.h5\n*.html\n"
                   "corrected/\nfigures/\nlogs/\nresults.*\n"));
    TRY(write_text(folder, "descriptions.tsv",
                   "desc_id\tdescription\n"
                   "brain\tbrain mask, and the scan inside it\n"
                   "uncertainty\tvariance of the brain probability by Monte Carlo dropout\n"
                   "attention\tattention of the network's non-local block\n"));
    TRY_NEW(path = util_format("%s/descriptions.json", folder));
    TRY(write_json(path, json_pack("{s:{s:s}, s:{s:s}}", "desc_id", "Description",
                                   "value of the entity desc in file names", "description",
                                   "Description", "what the files with it are")));
out:
    free(logs);
    free(path);
    return st;
}
