/* SPDX-License-Identifier: BSD-3-Clause */
/* The transforms of Winograd's F(4x4,3x3) (Lavin and Gray 2016) on patches of vectors, for
 * kernel files. Names are those of the paper: inputs B'dB, filters GgG', outputs A'mA; and the
 * adjoints of the last two for the gradient. Everything inline, one vector of channels at a time.
 *
 * The points are 0, +-sqrt(1/2), +-sqrt(2) and infinity: half the rounding error (deviation) of
 * the usual 0, +-1, +-2, and a quarter at worst, for the same work. With a = sqrt(1/2) and
 * b = 1/a = sqrt(2), rows 1 to 4 of G scaled by a and b, columns of A' by their inverses:
 *        1  0 -5/2  0  1  0         1       0      0
 *        0 -b  -2   a  1  0       -2a/3   -1/3   -a/3          1   b   b   a   a  0
 *   B' = 0  b  -2  -a  1  0   G = -2a/3    1/3   -a/3     A' = 0   1  -1   1  -1  0
 *        0 -a -1/2  b  1  0        b/6     1/3    b/3          0   a   a   b   b  0
 *        0  a -1/2 -b  1  0        b/6    -1/3    b/3          0  1/2 -1/2 2  -2  1
 *        0  1   0 -5/2 0  1         0       0      1
 *
 * No sum of two products, of which the compiler would choose the one that is rounded: a kernel's
 * variants give the same bits. */
#ifndef BEN_NN_WINOGRAD_H
#define BEN_NN_WINOGRAD_H

#include "nn/vec.h"

#include <stddef.h>

#define WINOGRAD_A 0x1.6a09e6p-1f /* sqrt(1/2) */
#define WINOGRAD_B 0x1.6a09e6p+0f /* sqrt(2) */

/* One row of the transformed patch: t B, stored at v, v + step, ... */
VEC_INLINE void winograd_input_row(const vec t[6], float *v, size_t step)
{
    vec p = t[4] - 2 * t[2], q = t[3] - 2 * t[1];
    vec r = t[4] - 0.5f * t[2], s = t[3] - 0.5f * t[1];
    vec_store(v, t[0] + t[4] - 2.5f * t[2]);
    vec_store(v + step, p + WINOGRAD_A * q);
    vec_store(v + 2 * step, p - WINOGRAD_A * q);
    vec_store(v + 3 * step, r + WINOGRAD_B * s);
    vec_store(v + 4 * step, r - WINOGRAD_B * s);
    vec_store(v + 5 * step, t[1] + t[5] - 2.5f * t[3]);
}

/* Rows 0 and 5 of B'dB. Columns first, so that nothing but the result is stored. */
VEC_INLINE void winograd_input_ends(const float *d, size_t row, float *v, size_t step)
{
    vec a[6], b[6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        const float *p = d + 16 * j;
        a[j] = vec_load(p) + vec_load(p + 4 * row) - 2.5f * vec_load(p + 2 * row);
        b[j] = vec_load(p + row) + vec_load(p + 5 * row) - 2.5f * vec_load(p + 3 * row);
    }
    winograd_input_row(a, v, step);
    winograd_input_row(b, v + 30 * step, step);
}

/* Two rows, of the points +-point, where square is that of the other pair. */
VEC_INLINE void winograd_input_pair(const float *d, size_t row, float *v, size_t step,
                                    float point, float square)
{
    vec a[6], b[6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        const float *p = d + 16 * j;
        vec even = vec_load(p + 4 * row) - square * vec_load(p + 2 * row);
        vec odd = vec_load(p + 3 * row) - square * vec_load(p + row);
        a[j] = even + point * odd;
        b[j] = even - point * odd;
    }
    winograd_input_row(a, v, step);
    winograd_input_row(b, v + 6 * step, step);
}

/* B'dB of the patch at d (pixels 16 floats apart, rows row floats apart); value xi goes to
 * v + xi * step. */
VEC_INLINE void winograd_input(const float *d, size_t row, float *v, size_t step)
{
    winograd_input_ends(d, row, v, step);
    winograd_input_pair(d, row, v + 6 * step, step, WINOGRAD_A, 2);
    winograd_input_pair(d, row, v + 18 * step, step, WINOGRAD_B, 0.5f);
}

/* A'm along one line of six. */
VEC_INLINE void winograd_output_line(const vec m[6], vec o[4])
{
    vec s = m[1] + m[2], d = m[1] - m[2];
    vec t = m[3] + m[4], e = m[3] - m[4];
    o[0] = m[0] + WINOGRAD_A * (2 * s + t);
    o[1] = d + e;
    o[2] = WINOGRAD_A * (s + 2 * t);
    o[3] = m[5] + 0.5f * d + 2 * e;
}

/* A'mA of the 36 values at m + xi * step. */
VEC_INLINE void winograd_output(const float *m, size_t step, vec out[4][4])
{
    vec w[4][6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        vec line[6], o[4];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            line[i] = vec_load(m + (size_t)(6 * i + j) * step);
        winograd_output_line(line, o);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            w[i][j] = o[i];
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        winograd_output_line(w[i], out[i]);
}

/* One row of A dy A' from a line of four. */
VEC_INLINE void winograd_gradient_row(const vec y[4], float *m, size_t step)
{
    vec s = WINOGRAD_A * (2 * y[0] + y[2]), t = y[1] + 0.5f * y[3];
    vec p = WINOGRAD_A * (y[0] + 2 * y[2]), q = y[1] + 2 * y[3];
    vec_store(m, y[0]);
    vec_store(m + step, s + t);
    vec_store(m + 2 * step, s - t);
    vec_store(m + 3 * step, p + q);
    vec_store(m + 4 * step, p - q);
    vec_store(m + 5 * step, y[3]);
}

/* Two rows of A dy A': of the points +-WINOGRAD_A for (2, 1, 1/2), +-WINOGRAD_B for (1, 2, 2). */
VEC_INLINE void winograd_gradient_pair(const float *y, size_t row, float *m, size_t step,
                                       float near, float far, float last)
{
    vec a[4], b[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        const float *p = y + 16 * j;
        vec even = WINOGRAD_A * (near * vec_load(p) + far * vec_load(p + 2 * row));
        vec odd = vec_load(p + row) + last * vec_load(p + 3 * row);
        a[j] = even + odd;
        b[j] = even - odd;
    }
    winograd_gradient_row(a, m, step);
    winograd_gradient_row(b, m + 6 * step, step);
}

/* A dy A', the adjoint of the output's transform, of the 4x4 patch at y (as the input's). */
VEC_INLINE void winograd_gradient(const float *y, size_t row, float *m, size_t step)
{
    vec first[4], last[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
        first[j] = vec_load(y + 16 * j);
        last[j] = vec_load(y + 3 * row + 16 * j);
    }
    winograd_gradient_row(first, m, step);
    winograd_gradient_row(last, m + 30 * step, step);
    winograd_gradient_pair(y, row, m + 6 * step, step, 2, 1, 0.5f);
    winograd_gradient_pair(y, row, m + 18 * step, step, 1, 2, 2);
}

/* The sum of the same 4x4 patch. */
VEC_INLINE vec winograd_gradient_sum(const float *y, size_t row)
{
    vec sum = {0};
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        const float *p = y + (size_t)i * row;
        sum += (vec_load(p) + vec_load(p + 16)) + (vec_load(p + 32) + vec_load(p + 48));
    }
    return sum;
}

/* G along one line of three. */
VEC_INLINE void winograd_filter_line(const vec g[3], vec o[6])
{
    vec near = (2 * g[0] + g[2]) * (WINOGRAD_A / 3), odd = g[1] * (1.0f / 3);
    vec far = (0.5f * g[0] + g[2]) * (WINOGRAD_B / 3);
    o[0] = g[0];
    o[1] = -near - odd;
    o[2] = odd - near;
    o[3] = far + odd;
    o[4] = far - odd;
    o[5] = g[2];
}

/* GgG' of the 3x3 filter g; value xi goes to u + xi * step. */
VEC_INLINE void winograd_filter(const vec g[9], float *u, size_t step)
{
    vec w[6][3];
    for (int j = 0; j < 3; j++) {
        vec line[3] = {g[j], g[3 + j], g[6 + j]}, o[6];
        winograd_filter_line(line, o);
        for (int i = 0; i < 6; i++)
            w[i][j] = o[i];
    }
    for (int i = 0; i < 6; i++) {
        vec o[6];
        winograd_filter_line(w[i], o);
        for (int j = 0; j < 6; j++)
            vec_store(u + (size_t)(6 * i + j) * step, o[j]);
    }
}

/* G' along one line of six. */
VEC_INLINE void winograd_filter_adjoint_line(const vec u[6], vec g[3])
{
    vec near = (u[1] + u[2]) * (WINOGRAD_A / 3), far = (u[3] + u[4]) * (WINOGRAD_B / 3);
    g[0] = u[0] - 2 * near + 0.5f * far;
    g[1] = (u[2] - u[1] + u[3] - u[4]) * (1.0f / 3);
    g[2] = u[5] - near + far;
}

/* G'uG of the 36 values at u + xi * step. */
VEC_INLINE void winograd_filter_adjoint(const float *u, size_t step, vec g[9])
{
    vec w[3][6];
#pragma GCC unroll 6
    for (int j = 0; j < 6; j++) {
        vec line[6], o[3];
#pragma GCC unroll 6
        for (int i = 0; i < 6; i++)
            line[i] = vec_load(u + (size_t)(6 * i + j) * step);
        winograd_filter_adjoint_line(line, o);
#pragma GCC unroll 3
        for (int i = 0; i < 3; i++)
            w[i][j] = o[i];
    }
#pragma GCC unroll 3
    for (int i = 0; i < 3; i++)
        winograd_filter_adjoint_line(w[i], g + 3 * i);
}

#endif
