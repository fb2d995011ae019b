/* SPDX-License-Identifier: BSD-3-Clause */
/* What bench measures with: summaries, the made head, the list of layers, the peak. */
#include "check.h"

#include "bench/head.h"
#include "bench/sample.h"
#include "nn/kernels.h"
#include "nn/net.h"
#include "nn/peak.h"

#include <string.h>

static void test_summary(void)
{
    struct sample sample = {0};
    CU_ASSERT_EQUAL(sample_summary(&sample, 1).min_s, 0);
    const double s[] = {4, 2, 10, 6};
    for (int i = 0; i < 3; i++)
        sample_add(&sample, s[i]);
    CHECK_NEAR(sample_summary(&sample, 1).median_s, 4, 0);
    sample_add(&sample, s[3]);
    CHECK_NEAR(sample_summary(&sample, 2).min_s, 1, 0);
    CHECK_NEAR(sample_summary(&sample, 2).median_s, 2.5, 0);
}

static void test_head(void)
{
    struct volume *a = NULL, *b = NULL, *brain = NULL;
    CHECK_OK(head_make(1, &a, &brain));
    CHECK_OK(head_make(1, &b, NULL));
    size_t n = volume_voxels(a), inside = 0;
    CU_ASSERT_EQUAL(memcmp(a->data, b->data, n * sizeof(float)), 0);
    for (size_t i = 0; i < n; i++)
        inside += brain->data[i] > 0;
    double mm3 = (double)inside * a->voxel_mm[0] * a->voxel_mm[1] * a->voxel_mm[2];
    CHECK_NEAR(mm3, 4.0 / 3 * M_PI * 55 * 70 * 52, 0.01 * mm3);
    volume_free(&a);
    volume_free(&b);
    volume_free(&brain);
}

/* More slices than the head has: they start again. */
static void test_slices(void)
{
    enum { N = 97, SIZE = 32, PIXELS = SIZE * SIZE };
    float *x = malloc(2 * N * PIXELS * sizeof *x), *target = x + N * PIXELS;
    CHECK_OK(head_slices(1, SIZE, N, x, target));
    CU_ASSERT_EQUAL(memcmp(x, x + 96 * PIXELS, PIXELS * sizeof *x), 0);
    double inside = 0;
    for (int i = 0; i < N * PIXELS; i++) {
        CU_ASSERT_FATAL(x[i] >= 0 && x[i] <= 1 && (target[i] == 0 || target[i] == 1));
        inside += target[i];
    }
    CU_ASSERT(inside > 0.05 * N * PIXELS && inside < 0.5 * N * PIXELS);
    free(x);
}

/* Every layer has a time of its own, and the 3x3 convolutions their 6.36 GFLOP. */
static void test_layers(void)
{
    struct net_config config = net_config_default();
    struct net *net = NULL;
    struct net_layer layers[BEN_LAYERS];
    double seconds[BEN_LAYERS] = {0}, flops = 0;
    config.size = 32;
    CHECK_OK(net_create(&config, 1, false, &net));
    net_init(net, 1);
    net_layers(net, layers);
    float *x = calloc(2 * 32 * 32, sizeof *x);
    net_clock(net, seconds);
    net_predict(net, x, 1, x + 32 * 32);
    for (int l = 0; l < BEN_LAYERS; l++) {
        CU_ASSERT(layers[l].name[0]);
        CU_ASSERT(layers[l].flops == 0 || seconds[l] > 0);
        flops += strstr(layers[l].name, ".conv") ? layers[l].flops : 0;
    }
    CHECK_NEAR(64 * flops, 6.36e9, 0.005e9);
    net_clock(net, NULL);
    memset(seconds, 0, sizeof seconds);
    net_predict(net, x, 1, x + 32 * 32);
    for (int l = 0; l < BEN_LAYERS; l++)
        CU_ASSERT_EQUAL(seconds[l], 0);
    net_free(&net);
    free(x);
}

/* The operations counted are those done: each of the 12 chains, x := 0.999 x + 0.001 from its
 * number on, nears 1, in every lane. */
static void test_operations(void)
{
    const long rounds = 100;
    const enum isa was = isa_now();
    for (int isa = BEN_ISA_GENERIC; isa <= BEN_ISA_AVX512; isa++) {
        float sum;
        if (!isa_force((enum isa)isa))
            continue;
        double flops = ISA_PICK(peak_layer)->multiply_add(rounds, &sum);
        double lanes = flops / (2.0 * 12 * (double)rounds);
        CU_ASSERT(lanes == 4 || lanes == 8 || lanes == 16);
        CHECK_NEAR(sum, lanes * (12 + 54 * pow(0.999, (double)rounds)), 1e-4 * sum);
    }
    isa_force(was);
}

/* In sane bounds; how fast this machine is, or how busy, is not for a test to say. */
static void test_peak(void)
{
    double flops_per_s = peak_flops(3), bytes_per_s = 0;
    CU_ASSERT(flops_per_s > 1e7 && flops_per_s < 1e15);
    CHECK_OK(peak_bandwidth(2, &bytes_per_s));
    CU_ASSERT(bytes_per_s > 1e7 && bytes_per_s < 1e14);
}

static const struct check_test tests[] = {
    {"minimum and median", test_summary},
    {"the made head", test_head},
    {"its slices", test_slices},
    {"layers and their clock", test_layers},
    {"operations are counted as done", test_operations},
    {"the machine's peak", test_peak},
};

CHECK_MAIN("bench", tests)
