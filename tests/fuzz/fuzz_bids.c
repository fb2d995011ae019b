/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set: the first lines are paths of (empty) files in it, an empty line, then
 * participants.tsv where there is more. It is indexed, and each scan's derivatives are named. */
#include "fuzz.h"

#include "base/util.h"
#include "io/cohort.h"
#include "io/derivatives.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char fuzz_name[] = "bids";

enum { MOST_FILES = 8, MOST_NAME = 90 };

void fuzz_start(void)
{
    fuzz_seed_text("sub-01/anat/sub-01_T1w.nii.gz\nsub-01/anat/sub-01_T2w.nii.gz\n\n"
                   "participant_id\tspecies\nsub-01\tRattus norvegicus\n");
    fuzz_seed_text("sub-a/ses-1/func/sub-a_ses-1_task-rest_part-mag_bold.nii\n"
                   "sub-a/ses-1/func/sub-a_ses-1_task-rest_part-phase_bold.nii\n\n");
    fuzz_seed_text("sub-01/dwi/sub-01_desc-x_dwi.hdr\nsub-01/dwi/sub-01_desc-x_dwi.img\n"
                   "sub-02/perf/sub-02_space-T1w_asl.nii.gz\n\nparticipant_id\nsub-02\n");
    fuzz_seed_text("x.nii\nx_mask.nii\ny.hdr.gz\ny.img.gz\n");
}

/* A path that stays below the folder and can be made there. */
static int usable(const char *path)
{
    size_t n = strlen(path);
    return n > 0 && path[0] != '/' && path[n - 1] != '/' && strncmp(path, "../", 3) != 0 &&
           !strstr(path, "/..") && strcmp(path, "..") != 0 && !strstr(path, "//");
}

static void make_file(const char *name)
{
    const char *path = fuzz_path(name);
    if (usable(name) && util_make_parents(path) == BEN_OK && !util_is_dir(path))
        fuzz_file(name, "", 0);
}

static void name_derivatives(const struct scan *scan)
{
    struct derivative_source source = {scan->relative, scan->bids, scan->suffix_needed};
    for (int kind = 0; kind < BEN_DERIVATIVE_KINDS; kind++) {
        char *path = derivative_path("out", &source, (enum derivative_kind)kind, ".nii.gz");
        FUZZ_ENSURE(path && strncmp(path, "out/", 4) == 0);
        free(path);
    }
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    const struct cohort_options options = {.masks = fuzz_folder()};
    struct cohort *cohort = NULL;
    const char *path = fuzz_folder();
    char *name = NULL;
    for (int i = 0; i < MOST_FILES; i++) {
        free(name);
        name = fuzz_text(&from, '\n', MOST_NAME);
        if (!*name)
            break;
        make_file(name);
    }
    free(name);
    if (from.left > 0)
        fuzz_file("participants.tsv", from.at, from.left);
    if (fuzz_fine(cohort_open(&path, 1, &options, &cohort), NULL))
        for (long i = 0; i < cohort->n; i++)
            name_derivatives(&cohort->scans[i]);
    cohort_free(&cohort);
    fuzz_empty_folder();
}
