/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/measure.h"

#define MIB (1024.0 * 1024.0)

static void print_machine(const struct measure_machine *m, FILE *to)
{
    fprintf(to,
            "ben-mpi %s on %s, %s kernels, ranks %d, threads of each %d\n"
            "FMA peak %.0f GFLOP/s of single precision, memory %.1f GB/s, of one rank\n",
            BEN_VERSION, m->cpu, m->isa, m->ranks, m->threads, m->flops_per_s * 1e-9,
            m->bytes_per_s * 1e-9);
}

/* GFLOP/s and part of the peak; blank without operations. */
static void print_speed(double flops, double s, double peak, FILE *to)
{
    if (flops > 0 && s > 0)
        fprintf(to, " %9.0f %8.0f %%", flops / s * 1e-9, 100 * flops / s / peak);
    fputc('\n', to);
}

static void print_layers(const struct measure_result *result, FILE *to)
{
    const struct measure_prediction *p = &result->prediction;
    double peak = result->machine.flops_per_s;
    fprintf(to, "\nprediction, %d slices of %d x %d; GFLOP/s as if computed directly\n%-14s",
            result->config.batch, result->config.net.size, result->config.net.size, "layer");
    fprintf(to, " %9s %9s %9s %10s\n", "ms/slice", "median", "GFLOP/s", "of peak");
    for (int l = 0; l < BEN_LAYERS; l++) {
        const struct measure_layer *layer = &p->layers[l];
        if (layer->time.min_s == 0)
            continue;
        fprintf(to, "%-14s %9.3f %9.3f", layer->layer.name, layer->time.min_s * 1e3,
                layer->time.median_s * 1e3);
        print_speed(layer->layer.flops, layer->time.min_s, peak, to);
    }
    fprintf(to, "%-14s %9.3f %9.3f", "whole", p->plain.min_s * 1e3, p->plain.median_s * 1e3);
    print_speed(p->flops, p->plain.min_s, peak, to);
    fprintf(to, "Monte Carlo, %d samples: %.2f ms/slice (median %.2f), %.2f times as long\n",
            result->config.mc_samples, p->mc.min_s * 1e3, p->mc.median_s * 1e3,
            p->mc.min_s / p->plain.min_s);
    fprintf(to, "memory at most %.0f MiB\n", (double)p->peak_bytes / MIB);
}

static void print_training(const struct measure_result *result, FILE *to)
{
    const struct measure_training *t = &result->training;
    fprintf(to, "\ntraining step, %d slices of each rank\n%-14s %9s %9s\n",
            result->config.batch, "part", "ms/slice", "median");
    for (int p = 0; p < STEP_PARTS; p++)
        fprintf(to, "%-14s %9.3f %9.3f\n", measure_part_name((enum step_part)p),
                t->parts[p].min_s * 1e3, t->parts[p].median_s * 1e3);
    fprintf(to, "%-14s %9.3f %9.3f\n", "whole", t->whole.min_s * 1e3, t->whole.median_s * 1e3);
    fprintf(to, "memory at most %.0f MiB\n", (double)t->peak_bytes / MIB);
}

static void print_stage(const char *name, struct sample_summary time, FILE *to)
{
    fprintf(to, "%-14s %9.0f %9.0f\n", name, time.min_s * 1e3, time.median_s * 1e3);
}

static void print_scan(const struct measure_result *result, FILE *to)
{
    const struct measure_scan *scan = &result->scan;
    fprintf(to, "\none scan of %d x %d x %d voxels, %d slices, shared by the ranks\n",
            scan->dim[0], scan->dim[1], scan->dim[2], scan->slices);
    fprintf(to, "%-14s %9s %9s\n", "stage", "ms", "median");
    print_stage("N4", scan->n4, to);
    print_stage("preparation", scan->rest, to);
    print_stage("network", scan->network, to);
    print_stage("mask", scan->post, to);
    fprintf(to, "memory at most %.0f MiB\n", (double)scan->peak_bytes / MIB);
}

void measure_print(const struct measure_result *result, FILE *to)
{
    print_machine(&result->machine, to);
    print_layers(result, to);
    print_training(result, to);
    print_scan(result, to);
}
