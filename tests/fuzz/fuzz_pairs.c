/* SPDX-License-Identifier: BSD-3-Clause */
/* Which prediction goes with which reference: lines of the input are names of files, by turns on
 * either side. */
#include "fuzz.h"

#include "base/util.h"
#include "qa/pairs.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "pairs";

enum { MOST_FILES = 8, MOST_NAME = 90 };

void fuzz_start(void)
{
    fuzz_seed_text(
        "sub-01_desc-brain_mask.nii.gz\nsub-01_space-T1w_mask.nii\na.nii\na_mask.nii");
    fuzz_seed_text("a_mask.nii\nb_mask.nii\nc_desc-x_mask.nii\nc_mask.hdr\nd.nii\nd.nii.gz");
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct pairs *pairs = NULL, *copy = NULL;
    char side[4] = "a/";
    fuzz_make_folder("a");
    fuzz_make_folder("b");
    for (int i = 0; i < MOST_FILES && from.left > 0; i++) {
        char *name = fuzz_text(&from, '\n', MOST_NAME);
        side[0] = i % 2 ? 'b' : 'a';
        char *path = util_format("%s%s", side, name);
        if (*name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            fuzz_file(path, "", 0);
        free(path);
        free(name);
    }
    if (fuzz_fine(pairs_match(fuzz_path("a"), fuzz_path("b"), n & 1, &pairs), NULL)) {
        char *bytes;
        size_t size;
        FUZZ_ENSURE(pairs->n > 0);
        FUZZ_ENSURE(pairs_pack(pairs, &bytes, &size) == BEN_OK);
        FUZZ_ENSURE(pairs_unpack(bytes, size, &copy) == BEN_OK && copy->n == pairs->n);
        free(bytes);
    }
    pairs_free(&pairs);
    pairs_free(&copy);
    fuzz_empty_folder();
}
