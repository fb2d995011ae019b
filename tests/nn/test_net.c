/* SPDX-License-Identifier: BSD-3-Clause */
/* The network's promises: its list of values, slices that do not know of each other, masks by key,
 * statistics that carry over, and a training step that has the same bits however its batch is
 * shared among ranks, here threads that meet in the sums. */
#include "nn/loss.h"
#include "nn/net.h"
#include "base/tree.h"

#include "netcase.h"

#include <omp.h>
#include <pthread.h>

static struct net *fresh_net(const struct net_config *config, int max_batch, bool training)
{
    struct net *net = NULL;
    CHECK_OK(net_create(config, max_batch, training, &net));
    case_fill(net);
    return net;
}

static void test_values(void)
{
    struct net_config config = net_config_default();
    struct net *net = NULL;
    CHECK_OK(net_create(&config, 1, false, &net));
    size_t n, n_trainable, offset = 0;
    int n_params, channels = 0;
    net_values(net, &n, &n_trainable);
    const struct net_param *params = net_params(net, &n_params);
    CU_ASSERT_EQUAL(n_trainable, 3120977 + 131072);
    CU_ASSERT_EQUAL(n, n_trainable + 2 * 992);
    for (int p = 0; p < n_params; p++) {
        size_t count = 1;
        for (int k = 0; k < params[p].rank; k++)
            count *= (size_t)params[p].shape[k];
        CU_ASSERT_EQUAL(params[p].count, count);
        CU_ASSERT_EQUAL(params[p].offset, offset);
        CU_ASSERT_EQUAL(params[p].trainable, offset < n_trainable);
        offset += count;
    }
    for (int b = 0; b < BEN_BLOCKS; b++)
        channels += net_block_channels(net, b);
    CU_ASSERT_EQUAL(offset, n);
    CU_ASSERT_EQUAL(channels, 992);
    net_free(&net);
    CU_ASSERT_PTR_NULL(net);
}

static void refuse(struct net_config config, int max_batch)
{
    struct net *net = NULL;
    CU_ASSERT_EQUAL(net_create(&config, max_batch, false, &net), BEN_E_ARG);
    CU_ASSERT_PTR_NULL(net);
}

static void test_refusals(void)
{
    const struct net_config good = case_config(true, 0.1);
    struct net_config bad[8];
    for (int i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].size = 40;
    bad[1].size = 16; /* one position: nothing to pool in the non-local block */
    bad[2].channels = 8;
    bad[3].channels = 0;
    bad[4].dropout[3] = 1;
    bad[5].dropout[9] = NAN;
    bad[6].norm_eps = 0;
    bad[7].norm_momentum = 1.5;
    for (int i = 0; i < 8; i++)
        refuse(bad[i], 1);
    refuse(good, 0);
}

static void test_init(void)
{
    struct net_config config = case_config(true, 0);
    struct net *net = fresh_net(&config, 1, false), *other = fresh_net(&config, 1, false);
    size_t n;
    int n_params;
    const float *a = net_values(net, &n, NULL), *b = net_values(other, NULL, NULL);
    const struct net_param *params = net_params(net, &n_params);
    net_init(net, 5);
    net_init(other, 5);
    CU_ASSERT_EQUAL(memcmp(a, b, n * sizeof *a), 0);
    net_init(other, 6);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, n * sizeof *a), 0);
    for (int p = 0; p < n_params; p++) {
        double square = 0, count = (double)params[p].count;
        for (size_t i = 0; i < params[p].count; i++)
            square += (double)a[params[p].offset + i] * a[params[p].offset + i] / count;
        double want = params[p].init == BEN_INIT_HE_NORMAL ? 2.0 / params[p].fan_in
                                                           : params[p].init == BEN_INIT_ONE;
        /* Five deviations of a variance from count normal values. */
        CHECK_NEAR(square, want, 5 * want * sqrt(2 / count));
    }
    net_free(&net);
    net_free(&other);
}

enum { SLICES = 5 };

struct images {
    float *x, *masks, *prob, *again;
};

static struct images images_new(int n)
{
    size_t pixels = (size_t)n * CASE_PIXELS;
    struct images m = {case_floats(pixels), case_floats(pixels), case_floats(pixels),
                       case_floats(pixels)};
    case_batch(n, n, m.x, m.masks);
    return m;
}

static void images_free(struct images *m)
{
    free(m->x);
    free(m->masks);
    free(m->prob);
    free(m->again);
}

static bool same(const float *a, const float *b, int slices)
{
    return !memcmp(a, b, (size_t)slices * CASE_PIXELS * sizeof *a);
}

static void test_alone(void)
{
    struct net_config config = case_config(true, 0.3);
    struct images m = images_new(SLICES);
    int threads = omp_get_max_threads();
    uint32_t keys[SLICES] = {7, 3, 11, 3, 0};
    struct net *net = fresh_net(&config, SLICES, false);
    net_predict(net, m.x, SLICES, m.prob);
    for (int i = 0; i < SLICES; i++)
        net_predict(net, m.x + i * CASE_PIXELS, 1, m.again + i * CASE_PIXELS);
    CU_ASSERT(same(m.prob, m.again, SLICES));
    float *plain = malloc(sizeof(float) * SLICES * CASE_PIXELS);
    memcpy(plain, m.prob, sizeof(float) * SLICES * CASE_PIXELS);
    net_predict_mc(net, m.x, SLICES, 9, keys, 4, m.prob);
    net_free(&net);
    for (int t = 1; t <= 9; t = 3 * t) { /* other groups of slices, and slices shared, too */
        omp_set_num_threads(t);
        net = fresh_net(&config, SLICES, false);
        net_predict(net, m.x, SLICES, m.again);
        CU_ASSERT(same(plain, m.again, SLICES));
        for (int i = SLICES - 1; i >= 0; i--)
            net_predict(net, m.x + i * CASE_PIXELS, 1, m.again + i * CASE_PIXELS);
        CU_ASSERT(same(plain, m.again, SLICES));
        for (int i = SLICES - 1; i >= 0; i--)
            net_predict_mc(net, m.x + i * CASE_PIXELS, 1, 9, keys + i, 4,
                           m.again + i * CASE_PIXELS);
        CU_ASSERT(same(m.prob, m.again, SLICES));
        net_predict_mc(net, m.x, SLICES, 9, keys, 4, m.again);
        CU_ASSERT(same(m.prob, m.again, SLICES));
        net_free(&net);
    }
    omp_set_num_threads(threads);
    free(plain);
    images_free(&m);
}

static void test_monte_carlo(void)
{
    struct net_config config = case_config(true, 0.3), still = case_config(true, 0);
    struct images m = images_new(1);
    uint32_t key = 7, other = 8;
    struct net *net = fresh_net(&config, 1, false);
    net_predict_mc(net, m.x, 1, 9, &key, 0, m.prob);
    net_predict_mc(net, m.x, 1, 9, &key, 1, m.again);
    CU_ASSERT_FALSE(same(m.prob, m.again, 1));
    net_predict_mc(net, m.x, 1, 9, &other, 0, m.again);
    CU_ASSERT_FALSE(same(m.prob, m.again, 1));
    net_predict_mc(net, m.x, 1, 10, &key, 0, m.again);
    CU_ASSERT_FALSE(same(m.prob, m.again, 1));
    net_predict_mc(net, m.x, 1, 9, &key, 0, m.again);
    CU_ASSERT(same(m.prob, m.again, 1));
    net_free(&net);
    net = fresh_net(&still, 1, false);
    net_predict(net, m.x, 1, m.prob);
    net_predict_mc(net, m.x, 1, 9, &key, 0, m.again);
    CU_ASSERT(same(m.prob, m.again, 1));
    net_free(&net);
    images_free(&m);
}

/* Rates behind blocks from first on; a rate that drops nothing behind the first encoder keeps a
 * pass from sharing anything. */
static struct net_config sampled_config(int first, bool sharing)
{
    struct net_config config = case_config(first % 2, 0);
    for (int b = first; b < BEN_BLOCKS; b++)
        config.dropout[b] = 0.3;
    if (!sharing && first > 0)
        config.dropout[0] = 1e-6;
    return config;
}

/* What is computed ahead of the first dropout, and apart, changes a sample by rounding only: the
 * summands of a convolution come in another order. */
static void test_sharing(void)
{
    struct images m = images_new(2);
    uint32_t keys[] = {7, 3};
    for (int first = 1; first < BEN_BLOCKS; first++) {
        const struct net_config config = sampled_config(first, true),
                                whole = sampled_config(first, false);
        struct net *net = fresh_net(&config, 2, false), *other = fresh_net(&whole, 2, false);
        net_predict_mc(net, m.x, 2, 9, keys, 5, m.prob);
        net_predict_mc(other, m.x, 2, 9, keys, 5, m.again);
        for (int i = 0; i < 2 * CASE_PIXELS; i++)
            CHECK_NEAR(m.prob[i], m.again[i], 2e-5);
        net_free(&net);
        net_free(&other);
        if (case_quick())
            break;
    }
    images_free(&m);
}

enum { SAMPLES = 11 }; /* not a multiple of those that are taken together */

/* votes, mean, aleatoric, epistemic of each pixel from single passes. What rounding does to p - mean, its
 * square has twice. */
static void check_certainty(struct net *net, const float *x, int n,
                            const struct net_samples *samples, const struct net_certainty *got)
{
    int pixels = n * CASE_PIXELS;
    float *p[SAMPLES];
    for (uint32_t t = 0; t < samples->count; t++) {
        p[t] = case_floats((size_t)pixels);
        net_predict_mc(net, x, n, samples->seed, samples->keys, samples->first + t, p[t]);
    }
    for (int i = 0; i < pixels; i++) {
        double mean = 0, aleatoric = 0, epistemic = 0, count = samples->count;
        int votes = 0;
        for (uint32_t t = 0; t < samples->count; t++) {
            votes += p[t][i] > 0.5F;
            mean += p[t][i] / count;
            aleatoric += p[t][i] * (1.0 - p[t][i]) / count;
        }
        for (uint32_t t = 0; t < samples->count; t++)
            epistemic += (p[t][i] - mean) * (p[t][i] - mean) / count;
        CU_ASSERT_EQUAL(got->votes[i], (float)votes);
        CHECK_NEAR(got->mean[i], mean, 1e-6);
        CHECK_NEAR(got->aleatoric[i], aleatoric, 1e-6);
        CHECK_NEAR(got->epistemic[i], epistemic, 2e-7 * sqrt(epistemic) + 1e-12);
    }
    for (uint32_t t = 0; t < samples->count; t++)
        free(p[t]);
}

static struct net_certainty certainty_new(int n)
{
    size_t pixels = (size_t)n * CASE_PIXELS;
    return (struct net_certainty){case_floats(pixels), case_floats(pixels), case_floats(pixels),
                                  case_floats(pixels)};
}

static void certainty_free(struct net_certainty *c)
{
    free(c->mean);
    free(c->aleatoric);
    free(c->epistemic);
    free(c->votes);
}

static void check_same_certainty(const struct net_certainty *a, int at,
                                 const struct net_certainty *b, int n)
{
    size_t skip = (size_t)at * CASE_PIXELS;
    CU_ASSERT(same(a->mean + skip, b->mean, n));
    CU_ASSERT(same(a->aleatoric + skip, b->aleatoric, n));
    CU_ASSERT(same(a->epistemic + skip, b->epistemic, n));
    CU_ASSERT(same(a->votes + skip, b->votes, n));
}

static void test_certainty(void)
{
    struct images m = images_new(2);
    const uint32_t keys[] = {7, 3};
    const struct net_samples samples = {9, keys, 2, SAMPLES};
    struct net_certainty all = certainty_new(2), one = certainty_new(1);
    for (int first = case_quick() ? BEN_LEVELS : 0; first < BEN_BLOCKS; first += 2) {
        const struct net_config config = sampled_config(first, true);
        struct net *net = fresh_net(&config, 2, false);
        net_monte_carlo(net, m.x, 2, &samples, &all);
        check_certainty(net, m.x, 2, &samples, &all);
        net_free(&net);
        net = fresh_net(&config, 1, false); /* one thread, one slice */
        for (int i = 0; i < 2; i++) {
            const struct net_samples alone = {9, keys + i, 2, SAMPLES};
            net_monte_carlo(net, m.x + i * CASE_PIXELS, 1, &alone, &one);
            check_same_certainty(&all, i, &one, 1);
        }
        net_free(&net);
        if (case_quick())
            break;
    }
    certainty_free(&all);
    certainty_free(&one);
    images_free(&m);
}

/* Without dropout, and with such that drops nothing: all samples are the plain pass. */
static void test_certain(void)
{
    struct images m = images_new(1);
    const uint32_t key = 7;
    const struct net_samples samples = {9, &key, 0, 3};
    struct net_certainty got = certainty_new(1);
    for (int live = 0; live < 2; live++) {
        const struct net_config config = case_config(true, live ? 1e-6 : 0);
        struct net *net = fresh_net(&config, 1, false);
        net_predict(net, m.x, 1, m.prob);
        net_monte_carlo(net, m.x, 1, &samples, &got);
        CU_ASSERT(same(got.mean, m.prob, 1));
        for (int i = 0; i < CASE_PIXELS; i++) {
            CHECK_NEAR(got.aleatoric[i], m.prob[i] * (1.0 - m.prob[i]), 1e-7);
            CU_ASSERT_EQUAL(got.epistemic[i], 0);
            CU_ASSERT_EQUAL(got.votes[i], m.prob[i] > 0.5F ? 3 : 0);
        }
        net_free(&net);
    }
    certainty_free(&got);
    images_free(&m);
}

/* The views' attention adds up, is a slice's own, and comes from the views that count. */
static void test_attention(void)
{
    enum { CELLS = CASE_PIXELS / 256 };
    const struct net_config config = case_config(true, 0.3);
    struct images m = images_new(2);
    struct net *net = fresh_net(&config, 2, false);
    const float query[2 * CELLS] = {0, 0.5F, 0, 1, 0, 0, 0, 0};
    float key[2 * CELLS], alone[CELLS];
    net_attention(net, m.x, 2, query, key);
    double sum = 0;
    for (int i = 0; i < CELLS; i++) {
        sum += key[i];
        CU_ASSERT_EQUAL(key[CELLS + i], 0);
    }
    CHECK_NEAR(sum, CELLS, 1e-5);
    net_attention(net, m.x, 1, query, alone);
    CU_ASSERT_EQUAL(memcmp(alone, key, sizeof alone), 0);
    net_attention(net, m.x + CASE_PIXELS, 1, query, alone);
    CU_ASSERT(memcmp(alone, key, sizeof alone) != 0);
    net_free(&net);
    images_free(&m);
}

/* Sets block's running statistics to those of its input over the slices; earlier blocks have
 * theirs already. */
static void adopt(struct net *net, int b, const float *x, int n)
{
    int n_params, channels = net_block_channels(net, b);
    const struct net_param *params = net_params(net, &n_params);
    const struct net_param *mean = &params[n_params - 2 * BEN_BLOCKS + 2 * b], *var = mean + 1;
    float *values = net_values(net, NULL, NULL);
    double *moments = malloc(sizeof(double) * 2 * (size_t)channels * (size_t)n);
    int level = b <= 4 ? b : b == 5 ? 4 : 9 - b;
    double pixels = CASE_PIXELS >> (2 * level);
    net_stats(net, b, x, n, moments);
    for (int c = 0; c < channels; c++) {
        double centre = 0, m2 = 0;
        for (int i = 0; i < n; i++)
            centre += moments[2 * i * channels + c] / n;
        for (int i = 0; i < n; i++) {
            double off = moments[2 * i * channels + c] - centre;
            m2 += moments[(2 * i + 1) * channels + c] + pixels * off * off;
        }
        values[mean->offset + (size_t)c] = (float)centre;
        values[var->offset + (size_t)c] = (float)(m2 / (n * pixels));
    }
    free(moments);
    net_refresh(net);
}

/* With every norm's statistics taken layer by layer from a batch, prediction is what a training
 * pass with that batch's statistics gives; momentum 0 leaves the same values behind. */
static void test_statistics(void)
{
    if (case_quick())
        return;
    struct net_config config = case_config(true, 0);
    config.norm_momentum = 0;
    struct images m = images_new(SLICES);
    struct net *net = fresh_net(&config, SLICES, true),
               *train = fresh_net(&config, SLICES, true);
    struct net_sums sums = {.batch = SLICES};
    size_t n, n_trainable;
    for (int b = 0; b < BEN_BLOCKS; b++)
        adopt(net, b, m.x, SLICES);
    net_predict(net, m.x, SLICES, m.prob);
    CHECK_OK(net_train_forward(train, m.x, SLICES, 1, 0, &sums, m.again));
    for (int i = 0; i < SLICES * CASE_PIXELS; i++)
        CHECK_NEAR(m.prob[i], m.again[i], 5e-5);
    const float *a = net_values(net, &n, &n_trainable), *b = net_values(train, NULL, NULL);
    for (size_t i = n_trainable; i < n; i++)
        CHECK_NEAR(a[i], b[i], 2e-5 * (1 + fabsf(a[i])));
    net_free(&net);
    net_free(&train);
    images_free(&m);
}

/* The loss of a batch of 2 with dropout at values + step * direction. */
static double loss_along(struct net *net, struct images *m, const float *direction, double step,
                         float *gradients)
{
    size_t n, n_trainable;
    float *values = net_values(net, &n, &n_trainable);
    struct net_sums sums = {.batch = 2, .context = gradients};
    struct loss_config config = loss_config_paper();
    double losses[4];
    case_fill(net);
    for (size_t i = 0; direction && i < n_trainable; i++)
        values[i] = (float)(values[i] + step * direction[i]);
    net_refresh(net);
    CHECK_OK(net_train_forward(net, m->x, 2, 3, 1, &sums, m->prob));
    loss_slices(&config, &(struct loss_shape){2, 2, CASE_PIXELS}, m->prob, m->masks, losses,
                m->again);
    if (gradients)
        CHECK_OK(net_backward(net, m->again, 2, &sums));
    return (losses[0] + losses[1] + losses[2] + losses[3]) / 2;
}

/* The gradient with dropout: along itself the loss grows as its norm says. The step changes the
 * loss by 1e-3, a thousand times what rounding does; curvature adds the rest. */
static void test_slope(void)
{
    if (case_quick())
        return;
    struct net_config config = case_config(true, 0.2);
    struct net *net = fresh_net(&config, 2, true);
    struct images m = images_new(2);
    size_t n_trainable;
    net_values(net, NULL, &n_trainable);
    float *gradients = case_floats(n_trainable);
    loss_along(net, &m, NULL, 0, gradients);
    double square = 0;
    for (size_t i = 0; i < n_trainable; i++)
        square += (double)gradients[i] * gradients[i];
    double step = 5e-4 / square;
    double up = loss_along(net, &m, gradients, step, NULL);
    double down = loss_along(net, &m, gradients, -step, NULL);
    CHECK_NEAR((up - down) / (2 * step) / square, 1, 0.02);
    free(gradients);
    net_free(&net);
    images_free(&m);
}

/* Ranks as threads: what a rank brings to a sum is seen by all once everyone is there. */
enum { BATCH = 8, MAX_RANKS = 4 };

struct ranks {
    int n, shares[MAX_RANKS];
    pthread_barrier_t barrier;
    void *parts[MAX_RANKS];
    struct tree_node nodes[MAX_RANKS][BEN_TREE_NODES];
    int n_nodes[MAX_RANKS];
    void *total;
};

struct rank {
    struct ranks *all;
    int rank, first;
    float *gradients;
    size_t n_values;
    float *values; /* a copy, after the step */
    float *prob;
    struct images images;
    pthread_t thread;
};

/* All nodes in order of the batch, with the row of each. */
static int gather(const struct ranks *all, size_t row_bytes, struct tree_node *nodes,
                  void **rows)
{
    int found = 0, first = 0;
    for (int r = 0; r < all->n; first += all->shares[r++])
        for (int k = 0; k < all->n_nodes[r]; k++, found++) {
            nodes[found] = all->nodes[r][k];
            rows[found] =
                (char *)all->parts[r] + (size_t)(nodes[found].first - first) * row_bytes;
        }
    return found;
}

static enum ben_status sum_small(void *context, double *parts, int n, size_t width,
                                 double *total)
{
    struct rank *me = context;
    struct ranks *all = me->all;
    all->parts[me->rank] = parts;
    all->n_nodes[me->rank] =
        tree_sum_f64(parts, me->first, n, BATCH, width, all->nodes[me->rank]);
    pthread_barrier_wait(&all->barrier);
    if (me->rank == 0) {
        struct tree_node nodes[MAX_RANKS * BEN_TREE_NODES];
        void *rows[MAX_RANKS * BEN_TREE_NODES];
        int found = gather(all, width * sizeof(double), nodes, rows);
        tree_finish_f64((double *const *)rows, nodes, found, BATCH, width);
        all->total = rows[0];
    }
    pthread_barrier_wait(&all->barrier);
    memcpy(total, all->total, width * sizeof *total);
    pthread_barrier_wait(&all->barrier);
    return BEN_OK;
}

static enum ben_status sum_gradient(void *context, size_t offset, size_t count, int n,
                                    float *parts)
{
    struct rank *me = context;
    struct ranks *all = me->all;
    all->parts[me->rank] = parts;
    all->n_nodes[me->rank] =
        tree_sum_f32(parts, me->first, n, BATCH, count, all->nodes[me->rank]);
    pthread_barrier_wait(&all->barrier);
    if (me->rank == 0) {
        struct tree_node nodes[MAX_RANKS * BEN_TREE_NODES];
        void *rows[MAX_RANKS * BEN_TREE_NODES];
        int found = gather(all, count * sizeof(float), nodes, rows);
        tree_finish_f32((float *const *)rows, nodes, found, BATCH, count);
        all->total = rows[0];
    }
    pthread_barrier_wait(&all->barrier);
    memcpy(me->gradients + offset, all->total, count * sizeof *parts);
    pthread_barrier_wait(&all->barrier);
    return BEN_OK;
}

static void step_of(struct rank *me, const struct net_sums *sums)
{
    struct net_config config = case_config(true, 0.1);
    struct loss_config loss = loss_config_paper();
    int n = me->all ? me->all->shares[me->rank] : BATCH;
    struct net *net = fresh_net(&config, n > 0 ? n : 1, true);
    size_t n_trainable, skip = (size_t)me->first * CASE_PIXELS;
    double losses[2 * BATCH];
    const float *values = net_values(net, &me->n_values, &n_trainable);
    CHECK_OK(
        net_train_forward(net, me->images.x + skip, n, 3, 1, sums, me->images.prob + skip));
    loss_slices(&loss, &(struct loss_shape){n, BATCH, CASE_PIXELS}, me->images.prob + skip,
                me->images.masks + skip, losses, me->images.again + skip);
    CHECK_OK(net_backward(net, me->images.again + skip, n, sums));
    memcpy(me->values, values, me->n_values * sizeof *values);
    net_free(&net);
}

static void *rank_main(void *argument)
{
    struct rank *me = argument;
    struct net_sums sums = {sum_small, sum_gradient, me, BATCH, me->first};
    omp_set_num_threads(1);
    step_of(me, &sums);
    return NULL;
}

static struct rank rank_new(struct ranks *all, int rank, int first, size_t n_values)
{
    return (struct rank){.all = all,
                         .rank = rank,
                         .first = first,
                         .gradients = case_floats(n_values),
                         .values = case_floats(n_values),
                         .images = images_new(BATCH)};
}

static void rank_free(struct rank *rank)
{
    free(rank->gradients);
    free(rank->values);
    images_free(&rank->images);
}

/* Every rank has the serial step's gradients and running statistics, and its slices' output. */
static void compare_shares(const struct rank *serial, struct ranks *all)
{
    struct rank ranks[MAX_RANKS];
    pthread_barrier_init(&all->barrier, NULL, (unsigned)all->n);
    for (int r = 0, first = 0; r < all->n; first += all->shares[r++])
        ranks[r] = rank_new(all, r, first, serial->n_values);
    for (int r = 0; r < all->n; r++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&ranks[r].thread, NULL, rank_main, &ranks[r]), 0);
    for (int r = 0; r < all->n; r++)
        pthread_join(ranks[r].thread, NULL);
    for (int r = 0; r < all->n; r++) {
        size_t skip = (size_t)ranks[r].first * CASE_PIXELS, bytes = serial->n_values * 4;
        CU_ASSERT_EQUAL(memcmp(ranks[r].gradients, serial->gradients, bytes), 0);
        CU_ASSERT_EQUAL(memcmp(ranks[r].values, serial->values, bytes), 0);
        CU_ASSERT(
            same(ranks[r].images.prob + skip, serial->images.prob + skip, all->shares[r]));
        rank_free(&ranks[r]);
    }
    pthread_barrier_destroy(&all->barrier);
}

static void test_shares(void)
{
    struct ranks splits[] = {{.n = 2, .shares = {3, 5}},
                             {.n = 2, .shares = {4, 4}},
                             {.n = 2, .shares = {0, 8}},
                             {.n = 4, .shares = {2, 2, 2, 2}},
                             {.n = 1, .shares = {8}}};
    struct net_config config = case_config(true, 0.1);
    struct net *net = fresh_net(&config, 1, false);
    size_t n_values, n = case_quick() ? 1 : sizeof splits / sizeof splits[0];
    net_values(net, &n_values, NULL);
    net_free(&net);
    struct rank serial = rank_new(NULL, 0, 0, n_values);
    struct net_sums local = {.batch = BATCH, .context = serial.gradients};
    step_of(&serial, &local);
    for (size_t i = 0; i < n; i++)
        compare_shares(&serial, &splits[i]);
    rank_free(&serial);
}

static const struct check_test tests[] = {
    {"list of values", test_values},
    {"refusals", test_refusals},
    {"initial values", test_init},
    {"slices do not know of each other", test_alone},
    {"Monte Carlo masks", test_monte_carlo},
    {"statistics layer by layer", test_statistics},
    {"what samples share", test_sharing},
    {"certainty from samples", test_certainty},
    {"certainty without dropout", test_certain},
    {"what the non-local block draws on", test_attention},
    {"slope with dropout", test_slope},
    {"a batch shared among ranks", test_shares},
};
CHECK_MAIN("nn net", tests)
