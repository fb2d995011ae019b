/* SPDX-License-Identifier: BSD-3-Clause */
#include "nn/dropout.h"
#include "nn/kernels.h"

#include <math.h>

static uint32_t threshold_of(double rate)
{
    long threshold = lround(rate * 65536);
    return threshold < 65535 ? (uint32_t)threshold : 65535;
}

void dropout_mask(const struct random_stream *stream, double rate, size_t groups,
                  uint16_t *keep)
{
    ISA_PICK(dropout_layer)
        ->mask(stream->counter, stream->key, threshold_of(rate), groups, keep);
}

float dropout_scale(double rate)
{
    return (float)(65536.0 / (65536.0 - threshold_of(rate)));
}

void dropout_apply(size_t groups, const uint16_t *keep, float scale, float *x)
{
    ISA_PICK(dropout_layer)->apply(groups, keep, scale, x);
}
