/* SPDX-License-Identifier: BSD-3-Clause */
/* Times the convolutions of the default network, layer by layer, on one core; not a test.
 *   nn_bench_conv [forward|data|weights|all] [seconds per layer and direction]
 * Prints per slice ms of CPU time (the fastest call) and GFLOP/s as if computed directly. */
#include "nn/conv.h"
#include "nn/isa.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Slices per call on small maps, as the network calls it. */
enum { SMALL = 32, BATCH = 8 };

static const struct {
    int c, o, size, c0;
} layers[] = {
    {1, 16, 256, 1},     {16, 16, 256, 16},   {16, 32, 128, 16},   {32, 32, 128, 32},
    {32, 64, 64, 32},    {64, 64, 64, 64},    {64, 128, 32, 64},   {128, 128, 32, 128},
    {128, 256, 16, 128}, {256, 256, 16, 256}, {256, 256, 16, 256}, {256, 256, 16, 256},
    {256, 128, 32, 128}, {128, 128, 32, 128}, {128, 64, 64, 64},   {64, 64, 64, 64},
    {64, 32, 128, 32},   {32, 32, 128, 32},   {32, 16, 256, 16},   {16, 16, 256, 16},
};
enum { LAYERS = sizeof layers / sizeof layers[0], PASSES = 3 };
static const char *const passes[PASSES] = {"forward", "data", "weights"};

struct bench {
    struct conv_shape shape;
    struct conv_input in;
    float *x, *y, *dx, *w, *bias, *dw, *db, *packed, *adjoint, *scratch;
};

static float *floats(size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
    if (!x)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i * 2654435761u % 1000) * 2e-3f - 1;
    return x;
}

static struct bench bench_new(int c, int o, int size, int c0)
{
    struct bench b = {.shape = {c, o, size, size, size <= SMALL ? BATCH : 1}};
    const struct conv_shape back = {o, c, size, size, b.shape.n, {0, 0}};
    size_t pixels = (size_t)b.shape.n * (size_t)size * (size_t)size;
    size_t nw = 9 * (size_t)c * (size_t)o;
    b.x = floats(pixels * (size_t)c);
    b.y = floats(pixels * (size_t)o);
    b.dx = floats(pixels * (size_t)c);
    b.w = floats(nw);
    b.bias = floats((size_t)o);
    b.dw = floats(nw);
    b.db = floats((size_t)o);
    b.packed = floats(conv_packed_floats(&b.shape));
    b.adjoint = floats(conv_packed_floats(&back));
    b.scratch = floats(conv_scratch_floats(&b.shape));
    b.in = (struct conv_input){b.x, c0 < c ? b.x + pixels * (size_t)c0 : NULL, c0};
    conv_pack(&b.shape, b.w, b.packed);
    if (c > 1)
        conv_pack_adjoint(&b.shape, b.w, b.adjoint);
    return b;
}

static void bench_free(struct bench *b)
{
    float *const all[] = {b->x,  b->y,  b->dx,     b->w,       b->bias,
                          b->dw, b->db, b->packed, b->adjoint, b->scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

/* Slices done by one call. */
static int run(const struct bench *b, int pass)
{
    int c0 = b->in.x1 ? b->in.c0 : b->shape.c;
    size_t pixels = (size_t)b->shape.n * (size_t)(b->shape.h * b->shape.w);
    float *dx1 = b->in.x1 ? b->dx + pixels * (size_t)c0 : NULL;
    if (pass == 0)
        conv_elu_forward(&b->shape, &b->in, b->packed, b->bias, NULL, b->y, b->scratch);
    else if (pass == 1)
        conv_backward_data(&b->shape, b->y, b->adjoint,
                           &(struct conv_input_gradient){b->dx, dx1, c0, NULL}, b->scratch);
    else
        conv_backward_weights(&b->shape, &b->in, b->y, b->dw, b->db, b->scratch);
    return pass < 2 ? b->shape.n : 1;
}

/* Of this thread: what others do on the machine meanwhile does not count. */
static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double best_seconds(const struct bench *b, int pass, double budget)
{
    double best = 1e9, end = util_now_s() + budget;
    for (int i = 0; i < 3 || util_now_s() < end; i++) {
        double start = cpu_s();
        int slices = run(b, pass);
        double took = (cpu_s() - start) / slices;
        best = took < best ? took : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "all";
    double budget = argc > 2 ? atof(argv[2]) : 0.1, sum[PASSES] = {0};
    printf("%s\n%-13s", isa_text(isa_now()), "layer");
    for (int p = 0; p < PASSES; p++)
        printf(" %8s ms   GF/s", passes[p]);
    printf("\n");
    for (int i = 0; i < LAYERS; i++) {
        struct bench b = bench_new(layers[i].c, layers[i].o, layers[i].size, layers[i].c0);
        double flops = 18.0 * layers[i].c * layers[i].o * layers[i].size * layers[i].size;
        printf("%3d->%3d @%3d ", layers[i].c, layers[i].o, layers[i].size);
        for (int p = 0; p < PASSES; p++) {
            int skip = (strcmp(only, "all") != 0 && strcmp(only, passes[p]) != 0) ||
                       (p == 1 && layers[i].c == 1);
            double s = skip ? 0 : best_seconds(&b, p, budget);
            printf(" %11.3f %6.0f", s * 1e3, skip ? 0 : flops / s * 1e-9);
            sum[p] += s;
        }
        printf("\n");
        fflush(stdout);
        bench_free(&b);
    }
    printf("%-13s", "sum");
    for (int p = 0; p < PASSES; p++)
        printf(" %11.3f       ", sum[p] * 1e3);
    printf("\n");
    return EXIT_SUCCESS;
}
