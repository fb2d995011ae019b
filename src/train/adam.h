/* SPDX-License-Identifier: BSD-3-Clause */
/* The optimiser: Adam (Kingma and Ba 2015) with bias correction and, where asked for, decoupled
 * weight decay (Loshchilov and Hutter 2019), clipping of the gradient's norm and a moving
 * average of the values. Numbers do not depend on threads. All Local. */
#ifndef BEN_TRAIN_ADAM_H
#define BEN_TRAIN_ADAM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct adam_config {
    double beta1, beta2; /* 0.9 and 0.999 */
    double eps;          /* 1e-8, added to the root of the bias-corrected second moment */
    double weight_decay; /* values -= rate * weight_decay * values; 0: none */
    double clip_norm;    /* longer gradients are scaled to this length; 0: never */
};

/* The state that a checkpoint keeps. */
struct adam {
    size_t n;
    float *m, *v;  /* [n] first and second moments */
    uint64_t step; /* updates made */
};

/* Zero moments. Fails: BEN_E_MEMORY. */
enum ben_status adam_create(size_t n, struct adam *adam);
void adam_free(struct adam *adam);

/* One update of values [n] by gradient [n] at the learning rate; returns the gradient's length
 * before clipping. A gradient that is not finite leaves all as it was: the length returned is
 * not finite either. */
double adam_step(struct adam *adam, const struct adam_config *config, double rate,
                 const float *gradient, float *values);

/* Euclidean length, squares summed in double in a fixed order. */
double adam_norm(const float *gradient, size_t n);

/* average := decay * average + (1 - decay) * values, [n]. */
void adam_average(double decay, const float *values, float *average, size_t n);

enum adam_schedule { BEN_RATE_CONSTANT, BEN_RATE_COSINE };

struct adam_rate {
    enum adam_schedule schedule;
    double rate;    /* at its highest */
    double final;   /* COSINE: what is left of it at the end, as a factor */
    double warmup;  /* steps of linear rise from zero */
    double n_steps; /* steps in all */
};

/* The learning rate of step 0..n_steps-1. */
double adam_rate_at(const struct adam_rate *rate, double step);

#endif
