/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores of constructed maps: what is sure scores 0, what is not scores more, slices without brain
 * are sure, and the order of the slices is the only thing a scan's sums depend on. */
#include "qa/mcqa.h"

#include "check.h"

#include <string.h>

enum { SIZE = 32, PIXELS = SIZE * SIZE, SAMPLES = 4 };

struct maps {
    float mean[PIXELS], aleatoric[PIXELS], epistemic[PIXELS], votes[PIXELS];
};

/* Each pixel's samples as a function tells them -> the maps, by their definitions. */
typedef float (*sample_rule)(int row, int column, int sample);

static struct mcqa_sums measure(sample_rule rule)
{
    struct maps *m = calloc(1, sizeof *m);
    struct mcqa_sums sums;
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    for (int i = 0; i < PIXELS; i++) {
        float p[SAMPLES];
        for (int t = 0; t < SAMPLES; t++) {
            p[t] = rule(i / SIZE, i % SIZE, t);
            m->mean[i] += p[t] / SAMPLES;
            m->aleatoric[i] += p[t] * (1 - p[t]) / SAMPLES;
            m->votes[i] += p[t] > 0.5F;
        }
        for (int t = 0; t < SAMPLES; t++)
            m->epistemic[i] += (p[t] - m->mean[i]) * (p[t] - m->mean[i]) / SAMPLES;
    }
    const struct net_certainty maps = {m->mean, m->aleatoric, m->epistemic, m->votes};
    mcqa_measure(&maps, SIZE, SAMPLES, 0.5F, &sums);
    free(m);
    return sums;
}

static int in_square(int row, int column)
{
    return row >= 8 && row < 24 && column >= 8 && column < 24;
}

static float empty(int row, int column, int sample)
{
    (void)row, (void)column, (void)sample;
    return 0;
}

static float full(int row, int column, int sample)
{
    (void)row, (void)column, (void)sample;
    return 1;
}

static float square(int row, int column, int sample)
{
    (void)sample;
    return in_square(row, column) ? 1 : 0;
}

/* Each sample is sure, but of a square that it shifts by a column. */
static float shifted(int row, int column, int sample)
{
    return in_square(row, column - sample) ? 1 : 0;
}

/* All samples say the same, unsurely. */
static float faint(int row, int column, int sample)
{
    (void)sample;
    return in_square(row, column) ? 0.75F : 0.25F;
}

/* Nowhere brain, but nowhere sure of it. */
static float doubtful(int row, int column, int sample)
{
    (void)row, (void)column, (void)sample;
    return 0.25F;
}

static void test_sure(void)
{
    struct mcqa_sums sums = measure(square);
    struct mcqa_figures f;
    mcqa_figures_of(&sums, &f);
    CU_ASSERT_EQUAL(sums.pixels, PIXELS);
    CU_ASSERT_EQUAL(sums.brain, 256);
    CU_ASSERT_EQUAL(f.expected_dice, 1);
    CU_ASSERT_EQUAL(f.agreement, 1);
    CU_ASSERT_EQUAL(f.aleatoric, 0);
    CU_ASSERT_EQUAL(f.epistemic, 0);
    CU_ASSERT_EQUAL(mcqa_slice_score(&sums), 0);
    CU_ASSERT_EQUAL(mcqa_scan_score(&sums), 0);
}

static void test_empty_and_full(void)
{
    struct mcqa_sums none = measure(empty), whole = measure(full), doubt = measure(doubtful);
    struct mcqa_figures f;
    mcqa_figures_of(&none, &f);
    CU_ASSERT(isnan(f.expected_dice) && isnan(f.agreement) && isnan(f.aleatoric));
    CU_ASSERT_EQUAL(mcqa_slice_score(&none), 0);
    CU_ASSERT_EQUAL(mcqa_scan_score(&none), 1);
    CU_ASSERT_EQUAL(mcqa_slice_score(&whole), 0);
    CU_ASSERT_EQUAL(mcqa_scan_score(&whole), 0);
    CU_ASSERT(mcqa_slice_score(&doubt) > 0.9);
    CU_ASSERT_EQUAL(mcqa_scan_score(&doubt), 1);
}

static void test_unsure(void)
{
    struct mcqa_sums moved = measure(shifted), pale = measure(faint);
    struct mcqa_figures f;
    mcqa_figures_of(&moved, &f);
    CU_ASSERT_EQUAL(moved.aleatoric, 0);
    CU_ASSERT(moved.epistemic > 0);
    CU_ASSERT_EQUAL(moved.voted, 256);
    /* Pairs of samples at distance 1, 1, 1, 2, 2, 3 share 15, 14 or 13 columns of 16. */
    CHECK_NEAR(f.agreement, (3 * 15 + 2 * 14 + 13) / 6.0 / 16, 1e-12);
    mcqa_figures_of(&pale, &f);
    CU_ASSERT_EQUAL(f.agreement, 1);
    CU_ASSERT_EQUAL(f.epistemic, 0);
    CHECK_NEAR(f.expected_dice, 2 * 0.75 * 256 / (0.75 * 256 + 0.25 * 768 + 256), 1e-12);
    CHECK_NEAR(f.aleatoric, 0.1875 * PIXELS / 256, 1e-12);
    CU_ASSERT(mcqa_slice_score(&moved) > 0.01);
    CU_ASSERT(mcqa_slice_score(&pale) > mcqa_slice_score(&moved));
}

static void test_sums(void)
{
    const struct mcqa_sums slices[] = {measure(square), measure(empty), measure(faint)};
    struct mcqa_sums scan = {0};
    struct mcqa_figures f;
    for (int i = 0; i < 3; i++)
        mcqa_add(&scan, &slices[i]);
    CU_ASSERT_EQUAL(scan.pixels, 3 * PIXELS);
    CU_ASSERT_EQUAL(scan.brain, 512);
    CU_ASSERT_EQUAL(scan.voted, 512);
    CU_ASSERT_EQUAL(scan.aleatoric, slices[2].aleatoric);
    mcqa_figures_of(&scan, &f);
    CHECK_NEAR(mcqa_scan_score(&scan), 1 - pow(f.expected_dice, 2) * pow(f.agreement, 6),
               1e-12);
    CU_ASSERT(mcqa_scan_score(&scan) > mcqa_scan_score(&slices[0]));
    CU_ASSERT(mcqa_scan_score(&scan) < mcqa_scan_score(&slices[2]));
}

static void test_flags(void)
{
    const struct mcqa_limits limits = {0.2, 0.5};
    const double scores[] = {0, 0.19, 0.2, 0.49, 0.5, 1, NAN};
    const enum mcqa_flag flags[] = {BEN_MCQA_PASS,   BEN_MCQA_PASS, BEN_MCQA_REVIEW,
                                    BEN_MCQA_REVIEW, BEN_MCQA_FAIL, BEN_MCQA_FAIL,
                                    BEN_MCQA_FAIL};
    for (size_t i = 0; i < sizeof scores / sizeof scores[0]; i++)
        CU_ASSERT_EQUAL(mcqa_flag_of(&limits, scores[i]), flags[i]);
    CU_ASSERT_STRING_EQUAL(mcqa_flag_name(BEN_MCQA_PASS), "pass");
    CU_ASSERT_STRING_EQUAL(mcqa_flag_name(BEN_MCQA_FAIL), "fail");
}

static const struct check_test tests[] = {
    {"what is sure scores 0", test_sure},        {"empty and full slices", test_empty_and_full},
    {"what is unsure scores more", test_unsure}, {"sums of slices", test_sums},
    {"limits make flags", test_flags},
};

CHECK_MAIN("mcqa", tests)
