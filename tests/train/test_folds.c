/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "train/folds.h"

#include <string.h>

#define SCANS 46

/* Two runs per animal: 20 rats and 3 mice. */
static char names[SCANS][32];
static const char *list[SCANS];

static void make_names(void)
{
    for (int i = 0; i < SCANS; i++) {
        int animal = i / 2;
        snprintf(names[i], sizeof names[i], "%s/sub-%02d", animal < 20 ? "rat" : "mouse",
                 animal < 20 ? animal : animal - 20);
        list[i] = names[i];
    }
}

static int count(const bool *flags, int first, int n)
{
    int found = 0;
    for (int i = first; i < first + n; i++)
        found += flags[i];
    return found;
}

static void test_folds_cover(void)
{
    bool validates[SCANS];
    int times[SCANS] = {0};
    make_names();
    for (int fold = 1; fold <= 5; fold++) {
        struct folds_config config = {.seed = 3, .folds = 5, .fold = fold};
        CHECK_OK(folds_split(&config, list, SCANS, validates));
        CU_ASSERT(count(validates, 0, SCANS) >= 8 && count(validates, 0, SCANS) <= 10);
        for (int i = 0; i < SCANS; i++)
            times[i] += validates[i];
        for (int i = 0; i < SCANS; i += 2)
            CU_ASSERT_EQUAL(validates[i], validates[i + 1]);
    }
    for (int i = 0; i < SCANS; i++)
        CU_ASSERT_EQUAL(times[i], 1);
}

static void test_order_does_not_matter(void)
{
    bool forward[SCANS], backward[SCANS];
    const char *reversed[SCANS];
    struct folds_config config = {.seed = 11, .folds = 3, .fold = 2};
    make_names();
    for (int i = 0; i < SCANS; i++)
        reversed[i] = list[SCANS - 1 - i];
    CHECK_OK(folds_split(&config, list, SCANS, forward));
    CHECK_OK(folds_split(&config, reversed, SCANS, backward));
    for (int i = 0; i < SCANS; i++)
        CU_ASSERT_EQUAL(forward[i], backward[SCANS - 1 - i]);
}

static void test_seed_matters(void)
{
    bool one[SCANS], other[SCANS];
    struct folds_config config = {.seed = 1, .folds = 2, .fold = 1};
    make_names();
    CHECK_OK(folds_split(&config, list, SCANS, one));
    config.seed = 2;
    CHECK_OK(folds_split(&config, list, SCANS, other));
    CU_ASSERT_NOT_EQUAL(memcmp(one, other, sizeof one), 0);
}

static void test_fraction(void)
{
    bool validates[SCANS];
    struct folds_config config = {.seed = 5, .fraction = 0.2};
    make_names();
    CHECK_OK(folds_split(&config, list, SCANS, validates));
    CU_ASSERT_EQUAL(count(validates, 0, SCANS), 2 * 5); /* 23 animals: 4.6, rounded */
    CU_ASSERT_EQUAL(count(validates, 0, 40) >= 2 * 4, 1);
    config.fraction = 0;
    CHECK_OK(folds_split(&config, list, SCANS, validates));
    CU_ASSERT_EQUAL(count(validates, 0, SCANS), 0);
    config.fraction = 0.001;
    CHECK_OK(folds_split(&config, list, SCANS, validates));
    CU_ASSERT_EQUAL(count(validates, 0, SCANS), 2);
}

static void test_impossible(void)
{
    bool validates[SCANS];
    struct folds_config many = {.folds = 24, .fold = 1}, outside = {.folds = 5, .fold = 6};
    struct folds_config alone = {.fraction = 0.5};
    make_names();
    CU_ASSERT_EQUAL(folds_split(&many, list, SCANS, validates), BEN_E_ARG);
    CU_ASSERT_EQUAL(folds_split(&outside, list, SCANS, validates), BEN_E_ARG);
    CU_ASSERT_EQUAL(folds_split(&alone, list, 2, validates), BEN_E_ARG);
}

static const struct check_test tests[] = {
    {"folds cover all scans once, by animal", test_folds_cover},
    {"the order of scans does not matter", test_order_does_not_matter},
    {"the seed matters", test_seed_matters},
    {"fraction", test_fraction},
    {"impossible splits are refused", test_impossible},
};

CHECK_MAIN("train/folds", tests)
