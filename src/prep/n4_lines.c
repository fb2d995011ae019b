/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/n4_lines.h"

#include "base/clones.h"

#include <float.h>
#include <stdint.h>

/* exp(x) within 2e-7 of itself, in a form that loops vectorise; x is taken as if in
 * [-87, 88]. */
static inline float quick_exp(float x)
{
    const float shift = 0x1.8p23f; /* adding it rounds to an integer, found in the low bits */
    union {
        float f;
        uint32_t bits;
    } t, scale;
    x = x > -87.0f ? x : -87.0f;
    x = x < 88.0f ? x : 88.0f;
    t.f = x * 0x1.715476p+0f + shift;
    float n = t.f - shift;
    float r = (x - n * 0x1.62e4p-1f) - n * 0x1.7f7d1cp-20f; /* ln 2 in two parts */
    float p = 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    scale.bits = (t.bits + 127) << 23;
    return p * scale.f;
}

struct n4_span n4_lines_span(const float *logs, int n, double *voxels)
{
    struct n4_span span = {0, 0};
    for (int x = 0; x < n; x++) {
        if (!(logs[x] > N4_OUTSIDE))
            continue;
        if (span.end == 0)
            span.begin = x;
        span.end = x + 1;
        *voxels += 1;
    }
    return span;
}

BEN_CLONES
void n4_lines_compare(struct n4_span span, const float *restrict logs,
                      const float *restrict after, float *restrict field,
                      const struct n4_columns *columns)
{
    double *restrict change = columns->change, *restrict squares = columns->squares;
    float *restrict low = columns->low, *restrict high = columns->high;
    for (int x = span.begin; x < span.end; x++) {
        float value = logs[x], to = after[x], least = low[x], most = high[x];
        float e = quick_exp(field[x] - to) - 1, u = value - to;
        float above = value > N4_OUTSIDE ? u : FLT_MAX;
        e = value > N4_OUTSIDE ? e : 0;
        low[x] = above < least ? above : least;
        high[x] = u > most ? u : most;
        change[x] += e;
        squares[x] += (double)e * e;
        field[x] = to;
    }
}

/* keys := the place of each voxel in the histogram; those outside get the place outside. */
static inline void find_keys(struct n4_span span, const struct n4_scale *scale,
                             const float *restrict logs, const float *restrict field,
                             int outside, int *restrict keys)
{
    float low = scale->low, per_unit = scale->per_unit;
    float most = (float)((scale->bins - 1) * N4_KEY_ONE);
    for (int x = span.begin; x < span.end; x++) {
        float at = (logs[x] - field[x] - low) * per_unit;
        at = at > 0 ? at : 0;
        at = at < most ? at : most;
        int key = (int)(at + 0.5f);
        keys[x] = logs[x] > N4_OUTSIDE ? key : outside;
    }
}

static inline void count_key(int key, unsigned long *counts)
{
    unsigned long bin = (unsigned)key / N4_KEY_ONE, part = (unsigned)key % N4_KEY_ONE;
    counts[bin] += N4_KEY_ONE - part;
    counts[bin + 1] += part;
}

BEN_CLONES
void n4_lines_count(struct n4_span span, const struct n4_scale *scale, const float *logs,
                    const float *field, int *keys, unsigned long *counts)
{
    unsigned long *second = counts + scale->bins + 3;
    int x = span.begin;
    find_keys(span, scale, logs, field, (scale->bins + 1) * N4_KEY_ONE, keys);
    for (; x + 1 < span.end; x += 2) {
        count_key(keys[x], counts);
        count_key(keys[x + 1], second);
    }
    if (x < span.end)
        count_key(keys[x], counts);
}

BEN_CLONES
void n4_lines_residual(struct n4_span span, const struct n4_scale *scale,
                       const float *restrict gain, const float *restrict logs,
                       const float *restrict field, int *restrict keys,
                       float *restrict residual)
{
    find_keys(span, scale, logs, field, 0, keys);
    for (int x = span.begin; x < span.end; x++) {
        int bin = keys[x] >> 16, part = keys[x] & (N4_KEY_ONE - 1);
        float value = logs[x];
        float r = value - field[x] - (gain[2 * bin] + gain[2 * bin + 1] * (float)part);
        residual[x] = value > N4_OUTSIDE ? r : 0;
    }
}

void n4_lines_inside(struct n4_span span, const float *logs, float *inside)
{
    for (int x = span.begin; x < span.end; x++)
        inside[x] = logs[x] > N4_OUTSIDE ? 1 : 0;
}

BEN_CLONES
void n4_lines_apply(int n, const float *restrict field, float *restrict data)
{
    for (int x = 0; x < n; x++)
        data[x] *= quick_exp(-field[x]);
}
