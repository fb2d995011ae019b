/* SPDX-License-Identifier: BSD-3-Clause */
/* Lobes of a mask behind its waists: heads with necks and noses, brains alone, what is not clear; and a
 * twin that follows the definition for drawn areas. */
#include "check.h"

#include "base/random.h"
#include "prep/waist.h"

#include <string.h>

enum { MOST = 60, TRIES = 400 };

static void check_find(int n, const long *areas, int first, int last)
{
    long back[MOST];
    int found[2];
    waist_find(n, areas, &found[0], &found[1]);
    CU_ASSERT(found[0] == first && found[1] == last);
    for (int k = 0; k < n; k++)
        back[k] = areas[n - 1 - k];
    waist_find(n, back, &found[0], &found[1]);
    CU_ASSERT(found[0] == n - 1 - last && found[1] == n - 1 - first);
}

#define CHECK_FIND(first, last, ...)                                                           \
    check_find((int)(sizeof(long[]){__VA_ARGS__} / sizeof(long)), (long[]){__VA_ARGS__},       \
               first, last)

static void test_brains_stay(void)
{
    CHECK_FIND(0, 6, 0, 20, 90, 100, 60, 10, 0);
    CHECK_FIND(0, 8, 0, 30, 90, 100, 55, 100, 80, 20, 0); /* not twice as large */
    CHECK_FIND(0, 8, 0, 30, 90, 100, 60, 1, 5, 3, 0);     /* by less than 5 % */
    CHECK_FIND(0, 3, 90, 100, 95, 80);                    /* a field of view within it */
    CHECK_FIND(0, 3, 0, 0, 0, 0);
    CHECK_FIND(0, 0, 7);
}

static void test_necks_go(void)
{
    CHECK_FIND(3, 8, 90, 95, 70, 20, 60, 100, 90, 40, 0); /* the least slice stays */
    CHECK_FIND(4, 10, 200, 210, 200, 210, 20, 60, 100, 110, 80, 30,
               0); /* a larger one, cut off */
    CHECK_FIND(3, 9, 0, 20, 30, 4, 60, 100, 110, 80, 30, 5, 20, 20, 20, 0); /* nose and neck */
}

/* Of two lobes that count alike both stay. */
static void test_unclear(void)
{
    CHECK_FIND(0, 10, 0, 50, 100, 50, 10, 50, 100, 60, 30, 0, 0);
    CHECK_FIND(0, 4, 40, 100, 10, 100, 30);
}

static bool is_beyond(const long *areas, int largest, int least, int k)
{
    return (double)areas[k] > WAIST_RISE * (double)areas[least] &&
           (double)(areas[k] - areas[least]) > WAIST_LEAST * (double)areas[largest];
}

/* The slice nearest to the end of the smallest ones between largest and k, without k. */
static int smallest(const long *areas, int largest, int k, int step)
{
    int least = largest;
    for (int at = largest; at != k; at += step)
        least = areas[at] <= areas[least] ? at : least;
    return least;
}

static int twin_end(int n, const long *areas, int largest, int step)
{
    for (int k = largest + step; k >= 0 && k < n; k += step) {
        int least = smallest(areas, largest, k, step);
        if (is_beyond(areas, largest, least, k))
            return least;
    }
    return step < 0 ? 0 : n - 1;
}

static double twin_weight(int n, const long *areas, int largest, int first, int last)
{
    int wide[2] = {0, 0};
    double sum = 0;
    for (int k = 0; k < n; k++) {
        sum += k >= first && k <= last ? (double)areas[k] : 0;
        wide[0] += k < 2 + n / 50 && (double)areas[k] > WAIST_WIDE * (double)areas[largest];
        wide[1] +=
            k >= n - 2 - n / 50 && (double)areas[k] > WAIST_WIDE * (double)areas[largest];
    }
    if (first == 0 && wide[0] > 0)
        sum *= WAIST_OPEN;
    return last == n - 1 && wide[1] > 0 ? sum * WAIST_OPEN : sum;
}

static void twin_find(int n, const long *areas, int *first, int *last)
{
    double weights[MOST], most = 0;
    int ends[MOST][2], lobes = 0, best = -1;
    for (int k = 0; k < n; k++) {
        int low = twin_end(n, areas, k, -1), high = twin_end(n, areas, k, 1), larger = 0;
        for (int at = low; at <= high; at++)
            larger += areas[at] > areas[k];
        if (areas[k] == 0 || larger > 0)
            continue;
        ends[lobes][0] = low;
        ends[lobes][1] = high;
        weights[lobes] = twin_weight(n, areas, k, low, high);
        best = weights[lobes] > most ? lobes : best;
        most = fmax(most, weights[lobes++]);
    }
    *first = best < 0 ? 0 : ends[best][0];
    *last = best < 0 ? n - 1 : ends[best][1];
    for (int i = 0; i < lobes; i++)
        if ((ends[i][0] != ends[best][0] || ends[i][1] != ends[best][1]) &&
            most < WAIST_CLEARLY * weights[i]) {
            *first = 0;
            *last = n - 1;
        }
}

/* Areas that go up and down over some slices. */
static int draw_areas(uint32_t number, long *areas)
{
    struct random_stream stream = random_open(5, BEN_RANDOM_TEST, number, 0);
    int n = 1 + (int)(random_uniform(&stream, 0) * (MOST - 1));
    double area = 100 * random_uniform(&stream, 1), step = 0;
    for (int k = 0; k < n; k++) {
        if (k % 4 == 0)
            step = 80 * (random_uniform(&stream, (uint32_t)(2 + k)) - .5);
        area = fmax(0, area + step);
        areas[k] = (long)area;
    }
    return n;
}

static void test_drawn(void)
{
    int cut = 0;
    for (uint32_t t = 0; t < TRIES; t++) {
        long areas[MOST];
        int found[2], expected[2], n = draw_areas(t, areas);
        waist_find(n, areas, &found[0], &found[1]);
        twin_find(n, areas, &expected[0], &expected[1]);
        CU_ASSERT(found[0] == expected[0] && found[1] == expected[1]);
        cut += found[0] > 0 || found[1] < n - 1;
    }
    CU_ASSERT(cut > TRIES / 10 && cut < TRIES);
}

/* Areas 4, 4, 1, 9, 4, 1, 0 across that axis: the first two slices are not of the lobe that counts for
 * more (15 against a fifth of 9). */
static void test_masks(void)
{
    static const int side[7] = {2, 2, 1, 3, 2, 1, 0};
    for (int axis = 0; axis < 3; axis++) {
        int dim[3] = {4, 4, 4};
        uint8_t mask[112], expected[112];
        bool cut;
        dim[axis] = 7;
        for (int i = 0; i < 112; i++) {
            const int at[3] = {i % dim[0], i / dim[0] % dim[1], i / (dim[0] * dim[1])};
            const int u = at[(axis + 1) % 3], v = at[(axis + 2) % 3], k = at[axis];
            mask[i] = u < side[k] && v < side[k] ? 3 : 0;
            expected[i] = k < 2 ? 0 : mask[i];
        }
        CHECK_OK(waist_cut(dim, axis, mask, &cut));
        CU_ASSERT(cut && memcmp(mask, expected, sizeof mask) == 0);
        CHECK_OK(waist_cut(dim, axis, mask, &cut));
        CU_ASSERT(!cut && memcmp(mask, expected, sizeof mask) == 0);
    }
}

static const struct check_test tests[] = {
    {"brains stay", test_brains_stay},
    {"necks go", test_necks_go},
    {"unclear", test_unclear},
    {"drawn", test_drawn},
    {"masks", test_masks},
};

CHECK_MAIN("prep/waist", tests)
