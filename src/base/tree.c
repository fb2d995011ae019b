/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tree.h"
#include "base/status.h"

#include <stdint.h>

#define PARALLEL_WIDTH 16384 /* below this a team of threads costs more than it saves */

static long min_long(long a, long b)
{
    return a < b ? a : b;
}

int tree_nodes(long first, long count, long n, struct tree_node nodes[BEN_TREE_NODES])
{
    ENSURE(first >= 0 && count >= 0 && first + count <= n);
    int found = 0;
    long end = first + count;
    for (long at = first; at < end; found++) {
        long size = 1;
        while (size < n && at % (2 * size) == 0 && min_long(at + 2 * size, n) <= end)
            size *= 2;
        ENSURE(found < BEN_TREE_NODES);
        nodes[found] = (struct tree_node){at, min_long(size, n - at)};
        at += nodes[found].count;
    }
    return found;
}

#define DEFINE_TREE(name, type)                                                                \
    static void add_##name(type *restrict to, const type *restrict from, size_t width)         \
    {                                                                                          \
        _Pragma("omp parallel for if (width >= PARALLEL_WIDTH)") for (size_t i = 0; i < width; \
                                                                      i++) to[i] += from[i];   \
    }                                                                                          \
                                                                                               \
    int tree_sum_##name(type *items, long first, long count, long n, size_t width,             \
                        struct tree_node nodes[BEN_TREE_NODES])                                \
    {                                                                                          \
        long end = first + count;                                                              \
        for (long step = 1; step < n; step *= 2)                                               \
            for (long at = (first + 2 * step - 1) / (2 * step) * (2 * step);                   \
                 at + step < n && min_long(at + 2 * step, n) <= end; at += 2 * step)           \
                add_##name(items + (size_t)(at - first) * width,                               \
                           items + (size_t)(at + step - first) * width, width);                \
        return tree_nodes(first, count, n, nodes);                                             \
    }                                                                                          \
                                                                                               \
    static type *finish_##name(type *const *rows, const struct tree_node *nodes, int n_nodes,  \
                               struct tree_node want, long n, size_t width)                    \
    {                                                                                          \
        for (int i = 0; i < n_nodes; i++)                                                      \
            if (nodes[i].first == want.first &&                                                \
                nodes[i].count >= min_long(want.count, n - want.first))                        \
                return rows[i];                                                                \
        struct tree_node left = {want.first, want.count / 2};                                  \
        struct tree_node right = {want.first + want.count / 2, want.count / 2};                \
        type *sum = finish_##name(rows, nodes, n_nodes, left, n, width);                       \
        if (right.first < n)                                                                   \
            add_##name(sum, finish_##name(rows, nodes, n_nodes, right, n, width), width);      \
        return sum;                                                                            \
    }                                                                                          \
                                                                                               \
    void tree_finish_##name(type *const *rows, const struct tree_node *nodes, int n_nodes,     \
                            long n, size_t width)                                              \
    {                                                                                          \
        long size = 1;                                                                         \
        while (size < n)                                                                       \
            size *= 2;                                                                         \
        type *sum =                                                                            \
            finish_##name(rows, nodes, n_nodes, (struct tree_node){0, size}, n, width);        \
        ENSURE(sum == rows[0]);                                                                \
    }

DEFINE_TREE(f32, float)
DEFINE_TREE(f64, double)
