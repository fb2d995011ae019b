/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact norm statistics: those of one training pass over the whole set as a single batch,
 * without dropout, which reaches them another way; the same bits for any number of ranks. */
#include "base/random.h"
#include "check_ranks.h"
#include "train/adabn.h"

#include <string.h>

#define SIZE   32
#define PIXELS (SIZE * SIZE)
#define SLICES 7

static uint16_t images[SLICES * PIXELS];
static struct dataset dataset = {.size = SIZE, .n_slices = SLICES, .images = images};

static struct net *make_net(int max_batch, bool training)
{
    struct net_config config = net_config_default();
    struct net *net = NULL;
    config.size = SIZE;
    config.norm_momentum = 0;
    memset(config.dropout, 0, sizeof config.dropout);
    CHECK_OK(net_create(&config, max_batch, training, &net));
    net_init(net, 5);
    net_refresh(net);
    return net;
}

static void draw(void)
{
    struct random_stream stream = random_open(9, BEN_RANDOM_TEST, 0, 0);
    for (uint32_t i = 0; i < SLICES * PIXELS; i++)
        images[i] = (uint16_t)(65535 * random_uniform(&stream, i) * (1 + i / PIXELS) / SLICES);
}

static float *make_norm(const struct comm *comm, const struct adabn_config *config,
                        int max_batch, size_t *n, size_t *first)
{
    static const long order[SLICES] = {6, 0, 3, 1, 5, 2, 4};
    struct net *net = make_net(max_batch, false);
    CHECK_OK(adabn_run(config, comm, net, max_batch, &dataset, order, SLICES));
    const float *values = net_values(net, n, first);
    float *copy = malloc(*n * sizeof *copy);
    memcpy(copy, values, *n * sizeof *copy);
    net_free(&net);
    return copy;
}

static float *make_exact(const struct comm *comm, int max_batch, size_t *n, size_t *first)
{
    const struct adabn_config config = {.form = BEN_ADABN_EXACT, .share = 1};
    return make_norm(comm, &config, max_batch, n, first);
}

static void test_equals_one_batch(void)
{
    struct net *net = make_net(SLICES, true);
    size_t n, first;
    static float x[SLICES * PIXELS], prob[SLICES * PIXELS];
    float *gradient;
    draw();
    for (long s = 0; s < SLICES; s++)
        dataset_read_image(&dataset, s, x + s * PIXELS);
    const float *wanted = net_values(net, &n, &first);
    gradient = calloc(first, sizeof *gradient);
    struct net_sums sums = {.context = gradient, .batch = SLICES};
    CHECK_OK(net_train_forward(net, x, SLICES, 1, 1, &sums, prob));
    float *exact = make_exact(&world, 2, &n, &first);
    /* Single-precision activations reach both by other roundings. */
    for (size_t i = first; i < n; i++)
        CHECK_NEAR(exact[i], wanted[i], 1e-4 * (1 + fabs(wanted[i])));
    free(exact);
    free(gradient);
    net_free(&net);
}

static void test_ranks_and_batches_do_not_show(void)
{
    struct comm self = comm_self();
    size_t n, first;
    draw();
    float *alone = make_exact(&self, 3, &n, &first),
          *together = make_exact(&world, 2, &n, &first);
    CU_ASSERT_EQUAL(memcmp(alone, together, n * sizeof *alone), 0);
    free(alone);
    free(together);
}

/* What the first norm layer sees depends on no other: the source's statistics there, mean 0 and
 * variance 1, and the target's are those of one set. */
static void test_share_is_a_mixture(void)
{
    const double share = .3;
    draw();
    for (int form = BEN_ADABN_EXACT; form <= BEN_ADABN_STREAM; form++) {
        const struct adabn_config all = {.form = (enum adabn_form)form, .share = 1};
        const struct adabn_config part = {.form = (enum adabn_form)form, .share = share};
        size_t n, first, channels = 16;
        float *whole = make_norm(&world, &all, 3, &n, &first);
        float *mixed = make_norm(&world, &part, 3, &n, &first);
        const float *mean = whole + first, *variance = mean + channels;
        for (size_t k = 0; k < channels; k++) {
            double square = (1 - share) * 1 + share * (variance[k] + (double)mean[k] * mean[k]);
            double wanted = share * mean[k];
            CHECK_NEAR(mixed[first + k], wanted, 1e-6 * (1 + fabs(wanted)));
            CHECK_NEAR(mixed[first + channels + k], square - wanted * wanted, 1e-5 * square);
        }
        free(whole);
        free(mixed);
    }
}

static const struct check_test tests[] = {
    {"equals one batch of all slices", test_equals_one_batch},
    {"a share below 1 mixes two sets", test_share_is_a_mixture},
    {"ranks and batches do not show", test_ranks_and_batches_do_not_show},
};

CHECK_MAIN_RANKS("train/adabn", tests)
