/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers drawn one after the other, and smooth random fields: normal numbers on a coarse
 * grid of knots, interpolated. What made-up heads, deformations and artefacts are drawn from.
 * Local. */
#ifndef BEN_TRAIN_KNOTS_H
#define BEN_TRAIN_KNOTS_H

#include "base/random.h"

#include <stdbool.h>

/* All chance of a training sample is a function of these. */
struct sample_key {
    uint64_t seed;
    uint32_t epoch, sample;
};

struct draws {
    struct random_stream stream;
    uint32_t next;
};

double draw_within(struct draws *draws, double low, double high);
double draw_normal(struct draws *draws);
bool draw_happens(struct draws *draws, double probability);
int draw_index(struct draws *draws, int n); /* 0 to n - 1 */

#define BEN_KNOTS 12 /* along an axis at most */

/* A field over the unit cube (or square: nz = 1) with mean 0 and sd 1 at the knots. */
struct knots {
    int n, nz;
    float value[BEN_KNOTS * BEN_KNOTS * BEN_KNOTS];
};

void knots_draw(struct draws *draws, int n, bool flat, struct knots *knots);

/* At (x, y, z), each within [0, 1] (clamped): continuous, smooth between the knots' cells. */
float knots_at(const struct knots *knots, float x, float y, float z);

#endif
