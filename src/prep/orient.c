/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/orient.h"

#include <stddef.h>
#include <string.h>

/* Canonical voxel (i, j, k) is the volume's own voxel start + i*step[0] + j*step[1] + k*step[2]. */
struct walk {
    ptrdiff_t start, step[3];
    int dim[3]; /* canonical */
};

/* Voxels move tile by tile, since the two orders pass through memory at right angles: of a tile
 * this small both sides stay in the cache. */
#define TILE 16

static int tiles_along(int n)
{
    return (n + TILE - 1) / TILE;
}

static long tile_count(const struct walk *w)
{
    return (long)tiles_along(w->dim[0]) * tiles_along(w->dim[1]) * tiles_along(w->dim[2]);
}

struct tile {
    int from[3], to[3];
};

static struct tile tile_at(const struct walk *w, long index)
{
    struct tile t;
    for (int a = 0; a < 3; a++) {
        int n = tiles_along(w->dim[a]);
        t.from[a] = (int)(index % n) * TILE;
        t.to[a] = t.from[a] + TILE < w->dim[a] ? t.from[a] + TILE : w->dim[a];
        index /= n;
    }
    return t;
}

/* Runs the statement for each voxel: number c in canonical order, number o in its own. */
#define EACH_VOXEL(statement)                                                                  \
    do {                                                                                       \
        const long tiles_ = tile_count(&w);                                                    \
        _Pragma("omp parallel for if (tiles_ > 64)") for (long t_ = 0; t_ < tiles_; t_++)      \
        {                                                                                      \
            const struct tile b_ = tile_at(&w, t_);                                            \
            for (int k_ = b_.from[2]; k_ < b_.to[2]; k_++)                                     \
                for (int j_ = b_.from[1]; j_ < b_.to[1]; j_++) {                               \
                    ptrdiff_t c = ((ptrdiff_t)k_ * w.dim[1] + j_) * w.dim[0] + b_.from[0];     \
                    ptrdiff_t o =                                                              \
                        w.start + b_.from[0] * w.step[0] + j_ * w.step[1] + k_ * w.step[2];    \
                    for (int i_ = b_.from[0]; i_ < b_.to[0]; i_++, c++, o += w.step[0])        \
                        statement;                                                             \
                }                                                                              \
        }                                                                                      \
    } while (0)

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
    const float *own = volume->data;
    float *to = v->data;
    EACH_VOXEL(to[c] = own[o]);
    *canonical = v;
out:
    return st;
}

bool orient_is_own(const struct orientation *orientation)
{
    const struct orientation *o = orientation;
    for (int a = 0; a < 3; a++)
        if (o->axis[a] != a || o->flip[a])
            return false;
    return true;
}

enum ben_status orient_take(const struct orientation *orientation, struct volume **volume,
                            struct volume **canonical)
{
    enum ben_status st = BEN_OK;
    if (orient_is_own(orientation)) {
        *canonical = *volume;
        *volume = NULL;
        return BEN_OK;
    }
    st = orient_apply(orientation, *volume, canonical);
    volume_free(volume);
    return st;
}

void orient_back_u8(const struct orientation *orientation, const uint8_t *canonical,
                    uint8_t *to)
{
    const struct walk w = make_walk(orientation);
    EACH_VOXEL(to[o] = canonical[c]);
}

void orient_back_f32(const struct orientation *orientation, const float *canonical, float *to)
{
    const struct walk w = make_walk(orientation);
    EACH_VOXEL(to[o] = canonical[c]);
}
