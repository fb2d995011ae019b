/* SPDX-License-Identifier: BSD-3-Clause */
/* A prepared scan of a bright ball in noise, and a net that knows nothing of it, for what is tested
 * against its definition. */
#ifndef BEN_TESTS_BALL_H
#define BEN_TESTS_BALL_H

#include "base/random.h"
#include "check.h"
#include "nn/net.h"
#include "prep/prepare.h"
#include "qa/look.h"

struct ball {
    int dim[3];
    double mm[3];
    double noise, bright; /* noise is uniform from 0 on; bright is added within the ball */
    double square_mm;     /* of its radius */
};

static inline struct prepared ball_prepared(const struct ball *ball, enum slice_plane plane,
                                            int size)
{
    struct random_stream stream = random_open(7, BEN_RANDOM_TEST, 0, 0);
    struct prepared p = {.orientation = {.axis = {0, 1, 2}}};
    const int *dim = ball->dim;
    CHECK_OK(volume_create(dim, ball->mm, &p.volume));
    for (int i = 0; i < dim[0] * dim[1] * dim[2]; i++) {
        const int at[3] = {i % dim[0], i / dim[0] % dim[1], i / (dim[0] * dim[1])};
        double square = 0;
        for (int a = 0; a < 3; a++) {
            double off = ball->mm[a] * (at[a] - 0.5 * (dim[a] - 1));
            square += off * off;
        }
        p.volume->data[i] = (float)(ball->noise * random_uniform(&stream, (uint32_t)i) +
                                    (square < ball->square_mm ? ball->bright : 0));
    }
    CHECK_OK(slices_plan(p.volume, plane, size, &p.slices));
    return p;
}

static inline struct net *untrained_net(int size, int max_batch, uint64_t seed)
{
    struct net_config config = net_config_default();
    struct net *net = NULL;
    config.size = size;
    CHECK_OK(net_create(&config, max_batch, false, &net));
    net_init(net, seed);
    return net;
}

/* Expected Dice of a look at the scan, alone. */
static inline double ball_look(struct net *net, const struct prepared *p, float threshold)
{
    const struct comm self = comm_self();
    struct look look;
    double expected;
    CHECK_OK(look_open(&self, net, threshold, p->slices.size, &look));
    CHECK_OK(look_at(&look, p->volume, &p->slices, &expected));
    look_close(&look);
    return expected;
}

#endif
