/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/box.h"
#include "base/util.h"

#include <stddef.h>

/* Takes the voxels first..last of one row at (j, k) into low and high. */
static void bounds_take(int low[3], int high[3], const int from[3], const int to[3])
{
    for (int a = 0; a < 3; a++) {
        low[a] = from[a] < low[a] ? from[a] : low[a];
        high[a] = to[a] > high[a] ? to[a] : high[a];
    }
}

struct box box_find(const int dim[3], const uint8_t *mask)
{
    int low[3] = {dim[0], dim[1], dim[2]}, high[3] = {-1, -1, -1};
    struct box box = {0};
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++) {
            const uint8_t *row = mask + ((size_t)k * dim[1] + j) * dim[0];
            int i = 0, end = dim[0] - 1;
            while (i < dim[0] && !row[i])
                i++;
            if (i == dim[0])
                continue;
            while (!row[end])
                end--;
            bounds_take(low, high, (const int[]){i, j, k}, (const int[]){end, j, k});
        }
    for (int a = 0; a < 3 && high[0] >= 0; a++) {
        box.first[a] = low[a];
        box.size[a] = high[a] - low[a] + 1;
    }
    return box;
}

struct box box_join(const struct box *a, const struct box *b)
{
    struct box joined = *a;
    if (a->size[0] == 0 || b->size[0] == 0)
        return a->size[0] == 0 ? *b : *a;
    for (int i = 0; i < 3; i++) {
        int end = a->first[i] + a->size[i], other = b->first[i] + b->size[i];
        joined.first[i] = a->first[i] < b->first[i] ? a->first[i] : b->first[i];
        joined.size[i] = (end > other ? end : other) - joined.first[i];
    }
    return joined;
}

void box_cut(const struct box *box, const int dim[3], const uint8_t *mask, uint8_t *part)
{
    for (int k = 0; k < box->size[2]; k++)
        for (int j = 0; j < box->size[1]; j++) {
            size_t row = (size_t)(k + box->first[2]) * dim[1] + (size_t)(j + box->first[1]);
            const uint8_t *from = mask + row * (size_t)dim[0] + box->first[0];
            for (int i = 0; i < box->size[0]; i++)
                *part++ = from[i] != 0;
        }
}

void box_slices(const struct box *box, const int dim[3], int axis, bool back, uint8_t *mask,
                uint8_t *slices)
{
    const ptrdiff_t step[3] = {1, dim[0], (ptrdiff_t)dim[0] * dim[1]};
    const int u = util_lower_axis(axis), v = util_higher_axis(axis);
    uint8_t *origin = mask, *pixel = slices;
    for (int a = 0; a < 3; a++)
        origin += box->first[a] * step[a];
    for (int k = 0; k < box->size[axis]; k++)
        for (int y = 0; y < box->size[v]; y++)
            for (int x = 0; x < box->size[u]; x++, pixel++) {
                uint8_t *voxel = origin + k * step[axis] + y * step[v] + x * step[u];
                if (back)
                    *voxel = *pixel;
                else
                    *pixel = *voxel != 0;
            }
}
