/* SPDX-License-Identifier: BSD-3-Clause */
/* The way up against a naive twin in double and by its adjoint identities. */
#include "nn/upconv.h"

#include "layercase.h"

/* Largest error in units of the results' deviation (root of the number of products of unit
 * normal values): 6e-8 per operation, added up over up to 2,000 of them. A wrong tap shows as
 * 0.1 and more. */
static const double limit = 3e-6;

static const struct upconv_shape shapes[] = {{32, 16, 1, 1}, {32, 16, 3, 5},  {64, 32, 4, 9},
                                             {96, 48, 2, 3}, {32, 16, 17, 8}, {256, 128, 2, 2},
                                             {64, 16, 1, 33}};

struct data {
    struct upconv_shape s;
    size_t nx, ny, nw;
    float *x, *weight, *bias, *packed, *y, *dy, *dx, *dweight, *dbias, *scratch;
};

static void setup(struct data *d, struct upconv_shape s)
{
    size_t pixels = (size_t)s.h * (size_t)s.w, packed = upconv_packed_floats(&s);
    *d = (struct data){.s = s,
                       .nx = pixels * (size_t)s.c,
                       .ny = pixels * 4 * (size_t)s.o,
                       .nw = (size_t)s.c * (size_t)s.o * 4};
    d->x = layer_random(d->nx, 1);
    d->weight = layer_random(d->nw, 2);
    d->bias = layer_random((size_t)s.o, 3);
    d->dy = layer_random(d->ny, 4);
    d->packed = layer_unset(packed);
    d->scratch = layer_unset(packed);
    d->y = layer_unset(d->ny);
    d->dx = layer_unset(d->nx);
    d->dweight = layer_unset(d->nw);
    d->dbias = layer_unset((size_t)s.o);
    upconv_pack(&s, d->weight, d->packed);
    for (int part = 2; part >= 0; part--)
        upconv_forward(&s, (struct share){part, 3}, d->x, d->packed, d->bias, d->y);
    upconv_pack_adjoint(&s, d->weight, d->packed);
    upconv_backward_data(&s, d->dy, d->packed, d->dx);
    upconv_backward_weights(&s, d->x, d->dy, d->dweight, d->dbias, d->scratch);
}

static void teardown(struct data *d)
{
    float *all[] = {d->x,  d->weight, d->bias,    d->packed, d->y,
                    d->dy, d->dx,     d->dweight, d->dbias,  d->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* The same results by definition. */
struct twin {
    double *y, *dx, *dweight, *dbias;
};

static void add_products(const struct data *d, struct twin *t, int c, int o, int tap)
{
    const struct upconv_shape *s = &d->s;
    size_t pixels = (size_t)s->h * (size_t)s->w;
    size_t w = ((size_t)c * (size_t)s->o + (size_t)o) * 4 + (size_t)tap;
    for (int i = 0; i < s->h; i++)
        for (int j = 0; j < s->w; j++) {
            size_t x = layer_at(pixels, c, (size_t)i * (size_t)s->w + (size_t)j);
            size_t p = (size_t)(2 * i + tap / 2) * 2 * (size_t)s->w + (size_t)(2 * j + tap % 2);
            size_t y = layer_at(4 * pixels, o, p);
            t->y[y] += (double)d->weight[w] * d->x[x];
            t->dx[x] += (double)d->weight[w] * d->dy[y];
            t->dweight[w] += (double)d->x[x] * d->dy[y];
        }
}

static void add_bias(const struct data *d, struct twin *t, int o)
{
    size_t pixels = 4 * (size_t)d->s.h * (size_t)d->s.w;
    for (size_t p = 0; p < pixels; p++) {
        t->y[layer_at(pixels, o, p)] += d->bias[o];
        t->dbias[o] += d->dy[layer_at(pixels, o, p)];
    }
}

static void check(const double *want, const float *got, size_t n, double products)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = isfinite(got[i]) ? fmax(worst, fabs(got[i] - want[i])) : INFINITY;
    worst /= sqrt(products);
    if (!(worst <= limit))
        fprintf(stderr, "off by %.2e\n", worst);
    CU_ASSERT(worst <= limit);
}

static void compare(struct upconv_shape s)
{
    struct data d;
    setup(&d, s);
    struct twin t = {calloc(d.ny, sizeof(double)), calloc(d.nx, sizeof(double)),
                     calloc(d.nw, sizeof(double)), calloc((size_t)s.o, sizeof(double))};
    for (int o = 0; o < s.o; o++)
        add_bias(&d, &t, o);
    for (int k = 0; k < s.c * s.o * 4; k++)
        add_products(&d, &t, k / 4 / s.o, k / 4 % s.o, k % 4);
    check(t.y, d.y, d.ny, s.c + 1);
    check(t.dx, d.dx, d.nx, 4 * s.o);
    check(t.dweight, d.dweight, d.nw, s.h * s.w);
    check(t.dbias, d.dbias, (size_t)s.o, 4 * s.h * s.w);
    free(t.y);
    free(t.dx);
    free(t.dweight);
    free(t.dbias);
    teardown(&d);
}

static void every_shape(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        compare(shapes[i]);
}

/* With y linear in x and in (weight, bias): <y - y(0), dy> = <x, dx>, <y, dy> = <w, dw> + <b, db>. */
static void adjoint(struct upconv_shape s)
{
    struct data d;
    setup(&d, s);
    double all = layer_dot(d.y, d.dy, d.ny), bias = layer_dot(d.bias, d.dbias, (size_t)s.o);
    double scale = sqrt((double)d.ny * s.c);
    CHECK_NEAR((all - bias) / scale, layer_dot(d.x, d.dx, d.nx) / scale, limit);
    CHECK_NEAR(all / scale, (layer_dot(d.weight, d.dweight, d.nw) + bias) / scale, limit);
    teardown(&d);
}

static void every_adjoint(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        adjoint(shapes[i]);
}

static void test_twin(void)
{
    layer_each_isa(every_shape);
}

static void test_adjoint(void)
{
    layer_each_isa(every_adjoint);
}

static const struct check_test tests[] = {{"naive twin", test_twin}, {"adjoint", test_adjoint}};
CHECK_MAIN("nn upconv", tests)
