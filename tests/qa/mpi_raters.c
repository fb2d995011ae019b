/* SPDX-License-Identifier: BSD-3-Clause */
/* Several raters over ranks: every rank gets what one rank alone gets, to the bit, and the maps are the
 * same bytes; a rater whose mask cannot be used is left out of that scan, a scan that one rater alone
 * marked fails. */
#include "check_ranks.h"

#include "base/util.h"
#include "io/nifti.h"
#include "qa/raters.h"

#include <string.h>

#define SCANS  5
#define SIDE   8
#define RATERS 3

static const struct evaluate_options options = {.plane = EVALUATE_AUTO_PLANE};
static const char *const names[] = {"net", "anna", "bert", "cleo"};

static char *mask_path(int method, int scan)
{
    return util_format("%s/%s/s%d_mask.nii.gz", folder, names[method], scan);
}

/* Planes [method, 4 + scan % 3) of the first axis; cleo's of scan 1 is no mask, of scan 2 she alone has
 * one. */
static void make_mask(int method, int scan)
{
    const int dim[3] = {SIDE, SIDE, SIDE};
    const double mm[3] = {0.5, 0.5, 1};
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    uint8_t mask[SIDE * SIDE * SIDE];
    char *path = mask_path(method, scan);
    CHECK_OK(volume_create(dim, mm, &v));
    nifti_geometry_make(v, &geometry);
    for (int i = 0; i < SIDE * SIDE * SIDE; i++)
        mask[i] = i % SIDE >= method && i % SIDE < 4 + scan % 3;
    if (method == 3 && scan == 1)
        CHECK_OK(util_write_file(path, "no scan", 7));
    else
        CHECK_OK(nifti_write_u8(path, &geometry, mask, "test"));
    free(path);
    volume_free(&v);
}

static void test_files_are_made(void)
{
    for (int method = 0; world.rank == 0 && method <= RATERS; method++) {
        char *path = util_format("%s/%s", folder, names[method]);
        CHECK_OK(util_make_dirs(path));
        free(path);
        for (int scan = 0; scan < SCANS; scan++)
            if (scan != 2 || method == 0 || method == 3)
                make_mask(method, scan);
    }
    MPI_Barrier(world.mpi);
}

/* The prediction's pairs, then the raters', all named after cleo's files. */
static struct pairs *match_files(long *first)
{
    struct pairs *all = calloc(1, sizeof *all);
    char *ref = util_format("%s/cleo", folder);
    for (int method = 0; method <= RATERS; method++) {
        struct pairs *found = NULL;
        char *path = util_format("%s/%s", folder, names[method]);
        CHECK_OK(pairs_match(path, ref, true, &found));
        CHECK_OK(pairs_join(all, found, names[method]));
        *first = method == 0 ? all->n : *first;
        pairs_free(&found);
        free(path);
    }
    free(ref);
    CU_ASSERT_EQUAL_FATAL(all->n, (RATERS + 1) * SCANS);
    return all;
}

struct outcome {
    struct evaluate_row rows[(RATERS + 1) * SCANS];
    struct rater_score scores[(RATERS + 1) * SCANS];
    char *slices;
};

static void evaluate(const struct comm *comm, enum consensus_kind kind, const char *name,
                     struct outcome *outcome)
{
    struct raters_options raters = {.kind = kind};
    struct pairs *pairs = match_files(&raters.first_pair);
    char *maps = util_format("%s/%s", folder, name);
    raters.folder = maps;
    memset(outcome, 0, sizeof *outcome);
    CHECK_OK(raters_evaluate(comm, pairs, &options, &raters, outcome->rows, outcome->scores,
                             &outcome->slices));
    free(maps);
    pairs_free(&pairs);
}

/* The row of a method in a scan: pairs lie method by method, scan by scan. */
static const struct evaluate_row *row(const struct outcome *outcome, int method, int scan)
{
    return &outcome->rows[method * SCANS + scan];
}

static void check_outcome(const struct outcome *outcome)
{
    const struct rater_score *bert = &outcome->scores[2 * SCANS];
    /* scan 0: net [0, 4), anna [1, 4), bert [2, 4), cleo [3, 4); two of three have [2, 4) */
    CHECK_NEAR(row(outcome, 0, 0)->metrics.dice, 2.0 * 2 / (4 + 2), 1e-12);
    CU_ASSERT_EQUAL(bert->raters, 3);
    CHECK_NEAR(bert->dice_with_others, 0.5 * (2.0 * 2 / 5 + 2.0 * 1 / 3), 1e-12);
    CHECK_NEAR(bert->union_mm3, 3 * SIDE * SIDE * 0.25, 1e-9);
    CU_ASSERT_EQUAL(bert[1].raters, 2); /* without cleo, whose mask is none */
    CU_ASSERT_EQUAL(row(outcome, 3, 1)->status, BEN_EVALUATE_FAILED);
    CU_ASSERT_EQUAL(row(outcome, 0, 2)->status, BEN_EVALUATE_FAILED);
    CU_ASSERT_NOT_EQUAL(row(outcome, 0, 3)->status, BEN_EVALUATE_FAILED);
}

static void check_same_map(int scan, const char *ending)
{
    char *text[2];
    size_t n[2];
    for (int i = 0; i < 2; i++) {
        char *path =
            util_format("%s/%s/s%d_desc-%s", folder, i ? "shared" : "alone", scan, ending);
        CHECK_OK(util_read_file(path, 1 << 20, &text[i], &n[i]));
        free(path);
    }
    CU_ASSERT_EQUAL_FATAL(n[0], n[1]);
    CU_ASSERT_EQUAL(memcmp(text[0], text[1], n[0]), 0);
    free(text[0]);
    free(text[1]);
}

static void compare(enum consensus_kind kind)
{
    const struct comm self = comm_self();
    struct outcome *alone = malloc(sizeof *alone), *shared = malloc(sizeof *shared);
    if (world.rank == 0)
        evaluate(&self, kind, "alone", alone);
    evaluate(&world, kind, "shared", shared);
    MPI_Barrier(world.mpi);
    if (kind == CONSENSUS_MAJORITY)
        check_outcome(shared);
    if (world.rank == 0) {
        CU_ASSERT_EQUAL(memcmp(alone->rows, shared->rows, sizeof alone->rows), 0);
        CU_ASSERT_EQUAL(memcmp(alone->scores, shared->scores, sizeof alone->scores), 0);
        CU_ASSERT_STRING_EQUAL(alone->slices, shared->slices);
        for (int scan = 0; scan < SCANS; scan += 3) {
            check_same_map(scan, "consensus_mask.nii.gz");
            check_same_map(scan, "disagreement_map.nii.gz");
        }
        free(alone->slices);
    }
    free(shared->slices);
    free(alone);
    free(shared);
    MPI_Barrier(world.mpi);
}

static void test_majority(void)
{
    compare(CONSENSUS_MAJORITY);
}

static void test_staple(void)
{
    compare(CONSENSUS_STAPLE);
}

static const struct check_test tests[] = {
    {"files are made", test_files_are_made},
    {"majority", test_majority},
    {"STAPLE", test_staple},
};

CHECK_MAIN_RANKS("qa/raters on ranks", tests)
