/* SPDX-License-Identifier: BSD-3-Clause */
/* The record of finished scans in an output folder, from which a re-run continues. Each writing
 * process appends to a journal file of its own in one folder, so that ranks and jobs that share
 * the output never write to the same file; a reader merges all files of the folder. A line
 * carries its length and hash: a line torn by a kill or a full disk is ignored, whatever was
 * acknowledged stays. Append an entry only after the scan's files are in place.
 *
 * Life: journal_load_shared at the start tells what is done; journal_open, journal_append per
 * scan, journal_close; journal_load_shared again at the end lists what the tables hold. */
#ifndef BEN_MPI_JOURNAL_H
#define BEN_MPI_JOURNAL_H

#include "base/status.h"
#include "mpi/comm.h"

#include <stddef.h>
#include <stdint.h>

enum journal_status { BEN_JOURNAL_DONE, BEN_JOURNAL_FAILED };

struct journal_entry {
    const char *key;     /* what was worked on: scan, hash of configuration and of input */
    const char *payload; /* what is to be known of it later, such as its row of results */
    enum journal_status status;
    int64_t time_ns; /* of appending, since 1970 by this machine's clock */
};

/* The entries of a folder: one per key, the latest; sorted by key. */
struct journal_book {
    struct journal_entry *entries;
    size_t n;
    size_t ignored; /* lines that were torn or are not ours */
    char *text;     /* what the strings point into */
};

struct journal;

/* A writer in folder (created if missing). name: letters, digits, '-', '_', best unique per
 * job and rank ("job812-r3"); where a file of that name exists, another job's or an earlier
 * run's, the next free NAME-1, NAME-2 ... is taken. The file appears with the first entry.
 * Local. */
enum ben_status journal_open(const char *folder, const char *name, struct journal **journal);

/* Appends one entry and returns when it is on the disk. key and payload are any texts. After a
 * failure (full disk) the writer can go on once there is room. Fails: BEN_E_IO. Local. */
enum ben_status journal_append(struct journal *journal, const char *key,
                               enum journal_status status, const char *payload);

void journal_close(struct journal **journal);

/* Reads all journals of the folder; a folder that is missing is an empty book. Of entries with
 * one key the latest by time_ns counts, then by file name, then by place. Fails: BEN_E_IO for a
 * file that cannot be read. Local. */
enum ben_status journal_load(const char *folder, struct journal_book **book);

/* The same: rank 0 reads, every rank gets a copy. Collective; all ranks return the same. */
enum ben_status journal_load_shared(const struct comm *comm, const char *folder,
                                    struct journal_book **book);

/* The entry of key, NULL where there is none. Owned by the book. Local. */
const struct journal_entry *journal_find(const struct journal_book *book, const char *key);

void journal_free(struct journal_book **book);

#endif
