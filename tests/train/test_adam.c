/* SPDX-License-Identifier: BSD-3-Clause */
/* Adam against a scalar twin in double; norms, averages and learning rates. */
#include "base/random.h"
#include "check.h"
#include "train/adam.h"

#include <string.h>

#define N     1237
#define STEPS 30

static void make_gradient(int step, float *gradient)
{
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, (uint32_t)step, 0);
    for (uint32_t i = 0; i < N; i++)
        gradient[i] = (float)(random_normal(&stream, i) * exp(8 * (i % 5) - 16.0));
}

struct twin {
    double m, v, value;
};

static void twin_step(struct twin *t, const struct adam_config *c, double rate, double g,
                      int step)
{
    t->value -= rate * c->weight_decay * t->value;
    t->m = c->beta1 * t->m + (1 - c->beta1) * g;
    t->v = c->beta2 * t->v + (1 - c->beta2) * g * g;
    double m_hat = t->m / (1 - pow(c->beta1, step)), v_hat = t->v / (1 - pow(c->beta2, step));
    t->value -= rate * m_hat / (sqrt(v_hat) + c->eps);
}

static void compare_with_twin(const struct adam_config *config)
{
    struct adam adam;
    static struct twin twins[N];
    float values[N], gradient[N];
    CHECK_OK(adam_create(N, &adam));
    for (int i = 0; i < N; i++) {
        values[i] = (float)sin(i);
        twins[i] = (struct twin){.value = values[i]};
    }
    for (int step = 1; step <= STEPS; step++) {
        make_gradient(step, gradient);
        double norm = adam_norm(gradient, N), scale = 1;
        if (config->clip_norm > 0 && norm > config->clip_norm)
            scale = config->clip_norm / norm;
        for (int i = 0; i < N; i++)
            twin_step(&twins[i], config, 0.01, scale * gradient[i], step);
        CHECK_NEAR(adam_step(&adam, config, 0.01, gradient, values), norm, 0);
    }
    /* Thirty updates of size 0.01 in single precision: a few units in the last place each. */
    for (int i = 0; i < N; i++)
        CHECK_NEAR(values[i], twins[i].value, 3e-6);
    CU_ASSERT_EQUAL(adam.step, STEPS);
    adam_free(&adam);
}

static void test_plain(void)
{
    compare_with_twin(&(struct adam_config){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8});
}

static void test_decay_and_clip(void)
{
    compare_with_twin(&(struct adam_config){
        .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.1, .clip_norm = 1});
}

static void test_not_finite(void)
{
    struct adam_config config = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    struct adam adam;
    float values[3] = {1, 2, 3}, gradient[3] = {0.1f, NAN, 0.1f};
    CHECK_OK(adam_create(3, &adam));
    CU_ASSERT(!isfinite(adam_step(&adam, &config, 0.1, gradient, values)));
    CU_ASSERT(values[0] == 1 && values[1] == 2 && values[2] == 3);
    CU_ASSERT_EQUAL(adam.step, 0);
    CU_ASSERT_EQUAL(adam.m[0], 0);
    adam_free(&adam);
}

static void test_norm(void)
{
    enum { LENGTH = 1500007 }; /* more than one span of blocks, odd */
    float *x = malloc(LENGTH * sizeof *x);
    double sum = 0;
    for (int i = 0; i < LENGTH; i++) {
        x[i] = (float)sin(0.1 * i);
        sum += (double)x[i] * x[i];
    }
    CHECK_NEAR(adam_norm(x, LENGTH), sqrt(sum), 1e-9);
    CU_ASSERT_EQUAL(adam_norm(x, 0), 0);
    free(x);
}

static void test_average(void)
{
    float values[2] = {1, -2}, average[2] = {0, 0};
    adam_average(0.9, values, average, 2);
    CHECK_NEAR(average[0], 0.1, 1e-7);
    CHECK_NEAR(average[1], -0.2, 1e-7);
}

static void test_rates(void)
{
    struct adam_rate rate = {BEN_RATE_COSINE, 2, 0.1, 10, 110};
    CHECK_NEAR(adam_rate_at(&rate, 0), 2.0 / 11, 1e-12);
    CHECK_NEAR(adam_rate_at(&rate, 10), 2, 1e-12);
    CHECK_NEAR(adam_rate_at(&rate, 60), 2 * 0.55, 1e-12);
    CHECK_NEAR(adam_rate_at(&rate, 110), 0.2, 1e-12);
    for (int step = 11; step < 110; step++)
        CU_ASSERT(adam_rate_at(&rate, step) < adam_rate_at(&rate, step - 1));
    rate.schedule = BEN_RATE_CONSTANT;
    CHECK_NEAR(adam_rate_at(&rate, 60), 2, 0);
}

static const struct check_test tests[] = {
    {"plain Adam", test_plain},
    {"weight decay and clipping", test_decay_and_clip},
    {"a gradient that is not finite changes nothing", test_not_finite},
    {"norm", test_norm},
    {"moving average", test_average},
    {"learning rates", test_rates},
};

CHECK_MAIN("train/adam", tests)
