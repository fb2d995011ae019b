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

/* Which steps an output takes on its way out: known to the compiler. */
struct steps {
    int done, elu, norm, keep, slope;
};

/* What the channels of one vector get on the way out. */
struct finish {
    struct steps steps;
    vec bias, scale, shift, keep_scale;
    int lane; /* of the block's 16 channels, the vector's first */
};

VEC_INLINE struct finish finish_of(const struct conv_job *job, struct steps steps, int channel)
{
    struct finish f = {.steps = steps, .lane = channel % 16};
    if (steps.elu)
        f.bias = vec_load_loose(job->bias + channel);
    if (steps.norm) {
        f.scale = vec_load_loose(job->norm->scale + channel);
        f.shift = vec_load_loose(job->norm->shift + channel);
    }
    if (steps.keep)
        f.keep_scale = vec_set(job->norm->keep_scale);
    return f;
}

/* Rows of a tile, row pixels apart: where its outputs go, and what they meet that lies alike. */
struct rows {
    float *out;
    const float *beside; /* what is done, or gives the slope */
    const uint16_t *keep;
    size_t row;
};

/* One tile of 4x4 outputs. */
VEC_INLINE void transform_output(const float *m, const struct finish *f, struct rows rows)
{
    vec o[4][4];
    winograd_output(m, STEP, o);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            size_t pixel = (size_t)i * rows.row + (size_t)j;
            vec z = o[i][j];
            if (f->steps.done)
                z += vec_load(rows.beside + 16 * pixel);
            if (f->steps.elu)
                z = vec_elu(z + f->bias);
            if (f->steps.norm)
                z = z * f->scale + f->shift;
            if (f->steps.keep)
                z = vec_keep(z * f->keep_scale, (unsigned)rows.keep[pixel] >> f->lane);
            if (f->steps.slope)
                z *= vec_elu_slope(vec_load(rows.beside + 16 * pixel));
            vec_store(rows.out + 16 * pixel, z);
        }
}

/* A tile that sticks out of the map: through patches, of which only what lies inside counts. */
VEC_INLINE void edge_output(const struct conv_shape *shape, const struct finish *f,
                            struct place at, const float *m, struct rows to)
{
    float out[16 * 16] __attribute__((aligned(64)));
    float beside[16 * 16] __attribute__((aligned(64))) = {0};
    uint16_t keep[16] = {0};
    int rows = shape->h - at.y < 4 ? shape->h - at.y : 4;
    int columns = shape->w - at.x < 4 ? shape->w - at.x : 4;
    for (int i = 0; (f->steps.done || f->steps.slope) && i < rows; i++)
        for (int j = 0; j < columns; j++)
            vec_store(beside + 16 * (4 * i + j),
                      vec_load(to.beside + 16 * ((size_t)i * to.row + (size_t)j)));
    for (int i = 0; f->steps.keep && i < rows; i++)
        memcpy(keep + 4 * i, to.keep + (size_t)i * to.row, (size_t)columns * sizeof *keep);
    transform_output(m, f, (struct rows){out, beside, keep, 4});
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            vec_store(to.out + 16 * ((size_t)i * to.row + (size_t)j),
                      vec_load(out + 16 * (4 * i + j)));
}

/* One vector of channels of one tile. */
VEC_INLINE void tile_output(const struct conv_job *job, const struct finish *f, struct place at,
                            int ob, const float *m)
{
    const struct conv_shape *shape = &job->shape;
    size_t pixel = (size_t)at.y * (size_t)shape->w + (size_t)at.x;
    size_t plane = (size_t)at.slice * (size_t)(shape->o / 16) + (size_t)ob;
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    struct rows to = {.row = (size_t)shape->w};
    to.out = tiles_plane(&job->out, shape, shape->o, at.slice, ob) + 16 * pixel + f->lane;
    if (f->steps.done)
        to.beside = job->done + 16 * ((size_t)ob * pixels + pixel) + f->lane;
    if (f->steps.slope)
        to.beside = job->slope + 16 * (plane * pixels + pixel) + f->lane;
    if (f->steps.keep)
        to.keep = job->norm->keep + plane * pixels + pixel;
    tiles_fetch(to.out + 16 * TILES_WRITE_AHEAD, shape->w);
    if (f->steps.done || f->steps.slope)
        tiles_fetch(to.beside + 16 * TILES_READ_AHEAD, shape->w);
    if (at.y + 4 <= shape->h && at.x + 4 <= shape->w)
        transform_output(m, f, to);
    else
        edge_output(shape, f, at, m, to);
}

/* All tiles of one block of 16 channels. */
VEC_INLINE void block_output(const struct conv_job *job, const struct tiles *tiles, int ob,
                             const float *m, struct steps steps)
{
    for (int l = 0; l < 16; l += BEN_LANES) {
        const struct finish f = finish_of(job, steps, 16 * ob + l);
        for (int t = 0; t < tiles->n; t++)
            tile_output(job, &f, tiles->at[t], ob, m + 16 * t + l);
    }
}

static void outputs(const struct conv_job *job, const struct tiles *tiles, int first,
                    int blocks, const float *m)
{
    for (int ob = first; ob < first + blocks; ob++, m += CONV_XI * STEP) {
        if (job->slope)
            block_output(job, tiles, ob, m, (struct steps){.slope = 1});
        else if (!job->bias)
            block_output(job, tiles, ob, m, (struct steps){0});
        else if (job->done)
            block_output(job, tiles, ob, m, (struct steps){.elu = 1, .done = 1});
        else if (!job->norm)
            block_output(job, tiles, ob, m, (struct steps){.elu = 1});
        else if (!job->norm->keep)
            block_output(job, tiles, ob, m, (struct steps){.elu = 1, .norm = 1});
        else
            block_output(job, tiles, ob, m, (struct steps){.elu = 1, .norm = 1, .keep = 1});
    }
}

/* The blocks of outputs [*first, *end) that the share has of a block of tiles; 0: none. */
static __attribute__((noinline)) int panels_take(const struct conv_shape *shape, long at,
                                                 int *first, int *end)
{
    const long tiles = (long)conv_tiles(shape) * shape->n;
    const long panels = (shape->o / 16 + CONV_PANEL - 1) / CONV_PANEL;
    long from, to;
    share_range(shape->share, (tiles + CONV_BLOCK - 1) / CONV_BLOCK * panels, &from, &to);
    from = from > at * panels ? from - at * panels : 0;
    to = to < (at + 1) * panels ? to - at * panels : panels;
    *first = CONV_PANEL * (int)from;
    *end = CONV_PANEL * (int)to < shape->o / 16 ? CONV_PANEL * (int)to : shape->o / 16;
    return from < to;
}

VEC_INLINE void apply_strided(const struct conv_job *job, size_t xs, size_t cs)
{
    const struct conv_shape *shape = &job->shape;
    struct tiles tiles = tiles_start(shape, shape->n);
    float *v = job->scratch + CONV_PANEL * CONV_XI * STEP;
    int blocks = CONV_PANEL, first = 0, end = shape->o / 16;
    for (long at = 0; tiles_next(&tiles, CONV_BLOCK); at++) {
        if (shape->share.parts > 1 && !panels_take(shape, at, &first, &end))
            continue;
        tiles_inputs(shape, &job->in, &tiles, xs, cs, v);
        for (int ob = first; ob < end; ob += blocks) {
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
