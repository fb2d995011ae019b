/* SPDX-License-Identifier: BSD-3-Clause */
/* The gradient of a 3x3 convolution in its weights, as the adjoint of Winograd's F(4x4,3x3):
 * the transformed inputs and the transformed gradients of the outputs, multiplied tile by tile
 * and summed over the tiles, are the gradient du of the transformed weights. */
#include "nn/winograd_tiles.h"

/* Register block: CHANNELS inputs by GROUP blocks of 16 outputs, or ALONE inputs by one. */
#if BEN_LANES == 16
enum { CHANNELS = 8, GROUP = 2, ALONE = 16 };
#elif BEN_LANES == 8
enum { CHANNELS = 4, GROUP = 1, ALONE = 4 };
#else
enum { CHANNELS = 2, GROUP = 1, ALONE = 2 };
#endif
enum { TAPS = 9, SQUARE = TAPS * BEN_LANES };

#define STEP CONV_STEP(CONV_GRADIENT_BLOCK)

/* m [o/16][stages * 12][block][16]: transformed gradients of the outputs of a block of tiles. */
VEC_INLINE void transform_gradients(const struct conv_gradient_job *job,
                                    const struct tiles *tiles, int first_stage, int stages,
                                    float *m)
{
    const struct conv_shape *shape = &job->shape;
    const struct conv_pieces dy = {(float *)job->dy, NULL, shape->o};
    float patch[16 * 16] __attribute__((aligned(64)));
    size_t row;
    for (int ob = 0; ob < shape->o / 16; ob++, m += (size_t)stages * WINOGRAD_STAGE * STEP) {
        const float *plane = tiles_plane(&dy, shape, shape->o, 0, ob);
        for (int t = 0; t < tiles->n; t++) {
            struct place at = tiles->at[t];
            const float *d = tiles_read(plane, shape, at.y, at.x, 4, patch, &row);
            for (int l = 0; l < 16; l += BEN_LANES)
                for (int s = 0; s < stages; s++)
                    winograd_gradient_stage(first_stage + s, d + l, row,
                                            m + (size_t)s * WINOGRAD_STAGE * STEP + 16 * t + l,
                                            STEP);
        }
    }
}

/* du [g][k][16] = (or, add: +=) the sum over tiles of v [tile][k] m [g][tile][16]; blocks g lie
 * wide floats apart in du and deep in m. */
VEC_INLINE void gradient_block(const float *v, const float *m, size_t deep, float *du,
                               size_t wide, int n, int add, int channels, int group)
{
    vec sum[ALONE > CHANNELS ? ALONE : CHANNELS][GROUP * BEN_VECS];
    for (int i = 0; i < channels; i++)
        for (int j = 0; j < group * BEN_VECS; j++)
            sum[i][j] = (vec){0};
    for (int t = 0; t < n; t++, v += 16, m += 16) {
        vec w[GROUP * BEN_VECS];
        for (int j = 0; j < group * BEN_VECS; j++)
            w[j] = vec_load(m + (size_t)(j / BEN_VECS) * deep + j % BEN_VECS * BEN_LANES);
        for (int i = 0; i < channels; i++) {
            vec x = vec_set(v[i]);
            for (int j = 0; j < group * BEN_VECS; j++)
                sum[i][j] += x * w[j];
        }
    }
    for (int i = 0; i < channels; i++)
        for (int j = 0; j < group * BEN_VECS; j++) {
            float *to = du + (size_t)(j / BEN_VECS) * wide + 16 * i + j % BEN_VECS * BEN_LANES;
            if (add)
                sum[i][j] += vec_load(to);
            vec_store(to, sum[i][j]);
        }
}

/* One xi: du [blocks][channels][16] from the tiles' values in v and m, whose blocks of 16
 * channels lie deep floats apart. */
VEC_INLINE void gradient_product(const float *v, const float *m, size_t deep, float *du,
                                 int channels, int blocks, int n, int add)
{
    size_t wide = 16 * (size_t)channels;
    int group = 1;
    for (int ob = 0; ob < blocks; ob += group, m += (size_t)group * deep) {
        group = ob + GROUP <= blocks ? GROUP : 1;
        for (int k = 0; k < channels; k += group == GROUP ? CHANNELS : ALONE) {
            const float *x = v + (size_t)(k / 16) * deep + k % 16;
            float *to = du + (size_t)ob * wide + 16 * (size_t)k;
            if (group == GROUP)
                gradient_block(x, m, deep, to, wide, n, add, CHANNELS, GROUP);
            else
                gradient_block(x, m, deep, to, wide, n, add, ALONE, 1);
        }
    }
}

/* du [36][blocks][channels][16] -> dweight [o][c][3][3], blocks of outputs from block ob and
 * channels from k on. A square of BEN_LANES inputs and outputs at a time. */
static void gradient_weights(const struct conv_gradient_job *job, const float *du, size_t step,
                             int ob, int blocks, int k, int channels)
{
    for (int o = 0; o < 16 * blocks; o += BEN_LANES)
        for (int c = 0; c < channels; c += BEN_LANES) {
            const float *from = du + ((size_t)(o / 16 * channels) + (size_t)c) * 16 + o % 16;
            float *to = job->dweight +
                        TAPS * ((size_t)(16 * ob + o) * (size_t)job->shape.c + (size_t)(k + c));
            vec square[SQUARE];
            for (int l = 0; l < BEN_LANES; l++)
                winograd_filter_adjoint(from + 16 * l, step, square + TAPS * l);
            for (int i = 0; i < SQUARE; i += BEN_LANES) {
                vec_transpose(square + i);
                for (int l = 0; l < BEN_LANES; l++)
                    vec_store_loose(to + TAPS * (size_t)l * (size_t)job->shape.c + (size_t)i,
                                    square[i + l]);
            }
        }
}

/* Many tiles: block by block and stage by stage into du of all weights. */
static void gradient_staged(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    const size_t deep = WINOGRAD_STAGE * STEP, us = (size_t)shape->c * (size_t)shape->o;
    float *v = job->scratch, *m = v + (size_t)(shape->c / 16) * deep;
    float *du = m + (size_t)(shape->o / 16) * deep;
    struct tiles tiles = tiles_start(shape, 1);
    for (int add = 0; tiles_next(&tiles, CONV_GRADIENT_BLOCK); add = 1)
        for (int stage = 0; stage < WINOGRAD_STAGES; stage++) {
            float *to = du + (size_t)(stage * WINOGRAD_STAGE) * us;
            tiles_inputs(shape, &job->in, &tiles, stage, 1, STEP, deep, v);
            transform_gradients(job, &tiles, stage, 1, m);
            for (size_t i = 0; i < WINOGRAD_STAGE; i++)
                gradient_product(v + i * STEP, m + i * STEP, deep, to + i * us, shape->c,
                                 shape->o / 16, tiles.n, add);
        }
    gradient_weights(job, du, us, 0, shape->o / 16, 0, shape->c);
}

/* Few tiles, all in one block: panel by panel of the weights, whose du stays in the cache. */
static void gradient_panels(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    const size_t deep = CONV_XI * STEP;
    float *v = job->scratch, *m = v + (size_t)(shape->c / 16) * deep;
    float *du = m + (size_t)(shape->o / 16) * deep;
    int blocks = CONV_PANEL, channels = CONV_CHUNK;
    struct tiles tiles = tiles_start(shape, 1);
    tiles_next(&tiles, CONV_GRADIENT_BLOCK);
    tiles_inputs(shape, &job->in, &tiles, 0, WINOGRAD_STAGES, STEP, deep, v);
    transform_gradients(job, &tiles, 0, WINOGRAD_STAGES, m);
    for (int ob = 0; ob < shape->o / 16; ob += blocks)
        for (int k = 0; k < shape->c; k += channels) {
            blocks = ob + CONV_PANEL <= shape->o / 16 ? CONV_PANEL : 1;
            channels = k + CONV_CHUNK <= shape->c ? CONV_CHUNK : shape->c - k;
            size_t us = 16 * (size_t)blocks * (size_t)channels + 16;
            const float *x = v + (size_t)(k / 16) * deep, *d = m + (size_t)ob * deep;
            for (size_t xi = 0; xi < CONV_XI; xi++)
                gradient_product(x + xi * STEP, d + xi * STEP, deep, du + xi * us, channels,
                                 blocks, tiles.n, 0);
            gradient_weights(job, du, us, ob, blocks, k, channels);
        }
}

/* dbias [o] = the sum over pixels of dy [o/16][pixel][16], row by row. */
static void gradient_bias(const struct conv_gradient_job *job)
{
    const float *dy = job->dy;
    for (int o = 0; o < job->shape.o; o += 16) {
        vec sum[BEN_VECS] = {{0}};
        for (int y = 0; y < job->shape.h; y++) {
            vec row[BEN_VECS] = {{0}};
            for (int x = 0; x < job->shape.w; x++, dy += 16)
                for (int l = 0; l < BEN_VECS; l++)
                    row[l] += vec_load(dy + l * BEN_LANES);
            for (int l = 0; l < BEN_VECS; l++)
                sum[l] += row[l];
        }
        for (int l = 0; l < BEN_VECS; l++)
            vec_store_loose(job->dbias + o + l * BEN_LANES, sum[l]);
    }
}

static void gradient(const struct conv_gradient_job *job)
{
    gradient_bias(job);
    if (conv_few_tiles(&job->shape))
        gradient_panels(job);
    else
        gradient_staged(job);
}

const struct conv_gradient_kernels ISA_NAME(conv_gradient_winograd) = {gradient};
