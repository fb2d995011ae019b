/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort_build.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

/* What a column may be called; the first that is there counts. */
static const char *const image_names[] = {"image", "path", "file", "filename", "scan", NULL};
static const char *const mask_names[] = {"mask", "label", "reference", NULL};
static const char *const species_names[] = {"species", NULL};
static const char *const participant_names[] = {"participant_id", "participant", "subject",
                                                "sub", NULL};
static const char *const session_names[] = {"session_id", "session", "ses", NULL};
static const char *const dataset_names[] = {"dataset", NULL};
static const char *const split_names[] = {"split", NULL};

struct manifest {
    struct tsv *table;
    char *folder; /* of the manifest: paths are relative to it */
    int image, mask, species, participant, session, dataset, split;
};

static int find_column(const struct tsv *table, const char *const *names)
{
    for (; *names; names++) {
        int column = tsv_column(table, *names);
        if (column >= 0)
            return column;
    }
    return -1;
}

static char *join(const char *folder, const char *path)
{
    if (path[0] == '/' || strcmp(folder, ".") == 0)
        return strdup(path);
    return util_format("%s/%s", folder, path);
}

/* A path that stays inside the folder when outputs are laid out like the inputs. */
static const char *inside(const char *path)
{
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    bool leaves = path[0] == '/' || strncmp(path, "../", 3) == 0 || strstr(path, "/../");
    return leaves ? util_basename(path) : path;
}

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static enum ben_status read_species(const struct manifest *m, long row, enum species *species)
{
    enum ben_status st = BEN_OK;
    const char *text = tsv_cell(m->table, row, m->species);
    *species = species_find(text);
    if (text && *species == BEN_SPECIES_UNKNOWN)
        FAIL(BEN_E_INPUT,
             "%s: line %ld: species %s is not one of mouse, rat, marmoset, macaque, human",
             tsv_path(m->table), tsv_line(m->table, row), text);
out:
    return st;
}

static enum ben_status add_row(struct cohort_build *build, const struct manifest *m, long row)
{
    enum ben_status st = BEN_OK;
    const struct tsv *t = m->table;
    struct cohort_row place = {t, row};
    enum species species;
    const char *image = tsv_cell(t, row, m->image), *mask = tsv_cell(t, row, m->mask);
    if (!image || !*util_basename(image))
        FAIL(BEN_E_INPUT, "%s: line %ld: no image is named%s%s", tsv_path(t), tsv_line(t, row),
             image ? ", but a folder: " : "", image ? image : "");
    TRY(read_species(m, row, &species));
    struct scan scan = {.species = species,
                        .path = join(m->folder, image),
                        .relative = util_format("%s%s", build->prefix, inside(image)),
                        .mask = mask ? join(m->folder, mask) : NULL,
                        .participant = copy(tsv_cell(t, row, m->participant)),
                        .session = copy(tsv_cell(t, row, m->session)),
                        .dataset = copy(tsv_cell(t, row, m->dataset)),
                        .split = copy(tsv_cell(t, row, m->split))};
    TRY(cohort_add(build, &scan, &place));
out:
    return st;
}

enum ben_status manifest_index(struct cohort_build *build, const char *path)
{
    enum ben_status st = BEN_OK;
    struct manifest m = {0};
    const char *name = util_basename(path);
    TRY(tsv_read(path, &m.table));
    TRY_NEW(m.folder = name == path ? strdup(".") : strndup(path, (size_t)(name - path - 1)));
    m.image = find_column(m.table, image_names);
    if (m.image < 0)
        FAIL(BEN_E_INPUT, "%s: line 1: no column called image; a manifest needs one", path);
    m.mask = find_column(m.table, mask_names);
    m.species = find_column(m.table, species_names);
    m.participant = find_column(m.table, participant_names);
    m.session = find_column(m.table, session_names);
    m.dataset = find_column(m.table, dataset_names);
    m.split = find_column(m.table, split_names);
    for (long row = 0; row < tsv_rows(m.table); row++)
        TRY(add_row(build, &m, row));
out:
    tsv_free(&m.table);
    free(m.folder);
    return st;
}
