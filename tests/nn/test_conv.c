/* SPDX-License-Identifier: BSD-3-Clause */
/* The convolutions against a naive twin in double, their adjoint identities, central differences
 * and independence of the number of slices, on every instruction set of this CPU. */
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
    {{1, 16, 9, 7, 1, {0, 0}}, 1},     {{1, 32, 1, 1, 2, {0, 0}}, 1},
    {{1, 16, 3, 70, 1, {0, 0}}, 1},    {{16, 16, 1, 1, 1, {0, 0}}, 16},
    {{16, 16, 4, 4, 1, {0, 0}}, 16},   {{16, 32, 5, 3, 3, {0, 0}}, 16},
    {{32, 16, 13, 18, 2, {0, 0}}, 16}, {{48, 48, 7, 9, 1, {0, 0}}, 32},
    {{64, 32, 16, 16, 2, {0, 0}}, 32}, {{16, 48, 33, 40, 1, {0, 0}}, 16},
    {{96, 80, 6, 6, 3, {0, 0}}, 48},   {{16, 16, 1, 50, 1, {0, 0}}, 16},
    {{128, 64, 8, 8, 3, {0, 0}}, 64},  {{32, 128, 8, 12, 1, {0, 0}}, 32},
    {{256, 16, 4, 8, 4, {0, 0}}, 128},
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

/* For what the functions must write, or must not read before: NaN. */
static float *poisoned_floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(x);
    for (size_t i = 0; i < n; i++)
        x[i] = NAN;
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
    const struct conv_shape turned = {shape->o, shape->c, shape->h, shape->w, shape->n, {0, 0}};
    struct data d = {.layer = layer};
    size_t pixels = (size_t)(shape->n * shape->h) * (size_t)shape->w;
    size_t packed = conv_packed_floats(shape), back = conv_packed_floats(&turned);
    d.nx = pixels * (size_t)shape->c;
    d.ny = pixels * (size_t)shape->o;
    d.nw = 9 * (size_t)shape->c * (size_t)shape->o;
    d.x = random_floats(d.nx, 1);
    d.x0 = poisoned_floats(d.nx);
    d.x1 = poisoned_floats(d.nx);
    d.w = random_floats(d.nw, 4);
    d.bias = random_floats((size_t)shape->o, 5);
    d.dy = random_floats(d.ny, 6);
    d.y = poisoned_floats(d.ny);
    d.dx = poisoned_floats(d.nx);
    d.dw = poisoned_floats(d.nw);
    d.db = poisoned_floats((size_t)shape->o);
    d.packed = poisoned_floats(packed > back ? packed : back);
    d.scratch = poisoned_floats(conv_scratch_floats(shape));
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

static int kept(const struct conv_shape *shape, const uint16_t *keep, int s, int o, int pixel)
{
    size_t plane = (size_t)s * (size_t)(shape->o / 16) + (size_t)(o / 16);
    return keep[plane * (size_t)(shape->h * shape->w) + (size_t)pixel] >> (o % 16) & 1;
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
                if (norm && norm->keep)
                    z *= kept(shape, norm->keep, s, o, p) * norm->keep_scale;
                worst = fmax(worst, fabs(z - d->y[at(shape, shape->o, s, o, y, x)]));
            }
    return worst;
}

static void check_forward(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    struct conv_norm norm = {.scale = d->w, .shift = d->dy}; /* any numbers */
    double deviation = sqrt(9.0 * shape->c);
    conv_pack(shape, d->w, d->packed);
    conv_elu_forward(shape, &d->in, d->packed, d->bias, NULL, d->y, d->scratch);
    report(d, 0, forward_error(d, NULL), deviation);
    conv_elu_forward(shape, &d->in, d->packed, d->bias, &norm, d->y, d->scratch);
    report(d, 0, forward_error(d, &norm), 3 * deviation);
    if (shape->c == 1)
        return;
    uint16_t *keep = malloc(d->ny / 16 * sizeof *keep);
    CU_ASSERT_PTR_NOT_NULL_FATAL(keep);
    memcpy(keep, d->dy, d->ny / 16 * sizeof *keep); /* any bits */
    norm.keep = keep;
    norm.keep_scale = 1.25f;
    conv_elu_forward(shape, &d->in, d->packed, d->bias, &norm, d->y, d->scratch);
    report(d, 0, forward_error(d, &norm), 3 * deviation);
    free(keep);
}

/* Every slice's second piece becomes that of the first slice. */
static void share_second(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    size_t pixels = (size_t)shape->h * (size_t)shape->w, whole = pixels * (size_t)shape->c;
    size_t n0 = pixels * (size_t)d->layer->c0;
    for (size_t s = 1; s < (size_t)shape->n; s++)
        memcpy(d->x + s * whole + n0, d->x + n0, (whole - n0) * sizeof *d->x);
    split(d, d->x, d->x0, d->x1);
}

/* The second piece, done ahead for all slices, and the rest are the whole. */
static void check_parts(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    struct conv_shape one = *shape;
    int c0 = d->layer->c0;
    const struct conv_part first = {d->x0, 0, c0}, second = {d->x1, c0, shape->c - c0};
    if (c0 == shape->c || shape->c == 1)
        return;
    float *done = poisoned_floats(d->ny);
    one.n = 1;
    share_second(d);
    conv_pack(shape, d->w, d->packed);
    conv_part_forward(&one, &second, d->packed, done, d->scratch);
    conv_rest_forward(shape, &first, d->packed, d->bias, done, d->y, d->scratch);
    report(d, 0, forward_error(d, NULL), sqrt(9.0 * shape->c));
    free(done);
}

static void check_backward_data(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    int pieces = d->layer->c0 < shape->c;
    double worst = 0;
    if (shape->c == 1)
        return;
    conv_pack_adjoint(shape, d->w, d->packed);
    const struct conv_input_gradient to = {pieces ? d->x0 : d->dx, pieces ? d->x1 : NULL,
                                           d->layer->c0, NULL};
    conv_backward_data(shape, d->dy, d->packed, &to, d->scratch);
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

/* With the ELU's slope of the input: what comes without it, times 1 where x > 0, else x + 1. */
static void check_slope(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    struct conv_input_gradient to = {.dx0 = d->dx};
    double worst = 0;
    if (shape->c == 1)
        return;
    float *sloped = poisoned_floats(d->nx);
    conv_pack_adjoint(shape, d->w, d->packed);
    conv_backward_data(shape, d->dy, d->packed, &to, d->scratch);
    to = (struct conv_input_gradient){.dx0 = sloped, .y = d->x};
    conv_backward_data(shape, d->dy, d->packed, &to, d->scratch);
    for (size_t i = 0; i < d->nx; i++) {
        double slope = d->x[i] > 0 ? 1 : (double)d->x[i] + 1;
        worst = fmax(worst, fabs(slope * (double)d->dx[i] - (double)sloped[i]));
    }
    report(d, 1, worst, sqrt(9.0 * shape->o));
    free(sloped);
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

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Backward data is linear in both arguments, and so is backward weights; with the convolution
 * A(w) x: <dy, A(w) x> = <A(w)' dy, x> = <dw(x, dy), w>. The two right sides are computed by
 * different code, so each vouches for the other. Roundings of both add up to 3e-6 of the sums'
 * deviation. One slice, one piece. */
static void check_adjoints(struct data *d)
{
    struct conv_shape shape = d->layer->shape;
    const struct conv_input whole = {d->x, NULL, shape.c};
    shape.n = 1;
    if (shape.c == 1)
        return;
    size_t nx = d->nx / (size_t)d->layer->shape.n;
    conv_pack_adjoint(&shape, d->w, d->packed);
    conv_backward_data(&shape, d->dy, d->packed, &(struct conv_input_gradient){.dx0 = d->dx},
                       d->scratch);
    conv_backward_weights(&shape, &whole, d->dy, d->dw, d->db, d->scratch);
    double left = dot(d->dx, d->x, nx), right = dot(d->dw, d->w, d->nw);
    double size = sqrt((double)nx * 9 * shape.o);
    if (!(fabs(left - right) <= 1e-5 * size))
        fprintf(stderr, "%s adjoint %d->%d %dx%d: %g\n", isa_text(isa_now()), shape.c, shape.o,
                shape.h, shape.w, fabs(left - right) / size);
    CU_ASSERT(fabs(left - right) <= 1e-5 * size);
}

/* d/dt of sum y over w + t v against <dw, v>, where y is the forward pass and dy = elu'(z): the
 * whole chain as training uses it. ELU's derivative is 1 where y > 0, else y + 1. */
static void check_difference(struct data *d)
{
    struct conv_shape shape = d->layer->shape;
    const double t = 3e-2 / sqrt(9.0 * shape.c); /* moves what enters ELU by 0.03 or so */
    double sums[2];
    float *v = random_floats(d->nw, 30), *moved = poisoned_floats(d->nw);
    shape.n = 1;
    size_t ny = d->ny / (size_t)d->layer->shape.n;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < d->nw; i++)
            moved[i] = d->w[i] + (float)(side ? t : -t) * v[i];
        conv_pack(&shape, moved, d->packed);
        conv_elu_forward(&shape, &d->in, d->packed, d->bias, NULL, d->y, d->scratch);
        sums[side] = 0;
        for (size_t i = 0; i < ny; i++)
            sums[side] += (double)d->y[i];
    }
    conv_pack(&shape, d->w, d->packed);
    conv_elu_forward(&shape, &d->in, d->packed, d->bias, NULL, d->y, d->scratch);
    for (size_t i = 0; i < ny; i++)
        d->dy[i] = d->y[i] > 0 ? 1 : d->y[i] + 1;
    conv_backward_weights(&shape, &d->in, d->dy, d->dw, d->db, d->scratch);
    double slope = (sums[1] - sums[0]) / (2 * t), expected = dot(d->dw, v, d->nw);
    double size = sqrt((double)ny * 9 * shape.c);
    CHECK_NEAR(slope / size, expected / size, 4e-3);
    free(v);
    free(moved);
}

/* A slice's bits are the same alone and among others, and twice in a row. */
static void check_slices(struct data *d)
{
    const struct conv_shape *shape = &d->layer->shape;
    struct conv_shape one = *shape;
    size_t nx = d->nx / (size_t)shape->n, ny = d->ny / (size_t)shape->n;
    float *alone = poisoned_floats(d->ny), *alone_x = poisoned_floats(d->nx);
    one.n = 1;
    conv_pack(shape, d->w, d->packed);
    const struct conv_input whole = {d->x, NULL, shape->c};
    conv_elu_forward(shape, &whole, d->packed, d->bias, NULL, d->y, d->scratch);
    for (size_t s = 0; s < (size_t)shape->n; s++) {
        const struct conv_input part = {d->x + s * nx, NULL, shape->c};
        conv_elu_forward(&one, &part, d->packed, d->bias, NULL, alone + s * ny, d->scratch);
    }
    CU_ASSERT(memcmp(alone, d->y, d->ny * sizeof *alone) == 0);
    if (shape->c > 1) {
        conv_pack_adjoint(shape, d->w, d->packed);
        const struct conv_input_gradient all = {.dx0 = d->dx, .y = d->x};
        conv_backward_data(shape, d->dy, d->packed, &all, d->scratch);
        for (size_t s = 0; s < (size_t)shape->n; s++) {
            const struct conv_input_gradient part = {.dx0 = alone_x + s * nx,
                                                     .y = d->x + s * nx};
            conv_backward_data(&one, d->dy + s * ny, d->packed, &part, d->scratch);
        }
        CU_ASSERT(memcmp(alone_x, d->dx, d->nx * sizeof *alone_x) == 0);
    }
    free(alone);
    free(alone_x);
}

/* Shares, more of them than there is to do too, give the same bits as one call, each with scratch that
 * nobody else has. */
static void check_shares(struct data *d)
{
    const struct conv_shape *whole = &d->layer->shape;
    float *shared = poisoned_floats(d->ny);
    conv_pack(whole, d->w, d->packed);
    conv_elu_forward(whole, &d->in, d->packed, d->bias, NULL, d->y, d->scratch);
    for (int parts = 1; parts <= 67; parts += parts < 4 ? 1 : 21) {
        for (size_t i = 0; i < d->ny; i++)
            shared[i] = NAN;
        for (int part = parts - 1; part >= 0; part--) {
            struct conv_shape shape = *whole;
            float *scratch = poisoned_floats(conv_scratch_floats(whole));
            shape.share = (struct share){part, parts};
            conv_elu_forward(&shape, &d->in, d->packed, d->bias, NULL, shared, scratch);
            free(scratch);
        }
        CU_ASSERT(memcmp(shared, d->y, d->ny * sizeof *shared) == 0);
    }
    free(shared);
}

/* With the identity as filter the image's convolution is ELU alone: its precision in units of
 * the last place, and what becomes of the odd values. */
static void check_elu(void)
{
    enum { N = 4000 };
    const struct conv_shape shape = {1, 16, 1, N, 1, {0, 0}};
    float *x = random_floats(N, 50), *y = poisoned_floats(16 * N), *w = random_floats(144, 52);
    float *packed = poisoned_floats(144),
          *scratch = poisoned_floats(conv_scratch_floats(&shape));
    const float bias[16] = {0}, odd[] = {0, -1e-30f, -100, -INFINITY, INFINITY, NAN, 3e38f};
    const struct conv_input in = {x, NULL, 1};
    for (int i = 0; i < 144; i++)
        w[i] = i % 9 == 4;
    for (int i = 0; i < N; i++)
        x[i] = i < N / 2 ? -(float)exp(-20 + 23.0 * i / (N / 2)) : x[i];
    conv_pack(&shape, w, packed);
    conv_elu_forward(&shape, &in, packed, bias, NULL, y, scratch);
    double worst = 0;
    for (int i = 0; i < N; i++) {
        double expected = elu((double)x[i]);
        worst =
            fmax(worst, fabs(y[16 * i + i % 16] - expected) / ldexp(1, ilogb(expected) - 23));
    }
    CU_ASSERT(worst <= 1.5);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct conv_shape single = {1, 16, 1, 1, 1, {0, 0}};
        const struct conv_input value = {odd + i, NULL, 1};
        conv_elu_forward(&single, &value, packed, bias, NULL, y, scratch);
        double expected = elu((double)odd[i]);
        CU_ASSERT(isnan(expected) ? isnan(y[5]) : (double)y[5] == (double)(float)expected);
    }
    free(x);
    free(y);
    free(w);
    free(packed);
    free(scratch);
}

static void on_every_isa(void (*check)(struct data *), void (*check_alone)(void))
{
    enum isa before = isa_now();
    for (int isa = BEN_ISA_GENERIC; isa <= BEN_ISA_AVX512; isa++) {
        if (!isa_force((enum isa)isa))
            continue;
        if (check_alone)
            check_alone();
        for (int i = 0; check && i < LAYERS; i++) {
            struct data d = data_new(&layers[i]);
            check(&d);
            data_free(&d);
        }
    }
    isa_force(before);
}

static void test_forward(void)
{
    on_every_isa(check_forward, NULL);
}

static void test_parts(void)
{
    on_every_isa(check_parts, NULL);
}

static void test_backward_data(void)
{
    on_every_isa(check_backward_data, NULL);
    on_every_isa(check_slope, NULL);
}

static void test_backward_weights(void)
{
    on_every_isa(check_backward_weights, NULL);
}

static void test_adjoints(void)
{
    on_every_isa(check_adjoints, NULL);
}

static void test_difference(void)
{
    on_every_isa(check_difference, NULL);
}

static void test_slices(void)
{
    on_every_isa(check_slices, NULL);
}

static void test_shares(void)
{
    on_every_isa(check_shares, NULL);
}

static void test_elu(void)
{
    on_every_isa(NULL, check_elu);
}

static const struct check_test tests[] = {
    {"forward is the definition", test_forward},
    {"channels done ahead count for all slices", test_parts},
    {"backward data is the definition", test_backward_data},
    {"backward weights is the definition", test_backward_weights},
    {"both gradients agree", test_adjoints},
    {"the gradient is the slope", test_difference},
    {"a slice's bits do not depend on the others", test_slices},
    {"shares give one call's bits", test_shares},
    {"ELU to 1.5 units in the last place", test_elu},
};

CHECK_MAIN("convolutions", tests)
