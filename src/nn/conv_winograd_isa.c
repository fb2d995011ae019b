/* SPDX-License-Identifier: BSD-3-Clause */
/* 3x3 convolution of 16-channel blocks by Winograd's F(4x4,3x3), and its adjoint in the data,
 * which is the same with other filters: nn/conv_kernels.h has the layouts, nn/winograd.h the
 * transforms, nn/winograd_tiles.h the way to the tiles. */
#include "nn/winograd_tiles.h"

/* Register block of the product: TILES tiles by GROUP blocks of 16 output channels. With its
 * operands it must fit the registers: 32 of AVX-512, 16 elsewhere. */
#if BEN_LANES == 16
enum { TILES = 14, GROUP = 2 };
#elif BEN_LANES == 8
enum { TILES = 6, GROUP = 1 };
#else
enum { TILES = 3, GROUP = 1 };
#endif

#define STEP CONV_STEP(CONV_BLOCK)
enum { WIDE = 64 };

struct filters {
    int c;        /* channels in, of those that were packed */
    size_t panel; /* floats from one block of 16 outputs to the next */
};

/* m [g][tile][16] = sum over k of v [tile][k] u [g][k][16] for tiles x group, all in registers. */
VEC_INLINE void product_block(const float *v, size_t cs, const struct filters *f,
                              const float *u, float *m, int tiles, int group)
{
    vec sum[TILES][GROUP * BEN_VECS];
    for (int i = 0; i < tiles; i++)
        for (int j = 0; j < group * BEN_VECS; j++)
            sum[i][j] = (vec){0};
    for (int cb = 0; cb < f->c / 16; cb++, v += cs)
        for (int k = 0; k < 16; k++, u += 16) {
            vec w[GROUP * BEN_VECS];
            for (int j = 0; j < group * BEN_VECS; j++)
                w[j] =
                    vec_load(u + (size_t)(j / BEN_VECS) * f->panel + j % BEN_VECS * BEN_LANES);
            for (int i = 0; i < tiles; i++) {
                vec x = vec_set(v[16 * i + k]);
                for (int j = 0; j < group * BEN_VECS; j++)
                    sum[i][j] += x * w[j];
            }
        }
    for (int j = 0; j < group * BEN_VECS; j++)
        for (int i = 0; i < tiles; i++)
            vec_store(m + (size_t)(j / BEN_VECS) * CONV_XI * STEP + 16 * i +
                          j % BEN_VECS * BEN_LANES,
                      sum[i][j]);
}

#define PRODUCT_CASE(tiles)                                                                    \
    case tiles:                                                                                \
        product_block(v, cs, f, u, m, tiles < TILES ? tiles : TILES, group);                   \
        break;

VEC_INLINE void product_tiles(const float *v, size_t cs, const struct filters *f,
                              const float *u, float *m, int tiles, int group)
{
    switch (tiles) {
        PRODUCT_CASE(1)
        PRODUCT_CASE(2)
        PRODUCT_CASE(3)
#if BEN_LANES > 4
        PRODUCT_CASE(4)
        PRODUCT_CASE(5)
        PRODUCT_CASE(6)
#endif
#if BEN_LANES > 8
        PRODUCT_CASE(7)
        PRODUCT_CASE(8)
        PRODUCT_CASE(9)
        PRODUCT_CASE(10)
        PRODUCT_CASE(11)
        PRODUCT_CASE(12)
        PRODUCT_CASE(13)
        PRODUCT_CASE(14)
#endif
    }
}

/* n tiles by blocks of 16 outputs for one xi. Tiles are shared evenly among register blocks. */
static void product(const float *v, size_t cs, const struct filters *f, const float *u,
                    float *m, int blocks, int n)
{
    int parts = (n + TILES - 1) / TILES, group = 1;
    for (int ob = 0; ob < blocks; ob += group) {
        const float *panel = u + (size_t)ob * f->panel;
        float *to = m + (size_t)ob * CONV_XI * STEP;
        group = ob + GROUP <= blocks ? GROUP : 1;
        for (int p = 0; p < parts; p++) {
            int t = n * p / parts, tiles = n * (p + 1) / parts - t;
            if (group == GROUP)
                product_tiles(v + 16 * t, cs, f, panel, to + 16 * t, tiles, GROUP);
            else
                product_tiles(v + 16 * t, cs, f, panel, to + 16 * t, tiles, 1);
        }
    }
}

/* All 36 values for a panel of outputs. */
static void products(const struct conv_job *job, const float *v, size_t xs, size_t cs, float *m,
                     int n, int ob, int blocks)
{
    const struct filters f = {job->shape.c, 16 * (size_t)job->packed_c};
    const float *u = job->packed + (size_t)ob * f.panel;
    for (int xi = 0; xi < CONV_XI; xi++, v += xs, m += STEP)
        product(v, cs, &f, u + (size_t)xi * f.panel * (size_t)(job->shape.o / 16), m, blocks,
                n);
}

/* What the channels of one vector get on the way out. */
struct finish {
    vec bias, scale, shift;
    int elu, norm, done;
};

VEC_INLINE struct finish finish_of(const struct conv_job *job, int channel)
{
    struct finish f = {.elu = job->bias != NULL, .norm = job->norm != NULL};
    if (f.elu)
        f.bias = vec_load_loose(job->bias + channel);
    if (f.norm) {
        f.scale = vec_load_loose(job->norm->scale + channel);
        f.shift = vec_load_loose(job->norm->shift + channel);
    }
    return f;
}

/* One tile of 4x4 outputs to rows that are row floats apart; done lies as out does. */
VEC_INLINE void transform_output(const float *m, const struct finish *f, const float *done,
                                 float *out, size_t row)
{
    vec o[4][4];
    winograd_output(m, STEP, o);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            vec z = o[i][j];
            if (f->done)
                z += vec_load(done + (size_t)i * row + 16 * j);
            if (f->elu)
                z = vec_elu(z + f->bias);
            if (f->norm)
                z = z * f->scale + f->shift;
            vec_store(out + (size_t)i * row + 16 * j, z);
        }
}

/* One vector of channels of one tile; a tile that sticks out goes through patches. */
VEC_INLINE void tile_output(const struct conv_shape *shape, const struct finish *f,
                            struct place at, const float *m, const float *done, float *plane)
{
    float patch[16 * 16] __attribute__((aligned(64))),
        ahead[16 * 16] __attribute__((aligned(64)));
    size_t row = 16 * (size_t)shape->w, corner = (size_t)at.y * row + 16 * (size_t)at.x;
    int rows = shape->h - at.y, columns = shape->w - at.x;
    float *y = plane + corner;
    if (rows >= 4 && columns >= 4) {
        transform_output(m, f, f->done ? done + corner : NULL, y, row);
        return;
    }
    if (f->done)
        tiles_patch(done, shape, at.y, at.x, 4, ahead);
    transform_output(m, f, ahead, patch, 4 * 16);
    for (int i = 0; i < 4 && i < rows; i++)
        for (int j = 0; j < 4 && j < columns; j++)
            vec_store(y + (size_t)i * row + 16 * j, vec_load(patch + 16 * (4 * i + j)));
}

/* All tiles of one block of 16 channels, with the constants of one kind of finish. */
VEC_INLINE void block_output(const struct conv_job *job, const struct tiles *tiles, int ob,
                             const float *m, int elu, int norm, int done)
{
    const float *ahead = NULL;
    if (done)
        ahead = job->done + 16 * (size_t)ob * (size_t)job->shape.h * (size_t)job->shape.w;
    for (int l = 0; l < 16; l += BEN_LANES) {
        struct finish f = finish_of(job, 16 * ob + l);
        f.elu = elu;
        f.norm = norm;
        f.done = done;
        for (int t = 0; t < tiles->n; t++) {
            float *to =
                tiles_plane(&job->out, &job->shape, job->shape.o, tiles->at[t].slice, ob);
            tile_output(&job->shape, &f, tiles->at[t], m + 16 * t + l, done ? ahead + l : NULL,
                        to + l);
        }
    }
}

static void outputs(const struct conv_job *job, const struct tiles *tiles, int first,
                    int blocks, const float *m)
{
    for (int ob = first; ob < first + blocks; ob++, m += CONV_XI * STEP) {
        if (!job->bias)
            block_output(job, tiles, ob, m, 0, 0, 0);
        else if (job->done)
            block_output(job, tiles, ob, m, 1, 0, 1);
        else if (!job->norm)
            block_output(job, tiles, ob, m, 1, 0, 0);
        else
            block_output(job, tiles, ob, m, 1, 1, 0);
    }
}

VEC_INLINE void apply_strided(const struct conv_job *job, size_t xs, size_t cs)
{
    const struct conv_shape *shape = &job->shape;
    struct tiles tiles = tiles_start(shape, shape->n);
    float *v = job->scratch + CONV_PANEL * CONV_XI * STEP;
    int blocks = CONV_PANEL;
    while (tiles_next(&tiles, CONV_BLOCK)) {
        tiles_inputs(shape, &job->in, &tiles, xs, cs, v);
        for (int ob = 0; ob < shape->o / 16; ob += blocks) {
            blocks = ob + CONV_PANEL <= shape->o / 16 ? CONV_PANEL : 1;
            products(job, v, xs, cs, job->scratch, tiles.n, ob, blocks);
            outputs(job, &tiles, ob, blocks, job->scratch);
        }
    }
}

/* With few channels the transforms weigh most, and want strides known beforehand; with many the
 * products, and want the channels of one value side by side. */
static void apply(const struct conv_job *job)
{
    if (job->shape.c < WIDE)
        apply_strided(job, STEP, CONV_XI * STEP);
    else
        apply_strided(job, (size_t)(CONV_BLOCK * job->shape.c + 16), 16 * CONV_BLOCK);
}

const struct conv_apply_kernels ISA_NAME(conv_apply_winograd) = {apply};
