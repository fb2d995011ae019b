/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan on random and degenerate inputs: every scan once, teams contiguous and never empty,
 * balance within the proven bounds. */
#include "base/random.h"
#include "check.h"
#include "mpi/plan.h"

#include <string.h>

static double total(const double *costs, long n, double *largest)
{
    double sum = 0.0;
    *largest = 0.0;
    for (long s = 0; s < n; s++) {
        sum += costs[s];
        *largest = costs[s] > *largest ? costs[s] : *largest;
    }
    return sum;
}

static void check_shape(const struct plan *plan, long n, int size)
{
    int *seen = calloc((size_t)n + 1, sizeof *seen);
    CU_ASSERT_EQUAL(plan->size, size);
    CU_ASSERT_EQUAL(plan->n_teams, n > 0 && n < size ? n : size);
    CU_ASSERT_EQUAL(plan->start[0], 0);
    CU_ASSERT_EQUAL(plan->start[plan->n_teams], n);
    for (long k = 0; k < n; k++)
        seen[plan->scans[k]]++;
    for (long s = 0; s < n; s++)
        CU_ASSERT_EQUAL(seen[s], 1);
    for (int t = 0; t < plan->n_teams; t++)
        CU_ASSERT(plan_team_size(plan, t) >= 1 && plan->start[t] <= plan->start[t + 1]);
    CU_ASSERT_EQUAL(plan->team_of_rank[0], 0);
    for (int r = 1; r < size; r++) {
        int step = plan->team_of_rank[r] - plan->team_of_rank[r - 1];
        CU_ASSERT(step == 0 || step == 1);
    }
    free(seen);
}

/* load [t] is what its scans cost per rank, and a team's scans come longest first. */
static void check_loads(const struct plan *plan, const double *costs)
{
    for (int t = 0; t < plan->n_teams; t++) {
        double sum = 0.0;
        for (long k = plan->start[t]; k < plan->start[t + 1]; k++) {
            sum += costs[plan->scans[k]];
            if (k > plan->start[t])
                CU_ASSERT(costs[plan->scans[k - 1]] >= costs[plan->scans[k]]);
        }
        CHECK_NEAR(plan->load[t], sum / plan_team_size(plan, t), 1e-9 * (1.0 + sum));
    }
}

static double largest_load(const struct plan *plan)
{
    double most = 0.0;
    for (int t = 0; t < plan->n_teams; t++)
        most = plan->load[t] > most ? plan->load[t] : most;
    return most;
}

static void test_invariants(void)
{
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, 0, 0);
    double costs[200], largest;
    for (uint32_t round = 0; round < 300; round++) {
        long n = random_u32(&stream, 3 * round) % 200;
        int size = 1 + (int)(random_u32(&stream, 3 * round + 1) % 50);
        struct random_stream draw = random_open(2, BEN_RANDOM_TEST, round, 0);
        for (long s = 0; s < n; s++)
            costs[s] = exp(2.0 * random_normal(&draw, (uint32_t)s));
        struct plan *plan;
        CHECK_OK(plan_share(costs, n, size, &plan));
        check_shape(plan, n, size);
        check_loads(plan, costs);
        double mean = total(costs, n, &largest) / size;
        if (n >= size) /* list scheduling: the last scan began before the mean was reached */
            CU_ASSERT(largest_load(plan) <= mean + largest * (1.0 - 1.0 / size) + 1e-9);
        plan_free(&plan);
    }
}

/* The optimum by trying everything, for few scans. */
static double optimum(const double *costs, int n, int size)
{
    double best = INFINITY;
    long cases = 1;
    for (int s = 0; s < n; s++)
        cases *= size;
    for (long c = 0; c < cases; c++) {
        double load[4] = {0}, most = 0.0;
        long rest = c;
        for (int s = 0; s < n; s++, rest /= size)
            load[rest % size] += costs[s];
        for (int r = 0; r < size; r++)
            most = load[r] > most ? load[r] : most;
        best = most < best ? most : best;
    }
    return best;
}

static void test_balance_bound(void)
{
    double costs[9];
    for (uint32_t round = 0; round < 40; round++) {
        int size = 2 + (int)(round % 2), n = size + (int)(round % 6);
        struct random_stream stream = random_open(3, BEN_RANDOM_TEST, round, 0);
        for (int s = 0; s < n; s++)
            costs[s] = 1.0 + random_u32(&stream, (uint32_t)s) % 9;
        struct plan *plan;
        CHECK_OK(plan_share(costs, n, size, &plan));
        double bound = (4.0 / 3.0 - 1.0 / (3.0 * size)) * optimum(costs, n, size);
        CU_ASSERT(largest_load(plan) <= bound + 1e-9);
        plan_free(&plan);
    }
}

/* Ranks follow cost: the largest cost per rank, 10/4, cannot be lower with 8 ranks. */
static void test_big_teams(void)
{
    const double costs[3] = {10.0, 1.0, 5.0};
    struct plan *plan;
    CHECK_OK(plan_share(costs, 3, 8, &plan));
    CU_ASSERT_EQUAL(plan_team_size(plan, 0), 4);
    CU_ASSERT_EQUAL(plan_team_size(plan, 1), 1);
    CU_ASSERT_EQUAL(plan_team_size(plan, 2), 3);
    long count;
    CU_ASSERT_EQUAL(plan_scans(plan, 4, &count)[0], 1);
    CU_ASSERT_EQUAL(count, 1);
    plan_free(&plan);
    CHECK_OK(plan_share(costs, 1, 4, &plan));
    CU_ASSERT_EQUAL(plan->n_teams, 1);
    CU_ASSERT_EQUAL(plan_team_size(plan, 0), 4);
    plan_free(&plan);
}

static void test_no_scans(void)
{
    struct plan *plan;
    long count = -1;
    CHECK_OK(plan_share(NULL, 0, 3, &plan));
    check_shape(plan, 0, 3);
    plan_scans(plan, 2, &count);
    CU_ASSERT_EQUAL(count, 0);
    plan_free(&plan);
    CU_ASSERT_PTR_NULL(plan);
    plan_free(&plan);
}

static void test_zero_costs(void)
{
    const double costs[5] = {0};
    struct plan *plan;
    CHECK_OK(plan_share(costs, 5, 2, &plan));
    check_shape(plan, 5, 2);
    plan_free(&plan);
    CHECK_OK(plan_share(costs, 2, 5, &plan));
    CU_ASSERT_EQUAL(plan_team_size(plan, 0), 3); /* evenly although nothing costs anything */
    plan_free(&plan);
}

static void test_equal_costs(void)
{
    const double costs[6] = {2, 2, 2, 2, 2, 2};
    const long expected[6] = {0, 3, 1, 4, 2, 5};
    struct plan *plan;
    CHECK_OK(plan_share(costs, 6, 3, &plan));
    CU_ASSERT_EQUAL(memcmp(plan->scans, expected, sizeof expected), 0);
    plan_free(&plan);
}

static void test_many(void)
{
    long n = 100000;
    double *costs = malloc((size_t)n * sizeof *costs), largest;
    struct random_stream stream = random_open(4, BEN_RANDOM_TEST, 0, 0);
    for (long s = 0; s < n; s++)
        costs[s] = 1.0 + random_uniform(&stream, (uint32_t)s);
    struct plan *plan;
    CHECK_OK(plan_share(costs, n, 1000, &plan));
    CU_ASSERT(largest_load(plan) <= 1.001 * total(costs, n, &largest) / 1000);
    plan_free(&plan);
    free(costs);
}

static const struct check_test tests[] = {
    {"every scan once, teams contiguous", test_invariants},
    {"within 4/3 of the optimum", test_balance_bound},
    {"bigger teams for fewer scans", test_big_teams},
    {"no scans", test_no_scans},
    {"scans that cost nothing", test_zero_costs},
    {"ties in order", test_equal_costs},
    {"a hundred thousand scans", test_many},
};

CHECK_MAIN("plan", tests)
