/* SPDX-License-Identifier: BSD-3-Clause */
/* The convolutions against a naive twin in double, their adjoint identities and central
 * differences, on every instruction set of this CPU. */
#include "nn/conv.h"

#include "base/random.h"
#include "nn/isa.h"

#include "check.h"

#include <string.h>

/* Largest error in units of the results' deviation (sqrt of the number of products, each of unit
 * normal values). The direct kernels stay below 1e-6; the transforms of F(4x4,3x3) amplify
 * rounding, with these sizes to 1e-5 at worst. A wrong tap or edge gives 0.1 and more. */
static const struct {
    const char *what;
    double pass;
} limits[] = {{"forward", 2e-5}, {"backward data", 2e-5}, {"backward weights", 2e-5}};

struct layer {
    struct conv_shape shape;
    int c0; /* channels of the first piece */
};

static const struct layer layers[] = {
    {{1, 16, 9, 7, 1}, 1},     {{1, 32, 1, 1, 2}, 1},      {{1, 16, 3, 70, 1}, 1},
    {{16, 16, 1, 1, 1}, 16},   {{16, 16, 4, 4, 1}, 16},    {{16, 32, 5, 3, 3}, 16},
    {{32, 16, 13, 18, 2}, 16}, {{48, 48, 7, 9, 1}, 32},    {{64, 32, 16, 16, 2}, 32},
    {{16, 16, 33, 40, 1}, 16}, {{96, 80, 6, 6, 3}, 48},    {{16, 16, 1, 50, 1}, 16},
    {{128, 64, 8, 8, 5}, 64},  {{32, 256, 12, 12, 1}, 32}, {{256, 16, 4, 8, 7}, 128},
};
enum { LAYERS = sizeof layers / sizeof layers[0] };

static float *random_floats(size_t n, uint32_t key)
{
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, key, 0);
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)random_normal(&stream, (uint32_t)i);
    return x;
}

/* Where channel c, row y, column x of slice s is in [n][channels/16][h][w][16]; a single
 * channel is a plain image. */
static size_t at(const struct conv_shape *shape, int channels, int s, int c, int y, int x)
{
    size_t pixel = (size_t)y * (size_t)shape->w + (size_t)x;
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    if (channels == 1)
        return (size_t)s * pixels + pixel;
    size_t plane = (size_t)s * (size_t)(channels / 16) + (size_t)(c / 16);
    return (plane * pixels + pixel) * 16 + (size_t)(c % 16);
}

/* Everything one layer's tests need; x is kept in one piece and in two. */
struct data {
    const struct layer *layer;
    size_t nx, ny, nw;
    float *x, *x0, *x1, *w, *bias, *dy, *y, *dx, *dw, *db, *packed, *scratch;
    struct conv_input in;
};

static void split(const struct data *d, const float *whole, float *first, float *second)
{
    const struct conv_shape *shape = &d->layer->shape;
    size_t pixels = (size_t)shape->h * (size_t)shape->w;
    size_t n0 = pixels * (size_t)d->layer->c0, n1 = pixels * (size_t)(shape->c - d->layer->c0);
    for (size_t s = 0; s < (size_t)shape->n; s++) {
        memcpy(first + s * n0, whole + s * (n0 + n1), n0 * sizeof *whole);
        memcpy(second + s * n1, whole + s * (n0 + n1) + n0, n1 * sizeof *whole);
    }
}

static struct data data_new(const struct layer *layer)
{
    const struct conv_shape *shape = &layer->shape;
    const struct conv_shape turned = {shape->o, shape->c, shape->h, shape->w, shape->n};
    struct data d = {.layer = layer};
    size_t pixels = (size_t)(shape->n * shape->h) * (size_t)shape->w;
    size_t packed = conv_packed_floats(shape), back = conv_packed_floats(&turned);
    d.nx = pixels * (size_t)shape->c;
    d.ny = pixels * (size_t)shape->o;
    d.nw = 9 * (size_t)shape->c * (size_t)shape->o;
    d.x = random_floats(d.nx, 1);
    d.x0 = random_floats(d.nx, 2);
    d.x1 = random_floats(d.nx, 3);
    d.w = random_floats(d.nw, 4);
    d.bias = random_floats((size_t)shape->o, 5);
    d.dy = random_floats(d.ny, 6);
    d.y = random_floats(d.ny, 7);
    d.dx = random_floats(d.nx, 8);
    d.dw = random_floats(d.nw, 9);
    d.db = random_floats((size_t)shape->o, 10);
    d.packed = random_floats(packed > back ? packed : back, 11);
    d.scratch = random_floats(conv_scratch_floats(shape), 12);
    d.in = (struct conv_input){d.x, NULL, shape->c};
    if (layer->c0 < shape->c) {
        split(&d, d.x, d.x0, d.x1);
        d.in = (struct conv_input){d.x0, d.x1, layer->c0};
    }
    return d;
}

static void data_free(struct data *d)
{
    float *const all[] = {d->x, d->x0, d->x1, d->w,  d->bias,   d->dy,
                          d->y, d->dx, d->dw, d->db, d->packed, d->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* sum over c and taps of x w at one output; the definition. */
static double naive_output(const struct data *d, int s, int o, int y, int x)
{
    const struct conv_shape *shape = &d->layer->shape;
    double sum = 0;
    for (int i = 0; i < 9 * shape->c; i++) {
        int c = i / 9, r = y + i % 9 / 3 - 1, q = x + i % 3 - 1;
        if (r >= 0 && r < shape->h && q >= 0 && q < shape->w)
            sum += (double)d->w[9 * o * shape->c + i] * d->x[at(shape, shape->c, s, c, r, q)];
    }
    return sum;
}

static double naive_input_gradient(const struct data *d, int s, int c, int y, int x)
{
    const struct conv_shape *shape = &d->layer->shape;
    double sum = 0;
    for (int i = 0; i < 9 * shape->o; i++) {
        int o = i / 9, r = y - (i % 9 / 3 - 1), q = x - (i % 3 - 1);
        if (r >= 0 && r < shape->h && q >= 0 && q < shape->w)
            sum += (double)d->w[9 * (o * shape->c + c) + i % 9] *
                   d->dy[at(shape, shape->o, s, o, r, q)];
    }
    return sum;
}

/* Of the first slice. */
static double naive_weight_gradient(const struct data *d, int o, int c, int tap)
{
    const struct conv_shape *shape = &d->layer->shape;
    double sum = 0;
    for (int p = 0; p < shape->h * shape->w; p++) {
        int y = p / shape->w, x = p % shape->w, r = y + tap / 3 - 1, q = x + tap % 3 - 1;
        if (r >= 0 && r < shape->h && q >= 0 && q < shape->w)
            sum += (double)d->dy[at(shape, shape->o, 0, o, y, x)] *
                   d->x[at(shape, shape->c, 0, c, r, q)];
    }
    return sum;
}

static void report(const struct data *d, int what, double worst, double deviation)
{
    const struct conv_shape *s = &d->layer->shape;
    double relative = worst / deviation;
    if (!(relative <= limits[what].pass))
        fprintf(stderr, "%s %s %d->%d %dx%d n=%d: relative error %.3g\n", isa_text(isa_now()),
                limits[what].what, s->c, s->o, s->h, s->w, s->n, relative);
    CU_ASSERT(relative <= limits[what].pass);
}

static double elu(double z)
{
    return z > 0 ? z : expm1(z);
}

/* Largest error of y over all slices, channels and pixels. */
static double forward_error(const struct data *d, const struct conv_norm *norm)
{
    const struct conv_shape *shape = &d->layer->shape;
    double worst = 0;
    for (int s = 0; s < shape->n; s++)
        for (int o = 0; o < shape->o; o++)
            for (int p = 0; p < shape->h * shape->w; p++) {
                int y = p / shape->w, x = p % shape->w;
                double z = elu(naive_output(d, s, o, y, x) + d->bias[o]);
                if (norm)
                    z = z * norm->scale[o] + norm->shift[o];
                worst = fmax(worst, fabs(z - d->y[at(shape, shape->o, s, o, y, x)]));
            }
    return worst;
}

static void check_forward(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    const struct conv_norm norm = {d->w, d->dw}; /* any numbers */
    double deviation = sqrt(9.0 * shape->c);
    conv_pack(shape, d->w, d->packed);
    conv_elu_forward(shape, &d->in, d->packed, d->bias, NULL, d->y, d->scratch);
    report(d, 0, forward_error(d, NULL), deviation);
    conv_elu_forward(shape, &d->in, d->packed, d->bias, &norm, d->y, d->scratch);
    report(d, 0, forward_error(d, &norm), 3 * deviation);
}

static void check_backward_data(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    int pieces = d->layer->c0 < shape->c;
    double worst = 0;
    if (shape->c == 1)
        return;
    conv_pack_adjoint(shape, d->w, d->packed);
    conv_backward_data(shape, d->dy, d->packed, pieces ? d->x0 : d->dx, pieces ? d->x1 : NULL,
                       d->layer->c0, d->scratch);
    for (int s = 0; s < shape->n; s++)
        for (int c = 0; c < shape->c; c++)
            for (int p = 0; p < shape->h * shape->w; p++) {
                int y = p / shape->w, x = p % shape->w, c0 = d->layer->c0;
                const float *got = !pieces  ? d->dx + at(shape, shape->c, s, c, y, x)
                                   : c < c0 ? d->x0 + at(shape, c0, s, c, y, x)
                                            : d->x1 + at(shape, shape->c - c0, s, c - c0, y, x);
                worst = fmax(worst, fabs(naive_input_gradient(d, s, c, y, x) - (double)*got));
            }
    report(d, 1, worst, sqrt(9.0 * shape->o));
    if (pieces)
        split(d, d->x, d->x0, d->x1);
}

static void check_backward_weights(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    double worst = 0, deviation = sqrt((double)shape->h * shape->w);
    conv_backward_weights(shape, &d->in, d->dy, d->dw, d->db, d->scratch);
    for (int o = 0; o < shape->o; o++) {
        double sum = 0;
        for (int p = 0; p < shape->h * shape->w; p++)
            sum += (double)d->dy[at(shape, shape->o, 0, o, p / shape->w, p % shape->w)];
        worst = fmax(worst, fabs(sum - (double)d->db[o]));
        for (int i = 0; i < 9 * shape->c; i++)
            worst = fmax(worst, fabs(naive_weight_gradient(d, o, i / 9, i % 9) -
                                     (double)d->dw[9 * o * shape->c + i]));
    }
    report(d, 2, worst, deviation);
}

static void on_every_isa(void (*check)(struct data *))
{
    enum isa before = isa_now();
    for (int isa = BEN_ISA_GENERIC; isa <= BEN_ISA_AVX512; isa++) {
        if (!isa_force((enum isa)isa))
            continue;
        for (int i = 0; i < LAYERS; i++) {
            struct data d = data_new(&layers[i]);
            check(&d);
            data_free(&d);
        }
    }
    isa_force(before);
}

static void test_forward(void)
{
    on_every_isa(check_forward);
}

static void test_backward_data(void)
{
    on_every_isa(check_backward_data);
}

static void test_backward_weights(void)
{
    on_every_isa(check_backward_weights);
}

static const struct check_test tests[] = {
    {"forward is the definition", test_forward},
    {"backward data is the definition", test_backward_data},
    {"backward weights is the definition", test_backward_weights},
};

CHECK_MAIN("convolutions", tests)
