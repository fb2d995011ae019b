/* SPDX-License-Identifier: BSD-3-Clause */
/* What `ben-mpi bench` measures, on made data, and how it is told. Each measurement is made
 * once to warm up and then config.repeat times; times are minimum and median. With several
 * ranks all work at the same time: they share training steps and the scan, and each predicts a
 * batch of its own; rank 0's times are told. */
#ifndef BEN_BENCH_MEASURE_H
#define BEN_BENCH_MEASURE_H

#include "bench/sample.h"
#include "bench/step.h"
#include "mpi/comm.h"
#include "nn/net.h"

#include <stdio.h>

struct measure_config {
    struct net_config net;
    int batch;      /* slices per rank */
    int repeat;     /* 1..SAMPLE_MOST */
    int mc_samples; /* T */
    uint64_t seed;
};

struct measure_machine {
    char cpu[128]; /* the model's name */
    const char *isa;
    int ranks, threads;
    double flops_per_s; /* of a rank's threads */
    double bytes_per_s;
};

struct measure_layer {
    struct net_layer layer;
    struct sample_summary time; /* per slice, as it passes: threads' sum / threads */
};

struct measure_prediction {
    struct sample_summary plain; /* per slice */
    struct sample_summary mc;    /* per slice, all samples together */
    struct measure_layer layers[BEN_LAYERS];
    double flops; /* of one slice, computed directly */
    size_t peak_bytes;
};

struct measure_training {
    struct sample_summary parts[STEP_PARTS]; /* per slice of a rank's batch */
    struct sample_summary whole;
    size_t peak_bytes;
};

/* A scan's way through segment, from memory to mask: seconds per scan. */
struct measure_scan {
    int dim[3], slices;
    struct sample_summary n4, rest, network, post; /* rest: orientation and intensities */
    size_t peak_bytes;
};

struct measure_result {
    struct measure_config config;
    struct measure_machine machine;
    struct measure_prediction prediction;
    struct measure_training training;
    struct measure_scan scan;
};

/* Each fills its part of result from result->config. They fail with BEN_E_ARG for an impossible
 * network, BEN_E_MEMORY, BEN_E_MPI. Collective on comm. */
enum ben_status measure_machine(const struct comm *comm, struct measure_result *result);
enum ben_status measure_prediction(const struct comm *comm, struct measure_result *result);
enum ben_status measure_training(const struct comm *comm, struct measure_result *result);
enum ben_status measure_scan(const struct comm *comm, struct measure_result *result);

/* "forward", "loss", ... */
const char *measure_part_name(enum step_part part);

/* As tables for people, or as one JSON object. Fails: BEN_E_MEMORY. Local. */
void measure_print(const struct measure_result *result, FILE *to);
enum ben_status measure_print_json(const struct measure_result *result, FILE *to);

#endif
