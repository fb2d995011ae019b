/* SPDX-License-Identifier: BSD-3-Clause */
/* Which candidates a round keeps, and which animals keep their labels. */
#include "check.h"
#include "train/folds.h"
#include "train/selftrain.h"

#include <math.h>
#include <string.h>

#define N     10
#define SCANS 3

static const int scans[N] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 2};
static const double uncertainty[N] = {5, 1, 4, NAN, 2, 2, INFINITY, 3, 0.5, 9};
static const double of_scans[SCANS] = {4, 2, 2};
static const struct selftrain_candidates candidates = {N, uncertainty, scans, SCANS, of_scans};

static void expect(const struct selftrain_config *config, const char *wanted)
{
    bool kept[N];
    memset(kept, true, sizeof kept);
    CHECK_OK(selftrain_select(config, &candidates, 1, 0, kept));
    for (int i = 0; i < N; i++)
        CU_ASSERT_EQUAL(kept[i], wanted[i] == 'x');
}

/* Eight can be ranked; of the two equal ones the earlier goes first. */
static void test_slices(void)
{
    struct selftrain_config config = {.rule = BEN_KEEP_SLICES, .keep = 1};
    expect(&config, "xxx.xx.xxx");
    config.keep = 0.5;
    expect(&config, ".x..xx..x.");
    config.keep = 3.0 / 8;
    expect(&config, ".x..x...x.");
    config.keep = 0;
    expect(&config, "........x.");
    config.keep = 1;
    config.zeta = 2;
    expect(&config, ".x..xx..x.");
    config.zeta = 0.1;
    expect(&config, "..........");
}

/* A scan that is kept is kept whole. */
static void test_scans(void)
{
    struct selftrain_config config = {.rule = BEN_KEEP_SCANS, .keep = 0.3};
    expect(&config, "....xxx...");
    config.keep = 0.5;
    expect(&config, "....xxxxxx");
    config.keep = 1;
    expect(&config, "xxxxxxxxxx");
    config.scan_limit = 3;
    expect(&config, "....xxxxxx");
    config.zeta = 0.1; /* is of slices */
    expect(&config, "....xxxxxx");
}

static int count(const bool *kept)
{
    int n = 0;
    for (int i = 0; i < N; i++)
        n += kept[i];
    return n;
}

/* Of a scan that is too uncertain nothing is kept, by any rule. */
static void test_scan_limit(void)
{
    struct selftrain_config config = {.rule = BEN_KEEP_SLICES, .keep = 1, .scan_limit = 3};
    expect(&config, "....xx.xxx");
    config.rule = BEN_KEEP_SCANS;
    expect(&config, "....xxxxxx");
    config.rule = BEN_KEEP_MINIMUM;
    config.batch = 1;
    expect(&config, "....xx.xxx");
    config.scan_limit = 1;
    for (int rule = BEN_KEEP_SLICES; rule <= BEN_KEEP_MINIMUM; rule++) {
        config.rule = (enum selftrain_rule)rule;
        expect(&config, "..........");
    }
}

/* Of three scans two are within the limit: enough for two thirds, not for more. */
static void test_quorum(void)
{
    struct selftrain_config config = {.keep = 1, .scan_limit = 3, .batch = 1};
    static const char *const enough[] = {"....xx.xxx", "....xxxxxx", "....xx.xxx"};
    for (int rule = BEN_KEEP_SLICES; rule <= BEN_KEEP_MINIMUM; rule++) {
        config.rule = (enum selftrain_rule)rule;
        config.quorum = 2.0 / 3;
        expect(&config, enough[rule]);
        config.quorum = 0.67;
        expect(&config, "..........");
    }
    config.scan_limit = 0; /* all are within none */
    config.rule = BEN_KEEP_SLICES;
    config.quorum = 1;
    expect(&config, "xxx.xx.xxx");
}

/* One of each minibatch: none of the others in it is more certain. */
static void test_minimum(void)
{
    struct selftrain_config config = {.rule = BEN_KEEP_MINIMUM, .batch = N};
    bool kept[N], again[N], other[N];
    int differs = 0;
    expect(&config, "........x.");
    config.batch = 1;
    expect(&config, "xxx.xx.xxx");
    config.batch = 5;
    for (int round = 0; round < 20; round++) {
        CHECK_OK(selftrain_select(&config, &candidates, 7, round, kept));
        CHECK_OK(selftrain_select(&config, &candidates, 7, round, again));
        CHECK_OK(selftrain_select(&config, &candidates, 7, round + 1, other));
        CU_ASSERT_EQUAL(memcmp(kept, again, sizeof kept), 0);
        CU_ASSERT_EQUAL(count(kept), 2);
        CU_ASSERT(kept[8] && !kept[9] && !kept[3] && !kept[6]);
        differs += memcmp(kept, other, sizeof kept) != 0;
    }
    CU_ASSERT(differs > 0);
}

static void test_nothing(void)
{
    struct selftrain_candidates none = {.n_scans = 0};
    struct selftrain_config config = {.rule = BEN_KEEP_SLICES, .keep = 1, .batch = 4};
    bool kept[1] = {true};
    for (int rule = BEN_KEEP_SLICES; rule <= BEN_KEEP_MINIMUM; rule++) {
        config.rule = (enum selftrain_rule)rule;
        CHECK_OK(selftrain_select(&config, &none, 1, 0, kept));
        CU_ASSERT(kept[0]);
    }
}

/* Whole animals, fewer ones among more, those that are not allowed never. */
static void test_labels(void)
{
    static const char *const names[] = {"d/a", "d/b", "d/a", "d/c", "e/a", "d/b"};
    static const bool allowed[] = {true, true, true, true, false, true};
    bool chosen[6], fewer[6] = {false};
    for (int wanted = 0; wanted <= 4; wanted++) {
        int animals = 0;
        CHECK_OK(folds_choose(5, wanted, names, allowed, 6, chosen));
        animals = chosen[0] + chosen[1] + chosen[3];
        CU_ASSERT_EQUAL(animals, wanted > 3 ? 3 : wanted);
        CU_ASSERT(chosen[0] == chosen[2] && chosen[1] == chosen[5] && !chosen[4]);
        for (int i = 0; i < 6; i++)
            CU_ASSERT(!fewer[i] || chosen[i]);
        memcpy(fewer, chosen, sizeof fewer);
    }
}

static const struct check_test tests[] = {
    {"slices", test_slices},
    {"scans", test_scans},
    {"scan limit", test_scan_limit},
    {"quorum of scans", test_quorum},
    {"the paper's minimum of a minibatch", test_minimum},
    {"nothing to choose from", test_nothing},
    {"labels by animal", test_labels},
};

CHECK_MAIN("train/selftrain", tests)
