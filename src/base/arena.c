/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

struct arena {
    char *base;
    size_t bytes; /* mapped */
    size_t used;
};

size_t arena_round(size_t bytes)
{
    return (bytes + BEN_ALIGN - 1) / BEN_ALIGN * BEN_ALIGN;
}

enum ben_status arena_create(size_t bytes, struct arena **arena)
{
    enum ben_status st = BEN_OK;
    struct arena *a = NULL;
    TRY_NEW(a = calloc(1, sizeof *a));
    size_t unit = bytes >= HUGE_PAGE ? HUGE_PAGE : 4096;
    a->bytes = (bytes / unit + 1) * unit;
    a->base = mmap(NULL, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a->base == MAP_FAILED) {
        a->base = NULL;
        FAIL(BEN_E_MEMORY, "out of memory: %.1f MiB asked for", (double)bytes / (1 << 20));
    }
    if (unit == HUGE_PAGE)
        madvise(a->base, a->bytes, MADV_HUGEPAGE); /* a hint: failing is harmless */
    *arena = a;
    a = NULL;
out:
    free(a);
    return st;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    size_t size = arena_round(bytes);
    ENSURE(size <= arena->bytes - arena->used);
    void *piece = arena->base + arena->used;
    arena->used += size;
    return piece;
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used;
}

void arena_rewind(struct arena *arena, size_t mark)
{
    ENSURE(mark <= arena->used);
    arena->used = mark;
}

void arena_free(struct arena **arena)
{
    if (!*arena)
        return;
    munmap((*arena)->base, (*arena)->bytes);
    free(*arena);
    *arena = NULL;
}
