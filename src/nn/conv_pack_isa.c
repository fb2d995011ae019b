/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters from [o][c][3][3] to Winograd's domain, [36][o/16][c][16] (nn/conv_kernels.h). A
 * square of BEN_LANES outputs by as many inputs at a time, turned around in registers. */
#include "nn/conv_kernels.h"
#include "nn/winograd.h"

enum { TAPS = 9, SQUARE = TAPS * BEN_LANES };

/* square [k][tap], one vector of outputs each, of the outputs from o and inputs from k on. */
static void square_load(const struct conv_shape *shape, const float *weight, int o, int k,
                        vec square[SQUARE])
{
    for (int i = 0; i < SQUARE; i += BEN_LANES) {
        for (int l = 0; l < BEN_LANES; l++)
            square[i + l] = vec_load_loose(
                weight + TAPS * ((size_t)(o + l) * (size_t)shape->c + (size_t)k) + (size_t)i);
        vec_transpose(square + i);
    }
}

/* [k][tap] vectors of outputs -> [o][8 - tap] vectors of inputs. */
static void square_turn(const vec square[SQUARE], vec turned[SQUARE])
{
    for (int tap = 0; tap < TAPS; tap++) {
        vec rows[BEN_LANES];
        for (int l = 0; l < BEN_LANES; l++)
            rows[l] = square[TAPS * l + tap];
        vec_transpose(rows);
        for (int l = 0; l < BEN_LANES; l++)
            turned[TAPS * l + TAPS - 1 - tap] = rows[l];
    }
}

/* from [in lane][tap] -> u at (out block, in lanes from k on, out lanes from o on). */
static void square_transform(const vec from[SQUARE], int in, int out, int k, int o,
                             float *packed)
{
    size_t step = (size_t)in * (size_t)out;
    float *u = packed + ((size_t)(o / 16) * (size_t)in + (size_t)k) * 16 + o % 16;
    for (int l = 0; l < BEN_LANES; l++)
        winograd_filter(from + TAPS * l, u + 16 * l, step);
}

static void pack(const struct conv_shape *shape, const float *weight, int adjoint,
                 float *packed)
{
    for (int o = 0; o < shape->o; o += BEN_LANES)
        for (int k = 0; k < shape->c; k += BEN_LANES) {
            vec square[SQUARE], turned[SQUARE];
            square_load(shape, weight, o, k, square);
            if (adjoint) {
                square_turn(square, turned);
                square_transform(turned, shape->o, shape->c, o, k, packed);
            } else {
                square_transform(square, shape->c, shape->o, k, o, packed);
            }
        }
}

const struct conv_pack_kernels ISA_NAME(conv_pack_winograd) = {pack};
