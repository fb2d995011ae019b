/* SPDX-License-Identifier: BSD-3-Clause */
#include "phantom.h"

#include "base/random.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum tissue { AIR, SKIN, MUSCLE, SKULL, FLUID, GREY, WHITE, VENTRICLE, EYE, TISSUES };

/* Values of each tissue at brightness 1. */
static const float intensities[][TISSUES] = {
    [BEN_PHANTOM_T1W] = {0.01f, 0.95f, 0.45f, 0.08f, 0.18f, 0.58f, 0.80f, 0.15f, 0.20f},
    [BEN_PHANTOM_T2W] = {0.01f, 0.70f, 0.33f, 0.06f, 0.95f, 0.62f, 0.45f, 1.00f, 0.98f},
    [BEN_PHANTOM_EPI] = {0.02f, 0.22f, 0.20f, 0.05f, 0.80f, 0.62f, 0.52f, 0.85f, 0.60f},
    [BEN_PHANTOM_SWI] = {0.01f, 0.42f, 0.32f, 0.04f, 0.70f, 0.62f, 0.52f, 0.72f, 0.55f},
    [BEN_PHANTOM_ASL] = {0.03f, 0.30f, 0.26f, 0.06f, 0.50f, 0.80f, 0.58f, 0.55f, 0.45f},
};

static const char *const contrast_names[] = {"T1w", "T2w", "EPI", "SWI", "ASL"};

/* Semi-axes of the brain in mm (right, front, up); how far head, skull and fluid reach beyond
 * it, as parts of those; how far the head's centre lies below the brain's. */
static const struct anatomy {
    double brain_mm[3];
    double fluid, skull, muscle;
    double head[3], head_below;
    double bulb; /* olfactory bulbs in front, as a part of the brain */
    double fold; /* depth of the sulci, as a part of the brain */
} anatomies[BEN_SPECIES_COUNT] = {
    [BEN_MOUSE] = {{5.0, 6.5, 3.8}, 1.06, 1.18, 1.30, {1.65, 1.55, 1.95}, 0.55, 0.34, 0},
    [BEN_RAT] = {{7.5, 10.0, 5.5}, 1.06, 1.18, 1.32, {1.65, 1.55, 1.95}, 0.55, 0.34, 0},
    [BEN_MARMOSET] = {{11.5, 15.0, 9.5}, 1.06, 1.16, 1.26, {1.45, 1.40, 1.60}, 0.30, 0.0, 0.01},
    [BEN_MACAQUE] = {{28.0, 37.0, 26.0}, 1.06, 1.16, 1.28, {1.50, 1.40, 1.60}, 0.28, 0.0, 0.04},
    [BEN_HUMAN] = {{68.0, 84.0, 64.0}, 1.06, 1.14, 1.18, {1.26, 1.24, 1.40}, 0.16, 0.0, 0.06},
};

/* Parts of a shaped brain and where air is beside it, in brain units; x is on either side. */
struct body {
    double centre[3], axis[3];
};

static const struct body rodent_lobes[] = {
    {{0, -0.98, 0.05}, {0.62, 0.34, 0.60}},  /* cerebellum */
    {{0, -1.05, -0.40}, {0.30, 0.45, 0.30}}, /* stem */
};
static const struct body primate_lobes[] = {
    {{0, -0.62, -0.72}, {0.55, 0.34, 0.34}},   /* cerebellum */
    {{0, -0.22, -0.95}, {0.16, 0.18, 0.42}},   /* stem */
    {{0.60, 0.18, -0.52}, {0.30, 0.52, 0.34}}, /* temporal lobes */
};
static const struct body rodent_air[] = {
    {{0.95, -0.35, -0.75}, {0.40, 0.40, 0.40}}, /* ears */
};
static const struct body primate_air[] = {
    {{0.95, -0.10, -0.60}, {0.30, 0.30, 0.30}}, /* ears */
    {{0, 0.95, -0.50}, {0.35, 0.35, 0.35}},     /* sinuses */
};

#define WAVES 6

/* One made head: a point in mm is turned and moved into units of the brain's semi-axes. */
struct head {
    const struct anatomy *anatomy;
    double to_brain[3][4];
    double wave[WAVES][4]; /* direction and phase, in brain units */
    double field[WAVES][4];
    double fold[WAVES][4], bump[WAVES][4], vein[2][WAVES][4];
    float value[TISSUES];
    const struct body *lobes, *air; /* none where the head is plain */
    int n_lobes, n_air, warp_axis;
    double variation;
};

struct phantom_options phantom_defaults(enum species species)
{
    static const struct {
        int dim[3];
        double voxel_mm[3];
    } grids[BEN_SPECIES_COUNT] = {
        [BEN_MOUSE] = {{96, 80, 28}, {0.2, 0.2, 0.8}},
        [BEN_RAT] = {{80, 72, 30}, {0.35, 0.35, 1.2}},
        [BEN_MARMOSET] = {{72, 84, 40}, {0.5, 0.5, 0.8}},
        [BEN_MACAQUE] = {{96, 112, 64}, {1, 1, 1.5}},
        [BEN_HUMAN] = {{96, 112, 96}, {2, 2, 2}},
    };
    struct phantom_options o = {.species = species ? species : BEN_HUMAN,
                                .contrast = BEN_PHANTOM_T2W,
                                .axes = "RAS",
                                .bias = 0.2,
                                .noise = 0.02,
                                .seed = 1,
                                .variation = 1};
    if (species_plane(o.species) == BEN_CORONAL)
        memcpy(o.axes, "LSA", 4);
    memcpy(o.dim, grids[o.species].dim, sizeof o.dim);
    memcpy(o.voxel_mm, grids[o.species].voxel_mm, sizeof o.voxel_mm);
    return o;
}

const char *phantom_contrast_name(enum phantom_contrast contrast)
{
    return contrast_names[contrast];
}

int phantom_contrast_find(const char *name, enum phantom_contrast *contrast)
{
    for (int i = 0; i < BEN_PHANTOM_CONTRASTS; i++)
        if (strcasecmp(name, contrast_names[i]) == 0) {
            *contrast = (enum phantom_contrast)i;
            return 0;
        }
    return -1;
}

/* m := rotation by angles (rad) about x, then y, then z. */
static void rotation(const double angle[3], double m[3][3])
{
    double cx = cos(angle[0]), sx = sin(angle[0]);
    double cy = cos(angle[1]), sy = sin(angle[1]);
    double cz = cos(angle[2]), sz = sin(angle[2]);
    double r[3][3] = {{cy * cz, sx * sy * cz - cx * sz, cx * sy * cz + sx * sz},
                      {cy * sz, sx * sy * sz + cx * cz, cx * sy * sz - sx * cz},
                      {-sy, sx * cy, cx * cy}};
    memcpy(m, r, sizeof r);
}

/* The grid's affine: axes as the letters say, turned, its middle at the world's origin. */
static enum ben_status place_grid(const struct phantom_options *o, struct volume *v)
{
    enum ben_status st = BEN_OK;
    static const char letters[] = "RLAPSI";
    double turn[3][3], straight[3][3] = {{0}};
    const double slant = o->oblique_deg * M_PI / 180;
    bool used[3] = {false};
    for (int c = 0; c < 3; c++) {
        const char *at = o->axes[c] ? strchr(letters, o->axes[c]) : NULL;
        long r = at ? (at - letters) / 2 : 0;
        if (!at || used[r])
            FAIL(BEN_E_ARG, "axes %s: give one of R/L, A/P, S/I each", o->axes);
        used[r] = true;
        straight[r][c] = ((at - letters) % 2 ? -1 : 1) * o->voxel_mm[c];
    }
    rotation((const double[3]){slant, 0.6 * slant, -0.4 * slant}, turn);
    for (int r = 0; r < 3; r++) {
        v->affine[r][3] = 0;
        for (int c = 0; c < 3; c++) {
            v->affine[r][c] = turn[r][0] * straight[0][c] + turn[r][1] * straight[1][c] +
                              turn[r][2] * straight[2][c];
            v->affine[r][3] -= v->affine[r][c] * 0.5 * (o->dim[c] - 1);
        }
    }
out:
    return st;
}

/* How much smaller the head must be to fit the field of view; 1 where it fits. */
static double fit(const struct volume *v, const double extent_mm[3])
{
    double scale = 1;
    for (int r = 0; r < 3; r++) {
        double half_mm = 0;
        for (int c = 0; c < 3; c++)
            half_mm = fmax(half_mm, 0.5 * v->dim[c] * fabs(v->affine[r][c]));
        scale = fmin(scale, 0.98 * half_mm / extent_mm[r]);
    }
    return scale;
}

static void make_waves(const struct random_stream *random, uint32_t first, double frequency,
                       double wave[WAVES][4])
{
    for (uint32_t w = 0; w < WAVES; w++)
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t index = first + 4 * w + i;
            wave[w][i] = i < 3 ? frequency * random_normal(random, index)
                               : 2 * M_PI * random_uniform(random, index);
        }
}

void phantom_head_mm(enum species species, double mm[3])
{
    const struct anatomy *a = &anatomies[species];
    for (int i = 0; i < 3; i++)
        mm[i] = 2 * a->brain_mm[i] * (a->head[i] + (i == 2 ? 0.25 * a->head_below : 0));
}

/* What a plain head does without. */
static void make_shape(const struct phantom_options *o, const struct random_stream *random,
                       struct head *head)
{
    bool rodent = species_plane(o->species) == BEN_CORONAL;
    if (o->shaped) {
        head->lobes = rodent ? rodent_lobes : primate_lobes;
        head->n_lobes = rodent ? 2 : 3;
        make_waves(random, 160, rodent ? 0 : 10, head->fold);
        make_waves(random, 200, 2.2, head->bump);
    }
    if (o->loss > 0 || o->warp > 0) {
        head->air = rodent ? rodent_air : primate_air;
        head->n_air = rodent ? 1 : 2;
        head->warp_axis = rodent ? 2 : 1;
    }
    if (o->contrast == BEN_PHANTOM_SWI)
        for (uint32_t v = 0; v < 2; v++)
            make_waves(random, 240 + 40 * v, 6, head->vein[v]);
    if (o->scanner) {
        struct random_stream scanner =
            random_open(o->scanner, BEN_RANDOM_TEST, 1, (uint32_t)o->contrast);
        for (uint32_t t = 0; t < TISSUES; t++)
            head->value[t] *= (float)(1 + 0.15 * (2 * random_uniform(&scanner, t) - 1));
    }
}

static struct head make_head(const struct phantom_options *o, const struct volume *v)
{
    struct random_stream random =
        random_open(o->seed, BEN_RANDOM_TEST, 1, (uint32_t)o->species);
    struct head head = {.anatomy = &anatomies[o->species], .variation = o->variation};
    const struct anatomy *a = head.anatomy;
    double turn[3][3], angle[3], axis_mm[3], extent_mm[3];
    for (uint32_t i = 0; i < 3; i++) {
        angle[i] = 0.06 * (2 * random_uniform(&random, i) - 1);
        axis_mm[i] = a->brain_mm[i] *
                     (1 + 0.06 * o->variation * (2 * random_uniform(&random, 3 + i) - 1));
        extent_mm[i] = 1.04 * axis_mm[i] * (a->head[i] + (i == 2 ? 0.25 * a->head_below : 0));
    }
    double scale = o->cropped ? 1 : fit(v, extent_mm);
    rotation(angle, turn);
    for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++)
            head.to_brain[r][c] = turn[c][r] / (scale * axis_mm[r]);
        double jitter = 0.04 * (2 * random_uniform(&random, 6 + (uint32_t)r) - 1);
        head.to_brain[r][3] = jitter - (r == 2 ? 0.75 * a->head_below : 0);
    }
    for (uint32_t t = 0; t < TISSUES; t++)
        head.value[t] = (float)(1000 * intensities[o->contrast][t] *
                                (1 + 0.06 * (2 * random_uniform(&random, 16 + t) - 1)));
    make_waves(&random, 32, 4.0, head.wave);
    make_waves(&random, 96, 0.7, head.field);
    make_shape(o, &random, &head);
    return head;
}

static double waves_at(const double wave[WAVES][4], const double p[3])
{
    double sum = 0;
    for (int w = 0; w < WAVES; w++)
        sum += cos(wave[w][0] * p[0] + wave[w][1] * p[1] + wave[w][2] * p[2] + wave[w][3]);
    return sum / WAVES;
}

/* Squared distance from (x, y, z) in units of the semi-axes (a, b, c). */
static double ball(const double p[3], const double centre[3], const double axis[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += (p[i] - centre[i]) * (p[i] - centre[i]) / (axis[i] * axis[i]);
    return sum;
}

/* Radius in brain units: below 1 is brain. The bulbs of rodents count to it. */
static double brain_radius(const struct anatomy *a, const double p[3])
{
    double radius = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    /* a flatter base: below the middle the brain ends sooner */
    if (p[2] < 0)
        radius = sqrt(p[0] * p[0] + p[1] * p[1] + 1.35 * p[2] * p[2]);
    if (a->bulb > 0) {
        const double centre[3] = {0, 1.02, -0.05}, axis[3] = {1.2 * a->bulb, a->bulb, a->bulb};
        radius = fmin(radius, sqrt(ball(p, centre, axis)));
    }
    return radius;
}

/* The same of a shaped head: its lobes count to the brain, sulci and individual bumps change
 * the surface. */
static double shaped_radius(const struct head *head, const double p[3])
{
    const double side[3] = {fabs(p[0]), p[1], p[2]};
    double radius = brain_radius(head->anatomy, p);
    if (head->anatomy->fold > 0)
        radius *= 1 + 2 * head->anatomy->fold * fmax(0, waves_at(head->fold, p));
    for (int i = 0; i < head->n_lobes; i++) {
        const struct body *lobe = &head->lobes[i];
        double thickness = (lobe->axis[0] + lobe->axis[1] + lobe->axis[2]) / 3;
        double r = sqrt(ball(side, lobe->centre, lobe->axis));
        radius = fmin(radius, 1 + (r - 1) * thickness);
    }
    return radius * (1 + 0.05 * head->variation * waves_at(head->bump, p));
}

/* A rodent's head grows narrow towards the nose. */
static void without_snout(const struct head *head, double p[3])
{
    double part = fmin(1, fmax(0, p[1] - 0.6));
    if (!head->lobes || head->anatomy->bulb == 0)
        return;
    p[0] /= 1 - 0.45 * part;
    p[2] = (p[2] + head->anatomy->head_below) / (1 - 0.45 * part) - head->anatomy->head_below;
}

/* How near the air is that spoils the field: 0 far away, 1 in its middle. */
static double near_air(const struct head *head, const double p[3])
{
    const double side[3] = {fabs(p[0]), p[1], p[2]};
    double near = 0;
    for (int i = 0; i < head->n_air; i++)
        near = fmax(near, exp(-0.5 * ball(side, head->air[i].centre, head->air[i].axis)));
    return near;
}

static enum tissue inside_brain(double radius, double ripple, const double p[3])
{
    const double side[3] = {fabs(p[0]), p[1], p[2]};
    if (ball(side, (const double[3]){0.16, 0.05, 0.12}, (const double[3]){0.09, 0.38, 0.16}) <
        1)
        return VENTRICLE;
    return radius < 0.74 + 0.14 * ripple ? WHITE : GREY;
}

static enum tissue tissue_at(const struct head *head, const double p[3], double ripple)
{
    const struct anatomy *a = head->anatomy;
    const double side[3] = {fabs(p[0]), p[1], p[2]};
    const double below[3] = {0, 0.05, -a->head_below};
    double outside[3] = {p[0], p[1], p[2]};
    double radius = head->lobes ? shaped_radius(head, p) : brain_radius(a, p);
    without_snout(head, outside);
    double outer = ball(outside, below, a->head);
    if (radius < 1)
        return inside_brain(radius, ripple, p);
    if (outer > 1)
        return AIR;
    if (radius < a->fluid)
        return FLUID;
    if (radius < a->skull)
        return SKULL;
    if (ball(side, (const double[3]){0.62, 1.0, -0.55}, (const double[3]){0.24, 0.24, 0.24}) <
        1)
        return EYE;
    return outer > 0.86 && radius > a->muscle ? SKIN : MUSCLE;
}

/* Where two wavy sheets cross, a vein runs. */
static bool is_vein(const struct head *head, const double p[3])
{
    return fabs(waves_at(head->vein[0], p)) < 0.06 && fabs(waves_at(head->vein[1], p)) < 0.06;
}

/* What a surface coil above the head sees of a point, of what it sees of its own place. */
static double seen_by_coil(const struct phantom_options *o, const double p[3])
{
    const double coil[3] = {0, 0, 1.3};
    double square = 0;
    for (int a = 0; a < 3; a++)
        square += (p[a] - coil[a]) * (p[a] - coil[a]);
    return pow(1 + 3 * sqrt(square), -o->coil);
}

/* The noise-free value, and whether the point is brain. */
static float sample(const struct head *head, const struct phantom_options *o,
                    const double mm[3], bool *brain)
{
    double p[3];
    for (int r = 0; r < 3; r++)
        p[r] = head->to_brain[r][0] * mm[0] + head->to_brain[r][1] * mm[1] +
               head->to_brain[r][2] * mm[2] + head->to_brain[r][3];
    double air = head->n_air > 0 ? near_air(head, p) : 0;
    p[head->warp_axis] += o->warp * air;
    double ripple = waves_at(head->wave, p);
    enum tissue tissue = tissue_at(head, p, ripple);
    *brain = tissue == GREY || tissue == WHITE || tissue == VENTRICLE;
    double value = head->value[tissue] * seen_by_coil(o, p);
    if (tissue == AIR)
        return (float)value;
    value *= (1 + 0.08 * ripple) * (1 - o->loss * air);
    if (o->contrast == BEN_PHANTOM_SWI && *brain && is_vein(head, p))
        value *= 0.3;
    return (float)(value * exp(2 * o->bias * waves_at(head->field, p)));
}

static float add_noise(const struct random_stream *random, uint32_t voxel, float value,
                       double sigma)
{
    double re = value + sigma * random_normal(random, 2 * voxel);
    double im = sigma * random_normal(random, 2 * voxel + 1);
    return (float)sqrt(re * re + im * im);
}

static void fill_slice(const struct head *head, const struct phantom_options *o, int k,
                       struct volume *v, uint8_t *mask)
{
    struct random_stream random =
        random_open(o->seed, BEN_RANDOM_TEST, 2 + (uint32_t)o->volume, (uint32_t)k);
    size_t n = (size_t)v->dim[0] * (size_t)v->dim[1];
    for (size_t s = 0; s < n; s++) {
        double index[3] = {(double)(s % (size_t)v->dim[0]), (double)(s / (size_t)v->dim[0]), k};
        double mm[3];
        bool brain;
        for (int r = 0; r < 3; r++)
            mm[r] = v->affine[r][0] * index[0] + v->affine[r][1] * index[1] +
                    v->affine[r][2] * index[2] + v->affine[r][3];
        float value = sample(head, o, mm, &brain);
        v->data[(size_t)k * n + s] = add_noise(&random, (uint32_t)s, value, 1000 * o->noise);
        if (mask)
            mask[(size_t)k * n + s] = brain;
    }
}

enum ben_status phantom_make(const struct phantom_options *options, struct volume **image,
                             uint8_t **mask)
{
    enum ben_status st = BEN_OK;
    struct volume *v = NULL;
    uint8_t *m = NULL;
    TRY(volume_create(options->dim, options->voxel_mm, &v));
    TRY(place_grid(options, v));
    if (mask)
        TRY_NEW(m = calloc(volume_voxels(v), 1));
    struct head head = make_head(options, v);
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < v->dim[2]; k++)
        fill_slice(&head, options, k, v, m);
    *image = v;
    v = NULL;
    if (mask)
        *mask = m;
    m = NULL;
out:
    free(m);
    volume_free(&v);
    return st;
}
