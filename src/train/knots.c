/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/knots.h"
#include "base/status.h"

double draw_within(struct draws *draws, double low, double high)
{
    return low + (high - low) * random_uniform(&draws->stream, draws->next++);
}

double draw_normal(struct draws *draws)
{
    double value = random_normal(&draws->stream, (draws->next + 1) & ~1U);
    draws->next = ((draws->next + 1) & ~1U) + 2; /* a normal number uses a pair */
    return value;
}

bool draw_happens(struct draws *draws, double probability)
{
    return random_uniform(&draws->stream, draws->next++) < probability;
}

int draw_index(struct draws *draws, int n)
{
    int i = (int)(random_uniform(&draws->stream, draws->next++) * n);
    return i < n ? i : n - 1;
}

void knots_draw(struct draws *draws, int n, bool flat, struct knots *knots)
{
    ENSURE(n >= 2 && n <= BEN_KNOTS);
    knots->n = n;
    knots->nz = flat ? 1 : n;
    for (int i = 0; i < n * n * knots->nz; i++)
        knots->value[i] = (float)draw_normal(draws);
}

/* The cell that position t of [0, 1] is in, and the eased place within it. */
static int cell(float t, int n, float *place)
{
    float at = t * (float)(n - 1);
    at = at < 0 ? 0 : at;
    int i = (int)at;
    i = i > n - 2 ? n - 2 : i;
    float u = at - (float)i;
    u = u > 1 ? 1 : u;
    *place = u * u * (3 - 2 * u);
    return i;
}

static float mix_plane(const float *v, int n, float u, float w)
{
    float top = v[0] + u * (v[1] - v[0]), bottom = v[n] + u * (v[n + 1] - v[n]);
    return top + w * (bottom - top);
}

float knots_at(const struct knots *knots, float x, float y, float z)
{
    const int n = knots->n;
    float u, v, w;
    int i = cell(x, n, &u), j = cell(y, n, &v);
    if (knots->nz == 1)
        return mix_plane(knots->value + j * n + i, n, u, v);
    int k = cell(z, n, &w);
    const float *low = knots->value + (k * n + j) * n + i;
    float a = mix_plane(low, n, u, v), b = mix_plane(low + n * n, n, u, v);
    return a + w * (b - a);
}
