/* SPDX-License-Identifier: BSD-3-Clause */
/* Manifests: the first line of the input chooses scans (--where), the rest is the file. */
#include "fuzz.h"

#include "io/cohort.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "manifest";

void fuzz_start(void)
{
    fuzz_seed_text("\nimage\tmask\tspecies\tsplit\na.nii\tm/a.nii.gz\trat\ttrain\n/b.hdr\tn/a\t"
                   "Mus musculus\ttest\n");
    fuzz_seed_text("split=train\nimage\tsplit\nsub-01/anat/sub-01_T1w.nii.gz\ttrain\n"
                   "sub-01/anat/sub-01_T2w.nii.gz\ttrain\n../x/../y.nii\ttest\n");
    fuzz_seed_text("species=!rat\nfile\tsubject\tses\tdataset\tspecies\n./a_mask.nii\ts\tt\tu\t"
                   "homo sapiens\n");
    fuzz_seed_text("\nimage\n/a/\n");
}

/* The list is one that the rest of the program can rely on. */
static void check(struct cohort *cohort)
{
    char *bytes, *again;
    size_t n, m;
    struct cohort *copy;
    FUZZ_ENSURE(cohort->n > 0);
    for (long i = 0; i < cohort->n; i++) {
        const struct scan *scan = &cohort->scans[i];
        FUZZ_ENSURE(*scan->id);
        FUZZ_ENSURE(scan->path && scan->participant && scan->suffix && scan->dataset);
        FUZZ_ENSURE(scan->relative[0] != '/' && strncmp(scan->relative, "../", 3) != 0);
        FUZZ_ENSURE(!strstr(scan->relative, "/../"));
    }
    FUZZ_ENSURE(cohort_pack(cohort, &bytes, &n) == BEN_OK);
    FUZZ_ENSURE(cohort_unpack(bytes, n, &copy) == BEN_OK);
    FUZZ_ENSURE(cohort_pack(copy, &again, &m) == BEN_OK);
    FUZZ_ENSURE(m == n && memcmp(bytes, again, n) == 0);
    FUZZ_ENSURE(cohort_inspect(cohort, 0, 1) == BEN_OK && cohort->scans[0].failed);
    free(bytes);
    free(again);
    cohort_free(&copy);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    char *where = fuzz_text(&from, '\n', 200);
    const char *list[] = {where};
    struct cohort_options options = {.where = list, .n_where = *where != '\0'};
    struct cohort *cohort = NULL;
    const char *path = fuzz_file("m.tsv", from.at, from.left);
    if (fuzz_fine(cohort_open(&path, 1, &options, &cohort), NULL))
        check(cohort);
    cohort_free(&cohort);
    free(where);
}
