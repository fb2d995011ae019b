/* SPDX-License-Identifier: BSD-3-Clause */
/* Dropout's masks equal their definition bit by bit on every instruction set, drop as many as
 * they should, and are applied as they say. */
#include "nn/dropout.h"

#include "layercase.h"

static const double rates[] = {0, 0.1, 0.25, 0.5, 0.9999};
static const size_t counts[] = {0, 1, 15, 16, 17, 100};
enum { RATES = sizeof rates / sizeof rates[0], COUNTS = sizeof counts / sizeof counts[0] };

static struct random_stream stream(void)
{
    return random_open(UINT64_C(0x123456789abcdef), BEN_RANDOM_DROPOUT, 77, 0x80000123u);
}

/* The 16 half words of Philox blocks 2g and 2g + 1 are the numbers 8g .. 8g + 7 of the stream. */
static uint16_t mask_of(const struct random_stream *s, double rate, size_t g)
{
    unsigned keep = 0;
    for (unsigned c = 0; c < 16; c++) {
        uint32_t word = random_u32(s, (uint32_t)(8 * g) + c / 2);
        uint32_t half = c % 2 ? word >> 16 : word & 0xffff;
        keep |= (unsigned)(half >= (uint32_t)lround(rate * 65536)) << c;
    }
    return (uint16_t)keep;
}

static void compare(void)
{
    struct random_stream s = stream();
    uint16_t keep[128];
    for (int r = 0; r < RATES; r++)
        for (int k = 0; k < COUNTS; k++) {
            memset(keep, 0x5a, sizeof keep);
            dropout_mask(&s, rates[r], counts[k], keep);
            for (size_t g = 0; g < counts[k]; g++)
                CU_ASSERT_EQUAL(keep[g], mask_of(&s, rates[r], g));
            CU_ASSERT_EQUAL(keep[counts[k]], 0x5a5a);
        }
}

static void test_definition(void)
{
    layer_each_isa(compare);
}

/* Five deviations of the binomial distribution. */
static void test_share(void)
{
    enum { GROUPS = 20000 };
    struct random_stream s = stream();
    uint16_t *keep = layer_memory(GROUPS * sizeof *keep);
    double rate = 0.1, kept = 0, n = 16.0 * GROUPS;
    dropout_mask(&s, rate, GROUPS, keep);
    for (int g = 0; g < GROUPS; g++)
        kept += __builtin_popcount(keep[g]);
    CHECK_NEAR(kept / n, 1 - rate, 5 * sqrt(rate * (1 - rate) / n));
    CHECK_NEAR(dropout_scale(rate), 1 / (1 - rate), 1e-5);
    free(keep);
}

static void apply(void)
{
    enum { GROUPS = 33 };
    struct random_stream s = stream();
    uint16_t keep[GROUPS];
    float *x = layer_random(GROUPS * 16, 1), *before = layer_random(GROUPS * 16, 1);
    dropout_mask(&s, 0.5, GROUPS, keep);
    dropout_apply(GROUPS, keep, 2, x);
    for (int i = 0; i < GROUPS * 16; i++)
        CU_ASSERT_EQUAL(x[i], keep[i / 16] >> i % 16 & 1 ? 2 * before[i] : 0);
    free(x);
    free(before);
}

static void test_apply(void)
{
    layer_each_isa(apply);
}

static const struct check_test tests[] = {
    {"masks by definition", test_definition}, {"share", test_share}, {"apply", test_apply}};
CHECK_MAIN("nn dropout", tests)
