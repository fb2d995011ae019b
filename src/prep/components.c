/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/components.h"

#include <stdlib.h>
#include <string.h>

struct run {
    uint32_t begin, end; /* x of its first voxel and behind its last */
    uint32_t label;      /* a run of the same set that is not later; at last its component */
};

struct component_runs {
    int dim[3];
    long n_rows;
    uint32_t *row_first; /* [n_rows + 1], where each row's runs begin */
    struct run *runs;
};

/* The first place from x on whose voxel is inside or not, as wanted; n: none. Eight voxels of one kind
 * are passed at a time where they are 0 or 1. */
static uint32_t row_next(const uint8_t *row, uint32_t x, uint32_t n, bool inside)
{
    const uint64_t other = inside ? 0 : UINT64_C(0x0101010101010101);
    uint64_t eight = other;
    while (x + 8 <= n && eight == other) {
        memcpy(&eight, row + x, sizeof eight);
        x += eight == other ? 8 : 0;
    }
    while (x < n && (row[x] != 0) != inside)
        x++;
    return x;
}

/* The runs of one row; only counted where runs is NULL. */
static uint32_t row_scan(const uint8_t *row, uint32_t n, bool inside, struct run *runs)
{
    uint32_t count = 0, x = 0;
    while (x < n) {
        uint32_t begin = row_next(row, x, n, inside);
        if (begin == n)
            break;
        x = row_next(row, begin, n, !inside);
        if (runs)
            runs[count] = (struct run){.begin = begin, .end = x};
        count++;
    }
    return count;
}

static enum ben_status runs_create(const int dim[3], const uint8_t *mask, bool inside,
                                   struct component_runs *r)
{
    enum ben_status st = BEN_OK;
    uint32_t n = (uint32_t)dim[0];
    memcpy(r->dim, dim, sizeof r->dim);
    r->n_rows = (long)dim[1] * dim[2];
    TRY_NEW(r->row_first = malloc((size_t)(r->n_rows + 1) * sizeof *r->row_first));
    r->row_first[0] = 0;
    for (long row = 0; row < r->n_rows; row++)
        r->row_first[row + 1] =
            r->row_first[row] + row_scan(mask + (size_t)row * n, n, inside, NULL);
    TRY_NEW(r->runs = malloc((r->row_first[r->n_rows] + 1UL) * sizeof *r->runs));
#pragma omp parallel for schedule(static)
    for (long row = 0; row < r->n_rows; row++) {
        uint32_t first = r->row_first[row];
        row_scan(mask + (size_t)row * n, n, inside, r->runs + first);
        for (uint32_t i = first; i < r->row_first[row + 1]; i++)
            r->runs[i].label = i;
    }
out:
    return st;
}

static uint32_t root_of(struct run *runs, uint32_t i)
{
    while (runs[i].label != i) {
        runs[i].label = runs[runs[i].label].label;
        i = runs[i].label;
    }
    return i;
}

/* The earlier root stays: a set's root is its first run. */
static void unite(struct run *runs, uint32_t a, uint32_t b)
{
    a = root_of(runs, a);
    b = root_of(runs, b);
    if (a < b)
        runs[b].label = a;
    else
        runs[a].label = b;
}

/* Unites the runs of two neighbouring rows that overlap in x. */
static void rows_unite(struct component_runs *r, long row, long other)
{
    uint32_t a = r->row_first[row], a_end = r->row_first[row + 1];
    uint32_t b = r->row_first[other], b_end = r->row_first[other + 1];
    while (a < a_end && b < b_end) {
        const struct run *x = &r->runs[a], *y = &r->runs[b];
        if (x->begin < y->end && y->begin < x->end)
            unite(r->runs, a, b);
        if (x->end < y->end)
            a++;
        else
            b++;
    }
}

/* Replaces labels by the numbers of components; returns how many there are. */
static long number_roots(struct component_runs *r)
{
    uint32_t count = 0, n = r->row_first[r->n_rows];
    for (uint32_t i = 0; i < n; i++) {
        uint32_t earlier = r->runs[i].label;
        r->runs[i].label = earlier == i ? count++ : r->runs[earlier].label;
    }
    return count;
}

static bool ends(int at, int n)
{
    return n > 1 && (at == 0 || at == n - 1);
}

static void measure(const struct component_runs *r, struct component *list)
{
    for (long row = 0; row < r->n_rows; row++) {
        bool edge =
            ends((int)(row % r->dim[1]), r->dim[1]) || ends((int)(row / r->dim[1]), r->dim[2]);
        for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++) {
            const struct run *run = &r->runs[i];
            struct component *c = &list[run->label];
            c->voxels += run->end - run->begin;
            c->at_border |=
                edge || ends((int)run->begin, r->dim[0]) || ends((int)run->end - 1, r->dim[0]);
        }
    }
}

enum ben_status components_find(const int dim[3], const uint8_t *mask, bool inside,
                                struct components *components)
{
    enum ben_status st = BEN_OK;
    struct components c = {0};
    TRY_NEW(c.runs = calloc(1, sizeof *c.runs));
    TRY(runs_create(dim, mask, inside, c.runs));
    for (long row = 1; row < c.runs->n_rows; row++) {
        if (row % dim[1] > 0)
            rows_unite(c.runs, row, row - 1);
        if (row >= dim[1])
            rows_unite(c.runs, row, row - dim[1]);
    }
    c.count = number_roots(c.runs);
    TRY_NEW(c.list = calloc((size_t)c.count + 1, sizeof *c.list));
    measure(c.runs, c.list);
    *components = c;
    c = (struct components){0};
out:
    components_free(&c);
    return st;
}

void components_paint(const struct components *components, const bool *chosen, uint8_t value,
                      uint8_t *mask)
{
    const struct component_runs *r = components->runs;
#pragma omp parallel for schedule(static)
    for (long row = 0; row < r->n_rows; row++)
        for (uint32_t i = r->row_first[row]; i < r->row_first[row + 1]; i++) {
            const struct run *run = &r->runs[i];
            if (chosen[run->label])
                memset(mask + (size_t)row * (size_t)r->dim[0] + run->begin, value,
                       run->end - run->begin);
        }
}

void components_free(struct components *components)
{
    if (components->runs) {
        free(components->runs->row_first);
        free(components->runs->runs);
    }
    free(components->runs);
    free(components->list);
    *components = (struct components){0};
}
