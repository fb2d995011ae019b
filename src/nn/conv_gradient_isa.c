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

/* m: transformed gradients of the outputs of a block of tiles; xi lie xs floats apart, blocks of
 * 16 channels cs. What is transformed is also added to dbias. */
VEC_INLINE void transform_gradients(const struct conv_gradient_job *job,
                                    const struct tiles *tiles, size_t xs, size_t cs, float *m)
{
    const struct conv_shape *shape = &job->shape;
    const struct conv_pieces dy = {(float *)job->dy, NULL, shape->o};
    float patch[16 * 16] __attribute__((aligned(64)));
    size_t row;
    for (int ob = 0; ob < shape->o / 16; ob++, m += cs) {
        const float *plane = tiles_plane(&dy, shape, shape->o, 0, ob);
        vec sum[BEN_VECS] = {{0}};
        for (int t = 0; t < tiles->n; t++) {
            struct place at = tiles->at[t];
            const float *d = tiles_read(plane, shape, at.y, at.x, 4, patch, &row);
            size_t ahead = (size_t)at.y * (size_t)shape->w + (size_t)at.x;
            tiles_fetch(plane + 16 * (ahead + TILES_READ_AHEAD), shape->w);
            for (int l = 0; l < BEN_VECS; l++) {
                sum[l] += winograd_gradient_sum(d + l * BEN_LANES, row);
                winograd_gradient(d + l * BEN_LANES, row, m + 16 * t + l * BEN_LANES, xs);
            }
        }
        for (int l = 0; l < BEN_VECS; l++) {
            float *b = job->dbias + 16 * ob + l * BEN_LANES;
            vec_store_loose(b, vec_load_loose(b) + sum[l]);
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

/* Many tiles: block by block into du of all weights. */
static void gradient_blocks(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    const size_t step = CONV_STEP(CONV_BLOCK), deep = CONV_XI * step;
    size_t us = (size_t)shape->c * (size_t)shape->o;
    float *v = job->scratch, *m = v + (size_t)(shape->c / 16) * deep;
    float *du = m + (size_t)(shape->o / 16) * deep;
    struct tiles tiles = tiles_start(shape, 1);
    for (int add = 0; tiles_next(&tiles, CONV_BLOCK); add = 1) {
        tiles_inputs(shape, &job->in, &tiles, step, deep, v);
        transform_gradients(job, &tiles, step, deep, m);
        for (size_t xi = 0; xi < CONV_XI; xi++)
            gradient_product(v + xi * step, m + xi * step, deep, du + xi * us, shape->c,
                             shape->o / 16, tiles.n, add);
    }
    gradient_weights(job, du, us, 0, shape->o / 16, 0, shape->c);
}

/* Few tiles, all in one block: panel by panel of the weights, whose du stays in the cache. */
static void gradient_panels(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    const size_t step = CONV_STEP(CONV_FEW), deep = CONV_XI * step;
    float *v = job->scratch, *m = v + (size_t)(shape->c / 16) * deep;
    float *du = m + (size_t)(shape->o / 16) * deep;
    int blocks = CONV_PANEL, channels = CONV_CHUNK;
    struct tiles tiles = tiles_start(shape, 1);
    tiles_next(&tiles, CONV_FEW);
    tiles_inputs(shape, &job->in, &tiles, step, deep, v);
    transform_gradients(job, &tiles, step, deep, m);
    for (int ob = 0; ob < shape->o / 16; ob += blocks)
        for (int k = 0; k < shape->c; k += channels) {
            blocks = ob + CONV_PANEL <= shape->o / 16 ? CONV_PANEL : 1;
            channels = k + CONV_CHUNK <= shape->c ? CONV_CHUNK : shape->c - k;
            size_t us = 16 * (size_t)blocks * (size_t)channels + 16;
            const float *x = v + (size_t)(k / 16) * deep, *d = m + (size_t)ob * deep;
            for (size_t xi = 0; xi < CONV_XI; xi++)
                gradient_product(x + xi * step, d + xi * step, deep, du + xi * us, channels,
                                 blocks, tiles.n, 0);
            gradient_weights(job, du, us, ob, blocks, k, channels);
        }
}

static void gradient(const struct conv_gradient_job *job)
{
    memset(job->dbias, 0, (size_t)job->shape.o * sizeof *job->dbias);
    if (conv_few_tiles(&job->shape))
        gradient_panels(job);
    else
        gradient_blocks(job);
}

const struct conv_gradient_kernels ISA_NAME(conv_gradient_winograd) = {gradient};
