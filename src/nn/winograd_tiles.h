/* SPDX-License-Identifier: BSD-3-Clause */
/* The tiles of Winograd's convolution, for kernel files: which tile lies where, in blocks, and
 * their transformed inputs. Tiles that reach over the edge of the map are read through a patch
 * padded with zeros. */
#ifndef BEN_NN_WINOGRAD_TILES_H
#define BEN_NN_WINOGRAD_TILES_H

#include "nn/conv_kernels.h"
#include "nn/winograd.h"

struct place {
    int slice, y, x; /* first output row and column */
};

/* A block of consecutive tiles, row by row and slice by slice. */
struct tiles {
    int h, w, slices;
    struct place next; /* behind the block */
    int n;             /* tiles in the block */
    struct place at[CONV_FEW];
};

static inline struct tiles tiles_start(const struct conv_shape *shape, int slices)
{
    struct tiles tiles;
    tiles.h = shape->h;
    tiles.w = shape->w;
    tiles.slices = slices;
    tiles.next = (struct place){0, 0, 0};
    tiles.n = 0;
    return tiles;
}

/* Goes to the next block of at most that many tiles; 0 at the end. */
static inline int tiles_next(struct tiles *tiles, int block)
{
    struct place p = tiles->next;
    for (tiles->n = 0; tiles->n < block && p.slice < tiles->slices; tiles->n++) {
        tiles->at[tiles->n] = p;
        p.x += 4;
        if (p.x >= tiles->w) {
            p.x = 0;
            p.y += 4;
        }
        if (p.y >= tiles->h) {
            p.y = 0;
            p.slice++;
        }
    }
    tiles->next = p;
    return tiles->n;
}

enum {
    TILES_READ_AHEAD = 20, /* pixels: so far ahead of a tile is fetched what is read */
    TILES_WRITE_AHEAD = 16 /* or written soon */
};

/* Brings 4 x 4 pixels on their way to the cache: a tile's rows are too many streams for the
 * hardware to foresee. The pixels may lie behind the end of the map. */
VEC_INLINE void tiles_fetch(const float *at, int w)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            __builtin_prefetch(at + 16 * ((long)i * w + j));
}

/* The plane [h][w][16] of one slice and block of channels. */
static inline float *tiles_plane(const struct conv_pieces *p, const struct conv_shape *shape,
                                 int channels, int slice, int block)
{
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    if (16 * block < p->c0)
        return p->p0 + ((size_t)slice * (size_t)p->c0 + 16 * (size_t)block) * pixels;
    size_t c1 = (size_t)(channels - p->c0);
    return p->p1 + ((size_t)slice * c1 + (size_t)(16 * block - p->c0)) * pixels;
}

/* The size x size patch at (y, x) of a plane, zero outside the map. */
static inline void tiles_patch(const float *plane, const struct conv_shape *shape, int y, int x,
                               int size, float *patch)
{
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++, patch += 16) {
            int inside = y + i >= 0 && y + i < shape->h && x + j >= 0 && x + j < shape->w;
            const float *from = plane + 16 * ((long)(y + i) * (long)shape->w + (long)(x + j));
            for (int l = 0; l < 16; l += BEN_LANES) {
                vec pixel = {0};
                if (inside)
                    pixel = vec_load(from + l);
                vec_store(patch + l, pixel);
            }
        }
}

/* The patch at (y, x): in the plane where it lies inside, else the padded copy; *row is the
 * floats from row to row. */
static inline const float *tiles_read(const float *plane, const struct conv_shape *shape, int y,
                                      int x, int size, float *copy, size_t *row)
{
    if (y >= 0 && x >= 0 && y + size <= shape->h && x + size <= shape->w) {
        *row = 16 * (size_t)shape->w;
        return plane + (size_t)y * *row + 16 * (size_t)x;
    }
    tiles_patch(plane, shape, y, x, size, copy);
    *row = 16 * (size_t)size;
    return copy;
}

/* v: transformed inputs of a block of tiles; xi lie xs floats apart and blocks of 16 channels
 * cs; [tile][16] within. Strides that the compiler knows save much address work. */
VEC_INLINE void tiles_inputs(const struct conv_shape *shape, const struct conv_pieces *in,
                             const struct tiles *tiles, size_t xs, size_t cs, float *v)
{
    float patch[36 * 16] __attribute__((aligned(64)));
    size_t row;
    for (int cb = 0; cb < shape->c / 16; cb++, v += cs)
        for (int t = 0; t < tiles->n; t++) {
            struct place at = tiles->at[t];
            const float *plane = tiles_plane(in, shape, shape->c, at.slice, cb);
            const float *d = tiles_read(plane, shape, at.y - 1, at.x - 1, 6, patch, &row);
            size_t ahead = (size_t)(at.y + 1) * (size_t)shape->w + (size_t)at.x;
            tiles_fetch(plane + 16 * (ahead + TILES_READ_AHEAD), shape->w);
            for (int l = 0; l < 16; l += BEN_LANES)
                winograd_input(d + l, row, v + 16 * t + l, xs);
        }
}

#endif
