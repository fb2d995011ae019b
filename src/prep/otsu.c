/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/otsu.h"

#include "base/clones.h"

#include <float.h>
#include <omp.h>
#include <stdlib.h>

#define MARGIN 100 /* the top edge lies this fraction of a bin above the maximum, as in ITK */
#define LANES  16
#define TABLES 4
#define PIECE  ((size_t)65536) /* values a thread takes at once */

int otsu_split(const unsigned long *counts, const double *centers, int bins)
{
    double count = 0, sum = 0, below = 0, below_sum = 0, best = -1;
    int split = 0;
    for (int i = 0; i < bins; i++) {
        count += (double)counts[i];
        sum += (double)counts[i] * centers[i];
    }
    for (int i = 0; i < bins - 1; i++) {
        below += (double)counts[i];
        below_sum += (double)counts[i] * centers[i];
        double above = count - below, above_sum = sum - below_sum;
        double between = (below > 0 ? below_sum * below_sum / below : 0) +
                         (above > 0 ? above_sum * above_sum / above : 0);
        if (between > best * (1 + DBL_EPSILON)) {
            best = between;
            split = i;
        }
    }
    return split;
}

/* Of n values, n > 0; in lanes, so that the loop vectorises. */
BEN_CLONES
static void find_extremes(const float *data, size_t n, float extremes[2])
{
    float low[LANES], high[LANES];
    for (int k = 0; k < LANES; k++)
        low[k] = high[k] = data[0];
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++) {
            low[k] = data[i + k] < low[k] ? data[i + k] : low[k];
            high[k] = data[i + k] > high[k] ? data[i + k] : high[k];
        }
    for (; i < n; i++) {
        low[0] = data[i] < low[0] ? data[i] : low[0];
        high[0] = data[i] > high[0] ? data[i] : high[0];
    }
    for (int k = 0; k < LANES; k++) {
        extremes[0] = low[k] < extremes[0] ? low[k] : extremes[0];
        extremes[1] = high[k] > extremes[1] ? high[k] : extremes[1];
    }
}

/* range = {minimum, maximum} of the n values. */
static void find_range(const float *data, size_t n, double range[2])
{
    float low = FLT_MAX, high = -FLT_MAX;
    long pieces = (long)((n + PIECE - 1) / PIECE);
#pragma omp parallel for schedule(static) reduction(min : low) reduction(max : high)
    for (long i = 0; i < pieces; i++) {
        size_t at = (size_t)i * PIECE;
        float extremes[2] = {low, high};
        find_extremes(data + at, n - at < PIECE ? n - at : PIECE, extremes);
        low = extremes[0];
        high = extremes[1];
    }
    range[0] = low;
    range[1] = high;
}

static enum ben_status agree_range(const struct comm *team, double range[2])
{
    enum ben_status st = BEN_OK;
    double both[2] = {-range[0], range[1]};
    if (team->size > 1)
        TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, both, 2, MPI_DOUBLE, MPI_MAX, team->mpi));
    range[0] = -both[0];
    range[1] = both[1];
out:
    return st;
}

/* edges [bins + 1]. */
static void lay_edges(const double range[2], int bins, double *edges)
{
    double top = range[1] + (range[1] - range[0]) / bins / MARGIN;
    for (int i = 0; i < bins; i++)
        edges[i] = range[0] + i * ((top - range[0]) / bins);
    edges[bins] = top;
}

/* The margin keeps values off the edges by far more than float rounds. Neighbours go to
 * different tables [TABLES][bins], so that equal ones do not wait for each other. */
BEN_CLONES
static void count_values(const float *data, size_t n, const double *edges, int bins,
                         unsigned *tables)
{
    float low = (float)edges[0], scale = (float)(bins / (edges[bins] - edges[0]));
    float top = (float)(bins - 1);
    int keys[LANES];
    for (size_t i = 0; i < n; i += LANES) {
        int m = n - i < LANES ? (int)(n - i) : LANES;
        for (int k = 0; k < m; k++) {
            float at = (data[i + (size_t)k] - low) * scale;
            at = at > 0 ? at : 0; /* also where a range near nothing overflows the scale */
            keys[k] = (int)(at < top ? at : top);
        }
        for (int k = 0; k < m; k++)
            tables[k % TABLES * bins + keys[k]]++;
    }
}

/* counts [bins]; tables [threads][TABLES][bins], zeroed. A thread's share of a rank's slices has
 * fewer than 2^32 voxels. */
static void count_shared(const float *data, size_t n, const double *edges, int bins,
                         unsigned *tables, unsigned long *counts)
{
    long pieces = (long)((n + PIECE - 1) / PIECE);
    size_t per_thread = (size_t)TABLES * (size_t)bins;
#pragma omp parallel for schedule(static)
    for (long i = 0; i < pieces; i++) {
        size_t at = (size_t)i * PIECE;
        count_values(data + at, n - at < PIECE ? n - at : PIECE, edges, bins,
                     tables + (size_t)omp_get_thread_num() * per_thread);
    }
    for (size_t i = 0; i < (size_t)omp_get_max_threads() * per_thread; i++)
        counts[i % (size_t)bins] += tables[i];
}

static float cut(const unsigned long *counts, const double *edges, int bins, double *centers)
{
    for (int i = 0; i < bins; i++)
        centers[i] = 0.5 * (edges[i] + edges[i + 1]);
    return (float)edges[otsu_split(counts, centers, bins) + 1];
}

enum ben_status otsu_threshold(const struct comm *team, const struct volume *volume, int bins,
                               float *threshold)
{
    enum ben_status st = BEN_OK;
    size_t slice = (size_t)volume->dim[0] * (size_t)volume->dim[1];
    double range[2];
    long first, count;
    ENSURE(bins >= 2 && bins <= BEN_OTSU_MAX_BINS);
    unsigned long *counts = calloc((size_t)bins, sizeof *counts);
    unsigned *tables =
        calloc((size_t)omp_get_max_threads() * TABLES * (size_t)bins, sizeof *tables);
    double *edges = calloc(2 * (size_t)bins + 1, sizeof *edges);
    TRY(comm_agree(team, counts && tables && edges ? BEN_OK
                                                   : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__,
                                                               __func__, "out of memory")));
    comm_share(volume->dim[2], team->rank, team->size, &first, &count);
    const float *data = volume->data + (size_t)first * slice;
    find_range(data, (size_t)count * slice, range);
    TRY(agree_range(team, range));
    *threshold = (float)range[1];
    if (!(range[1] > range[0]))
        goto out;
    lay_edges(range, bins, edges);
    count_shared(data, (size_t)count * slice, edges, bins, tables, counts);
    TRY(comm_sum_u64(team, counts, (size_t)bins));
    *threshold = cut(counts, edges, bins, edges + bins + 1);
out:
    free(counts);
    free(tables);
    free(edges);
    return st;
}
