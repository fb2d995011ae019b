/* SPDX-License-Identifier: BSD-3-Clause */
/* Journals: the input is two files' bytes, parted at the length in its first two bytes. Lines with
 * the place-holder hash "################" get the right one, so that mutations come past it. */
#include "fuzz.h"

#include "base/util.h"
#include "mpi/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "journal";

#define HOLDER "################"
enum { HASH_AT = 5, LENGTH_AT = 22, BODY_AT = 39 };

static void seed(const char *text, uint16_t first)
{
    char bytes[1024];
    size_t n = strlen(text);
    memcpy(bytes, &first, 2);
    memcpy(bytes + 2, text, n);
    fuzz_seed(bytes, n + 2);
}

void fuzz_start(void)
{
    seed("ben1 " HOLDER " 0000000000000000 0 17 sub-01 x\tok\\t12.5\\n\n"
         "ben1 " HOLDER " 0000000000000000 1 18 sub-02 y\tfailed\n",
         60);
    seed("ben1 0123456789abcdef 0000000000000004 torn\nben1 " HOLDER
         " 0000000000000000 0 -3 a\\\\b\\\tc\n",
         0);
    seed("\n\n\n", 1);
}

/* Hash and length of the lines that ask for them. */
static void complete(char *text, size_t n)
{
    char head[64];
    for (char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        if (!end)
            return;
        if (end - line < BODY_AT || memcmp(line + HASH_AT, HOLDER, 16) != 0)
            continue;
        size_t length = (size_t)(end - line) - BODY_AT;
        snprintf(head, sizeof head, "%016llx %016zx",
                 (unsigned long long)util_hash(UTIL_HASH_START, line + BODY_AT, length),
                 length);
        memcpy(line + HASH_AT, head, LENGTH_AT - HASH_AT + 16);
    }
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct journal_book *book = NULL;
    uint16_t first;
    fuzz_take(&from, &first, sizeof first);
    size_t left = from.left, part = first < left ? first : left;
    char *text = malloc(left + 1);
    FUZZ_ENSURE(text);
    fuzz_take(&from, text, left);
    complete(text, left);
    fuzz_file("a.journal", text, part);
    fuzz_file("b.journal", text + part, left - part);
    FUZZ_ENSURE(journal_load(fuzz_folder(), &book) == BEN_OK);
    for (size_t i = 0; i < book->n; i++) {
        FUZZ_ENSURE(book->entries[i].status <= BEN_JOURNAL_FAILED);
        FUZZ_ENSURE(journal_find(book, book->entries[i].key) == &book->entries[i]);
    }
    journal_free(&book);
    free(text);
}
