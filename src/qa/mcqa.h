/* SPDX-License-Identifier: BSD-3-Clause */
/* Monte Carlo quality assessment (MCQA): how sure the network is of a slice or a scan, from what
 * the samples of Monte Carlo dropout say of each pixel, as a stand-in for Dice where there is no
 * reference.
 *
 * A slice's maps are reduced to sums (mcqa_measure); those of several slices are added, in slice
 * order, so that a scan's score has the same bits however its slices were shared (mcqa_add); sums
 * give figures (mcqa_figures_of) and the one score that predicts Dice best by measurement
 * (mcqa_slice_score, mcqa_scan_score; docs/results.md). All Local. */
#ifndef BEN_QA_MCQA_H
#define BEN_QA_MCQA_H

#include "nn/net.h"

/* Plain sums over pixels; m is the mask, pixels whose mean is above the threshold. */
struct mcqa_sums {
    double pixels;
    double brain;     /* pixels of m */
    double mean;      /* of the mean probability */
    double inside;    /* of the mean probability in m */
    double aleatoric; /* of p (1 - p), averaged over the samples */
    double epistemic; /* of the variance over the samples */
    double voted;     /* pixels above one half in a sample, averaged over the samples */
    double paired; /* pixels above one half in both of two samples, averaged over the pairs */
};

/* Ratios of sums; NaN where nothing divides. */
struct mcqa_figures {
    double expected_dice; /* of m, each pixel being brain with its mean probability p:
                             2 sum(p m) / (sum p + |m|) */
    double agreement;     /* the mean Dice of two samples' masks (sums before ratios) */
    double aleatoric;     /* of each pixel of m */
    double epistemic;     /* of each pixel of m */
};

/* Probabilities of a plain pass, a slice's or a scan's: pixels, brain, mean and inside; the rest is 0. */
void mcqa_measure_plain(const float *prob, size_t pixels, float threshold,
                        struct mcqa_sums *sums);

/* One slice: maps [size][size], votes included, from that many samples. */
void mcqa_measure(const struct net_certainty *maps, int size, uint32_t samples, float threshold,
                  struct mcqa_sums *sums);

/* total += sums; a scan starts from zeros and takes its slices in order. */
void mcqa_add(struct mcqa_sums *total, const struct mcqa_sums *sums);

void mcqa_figures_of(const struct mcqa_sums *sums, struct mcqa_figures *figures);

/* Uncertainty of a scan, from 0 (sure) to 1: 1 - E^2 A^6, E the Dice to be expected and A
 * the samples' agreement. The exponents are those whose score follows
 * measured Dice best (docs/results.md): it is about 1 - Dice. 1 for an empty mask: every scan has
 * a brain. */
double mcqa_scan_score(const struct mcqa_sums *scan);

/* The same of a slice, with a thousandth of its pixels counted as agreed on, so that a slice
 * without brain is sure where all probabilities are near 0, and unsure where they are not. */
double mcqa_slice_score(const struct mcqa_sums *slice);

/* What to do about a scan. */
enum mcqa_flag {
    BEN_MCQA_PASS,
    BEN_MCQA_REVIEW, /* a person should look */
    BEN_MCQA_FAIL,   /* do not use unseen */
};

struct mcqa_limits {
    double review, fail; /* scores from these on are no longer pass, or review */
};

/* The limits by default, as options have them. */
#define BEN_MCQA_REVIEW_FROM "0.18"
#define BEN_MCQA_FAIL_FROM   "0.3"

/* Of a scan's score; NaN fails. */
enum mcqa_flag mcqa_flag_of(const struct mcqa_limits *limits, double score);
const char *mcqa_flag_name(enum mcqa_flag flag); /* "pass", "review", "fail" */

#endif
