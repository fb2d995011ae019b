/* SPDX-License-Identifier: BSD-3-Clause */
/* A cohort as one block of bytes, for ranks of one machine type. */
#include "io/cohort.h"

#include "io/cohort_build.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_TEXT UINT32_MAX

static const size_t texts[BEN_SCAN_TEXTS] = {
    offsetof(struct scan, id),          offsetof(struct scan, path),
    offsetof(struct scan, relative),    offsetof(struct scan, mask),
    offsetof(struct scan, participant), offsetof(struct scan, session),
    offsetof(struct scan, suffix),      offsetof(struct scan, dataset),
    offsetof(struct scan, split),       offsetof(struct scan, failed),
};

char **cohort_scan_text(struct scan *scan, int i)
{
    return (char **)(void *)((char *)scan + texts[i]);
}

void cohort_scan_clear(struct scan *scan)
{
    for (int i = 0; i < BEN_SCAN_TEXTS; i++) {
        free(*cohort_scan_text(scan, i));
        *cohort_scan_text(scan, i) = NULL;
    }
}

/* The part of a scan that is no text. */
struct plain {
    struct nifti_info info;
    struct scan_stamp stamp;
    enum species species;
    bool bids, suffix_needed;
};

/* A memory stream only fails without memory, which fclose reports. */
static void put(FILE *to, const void *bytes, size_t n)
{
    (void)!fwrite(bytes, 1, n, to);
}

static void put_text(FILE *to, const char *text)
{
    uint32_t n = text ? (uint32_t)strlen(text) : NO_TEXT;
    put(to, &n, sizeof n);
    if (text)
        put(to, text, n);
}

static void put_scan(FILE *to, const struct scan *scan)
{
    struct scan copy = *scan;
    struct plain plain;
    memset(&plain, 0, sizeof plain); /* padding too: equal cohorts give equal bytes */
    plain.info = scan->info;
    plain.species = scan->species;
    plain.bids = scan->bids;
    plain.suffix_needed = scan->suffix_needed;
    put(to, &plain, sizeof plain);
    for (int i = 0; i < BEN_SCAN_TEXTS; i++)
        put_text(to, *cohort_scan_text(&copy, i));
}

enum ben_status cohort_pack(const struct cohort *cohort, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    char *block = NULL;
    FILE *to;
    TRY_NEW(to = open_memstream(&block, n));
    put(to, &cohort->n, sizeof cohort->n);
    put(to, &cohort->bids, sizeof cohort->bids);
    put_text(to, cohort->root);
    for (long i = 0; i < cohort->n; i++)
        put_scan(to, &cohort->scans[i]);
    bool good = !ferror(to);
    if (fclose(to) != 0 || !good)
        FAIL(BEN_E_MEMORY, "out of memory for a list of %ld scans", cohort->n);
    *bytes = block;
    block = NULL;
out:
    free(block);
    return st;
}

/* What is left to unpack. */
struct source {
    const char *at;
    size_t left;
};

static enum ben_status get(struct source *from, void *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    if (from->left < n)
        FAIL(BEN_E_INPUT, "the list of scans is cut");
    memcpy(bytes, from->at, n);
    from->at += n;
    from->left -= n;
out:
    return st;
}

static enum ben_status get_text(struct source *from, char **text)
{
    enum ben_status st = BEN_OK;
    uint32_t n = 0;
    TRY(get(from, &n, sizeof n));
    if (n == NO_TEXT)
        goto out;
    if (from->left < n)
        FAIL(BEN_E_INPUT, "the list of scans is cut");
    TRY_NEW(*text = malloc((size_t)n + 1));
    (*text)[n] = '\0';
    TRY(get(from, *text, n));
out:
    return st;
}

static enum ben_status get_scan(struct source *from, struct scan *scan)
{
    enum ben_status st = BEN_OK;
    struct plain plain;
    TRY(get(from, &plain, sizeof plain));
    scan->info = plain.info;
    scan->species = plain.species;
    scan->bids = plain.bids;
    scan->suffix_needed = plain.suffix_needed;
    for (int i = 0; i < BEN_SCAN_TEXTS; i++)
        TRY(get_text(from, cohort_scan_text(scan, i)));
out:
    return st;
}

enum ben_status cohort_unpack(const char *bytes, size_t n, struct cohort **cohort)
{
    enum ben_status st = BEN_OK;
    struct source from = {bytes, n};
    struct cohort *c = NULL;
    long count = 0;
    TRY_NEW(c = calloc(1, sizeof *c));
    TRY(get(&from, &count, sizeof count));
    TRY(get(&from, &c->bids, sizeof c->bids));
    TRY(get_text(&from, &c->root));
    if (count < 0 || (size_t)count > from.left / sizeof(struct plain))
        FAIL(BEN_E_INPUT, "the list of scans is cut");
    TRY_NEW(c->scans = calloc((size_t)count + 1, sizeof *c->scans));
    for (; c->n < count; c->n++)
        TRY(get_scan(&from, &c->scans[c->n]));
    *cohort = c;
    c = NULL;
out:
    if (c && c->scans)
        cohort_scan_clear(&c->scans[c->n]); /* the one begun */
    cohort_free(&c);
    return st;
}

enum ben_status cohort_open_shared(const struct comm *comm, const char *const *inputs,
                                   int n_inputs, const struct cohort_options *options,
                                   struct cohort **cohort)
{
    enum ben_status st = BEN_OK;
    struct cohort *c = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (comm->rank == 0) {
        st = cohort_open(inputs, n_inputs, options, &c);
        if (st == BEN_OK)
            st = cohort_pack(c, &bytes, &n);
    }
    TRY(comm_agree(comm, st));
    TRY(comm_broadcast_block(comm, &bytes, &n, 0));
    if (comm->rank != 0)
        st = cohort_unpack(bytes, n, &c);
    TRY(comm_agree(comm, st));
    *cohort = c;
    c = NULL;
out:
    free(bytes);
    cohort_free(&c);
    return st;
}

/* What a rank finds of a scan and tells the others. */
struct finding {
    double cost;
    struct scan_stamp stamp;
};

enum ben_status cohort_inspect_shared(const struct comm *comm, struct cohort *cohort,
                                      double *costs)
{
    enum ben_status st = BEN_OK;
    long n = cohort->n, first, count;
    struct finding *found = calloc((size_t)n + 1, sizeof *found);
    comm_share(n, comm->rank, comm->size, &first, &count);
    if (found)
        st = cohort_inspect(cohort, first, count);
    else
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    TRY(comm_agree(comm, st));
    for (long i = first; i < first + count; i++)
        found[i] = (struct finding){cohort_cost(&cohort->scans[i]), cohort->scans[i].stamp};
    TRY(comm_share_rows(comm, found, n, sizeof *found));
    for (long i = 0; i < n; i++) {
        costs[i] = found[i].cost;
        cohort->scans[i].stamp = found[i].stamp;
    }
out:
    free(found);
    return st;
}
