/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/waist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lobe {
    int first, last;
    double weight;
};

/* From the lobe's largest slice in steps of 1 or -1. */
static int find_end(int n, const long *areas, int largest, int step)
{
    int least = largest;
    for (int k = largest + step; k >= 0 && k < n; k += step) {
        double rise = (double)(areas[k] - areas[least]);
        if (rise <= 0)
            least = k;
        else if ((double)areas[k] > WAIST_RISE * (double)areas[least] &&
                 rise > WAIST_LEAST * (double)areas[largest])
            return least;
    }
    return step < 0 ? 0 : n - 1;
}

/* Whether one of the count areas from first on is wide for such a lobe. */
static bool is_wide(const long *areas, int first, int count, long largest)
{
    for (int k = first; k < first + count; k++)
        if ((double)areas[k] > WAIST_WIDE * (double)largest)
            return true;
    return false;
}

/* Whether no slice of the lobe is larger than the one that it was found from. */
static bool find_lobe(int n, const long *areas, int largest, struct lobe *lobe)
{
    const int end = n < 2 ? n : 2 + n / 50;
    lobe->first = find_end(n, areas, largest, -1);
    lobe->last = find_end(n, areas, largest, 1);
    lobe->weight = 0;
    for (int k = lobe->first; k <= lobe->last; k++) {
        if (areas[k] > areas[largest])
            return false;
        lobe->weight += (double)areas[k];
    }
    if (lobe->first == 0 && is_wide(areas, 0, end, areas[largest]))
        lobe->weight *= WAIST_OPEN;
    if (lobe->last == n - 1 && is_wide(areas, n - end, end, areas[largest]))
        lobe->weight *= WAIST_OPEN;
    return true;
}

static bool is_same(const struct lobe *a, const struct lobe *b)
{
    return a->first == b->first && a->last == b->last;
}

void waist_find(int n, const long *areas, int *first, int *last)
{
    struct lobe best = {0, n - 1, -1}, lobe;
    double other = 0;
    for (int k = 0; k < n; k++) {
        if (areas[k] == 0 || !find_lobe(n, areas, k, &lobe))
            continue;
        if (lobe.weight > best.weight) {
            other = fmax(best.weight, 0);
            best = lobe;
        } else if (lobe.weight > other && !is_same(&lobe, &best)) {
            other = lobe.weight;
        }
    }
    const bool is_clear = best.weight >= WAIST_CLEARLY * other;
    *first = is_clear ? best.first : 0;
    *last = is_clear ? best.last : n - 1;
}

enum ben_status waist_cut(const int dim[3], int axis, uint8_t *mask, bool *cut)
{
    enum ben_status st = BEN_OK;
    const size_t n = (size_t)dim[axis],
                 voxels = (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
    size_t step = 1; /* voxels of a slice that follow each other; then come the next slice's */
    long *areas = NULL;
    int first, last;
    for (int a = 0; a < axis; a++)
        step *= (size_t)dim[a];
    TRY_NEW(areas = calloc(n, sizeof *areas));
    for (size_t block = 0; block < voxels / step; block++)
        for (size_t i = block * step; i < (block + 1) * step; i++)
            areas[block % n] += mask[i] != 0;
    waist_find(dim[axis], areas, &first, &last);
    *cut = false;
    for (size_t block = 0; block < voxels / step; block++) {
        const int k = (int)(block % n);
        if (k >= first && k <= last)
            continue;
        *cut |= areas[k] > 0;
        memset(mask + block * step, 0, step);
    }
out:
    free(areas);
    return st;
}
