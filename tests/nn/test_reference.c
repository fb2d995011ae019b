/* SPDX-License-Identifier: BSD-3-Clause */
/* The whole network against PyTorch in double precision: tests/ref/nlunet.txt and unet.txt, made
 * by tools/reference.py (which describes them), hold outputs, every gradient, the statistics and
 * ten steps of training. */
#include "nn/loss.h"
#include "nn/net.h"

#include "netcase.h"

enum { BATCH = 3, STEPS = 10, SUMMARY = 13, SIGNS = 4, ENTRIES = 8 };

/* Largest differences. Single precision has 6e-8 per operation, which the transforms of
 * F(4x4,3x3) amplify about tenfold and twenty layers add up. Where a batch norm's variance is
 * small the factor 1/sqrt(var + eps) amplifies again, in backward twice. Gradients are compared
 * in units of the tensor's norm, so that an entry off by its own size in a tensor of n entries
 * still shows as 1/sqrt(n), 1e-3 at least; a wrong term shows as 0.1 and more. */
static const struct {
    double output;   /* probabilities */
    double gradient; /* of the tensor's norm */
    double moments;  /* of the tensor's norm */
    double losses;   /* of ten Adam steps, which divide by small numbers */
} limits = {.output = 5e-5, .gradient = 3e-4, .moments = 2e-5, .losses = 2e-4};

struct record {
    char name[80];
    int n;
    double *v;
};

struct reference {
    struct record *records;
    int n;
};

static const char *folder(void)
{
    const char *named = getenv("BEN_TEST_REF");
    return named ? named : "tests/ref";
}

static struct reference reference_read(const char *name)
{
    struct reference ref = {calloc(256, sizeof *ref.records), 0};
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder(), name);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(ref.records);
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct record *r = ref.records;
    for (; ref.n < 256 && fscanf(file, "%79s %d", r->name, &r->n) == 2; ref.n++, r++) {
        r->v = malloc((size_t)r->n * sizeof *r->v);
        for (int i = 0; i < r->n; i++)
            CU_ASSERT_EQUAL_FATAL(fscanf(file, "%lf", &r->v[i]), 1);
    }
    fclose(file);
    return ref;
}

static void reference_free(struct reference *ref)
{
    for (int i = 0; i < ref->n; i++)
        free(ref->records[i].v);
    free(ref->records);
}

static const double *find(const struct reference *ref, const char *kind, const char *name,
                          int n)
{
    char full[80];
    snprintf(full, sizeof full, "%s%s%s", kind, *name ? "." : "", name);
    for (int i = 0; i < ref->n; i++)
        if (!strcmp(ref->records[i].name, full) && ref->records[i].n == n)
            return ref->records[i].v;
    fprintf(stderr, "no %s in the reference\n", full);
    CU_FAIL_FATAL("a name is missing in the reference");
    return NULL;
}

/* The largest difference between a tensor's summary and the reference's, in units of its norm. */
static double differ(const double *want, const double *x, size_t n, int place)
{
    uint32_t *signs = case_words((uint32_t)(CASE_SIGNS + place), 0, n);
    uint32_t *entries = case_words((uint32_t)(CASE_ENTRIES + place), 0, ENTRIES);
    double got[SUMMARY] = {0}, worst = 0;
    for (size_t i = 0; i < n; i++) {
        got[0] += x[i] * x[i];
        for (int k = 0; k < SIGNS; k++)
            got[1 + k] += signs[i] >> k & 1 ? -x[i] : x[i];
    }
    got[0] = sqrt(got[0]);
    for (int k = 0; k < ENTRIES; k++)
        got[1 + SIGNS + k] = x[entries[k] % n];
    for (int k = 0; k < SUMMARY; k++)
        worst = fmax(worst, fabs(got[k] - want[k]) / want[0]);
    free(signs);
    free(entries);
    return isfinite(got[0]) ? worst : INFINITY;
}

static double differ_floats(const double *want, const float *x, size_t n, int place)
{
    double *wide = malloc(n * sizeof *wide);
    for (size_t i = 0; i < n; i++)
        wide[i] = x[i];
    double worst = differ(want, wide, n, place);
    free(wide);
    return worst;
}

struct trial {
    struct reference ref;
    struct net *net;
    struct loss_config loss;
    float *images, *masks, *prob, *dlogit, *gradients;
    size_t n_values, n_trainable;
};

static void setup(struct trial *t, bool nonlocal, struct loss_config loss)
{
    size_t pixels = BATCH * CASE_PIXELS;
    struct net_config config = case_config(nonlocal, 0);
    *t = (struct trial){.ref = reference_read(nonlocal ? "nlunet.txt" : "unet.txt"),
                        .loss = loss,
                        .images = case_floats(pixels),
                        .masks = case_floats(pixels),
                        .prob = case_floats(pixels),
                        .dlogit = case_floats(pixels)};
    CHECK_OK(net_create(&config, BATCH, true, &t->net));
    net_values(t->net, &t->n_values, &t->n_trainable);
    t->gradients = case_floats(t->n_trainable);
    case_fill(t->net);
    case_batch(BATCH, BATCH, t->images, t->masks);
}

static void teardown(struct trial *t)
{
    reference_free(&t->ref);
    net_free(&t->net);
    float *all[] = {t->images, t->masks, t->prob, t->dlogit, t->gradients};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void check(const char *what, const char *name, double error, double limit)
{
    if (getenv("BEN_TEST_SHOW"))
        fprintf(stderr, "%-10s %-24s %.1e\n", what, name, error);
    if (!(error <= limit))
        fprintf(stderr, "%s %s: off by %.2e, limit %.1e\n", what, name, error, limit);
    CU_ASSERT(error <= limit);
}

static void check_output(const struct trial *t, const char *name)
{
    const double *want = find(&t->ref, name, "", BATCH * CASE_PIXELS);
    double worst = 0;
    for (int i = 0; i < BATCH * CASE_PIXELS; i++)
        worst = isfinite(t->prob[i]) ? fmax(worst, fabs(t->prob[i] - want[i])) : INFINITY;
    check("output", name, worst, limits.output);
}

/* The input of every norm layer, by slice: mean and, from the sum of squares, variance. */
static void check_moments(struct trial *t)
{
    static const char *const blocks[BEN_BLOCKS] = {"enc1", "enc2", "enc3", "enc4", "start",
                                                   "end",  "dec4", "dec3", "dec2", "dec1"};
    for (int b = 0; b < BEN_BLOCKS; b++) {
        char name[32];
        int channels = net_block_channels(t->net, b), level = b <= 4 ? b : b == 5 ? 4 : 9 - b;
        size_t n = (size_t)BATCH * 2 * (size_t)channels;
        double *moments = malloc(n * sizeof *moments);
        net_stats(t->net, b, t->images, BATCH, moments);
        for (size_t i = 0; i < n; i++)
            if (i / (size_t)channels % 2)
                moments[i] /= (double)(CASE_PIXELS >> (2 * level));
        snprintf(name, sizeof name, "%s.norm", blocks[b]);
        double error = differ(find(&t->ref, "stats", name, SUMMARY), moments, n, b);
        check("moments", name, error, limits.moments);
        free(moments);
    }
}

/* One step's gradients and loss. */
static double gradients_of(struct trial *t)
{
    struct net_sums sums = {.batch = BATCH, .context = t->gradients};
    double losses[BATCH][2], mean = 0;
    CHECK_OK(net_train_forward(t->net, t->images, BATCH, 1, 0, &sums, t->prob));
    loss_slices(&t->loss, &(struct loss_shape){BATCH, BATCH, CASE_PIXELS}, t->prob, t->masks,
                losses[0], t->dlogit);
    CHECK_OK(net_backward(t->net, t->dlogit, BATCH, &sums));
    for (int i = 0; i < BATCH; i++)
        mean += (t->loss.cross_entropy * losses[i][0] + t->loss.dice * losses[i][1]) / BATCH;
    return mean;
}

static void check_gradients(const struct trial *t)
{
    int n;
    const struct net_param *params = net_params(t->net, &n);
    const float *values = net_values(t->net, NULL, NULL);
    for (int p = 0; p < n; p++) {
        const char *kind = params[p].trainable ? "gradient" : "running";
        const float *x = (params[p].trainable ? t->gradients : values) + params[p].offset;
        const double *want = find(&t->ref, kind, params[p].name, SUMMARY);
        double error = differ_floats(want, x, params[p].count, p);
        check(kind, params[p].name, error,
              params[p].trainable ? limits.gradient : limits.moments);
    }
}

/* Adam (Kingma and Ba 2015) as PyTorch has it, lr 1e-3, in double. */
static void adam_step(struct trial *t, int step, double *m, double *v)
{
    float *values = net_values(t->net, NULL, NULL);
    double rate = 1e-3 * sqrt(1 - pow(0.999, step)) / (1 - pow(0.9, step));
    double eps = 1e-8 * sqrt(1 - pow(0.999, step));
    for (size_t i = 0; i < t->n_trainable; i++) {
        double g = t->gradients[i];
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        values[i] = (float)(values[i] - rate * m[i] / (sqrt(v[i]) + eps));
    }
    net_refresh(t->net);
}

static void check_training(struct trial *t)
{
    const double *want = find(&t->ref, "losses", "", STEPS);
    double *m = calloc(2 * t->n_trainable, sizeof *m), worst = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(m);
    for (int step = 1; step <= (case_quick() ? 1 : STEPS); step++) {
        double loss = gradients_of(t);
        if (step == 1) {
            check_output(t, "train");
            check_gradients(t);
            check("loss", "first", fabs(loss - want[0]), limits.output);
        }
        worst = fmax(worst, fabs(loss - want[step - 1]));
        adam_step(t, step, m, m + t->n_trainable);
    }
    check("losses", "ten steps", worst, limits.losses);
    free(m);
}

static void compare(bool nonlocal, struct loss_config loss)
{
    struct trial t;
    setup(&t, nonlocal, loss);
    net_predict(t.net, t.images, BATCH, t.prob);
    check_output(&t, "infer");
    check_moments(&t);
    check_training(&t);
    teardown(&t);
}

static void test_nlunet(void)
{
    compare(true, loss_config_paper());
}

static void test_unet(void)
{
    if (!case_quick())
        compare(false, loss_config_code());
}

static const struct check_test tests[] = {
    {"with the non-local block, the paper's loss", test_nlunet},
    {"without it, the authors' loss", test_unet},
};
CHECK_MAIN("nn reference", tests)
