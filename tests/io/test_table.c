/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables: what a cell prints as, what comes back from a line, the bytes of the files. */
#include "base/util.h"
#include "check.h"
#include "io/table.h"

#include <float.h>
#include <string.h>

enum { ID, COUNT, VOLUME, TIME, COLUMNS };

static const struct table_level levels[] = {{"sub-01", "the first"}, {NULL, NULL}};
static const struct table_column columns[COLUMNS] = {
    {"participant_id", BEN_TABLE_TEXT, 0, NULL, "who", levels},
    {"slices", BEN_TABLE_INTEGER, 0, NULL, "how many", NULL},
    {"volume_mm3", BEN_TABLE_REAL, BEN_TABLE_SHORTEST, "mm^3", "how much", NULL},
    {"seconds", BEN_TABLE_REAL, 2, "s", "how long", NULL},
};

static struct table *example(void)
{
    struct table *table;
    long row;
    CHECK_OK(table_create(columns, COLUMNS, &table));
    CHECK_OK(table_add_row(table, &row));
    CHECK_OK(table_set_text(table, row, ID, "sub-02"));
    CHECK_OK(table_set_integer(table, row, COUNT, -17));
    CHECK_OK(table_set_real(table, row, VOLUME, 0.1));
    CHECK_OK(table_set_real(table, row, TIME, 1.005));
    CHECK_OK(table_add_row(table, &row));
    CU_ASSERT_EQUAL(row, 1);
    CHECK_OK(table_set_text(table, row, ID, "sub-01"));
    return table;
}

static void test_files(void)
{
    char folder[256], *tsv, *json, *text;
    struct table *table = example();
    check_folder_create(folder);
    tsv = util_format("%s/results.tsv", folder);
    json = util_format("%s/results.json", folder);
    CHECK_OK(table_write(table, tsv));
    CHECK_OK(util_read_file(tsv, 10000, &text, NULL));
    CU_ASSERT_STRING_EQUAL(text, "participant_id\tslices\tvolume_mm3\tseconds\n"
                                 "sub-02\t-17\t0.1\t1.00\n"
                                 "sub-01\tn/a\tn/a\tn/a\n");
    free(text);
    CHECK_OK(util_read_file(json, 10000, &text, NULL));
    CU_ASSERT_EQUAL(strncmp(text,
                            "{\n  \"participant_id\": {\n    \"Description\": \"who\",\n"
                            "    \"Levels\": {\n      \"sub-01\": \"the first\"\n    }\n  },\n"
                            "  \"slices\": {",
                            100),
                    0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"Units\": \"mm^3\""));
    free(text);
    free(tsv);
    free(json);
    table_free(&table);
    check_folder_remove(folder);
}

/* Every double that goes in comes back, printed as shortly as can be. */
static void test_reals(void)
{
    static const struct {
        double value;
        const char *shortest, *fixed;
    } cases[] = {
        {0.0, "0", "0.00"},
        {-0.001, "-0.001", "0.00"},
        {-0.0, "-0", "0.00"},
        {1.0 / 3.0, "0.3333333333333333", "0.33"},
        {-5.25, "-5.25", "-5.25"},
        {1500000.0, "1500000", "1500000.00"},
        {10.0, "10", "10.00"},
        {1e15, "1e+15", "1000000000000000.00"},
        {123456.0, "123456", "123456.00"},
        {NAN, "n/a", "n/a"},
        {INFINITY, "n/a", "n/a"},
        {DBL_MIN, "2.2250738585072014e-308", "0.00"},
    };
    struct table *table;
    long row;
    double value;
    CHECK_OK(table_create(columns, COLUMNS, &table));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK_OK(table_add_row(table, &row));
        CHECK_OK(table_set_real(table, row, VOLUME, cases[i].value));
        CHECK_OK(table_set_real(table, row, TIME, cases[i].value));
        CU_ASSERT_STRING_EQUAL(table_cell(table, row, VOLUME), cases[i].shortest);
        CU_ASSERT_STRING_EQUAL(table_cell(table, row, TIME), cases[i].fixed);
        CU_ASSERT_EQUAL(table_number(table, row, VOLUME, &value), isfinite(cases[i].value));
        if (isfinite(cases[i].value))
            CU_ASSERT_EQUAL(value, cases[i].value);
    }
    table_free(&table);
}

static void test_texts(void)
{
    struct table *table = example();
    double value;
    CHECK_OK(table_set_text(table, 0, ID, "a\tb\nc"));
    CU_ASSERT_STRING_EQUAL(table_cell(table, 0, ID), "a b c");
    CHECK_OK(table_set_text(table, 0, ID, ""));
    CU_ASSERT_STRING_EQUAL(table_cell(table, 0, ID), "n/a");
    CHECK_OK(table_set_text(table, 0, ID, "12"));
    CHECK_OK(table_set_text(table, 0, ID, NULL));
    CU_ASSERT_STRING_EQUAL(table_cell(table, 0, ID), "n/a");
    CU_ASSERT_FALSE(table_number(table, 0, ID, &value));
    CU_ASSERT_TRUE(table_number(table, 0, COUNT, &value));
    CU_ASSERT_EQUAL(value, -17.0);
    table_free(&table);
}

static void test_lines(void)
{
    struct table *table = example();
    static const char *const bad[] = {"sub-03",      "a\t1\t2", "a\t1\t2\t3\t4", "a\tx\t2\t3",
                                      "a\t1\t2y\t3", "",        "a\t1\tinf\t3"};
    for (int row = 0; row < 2; row++) {
        char *line = table_line(table, row), *again;
        CHECK_OK(table_add_line(table, line));
        again = table_line(table, row + 2);
        CU_ASSERT_STRING_EQUAL(line, again);
        free(line);
        free(again);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(table_add_line(table, bad[i]), BEN_E_INPUT);
        CU_ASSERT_EQUAL(table_rows(table), 4);
    }
    table_free(&table);
}

static void test_sort(void)
{
    struct table *table = example();
    CHECK_OK(table_add_line(table, "sub-01\t5\t1\t1"));
    CHECK_OK(table_sort(table, ID));
    CU_ASSERT_STRING_EQUAL(table_cell(table, 0, ID), "sub-01");
    CU_ASSERT_STRING_EQUAL(table_cell(table, 0, COUNT), "n/a"); /* came first */
    CU_ASSERT_STRING_EQUAL(table_cell(table, 1, COUNT), "5");
    CU_ASSERT_STRING_EQUAL(table_cell(table, 2, ID), "sub-02");
    table_free(&table);
    CHECK_OK(table_create(columns, COLUMNS, &table));
    CHECK_OK(table_sort(table, ID));
    CU_ASSERT_EQUAL(table_rows(table), 0);
    table_free(&table);
}

static const struct check_test tests[] = {
    {"the bytes of TSV and dictionary", test_files},
    {"reals", test_reals},
    {"texts and missing cells", test_texts},
    {"rows as lines and back", test_lines},
    {"sorting is stable", test_sort},
};

CHECK_MAIN("table", tests)
