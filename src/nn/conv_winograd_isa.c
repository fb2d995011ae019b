/* SPDX-License-Identifier: BSD-3-Clause */
/* 3x3 convolution of 16-channel blocks by Winograd's F(4x4,3x3): nn/conv_kernels.h has the
 * layouts, nn/winograd.h the transforms. */
#include "nn/conv_kernels.h"
#include "nn/winograd.h"

/* Register block of the product: TILES tiles by GROUP blocks of 16 output channels. With its
 * operands it must fit the registers: 32 of AVX-512, 16 elsewhere. */
#if BEN_LANES == 16
enum { TILES = 14, GROUP = 2 };
#elif BEN_LANES == 8
enum { TILES = 6, GROUP = 1 };
#else
enum { TILES = 3, GROUP = 1 };
#endif

/* Where a tile lies. */
struct place {
    int slice, y, x; /* first output row and column */
};

static struct place place_of(const struct conv_shape *shape, int tile)
{
    int across = conv_tiles(shape->w), down = conv_tiles(shape->h);
    int in_slice = tile % (across * down);
    return (struct place){tile / (across * down), in_slice / across * 4, in_slice % across * 4};
}

/* The plane [h][w][16] of one slice and block of channels. */
static float *plane(const struct conv_pieces *p, const struct conv_shape *shape, int channels,
                    int slice, int block)
{
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    if (16 * block < p->c0)
        return p->p0 + ((size_t)slice * (size_t)p->c0 + 16 * (size_t)block) * pixels;
    size_t c1 = (size_t)(channels - p->c0);
    return p->p1 + ((size_t)slice * c1 + (size_t)(16 * block - p->c0)) * pixels;
}

/* The size x size patch at (y, x) of a plane, zero outside the map. */
static void patch_load(const float *from, const struct conv_shape *shape, int y, int x,
                       int size, float *patch)
{
    memset(patch, 0, (size_t)(size * size) * 16 * sizeof *patch);
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++)
            if (y + i >= 0 && y + i < shape->h && x + j >= 0 && x + j < shape->w)
                memcpy(patch + 16 * (i * size + j),
                       from + 16 * ((size_t)(y + i) * (size_t)shape->w + (size_t)(x + j)), 64);
}

static void transform_input(const struct conv_shape *shape, const float *from, struct place at,
                            float *v, size_t step)
{
    float patch[36 * 16] __attribute__((aligned(64)));
    int y = at.y - 1, x = at.x - 1;
    size_t row = 16 * (size_t)shape->w;
    const float *d = patch;
    if (y >= 0 && x >= 0 && y + 6 <= shape->h && x + 6 <= shape->w) {
        d = from + (size_t)y * row + 16 * (size_t)x;
    } else {
        patch_load(from, shape, y, x, 6, patch);
        row = 6 * 16;
    }
    for (int l = 0; l < 16; l += BEN_LANES)
        winograd_input(d + l, row, v + l, step);
}

static void transform_inputs(const struct conv_shape *shape, const struct conv_pieces *in,
                             int first, int n, int block, float *v)
{
    size_t step = conv_stride(block, shape->c);
    for (int cb = 0; cb < shape->c / 16; cb++)
        for (int t = 0; t < n; t++) {
            struct place at = place_of(shape, first + t);
            transform_input(shape, plane(in, shape, shape->c, at.slice, cb), at,
                            v + 16 * (size_t)(cb * block + t), step);
        }
}

/* m [g][tile][16] = sum over k of v [tile][k] u [g][k][16] for tiles x group, all in registers. */
VEC_INLINE void product_block(const float *v, const float *u, float *m, int c, int block,
                              int tiles, int group)
{
    vec sum[TILES][GROUP * BEN_VECS];
    for (int i = 0; i < tiles; i++)
        for (int j = 0; j < group * BEN_VECS; j++)
            sum[i][j] = (vec){0};
    for (int cb = 0; cb < c / 16; cb++, v += 16 * (size_t)block)
        for (int k = 0; k < 16; k++, u += 16) {
            vec w[GROUP * BEN_VECS];
            for (int j = 0; j < group * BEN_VECS; j++)
                w[j] = vec_load(u + (size_t)(j / BEN_VECS * 16) * (size_t)c +
                                j % BEN_VECS * BEN_LANES);
            for (int i = 0; i < tiles; i++) {
                vec x = vec_set(v[16 * i + k]);
                for (int j = 0; j < group * BEN_VECS; j++)
                    sum[i][j] += x * w[j];
            }
        }
    for (int j = 0; j < group * BEN_VECS; j++)
        for (int i = 0; i < tiles; i++)
            vec_store(m + 16 * (size_t)(j / BEN_VECS * block + i) + j % BEN_VECS * BEN_LANES,
                      sum[i][j]);
}

#define PRODUCT_CASE(tiles)                                                                    \
    case tiles:                                                                                \
        product_block(v, u, m, c, block, tiles < TILES ? tiles : TILES, group);                \
        break;

VEC_INLINE void product_tiles(const float *v, const float *u, float *m, int c, int block,
                              int tiles, int group)
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

/* All tiles of the block for one xi. Tiles are shared evenly among register blocks. */
static void product(const float *v, const float *u, float *m, const struct conv_shape *shape,
                    int block, int n)
{
    int parts = (n + TILES - 1) / TILES, c = shape->c, group = 1;
    for (int ob = 0; ob < shape->o / 16; ob += group) {
        const float *panel = u + (size_t)ob * 16 * (size_t)c;
        float *to = m + (size_t)ob * 16 * (size_t)block;
        group = ob + GROUP <= shape->o / 16 ? GROUP : 1;
        for (int p = 0; p < parts; p++) {
            int t = n * p / parts, tiles = n * (p + 1) / parts - t;
            if (group == GROUP)
                product_tiles(v + 16 * t, panel, to + 16 * t, c, block, tiles, GROUP);
            else
                product_tiles(v + 16 * t, panel, to + 16 * t, c, block, tiles, 1);
        }
    }
}

static void products(const struct conv_job *job, const float *v, float *m, int n)
{
    const struct conv_shape *shape = &job->shape;
    size_t vs = conv_stride(job->block, shape->c), ms = conv_stride(job->block, shape->o);
    size_t us = (size_t)shape->c * (size_t)shape->o;
    for (size_t xi = 0; xi < CONV_XI; xi++)
        product(v + xi * vs, job->packed + xi * us, m + xi * ms, shape, job->block, n);
}

/* What the channels of one vector get on the way out. */
struct finish {
    vec bias, scale, shift;
    int elu, norm;
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

/* One tile of 4x4 outputs to rows that are row floats apart. */
VEC_INLINE void transform_output(const float *m, size_t step, const struct finish *f,
                                 float *out, size_t row)
{
    vec o[4][4];
    winograd_output(m, step, o);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            vec z = o[i][j];
            if (f->elu)
                z = vec_elu(z + f->bias);
            if (f->norm)
                z = z * f->scale + f->shift;
            vec_store(out + (size_t)i * row + 16 * j, z);
        }
}

static void tile_output(const struct conv_job *job, int ob, struct place at, const float *m)
{
    const struct conv_shape *shape = &job->shape;
    float patch[16 * 16] __attribute__((aligned(64)));
    size_t step = conv_stride(job->block, shape->o), row = 16 * (size_t)shape->w;
    int rows = shape->h - at.y, columns = shape->w - at.x;
    int whole = rows >= 4 && columns >= 4;
    float *y = plane(&job->out, shape, shape->o, at.slice, ob) + (size_t)at.y * row + 16 * at.x;
    for (int l = 0; l < 16; l += BEN_LANES) {
        struct finish f = finish_of(job, 16 * ob + l);
        transform_output(m + l, step, &f, whole ? y + l : patch + l, whole ? row : 4 * 16);
    }
    if (whole)
        return;
    for (int i = 0; i < 4 && i < rows; i++)
        memcpy(y + (size_t)i * row, patch + 4 * 16 * i,
               64 * (size_t)(columns < 4 ? columns : 4));
}

static void apply(const struct conv_job *job)
{
    const struct conv_shape *shape = &job->shape;
    int total = shape->n * conv_tiles(shape->h) * conv_tiles(shape->w);
    float *v = job->scratch, *m = v + CONV_XI * conv_stride(job->block, shape->c);
    for (int first = 0; first < total; first += job->block) {
        int n = total - first < job->block ? total - first : job->block;
        transform_inputs(shape, &job->in, first, n, job->block, v);
        products(job, v, m, n);
        for (int ob = 0; ob < shape->o / 16; ob++)
            for (int t = 0; t < n; t++)
                tile_output(job, ob, place_of(shape, first + t),
                            m + 16 * (size_t)(ob * job->block + t));
    }
}

/* weight [o][c][3][3] -> u [36][o/16][c][16]; adjoint: u [36][c/16][o][16]. */
static void pack(const struct conv_shape *shape, const float *weight, int adjoint,
                 float *packed)
{
    int in = adjoint ? shape->o : shape->c, out = adjoint ? shape->c : shape->o;
    size_t out_step = 9 * (size_t)(adjoint ? 1 : shape->c);
    size_t in_step = 9 * (size_t)(adjoint ? shape->c : 1);
    size_t step = (size_t)in * (size_t)out;
    for (int o = 0; o < out; o += BEN_LANES)
        for (int k = 0; k < in; k++) {
            const float *from = weight + (size_t)o * out_step + (size_t)k * in_step;
            vec g[3][3];
            for (int i = 0; i < 9; i++)
                for (int l = 0; l < BEN_LANES; l++)
                    g[i / 3][i % 3][l] =
                        from[(size_t)l * out_step + (size_t)(adjoint ? 8 - i : i)];
            winograd_filter(
                g, packed + ((size_t)(o / 16) * (size_t)in + (size_t)k) * 16 + o % 16, step);
        }
}

/* Transforms the outputs' gradient of a block of tiles and adds it up into dbias. */
static void transform_gradients(const struct conv_gradient_job *job, int first, int n, float *m)
{
    const struct conv_shape *shape = &job->shape;
    const struct conv_pieces dy = {(float *)job->dy, NULL, shape->o};
    float patch[16 * 16] __attribute__((aligned(64)));
    size_t step = conv_stride(job->block, shape->o);
    for (int ob = 0; ob < shape->o / 16; ob++) {
        const float *from = plane(&dy, shape, shape->o, 0, ob);
        float *to = m + 16 * (size_t)(ob * job->block);
        vec sum[BEN_VECS] = {0};
        for (int t = 0; t < n; t++, to += 16) {
            struct place at = place_of(shape, first + t);
            size_t row = 16 * (size_t)shape->w;
            const float *d = from + (size_t)at.y * row + 16 * (size_t)at.x;
            if (at.y + 4 > shape->h || at.x + 4 > shape->w) {
                patch_load(from, shape, at.y, at.x, 4, patch);
                d = patch;
                row = 4 * 16;
            }
            for (int l = 0; l < BEN_VECS; l++) {
                for (int i = 0; i < 16; i++)
                    sum[l] +=
                        vec_load(d + (size_t)(i / 4) * row + 16 * (i % 4) + l * BEN_LANES);
                winograd_output_adjoint(d + l * BEN_LANES, row, to + l * BEN_LANES, step);
            }
        }
        for (int l = 0; l < BEN_VECS; l++) {
            float *b = job->dbias + 16 * ob + l * BEN_LANES;
            vec_store_loose(b, vec_load_loose(b) + sum[l]);
        }
    }
}

/* Register block of the gradient: CHANNELS input channels by GROUP blocks of outputs. */
#if BEN_LANES == 16
enum { CHANNELS = 8 };
#elif BEN_LANES == 8
enum { CHANNELS = 4 };
#else
enum { CHANNELS = 2 };
#endif

/* du [k][16] += sum over tiles of v [tile][k] m [tile][16]; k of CHANNELS, in group blocks. */
VEC_INLINE void gradient_block(const float *v, const float *m, float *du, int c, int block,
                               int n, int group)
{
    vec sum[CHANNELS][GROUP * BEN_VECS];
    for (int i = 0; i < CHANNELS; i++)
        for (int j = 0; j < group * BEN_VECS; j++)
            sum[i][j] = (vec){0};
    for (int t = 0; t < n; t++) {
        vec w[GROUP * BEN_VECS];
        for (int j = 0; j < group * BEN_VECS; j++)
            w[j] = vec_load(m + 16 * (size_t)(j / BEN_VECS * block + t) +
                            j % BEN_VECS * BEN_LANES);
        for (int i = 0; i < CHANNELS; i++) {
            vec x = vec_set(v[16 * t + i]);
            for (int j = 0; j < group * BEN_VECS; j++)
                sum[i][j] += x * w[j];
        }
    }
    for (int i = 0; i < CHANNELS; i++)
        for (int j = 0; j < group * BEN_VECS; j++) {
            float *to = du + (size_t)(j / BEN_VECS * 16) * (size_t)c + 16 * i +
                        j % BEN_VECS * BEN_LANES;
            vec_store(to, vec_load(to) + sum[i][j]);
        }
}

/* du [o/16][c][16] += the block of tiles, for one xi. */
static void gradient_product(const float *v, const float *m, float *du,
                             const struct conv_shape *shape, int block, int n)
{
    int group = 1, c = shape->c;
    for (int ob = 0; ob < shape->o / 16; ob += group) {
        group = ob + GROUP <= shape->o / 16 ? GROUP : 1;
        const float *from = m + 16 * (size_t)(ob * block);
        for (int k = 0; k < c; k += CHANNELS) {
            const float *x = v + 16 * (size_t)(k / 16 * block) + k % 16;
            float *to = du + ((size_t)ob * (size_t)c + (size_t)k) * 16;
            if (group == GROUP)
                gradient_block(x, from, to, c, block, n, GROUP);
            else
                gradient_block(x, from, to, c, block, n, 1);
        }
    }
}

/* du [36][o/16][c][16] -> dweight [o][c][3][3]. */
static void gradient_weights(const struct conv_shape *shape, const float *du, float *dweight)
{
    size_t step = (size_t)shape->c * (size_t)shape->o;
    for (int o = 0; o < shape->o; o += BEN_LANES)
        for (int k = 0; k < shape->c; k++) {
            vec g[3][3];
            float *to = dweight + 9 * ((size_t)o * (size_t)shape->c + (size_t)k);
            const float *from =
                du + ((size_t)(o / 16) * (size_t)shape->c + (size_t)k) * 16 + o % 16;
            winograd_filter_adjoint(from, step, g);
            for (int l = 0; l < BEN_LANES; l++)
                for (int i = 0; i < 9; i++)
                    to[9 * (size_t)l * (size_t)shape->c + (size_t)i] = g[i / 3][i % 3][l];
        }
}

static void gradient(const struct conv_gradient_job *job)
{
    const struct conv_shape *shape = &job->shape;
    int total = conv_tiles(shape->h) * conv_tiles(shape->w);
    size_t vs = conv_stride(job->block, shape->c), ms = conv_stride(job->block, shape->o);
    size_t us = (size_t)shape->c * (size_t)shape->o;
    float *v = job->scratch, *m = v + CONV_XI * vs, *du = m + CONV_XI * ms;
    memset(du, 0, CONV_XI * us * sizeof *du);
    memset(job->dbias, 0, (size_t)shape->o * sizeof *job->dbias);
    for (int first = 0; first < total; first += job->block) {
        int n = total - first < job->block ? total - first : job->block;
        transform_inputs(shape, &job->in, first, n, job->block, v);
        transform_gradients(job, first, n, m);
        for (size_t xi = 0; xi < CONV_XI; xi++)
            gradient_product(v + xi * vs, m + xi * ms, du + xi * us, shape, job->block, n);
    }
    gradient_weights(shape, du, job->dweight);
}

const struct conv_kernels ISA_NAME(conv_winograd) = {pack, apply, gradient};
