/* SPDX-License-Identifier: BSD-3-Clause */
/* Max pooling equals its naive twin to the bit, with ties, odd sizes and single pixels. */
#include "nn/pool.h"

#include "layercase.h"

static const struct {
    int blocks, h, w;
} shapes[] = {{1, 2, 2}, {2, 6, 4}, {1, 5, 7}, {3, 1, 4}, {1, 1, 1}, {2, 16, 10}};

/* Few different values, so that many windows have several maxima. */
static float *coarse(size_t n, uint32_t key)
{
    float *x = layer_random(n, key);
    for (size_t i = 0; i < n; i++)
        x[i] = roundf(x[i]);
    return x;
}

/* The place of a window's maximum, the first in reading order. */
static size_t winner(int h, int w, const float *x, int c, int i, int j)
{
    size_t pixels = (size_t)h * (size_t)w, best = 0;
    for (int k = 0; k < 4; k++) {
        size_t p = (size_t)(2 * i + k / 2) * (size_t)w + (size_t)(2 * j + k % 2);
        if (k == 0 || x[layer_at(pixels, c, p)] > x[best])
            best = layer_at(pixels, c, p);
    }
    return best;
}

static void compare(int blocks, int h, int w)
{
    size_t n = (size_t)blocks * 16 * (size_t)h * (size_t)w,
           pooled = (size_t)(h / 2) * (size_t)(w / 2);
    float *x = coarse(n, 1), *y = layer_unset(pooled * 16 * (size_t)blocks);
    float *dy = layer_random(pooled * 16 * (size_t)blocks, 2);
    float *dx = layer_random(n, 3), *want = layer_memory(n * sizeof *want);
    memcpy(want, dx, n * sizeof *want);
    pool_forward(blocks, h, w, x, y);
    pool_backward(blocks, h, w, x, dy, dx);
    for (int c = 0; c < blocks * 16; c++)
        for (size_t p = 0; p < pooled; p++) {
            size_t at = winner(h, w, x, c, (int)p / (w / 2), (int)p % (w / 2));
            CU_ASSERT_EQUAL(y[layer_at(pooled, c, p)], x[at]);
            want[at] += dy[layer_at(pooled, c, p)];
        }
    CU_ASSERT_EQUAL(memcmp(dx, want, n * sizeof *want), 0);
    float *all[] = {x, y, dy, dx, want};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void every_shape(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(shapes[i].blocks, shapes[i].h, shapes[i].w);
}

static void test_twin(void)
{
    layer_each_isa(every_shape);
}

static const struct check_test tests[] = {{"naive twin", test_twin}};
CHECK_MAIN("nn pool", tests)
