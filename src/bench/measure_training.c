/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "bench/measure.h"

const char *measure_part_name(enum step_part part)
{
    static const char *const names[STEP_PARTS] = {
        [STEP_FORWARD] = "forward", [STEP_LOSS] = "loss", [STEP_BACKWARD] = "backward",
        [STEP_REDUCE] = "reduce",   [STEP_ADAM] = "Adam", [STEP_REFRESH] = "packing",
    };
    return names[part];
}

enum ben_status measure_training(const struct comm *comm, struct measure_result *result)
{
    enum ben_status st = BEN_OK;
    const struct measure_config *config = &result->config;
    struct measure_training *training = &result->training;
    struct step *step = NULL;
    struct sample parts[STEP_PARTS] = {0}, whole = {0};
    double seconds[STEP_PARTS];
    sample_forget_peak();
    TRY(step_open(comm, &config->net, config->batch, config->seed, &step));
    TRY(step_run(step, seconds));
    for (int r = 0; r < config->repeat; r++) {
        double sum = 0;
        TRY(step_run(step, seconds));
        for (int p = 0; p < STEP_PARTS; p++) {
            sample_add(&parts[p], seconds[p]);
            sum += seconds[p];
        }
        sample_add(&whole, sum);
    }
    for (int p = 0; p < STEP_PARTS; p++)
        training->parts[p] = sample_summary(&parts[p], config->batch);
    training->whole = sample_summary(&whole, config->batch);
    training->peak_bytes = util_peak_bytes();
out:
    step_close(&step);
    return st;
}
