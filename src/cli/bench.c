/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi bench: how fast this machine runs the network, and what limits it. */
#include "base/log.h"
#include "bench/measure.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>

struct bench_config {
    struct common_options common;
    int size, batch, repeat, mc;
    bool json;
};

static const struct option rows[] = {
    COMMON_OPTIONS,
    {"size", "bench", BEN_OPTION_INT, offsetof(struct bench_config, size), "256", 32, 4096,
     "PIXELS", "rows and columns of a slice, a multiple of 16", 0},
    {"batch", "bench", BEN_OPTION_INT, offsetof(struct bench_config, batch), "16", 1, 1024, "N",
     "slices per call and training step, of each rank", 0},
    {"repeat", "bench", BEN_OPTION_INT, offsetof(struct bench_config, repeat), "5", 1,
     SAMPLE_MOST, "N", "measurements of each thing; minimum and median are told", 0},
    {"mc", "bench", BEN_OPTION_INT, offsetof(struct bench_config, mc), "10", 1, 100, "T",
     "Monte Carlo samples", 0},
    {"json", NULL, BEN_OPTION_FLAG, offsetof(struct bench_config, json), "no", 0, 0, NULL,
     "print JSON instead of tables", 0},
};

static enum ben_status measure(const struct comm *world, struct measure_result *result)
{
    enum ben_status st = BEN_OK;
    log_info("measuring the machine");
    TRY(measure_machine(world, result));
    log_info("measuring prediction");
    TRY(measure_prediction(world, result));
    log_info("measuring training");
    TRY(measure_training(world, result));
    log_info("measuring a scan");
    TRY(measure_scan(world, result));
out:
    return st;
}

static enum ben_status run(struct command_context *context, void *config)
{
    enum ben_status st = BEN_OK;
    const struct bench_config *c = config;
    struct measure_result *result = calloc(1, sizeof *result);
    TRY(comm_agree(&context->world, result ? BEN_OK : BEN_E_MEMORY));
    result->config = (struct measure_config){.net = net_config_default(),
                                             .batch = c->batch,
                                             .repeat = c->repeat,
                                             .mc_samples = c->mc,
                                             .seed = (uint64_t)c->common.seed};
    result->config.net.size = c->size;
    TRY(measure(&context->world, result));
    if (context->world.rank == 0 && c->json)
        st = measure_print_json(result, stdout);
    else if (context->world.rank == 0)
        measure_print(result, stdout);
    TRY(comm_agree(&context->world, st));
out:
    free(result);
    return st;
}

const struct command command_bench = {
    .name = "bench",
    .usage = "[OPTION]...",
    .summary = "measure how fast this machine runs the network",
    .min_args = 0,
    .max_args = 0,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct bench_config),
    .run = run,
};
