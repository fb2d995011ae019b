/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/mcqa.h"

#include <math.h>

#define AGREED 1e-3 /* of a slice's pixels */

/* Pixels by how many of the samples voted for them. */
static void count_votes(const float *votes, size_t pixels, uint32_t samples,
                        struct mcqa_sums *sums)
{
    double voted = 0, paired = 0, t = samples;
    for (size_t i = 0; i < pixels; i++) {
        double c = (double)votes[i];
        voted += c;
        paired += c * (c - 1);
    }
    sums->voted = voted / t;
    sums->paired = samples > 1 ? paired / (t * (t - 1)) : sums->voted;
}

void mcqa_measure_plain(const float *prob, size_t pixels, float threshold,
                        struct mcqa_sums *sums)
{
    *sums = (struct mcqa_sums){.pixels = (double)pixels};
    for (size_t i = 0; i < pixels; i++) {
        double p = (double)prob[i];
        sums->mean += p;
        if (prob[i] > threshold) {
            sums->brain++;
            sums->inside += p;
        }
    }
}

void mcqa_measure(const struct net_certainty *maps, int size, uint32_t samples, float threshold,
                  struct mcqa_sums *sums)
{
    size_t pixels = (size_t)size * (size_t)size;
    mcqa_measure_plain(maps->mean, pixels, threshold, sums);
    for (size_t i = 0; i < pixels; i++) {
        sums->aleatoric += (double)maps->aleatoric[i];
        sums->epistemic += (double)maps->epistemic[i];
    }
    count_votes(maps->votes, pixels, samples, sums);
}

void mcqa_add(struct mcqa_sums *total, const struct mcqa_sums *sums)
{
    total->pixels += sums->pixels;
    total->brain += sums->brain;
    total->mean += sums->mean;
    total->inside += sums->inside;
    total->aleatoric += sums->aleatoric;
    total->epistemic += sums->epistemic;
    total->voted += sums->voted;
    total->paired += sums->paired;
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

void mcqa_figures_of(const struct mcqa_sums *sums, struct mcqa_figures *figures)
{
    figures->expected_dice = ratio(2 * sums->inside, sums->mean + sums->brain);
    figures->agreement = ratio(sums->paired, sums->voted);
    figures->aleatoric = ratio(sums->aleatoric, sums->brain);
    figures->epistemic = ratio(sums->epistemic, sums->brain);
}

/* agreed: pixels that count as brain in all masks. */
static double score_of(const struct mcqa_sums *sums, double agreed)
{
    double expected = (2 * (sums->inside + agreed)) / (sums->mean + sums->brain + 2 * agreed);
    double agreement = (sums->paired + agreed) / (sums->voted + agreed);
    double cube = agreement * agreement * agreement;
    return 1 - expected * expected * cube * cube;
}

double mcqa_scan_score(const struct mcqa_sums *scan)
{
    return scan->brain > 0 && scan->voted > 0 ? score_of(scan, 0) : 1;
}

double mcqa_slice_score(const struct mcqa_sums *slice)
{
    return score_of(slice, AGREED * slice->pixels);
}

enum mcqa_flag mcqa_flag_of(const struct mcqa_limits *limits, double score)
{
    if (!(score < limits->fail))
        return BEN_MCQA_FAIL;
    return score < limits->review ? BEN_MCQA_PASS : BEN_MCQA_REVIEW;
}

const char *mcqa_flag_name(enum mcqa_flag flag)
{
    static const char *const names[] = {"pass", "review", "fail"};
    return names[flag];
}
