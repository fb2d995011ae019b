/* SPDX-License-Identifier: BSD-3-Clause */
/* The loss of supervised training on slices: cross_entropy * CE + dice * (1 - D), per slice,
 * averaged over the slices of the global batch. CE is the mean over the pixels of
 * -y log p - (1-y) log(1-p); D = (2 sum p y + smooth) / (sum p + sum y + smooth) with sums over the
 * slice's pixels. Local. */
#ifndef BEN_NN_LOSS_H
#define BEN_NN_LOSS_H

#include <stddef.h>

struct loss_config {
    double cross_entropy; /* weight of CE */
    double dice;          /* weight of 1 - D (lambda_Dice) */
    double smooth;        /* pixels; keeps D defined, and its slope gentle, on empty slices */
};

struct loss_config loss_config_paper(void); /* 1, 1, 1: CE + lambda_Dice (1 - D) */
struct loss_config loss_config_code(void);  /* 1, 0.2, 1e-3: what the paper's authors ran */

struct loss_shape {
    int n;         /* slices at hand */
    int batch;     /* slices in the global batch, these among them */
    size_t pixels; /* of a slice */
};

/* prob, target [n][pixels], target in [0, 1]. losses [n][2]: each slice's CE and 1 - D, neither
 * weighted nor divided by batch. dlogit [n][pixels]: the gradient of the batch's mean loss ahead of
 * the sigmoid; NULL: not wanted. Probabilities are held within [1e-7, 1 - 1e-7] for the logarithms
 * alone. */
void loss_slices(const struct loss_config *config, const struct loss_shape *shape,
                 const float *prob, const float *target, double *losses, float *dlogit);

#endif
