/* SPDX-License-Identifier: BSD-3-Clause */
/* A block of bytes that every rank reads and each node holds once: an MPI shared-memory window
 * on each node. Whoever fills a part writes it in place and then publishes it to the other
 * nodes. Where a node cannot give shared memory every rank holds a copy of its own. */
#ifndef BEN_MPI_SHARED_H
#define BEN_MPI_SHARED_H

#include "mpi/comm.h"

struct shared;

/* bytes zeroed bytes, the same number on every rank, may be 0. Collective on comm.
 * Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status shared_create(const struct comm *comm, size_t bytes, struct shared **shared);

/* The block, 64-byte aligned, or the same address on all ranks of a node seen from each. */
void *shared_bytes(const struct shared *shared);

/* Part [offset, offset + n) as rank owner wrote it becomes what every rank reads. Parts are
 * disjoint; only its owner writes a part, before this call. Collective. */
enum ben_status shared_publish(struct shared *shared, size_t offset, size_t n, int owner);

/* Collective; NULL-safe where NULL on all ranks. */
void shared_free(struct shared **shared);

#endif
