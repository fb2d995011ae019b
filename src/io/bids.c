/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort_build.h"

#include "base/log.h"
#include "base/util.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The images worked on, by the folder they lie in. Maps, angiograms, field maps and what else a
 * data set holds do not show a head as the network knows it. */
static const struct {
    const char *datatype, *suffix;
} images[] = {
    {"anat", "T1w"},       {"anat", "T2w"},       {"anat", "FLAIR"},  {"anat", "PDw"},
    {"anat", "T2starw"},   {"anat", "PD"},        {"anat", "PDT2"},   {"anat", "inplaneT1"},
    {"anat", "inplaneT2"}, {"anat", "inplanePD"}, {"anat", "UNIT1"},  {"anat", "MTw"},
    {"anat", "swi"},       {"swi", "swi"},        {"func", "bold"},   {"func", "sbref"},
    {"func", "cbv"},       {"perf", "asl"},       {"perf", "m0scan"}, {"dwi", "dwi"},
    {"dwi", "sbref"},
};

/* Phase, real and imaginary parts are no pictures of a head. */
static const char *const refused_parts[] = {"phase", "real", "imag"};

bool bids_is_image(const char *datatype, const char *suffix, size_t n)
{
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
        if (strcmp(datatype, images[i].datatype) == 0 &&
            strncmp(suffix, images[i].suffix, n) == 0 && images[i].suffix[n] == '\0')
            return true;
    return false;
}

size_t bids_entity(const char *name, const char *key, const char **value)
{
    size_t k = strlen(key);
    for (const char *part = name; part; part = strchr(part, '_')) {
        part += *part == '_';
        if (strncmp(part, key, k) == 0 && part[k] == '-') {
            *value = part + k + 1;
            return strcspn(*value, "_.");
        }
    }
    return 0;
}

const char *bids_suffix(const char *name, size_t *n)
{
    size_t end = strlen(name) - nifti_ending(name), at = end;
    while (at > 0 && name[at - 1] != '_')
        at--;
    *n = end - at;
    for (size_t i = at; i < end; i++)
        if (!isalnum((unsigned char)name[i]))
            return NULL;
    return at > 0 && *n > 0 ? name + at : NULL;
}

bool bids_is_name(const char *name)
{
    const char *value;
    size_t n;
    return nifti_ending(name) > 0 && strncmp(name, "sub-", 4) == 0 &&
           bids_entity(name, "sub", &value) > 0 && bids_suffix(name, &n);
}

static bool part_refused(const char *name)
{
    const char *value;
    size_t n = bids_entity(name, "part", &value);
    for (size_t i = 0; n > 0 && i < sizeof refused_parts / sizeof refused_parts[0]; i++)
        if (n == strlen(refused_parts[i]) && strncmp(value, refused_parts[i], n) == 0)
            return true;
    return false;
}

/* Of a pair only the .hdr counts. */
static bool file_wanted(const char *datatype, const char *name)
{
    size_t ending = nifti_ending(name), n;
    if (ending == 0 || tolower((unsigned char)name[strlen(name) - ending + 1]) == 'i')
        return false;
    const char *suffix = bids_suffix(name, &n);
    return suffix && bids_is_name(name) && bids_is_image(datatype, suffix, n) &&
           !part_refused(name);
}

enum ben_status bids_participants(const char *folder, struct tsv **table)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    struct tsv *t = NULL;
    *table = NULL;
    TRY_NEW(path = util_format("%s/participants.tsv", folder));
    if (!util_is_file(path))
        goto out;
    TRY(tsv_read(path, &t));
    int id = tsv_column(t, "participant_id");
    if (id < 0)
        FAIL(BEN_E_INPUT, "%s: line 1: no column participant_id, which BIDS demands", path);
    TRY(tsv_index(t, id));
    *table = t;
    t = NULL;
out:
    tsv_free(&t);
    free(path);
    return st;
}

enum species bids_species(const struct tsv *participants, const char *participant)
{
    long row = participants ? tsv_find(participants, participant) : -1;
    if (row < 0)
        return BEN_SPECIES_UNKNOWN;
    const char *text = tsv_cell(participants, row, tsv_column(participants, "species"));
    enum species species = species_find(text);
    if (text && species == BEN_SPECIES_UNKNOWN)
        log_warn("%s: line %ld: species %s is not one of mouse, rat, marmoset, macaque, human; "
                 "say --species",
                 tsv_path(participants), tsv_line(participants, row), text);
    return species;
}

/* What stays the same while one subject is read. */
struct subject {
    const char *folder;  /* of the data set */
    const char *dataset; /* its name */
    struct cohort_row row;
    enum species species;
};

static enum ben_status add_image(struct cohort_build *build, const struct subject *subject,
                                 const char *inside, const char *name)
{
    struct scan scan = {.species = subject->species};
    scan.path = util_format("%s/%s/%s", subject->folder, inside, name);
    scan.relative = util_format("%s%s/%s", build->prefix, inside, name);
    scan.dataset = strdup(subject->dataset);
    return cohort_add(build, &scan, &subject->row);
}

/* inside: "sub-01/anat" or "sub-01/ses-1/anat". */
static enum ben_status add_images(struct cohort_build *build, const struct subject *subject,
                                  const char *inside)
{
    enum ben_status st = BEN_OK;
    struct listing files = {0};
    char *path = NULL;
    TRY_NEW(path = util_format("%s/%s", subject->folder, inside));
    TRY(listing_read(path, false, &files));
    for (long i = 0; i < files.n; i++)
        if (file_wanted(util_basename(inside), files.names[i]))
            TRY(add_image(build, subject, inside, files.names[i]));
out:
    listing_free(&files);
    free(path);
    return st;
}

static bool is_datatype(const char *name)
{
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
        if (strcmp(name, images[i].datatype) == 0)
            return true;
    return false;
}

/* The folders of a subject or, one level down, of a session. */
static enum ben_status walk(struct cohort_build *build, const struct subject *subject,
                            const char *inside, bool sessions)
{
    enum ben_status st = BEN_OK;
    struct listing folders = {0};
    char *path = NULL, *below = NULL;
    TRY_NEW(path = util_format("%s/%s", subject->folder, inside));
    TRY(listing_read(path, true, &folders));
    for (long i = 0; i < folders.n; i++) {
        const char *name = folders.names[i];
        bool session = sessions && strncmp(name, "ses-", 4) == 0;
        if (!session && !is_datatype(name))
            continue;
        free(below);
        TRY_NEW(below = util_format("%s/%s", inside, name));
        TRY(session ? walk(build, subject, below, false) : add_images(build, subject, below));
    }
out:
    listing_free(&folders);
    free(path);
    free(below);
    return st;
}

/* The name of the data set's folder, also for "." */
static char *dataset_name(const char *folder)
{
    char *real = realpath(folder, NULL);
    char *name = strdup(util_basename(real ? real : folder));
    free(real);
    return name;
}

enum ben_status bids_index(struct cohort_build *build, const char *folder)
{
    enum ben_status st = BEN_OK;
    struct listing folders = {0};
    struct tsv *participants = NULL;
    char *name = NULL;
    TRY(bids_participants(folder, &participants));
    TRY(listing_read(folder, true, &folders));
    TRY_NEW(name = dataset_name(folder));
    for (long i = 0; i < folders.n; i++) {
        const char *label = folders.names[i];
        if (strncmp(label, "sub-", 4) != 0 || !cohort_label_wanted(build, label))
            continue;
        struct subject subject = {.folder = folder, .dataset = name};
        subject.row.table = participants;
        subject.row.row = participants ? tsv_find(participants, label) : -1;
        subject.species = bids_species(participants, label);
        TRY(walk(build, &subject, label, true));
    }
out:
    free(name);
    tsv_free(&participants);
    listing_free(&folders);
    return st;
}
