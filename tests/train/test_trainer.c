/* SPDX-License-Identifier: BSD-3-Clause */
/* A small data set is learnt: Dice on a scan that was held out, and the log that says so. */
#include "base/log.h"
#include "base/util.h"
#include "train/drawn.h"

#include <mpi.h>
#include <string.h>

static void test_learns(void)
{
    struct trainer_config config = base_config();
    struct comm self = comm_self();
    struct trainer_result result;
    struct net *net = make_net(&self, &config);
    struct trainer_job job = {.world = &self, .dataset = &dataset, .validates = validates};
    config.epochs = 9;
    config.average = 0;
    config.exact_norm = false;
    draw_dataset();
    CHECK_OK(trainer_run(&job, &config, net, &result));
    CU_ASSERT_EQUAL(result.final.n_scans, 1);
    CU_ASSERT(result.final.mean > 0.9);
    CU_ASSERT_EQUAL(result.steps, 9 * 3);
    net_free(&net);
}

static void test_log(void)
{
    struct trainer_config config = base_config();
    struct comm self = comm_self();
    struct trainer_result result;
    struct net *net = make_net(&self, &config);
    const char *folder = getenv("BEN_TEST_TMP");
    char *path = util_format("%s/test_trainer.log.tsv", folder ? folder : "."), *text = NULL;
    struct trainer_job job = {
        .world = &self, .dataset = &dataset, .validates = validates, .log = path};
    int lines = 0;
    config.epochs = 2;
    config.validate_every = 2;
    draw_dataset();
    CHECK_OK(trainer_run(&job, &config, net, &result));
    CHECK_OK(util_read_file(path, 10000, &text, NULL));
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    CU_ASSERT_EQUAL(lines, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "epoch\tstep\tlearning_rate\tloss"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n1\t3\t"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\tn/a\tn/a\tn/a\t"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n2\t6\t"));
    free(text);
    free(path);
    net_free(&net);
}

int main(int argc, char **argv)
{
    static const struct check_test tests[] = {{"learns", test_learns}, {"log", test_log}};
    struct comm world;
    if (comm_open(&argc, &argv, &world))
        return EXIT_FAILURE;
    log_setup(BEN_LOG_WARN, 0);
    int status = check_run("train/trainer", tests, sizeof tests / sizeof tests[0]);
    comm_close(&world);
    return status;
}
