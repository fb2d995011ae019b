/* SPDX-License-Identifier: BSD-3-Clause */
/* A share of a layer's work, where several threads take one layer of the same slices together. What
 * is shared are whole results, so that their bits are those of one thread. */
#ifndef BEN_NN_SHARE_H
#define BEN_NN_SHARE_H

struct share {
    int part, parts; /* 0 <= part < parts; parts 0: all, by one thread */
};

/* The items [*first, *end) of n that are the share's: contiguous, as even as can be. */
static inline void share_range(struct share share, long n, long *first, long *end)
{
    int parts = share.parts > 0 ? share.parts : 1;
    *first = n * share.part / parts;
    *end = n * (share.part + 1) / parts;
}

#endif
