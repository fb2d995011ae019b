/* SPDX-License-Identifier: BSD-3-Clause */
/* Our side of the comparison with other programs.
 *   ours export DIR BATCH           weights.h5, image.f32 and target.f32 of BATCH slices
 *   ours serve DIR BATCH THREADS    does the jobs named on standard input, one a line:
 *     infer, mc, train: once over the batch; "WALL CPU" seconds
 *     write: DIR/ours.THREADS.f32, the probabilities
 * The weights are random after He; biases are not zero and the running statistics those of the
 * batch, so that the numbers are of the size that a trained network's have. */
#include "base/random.h"
#include "base/util.h"
#include "bench/head.h"
#include "bench/step.h"
#include "io/weights.h"
#include "train/model.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEED = 1, SAMPLES = 10 };

static double cpu_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t pixels(int batch)
{
    struct net_config config = net_config_default();
    return (size_t)batch * (size_t)config.size * (size_t)config.size;
}

static enum ben_status write_floats(const char *folder, const char *name, const float *x,
                                    size_t n)
{
    enum ben_status st = BEN_OK;
    char *path = util_format("%s/%s", folder, name);
    TRY_NEW(path);
    TRY(util_write_file(path, x, n * sizeof *x));
out:
    free(path);
    return st;
}

static void shake_biases(struct net *net)
{
    int n;
    const struct net_param *params = net_params(net, &n);
    float *values = net_values(net, NULL, NULL);
    for (int p = 0; p < n; p++) {
        struct random_stream stream = random_open(SEED, BEN_RANDOM_TEST, (uint32_t)p, 0);
        if (strstr(params[p].name, ".bias"))
            for (size_t i = 0; i < params[p].count; i++)
                values[params[p].offset + i] =
                    0.1f * (float)random_normal(&stream, (uint32_t)i);
    }
    net_refresh(net);
}

/* A network of random weights, with the statistics of its own activations on x: with momentum 0
 * the forward pass of a training step leaves the batch's. */
static enum ben_status make_net(const float *x, int batch, float *prob, struct net **net)
{
    enum ben_status st = BEN_OK;
    struct net_config config = net_config_default();
    const struct net_sums sums = {.batch = batch};
    config.norm_momentum = 0;
    memset(config.dropout, 0, sizeof config.dropout);
    TRY(net_create(&config, batch, true, net));
    net_init(*net, SEED);
    shake_biases(*net);
    TRY(net_train_forward(*net, x, batch, SEED, 0, &sums, prob));
out:
    return st;
}

static enum ben_status write_net(const char *folder, struct net *net)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    const struct net_config config = net_config_default();
    char *path = util_format("%s/weights.h5", folder);
    TRY_NEW(path);
    TRY(weights_create(BEN_WEIGHTS_NET, &file));
    TRY(model_to_weights(net, file));
    memcpy(file->arch.dropout, config.dropout, sizeof config.dropout);
    file->arch.norm_momentum = config.norm_momentum;
    file->prep = (struct weights_prep){.plane = "axial",
                                       .species = "human",
                                       .n4 = true,
                                       .percentile_low = 1,
                                       .percentile_high = 99,
                                       .threshold = 0.5};
    TRY(weights_write(file, path, false));
out:
    weights_free(&file);
    free(path);
    return st;
}

static enum ben_status export(const char *folder, int batch) {
    enum ben_status st = BEN_OK; struct net *net = NULL; float *x = NULL;
    size_t n = pixels(batch);
    TRY_NEW(x = aligned_alloc(64, 3 * n * sizeof *x));
    TRY(head_slices(SEED, net_config_default().size, batch, x, x + n));
    TRY(make_net(x, batch, x + 2 * n, &net));
    TRY(write_net(folder, net));
    TRY(write_floats(folder, "image.f32", x, n));
    TRY(write_floats(folder, "target.f32", x + n, n));
    out : net_free(&net);
    free(x);
    return st;
}

/* What serves the jobs. */
struct server {
    const char *folder;
    int batch, threads;
    struct net *net;
    struct step *step; /* opened at the first training job */
    struct comm self;
    struct net_config config;
    struct weights_file *file;
    struct net_certainty certainty;
    float *x, *prob; /* [batch][size][size]; x has the target behind it */
    uint32_t *keys;
};

static enum ben_status train(struct server *s)
{
    enum ben_status st = BEN_OK;
    double seconds[STEP_PARTS];
    if (!s->step) {
        TRY(step_open(&s->self, &s->config, s->batch, SEED, &s->step));
        TRY(model_load(s->file, step_net(s->step)));
    }
    TRY(step_run(s->step, seconds));
out:
    return st;
}

static enum ben_status do_job(struct server *s, const char *job)
{
    enum ben_status st = BEN_OK;
    char *name = util_format("ours.%d.f32", s->threads);
    TRY_NEW(name);
    if (strcmp(job, "infer") == 0)
        net_predict(s->net, s->x, s->batch, s->prob);
    else if (strcmp(job, "mc") == 0)
        net_monte_carlo(s->net, s->x, s->batch,
                        &(struct net_samples){SEED, s->keys, 0, SAMPLES}, &s->certainty);
    else if (strcmp(job, "train") == 0)
        TRY(train(s));
    else if (strcmp(job, "write") == 0)
        TRY(write_floats(s->folder, name, s->prob, pixels(s->batch)));
    else
        FAIL(BEN_E_ARG, "unknown job '%s'", job);
out:
    free(name);
    return st;
}

static enum ben_status open_server(struct server *s)
{
    enum ben_status st = BEN_OK;
    size_t n = pixels(s->batch);
    char *path = util_format("%s/weights.h5", s->folder);
    TRY_NEW(path);
    s->self = comm_self();
    s->config = net_config_default();
    omp_set_num_threads(s->threads);
    TRY(weights_read(path, &s->file));
    TRY(model_from_weights(s->file, s->batch, false, &s->net));
    TRY_NEW(s->x = aligned_alloc(64, 2 * n * sizeof *s->x));
    TRY_NEW(s->prob = aligned_alloc(64, n * sizeof *s->prob));
    TRY_NEW(s->certainty.mean = aligned_alloc(64, n * sizeof(float)));
    TRY_NEW(s->certainty.aleatoric = aligned_alloc(64, n * sizeof(float)));
    TRY_NEW(s->certainty.epistemic = aligned_alloc(64, n * sizeof(float)));
    TRY_NEW(s->keys = calloc((size_t)s->batch, sizeof *s->keys));
    for (int i = 0; i < s->batch; i++)
        s->keys[i] = (uint32_t)i;
    TRY(head_slices(SEED, s->config.size, s->batch, s->x, s->x + n));
out:
    free(path);
    return st;
}

static enum ben_status serve(struct server *s)
{
    enum ben_status st = BEN_OK;
    char job[32];
    TRY(open_server(s));
    printf("ready ben-mpi %s\n", BEN_VERSION);
    fflush(stdout);
    while (scanf("%31s", job) == 1) {
        double wall = util_now_s(), cpu = cpu_now_s();
        TRY(do_job(s, job));
        printf("%.6f %.6f\n", util_now_s() - wall, cpu_now_s() - cpu);
        fflush(stdout);
    }
out:
    step_close(&s->step);
    net_free(&s->net);
    weights_free(&s->file);
    free(s->certainty.mean);
    free(s->certainty.aleatoric);
    free(s->certainty.epistemic);
    free(s->x);
    free(s->prob);
    free(s->keys);
    return st;
}

int main(int argc, char **argv)
{
    enum ben_status st = BEN_E_ARG;
    struct comm world;
    if (comm_open(&argc, &argv, &world) != BEN_OK)
        return EXIT_FAILURE;
    if (argc == 4 && strcmp(argv[1], "export") == 0)
        st = export(argv[2], atoi(argv[3]));
    else if (argc == 5 && strcmp(argv[1], "serve") == 0)
        st = serve(&(struct server){
            .folder = argv[2], .batch = atoi(argv[3]), .threads = atoi(argv[4])});
    if (st)
        fprintf(stderr, "ours: %s\n", ben_error_text());
    comm_close(&world);
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
