/* SPDX-License-Identifier: BSD-3-Clause */
/* Every scan of the real data sets that BEN_DATA names: their list is a manifest, and what it
 * says of each image and mask is what reading finds. */
#include "io/cohort.h"

#include "base/util.h"
#include "check.h"
#include "io/tsv.h"

#include <string.h>

static char *manifest;

static const struct scan *find(const struct cohort *c, const char *image)
{
    for (long i = 0; i < c->n; i++)
        if (strcmp(c->scans[i].relative, image) == 0)
            return &c->scans[i];
    return NULL;
}

/* "80x80x17" or "90x70x12x3", and mm to the list's four digits. */
static void check_grid(const struct nifti_info *info, const char *dim, const char *voxel_mm)
{
    int d[4] = {0, 0, 0, 1};
    double mm[3] = {0};
    sscanf(dim, "%dx%dx%dx%d", &d[0], &d[1], &d[2], &d[3]);
    sscanf(voxel_mm, "%lfx%lfx%lf", &mm[0], &mm[1], &mm[2]);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(info->dim[i], d[i]);
        CHECK_NEAR(info->voxel_mm[i], mm[i], 5.1e-4 * (mm[i] < 1 ? 0.1 : 1));
    }
    CU_ASSERT_EQUAL(info->n_volumes, d[3]);
}

static void check_mask(const struct scan *scan)
{
    uint8_t *mask = NULL;
    struct nifti_info info;
    CHECK_OK(nifti_read_mask(scan->mask, 0, &mask, &info, NULL));
    CU_ASSERT_TRUE(nifti_same_grid(&scan->info, &info, 0.01));
    size_t n = (size_t)info.dim[0] * (size_t)info.dim[1] * (size_t)info.dim[2], inside = 0;
    for (size_t i = 0; i < n; i++)
        inside += mask[i];
    CU_ASSERT_TRUE(inside > n / 100 && inside < n / 2);
    free(mask);
}

static void test_list(void)
{
    const struct cohort_options options = {0};
    const char *input = manifest;
    struct cohort *c = NULL;
    struct tsv *t = NULL;
    CHECK_OK(cohort_open(&input, 1, &options, &c));
    CHECK_OK(cohort_inspect(c, 0, c->n));
    CHECK_OK(tsv_read(manifest, &t));
    CU_ASSERT_EQUAL(c->n, tsv_rows(t));
    for (long row = 0; row < tsv_rows(t); row++) {
        const struct scan *s = find(c, tsv_cell(t, row, tsv_column(t, "image")));
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_PTR_NULL_FATAL(s->failed);
        CU_ASSERT_STRING_EQUAL(s->participant, tsv_cell(t, row, tsv_column(t, "subject")));
        CU_ASSERT_STRING_EQUAL(s->split, tsv_cell(t, row, tsv_column(t, "split")));
        CU_ASSERT_NOT_EQUAL(s->species, BEN_SPECIES_UNKNOWN);
        check_grid(&s->info, tsv_cell(t, row, tsv_column(t, "dim")),
                   tsv_cell(t, row, tsv_column(t, "voxel_mm")));
        CU_ASSERT_EQUAL(s->mask != NULL, tsv_cell(t, row, tsv_column(t, "mask")) != NULL);
        if (s->mask)
            check_mask(s);
    }
    tsv_free(&t);
    cohort_free(&c);
}

/* Read as BIDS data sets, with their references, the same masks are found. */
static void test_bids(void)
{
    static const char *const sets[] = {"rat-epi",  "mouse-t1w", "macaque",
                                       "marmoset", "human-ms",  "human-t1w"};
    const struct cohort_options none = {0};
    const char *input = manifest;
    struct cohort *list = NULL, *c = NULL;
    size_t folder = strlen(manifest) - strlen("datasets.tsv");
    CHECK_OK(cohort_open(&input, 1, &none, &list));
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        char *set = util_format("%.*s%s", (int)folder, manifest, sets[i]);
        char *masks = util_format("%s/derivatives/reference", set);
        const struct cohort_options options = {.masks = masks};
        input = set;
        CHECK_OK(cohort_open(&input, 1, &options, &c));
        CU_ASSERT_TRUE(c->bids);
        for (long k = 0; k < c->n; k++) {
            char *relative = util_format("%s/%s", sets[i], c->scans[k].relative);
            const struct scan *s = find(list, relative);
            CU_ASSERT_PTR_NOT_NULL_FATAL(s);
            CU_ASSERT_PTR_NOT_NULL_FATAL(c->scans[k].mask);
            CU_ASSERT_STRING_EQUAL(s->mask, c->scans[k].mask);
            CU_ASSERT_EQUAL(s->species, c->scans[k].species);
            free(relative);
        }
        cohort_free(&c);
        free(masks);
        free(set);
    }
    cohort_free(&list);
}

static const struct check_test tests[] = {
    {"the list of real scans", test_list},
    {"the data sets as BIDS", test_bids},
};

int main(void)
{
    const char *folder = getenv("BEN_DATA");
    manifest = util_format("%s/datasets.tsv", folder ? folder : "");
    if (!folder || !manifest || !util_is_file(manifest)) {
        printf("skipped: BEN_DATA does not name the folder of the real scans\n");
        free(manifest);
        return CHECK_SKIPPED;
    }
    int status = check_run("data", tests, sizeof tests / sizeof tests[0]);
    free(manifest);
    return status;
}
