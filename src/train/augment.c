/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/augment.h"
#include "base/random.h"
#include "prep/smooth.h"
#include "train/artefact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Places in the sample's random stream. Only ever append: seeds keep their meaning. */
enum draw {
    DRAW_ROTATE,
    DRAW_SCALE,
    DRAW_SHIFT_X,
    DRAW_SHIFT_Y,
    DRAW_FLIP,
    DRAW_GAMMA,
    DRAW_CONTRAST,
    DRAW_BRIGHTNESS,
    DRAW_REMAP,
    DRAW_KNOTS, /* to + KNOTS - 1 */
    DRAW_INVERT = 20,
    DRAW_BIAS,
    DRAW_NOISE,
    DRAW_BLUR,
    DRAW_BLUR_X,
    DRAW_BLUR_Y,
    DRAW_TURN,
    DRAW_ANGLE,
    DRAW_FLIP_VERTICAL,
    DRAW_NOISELESS,
    DRAW_DIM,
    DRAW_BIAS_TERMS = 32, /* normal numbers */
    DRAW_PIXELS = 1024,   /* noise */
};

#define KNOTS       4    /* of a random intensity curve, above zero */
#define TABLE       1024 /* steps of the intensity curve */
#define BIAS_TERMS  9    /* of a cubic in row and column, without the constant */
#define DARK        0.12 /* below, intensity counts as background when contrast is inverted */
#define MAX_RADIUS  32   /* of the blur's kernel */
#define BLUR_RADIUS 3    /* standard deviations on each side */
#define ARTEFACTS   0x80000000U /* added to the epoch: the stream of train/artefact.h's draws */
#define BEND_KNOTS  6           /* of an elastic deformation, along each axis */
#define COARSEST    0.25        /* resolution that artefacts go down to */

static double within(const struct random_stream *stream, enum draw draw, double range)
{
    return range * (2 * random_uniform(stream, draw) - 1);
}

static int happens(const struct random_stream *stream, enum draw draw, double probability)
{
    return random_uniform(stream, draw) < probability;
}

size_t augment_scratch_floats(int size)
{
    return 2 * (size_t)(size + 2) * (size_t)(size + 2);
}

/* From a pixel of the result, relative to the centre, to the source's: m (column, row) + t. */
struct affine {
    float m[2][2], t[2];
};

static struct affine draw_affine(const struct augment_config *config,
                                 const struct random_stream *stream)
{
    double angle = within(stream, DRAW_ROTATE, config->rotate_deg) * M_PI / 180;
    if (happens(stream, DRAW_TURN, config->turn))
        angle += 2 * M_PI * random_uniform(stream, DRAW_ANGLE);
    double zoom = 1 / (1 + within(stream, DRAW_SCALE, config->scale));
    double x = within(stream, DRAW_SHIFT_X, config->translate_px);
    double y = within(stream, DRAW_SHIFT_Y, config->translate_px);
    double mirror = happens(stream, DRAW_FLIP, config->flip) ? -1 : 1;
    double upside = happens(stream, DRAW_FLIP_VERTICAL, config->flip_vertical) ? -1 : 1;
    double c = zoom * cos(angle), s = zoom * sin(angle);
    return (struct affine){
        .m = {{(float)(mirror * c), (float)(mirror * s)},
              {(float)(upside * -s), (float)(upside * c)}},
        .t = {(float)(-mirror * (c * x + s * y)), (float)(upside * (s * x - c * y))},
    };
}

/* With a border of zeros, so that interpolation needs no case at the edges. */
static void pad_inputs(int size, const uint16_t *image, const uint8_t *mask, float *x, float *y)
{
    int width = size + 2;
    memset(x, 0, (size_t)width * (size_t)width * sizeof *x);
    memset(y, 0, (size_t)width * (size_t)width * sizeof *y);
    for (int r = 0; r < size; r++) {
        float *to_x = x + (r + 1) * width + 1, *to_y = y + (r + 1) * width + 1;
        for (int c = 0; c < size; c++) {
            to_x[c] = (float)image[r * size + c] / 65535;
            to_y[c] = mask[r * size + c];
        }
    }
}

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static float mix(const float *p, int width, float u, float v)
{
    float above = p[0] + u * (p[1] - p[0]), below = p[width] + u * (p[width + 1] - p[width]);
    return above + v * (below - above);
}

/* A smooth displacement of the source's pixels; sd 0: none. */
struct bend {
    float sd;
    struct knots field[2];
};

static void draw_bend(const struct augment_config *config, struct draws *draws,
                      struct bend *bend)
{
    bend->sd = 0;
    if (!draw_happens(draws, config->elastic))
        return;
    bend->sd = (float)draw_within(draws, 0, config->elastic_px);
    knots_draw(draws, BEND_KNOTS, true, &bend->field[0]);
    knots_draw(draws, BEND_KNOTS, true, &bend->field[1]);
}

static void resample(const struct affine *a, const struct bend *bend, int size,
                     const float *from_x, const float *from_y, float *x, float *y)
{
    const int width = size + 2;
    const float centre = (float)(size - 1) / 2, end = (float)size + 0.5f;
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            float dx = (float)c - centre, dy = (float)r - centre;
            float u = a->m[0][0] * dx + a->m[0][1] * dy + a->t[0] + centre;
            float v = a->m[1][0] * dx + a->m[1][1] * dy + a->t[1] + centre;
            if (bend->sd > 0) {
                float p = (float)c / (float)size, q = (float)r / (float)size;
                u += bend->sd * knots_at(&bend->field[0], p, q, 0);
                v += bend->sd * knots_at(&bend->field[1], p, q, 0);
            }
            u = clamp(u + 1, 0, end);
            v = clamp(v + 1, 0, end);
            int i = (int)u, j = (int)v, at = j * width + i;
            x[r * size + c] = mix(from_x + at, width, u - (float)i, v - (float)j);
            y[r * size + c] = mix(from_y + at, width, u - (float)i, v - (float)j) > 0.5f;
        }
}

/* A curve through random heights at equal steps, background kept dark, scaled to reach 1. */
static double remapped(const struct random_stream *stream, double v)
{
    double knots[KNOTS + 1] = {0}, highest = 1e-3;
    for (int k = 1; k <= KNOTS; k++) {
        knots[k] = random_uniform(stream, (uint32_t)(DRAW_KNOTS + k - 1));
        highest = knots[k] > highest ? knots[k] : highest;
    }
    double at = v * KNOTS;
    int k = at < KNOTS ? (int)at : KNOTS - 1;
    return (knots[k] + (at - k) * (knots[k + 1] - knots[k])) / highest;
}

static double inverted(double v)
{
    double t = v < DARK ? v / DARK : 1;
    return t * t * (3 - 2 * t) * (1 - v);
}

/* All changes that depend on the pixel's own intensity, as one table over [0, 1]. Returns 0
 * where nothing changes. */
static int make_curve(const struct augment_config *config, const struct random_stream *stream,
                      float table[TABLE + 2])
{
    int remap = happens(stream, DRAW_REMAP, config->remap);
    int invert = happens(stream, DRAW_INVERT, config->invert);
    double exponent = exp(within(stream, DRAW_GAMMA, config->gamma));
    double factor = 1 + within(stream, DRAW_CONTRAST, config->contrast);
    double shift = within(stream, DRAW_BRIGHTNESS, config->brightness);
    if (!remap && !invert && exponent == 1 && factor == 1 && shift == 0)
        return 0;
    for (int i = 0; i <= TABLE; i++) {
        double v = (double)i / TABLE;
        v = remap ? remapped(stream, v) : v;
        v = invert ? inverted(v) : v;
        v = (pow(v, exponent) - 0.5) * factor + 0.5 + shift;
        table[i] = (float)(v < 0 ? 0 : v > 1 ? 1 : v);
    }
    table[TABLE + 1] = table[TABLE];
    return 1;
}

static void apply_curve(const float *table, size_t n, float *x)
{
    for (size_t i = 0; i < n; i++) {
        float at = x[i] * TABLE;
        int k = (int)at;
        x[i] = table[k] + (at - (float)k) * (table[k + 1] - table[k]);
    }
}

/* x *= exp(a cubic polynomial of the place). */
static void apply_bias(const struct random_stream *stream, double sd, int size, float *x)
{
    double term[BIAS_TERMS];
    for (int k = 0; k < BIAS_TERMS; k++)
        term[k] = sd * random_normal(stream, (uint32_t)(DRAW_BIAS_TERMS + k));
    for (int r = 0; r < size; r++) {
        double v = 2 * (r + 0.5) / size - 1;
        float c0 = (float)(v * (term[0] + v * (term[1] + v * term[2])));
        float c1 = (float)(term[3] + v * (term[4] + v * term[5]));
        float c2 = (float)(term[6] + v * term[7]), c3 = (float)term[8];
        for (int c = 0; c < size; c++) {
            float u = 2 * ((float)c + 0.5f) / (float)size - 1;
            x[r * size + c] *= expf(c0 + u * (c1 + u * (c2 + u * c3)));
        }
    }
}

static int make_kernel(double sd, float kernel[2 * MAX_RADIUS + 1])
{
    int radius = (int)ceil(BLUR_RADIUS * sd);
    radius = radius > MAX_RADIUS ? MAX_RADIUS : radius;
    smooth_kernel(sd, radius, kernel);
    return radius;
}

/* to := from convolved along rows (step 1) or columns (step size), zero outside. */
static void blur_along(const float *kernel, int radius, int size, int step,
                       const float *restrict from, float *restrict to)
{
    int lines = step == 1 ? size : 1; /* all columns move as one */
    memset(to, 0, (size_t)size * (size_t)size * sizeof *to);
    for (int k = -radius; k <= radius; k++) {
        int first = k < 0 ? -k : 0, end = k > 0 ? size - k : size;
        float w = kernel[k + radius];
        for (int line = 0; line < lines; line++)
            for (int i = line * size + first * step; i < line * size + end * step; i++)
                to[i] += w * from[i + k * step];
    }
}

static void apply_blur(const struct random_stream *stream, double limit, int size, float *x,
                       float *scratch)
{
    float kernel[2 * MAX_RADIUS + 1];
    size_t bytes = (size_t)size * (size_t)size * sizeof *x;
    int radius = make_kernel(1e-3 + limit * random_uniform(stream, DRAW_BLUR_X), kernel);
    blur_along(kernel, radius, size, 1, x, scratch);
    radius = make_kernel(1e-3 + limit * random_uniform(stream, DRAW_BLUR_Y), kernel);
    blur_along(kernel, radius, size, size, scratch, scratch + size * size);
    memcpy(x, scratch + size * size, bytes);
}

/* x := |x + noise|, as in magnitude images. One word gives a number near enough to normal: the
 * sum of its four bytes (mean 510, variance 4 (256^2 - 1) / 12). */
static void apply_noise(const struct random_stream *stream, double sd, size_t n, float *x)
{
    const float scale = (float)(sd / sqrt((256.0 * 256 - 1) / 3));
    uint32_t counter[4] = {DRAW_PIXELS, stream->counter[0], stream->counter[1],
                           stream->counter[2]};
    uint32_t word[4];
    for (size_t i = 0; i < n; i++) {
        if (i % 4 == 0) {
            random_block(counter, stream->key, word);
            counter[0]++;
        }
        uint32_t w = word[i % 4];
        int sum = (int)((w & 255) + (w >> 8 & 255) + (w >> 16 & 255) + (w >> 24));
        x[i] = fabsf(x[i] + scale * (float)(sum - 510));
    }
}

static void limit(int size, float *x)
{
    for (int i = 0; i < size * size; i++)
        x[i] = clamp(x[i], 0, 1);
}

/* What changes intensities alone, and the frame. */
static void spoil(const struct augment_config *config, const struct random_stream *stream,
                  struct draws *draws, int size, float *x, float *y, float *scratch)
{
    const size_t n = (size_t)size * (size_t)size;
    float table[TABLE + 2];
    if (happens(stream, DRAW_DIM, config->dim))
        artefact_dim(draws, size, y, x, scratch);
    limit(size, x);
    if (make_curve(config, stream, table))
        apply_curve(table, n, x);
    if (config->bias > 0)
        apply_bias(stream, config->bias * random_uniform(stream, DRAW_BIAS), size, x);
    if (draw_happens(draws, config->coil))
        artefact_coil(draws, size, x);
    if (draw_happens(draws, config->loss))
        artefact_loss(draws, size, x);
    if (draw_happens(draws, config->strip))
        artefact_strip(draws, size, y, x, scratch);
    if (happens(stream, DRAW_BLUR, config->blur))
        apply_blur(stream, config->blur_px, size, x, scratch);
    if (config->noise > 0 && !happens(stream, DRAW_NOISELESS, config->noiseless))
        apply_noise(stream, config->noise * random_uniform(stream, DRAW_NOISE), n, x);
    if (draw_happens(draws, config->resolution)) /* coarse pixels have coarse noise */
        artefact_resolution(draws, COARSEST, size, x, scratch);
    if (draw_happens(draws, config->ghost))
        artefact_ghost(draws, size, x, scratch);
    if (draw_happens(draws, config->frame))
        artefact_frame(draws, size, x, y);
    limit(size, x);
}

static struct random_stream open_stream(const struct sample_key *key, uint32_t part)
{
    return random_open(key->seed, BEN_RANDOM_AUGMENT, key->epoch | part, key->sample);
}

void augment_slice(const struct augment_config *config, const struct sample_key *key,
                   const struct augment_source *source, float *x, float *y, float *scratch)
{
    const int size = source->size;
    struct random_stream stream = open_stream(key, 0);
    struct draws draws = {open_stream(key, ARTEFACTS), 0};
    struct affine affine = draw_affine(config, &stream);
    struct bend bend;
    float *padded_mask = scratch + (size_t)(size + 2) * (size_t)(size + 2);
    draw_bend(config, &draws, &bend);
    pad_inputs(size, source->image, source->mask, scratch, padded_mask);
    resample(&affine, &bend, size, scratch, padded_mask, x, y);
    if (draw_happens(&draws, config->repaint))
        artefact_repaint(&draws, size, y, x, scratch);
    spoil(config, &stream, &draws, size, x, y, scratch);
}

void augment_painted(const struct augment_config *config, const struct sample_key *key,
                     int size, float *x, float *y, float *scratch)
{
    struct random_stream stream = open_stream(key, 0);
    struct draws draws = {open_stream(key, ARTEFACTS), 0};
    spoil(config, &stream, &draws, size, x, y, scratch);
}
