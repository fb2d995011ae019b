/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/selection.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

static bool in_split(const struct scan *scan, const char *split)
{
    return scan->split && strcmp(scan->split, split) == 0;
}

static bool is_hidden(const struct selection_config *config, const struct scan *scan)
{
    return config->unlabelled_split && in_split(scan, config->unlabelled_split);
}

static bool is_wanted(const struct selection_config *config, const struct scan *scan)
{
    if (config->validation_split && in_split(scan, config->validation_split))
        return scan->mask != NULL;
    if (is_hidden(config, scan))
        return true;
    if (!scan->mask && !config->unlabelled)
        return false;
    return !config->split || in_split(scan, config->split);
}

static enum slice_plane plane_for(const struct selection_config *config,
                                  const struct scan *scan)
{
    return config->plane > 0 ? (enum slice_plane)(config->plane - 1)
                             : species_plane(scan->species);
}

static enum ben_status add(const struct selection_config *config, const struct scan *scan,
                           struct selection *s)
{
    enum ben_status st = BEN_OK;
    char *participant = NULL;
    TRY_NEW(participant = util_format("%s/%s", scan->dataset, scan->participant));
    s->sources[s->n] = (struct dataset_source){
        .image = scan->path,
        .mask = scan->mask,
        .participant = participant,
        .dataset = scan->dataset,
        .volume = config->volume,
        .plane = plane_for(config, scan),
        .follow_thick = config->plane == 0 && species_lies_anyhow(scan->species),
        .plane_open = config->plane == 0 && species_plane_is_open(scan->species),
        .frame_open = species_frame_is_open(scan->species)};
    s->scans[s->n] = scan;
    s->participants[s->n++] = participant;
out:
    return st;
}

/* Scans of which something could be learnt from the mask. */
static void list_labelled(const struct selection_config *config, const struct selection *s,
                          bool *labelled)
{
    for (int i = 0; i < s->n; i++)
        labelled[i] = s->scans[i]->mask && !is_hidden(config, s->scans[i]);
}

/* By names: the labelled ones are split, the others follow their participants. */
static enum ben_status split_by_folds(const struct selection_config *config,
                                      struct selection *s, const bool *labelled)
{
    enum ben_status st = BEN_OK;
    const char **names = NULL;
    bool *validates = NULL;
    int n = 0;
    TRY_NEW(names = calloc((size_t)s->n + 1, sizeof *names));
    TRY_NEW(validates = calloc((size_t)s->n + 1, sizeof *validates));
    for (int i = 0; i < s->n; i++)
        if (labelled[i])
            names[n++] = s->participants[i];
    if (n > 0 || config->folds.folds > 1)
        TRY(folds_split(&config->folds, names, n, validates));
    for (int k = 0; k < n; k++)
        for (int i = 0; i < s->n && validates[k]; i++)
            s->validates[i] |= strcmp(s->participants[i], names[k]) == 0;
out:
    free(names);
    free(validates);
    return st;
}

static enum ben_status choose_validating(const struct selection_config *config,
                                         struct selection *s, const bool *labelled)
{
    enum ben_status st = BEN_OK;
    if (!config->validation_split)
        TRY(split_by_folds(config, s, labelled));
    for (int i = 0; i < s->n; i++) {
        if (config->validation_split)
            s->validates[i] = in_split(s->scans[i], config->validation_split);
        s->n_validating += s->validates[i];
    }
    if (config->validation_split && s->n_validating == 0)
        FAIL(BEN_E_ARG, "no labelled scan has the split '%s' that is to validate",
             config->validation_split);
    if (s->n_validating == s->n)
        FAIL(BEN_E_ARG, "all %d labelled scans validate and none is left to train", s->n);
out:
    return st;
}

static enum ben_status divide(const struct selection_config *config, struct selection *s)
{
    enum ben_status st = BEN_OK;
    bool *labelled = NULL;
    TRY_NEW(labelled = calloc((size_t)s->n + 1, sizeof *labelled));
    list_labelled(config, s, labelled);
    TRY(choose_validating(config, s, labelled));
    for (int i = 0; i < s->n; i++)
        labelled[i] = labelled[i] && !s->validates[i];
    if (config->labels >= 0)
        TRY(folds_choose(config->folds.seed, config->labels,
                         (const char *const *)s->participants, labelled, s->n, labelled));
    for (int i = 0; i < s->n; i++) {
        s->unlabelled[i] = !labelled[i] && !s->validates[i];
        s->n_unlabelled += s->unlabelled[i];
    }
out:
    free(labelled);
    return st;
}

/* Without adaptation nobody asks for the unlabelled: they go. */
static void drop_unlabelled(struct selection *s)
{
    int kept = 0;
    for (int i = 0; i < s->n; i++) {
        if (s->unlabelled[i]) {
            free(s->participants[i]);
            continue;
        }
        s->sources[kept] = s->sources[i];
        s->scans[kept] = s->scans[i];
        s->validates[kept] = s->validates[i];
        s->participants[kept++] = s->participants[i];
    }
    s->n = kept;
    s->n_unlabelled = 0;
    memset(s->unlabelled, 0, ((size_t)kept + 1) * sizeof *s->unlabelled);
}

static void find_plane(struct selection *s)
{
    int of_plane[3] = {0};
    for (int i = 0; i < s->n; i++)
        of_plane[s->sources[i].plane]++;
    s->plane = BEN_SAGITTAL;
    for (int p = 0; p < 3; p++)
        if (of_plane[p] > of_plane[s->plane])
            s->plane = (enum slice_plane)p;
}

static void describe(struct selection *s)
{
    s->species = species_name(s->scans[0]->species);
    s->modality = s->scans[0]->suffix;
    if (s->scans[0]->species == BEN_SPECIES_UNKNOWN)
        s->species = "general";
    for (int i = 0; i < s->n; i++) {
        if (s->scans[i]->species != s->scans[0]->species)
            s->species = "general";
        if (strcmp(s->scans[i]->suffix, s->scans[0]->suffix) != 0)
            s->modality = "any";
    }
    find_plane(s);
}

void selection_cut_unknown(struct selection *selection, enum slice_plane plane)
{
    for (int i = 0; i < selection->n; i++)
        if (selection->scans[i]->species == BEN_SPECIES_UNKNOWN)
            selection->sources[i].plane = plane;
    find_plane(selection);
}

enum ben_status selection_make(const struct selection_config *config,
                               const struct cohort *cohort, struct selection *selection)
{
    enum ben_status st = BEN_OK;
    size_t room = (size_t)cohort->n + 1;
    *selection = (struct selection){0};
    TRY_NEW(selection->sources = calloc(room, sizeof *selection->sources));
    TRY_NEW(selection->scans = calloc(room, sizeof *selection->scans));
    TRY_NEW(selection->validates = calloc(room, sizeof *selection->validates));
    TRY_NEW(selection->unlabelled = calloc(room, sizeof *selection->unlabelled));
    TRY_NEW(selection->participants = calloc(room, sizeof *selection->participants));
    for (long i = 0; i < cohort->n; i++)
        if (is_wanted(config, &cohort->scans[i]))
            TRY(add(config, &cohort->scans[i], selection));
    if (selection->n == 0)
        FAIL(BEN_E_ARG,
             "%s: none of %ld scans is %s%s%s; give a manifest with a mask column, or "
             "--masks DIR",
             cohort->root, cohort->n, config->unlabelled ? "usable" : "labelled",
             config->split ? " and of split " : "", config->split ? config->split : "");
    TRY(divide(config, selection));
    if (!config->unlabelled)
        drop_unlabelled(selection);
    if (selection->n_validating == selection->n)
        FAIL(BEN_E_ARG, "no scan is left to learn from; give masks, or --labels above 0");
    describe(selection);
out:
    if (st)
        selection_free(selection);
    return st;
}

void selection_free(struct selection *selection)
{
    for (int i = 0; i < selection->n; i++)
        free(selection->participants[i]);
    free(selection->participants);
    free(selection->sources);
    free(selection->scans);
    free(selection->validates);
    free(selection->unlabelled);
    *selection = (struct selection){0};
}
