/* SPDX-License-Identifier: BSD-3-Clause */
/* A small data set drawn in memory, and a training of it, for the tests of the trainer: three
 * scans of bright rings (scalp) around grey discs (brain), with noise. */
#ifndef BEN_TESTS_DRAWN_H
#define BEN_TESTS_DRAWN_H

#include "base/random.h"
#include "base/util.h"
#include "check.h"
#include "train/trainer.h"

#define SIZE   32
#define PIXELS (SIZE * SIZE)
#define SCANS  3
#define SLICES 7 /* per scan; batches of 5 leave a last one of 4 */

static uint16_t images[SCANS * SLICES * PIXELS];
static uint8_t masks[SCANS * SLICES * PIXELS];
static struct dataset_source sources[SCANS];
static struct dataset_scan scans[SCANS];
static struct dataset dataset = {.size = SIZE,
                                 .n_scans = SCANS,
                                 .scans = scans,
                                 .n_slices = SCANS * SLICES,
                                 .images = images,
                                 .masks = masks};
static const bool validates[SCANS] = {false, true, false};

static inline double inside(double row, double column, double radius)
{
    return hypot(row - SIZE / 2.0, column - SIZE / 2.0) < radius;
}

static inline void draw_slice(int scan, int slice)
{
    struct random_stream stream =
        random_open(1, BEN_RANDOM_TEST, (uint32_t)scan, (uint32_t)slice);
    int at = (scan * SLICES + slice) * PIXELS;
    double radius = 4 + 0.6 * slice + 0.5 * scan;
    for (int i = 0; i < PIXELS; i++) {
        double brain = inside(i / SIZE, i % SIZE, radius);
        double scalp =
            inside(i / SIZE, i % SIZE, radius + 4) - inside(i / SIZE, i % SIZE, radius + 2);
        double value = 0.5 * brain + 0.8 * scalp + 0.1 * random_uniform(&stream, (uint32_t)i);
        images[at + i] = (uint16_t)(65535 * value);
        masks[at + i] = brain > 0;
    }
}

static inline void draw_dataset(void)
{
    for (int scan = 0; scan < SCANS; scan++) {
        sources[scan] = (struct dataset_source){.mask = "drawn", .dataset = "drawn"};
        scans[scan] = (struct dataset_scan){&sources[scan], (long)scan * SLICES, SLICES, 1, 1};
        for (int slice = 0; slice < SLICES; slice++)
            draw_slice(scan, slice);
    }
}

static inline struct trainer_config base_config(void)
{
    return (struct trainer_config){
        .seed = 3,
        .epochs = 2,
        .batch = 5,
        .loss = loss_config_paper(),
        .adam = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip_norm = 5},
        .schedule = BEN_RATE_COSINE,
        .rate = 2e-3,
        .final_rate = 0.1,
        .warmup_epochs = 0.5,
        .average = 0.9,
        .batches = {.seed = 3, .keep_empty = 1},
        .augment =
            {.rotate_deg = 10, .scale = 0.1, .translate_px = 2, .flip = 0.5, .noise = 0.02},
        .validate_every = 1,
        .exact_norm = true,
        .threshold = 0.5,
    };
}

static inline struct net *make_net(const struct comm *comm, const struct trainer_config *config)
{
    struct net_config arch = net_config_default();
    struct net *net = NULL;
    arch.size = SIZE;
    CHECK_OK(net_create(&arch, trainer_max_batch(config, comm), true, &net));
    net_init(net, 11);
    net_refresh(net);
    return net;
}

static inline uint64_t hash_values(struct net *net)
{
    size_t n, n_trainable;
    const float *values = net_values(net, &n, &n_trainable);
    return util_hash(UTIL_HASH_START, values, n * sizeof *values);
}

#endif
