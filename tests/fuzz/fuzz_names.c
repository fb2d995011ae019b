/* SPDX-License-Identifier: BSD-3-Clause */
/* File names taken apart: entities, suffixes, endings, species, and the names that derivatives get.
 * Lines of the input are names. */
#include "fuzz.h"

#include "io/cohort_build.h"
#include "io/derivatives.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "names";

enum { MOST_NAMES = 4 };

void fuzz_start(void)
{
    fuzz_seed_text("sub-01_ses-02_acq-x_run-1_desc-preproc_T1w.nii.gz\nT1w\nsub-_T1w.nii\n");
    fuzz_seed_text("a/b/sub-1_bold.HDR.GZ\n_.nii\n.nii\nmus_musculus\nHomo sapiens\n");
    fuzz_seed_text("sub-x_desc-_desc-y_.img\nsub-x__T2w.nii\nsub-\n");
}

static void take_apart(const char *name)
{
    static const char *const keys[] = {"sub", "ses", "part", "desc", ""};
    const char *value = name, *end = name + strlen(name);
    size_t n = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if ((n = bids_entity(name, keys[i], &value)) > 0)
            FUZZ_ENSURE(value > name && value + n <= end);
    const char *suffix = bids_suffix(name, &n);
    FUZZ_ENSURE(!suffix || (suffix > name && n > 0 && suffix + n <= end));
    FUZZ_ENSURE(!bids_is_name(name) || suffix);
    FUZZ_ENSURE(nifti_ending(name) <= strlen(name));
    bids_is_image(name, suffix ? suffix : name, suffix ? n : strlen(name));
    FUZZ_ENSURE(species_find(name) < BEN_SPECIES_COUNT);
}

static void name_scan(const char *path)
{
    struct scan scan = {.path = strdup(path), .relative = strdup(path)};
    FUZZ_ENSURE(cohort_name(&scan) == BEN_OK);
    FUZZ_ENSURE(scan.id && scan.participant && scan.suffix && scan.dataset);
    for (int k = 0; k < 2 * BEN_DERIVATIVE_KINDS; k++) {
        struct derivative_source source = {path, scan.bids, k & 1};
        char *stem = derivative_stem(&source, (enum derivative_kind)(k / 2));
        FUZZ_ENSURE(stem);
        free(stem);
    }
    cohort_scan_clear(&scan);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    for (int i = 0; i < MOST_NAMES && from.left > 0; i++) {
        char *name = fuzz_text(&from, '\n', 300);
        take_apart(name);
        name_scan(name);
        free(name);
    }
}
