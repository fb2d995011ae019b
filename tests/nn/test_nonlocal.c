/* SPDX-License-Identifier: BSD-3-Clause */
/* The non-local block against a naive twin in double; its gradients against central differences
 * of the twin along random directions. */
#include "nn/nonlocal.h"

#include "layercase.h"

/* Outputs are of size 1 by the weights' scale; products of up to 64 terms. Directional
 * derivatives are sums of thousands of terms, compared in units of the gradient's norm; a wrong
 * term shows as 0.1 and more. */
static const struct {
    double forward, backward;
} limits = {5e-6, 2e-5};

static const struct nonlocal_shape shapes[] = {{32, 2}, {32, 7}, {64, 16}, {32, 36}};

struct twin {
    int c, d, n, m;
    const double *x, *w; /* [n][c]; theta, phi, g [d][c], output [c][d] */
};

static double *fresh(size_t n)
{
    double *p = calloc(n, sizeof *p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

/* Projection k (theta, phi, g) to channel e at position p. */
static double project(const struct twin *t, int k, int p, int e)
{
    double sum = 0;
    for (int c = 0; c < t->c; c++)
        sum += t->w[((size_t)k * (size_t)t->d + (size_t)e) * (size_t)t->c + (size_t)c] *
               t->x[p * t->c + c];
    return sum;
}

static double pooled(const struct twin *t, int k, int i, int e)
{
    return fmax(project(t, k, 2 * i, e), project(t, k, 2 * i + 1, e));
}

/* s [m] of position p; phi [m][d]. */
static void attention(const struct twin *t, const double *phi, int p, double *s)
{
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < t->m; i++)
        s[i] = 0;
    for (int e = 0; e < t->d; e++) {
        double theta = project(t, 0, p, e);
        for (int i = 0; i < t->m; i++)
            s[i] += theta * phi[i * t->d + e];
    }
    for (int i = 0; i < t->m; i++)
        most = fmax(most, s[i]);
    for (int i = 0; i < t->m; i++)
        sum += s[i] = exp(s[i] - most);
    for (int i = 0; i < t->m; i++)
        s[i] /= sum;
}

static void output_row(const struct twin *t, const double *s, const double *g, const double *x,
                       double *out)
{
    const double *w = t->w + (size_t)3 * (size_t)t->d * (size_t)t->c;
    for (int c = 0; c < t->c; c++)
        out[c] = x[c];
    for (int e = 0; e < t->d; e++) {
        double mixed = 0;
        for (int i = 0; i < t->m; i++)
            mixed += s[i] * g[i * t->d + e];
        for (int c = 0; c < t->c; c++)
            out[c] += w[c * t->d + e] * mixed;
    }
}

/* out [n][c]. */
static void twin_forward(const struct twin *t, double *out)
{
    double *phi = fresh((size_t)t->m * (size_t)t->d), *g = fresh((size_t)t->m * (size_t)t->d);
    double *s = fresh((size_t)t->m);
    for (int k = 0; k < t->m * t->d; k++) {
        phi[k] = pooled(t, 1, k / t->d, k % t->d);
        g[k] = pooled(t, 2, k / t->d, k % t->d);
    }
    for (int p = 0; p < t->n; p++) {
        attention(t, phi, p, s);
        output_row(t, s, g, t->x + p * t->c, out + p * t->c);
    }
    free(phi);
    free(g);
    free(s);
}

struct data {
    struct nonlocal_shape shape;
    size_t n, nw;
    float *x, *w, *out, *dout, *dx, *dw, *kept, *scratch;
};

static struct data setup(struct nonlocal_shape shape)
{
    struct data d = {.shape = shape, .n = (size_t)shape.c * (size_t)shape.positions};
    d.nw = nonlocal_weight_floats(&shape);
    d.x = layer_random(d.n, 1);
    d.w = layer_random(d.nw, 2);
    for (size_t i = 0; i < d.nw; i++)
        d.w[i] /= sqrtf((float)shape.c);
    d.dout = layer_random(d.n, 3);
    d.dx = layer_random(d.n, 3);
    d.out = layer_unset(d.n);
    d.dw = layer_unset(d.nw);
    d.kept = layer_unset(nonlocal_kept_floats(&shape));
    d.scratch = layer_unset(nonlocal_scratch_floats(&shape));
    nonlocal_forward(&shape, d.x, d.w, d.out, d.kept, d.scratch);
    nonlocal_backward(&shape, d.w, d.kept, d.dx, d.dw, d.scratch);
    return d;
}

static void teardown(struct data *d)
{
    float *all[] = {d->x, d->w, d->out, d->dout, d->dx, d->dw, d->kept, d->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Rows of positions, as the twin has them. */
static double *rows_of(const struct data *d, double step, const float *along)
{
    double *x = fresh(d->n);
    int c = d->shape.c, n = d->shape.positions;
    for (int p = 0; p < n; p++)
        for (int k = 0; k < c; k++) {
            size_t at = layer_at((size_t)n, k, (size_t)p);
            x[p * c + k] = d->x[at] + (along ? step * along[at] : 0);
        }
    return x;
}

static double *weights_of(const struct data *d, double step, const float *along)
{
    double *w = fresh(d->nw);
    for (size_t i = 0; i < d->nw; i++)
        w[i] = d->w[i] + (along ? step * along[i] : 0);
    return w;
}

/* The loss <out, dout> and out at (x, w) + step * (direction of x, of w). */
static double loss_at(const struct data *d, double step, const float *along_x,
                      const float *along_w, double *out)
{
    double *x = rows_of(d, step, along_x), *w = weights_of(d, step, along_w), loss = 0;
    int c = d->shape.c, n = d->shape.positions;
    struct twin twin = {c, c / 2, n, n / 2, x, w};
    twin_forward(&twin, out);
    for (int p = 0; p < n; p++)
        for (int k = 0; k < c; k++)
            loss += out[p * c + k] * d->dout[layer_at((size_t)n, k, (size_t)p)];
    free(x);
    free(w);
    return loss;
}

static void check_forward(const struct data *d)
{
    double *out = fresh(d->n);
    int c = d->shape.c, n = d->shape.positions;
    loss_at(d, 0, NULL, NULL, out);
    for (int p = 0; p < n; p++)
        for (int k = 0; k < c; k++)
            CHECK_NEAR(d->out[layer_at((size_t)n, k, (size_t)p)], out[p * c + k],
                       limits.forward);
    free(out);
}

/* Queries that count differently, and none at all. */
static void check_attention(const struct data *d)
{
    int c = d->shape.c, n = d->shape.positions, m = n / 2;
    double *x = rows_of(d, 0, NULL), *w = weights_of(d, 0, NULL), *s = fresh((size_t)m);
    double *phi = fresh((size_t)m * (size_t)c / 2), *expected = fresh((size_t)n), weight = 0;
    float *query = layer_random((size_t)n, 6), *key = layer_unset((size_t)n);
    struct twin twin = {c, c / 2, n, m, x, w};
    for (int k = 0; k < m * c / 2; k++)
        phi[k] = pooled(&twin, 1, k / (c / 2), k % (c / 2));
    for (int p = 0; p < n; p++) {
        query[p] = fabsf(query[p]);
        weight += query[p];
        attention(&twin, phi, p, s);
        for (int i = 0; i < 2 * m; i++)
            expected[i] += query[p] * s[i / 2] * m;
    }
    nonlocal_attention(&d->shape, d->kept, query, key);
    for (int p = 0; p < n; p++)
        CHECK_NEAR(key[p], expected[p] / weight, limits.forward);
    memset(query, 0, (size_t)n * sizeof *query);
    nonlocal_attention(&d->shape, d->kept, query, key);
    for (int p = 0; p < n; p++)
        CU_ASSERT_EQUAL(key[p], 0);
    double *doubles[] = {x, w, s, phi, expected};
    for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
        free(doubles[i]);
    free(query);
    free(key);
}

/* Along a random direction in x, and in each of the four weights by itself. */
static void check_backward(const struct data *d)
{
    double *out = fresh(d->n), h = 1e-6;
    float *along = layer_random(d->n, 4);
    double slope =
        (loss_at(d, h, along, NULL, out) - loss_at(d, -h, along, NULL, out)) / (2 * h);
    double norm = sqrt(layer_dot(d->dx, d->dx, d->n));
    CHECK_NEAR(layer_dot(d->dx, along, d->n) / norm, slope / norm, limits.backward);
    free(along);
    for (size_t part = 0; part < 4; part++) {
        along = layer_random(d->nw, 5);
        for (size_t i = 0; i < d->nw; i++)
            along[i] = i / (d->nw / 4) == part ? along[i] : 0;
        slope = (loss_at(d, h, NULL, along, out) - loss_at(d, -h, NULL, along, out)) / (2 * h);
        const float *dw = d->dw + part * (d->nw / 4);
        norm = sqrt(layer_dot(dw, dw, d->nw / 4)) + 1e-3;
        CHECK_NEAR(layer_dot(d->dw, along, d->nw) / norm, slope / norm, limits.backward);
        free(along);
    }
    free(out);
}

static void every_shape(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct data d = setup(shapes[i]);
        check_forward(&d);
        check_attention(&d);
        check_backward(&d);
        teardown(&d);
    }
}

static void test_twin(void)
{
    layer_each_isa(every_shape);
}

/* The same slice gives the same bits wherever its memory lies. */
static void test_repeats(void)
{
    struct nonlocal_shape shape = {256, 64};
    struct data d = setup(shape);
    size_t kept = nonlocal_kept_floats(&shape);
    float *x = layer_memory((d.n + 16) * sizeof *x), *out = layer_unset(d.n + 16);
    float *k = layer_unset(kept + 16),
          *scratch = layer_unset(nonlocal_scratch_floats(&shape) + 16);
    memcpy(x + 16, d.x, d.n * sizeof *x);
    nonlocal_forward(&shape, x + 16, d.w, out + 16, k + 16, scratch + 16);
    CU_ASSERT_EQUAL(memcmp(out + 16, d.out, d.n * sizeof *out), 0);
    free(x);
    free(out);
    free(k);
    free(scratch);
    teardown(&d);
}

static const struct check_test tests[] = {{"naive twin and differences", test_twin},
                                          {"the same bits anywhere", test_repeats}};
CHECK_MAIN("nn nonlocal", tests)
