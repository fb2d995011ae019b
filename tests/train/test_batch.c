/* SPDX-License-Identifier: BSD-3-Clause */
/* Which slices an epoch shows. The data set is made here: three scans of two data sets, slices
 * of 4 x 4 pixels that hold their own number, some without brain. */
#include "check.h"
#include "train/batch.h"

#include <string.h>

#define SIZE   4
#define PIXELS (SIZE * SIZE)
#define SLICES 60

static uint16_t images[SLICES * PIXELS];
static uint8_t masks[SLICES * PIXELS];
static struct dataset_source sources[] = {{.mask = "a", .dataset = "one"},
                                          {.mask = "b", .dataset = "one"},
                                          {.mask = "c", .dataset = "two"}};
static struct dataset_scan scans[] = {
    {&sources[0], 0, 10, 1, 1}, {&sources[1], 10, 20, 1, 1}, {&sources[2], 30, 30, 1, 1}};
static struct dataset dataset = {.size = SIZE,
                                 .n_scans = 3,
                                 .scans = scans,
                                 .n_slices = SLICES,
                                 .images = images,
                                 .masks = masks};
static bool all[SLICES];

/* Every third slice is without brain. */
static void make_dataset(void)
{
    memset(all, true, sizeof all);
    for (int s = 0; s < SLICES; s++)
        for (int i = 0; i < PIXELS; i++) {
            images[s * PIXELS + i] = (uint16_t)(s * 1000);
            masks[s * PIXELS + i] = s % 3 != 0 && i == 5;
        }
}

/* times [SLICES]: how often epochs 0..n-1 show each slice. Returns samples of an epoch. */
static long count_epochs(const struct batch_config *config, uint32_t n, int *times)
{
    struct batches *batches = NULL;
    make_dataset();
    memset(times, 0, SLICES * sizeof *times);
    CHECK_OK(batches_create(config, &dataset, all, NULL, &batches));
    long samples = batches_samples(batches);
    for (uint32_t epoch = 0; epoch < n; epoch++) {
        batches_start_epoch(batches, epoch);
        for (long k = 0; k < samples; k++)
            times[batches_slice(batches, k)]++;
    }
    batches_free(&batches);
    return samples;
}

static int sum(const int *times, int first, int n)
{
    int total = 0;
    for (int i = first; i < first + n; i++)
        total += times[i];
    return total;
}

static void test_each_slice_once(void)
{
    struct batch_config config = {.seed = 1, .keep_empty = 1};
    int times[SLICES];
    CU_ASSERT_EQUAL(count_epochs(&config, 1, times), SLICES);
    for (int i = 0; i < SLICES; i++)
        CU_ASSERT_EQUAL(times[i], 1);
}

static void test_empty_slices_dropped(void)
{
    struct batch_config config = {.seed = 1, .keep_empty = 0};
    int times[SLICES];
    CU_ASSERT_EQUAL(count_epochs(&config, 3, times), 40);
    for (int i = 0; i < SLICES; i++)
        CU_ASSERT_EQUAL(times[i], i % 3 ? 3 : 0);
    config.keep_empty = 0.25;
    CU_ASSERT_EQUAL(count_epochs(&config, 200, times), 45);
    for (int i = 0; i < SLICES; i++)
        CHECK_NEAR(times[i], i % 3 ? 200 : 50, 14);
}

static void test_balance(void)
{
    struct batch_config config = {.seed = 1, .balance = BEN_BALANCE_SCAN, .keep_empty = 1};
    int times[SLICES];
    CU_ASSERT_EQUAL(count_epochs(&config, 10, times), SLICES);
    CHECK_NEAR(sum(times, 0, 10), 200, 10);
    CHECK_NEAR(sum(times, 10, 20), 200, 10);
    CHECK_NEAR(sum(times, 30, 30), 200, 10);
    config.balance = BEN_BALANCE_DATASET;
    count_epochs(&config, 10, times);
    CHECK_NEAR(sum(times, 0, 10), 150, 10);
    CHECK_NEAR(sum(times, 30, 30), 300, 10);
    config.samples = 7;
    CU_ASSERT_EQUAL(count_epochs(&config, 1, times), 7);
    CU_ASSERT_EQUAL(sum(times, 0, SLICES), 7);
}

static void test_epochs_differ(void)
{
    struct batch_config config = {.seed = 1, .keep_empty = 1};
    struct batches *batches = NULL;
    long first[SLICES], same = 0, again = 0;
    make_dataset();
    CHECK_OK(batches_create(&config, &dataset, all, NULL, &batches));
    batches_start_epoch(batches, 4);
    for (long k = 0; k < SLICES; k++)
        first[k] = batches_slice(batches, k);
    batches_start_epoch(batches, 5);
    for (long k = 0; k < SLICES; k++)
        same += first[k] == batches_slice(batches, k);
    batches_start_epoch(batches, 4);
    for (long k = 0; k < SLICES; k++)
        again += first[k] == batches_slice(batches, k);
    CU_ASSERT(same < SLICES / 4);
    CU_ASSERT_EQUAL(again, SLICES);
    batches_free(&batches);
}

/* Any part of a batch is what a single rank would see there. */
static void test_fill_in_parts(void)
{
    struct batch_config config = {.seed = 1, .keep_empty = 1};
    struct augment_config augment = {.rotate_deg = 20, .gamma = 0.5, .noise = 0.05};
    struct batches *batches = NULL;
    float x[8 * PIXELS], y[8 * PIXELS], px[3 * PIXELS], py[3 * PIXELS];
    make_dataset();
    CHECK_OK(batches_create(&config, &dataset, all, NULL, &batches));
    batches_start_epoch(batches, 0);
    CHECK_OK(batches_fill(batches, &augment, 16, 8, x, y));
    CHECK_OK(batches_fill(batches, &augment, 20, 3, px, py));
    CU_ASSERT_EQUAL(memcmp(px, x + 4 * PIXELS, sizeof px), 0);
    CU_ASSERT_EQUAL(memcmp(py, y + 4 * PIXELS, sizeof py), 0);
    CHECK_OK(batches_fill(batches, &(struct augment_config){0}, 16, 8, x, y));
    for (int i = 0; i < 8; i++)
        CU_ASSERT_EQUAL(x[i * PIXELS], (float)(batches_slice(batches, 16 + i) * 1000) / 65535);
    batches_free(&batches);
}

static void test_nothing_left(void)
{
    static const bool none[SLICES] = {false};
    struct batch_config config = {.keep_empty = 1};
    struct batches *batches = NULL;
    CU_ASSERT_EQUAL(batches_create(&config, &dataset, none, NULL, &batches), BEN_E_INPUT);
    CU_ASSERT_PTR_NULL(batches);
}

static const struct check_test tests[] = {
    {"each slice once", test_each_slice_once},
    {"slices without brain are dropped", test_empty_slices_dropped},
    {"balance", test_balance},
    {"epochs differ and repeat", test_epochs_differ},
    {"filled in parts", test_fill_in_parts},
    {"nothing left", test_nothing_left},
};

CHECK_MAIN("train/batch", tests)
