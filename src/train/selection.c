/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/selection.h"
#include "base/util.h"

#include <stdlib.h>
#include <string.h>

static bool in_split(const struct scan *scan, const char *split)
{
    return scan->split && strcmp(scan->split, split) == 0;
}

static bool is_wanted(const struct selection_config *config, const struct scan *scan)
{
    if (!scan->mask)
        return false;
    if (config->validation_split && in_split(scan, config->validation_split))
        return true;
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
        .follow_thick = config->plane == 0 && species_lies_anyhow(scan->species)};
    s->scans[s->n] = scan;
    s->participants[s->n++] = participant;
out:
    return st;
}

static enum ben_status divide(const struct selection_config *config, struct selection *s)
{
    enum ben_status st = BEN_OK;
    if (!config->validation_split)
        TRY(folds_split(&config->folds, (const char *const *)s->participants, s->n,
                        s->validates));
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

static void describe(struct selection *s)
{
    int of_plane[3] = {0};
    s->species = species_name(s->scans[0]->species);
    s->modality = s->scans[0]->suffix;
    if (s->scans[0]->species == BEN_SPECIES_UNKNOWN)
        s->species = "general";
    for (int i = 0; i < s->n; i++) {
        of_plane[s->sources[i].plane]++;
        if (s->scans[i]->species != s->scans[0]->species)
            s->species = "general";
        if (strcmp(s->scans[i]->suffix, s->scans[0]->suffix) != 0)
            s->modality = "any";
    }
    for (int p = 0; p < 3; p++)
        if (of_plane[p] > of_plane[s->plane])
            s->plane = (enum slice_plane)p;
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
    TRY_NEW(selection->participants = calloc(room, sizeof *selection->participants));
    for (long i = 0; i < cohort->n; i++)
        if (is_wanted(config, &cohort->scans[i]))
            TRY(add(config, &cohort->scans[i], selection));
    if (selection->n == 0)
        FAIL(BEN_E_ARG,
             "%s: none of %ld scans is labelled%s%s; give a manifest with a mask column, or "
             "--masks DIR",
             cohort->root, cohort->n, config->split ? " and of split " : "",
             config->split ? config->split : "");
    TRY(divide(config, selection));
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
    *selection = (struct selection){0};
}
