/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is planned first and reserved once. A planning pass adds up sizes with
 * arena_plan; arena_create reserves the sum; arena_take hands out 64-byte aligned pieces in the
 * same order; arena_free gives all back. Nothing is allocated in between. */
#ifndef BEN_BASE_ARENA_H
#define BEN_BASE_ARENA_H

#include "base/status.h"

#include <stddef.h>

#define BEN_ALIGN 64

struct arena;

/* bytes rounded up to the alignment: what a piece of that size occupies. */
size_t arena_round(size_t bytes);

/* Reserves bytes (zeroed; huge pages are asked for above 2 MiB). */
enum ben_status arena_create(size_t bytes, struct arena **arena);

/* The next piece; asking for more than was reserved is a bug (ENSURE). */
void *arena_take(struct arena *arena, size_t bytes);

/* The bytes handed out so far, to rewind to: everything taken after is free again. */
size_t arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, size_t mark);

void arena_free(struct arena **arena);

#endif
