/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows that come back through the journal: lines of the input are added to a table of results, and
 * what was taken comes out as it went in. */
#include "fuzz.h"

#include "io/table.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "table";

static const struct table_column columns[] = {
    {"scan", BEN_TABLE_TEXT, 0, NULL, "which", NULL},
    {"slices", BEN_TABLE_INTEGER, 0, NULL, "how many", NULL},
    {"volume", BEN_TABLE_REAL, 3, "mm^3", "how large", NULL},
    {"mean", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, NULL, "how bright", NULL},
};

void fuzz_start(void)
{
    fuzz_seed_text("sub-01\t12\t3.250\t0.1\nn/a\tn/a\tn/a\tn/a\n");
    fuzz_seed_text("x\t-9223372036854775808\t-0.000\t1e-300\n");
    fuzz_seed_text("x\t9223372036854775808\t1.23456\tinf\ny\t0x1\t1e400\tnan\nz\t1\n");
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct table *table, *copy;
    FUZZ_ENSURE(table_create(columns, 4, &table) == BEN_OK);
    FUZZ_ENSURE(table_create(columns, 4, &copy) == BEN_OK);
    while (from.left > 0) {
        char *line = fuzz_text(&from, '\n', 300);
        fuzz_fine(table_add_line(table, line), NULL);
        free(line);
    }
    for (long row = 0; row < table_rows(table); row++) {
        char *line = table_line(table, row), *again;
        double number;
        table_number(table, row, 1, &number);
        table_number(table, row, 3, &number);
        FUZZ_ENSURE(line && table_add_line(copy, line) == BEN_OK);
        FUZZ_ENSURE((again = table_line(copy, row)) && strcmp(line, again) == 0);
        free(line);
        free(again);
    }
    FUZZ_ENSURE(table_sort(table, 0) == BEN_OK);
    table_free(&table);
    table_free(&copy);
}
