/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/synth.h"
#include "train/artefact.h"
#include "train/knots.h"

#include <math.h>
#include <string.h>

#define MAX_LAYERS  5    /* sub-slices of a thick slice */
#define UPSIDE_DOWN 0.15 /* of heads: animals lie on their back, headers are wrong */
#define AIR_SHARE   0.5  /* of a field of view, about */

/* Lowest and highest grey of each tissue in each manner. */
static const struct manner {
    double weight;
    double grey[BEN_TISSUES][2];
} manners[] = {
    {.26, /* T1w */
     {{0, .02},
      {.6, .85},
      {.4, .68},
      {.08, .3},
      {.25, .6},
      {.6, 1.25},
      {.02, .12},
      {.3, .9},
      {.05, .6}}},
    {.3, /* T2w */
     {{0, .02},
      {.25, .45},
      {.38, .68},
      {.6, 1.1},
      {.08, .4},
      {.3, .95},
      {.01, .1},
      {.2, .6},
      {.03, .4}}},
    {.12, /* FLAIR, PDw */
     {{0, .02},
      {.35, .55},
      {.45, .65},
      {.03, .5},
      {.12, .4},
      {.4, 1.},
      {.01, .1},
      {.2, .6},
      {.03, .4}}},
    {.2, /* gradient echo, EPI, fat suppressed */
     {{0, .02},
      {.4, .65},
      {.5, .8},
      {.5, 1.},
      {.04, .4},
      {.01, .3},
      {.01, .08},
      {.02, .25},
      {.01, .3}}},
    {.12, /* anything */
     {{0, .05}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, .5}, {0, 1}, {0, 1}}},
};

struct paint {
    float grey[BEN_HEAD_LABELS], spread[BEN_HEAD_LABELS];
    uint32_t texture; /* key of the voxels' noise */
};

/* From a slice's pixels to the head's voxels: origin + column * across + row * down, and layers
 * along through; then the bend. */
struct pose {
    float origin[3], across[3], down[3], through[3];
    int layers;
    float bend; /* voxels */
    struct knots field[3];
    int smooth; /* half a voxel in pixels */
};

static const struct manner *draw_manner(struct draws *d)
{
    double left = draw_within(d, 0, 1);
    size_t n = sizeof manners / sizeof manners[0], i = 0;
    while (i + 1 < n && left >= manners[i].weight)
        left -= manners[i++].weight;
    return &manners[i];
}

/* The grey that one in fifty of the tissue's voxels exceeds: the 99th percentile where air takes
 * half of the view. */
static double bright_end(const struct head *head, const struct paint *paint)
{
    double high = 1e-3, share_above = .01 / AIR_SHARE;
    float limit = 1e9F;
    for (int round = 0; round < head->n_labels; round++) {
        float next = 0, share = 0;
        for (int k = 1; k < head->n_labels; k++)
            if (paint->grey[k] < limit && paint->grey[k] >= next) {
                next = paint->grey[k];
                share = head->share[k];
            }
        limit = next;
        high = next;
        share_above -= share;
        if (share_above <= 0)
            break;
    }
    return high > .05 ? high : .05;
}

static void draw_paint(struct draws *d, const struct head *head, struct paint *paint)
{
    const struct manner *manner = draw_manner(d);
    double base[BEN_TISSUES], spread = draw_within(d, 0, .07), vary = draw_within(d, 0, .12);
    for (int t = 0; t < BEN_TISSUES; t++)
        base[t] = draw_within(d, manner->grey[t][0], manner->grey[t][1]);
    if (draw_happens(d, .3)) /* grey and white matter can hardly be told */
        base[BEN_WHITE] = base[BEN_GREY] * draw_within(d, .92, 1.08);
    for (int k = 0; k < head->n_labels; k++) {
        double own = exp(vary * draw_normal(d));
        paint->grey[k] = (float)(base[head->tissue[k]] * own);
        paint->spread[k] = (float)(spread * draw_within(d, .3, 1.5));
    }
    paint->spread[0] = 0;
    float scale = (float)(draw_within(d, .8, 1.2) / bright_end(head, paint));
    for (int k = 0; k < head->n_labels; k++)
        paint->grey[k] *= scale;
    paint->texture = random_u32(&d->stream, d->next++);
}

/* Unit vectors of columns, rows and slices in the head (prep/slices.h). */
static void plane_axes(enum slice_plane plane, double axes[3][3])
{
    memset(axes, 0, 9 * sizeof(double));
    axes[0][plane == BEN_SAGITTAL ? 1 : 0] = 1;
    axes[1][plane == BEN_AXIAL ? 1 : 2] = -1;
    axes[2][plane] = 1;
}

/* Turns a and b in their plane. */
static void rotate(double a[3], double b[3], double radians)
{
    double c = cos(radians), s = sin(radians);
    for (int k = 0; k < 3; k++) {
        double old = a[k];
        a[k] = c * old + s * b[k];
        b[k] = c * b[k] - s * old;
    }
}

static double degrees(double d)
{
    return d * M_PI / 180;
}

static enum slice_plane draw_plane(struct draws *d, const struct head *head)
{
    double other = draw_within(d, 0, 1);
    if (other > .16)
        return head->plane;
    return other < .02 ? BEN_SAGITTAL : head->plane == BEN_AXIAL ? BEN_CORONAL : BEN_AXIAL;
}

/* Where along the slices' axis, in voxels: mostly through the brain, sometimes beyond it. */
static double draw_depth(struct draws *d, const struct head *head, int axis)
{
    double low = head->brain.first[axis], length = head->brain.size[axis], high = low + length;
    if (draw_happens(d, .82))
        return draw_within(d, low - .04 * length, high + .04 * length);
    double end =
        draw_happens(d, .5) ? draw_within(d, 0, low) : draw_within(d, high, head->dim[axis]);
    return end;
}

static void draw_pose(struct draws *d, const struct head *head, int size, struct pose *pose)
{
    enum slice_plane plane = draw_plane(d, head);
    double axes[3][3], centre[3], extent = 0, stretch[3];
    plane_axes(plane, axes);
    for (int a = 0; a < 3; a++) {
        double length = head->brain.size[a];
        centre[a] = head->brain.first[a] + length / 2;
        extent = a != (int)plane && length > extent ? length : extent;
        stretch[a] = exp(draw_within(d, -.15, .15));
    }
    centre[plane] = draw_depth(d, head, (int)plane);
    double part = draw_happens(d, .8) ? draw_within(d, .5, 1.1) : draw_within(d, .25, .5);
    double pixel = extent / (part * size); /* in voxels */
    rotate(axes[0], axes[1], degrees(draw_within(d, -15, 15)));
    rotate(axes[0], axes[2], degrees(6 * draw_normal(d)));
    rotate(axes[1], axes[2], degrees(8 * draw_normal(d)));
    double slack = .35 * (1.15 - part) * size; /* pixels that the brain may be off the middle */
    double shift[2] = {draw_within(d, -slack, slack), draw_within(d, -slack, slack)};
    double thick = draw_within(d, 0, .08) * extent;
    pose->layers = 1 + draw_index(d, MAX_LAYERS);
    bool mirror = draw_happens(d, .5), upside = draw_happens(d, UPSIDE_DOWN);
    for (int a = 0; a < 3; a++) {
        axes[0][a] = mirror ? -axes[0][a] : axes[0][a];
        axes[1][a] = upside ? -axes[1][a] : axes[1][a];
    }
    for (int a = 0; a < 3; a++) {
        double c = axes[0][a] * pixel * stretch[0], r = axes[1][a] * pixel * stretch[1];
        double t = axes[2][a] * thick / pose->layers;
        pose->across[a] = (float)c;
        pose->down[a] = (float)r;
        pose->through[a] = (float)t;
        pose->origin[a] = (float)(centre[a] - c * (size / 2. + shift[0]) -
                                  r * (size / 2. + shift[1]) - t * (pose->layers - 1) / 2.);
    }
    double bend = draw_happens(d, .8) ? draw_within(d, 0, .045) * extent : 0;
    int knots = 4 + draw_index(d, 4);
    pose->bend = (float)bend;
    for (int a = 0; a < 3; a++)
        knots_draw(d, knots, true, &pose->field[a]);
    pose->smooth = (int)(.5 / pixel + .5);
}

/* A number between -1.7 and 1.7, mean 0 and sd 1, of a voxel. */
static float voxel_noise(uint32_t key, size_t voxel)
{
    uint32_t h = (uint32_t)voxel * 0x9E3779B1U ^ key;
    h ^= h >> 15;
    h *= 0x85EBCA77U;
    h ^= h >> 13;
    h *= 0xC2B2AE3DU;
    h ^= h >> 16;
    return ((float)h * 0x1p-32F - .5F) * 3.4641F;
}

static void paint_pixel(const struct head *head, const uint8_t *voxels, const struct pose *pose,
                        const struct paint *paint, const float at[3], float *x, float *y)
{
    float sum = 0;
    int brain = 0;
    for (int k = 0; k < pose->layers; k++) {
        int i[3];
        bool inside = true;
        for (int a = 0; a < 3; a++) {
            i[a] = (int)floorf(at[a] + (float)k * pose->through[a]);
            inside &= i[a] >= 0 && i[a] < head->dim[a];
        }
        if (!inside) {
            sum += paint->grey[0];
            continue;
        }
        size_t v = ((size_t)i[2] * (size_t)head->dim[1] + (size_t)i[1]) * (size_t)head->dim[0] +
                   (size_t)i[0];
        int label = voxels[v] & (BEN_HEAD_BRAIN - 1);
        sum += paint->grey[label] + paint->spread[label] * voxel_noise(paint->texture, v);
        brain += voxels[v] >= BEN_HEAD_BRAIN;
    }
    *x = fmaxf(sum / (float)pose->layers, 0);
    *y = 2 * brain > pose->layers;
}

/* Voxels are no steps: their edges are rounded off. */
static void round_edges(int size, int radius, float *x, float *y, float *scratch)
{
    size_t n = (size_t)size * (size_t)size;
    artefact_average(size, radius, x, scratch);
    memcpy(x, scratch, n * sizeof *x);
    artefact_average(size, radius, y, scratch);
    for (size_t i = 0; i < n; i++)
        y[i] = scratch[i] > .5F;
}

void synth_slice(const struct heads *heads, const struct sample_key *key, int size, float *x,
                 float *y, float *scratch)
{
    struct draws d = {.stream =
                          random_open(key->seed, BEN_RANDOM_SYNTH, key->epoch, key->sample)};
    const struct head *head = &heads->list[draw_index(&d, heads->n)];
    struct paint paint;
    struct pose pose;
    draw_pose(&d, head, size, &pose);
    draw_paint(&d, head, &paint);
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++) {
            float at[3], u = ((float)c + .5F) / (float)size, v = ((float)r + .5F) / (float)size;
            for (int a = 0; a < 3; a++)
                at[a] = pose.origin[a] + ((float)c + .5F) * pose.across[a] +
                        ((float)r + .5F) * pose.down[a] +
                        pose.bend * knots_at(&pose.field[a], u, v, 0);
            paint_pixel(head, heads->voxels + head->offset, &pose, &paint, at, x + r * size + c,
                        y + r * size + c);
        }
    if (pose.smooth > 0)
        round_edges(size, pose.smooth, x, y, scratch);
}
