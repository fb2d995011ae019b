/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/otsu.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#define MARGIN 100 /* the top edge lies this fraction of a bin above the maximum, as in ITK */

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

/* range = {minimum, maximum} of the n values. */
static void find_range(const float *data, size_t n, double range[2])
{
    float low = FLT_MAX, high = -FLT_MAX;
#pragma omp parallel for reduction(min : low) reduction(max : high)
    for (size_t i = 0; i < n; i++) {
        low = data[i] < low ? data[i] : low;
        high = data[i] > high ? data[i] : high;
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

static void count_values(const float *data, size_t n, const double *edges, int bins,
                         unsigned long *counts)
{
    double low = edges[0], scale = bins / (edges[bins] - low);
    for (size_t i = 0; i < n; i++) {
        double x = data[i];
        int bin = (int)((x - low) * scale);
        bin = bin < bins - 1 ? bin : bins - 1;
        bin -= x < edges[bin];
        bin += bin < bins - 1 && x >= edges[bin + 1];
        counts[bin]++;
    }
}

static void count_shared(const float *data, size_t n, const double *edges, int bins,
                         unsigned long *counts)
{
    const size_t piece = 65536;
    long pieces = (long)((n + piece - 1) / piece);
#pragma omp parallel for schedule(static) reduction(+ : counts[:bins])
    for (long i = 0; i < pieces; i++) {
        size_t at = (size_t)i * piece;
        count_values(data + at, n - at < piece ? n - at : piece, edges, bins, counts);
    }
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
    double *edges = calloc(2 * (size_t)bins + 1, sizeof *edges);
    TRY(comm_agree(team, counts && edges ? BEN_OK
                                         : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                                     "out of memory")));
    comm_share(volume->dim[2], team->rank, team->size, &first, &count);
    const float *data = volume->data + (size_t)first * slice;
    find_range(data, (size_t)count * slice, range);
    TRY(agree_range(team, range));
    *threshold = (float)range[1];
    if (!(range[1] > range[0]))
        goto out;
    lay_edges(range, bins, edges);
    count_shared(data, (size_t)count * slice, edges, bins, counts);
    TRY(comm_sum_u64(team, counts, (size_t)bins));
    *threshold = cut(counts, edges, bins, edges + bins + 1);
out:
    free(counts);
    free(edges);
    return st;
}
