/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/outline.h"

#include <stdlib.h>
#include <string.h>

/* A cell has the centres of four pixels at its corners: a above left, b above right, c below
 * right, d below left. A line crosses it from the midpoint of one side to that of another, with
 * the inside on its left. */
enum side { TOP, RIGHT, BOTTOM, LEFT, NONE };

#define A 1
#define B 2
#define C 4
#define D 8

static const struct crossing {
    enum side from, to, second_from, second_to;
} crossings[16] = {
    [0] = {NONE, NONE, NONE, NONE},           [A] = {LEFT, TOP, NONE, NONE},
    [B] = {TOP, RIGHT, NONE, NONE},           [C] = {RIGHT, BOTTOM, NONE, NONE},
    [D] = {BOTTOM, LEFT, NONE, NONE},         [A | B] = {LEFT, RIGHT, NONE, NONE},
    [B | C] = {TOP, BOTTOM, NONE, NONE},      [C | D] = {RIGHT, LEFT, NONE, NONE},
    [D | A] = {BOTTOM, TOP, NONE, NONE},      [B | C | D] = {TOP, LEFT, NONE, NONE},
    [A | C | D] = {RIGHT, TOP, NONE, NONE},   [A | B | D] = {BOTTOM, RIGHT, NONE, NONE},
    [A | B | C] = {LEFT, BOTTOM, NONE, NONE}, [A | C] = {LEFT, TOP, RIGHT, BOTTOM},
    [B | D] = {TOP, RIGHT, BOTTOM, LEFT},     [A | B | C | D] = {NONE, NONE, NONE, NONE},
};

/* Sides are shared by cells: side 2 * cell is the cell's top, 2 * cell + 1 its left. */
struct grid {
    const uint8_t *plane;
    int width, height; /* of the plane */
    long columns;      /* cells in a row: the plane's edge is crossed too */
    long *next;        /* [2 * cells] the side a line goes to from each, -1: none */
};

static int inside(const struct grid *grid, int x, int y)
{
    return x >= 0 && y >= 0 && x < grid->width && y < grid->height &&
           grid->plane[(size_t)y * (size_t)grid->width + (size_t)x] != 0;
}

static long side_of(const struct grid *grid, long column, long row, enum side side)
{
    long cell = row * grid->columns + column;
    switch (side) {
    case TOP:
        return 2 * cell;
    case LEFT:
        return 2 * cell + 1;
    case RIGHT:
        return 2 * (cell + 1) + 1;
    default:
        return 2 * (cell + grid->columns);
    }
}

/* Cell (column, row) lies between pixels (column - 1, row - 1) and (column, row). */
static void cross(struct grid *grid, long column, long row)
{
    int x = (int)column - 1, y = (int)row - 1;
    int corners = inside(grid, x, y) * A + inside(grid, x + 1, y) * B +
                  inside(grid, x + 1, y + 1) * C + inside(grid, x, y + 1) * D;
    const struct crossing *c = &crossings[corners];
    if (c->from != NONE)
        grid->next[side_of(grid, column, row, c->from)] = side_of(grid, column, row, c->to);
    if (c->second_from != NONE)
        grid->next[side_of(grid, column, row, c->second_from)] =
            side_of(grid, column, row, c->second_to);
}

/* Where a side's midpoint lies; a pixel's centre is at an odd place. */
static void place(const struct grid *grid, long side, long *x, long *y)
{
    long cell = side / 2, column = cell % grid->columns, row = cell / grid->columns;
    *x = 2 * column - 1 + (side % 2 == 0);
    *y = 2 * row - 1 + (side % 2 == 1);
}

/* Follows a line to its end, runs in one direction becoming one step, and takes it out. */
static void follow(FILE *to, struct grid *grid, long start)
{
    long x, y, run_x = 0, run_y = 0, last_x = 0, last_y = 0, side = start;
    place(grid, start, &x, &y);
    fprintf(to, "M%ld %ldl", x, y);
    while (grid->next[side] >= 0) {
        long at_x, at_y, next = grid->next[side];
        grid->next[side] = -1;
        place(grid, next, &at_x, &at_y);
        if ((at_x - x != last_x || at_y - y != last_y) && (run_x || run_y)) {
            fprintf(to, "%ld %ld ", run_x, run_y);
            run_x = run_y = 0;
        }
        last_x = at_x - x;
        last_y = at_y - y;
        run_x += last_x;
        run_y += last_y;
        x = at_x;
        y = at_y;
        side = next;
    }
    fputc('z', to);
}

enum ben_status outline_write(FILE *to, const uint8_t *plane, int width, int height)
{
    enum ben_status st = BEN_OK;
    struct grid grid = {.plane = plane, .width = width, .height = height};
    grid.columns = width + 2;
    long n = 2 * grid.columns * (height + 2);
    TRY_NEW(grid.next = malloc((size_t)n * sizeof *grid.next));
    memset(grid.next, 0xFF, (size_t)n * sizeof *grid.next); /* -1 */
    for (long row = 0; row <= height; row++)
        for (long column = 0; column <= width; column++)
            cross(&grid, column, row);
    for (long side = 0; side < n; side++)
        if (grid.next[side] >= 0)
            follow(to, &grid, side);
    free(grid.next);
out:
    return st;
}
