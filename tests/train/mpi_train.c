/* SPDX-License-Identifier: BSD-3-Clause */
/* Training over ranks on drawn heads, small: every rank count gives the bits that one rank
 * gives, and a run that was stopped ends as one that was not. */
#include "base/util.h"
#include "check_ranks.h"
#include "io/weights.h"
#include "train/drawn.h"

#include <string.h>
#include <unistd.h>

static uint64_t undisturbed_hash; /* by one rank alone */
static struct trainer_result undisturbed;

static uint64_t train(const struct comm *comm, const struct trainer_config *config,
                      struct trainer_result *result)
{
    struct net *net = make_net(comm, config);
    struct trainer_job job = {.world = comm, .dataset = &dataset, .validates = validates};
    CHECK_OK(trainer_run(&job, config, net, result));
    uint64_t hash = hash_values(net);
    net_free(&net);
    return hash;
}

static void test_ranks_do_not_show(void)
{
    struct trainer_config config = base_config();
    struct trainer_result together;
    struct comm self = comm_self();
    draw_dataset();
    if (world.rank == 0) /* the others wait for what one rank gets */
        undisturbed_hash = train(&self, &config, &undisturbed);
    check_await_all();
    CHECK_OK(comm_broadcast(&world, &undisturbed_hash, sizeof undisturbed_hash, 0));
    CHECK_OK(comm_broadcast(&world, &undisturbed, sizeof undisturbed, 0));
    CU_ASSERT_EQUAL(train(&world, &config, &together), undisturbed_hash);
    CU_ASSERT_EQUAL(memcmp(&undisturbed.loss, &together.loss, sizeof together.loss), 0);
    CU_ASSERT_EQUAL(undisturbed.final.mean, together.final.mean);
    CU_ASSERT_EQUAL(undisturbed.steps, 2 * 3);
}

static long steps_allowed;

static bool stop_after_steps(void)
{
    return steps_allowed-- <= 0;
}

/* The checkpoint with its place below zero, which would be read ahead of the samples. */
static void spoil(const char *checkpoint)
{
    struct weights_file *file;
    CHECK_OK(weights_read(checkpoint, &file));
    for (int i = 0; i < file->n_integers; i++)
        if (strcmp(file->integers[i].name, "place") == 0)
            file->integers[i].value = -1;
    CHECK_OK(weights_write(file, checkpoint, false));
    weights_free(&file);
}

/* Stopped after each number of steps in turn, until it gets through. */
static void test_stopped_runs_end_alike(void)
{
    struct trainer_config config = base_config();
    struct trainer_result resumed;
    char *checkpoint = util_format("%s/checkpoint", folder);
    struct trainer_job job = {.world = &world,
                              .dataset = &dataset,
                              .validates = validates,
                              .identity = "a run\nof this test\n",
                              .checkpoint = checkpoint,
                              .interrupted = stop_after_steps};
    enum ben_status st = BEN_E_INTERRUPTED;
    uint64_t hash = 0;
    int stops = -1;
    draw_dataset();
    for (; st == BEN_E_INTERRUPTED && stops < 10; stops++) {
        struct net *net = make_net(&world, &config);
        steps_allowed = world.rank == world.size - 1 ? 2 : 100; /* one rank gets the signal */
        st = trainer_run(&job, &config, net, &resumed);
        hash = hash_values(net);
        net_free(&net);
    }
    CHECK_OK(st);
    CU_ASSERT_EQUAL(stops, 2);
    CU_ASSERT_EQUAL(hash, undisturbed_hash);
    CU_ASSERT_EQUAL(memcmp(&undisturbed.loss, &resumed.loss, sizeof resumed.loss), 0);
    job.identity = "another run\n";
    struct net *net = make_net(&world, &config);
    CU_ASSERT_EQUAL(trainer_run(&job, &config, net, &resumed), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "another run"));
    job.identity = "a run\nof this test\n";
    if (world.rank == 0)
        spoil(checkpoint);
    CU_ASSERT_EQUAL(trainer_run(&job, &config, net, &resumed), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "below zero"));
    net_free(&net);
    free(checkpoint);
}

static const struct check_test tests[] = {
    {"ranks do not show", test_ranks_do_not_show},
    {"stopped runs end alike", test_stopped_runs_end_alike},
};

CHECK_MAIN_RANKS("train/train", tests)
