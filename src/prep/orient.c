/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/orient.h"

#include <stddef.h>
#include <string.h>

/* Canonical voxel (i, j, k) is the volume's own voxel start + i*step[0] + j*step[1] + k*step[2]. */
struct walk {
    ptrdiff_t start, step[3];
    int dim[3]; /* canonical */
};

struct orientation orient_find(const struct volume *volume)
{
    struct orientation o = {.axis = {0, 1, 2}};
    int world[3], sign[3];
    memcpy(o.dim, volume->dim, sizeof o.dim);
    if (!volume->oriented)
        return o;
    volume_axes(volume->affine, world, sign);
    for (int c = 0; c < 3; c++) {
        o.axis[world[c]] = c;
        o.flip[world[c]] = sign[c] < 0;
    }
    return o;
}

static struct walk make_walk(const struct orientation *o)
{
    const ptrdiff_t own[3] = {1, o->dim[0], (ptrdiff_t)o->dim[0] * o->dim[1]};
    struct walk w = {0};
    for (int a = 0; a < 3; a++) {
        int c = o->axis[a];
        w.dim[a] = o->dim[c];
        w.step[a] = o->flip[a] ? -own[c] : own[c];
        w.start += o->flip[a] ? (o->dim[c] - 1) * own[c] : 0;
    }
    return w;
}

static void move_grid(const struct orientation *o, const struct volume *from, struct volume *to)
{
    memcpy(to->affine, from->affine, sizeof to->affine);
    for (int a = 0; a < 3; a++) {
        int c = o->axis[a];
        for (int r = 0; r < 3; r++) {
            to->affine[r][a] = o->flip[a] ? -from->affine[r][c] : from->affine[r][c];
            to->affine[r][3] += o->flip[a] ? from->affine[r][c] * (o->dim[c] - 1) : 0;
        }
    }
    to->oriented = from->oriented;
}

enum ben_status orient_apply(const struct orientation *orientation, const struct volume *volume,
                             struct volume **canonical)
{
    enum ben_status st = BEN_OK;
    struct volume *v = NULL;
    const struct walk w = make_walk(orientation);
    const double *mm = volume->voxel_mm;
    const int *axis = orientation->axis;
    TRY(volume_create(w.dim, (const double[3]){mm[axis[0]], mm[axis[1]], mm[axis[2]]}, &v));
    move_grid(orientation, volume, v);
    const float *own = volume->data + w.start;
#pragma omp parallel for collapse(2)
    for (int k = 0; k < w.dim[2]; k++)
        for (int j = 0; j < w.dim[1]; j++) {
            float *row =
                v->data + ((size_t)k * (size_t)w.dim[1] + (size_t)j) * (size_t)w.dim[0];
            for (int i = 0; i < w.dim[0]; i++)
                row[i] = own[i * w.step[0] + j * w.step[1] + k * w.step[2]];
        }
    *canonical = v;
out:
    return st;
}

#define MOVE_BACK(canonical, to)                                                               \
    do {                                                                                       \
        const struct walk w = make_walk(orientation);                                          \
        (to) += w.start;                                                                       \
        for (int k = 0; k < w.dim[2]; k++)                                                     \
            for (int j = 0; j < w.dim[1]; j++)                                                 \
                for (int i = 0; i < w.dim[0]; i++)                                             \
                    (to)[i * w.step[0] + j * w.step[1] + k * w.step[2]] = *(canonical)++;      \
    } while (0)

void orient_back_u8(const struct orientation *orientation, const uint8_t *canonical,
                    uint8_t *to)
{
    MOVE_BACK(canonical, to);
}

void orient_back_f32(const struct orientation *orientation, const float *canonical, float *to)
{
    MOVE_BACK(canonical, to);
}
