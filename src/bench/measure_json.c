/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/measure.h"

#include <jansson.h>

/* jansson hands a failed object on as NULL, up to the whole. */
static json_t *times(struct sample_summary time)
{
    return json_pack("{s:f, s:f}", "min", time.min_s, "median", time.median_s);
}

static json_t *machine(const struct measure_machine *m)
{
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:f, s:f}", "version", BEN_VERSION, "cpu",
                     m->cpu, "kernels", m->isa, "ranks", m->ranks, "threads", m->threads,
                     "peak_flops_per_s", m->flops_per_s, "memory_bytes_per_s", m->bytes_per_s);
}

static json_t *layers(const struct measure_result *result)
{
    json_t *list = json_array();
    for (int l = 0; l < BEN_LAYERS; l++) {
        const struct measure_layer *layer = &result->prediction.layers[l];
        json_t *row = json_pack("{s:s, s:f, s:o}", "name", layer->layer.name, "flops",
                                layer->layer.flops, "seconds_per_slice", times(layer->time));
        if (json_array_append_new(list, row) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *prediction(const struct measure_result *result)
{
    const struct measure_prediction *p = &result->prediction;
    return json_pack("{s:i, s:i, s:o, s:f, s:f, s:i, s:o, s:o, s:I}", "batch",
                     result->config.batch, "size", result->config.net.size, "seconds_per_slice",
                     times(p->plain), "flops", p->flops, "of_peak",
                     p->flops / p->plain.min_s / result->machine.flops_per_s, "mc_samples",
                     result->config.mc_samples, "mc_seconds_per_slice", times(p->mc), "layers",
                     layers(result), "peak_bytes", (json_int_t)p->peak_bytes);
}

static json_t *training(const struct measure_result *result)
{
    const struct measure_training *t = &result->training;
    return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "batch",
                     result->config.batch, "forward", times(t->parts[STEP_FORWARD]), "loss",
                     times(t->parts[STEP_LOSS]), "backward", times(t->parts[STEP_BACKWARD]),
                     "reduce", times(t->parts[STEP_REDUCE]), "adam", times(t->parts[STEP_ADAM]),
                     "packing", times(t->parts[STEP_REFRESH]), "whole", times(t->whole),
                     "peak_bytes", (json_int_t)t->peak_bytes);
}

static json_t *scan(const struct measure_scan *s)
{
    return json_pack("{s:[i,i,i], s:i, s:o, s:o, s:o, s:o, s:I}", "voxels", s->dim[0],
                     s->dim[1], s->dim[2], "slices", s->slices, "n4", times(s->n4),
                     "preparation", times(s->rest), "network", times(s->network), "mask",
                     times(s->post), "peak_bytes", (json_int_t)s->peak_bytes);
}

enum ben_status measure_print_json(const struct measure_result *result, FILE *to)
{
    enum ben_status st = BEN_OK;
    json_t *all = NULL;
    TRY_NEW(all = json_pack("{s:o, s:o, s:o, s:o}", "machine", machine(&result->machine),
                            "prediction", prediction(result), "training_seconds_per_slice",
                            training(result), "scan_seconds", scan(&result->scan)));
    if (json_dumpf(all, to, JSON_INDENT(2)) != 0)
        FAIL(BEN_E_IO, "cannot write the measurements: is the disk full?");
    fputc('\n', to);
out:
    json_decref(all);
    return st;
}
