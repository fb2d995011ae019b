/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/nonlocal.h"
#include "nn/kernels.h"

#include <cblas.h>
#include <omp.h>
#include <stdbool.h>
#include <string.h>

/* Sizes and the pieces of kept: n positions, m after pooling (rows of S padded to stride). */
struct sizes {
    int c, d, n, m, stride;
    size_t x, project, pooled, weights, mixed; /* floats of each piece */
};

static struct sizes sizes_of(const struct nonlocal_shape *shape)
{
    struct sizes z = {.c = shape->c, .d = shape->c / 2, .n = shape->positions};
    z.m = z.n / 2;
    z.stride = (z.m + 15) / 16 * 16;
    z.x = (size_t)z.n * z.c;
    z.project = (size_t)z.n * z.d * 3;
    z.pooled = ((size_t)z.m * z.d + 15) / 16 * 16;
    z.weights = (size_t)z.n * z.stride;
    z.mixed = (size_t)z.n * z.d;
    return z;
}

struct kept {
    float *x, *project, *phi, *g, *s, *mixed;
};

static struct kept kept_at(const struct sizes *z, float *at)
{
    struct kept k = {.x = at};
    k.project = k.x + z->x;
    k.phi = k.project + z->project;
    k.g = k.phi + z->pooled;
    k.s = k.g + z->pooled;
    k.mixed = k.s + z->weights;
    return k;
}

size_t nonlocal_kept_floats(const struct nonlocal_shape *shape)
{
    struct sizes z = sizes_of(shape);
    return z.x + z.project + 2 * z.pooled + z.weights + z.mixed;
}

/* Forward takes c channels of the output, backward the gradients of everything that is kept. */
size_t nonlocal_scratch_floats(const struct nonlocal_shape *shape)
{
    return nonlocal_kept_floats(shape);
}

size_t nonlocal_weight_floats(const struct nonlocal_shape *shape)
{
    return 2 * (size_t)shape->c * shape->c;
}

/* [c/16][n][16] -> [n][c]. */
static void to_rows(int c, int n, const float *x, float *rows)
{
    for (int b = 0; b < c / 16; b++)
        for (int p = 0; p < n; p++)
            memcpy(rows + (size_t)p * c + b * 16, x + ((size_t)b * n + p) * 16, 16 * sizeof *x);
}

/* out [c/16][n][16] = x + the rows [n][c]. */
static void add_rows(int c, int n, const float *x, const float *rows, float *out)
{
    for (int b = 0; b < c / 16; b++)
        for (int p = 0; p < n; p++)
            for (int k = 0; k < 16; k++) {
                size_t at = ((size_t)b * n + p) * 16 + k;
                out[at] = x[at] + rows[(size_t)p * c + b * 16 + k];
            }
}

/* c [m][n] = a b, all by rows. t: that factor is stored transposed. lda, ldb, ldc: floats from
 * one stored row to the next. */
struct factor {
    const float *at;
    int ld;
    bool t;
};

/* One thread whatever the library's flavour: with OpenMP it follows the calling thread's own
 * setting, else one of its own, for good. */
static void product(int m, int n, int k, struct factor a, struct factor b, float *c, int ldc)
{
    int threads = omp_get_max_threads();
    if (openblas_get_parallel() == OPENBLAS_THREAD)
        openblas_set_num_threads(1);
    omp_set_num_threads(1);
    cblas_sgemm(CblasRowMajor, a.t ? CblasTrans : CblasNoTrans, b.t ? CblasTrans : CblasNoTrans,
                m, n, k, 1, a.at, a.ld, b.at, b.ld, 0, c, ldc);
    omp_set_num_threads(threads);
}

/* pooled [m][d]: the larger of rows 2i and 2i+1, d columns of project from column on. */
static void pool_rows(const struct sizes *z, const float *project, int column, float *pooled)
{
    for (int i = 0; i < z->m; i++)
        for (int k = 0; k < z->d; k++) {
            const float *at = project + (size_t)2 * i * 3 * z->d + column + k;
            float a = at[0], b = at[3 * z->d];
            pooled[(size_t)i * z->d + k] = a >= b ? a : b;
        }
}

/* The adjoint: dproject's columns are overwritten. */
static void unpool_rows(const struct sizes *z, const float *project, int column,
                        const float *dpooled, float *dproject)
{
    for (int p = 0; p < z->n; p++)
        memset(dproject + (size_t)p * 3 * z->d + column, 0, (size_t)z->d * sizeof *dproject);
    for (int i = 0; i < z->m; i++)
        for (int k = 0; k < z->d; k++) {
            size_t at = (size_t)2 * i * 3 * z->d + column + k, below = at + (size_t)3 * z->d;
            size_t to = project[at] >= project[below] ? at : below;
            dproject[to] = dpooled[(size_t)i * z->d + k];
        }
}

void nonlocal_forward(const struct nonlocal_shape *shape, const float *x, const float *weight,
                      float *out, float *kept, float *scratch)
{
    struct sizes z = sizes_of(shape);
    struct kept k = kept_at(&z, kept);
    const float *output = weight + (size_t)3 * z.d * z.c;
    int d3 = 3 * z.d;
    to_rows(z.c, z.n, x, k.x);
    product(z.n, d3, z.c, (struct factor){k.x, z.c, false}, (struct factor){weight, z.c, true},
            k.project, d3);
    pool_rows(&z, k.project, z.d, k.phi);
    pool_rows(&z, k.project, 2 * z.d, k.g);
    product(z.n, z.m, z.d, (struct factor){k.project, d3, false},
            (struct factor){k.phi, z.d, true}, k.s, z.stride);
    ISA_PICK(nonlocal_layer)->softmax(z.n, z.m, z.stride, k.s);
    product(z.n, z.d, z.m, (struct factor){k.s, z.stride, false},
            (struct factor){k.g, z.d, false}, k.mixed, z.d);
    product(z.n, z.c, z.d, (struct factor){k.mixed, z.d, false},
            (struct factor){output, z.d, true}, scratch, z.c);
    add_rows(z.c, z.n, x, scratch, out);
}

void nonlocal_attention(const struct nonlocal_shape *shape, const float *kept,
                        const float *query, float *key)
{
    struct sizes z = sizes_of(shape);
    const float *s = kept_at(&z, (float *)kept).s;
    double weight = 0;
    for (int q = 0; q < z.n; q++)
        weight += (double)query[q];
    for (int p = 0; p < z.n; p++) {
        double sum = 0;
        for (int q = 0; p / 2 < z.m && q < z.n; q++)
            sum += (double)query[q] * (double)s[(size_t)q * (size_t)z.stride + p / 2];
        key[p] = weight > 0 ? (float)(sum / weight * z.m) : 0;
    }
}

void nonlocal_backward(const struct nonlocal_shape *shape, const float *weight,
                       const float *kept, float *dx, float *dweight, float *scratch)
{
    struct sizes z = sizes_of(shape);
    struct kept k = kept_at(&z, (float *)kept), d = kept_at(&z, scratch);
    const float *output = weight + (size_t)3 * z.d * z.c;
    int d3 = 3 * z.d;
    float *dout = d.x; /* rows of dx as it comes */
    to_rows(z.c, z.n, dx, dout);
    product(z.c, z.d, z.n, (struct factor){dout, z.c, true},
            (struct factor){k.mixed, z.d, false}, dweight + (size_t)d3 * z.c, z.d);
    product(z.n, z.d, z.c, (struct factor){dout, z.c, false},
            (struct factor){output, z.d, false}, d.mixed, z.d);
    product(z.m, z.d, z.n, (struct factor){k.s, z.stride, true},
            (struct factor){d.mixed, z.d, false}, d.g, z.d);
    memset(d.s, 0, z.weights * sizeof *d.s); /* columns beyond m */
    product(z.n, z.m, z.d, (struct factor){d.mixed, z.d, false},
            (struct factor){k.g, z.d, true}, d.s, z.stride);
    ISA_PICK(nonlocal_layer)->softmax_backward(z.n, z.stride, k.s, d.s);
    product(z.n, z.d, z.m, (struct factor){d.s, z.stride, false},
            (struct factor){k.phi, z.d, false}, d.project, d3);
    product(z.m, z.d, z.n, (struct factor){d.s, z.stride, true},
            (struct factor){k.project, d3, false}, d.phi, z.d);
    unpool_rows(&z, k.project, z.d, d.phi, d.project);
    unpool_rows(&z, k.project, 2 * z.d, d.g, d.project);
    product(d3, z.c, z.n, (struct factor){d.project, d3, true},
            (struct factor){k.x, z.c, false}, dweight, z.c);
    product(z.n, z.c, d3, (struct factor){d.project, d3, false},
            (struct factor){weight, z.c, false}, d.x, z.c);
    add_rows(z.c, z.n, dx, d.x, dx);
}

const char *nonlocal_blas_core(void)
{
    return openblas_get_corename();
}
