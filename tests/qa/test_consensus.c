/* SPDX-License-Identifier: BSD-3-Clause */
/* The consensus of raters: majority by counting, STAPLE against ITK's filter, and what few or odd raters
 * give. */
#include "check.h"

#include "qa/consensus.h"

static struct consensus c;

static void test_majority(void)
{
    const uint64_t voxels[8] = {100, 1, 1, 1, 1, 1, 1, 10};
    const unsigned inside[] = {3, 5, 6, 7};
    unsigned found = 0;
    CHECK_OK(consensus_find(CONSENSUS_MAJORITY, voxels, 3, 7, &c));
    for (unsigned d = 0; d < 8; d++)
        found += c.inside[d] > 0.5;
    CU_ASSERT_EQUAL(found, 4);
    for (int i = 0; i < 4; i++)
        CU_ASSERT(c.inside[inside[i]] > 0.5);
    CU_ASSERT(isnan(c.sensitivity[0]));
    CHECK_OK(consensus_find(CONSENSUS_MAJORITY, voxels, 3, 5, &c)); /* raters 0 and 2 */
    CU_ASSERT_EQUAL(c.inside[1], 0.5);                              /* a tie is not inside */
    CU_ASSERT_EQUAL(c.inside[5], 1);
    CU_ASSERT_EQUAL(c.inside[7], 1);
    CU_ASSERT_EQUAL(c.inside[2], 0); /* rater 1 does not count */
}

/* Three raters on 1000 voxels, and what itk::STAPLEImageFilter 5.2 finds (tools/metrics_itk); it stops
 * at changes of 1e-7. */
static const struct {
    uint64_t voxels[8];
    double sensitivity[3], specificity[3];
    double inside; /* voxels */
} known[] = {
    {{700, 20, 5, 15, 8, 2, 30, 220},
     {0.880441985538547, 0.992081189256885, 0.936851050977042},
     {0.972358301099292, 0.995646713993205, 0.98900698180483},
     267},
    {{400, 100, 90, 30, 80, 20, 10, 270},
     {0.989830574575632, 0.956382552224324, 0.927738174047124},
     {0.829322365007981, 0.843438348096804, 0.859656106659921},
     320},
};

static double count_inside(const uint64_t *voxels, unsigned patterns)
{
    double n = 0;
    for (unsigned d = 0; d < patterns; d++)
        n += c.inside[d] > 0.5 ? (double)voxels[d] : 0;
    return n;
}

static void test_staple_equals_itk(void)
{
    for (int k = 0; k < 2; k++) {
        CHECK_OK(consensus_find(CONSENSUS_STAPLE, known[k].voxels, 3, 7, &c));
        for (int r = 0; r < 3; r++) {
            CHECK_NEAR(c.sensitivity[r], known[k].sensitivity[r], 1e-6);
            CHECK_NEAR(c.specificity[r], known[k].specificity[r], 1e-6);
        }
        CU_ASSERT_EQUAL(count_inside(known[k].voxels, 8), known[k].inside);
    }
}

/* A fourth rater who does not count changes nothing, whatever he marked. */
static void test_who_does_not_count(void)
{
    uint64_t voxels[16];
    for (int d = 0; d < 16; d++)
        voxels[d] = d < 8 ? known[0].voxels[d] / 2
                          : known[0].voxels[d - 8] - known[0].voxels[d - 8] / 2;
    CHECK_OK(consensus_find(CONSENSUS_STAPLE, voxels, 4, 7, &c));
    for (int r = 0; r < 3; r++)
        CHECK_NEAR(c.sensitivity[r], known[0].sensitivity[r], 1e-6);
    CU_ASSERT(isnan(c.sensitivity[3]));
    for (unsigned d = 0; d < 8; d++)
        CU_ASSERT_EQUAL(c.inside[d], c.inside[d + 8]);
    CU_ASSERT_EQUAL(count_inside(voxels, 16), 267);
}

static void test_empty_and_full(void)
{
    const uint64_t nothing[4] = {50, 0, 0, 0}, all[4] = {0, 0, 0, 50}, no_voxel[4] = {0};
    CHECK_OK(consensus_find(CONSENSUS_STAPLE, nothing, 2, 3, &c));
    CU_ASSERT_EQUAL(count_inside(nothing, 4), 0);
    CHECK_OK(consensus_find(CONSENSUS_STAPLE, all, 2, 3, &c));
    CU_ASSERT_EQUAL(count_inside(all, 4), 50);
    CHECK_OK(consensus_find(CONSENSUS_STAPLE, no_voxel, 2, 3, &c));
    CU_ASSERT_EQUAL(c.inside[0], 0);
}

static void test_disagreement_and_dice(void)
{
    const uint64_t voxels[8] = {100, 4, 3, 2, 6, 5, 7, 10};
    CU_ASSERT_EQUAL(consensus_disagreement(0, 3), 0);
    CU_ASSERT_EQUAL(consensus_disagreement(7, 3), 0);
    CHECK_NEAR(consensus_disagreement(4, 3), 2.0 / 3, 1e-15);
    CHECK_NEAR(consensus_disagreement(3, 4), 4.0 / 6, 1e-15);
    CU_ASSERT_EQUAL(consensus_disagreement(1, 2), 1);
    /* raters 0 and 1: both in 2 + 10 voxels, 21 and 22 in all */
    CHECK_NEAR(consensus_dice(voxels, 3, 0, 1), 2.0 * 12 / (21 + 22), 1e-15);
    const uint64_t nothing[4] = {9, 0, 0, 0};
    CU_ASSERT_EQUAL(consensus_dice(nothing, 2, 0, 1), 1);
}

static const struct check_test tests[] = {
    {"majority", test_majority},
    {"STAPLE equals ITK's", test_staple_equals_itk},
    {"who does not count", test_who_does_not_count},
    {"empty and full", test_empty_and_full},
    {"disagreement and Dice", test_disagreement_and_dice},
};

CHECK_MAIN("qa/consensus", tests)
