/* SPDX-License-Identifier: BSD-3-Clause */
/* The non-local block, embedded Gaussian (Wang et al. 2018), on one slice: with positions as
 * rows, P = X [theta phi g]' projects the c channels to three times d = c/2; phi and g keep the
 * larger of each two neighbouring positions; S = softmax over positions of theta phi'; and
 * out = X + (S g) output'. Weights stand together as in the network's values: theta, phi, g
 * [d][c] each, then output [c][d]; no biases. x and out are [c/16][positions][16]; an odd last
 * position is left out of phi and g. The products are OpenBLAS's on one thread each: their
 * shapes are fixed, so a slice's result does not depend on its neighbours. Local. */
#ifndef BEN_NN_NONLOCAL_H
#define BEN_NN_NONLOCAL_H

#include <stddef.h>

struct nonlocal_shape {
    int c;         /* channels, a multiple of 32 */
    int positions; /* at least 2 */
};

/* Floats of what forward keeps for backward, and of the scratch of either. */
size_t nonlocal_kept_floats(const struct nonlocal_shape *shape);
size_t nonlocal_scratch_floats(const struct nonlocal_shape *shape);

/* Floats of the weights: 2 c^2. */
size_t nonlocal_weight_floats(const struct nonlocal_shape *shape);

void nonlocal_forward(const struct nonlocal_shape *shape, const float *x, const float *weight,
                      float *out, float *kept, float *scratch);

/* What positions draw on, of what forward kept: key [positions] = the rows of S averaged with
 * weights query [positions] >= 0, times the number of their columns, so that 1 is what an even
 * S gives; two neighbours that were pooled share a column, an odd last position has 0. All 0 where
 * no query has weight. */
void nonlocal_attention(const struct nonlocal_shape *shape, const float *kept,
                        const float *query, float *key);

/* In place dx: comes as the gradient of out, leaves as that of x; dweight is overwritten. */
void nonlocal_backward(const struct nonlocal_shape *shape, const float *weight,
                       const float *kept, float *dx, float *dweight, float *scratch);

/* The kind of core whose kernels OpenBLAS took, by its own name for it. Local. */
const char *nonlocal_blas_core(void);

#endif
