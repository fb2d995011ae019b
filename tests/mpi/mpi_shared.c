/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_ranks.h"
#include "mpi/shared.h"

#define PART 1000003 /* bytes per owner; odd */

static unsigned char expected(size_t offset)
{
    return (unsigned char)(offset * 7 + offset / 251);
}

/* Every rank fills one part; all see all. */
static void test_parts_reach_all(void)
{
    struct shared *shared = NULL;
    size_t n = (size_t)PART * (size_t)world.size, wrong = 0;
    CHECK_OK(shared_create(&world, n, &shared));
    unsigned char *bytes = shared_bytes(shared);
    size_t first = (size_t)PART * (size_t)world.rank;
    for (size_t i = first; i < first + PART; i++) {
        wrong += bytes[i] != 0;
        bytes[i] = expected(i);
    }
    for (int owner = 0; owner < world.size; owner++)
        CHECK_OK(shared_publish(shared, (size_t)PART * (size_t)owner, PART, owner));
    for (size_t i = 0; i < n; i++)
        wrong += bytes[i] != expected(i);
    CU_ASSERT_EQUAL(wrong, 0);
    shared_free(&shared);
    CU_ASSERT_PTR_NULL(shared);
}

static void test_empty(void)
{
    struct shared *shared = NULL;
    CHECK_OK(shared_create(&world, 0, &shared));
    CHECK_OK(shared_publish(shared, 0, 0, world.size - 1));
    shared_free(&shared);
}

static const struct check_test tests[] = {{"parts reach all", test_parts_reach_all},
                                          {"empty", test_empty}};

CHECK_MAIN_RANKS("mpi/shared", tests)
