/* SPDX-License-Identifier: BSD-3-Clause */
/* 2x2 max pooling, stride 2, on one slice x [blocks][h][w][16] -> y [blocks][h/2][w/2][16]; an
 * odd last row or column is left out. Pointers are 64-byte aligned. All Local. */
#ifndef BEN_NN_POOL_H
#define BEN_NN_POOL_H

void pool_forward(int blocks, int h, int w, const float *x, float *y);

/* The adjoint at x: dy goes to the place of each window's maximum, the first of equals in
 * reading order; added to dx [blocks][h][w][16]. */
void pool_backward(int blocks, int h, int w, const float *x, const float *dy, float *dx);

#endif
