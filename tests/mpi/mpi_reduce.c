/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums over ranks against a recursive tree over all items computed here, bit for bit. Values
 * span many magnitudes, so that another order of additions would show. */
#include "base/random.h"
#include "check_ranks.h"
#include "mpi/reduce.h"

#include <string.h>

#define MAX_BATCH 19
#define VALUES    1003
#define CHUNK     97 /* several chunks, the last one short */

static double item_value(long item, size_t column)
{
    struct random_stream stream = random_open(7, BEN_RANDOM_TEST, (uint32_t)item, 0);
    double magnitude = 40 * random_uniform(&stream, (uint32_t)(2 * column)) - 20;
    return exp(magnitude) * (random_uniform(&stream, (uint32_t)(2 * column + 1)) - 0.4);
}

static double naive_f64(long first, long size, long n, size_t column)
{
    if (size == 1)
        return item_value(first, column);
    double left = naive_f64(first, size / 2, n, column);
    return first + size / 2 >= n ? left
                                 : left + naive_f64(first + size / 2, size / 2, n, column);
}

static float naive_f32(long first, long size, long n, size_t column)
{
    if (size == 1)
        return (float)item_value(first, column);
    float left = naive_f32(first, size / 2, n, column);
    return first + size / 2 >= n ? left
                                 : left + naive_f32(first + size / 2, size / 2, n, column);
}

static long power_above(long n)
{
    long size = 1;
    while (size < n)
        size *= 2;
    return size;
}

static struct reduce *open_reduce(size_t chunk)
{
    struct reduce *reduce = NULL;
    struct reduce_config config = {
        .max_batch = MAX_BATCH, .small_width = 37, .n_values = VALUES, .chunk = chunk};
    CHECK_OK(reduce_create(&world, &config, &reduce));
    return reduce;
}

static int differing_small(struct reduce *reduce, long batch, size_t width)
{
    double parts[MAX_BATCH * 37], total[37];
    long first;
    int n, differing = 0;
    reduce_begin(reduce, batch, &first, &n);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < width; k++)
            parts[(size_t)i * width + k] = item_value(first + i, k);
    CHECK_OK(reduce_small(reduce, parts, n, width, total));
    for (size_t k = 0; k < width; k++) {
        double wanted = naive_f64(0, power_above(batch), batch, k);
        differing += memcmp(&wanted, &total[k], sizeof wanted) != 0;
    }
    return differing;
}

static void test_small(void)
{
    struct reduce *reduce = open_reduce(0);
    for (long batch = 1; batch <= MAX_BATCH; batch++) {
        CU_ASSERT_EQUAL(differing_small(reduce, batch, 37), 0);
        CU_ASSERT_EQUAL(differing_small(reduce, batch, 1), 0);
    }
    reduce_free(&reduce);
}

static void give_gradient(struct reduce *reduce, long first, int n, size_t offset, size_t count)
{
    float *parts = calloc((size_t)n * count + 1, sizeof *parts);
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < count; k++)
            parts[(size_t)i * count + k] = (float)item_value(first + i, offset + k);
    CHECK_OK(reduce_gradient(reduce, offset, count, n, parts));
    free(parts);
}

static int differing_gradient(struct reduce *reduce, long batch)
{
    static const size_t starts[] = {800, 0, 1, 640, VALUES}; /* ranges come in any order */
    static const size_t counts[] = {VALUES - 800, 1, 639, 160};
    static float total[VALUES];
    long first;
    int n, differing = 0;
    reduce_begin(reduce, batch, &first, &n);
    for (int range = 0; range < 4; range++)
        give_gradient(reduce, first, n, starts[range], counts[range]);
    CHECK_OK(reduce_finish(reduce, total));
    for (size_t k = 0; k < VALUES; k++) {
        float wanted = naive_f32(0, power_above(batch), batch, k);
        differing += memcmp(&wanted, &total[k], sizeof wanted) != 0;
    }
    return differing;
}

static void test_gradient(void)
{
    static const long batches[] = {1, 2, 3, 5, 8, 16, MAX_BATCH};
    struct reduce *reduce = open_reduce(0), *chunked = open_reduce(CHUNK);
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        CU_ASSERT_EQUAL(differing_gradient(reduce, batches[i]), 0);
        CU_ASSERT_EQUAL(differing_gradient(chunked, batches[i]), 0);
    }
    reduce_free(&reduce);
    reduce_free(&chunked);
}

/* Items at known places: shares are contiguous, in rank order and cover the batch. */
static void test_shares(void)
{
    struct reduce *reduce = open_reduce(0);
    for (long batch = 1; batch <= MAX_BATCH; batch++) {
        long first, end = 0;
        int n;
        reduce_begin(reduce, batch, &first, &n);
        unsigned long covered[MAX_BATCH] = {0};
        for (int i = 0; i < n; i++)
            covered[first + i]++;
        CHECK_OK(comm_sum_u64(&world, covered, (size_t)batch));
        for (long i = 0; i < batch; i++)
            end += covered[i] == 1;
        CU_ASSERT_EQUAL(end, batch);
    }
    reduce_free(&reduce);
}

static const struct check_test tests[] = {
    {"small rows", test_small}, {"gradient", test_gradient}, {"shares", test_shares}};

CHECK_MAIN_RANKS("mpi/reduce", tests)
