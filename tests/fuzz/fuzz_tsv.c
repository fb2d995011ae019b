/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables (participants.tsv, results): parsed, every cell looked at, indexed by a column. */
#include "fuzz.h"

#include "io/tsv.h"

#include <string.h>

const char fuzz_name[] = "tsv";

void fuzz_start(void)
{
    fuzz_seed_text("participant_id\tspecies\tage\nsub-01\tmus musculus\t3\nsub-02\tn/a\t\n");
    fuzz_seed_text("\xef\xbb\xbfimage\tmask\r\na.nii\tb.nii\r\n\r\n c.nii \tn/a\r\n");
    fuzz_seed_text("a\tb\tc\td\te\tf\tg\th\n1\t2\t3\t4\t5\t6\t7\t8");
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct tsv *table = NULL;
    if (!fuzz_fine(tsv_parse("t.tsv", (const char *)data, n, &table), "t.tsv"))
        return;
    for (int c = 0; c < tsv_columns(table); c++) {
        FUZZ_ENSURE(tsv_column(table, tsv_column_name(table, c)) == c);
        FUZZ_ENSURE(tsv_index(table, c) == BEN_OK);
        for (long row = 0; row < tsv_rows(table); row++) {
            const char *cell = tsv_cell(table, row, c);
            if (!cell)
                continue;
            long first = tsv_find(table, cell);
            FUZZ_ENSURE(first >= 0 && first <= row &&
                        strcmp(tsv_cell(table, first, c), cell) == 0);
            FUZZ_ENSURE(tsv_line(table, row) > 1);
        }
    }
    tsv_free(&table);
}
