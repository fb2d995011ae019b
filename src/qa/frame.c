/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/frame.h"
#include "base/log.h"
#include "base/util.h"

#include <math.h>
#include <stdlib.h>

/* counts [dim[axis]] of each axis := brain voxels by their place along it. */
static void count_places(const struct volume *volume, const float *prob, float threshold,
                         long *const counts[3])
{
    const int *dim = volume->dim;
    size_t at = 0;
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++)
            for (int i = 0; i < dim[0]; i++, at++)
                if (prob[at] > threshold) {
                    counts[0][i]++;
                    counts[1][j]++;
                    counts[2][k]++;
                }
}

/* Where all but FRAME_REST of the n counts on each side lie: from *begin to *end. */
static void find_span(const long *counts, int n, double *begin, double *end)
{
    long all = 0, before = 0;
    for (int i = 0; i < n; i++)
        all += counts[i];
    const double rest = FRAME_REST * (double)all;
    *begin = *end = 0;
    for (int i = 0; i < n; i++) {
        if ((double)before <= rest)
            *begin = i;
        if ((double)before < (double)all - rest)
            *end = i + 1;
        before += counts[i];
    }
}

/* From the brain's spans along rows and columns. */
static bool go_nearer(struct slice_geometry *g, const double rows[2], const double columns[2])
{
    const double edge = g->size * g->mm;
    const double extent =
        fmax((rows[1] - rows[0]) * g->height_mm, (columns[1] - columns[0]) * g->width_mm);
    const double sharp = g->size * fmax(g->width_mm, g->height_mm) / FRAME_ENLARGED;
    const double nearer = fmax(fmax(extent / FRAME_AIM, FRAME_NEARER * edge), sharp);
    if (extent <= 0 || extent >= FRAME_LEAST * edge || nearer >= FRAME_WORTH * edge)
        return false;
    slices_zoom(g, (rows[0] + rows[1]) / 2, (columns[0] + columns[1]) / 2, nearer);
    return true;
}

enum ben_status frame_settle(struct prepared *prepared, const float *prob, float threshold,
                             bool *nearer)
{
    enum ben_status st = BEN_OK;
    const struct volume *v = prepared->volume;
    long *counts[3] = {NULL, NULL, NULL};
    double spans[3][2];
    for (int a = 0; a < 3; a++)
        TRY_NEW(counts[a] = calloc((size_t)v->dim[a] + 1, sizeof *counts[a]));
    count_places(v, prob, threshold, counts);
    for (int a = 0; a < 3; a++)
        find_span(counts[a], v->dim[a], &spans[a][0], &spans[a][1]);
    *nearer = go_nearer(&prepared->slices, spans[util_higher_axis(prepared->slices.plane)],
                        spans[util_lower_axis(prepared->slices.plane)]);
out:
    for (int a = 0; a < 3; a++)
        free(counts[a]);
    return st;
}

/* Rank 0 has the whole probability and settles for all. Collective on team. */
static enum ben_status settle(const struct comm *team, float threshold, const char *scan,
                              struct prepared *prepared, const float *prob, bool *nearer)
{
    enum ben_status st = BEN_OK;
    struct slice_geometry *slices = &prepared->slices;
    if (team->rank == 0)
        st = frame_settle(prepared, prob, threshold, nearer);
    TRY(comm_agree(team, st));
    TRY(comm_broadcast(team, nearer, sizeof *nearer, 0));
    TRY(comm_broadcast(team, slices, sizeof *slices, 0));
    if (*nearer && team->rank == 0)
        log_debug("%s: the brain is small, looking at %.1f mm around it", scan,
                  slices->mm * slices->size);
out:
    return st;
}

enum ben_status frame_predict(const struct comm *team, struct net *net,
                              const struct predict_config *config, const char *scan,
                              struct prepared *prepared, const struct predict_maps *maps,
                              struct mcqa_sums *sums)
{
    enum ben_status st = BEN_OK;
    bool nearer = true;
    TRY(predict_scan(team, net, config, prepared, maps, sums));
    for (int round = 0; nearer && round < FRAME_ROUNDS; round++) {
        TRY(settle(team, config->threshold, scan, prepared, maps->prob, &nearer));
        if (nearer)
            TRY(predict_scan(team, net, config, prepared, maps, sums));
    }
out:
    return st;
}
