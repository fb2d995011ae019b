/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/n4_spline.h"

#include "base/clones.h"

#include <stdlib.h>
#include <string.h>

/* The four cubic B-splines that reach u in [0, 1] of a mesh element. */
static void basis_at(double u, double w[4])
{
    double v = 1 - u;
    w[0] = v * v * v / 6;
    w[1] = (3 * u * u * u - 6 * u * u + 4) / 6;
    w[2] = (3 * v * v * v - 6 * v * v + 4) / 6;
    w[3] = u * u * u / 6;
}

static void fill_axis(struct spline_axis *axis, int mesh)
{
    for (int i = 0; i < axis->n; i++) {
        double at = axis->n > 1 ? (double)mesh * i / (axis->n - 1) : 0, squares = 0;
        int element = (int)at < mesh ? (int)at : mesh - 1;
        double *w = axis->weight[SPLINE_BASIS] + 4 * i;
        axis->first[i] = element;
        basis_at(at - element, w);
        for (int k = 0; k < 4; k++)
            squares += w[k] * w[k];
        for (int k = 0; k < 4; k++) {
            axis->weight[SPLINE_CUBE][4 * i + k] = w[k] * w[k] * w[k] / squares;
            axis->weight[SPLINE_SQUARE][4 * i + k] = w[k] * w[k];
        }
    }
}

enum ben_status spline_axis_create(int n, int mesh, struct spline_axis *axis)
{
    enum ben_status st = BEN_OK;
    *axis = (struct spline_axis){.n = n, .controls = mesh + 3};
    TRY_NEW(axis->first = calloc((size_t)n, sizeof *axis->first));
    for (int kind = 0; kind < SPLINE_WEIGHTS; kind++)
        TRY_NEW(axis->weight[kind] = calloc(4 * (size_t)n, sizeof(double)));
    fill_axis(axis, mesh);
out:
    if (st != BEN_OK)
        spline_axis_free(axis);
    return st;
}

void spline_axis_free(struct spline_axis *axis)
{
    free(axis->first);
    for (int kind = 0; kind < SPLINE_WEIGHTS; kind++)
        free(axis->weight[kind]);
    *axis = (struct spline_axis){0};
}

/* plane := the lattice's layers that reach sample z, weighted. */
static void blend_layers(const struct spline_axis axes[3], const double *lattice, int z,
                         double *plane)
{
    size_t layer = (size_t)axes[0].controls * (size_t)axes[1].controls;
    const double *w = axes[2].weight[SPLINE_BASIS] + 4 * z;
    const double *from = lattice + (size_t)axes[2].first[z] * layer;
    for (size_t i = 0; i < layer; i++)
        plane[i] = w[0] * from[i] + w[1] * from[layer + i] + w[2] * from[2 * layer + i] +
                   w[3] * from[3 * layer + i];
}

void spline_slice(const struct spline_axis axes[3], const double *lattice, int z, double *plane,
                  float *rows)
{
    int n = axes[0].n;
    const double *w = axes[0].weight[SPLINE_BASIS];
    blend_layers(axes, lattice, z, plane);
    for (int c = 0; c < axes[1].controls; c++) {
        const double *from = plane + (size_t)c * (size_t)axes[0].controls;
        float *row = rows + (size_t)c * (size_t)n;
        for (int x = 0; x < n; x++) {
            const double *p = from + axes[0].first[x];
            row[x] = (float)(w[4 * x] * p[0] + w[4 * x + 1] * p[1] + w[4 * x + 2] * p[2] +
                             w[4 * x + 3] * p[3]);
        }
    }
}

BEN_CLONES
void spline_line(const struct spline_axis axes[3], const float *rows, int y, int begin, int end,
                 float *restrict field)
{
    int n = axes[0].n;
    const double *w = axes[1].weight[SPLINE_BASIS] + 4 * y;
    const float *restrict row = rows + (size_t)axes[1].first[y] * (size_t)n;
    float w0 = (float)w[0], w1 = (float)w[1], w2 = (float)w[2], w3 = (float)w[3];
    for (int x = begin; x < end; x++)
        field[x] = w0 * row[x] + w1 * row[n + x] + w2 * row[2 * n + x] + w3 * row[3 * n + x];
}

BEN_CLONES
void spline_collect_line(const struct spline_axis axes[3], enum spline_weight kind, int y,
                         int begin, int end, const float *restrict values,
                         double *restrict columns)
{
    int n = axes[0].n;
    const double *w = axes[1].weight[kind] + 4 * y;
    double *restrict to = columns + (size_t)axes[1].first[y] * (size_t)n;
    double w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    for (int x = begin; x < end; x++) {
        double value = values[x];
        to[x] += w0 * value;
        to[n + x] += w1 * value;
        to[2 * n + x] += w2 * value;
        to[3 * n + x] += w3 * value;
    }
}

void spline_collect_slice(const struct spline_axis axes[3], enum spline_weight kind,
                          const double *columns, double *plane)
{
    int n = axes[0].n, controls = axes[0].controls;
    const double *w = axes[0].weight[kind];
    memset(plane, 0, (size_t)controls * (size_t)axes[1].controls * sizeof *plane);
    for (int c = 0; c < axes[1].controls; c++) {
        const double *column = columns + (size_t)c * (size_t)n;
        for (int x = 0; x < n; x++) {
            double *to = plane + (size_t)c * (size_t)controls + axes[0].first[x];
            for (int k = 0; k < 4; k++)
                to[k] += w[4 * x + k] * column[x];
        }
    }
}

void spline_collect(const struct spline_axis axes[3], enum spline_weight kind,
                    const double *planes, double *lattice)
{
    size_t layer = (size_t)axes[0].controls * (size_t)axes[1].controls;
    memset(lattice, 0, layer * (size_t)axes[2].controls * sizeof *lattice);
    for (int z = 0; z < axes[2].n; z++) {
        const double *plane = planes + (size_t)z * layer;
        for (int k = 0; k < 4; k++) {
            double w = axes[2].weight[kind][4 * z + k];
            double *to = lattice + (size_t)(axes[2].first[z] + k) * layer;
            for (size_t i = 0; i < layer; i++)
                to[i] += w * plane[i];
        }
    }
}

/* One axis: its values lie stride apart, n of them become 2 n - 3, for every outer index. */
static void refine_axis(const double *from, size_t outer, int n, size_t stride, double *to)
{
    int m = 2 * n - 3;
    for (size_t o = 0; o < outer; o++)
        for (int i = 0; i < m; i++) {
            const double *p = from + (o * (size_t)n + (size_t)(i / 2)) * stride;
            double *q = to + (o * (size_t)m + (size_t)i) * stride;
            for (size_t s = 0; s < stride; s++)
                q[s] = i % 2 ? (p[s] + 6 * p[stride + s] + p[2 * stride + s]) / 8
                             : (p[s] + p[stride + s]) / 2;
        }
}

void spline_refine(const int controls[3], const double *from, double *scratch, double *to)
{
    size_t x = (size_t)controls[0], y = (size_t)controls[1], z = (size_t)controls[2];
    refine_axis(from, y * z, controls[0], 1, to);
    refine_axis(to, z, controls[1], 2 * x - 3, scratch);
    refine_axis(scratch, 1, controls[2], (2 * x - 3) * (2 * y - 3), to);
}
