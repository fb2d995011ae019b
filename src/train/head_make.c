/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/head_make.h"
#include "prep/box.h"
#include "prep/distance.h"
#include "train/knots.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BRAIN_VOXELS 96  /* along a made-up brain's longest side */
#define FAR          1.5 /* a level that no bump brings below 1 */
#define SHAPE_PARTS  10
#define FIELDS       6 /* random fields of a head */

void brain_field_free(struct brain_field *field)
{
    free(field->distance);
    field->distance = NULL;
}

static size_t voxels_of(const int dim[3])
{
    return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}

/* distance := signed distance to the surface of mask on the same grid, half a voxel taken off each
 * side so that the surface lies between the voxels. */
static enum ben_status signed_distance(const int dim[3], const double mm[3], uint8_t *mask,
                                       float *distance)
{
    enum ben_status st = BEN_OK;
    size_t n = voxels_of(dim);
    float *inner = NULL, half = (float)(fmin(mm[0], fmin(mm[1], mm[2])) / 2);
    TRY_NEW(inner = malloc(n * sizeof *inner));
    TRY(distance_squared(dim, mm, mask, distance));
    for (size_t i = 0; i < n; i++)
        mask[i] = !mask[i];
    TRY(distance_squared(dim, mm, mask, inner));
    for (size_t i = 0; i < n; i++)
        distance[i] = mask[i] ? sqrtf(distance[i]) - half : half - sqrtf(inner[i]);
out:
    free(inner);
    return st;
}

/* An ellipsoid of the brain, in units of its width; x outwards. */
struct part {
    double centre[3], half[3];
};

static double between(double round, double rodent, double primate)
{
    return rodent + round * (primate - rodent);
}

/* The ellipsoids of a brain between a rodent's and a primate's, each measure varied. */
static int draw_parts(struct draws *d, double round, struct part parts[SHAPE_PARTS])
{
    const struct part rodent[] = {
        {{.22, .08, 0}, {.29, .62, .33}},    {{.10, .82, -.04}, {.10, .22, .13}},
        {{.30, -.05, -.16}, {.19, .35, .2}}, {{.0, -.58, .03}, {.36, .24, .28}},
        {{.0, -.45, -.2}, {.19, .5, .15}},
    };
    const struct part primate[] = {
        {{.23, .03, .06}, {.28, .62, .42}},  {{.05, .45, -.18}, {.04, .2, .04}},
        {{.33, .08, -.26}, {.16, .34, .19}}, {{.0, -.4, -.34}, {.34, .22, .2}},
        {{.0, -.14, -.42}, {.12, .13, .27}},
    };
    int n = 0;
    for (int k = 0; k < 5; k++) {
        struct part p;
        for (int a = 0; a < 3; a++) {
            p.centre[a] = between(round, rodent[k].centre[a], primate[k].centre[a]) +
                          (a ? draw_within(d, -.04, .04) : 0);
            p.half[a] = between(round, rodent[k].half[a], primate[k].half[a]) *
                        exp(draw_within(d, -.15, .15));
        }
        parts[n++] = p;
        if (p.centre[0] > 0) {
            p.centre[0] = -p.centre[0];
            parts[n++] = p;
        }
    }
    return n;
}

/* Below 1 inside; the exponent makes the ellipsoids squarer or rounder. */
static double part_level(const struct part *part, double exponent, const double p[3])
{
    double sum = 0, at[3];
    for (int a = 0; a < 3; a++) {
        at[a] = fabs((p[a] - part->centre[a]) / part->half[a]);
        if (at[a] > FAR) /* outside whatever the exponent */
            return FAR;
    }
    for (int a = 0; a < 3; a++)
        sum += pow(at[a], exponent);
    return pow(sum, 1 / exponent);
}

/* How far head and brain reach: the grid around a brain of that box. */
static void frame(double width, double length, double height, double round, double reach[3][2])
{
    const double size = cbrt(width * length * height);
    reach[0][0] = reach[0][1] = width / 2 + .42 * size;
    reach[1][0] = length / 2 + .45 * size;
    reach[1][1] = length / 2 + between(round, .75, .45) * size;
    reach[2][0] = height / 2 + between(round, .75, .65) * size;
    reach[2][1] = height / 2 + .35 * size;
}

static void place(const int dim[3], size_t i, int at[3])
{
    at[0] = (int)(i % (size_t)dim[0]);
    at[1] = (int)(i / (size_t)dim[0] % (size_t)dim[1]);
    at[2] = (int)(i / ((size_t)dim[0] * (size_t)dim[1]));
}

enum ben_status brain_shape(const struct random_stream *stream, struct brain_field *field)
{
    enum ben_status st = BEN_OK;
    struct draws d = {.stream = *stream};
    struct part parts[SHAPE_PARTS];
    struct knots *bumps = NULL;
    uint8_t *mask = NULL;
    double reach[3][2];
    double round = draw_within(&d, -.15, 1.15), exponent = draw_within(&d, 1.8, 2.8);
    round = round < 0 ? 0 : round > 1 ? 1 : round;
    double stretch = exp(draw_within(&d, -.12, .12)), bumpy = draw_within(&d, 0, .09);
    int n_parts = draw_parts(&d, round, parts);
    *field = (struct brain_field){.round = round, .mm = between(round, 2., 1.4) / BRAIN_VOXELS};
    TRY_NEW(bumps = malloc(sizeof *bumps));
    knots_draw(&d, 8, false, bumps);
    frame(1, between(round, 1.9, 1.35) * stretch, between(round, .68, .95), round, reach);
    for (int a = 0; a < 3; a++)
        field->dim[a] = (int)ceil((reach[a][0] + reach[a][1]) / field->mm);
    size_t n = voxels_of(field->dim);
    TRY_NEW(field->distance = malloc(n * sizeof *field->distance));
    TRY_NEW(mask = calloc(n, 1));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        int at[3];
        double p[3], level = FAR;
        place(field->dim, i, at);
        for (int a = 0; a < 3; a++)
            p[a] = at[a] * field->mm - reach[a][0];
        p[1] /= stretch;
        float u[3];
        for (int a = 0; a < 3; a++)
            u[a] = (float)at[a] / (float)field->dim[a];
        double bump = bumpy * knots_at(bumps, u[0], u[1], u[2]);
        for (int k = 0; k < n_parts; k++)
            level = fmin(level, part_level(&parts[k], exponent, p));
        mask[i] = level + bump < 1;
    }
    const double mm[3] = {field->mm, field->mm, field->mm};
    TRY(signed_distance(field->dim, mm, mask, field->distance));
out:
    free(bumps);
    free(mask);
    if (st)
        brain_field_free(field);
    return st;
}

/* Linear between the voxels' centres; beyond the grid the distance to it is added. */
static float sample(const int dim[3], const double mm[3], const float *from, const double p[3])
{
    int i[3];
    double u[3], beyond = 0;
    for (int a = 0; a < 3; a++) {
        double at = p[a] / mm[a] - .5, end = dim[a] - 1;
        double inside = at < 0 ? 0 : at > end ? end : at;
        beyond += (at - inside) * (at - inside) * mm[a] * mm[a];
        i[a] = inside >= end && end > 0 ? (int)end - 1 : (int)inside;
        u[a] = inside - i[a];
    }
    double sum = 0;
    for (int c = 0; c < 8; c++) {
        double weight = 1;
        size_t index = 0, step = 1;
        for (int a = 0; a < 3; a++) {
            int up = c >> a & 1 && dim[a] > 1;
            weight *= c >> a & 1 ? u[a] : 1 - u[a];
            index += step * (size_t)(i[a] + up);
            step *= (size_t)dim[a];
        }
        sum += weight * from[index];
    }
    return (float)(sum + sqrt(beyond));
}

enum ben_status brain_of_mask(const int dim[3], const double voxel_mm[3], const uint8_t *mask,
                              double round, struct brain_field *field)
{
    enum ben_status st = BEN_OK;
    const struct box box = box_find(dim, mask);
    uint8_t *copy = NULL;
    float *distance = NULL;
    double side[3], reach[3][2], centre[3], longest = 0;
    *field = (struct brain_field){.round = round};
    if (box.size[0] == 0)
        FAIL(BEN_E_INPUT, "the mask is empty");
    for (int a = 0; a < 3; a++) {
        side[a] = box.size[a] * voxel_mm[a];
        centre[a] = (2 * box.first[a] + box.size[a]) * voxel_mm[a] / 2;
        longest = fmax(longest, side[a]);
    }
    field->mm = longest / BRAIN_VOXELS;
    frame(side[0], side[1], side[2], round, reach);
    for (int a = 0; a < 3; a++)
        field->dim[a] = (int)ceil((reach[a][0] + reach[a][1]) / field->mm);
    TRY_NEW(copy = malloc(voxels_of(dim)));
    memcpy(copy, mask, voxels_of(dim));
    TRY_NEW(distance = malloc(voxels_of(dim) * sizeof *distance));
    TRY(signed_distance(dim, voxel_mm, copy, distance));
    size_t n = voxels_of(field->dim);
    TRY_NEW(field->distance = malloc(n * sizeof *field->distance));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        int at[3];
        double p[3];
        place(field->dim, i, at);
        for (int a = 0; a < 3; a++)
            p[a] = centre[a] - reach[a][0] + (at[a] + .5) * field->mm;
        field->distance[i] = sample(dim, voxel_mm, distance, p);
    }
out:
    free(copy);
    free(distance);
    if (st)
        brain_field_free(field);
    return st;
}

/* Labels of a made-up head. */
enum {
    AIR,
    CORTEX,
    WHITE,
    DEEP,
    VENTRICLE,
    HIND,
    CSF,
    BONE,
    MARROW,
    MUSCLE,
    MUSCLE2,
    FAT,
    SKIN,
    EYE,
    CORD,
    GLAND,
    LABELS,
};

static const uint8_t tissue_of[LABELS] = {
    [AIR] = BEN_AIR,       [CORTEX] = BEN_GREY,     [WHITE] = BEN_WHITE,
    [DEEP] = BEN_GREY,     [VENTRICLE] = BEN_FLUID, [HIND] = BEN_GREY,
    [CSF] = BEN_FLUID,     [BONE] = BEN_BONE,       [MARROW] = BEN_MARROW,
    [MUSCLE] = BEN_MUSCLE, [MUSCLE2] = BEN_MUSCLE,  [FAT] = BEN_FAT,
    [SKIN] = BEN_FAT,      [EYE] = BEN_FLUID,       [CORD] = BEN_WHITE,
    [GLAND] = BEN_MUSCLE,
};

/* What is drawn once for a head; lengths in units of the brain's size. */
struct plan {
    double size, depth; /* of the brain: cube root of its volume, its deepest point, in mm */
    struct box box;     /* that it occupies */
    double centre[3];   /* of its box, in mm from the grid's corner */
    double half[3];     /* of its box */
    double head_centre[3], head_half[3];
    double csf, bone, marrow, scalp, skin, cortex, white, ventricle, fat, muscle2, jaw, airway,
        gland;
    double eye[3], eye_half; /* x outwards; no eyes: 0 */
    double cord[3], cord_half;
    double asymmetry;
    struct knots fields[FIELDS];
};

static void draw_plan(struct draws *d, const struct brain_field *f, struct plan *p)
{
    const double round = f->round, *h = p->half;
    p->csf = draw_happens(d, .7) ? draw_within(d, .005, .07) : 0;
    p->bone = draw_within(d, .015, .08);
    p->marrow = draw_happens(d, .4) ? draw_within(d, .3, .6) : 0;
    p->scalp = draw_within(d, .01, .12);
    p->skin = draw_within(d, .015, .1);
    p->cortex = draw_within(d, .1, .5);
    p->white = draw_within(d, -.8, 1.2);
    p->ventricle = draw_within(d, .7, 2.5);
    p->fat = draw_within(d, .2, 1.8);
    p->muscle2 = draw_within(d, .2, 1.5);
    p->jaw = draw_within(d, 0, .16);
    p->airway = draw_within(d, 1, 2.6);
    p->gland = draw_within(d, 1, 2.4);
    p->head_centre[0] = p->centre[0];
    p->head_centre[1] = p->centre[1] + draw_within(d, -.1, .3) * h[1];
    p->head_centre[2] = p->centre[2] - draw_within(d, .1, .9) * h[2] * between(round, 1, .6);
    p->head_half[0] = h[0] * draw_within(d, 1.15, 1.9);
    p->head_half[1] = h[1] * draw_within(d, 1.2, 1.9);
    p->head_half[2] = h[2] * draw_within(d, 1.35, 2.4);
    p->eye_half = draw_happens(d, .75) ? p->size * draw_within(d, .08, .2) : 0;
    p->eye[0] = h[0] * draw_within(d, .4, 1.1);
    p->eye[1] = p->centre[1] + h[1] * draw_within(d, .5, 1.15);
    p->eye[2] = p->centre[2] - h[2] * draw_within(d, .2, 1.2);
    p->cord_half = p->size * draw_within(d, .05, .13);
    p->cord[1] = p->centre[1] - h[1] * between(round, .8, .15);
    p->cord[2] = p->centre[2] - h[2] * between(round, .35, .8);
    p->asymmetry = draw_within(d, 0, .3);
    for (int k = 0; k < FIELDS; k++)
        knots_draw(d, 6 + draw_index(d, BEN_KNOTS - 5), false, &p->fields[k]);
}

/* Fields are nearly symmetric: x counts from the middle, with a little of x itself. */
static float noise(const struct plan *p, int field, const double u[3])
{
    double x = fabs(u[0] - .5) * 2;
    x = x + p->asymmetry * (u[0] - x);
    return knots_at(&p->fields[field], (float)x, (float)u[1], (float)u[2]);
}

static int inner_label(const struct plan *p, double depth, const double u[3], double back)
{
    if (depth > .3 && noise(p, 0, u) > p->ventricle)
        return VENTRICLE;
    if (back > .62 && noise(p, 4, u) > -.6)
        return HIND;
    if (depth < p->cortex + .06 * noise(p, 1, u))
        return CORTEX;
    return noise(p, 2, u) > p->white ? DEEP : WHITE;
}

static double ellipsoid(const double at[3], const double centre[3], const double half[3])
{
    double sum = 0;
    for (int a = 0; a < 3; a++)
        sum += (at[a] - centre[a]) * (at[a] - centre[a]) / (half[a] * half[a]);
    return sqrt(sum);
}

static bool in_eye(const struct plan *p, const double at[3])
{
    const double mirrored[3] = {fabs(at[0] - p->centre[0]), at[1], at[2]};
    const double half[3] = {p->eye_half, p->eye_half, p->eye_half};
    return p->eye_half > 0 && ellipsoid(mirrored, p->eye, half) < 1;
}

/* The cord leaves the brain backwards in rodents, downwards in primates. */
static bool in_cord(const struct plan *p, double round, const double at[3])
{
    double x = at[0] - p->centre[0], y = at[1] - p->cord[1], z = at[2] - p->cord[2];
    double back = round < .5 ? -y : -z, aside = round < .5 ? z : y;
    return back > 0 && x * x + aside * aside < p->cord_half * p->cord_half;
}

static int soft_label(const struct plan *p, const double u[3], double below)
{
    if (below > .25 && noise(p, 5, u) > p->airway)
        return AIR;
    if (below > .1 && fabs(noise(p, 3, u)) < p->jaw)
        return BONE;
    if (noise(p, 4, u) > p->gland)
        return GLAND;
    if (noise(p, 2, u) > p->fat)
        return FAT;
    return noise(p, 1, u) > p->muscle2 ? MUSCLE2 : MUSCLE;
}

/* distance from the brain in units of its size. */
static int outer_label(const struct plan *p, double round, double distance, const double at[3],
                       const double u[3])
{
    double wave = noise(p, 0, u);
    double csf = p->csf * (1 + .5 * wave), bone = csf + p->bone * (1 + .4 * noise(p, 3, u));
    if (in_cord(p, round, at))
        return CORD;
    if (distance < csf)
        return CSF;
    if (distance < bone) {
        double middle = fabs((distance - csf) / (bone - csf) - .5) * 2;
        return middle < p->marrow ? MARROW : BONE;
    }
    double level = ellipsoid(at, p->head_centre, p->head_half) + .07 * noise(p, 5, u);
    double scalp = bone + p->scalp;
    if (level > 1 && distance > scalp)
        return AIR;
    double from_skin = fmax((1 - level) * p->head_half[0] / p->size, scalp - distance);
    if (in_eye(p, at))
        return EYE;
    if (from_skin < p->skin)
        return SKIN;
    double below = (p->centre[2] - at[2]) / p->half[2];
    return soft_label(p, u, below);
}

static enum ben_status measure(const struct brain_field *f, struct plan *p)
{
    enum ben_status st = BEN_OK;
    size_t n = voxels_of(f->dim), inside = 0;
    uint8_t *mask = NULL;
    double depth = 0;
    TRY_NEW(mask = malloc(n));
    for (size_t i = 0; i < n; i++) {
        mask[i] = f->distance[i] < 0;
        inside += mask[i];
        depth = fmax(depth, -f->distance[i]);
    }
    p->box = box_find(f->dim, mask);
    if (p->box.size[0] == 0)
        FAIL(BEN_E_INPUT, "the brain is smaller than a voxel");
    for (int a = 0; a < 3; a++) {
        p->centre[a] = (2 * p->box.first[a] + p->box.size[a]) * f->mm / 2;
        p->half[a] = p->box.size[a] * f->mm / 2;
    }
    p->size = cbrt((double)inside) * f->mm;
    p->depth = depth;
out:
    free(mask);
    return st;
}

static uint8_t voxel_label(const struct plan *p, const struct brain_field *f, size_t i)
{
    int at[3];
    double mm[3], u[3], distance = f->distance[i];
    place(f->dim, i, at);
    for (int a = 0; a < 3; a++) {
        mm[a] = (at[a] + .5) * f->mm;
        u[a] = (at[a] + .5) / f->dim[a];
    }
    if (distance >= 0)
        return (uint8_t)outer_label(p, f->round, distance / p->size, mm, u);
    double back = (p->centre[1] - mm[1]) / p->half[1];
    return (uint8_t)(inner_label(p, -distance / p->depth, u, back) | BEN_HEAD_BRAIN);
}

enum ben_status head_around(const struct random_stream *stream, const struct brain_field *field,
                            struct head *head, uint8_t **voxels)
{
    enum ben_status st = BEN_OK;
    struct draws d = {.stream = *stream};
    struct plan *plan = NULL;
    uint8_t *labels = NULL;
    size_t n = voxels_of(field->dim);
    TRY_NEW(plan = calloc(1, sizeof *plan));
    TRY_NEW(labels = malloc(n));
    TRY(measure(field, plan));
    draw_plan(&d, field, plan);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        labels[i] = voxel_label(plan, field, i);
    *head = (struct head){.mm = field->mm, .n_labels = LABELS};
    memcpy(head->dim, field->dim, sizeof head->dim);
    memcpy(head->tissue, tissue_of, sizeof tissue_of);
    head->brain = plan->box;
    *voxels = labels;
    labels = NULL;
out:
    free(plan);
    free(labels);
    return st;
}
