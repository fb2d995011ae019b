/* SPDX-License-Identifier: BSD-3-Clause */
/* Training on labels and pseudo-labels over ranks, on drawn heads: every rank count gives the
 * bits that one rank gives, and a run that was stopped ends as one that was not. */
#include "base/util.h"
#include "check_ranks.h"
#include "prep/post.h"
#include "train/drawn.h"

#include <string.h>
#include <unistd.h>

static uint64_t undisturbed; /* by one rank alone */
static const bool unlabelled[SCANS] = {false, false, true};
static const bool all_unlabelled[SCANS] = {true, false, true};

static void measure(int size, int samples, double threshold, const struct net_certainty *maps,
                    double parts[SELFTRAIN_PARTS])
{
    CU_ASSERT_FATAL(samples == 2 && threshold == 0.5);
    memset(parts, 0, SELFTRAIN_PARTS * sizeof *parts);
    for (int i = 0; i < size * size; i++)
        parts[0] += (double)maps->aleatoric[i] + (double)maps->epistemic[i];
}

static double judge(const double parts[SELFTRAIN_PARTS])
{
    return parts[0];
}

static const struct selftrain_scorer scorer = {measure, judge, judge};

static struct trainer_config make_config(void)
{
    struct trainer_config config = base_config();
    config.epochs = 3;
    config.batch = 3;
    config.batches.samples = 5;
    config.selftrain = (struct selftrain_config){.batch = 2,
                                                 .start = 1,
                                                 .refresh = 1,
                                                 .weight = 0.5,
                                                 .samples = 2,
                                                 .keep = 0.6,
                                                 .clean = true,
                                                 .threshold = 0.5};
    return config;
}

static uint64_t train(const struct comm *comm, const struct trainer_config *config,
                      const bool *hidden, struct trainer_result *result)
{
    struct net *net = make_net(comm, config);
    struct trainer_job job = {.world = comm,
                              .dataset = &dataset,
                              .validates = validates,
                              .unlabelled = hidden,
                              .scorer = &scorer};
    CHECK_OK(trainer_run(&job, config, net, result));
    uint64_t hash = hash_values(net);
    net_free(&net);
    return hash;
}

/* What the first rank gets without the others, told to all. */
static uint64_t train_alone(const struct trainer_config *config, const bool *hidden,
                            struct trainer_result *result)
{
    struct comm self = comm_self();
    uint64_t hash = world.rank == 0 ? train(&self, config, hidden, result) : 0;
    check_await_all();
    CHECK_OK(comm_broadcast(&world, &hash, sizeof hash, 0));
    CHECK_OK(comm_broadcast(&world, result, sizeof *result, 0));
    return hash;
}

static void test_ranks_do_not_show(void)
{
    struct trainer_config config = make_config();
    struct trainer_result alone, together;
    draw_dataset();
    undisturbed = train_alone(&config, unlabelled, &alone);
    CU_ASSERT_EQUAL(train(&world, &config, unlabelled, &together), undisturbed);
    CU_ASSERT_EQUAL(alone.last_round.kept, together.last_round.kept);
    CU_ASSERT_EQUAL(alone.last_round.worst_kept, together.last_round.worst_kept);
    CU_ASSERT_EQUAL(alone.last_round.dice, together.last_round.dice);
    CU_ASSERT_EQUAL(alone.rounds, 2);
    CU_ASSERT_EQUAL(alone.last_round.candidates, SLICES);
    CU_ASSERT_EQUAL(alone.last_round.kept, 5); /* 4.2 of 7 */
    CU_ASSERT_EQUAL(alone.last_round.references, 1);
    CU_ASSERT_EQUAL(alone.steps, 3 * 2);
}

static void test_without_labels(void)
{
    struct trainer_config config = make_config();
    struct trainer_result alone, together;
    config.batches.samples = 0;
    config.selftrain.batch = SLICES;
    config.epochs = 2;
    CU_ASSERT_EQUAL(train_alone(&config, all_unlabelled, &alone),
                    train(&world, &config, all_unlabelled, &together));
    CU_ASSERT_EQUAL(alone.rounds, 2);
    CU_ASSERT_EQUAL(alone.steps, 2 * 2); /* half of 14 slices each */
    CU_ASSERT(alone.loss != alone.loss);
}

/* The pseudo-labels of a round of a network that was never trained, whose masks are noise. */
static void label(bool clean, uint8_t *to)
{
    struct trainer_config config = make_config();
    struct selftrain *selftrain = NULL;
    struct selftrain_report report;
    struct net *net = make_net(&world, &config);
    config.selftrain.clean = clean;
    CHECK_OK(selftrain_create(&world, &dataset, unlabelled, &config.selftrain, &scorer,
                              trainer_max_batch(&config, &world), &selftrain));
    CHECK_OK(selftrain_round(selftrain, net, 3, 0, NULL, &report));
    memcpy(to, dataset_mask(selftrain_dataset(selftrain), 2 * SLICES), SLICES * PIXELS);
    selftrain_free(&selftrain);
    net_free(&net);
}

/* They are cleaned as segment's masks are, by the scan's own millimetres. */
static void test_pseudo_labels_are_mended(void)
{
    static uint8_t raw[SLICES * PIXELS], cleaned[SLICES * PIXELS], expected[SLICES * PIXELS];
    const int dim[3] = {SIZE, SIZE, SLICES};
    struct post_config post = post_defaults();
    long voxels;
    draw_dataset();
    scans[2].mm = 1;
    scans[2].thickness_mm = 0.5;
    const double mm[3] = {scans[2].mm, scans[2].mm, scans[2].thickness_mm};
    label(false, raw);
    label(true, cleaned);
    memcpy(expected, raw, sizeof raw);
    CHECK_OK(post_clean(&post, dim, mm, expected, &voxels));
    CU_ASSERT(memcmp(expected, cleaned, sizeof cleaned) != 0); /* not mended */
    memcpy(expected, raw, sizeof raw);
    post.mend_plane = 2;
    CHECK_OK(post_clean(&post, dim, mm, expected, &voxels));
    CU_ASSERT(memcmp(expected, cleaned, sizeof cleaned) == 0);
}

static long steps_allowed;

static bool stop_after_a_while(void)
{
    return steps_allowed-- <= 0;
}

/* One rank gets the signal, now between steps, now in a round. */
static void test_stopped_runs_end_alike(void)
{
    struct trainer_config config = make_config();
    struct trainer_result resumed;
    char *checkpoint = util_format("%s/checkpoint", folder);
    struct trainer_job job = {.world = &world,
                              .dataset = &dataset,
                              .validates = validates,
                              .unlabelled = unlabelled,
                              .scorer = &scorer,
                              .identity = "a run of this test\n",
                              .checkpoint = checkpoint,
                              .interrupted = stop_after_a_while};
    enum ben_status st = BEN_E_INTERRUPTED;
    uint64_t hash = 0;
    int stops = -1;
    for (; st == BEN_E_INTERRUPTED && stops < 20; stops++) {
        struct net *net = make_net(&world, &config);
        steps_allowed = world.rank == world.size - 1 ? 4 + stops : 1000;
        st = trainer_run(&job, &config, net, &resumed);
        hash = hash_values(net);
        net_free(&net);
    }
    CHECK_OK(st);
    CU_ASSERT(stops >= 1);
    CU_ASSERT_EQUAL(hash, undisturbed);
    CU_ASSERT_EQUAL(resumed.rounds, 2);
    free(checkpoint);
}

static const struct check_test tests[] = {
    {"ranks do not show", test_ranks_do_not_show},
    {"without labels", test_without_labels},
    {"stopped runs end alike", test_stopped_runs_end_alike},
    {"pseudo-labels are mended", test_pseudo_labels_are_mended},
};

CHECK_MAIN_RANKS("train/selftrain", tests)
