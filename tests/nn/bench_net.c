/* SPDX-License-Identifier: BSD-3-Clause */
/* Times the network: nn_bench_net [size] [batch]. Milliseconds per slice of prediction, of a
 * Monte Carlo pass and of the parts of a training step, by the clock and of processor time (which
 * says more where others use the machine too), each the least of several runs. */
#include "nn/loss.h"
#include "nn/net.h"

#include "base/random.h"
#include "base/status.h"
#include "base/util.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 5 };

struct job {
    struct net *net;
    int size, batch;
    float *x, *target, *prob, *dlogit, *gradients;
    double *losses;
    uint32_t *keys;
};

static float *fresh(size_t n, uint32_t key)
{
    struct random_stream stream = random_open(1, BEN_RANDOM_TEST, key, 0);
    float *x = malloc(n * sizeof *x);
    ENSURE(x);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)random_uniform(&stream, (uint32_t)i);
    return x;
}

static void predict(struct job *job)
{
    net_predict(job->net, job->x, job->batch, job->prob);
}

static void predict_mc(struct job *job)
{
    net_predict_mc(job->net, job->x, job->batch, 1, job->keys, 0, job->prob);
}

static void monte_carlo(struct job *job)
{
    const struct net_samples samples = {1, job->keys, 0, 10};
    const struct net_certainty out = {job->prob, job->dlogit, job->target, NULL};
    net_monte_carlo(job->net, job->x, job->batch, &samples, &out);
}

static void train_forward(struct job *job)
{
    struct net_sums sums = {.batch = job->batch, .context = job->gradients};
    ENSURE(!net_train_forward(job->net, job->x, job->batch, 1, 0, &sums, job->prob));
}

static void loss(struct job *job)
{
    struct loss_config config = loss_config_paper();
    const struct loss_shape shape = {job->batch, job->batch, (size_t)job->size * job->size};
    loss_slices(&config, &shape, job->prob, job->target, job->losses, job->dlogit);
}

static void backward(struct job *job)
{
    struct net_sums sums = {.batch = job->batch, .context = job->gradients};
    ENSURE(!net_backward(job->net, job->dlogit, job->batch, &sums));
}

static void refresh(struct job *job)
{
    net_refresh(job->net);
}

struct seconds {
    double clock, processor;
};

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void show(const struct job *job, const char *what, struct seconds s)
{
    printf("%-16s %8.2f ms per slice, processor %8.2f\n", what, s.clock * 1e3 / job->batch,
           s.processor * 1e3 / job->batch);
}

static void time_of(struct job *job, const char *what, void (*run)(struct job *),
                    struct seconds *sum)
{
    struct seconds best = {1e9, 1e9};
    for (int r = 0; r < RUNS; r++) {
        double start = util_now_s(), processor = processor_s();
        run(job);
        best.clock = fmin(best.clock, util_now_s() - start);
        best.processor = fmin(best.processor, processor_s() - processor);
    }
    show(job, what, best);
    sum->clock += best.clock;
    sum->processor += best.processor;
}

int main(int argc, char **argv)
{
    struct job job = {.size = argc > 1 ? atoi(argv[1]) : 256,
                      .batch = argc > 2 ? atoi(argv[2]) : 16};
    struct net_config config = net_config_default();
    struct seconds step = {0}, unused = {0};
    config.size = job.size;
    size_t pixels = (size_t)job.size * job.size * job.batch, n_trainable;
    ENSURE(!net_create(&config, job.batch, false, &job.net));
    net_init(job.net, 1);
    job.x = fresh(pixels, 1);
    job.target = fresh(pixels, 2);
    job.prob = fresh(pixels, 3);
    job.dlogit = fresh(pixels, 4);
    job.losses = malloc((size_t)job.batch * 2 * sizeof *job.losses);
    job.keys = calloc((size_t)job.batch, sizeof *job.keys);
    ENSURE(job.losses && job.keys);
    printf("%d slices of %d x %d, %d threads\n", job.batch, job.size, job.size,
           omp_get_max_threads());
    double base = (double)util_peak_bytes();
    time_of(&job, "predict", predict, &unused);
    printf("%-16s %8.0f MiB (%.0f before)\n", "peak memory",
           (double)util_peak_bytes() / (1 << 20), base / (1 << 20));
    time_of(&job, "predict mc", predict_mc, &unused);
    time_of(&job, "10 samples", monte_carlo, &unused);
    net_free(&job.net);
    ENSURE(!net_create(&config, job.batch, true, &job.net));
    net_init(job.net, 1);
    net_values(job.net, NULL, &n_trainable);
    job.gradients = fresh(n_trainable, 5);
    time_of(&job, "train forward", train_forward, &step);
    time_of(&job, "loss", loss, &step);
    time_of(&job, "backward", backward, &step);
    time_of(&job, "refresh", refresh, &step);
    show(&job, "training step", step);
    printf("%-16s %8.0f MiB\n", "peak memory", (double)util_peak_bytes() / (1 << 20));
    net_free(&job.net);
    float *all[] = {job.x, job.target, job.prob, job.dlogit, job.gradients};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    free(job.losses);
    free(job.keys);
    return EXIT_SUCCESS;
}
