/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums in a fixed order. The n global items 0..n-1 are the leaves of one binary tree: node
 * (level k, i) covers items [i*2^k, (i+1)*2^k) and is node(k-1, 2i) + node(k-1, 2i+1), the
 * right child absent beyond n. A rank that holds a contiguous range of the items sums the
 * maximal nodes inside its range; whoever has all ranks' nodes finishes the tree. The result
 * depends on n and the items alone, never on how many ranks shared them. */
#ifndef BEN_BASE_TREE_H
#define BEN_BASE_TREE_H

#include <stddef.h>

#define BEN_TREE_NODES 64 /* no range has more maximal nodes */

struct tree_node {
    long first; /* first item covered */
    long count; /* items covered; beyond the end of the items it is cut */
};

/* The maximal nodes of items [first, first+count) among n, in order. Returns how many. */
int tree_nodes(long first, long count, long n, struct tree_node nodes[BEN_TREE_NODES]);

/* items [count][width] are the leaves first..first+count-1 of n; sums the maximal nodes of that
 * range in place: node i's sum ends in row nodes[i].first - first. Returns the number of nodes.
 * Other rows are spoiled. Threads share the columns. */
int tree_sum_f32(float *items, long first, long count, long n, size_t width,
                 struct tree_node nodes[BEN_TREE_NODES]);
int tree_sum_f64(double *items, long first, long count, long n, size_t width,
                 struct tree_node nodes[BEN_TREE_NODES]);

/* rows[i] [width] holds the sum of nodes[i]; together the nodes cover items 0..n-1 in order.
 * Finishes the tree: the total ends in rows[0]; other rows are spoiled. */
void tree_finish_f32(float *const *rows, const struct tree_node *nodes, int n_nodes, long n,
                     size_t width);
void tree_finish_f64(double *const *rows, const struct tree_node *nodes, int n_nodes, long n,
                     size_t width);

#endif
