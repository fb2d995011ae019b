/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/kernels.h"
#include "nn/vec.h"

#define CHAINS 4 /* sums in flight, so that additions need not wait for each other */

typedef double vec_double __attribute__((vector_size(BEN_LANES * 4), may_alias));
typedef float vec_half __attribute__((vector_size(BEN_LANES * 2), may_alias));
#define HALF (BEN_LANES / 2)

/* Two running sums of one vector of channels. */
struct pair {
    vec_double a[2], b[2];
};

VEC_INLINE void pair_add(struct pair *sum, vec a, vec b, int square)
{
    vec_half half_a[2], half_b[2];
    memcpy(half_a, &a, sizeof a);
    memcpy(half_b, &b, sizeof b);
    for (int k = 0; k < 2; k++) {
        vec_double wide = __builtin_convertvector(half_a[k], vec_double);
        sum->a[k] += wide;
        sum->b[k] += wide * (square ? wide : __builtin_convertvector(half_b[k], vec_double));
    }
}

/* Joins the chains and writes them to channel c of sums [2][channels]. */
VEC_INLINE void pair_write(const struct pair *chain, double *sums, int channels, int c)
{
    for (int k = 0; k < 2; k++) {
        vec_double a = chain[0].a[k], b = chain[0].b[k];
        for (int i = 1; i < CHAINS; i++) {
            a += chain[i].a[k];
            b += chain[i].b[k];
        }
        memcpy(sums + c + k * HALF, &a, sizeof a);
        memcpy(sums + channels + c + k * HALF, &b, sizeof b);
    }
}

VEC_INLINE void sum_vector(int pixels, const float *x, vec about, double *sums, int channels)
{
    struct pair chain[CHAINS] = {0};
    int p = 0;
    for (; p + CHAINS <= pixels; p += CHAINS)
        for (int i = 0; i < CHAINS; i++)
            pair_add(&chain[i], vec_load(x + (size_t)(p + i) * 16) - about, about, 1);
    for (; p < pixels; p++)
        pair_add(&chain[0], vec_load(x + (size_t)p * 16) - about, about, 1);
    pair_write(chain, sums, channels, 0);
}

static void sums_of(int blocks, int pixels, const float *restrict x,
                    const float *restrict about, double *restrict sums)
{
    for (int c = 0; c < blocks * 16; c += BEN_LANES) {
        const float *from = x + (size_t)(c / 16) * pixels * 16 + c % 16;
        vec middle = about ? vec_load_loose(about + c) : vec_set(0);
        sum_vector(pixels, from, middle, sums + c, blocks * 16);
    }
}

/* What every pass over a vector of channels of a slice needs. */
struct lane {
    const float *x;
    const uint16_t *keep;
    vec scale, shift, keep_scale;
    int c; /* its place in the block */
};

VEC_INLINE struct lane lane_at(const struct norm_slice *slice, int c)
{
    size_t block = (size_t)(c / 16) * slice->pixels;
    return (struct lane){.x = slice->x + block * 16 + c % 16,
                         .keep = slice->keep ? slice->keep + block : NULL,
                         .scale = vec_load_loose(slice->scale + c),
                         .shift = vec_load_loose(slice->shift + c),
                         .keep_scale = vec_set(slice->keep_scale),
                         .c = c % 16};
}

VEC_INLINE vec lane_keep(const struct lane *lane, int live, vec v, int p)
{
    return live ? vec_keep(v * lane->keep_scale, (unsigned)lane->keep[p] >> lane->c) : v;
}

VEC_INLINE void forward_lane(const struct lane *lane, int live, int pixels, float *z)
{
    for (int p = 0; p < pixels; p++) {
        vec hat = vec_load(lane->x + (size_t)p * 16) * lane->scale + lane->shift;
        vec_store(z + (size_t)p * 16, lane_keep(lane, live, hat, p));
    }
}

static void forward(const struct norm_slice *slice, float *restrict z)
{
    for (int c = 0; c < slice->blocks * 16; c += BEN_LANES) {
        struct lane lane = lane_at(slice, c);
        float *to = z + (size_t)(c / 16) * slice->pixels * 16 + c % 16;
        if (slice->keep)
            forward_lane(&lane, 1, slice->pixels, to);
        else
            forward_lane(&lane, 0, slice->pixels, to);
    }
}

VEC_INLINE void backward_pixel(const struct lane *lane, int live, const float *dz, int p,
                               struct pair *sum)
{
    vec hat = vec_load(lane->x + (size_t)p * 16) * lane->scale + lane->shift;
    pair_add(sum, lane_keep(lane, live, vec_load(dz + (size_t)p * 16), p), hat, 0);
}

VEC_INLINE void backward_sums_lane(const struct lane *lane, int live, int pixels,
                                   const float *dz, struct pair *chain)
{
    int p = 0;
    for (; p + CHAINS <= pixels; p += CHAINS)
        for (int i = 0; i < CHAINS; i++)
            backward_pixel(lane, live, dz, p + i, &chain[i]);
    for (; p < pixels; p++)
        backward_pixel(lane, live, dz, p, &chain[0]);
}

static void backward_sums(const struct norm_slice *slice, const float *restrict dz,
                          double *restrict sums)
{
    for (int c = 0; c < slice->blocks * 16; c += BEN_LANES) {
        struct lane lane = lane_at(slice, c);
        struct pair chain[CHAINS] = {0};
        const float *from = dz + (size_t)(c / 16) * slice->pixels * 16 + c % 16;
        if (slice->keep)
            backward_sums_lane(&lane, 1, slice->pixels, from, chain);
        else
            backward_sums_lane(&lane, 0, slice->pixels, from, chain);
        pair_write(chain, sums + c, slice->blocks * 16, 0);
    }
}

VEC_INLINE void backward_lane(const struct lane *lane, int live, int pixels, vec mean_g,
                              vec mean_gx, float *dz)
{
    for (int p = 0; p < pixels; p++) {
        vec x = vec_load(lane->x + (size_t)p * 16);
        vec g = lane_keep(lane, live, vec_load(dz + (size_t)p * 16), p);
        vec dx = lane->scale * (g - mean_g - (x * lane->scale + lane->shift) * mean_gx);
        vec_store(dz + (size_t)p * 16, dx * vec_elu_slope(x));
    }
}

static void backward(const struct norm_slice *slice, const float *restrict mean_g,
                     const float *restrict mean_gx, float *restrict dz)
{
    for (int c = 0; c < slice->blocks * 16; c += BEN_LANES) {
        struct lane lane = lane_at(slice, c);
        vec g = vec_load_loose(mean_g + c), gx = vec_load_loose(mean_gx + c);
        float *to = dz + (size_t)(c / 16) * slice->pixels * 16 + c % 16;
        if (slice->keep)
            backward_lane(&lane, 1, slice->pixels, g, gx, to);
        else
            backward_lane(&lane, 0, slice->pixels, g, gx, to);
    }
}

const struct norm_kernels ISA_NAME(norm_layer) = {sums_of, forward, backward_sums, backward};
