/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON sidecars of masks: the input is one, and a mask is looked for through it. */
#include "fuzz.h"

#include "io/cohort_build.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "sidecar";

void fuzz_start(void)
{
    fuzz_make_folder("sub-01/anat");
    fuzz_file("sub-01/anat/x_mask.nii.gz", "", 0);
    fuzz_seed_text(
        "{\"Type\": \"Brain\", \"Sources\": [\"bids:raw:sub-01/anat/sub-01_T1w.nii\"]}");
    fuzz_seed_text("{\"Sources\": \"sub-01_T1w.nii\"}");
    fuzz_seed_text(
        "{\"Sources\": [1, null, \"/a/b/sub-01/anat/sub-01_T1w.nii\", {\"a\": []}]}");
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct scan scan = {.path = strdup("/raw/sub-01/anat/sub-01_T1w.nii"),
                        .relative = strdup("sub-01/anat/sub-01_T1w.nii")};
    FUZZ_ENSURE(cohort_name(&scan) == BEN_OK && scan.bids);
    fuzz_file("sub-01/anat/x_mask.json", data, n);
    fuzz_fine(masks_find(fuzz_folder(), &scan, 1), NULL);
    FUZZ_ENSURE(!scan.mask || strstr(scan.mask, "x_mask.nii.gz"));
    cohort_scan_clear(&scan);
}
