/* SPDX-License-Identifier: BSD-3-Clause */
/* Evaluation of files over ranks: every rank gets the results of one rank alone, to the bit, and
 * pairs that cannot be compared fail without harm to the others. */
#include "check_ranks.h"

#include "base/util.h"
#include "io/nifti.h"
#include "qa/evaluate.h"

#include <string.h>

#define CASES 7

static const struct evaluate_options options = {.plane = EVALUATE_AUTO_PLANE};

/* A box of ones in a volume of the case's size. */
struct made_mask {
    int dim[3];
    int first, last; /* the box along every axis, empty where last < first */
    double shift_mm; /* of the origin */
};

static const struct made_mask preds[CASES] = {
    {{10, 9, 8}, 1, 5, 0}, {{10, 9, 8}, 2, 6, 0},  {{10, 9, 8}, 3, 2, 0}, {{10, 9, 8}, 2, 5, 0},
    {{5, 5, 5}, 1, 3, 0},  {{20, 20, 5}, 0, 4, 9}, {{0, 0, 0}, 0, 0, 0},
};
static const struct made_mask refs[CASES] = {
    {{10, 9, 8}, 1, 5, 0}, {{10, 9, 8}, 2, 5, 0},  {{10, 9, 8}, 2, 5, 0}, {{10, 9, 8}, 3, 2, 0},
    {{6, 5, 5}, 1, 3, 0},  {{20, 20, 5}, 1, 4, 0}, {{5, 5, 5}, 1, 3, 0},
};
static const enum evaluate_status expected[CASES] = {
    BEN_EVALUATE_OK,     BEN_EVALUATE_OK,      BEN_EVALUATE_WARNING, BEN_EVALUATE_WARNING,
    BEN_EVALUATE_FAILED, BEN_EVALUATE_WARNING, BEN_EVALUATE_FAILED,
};

static char *mask_path(const char *side, int i)
{
    return util_format("%s/%s/s%d_mask.nii.gz", folder, side, i);
}

static void make_mask(const char *side, int i, const struct made_mask *made)
{
    const double mm[3] = {0.5, 0.5, 1};
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    char *path = mask_path(side, i);
    if (made->dim[0] == 0) {
        CHECK_OK(util_write_file(path, "no scan", 7));
        free(path);
        return;
    }
    CHECK_OK(volume_create(made->dim, mm, &v));
    uint8_t *mask = calloc(volume_voxels(v), 1);
    v->affine[0][3] = made->shift_mm;
    nifti_geometry_make(v, &geometry);
    for (int k = made->first; k <= made->last; k++)
        for (int j = made->first; j <= made->last; j++)
            memset(mask + (k * v->dim[1] + j) * v->dim[0] + made->first, 1,
                   (size_t)(made->last - made->first + 1));
    CHECK_OK(nifti_write_u8(path, &geometry, mask, "test"));
    free(mask);
    free(path);
    volume_free(&v);
}

static void make_files(void)
{
    if (world.rank != 0)
        return;
    for (int s = 0; s < 2; s++) {
        char *path = util_format("%s/%s", folder, s ? "ref" : "pred");
        CHECK_OK(util_make_dirs(path));
        free(path);
    }
    for (int i = 0; i < CASES; i++) {
        make_mask("pred", i, &preds[i]);
        make_mask("ref", i, &refs[i]);
    }
    make_mask("ref", CASES, &refs[0]); /* nobody predicted it */
}

static void test_files_are_made(void)
{
    make_files();
    MPI_Barrier(world.mpi);
}

static struct pairs *match_files(void)
{
    struct pairs *pairs = NULL;
    char *pred = util_format("%s/pred", folder), *ref = util_format("%s/ref", folder);
    CHECK_OK(pairs_match(pred, ref, true, &pairs));
    CU_ASSERT_EQUAL_FATAL(pairs->n, CASES + 1);
    free(pred);
    free(ref);
    return pairs;
}

static void check_rows(const struct evaluate_row *rows)
{
    for (int i = 0; i < CASES; i++) {
        CU_ASSERT_EQUAL(rows[i].status, expected[i]);
        CU_ASSERT_EQUAL(rows[i].reason[0] != '\0', expected[i] != BEN_EVALUATE_OK);
    }
    CU_ASSERT_EQUAL(rows[0].metrics.dice, 1);
    CU_ASSERT_EQUAL(rows[0].metrics.hd_mm, 0);
    CHECK_NEAR(rows[1].metrics.dice, 2.0 * 64 / (125 + 64), 1e-12);
    CHECK_NEAR(rows[1].metrics.hd_mm, sqrt(0.25 + 0.25 + 1), 1e-6);
    CHECK_NEAR(rows[1].metrics.pred_mm3, 125 * 0.25, 1e-6);
    CU_ASSERT(strstr(rows[2].reason, "prediction is empty") != NULL);
    CU_ASSERT(strstr(rows[3].reason, "reference is empty") != NULL);
    CU_ASSERT(strstr(rows[4].reason, "5 x 5 x 5") && strstr(rows[4].reason, "6 x 5 x 5"));
    CU_ASSERT(strstr(rows[4].reason, "pred/s4") && strstr(rows[4].reason, "ref/s4"));
    CU_ASSERT(isnan(rows[4].metrics.dice) && isnan(rows[4].metrics.ref_mm3));
    CU_ASSERT(strstr(rows[5].reason, "world") != NULL);
    CU_ASSERT(strstr(rows[6].reason, "pred/s6") != NULL);
    CU_ASSERT_EQUAL(rows[CASES].status, BEN_EVALUATE_FAILED);
    CU_ASSERT(strstr(rows[CASES].reason, "no prediction") != NULL);
}

static void test_rows_equal_those_of_one_rank(void)
{
    const struct comm self = comm_self();
    char *lines = NULL, *shared_lines = NULL;
    struct pairs *pairs = match_files();
    struct evaluate_row *alone = calloc(CASES + 1, sizeof *alone);
    struct evaluate_row *shared = calloc(CASES + 1, sizeof *shared);
    CHECK_OK(evaluate_pairs(&self, pairs, &options, alone, &lines));
    CHECK_OK(evaluate_pairs(&world, pairs, &options, shared, &shared_lines));
    check_rows(shared);
    CU_ASSERT_EQUAL(memcmp(alone, shared, (CASES + 1) * sizeof *alone), 0);
    CU_ASSERT_EQUAL(shared_lines == NULL, world.rank != 0);
    if (world.rank == 0)
        CU_ASSERT_STRING_EQUAL(lines, shared_lines);
    free(lines);
    free(shared_lines);
    free(alone);
    free(shared);
    pairs_free(&pairs);
}

static void test_summary_leaves_failures_out(void)
{
    struct pairs *pairs = match_files();
    struct evaluate_row rows[CASES + 1];
    struct summary summaries[METRICS_FIELDS];
    CHECK_OK(evaluate_pairs(&world, pairs, &options, rows, NULL));
    const struct evaluate_results results = {.pairs = pairs, .rows = rows};
    CHECK_OK(evaluate_summarise(&results, "", NULL, summaries));
    CU_ASSERT_EQUAL(summaries[0].n, 5);
    CU_ASSERT_EQUAL(summaries[0].max, 1);
    CU_ASSERT_EQUAL(summaries[0].min, 0);
    CU_ASSERT_EQUAL(summaries[4].n, 3); /* distances need both masks */
    pairs_free(&pairs);
}

static const struct check_test tests[] = {
    {"files are made", test_files_are_made},
    {"rows equal those of one rank", test_rows_equal_those_of_one_rank},
    {"the summary leaves failures out", test_summary_leaves_failures_out},
};

CHECK_MAIN_RANKS("qa/evaluate on ranks", tests)
