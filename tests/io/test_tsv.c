/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/tsv.h"

#include "base/random.h"
#include "check.h"

#include <string.h>

static struct tsv *parse(const char *text)
{
    struct tsv *t = NULL;
    CHECK_OK(tsv_parse("t.tsv", text, strlen(text), &t));
    return t;
}

static void refused(const char *text, size_t n, const char *reason)
{
    struct tsv *t = NULL;
    CU_ASSERT_EQUAL(tsv_parse("t.tsv", text, n, &t), BEN_E_INPUT);
    CU_ASSERT_PTR_NULL(t);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "t.tsv"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), reason));
}

static void test_cells(void)
{
    struct tsv *t = parse("\xef\xbb\xbfone\tTwo\tthree\r\n"
                          "a\t\"b c\"\tn/a\r\n"
                          "\n"
                          " d \t\tN/A");
    CU_ASSERT_EQUAL(tsv_rows(t), 2);
    CU_ASSERT_EQUAL(tsv_columns(t), 3);
    CU_ASSERT_EQUAL(tsv_column(t, "two"), 1);
    CU_ASSERT_EQUAL(tsv_column(t, "four"), -1);
    CU_ASSERT_STRING_EQUAL(tsv_column_name(t, 2), "three");
    CU_ASSERT_STRING_EQUAL(tsv_cell(t, 0, 0), "a");
    CU_ASSERT_STRING_EQUAL(tsv_cell(t, 0, 1), "\"b c\"");
    CU_ASSERT_PTR_NULL(tsv_cell(t, 0, 2));
    CU_ASSERT_STRING_EQUAL(tsv_cell(t, 1, 0), "d");
    CU_ASSERT_PTR_NULL(tsv_cell(t, 1, 1));
    CU_ASSERT_PTR_NULL(tsv_cell(t, 1, 2));
    CU_ASSERT_PTR_NULL(tsv_cell(t, 1, -1));
    CU_ASSERT_EQUAL(tsv_line(t, 0), 2);
    CU_ASSERT_EQUAL(tsv_line(t, 1), 4);
    tsv_free(&t);
    tsv_free(&t);
}

static void test_find(void)
{
    struct tsv *t = parse("id\tx\nb\t1\na\t2\nn/a\t3\nb\t4\n");
    CHECK_OK(tsv_index(t, 0));
    CU_ASSERT_EQUAL(tsv_find(t, "a"), 1);
    CU_ASSERT_EQUAL(tsv_find(t, "b"), 0);
    CU_ASSERT_EQUAL(tsv_find(t, "c"), -1);
    CU_ASSERT_EQUAL(tsv_find(t, ""), -1);
    CU_ASSERT_EQUAL(tsv_find(t, "n/a"), -1);
    tsv_free(&t);
    t = parse("id\n");
    CHECK_OK(tsv_index(t, 0));
    CU_ASSERT_EQUAL(tsv_find(t, "a"), -1);
    tsv_free(&t);
}

static void test_bad(void)
{
    struct tsv *t = NULL;
    refused("", 0, "empty");
    refused("\n\n", 2, "empty");
    refused("a\tb\n1\n", 6, "line 2 has 1 cells but the head has 2");
    refused("a\tb\n1\t2\n\n1\t2\t3\n", 15, "line 4 has 3 cells");
    refused("a\tA\n", 4, "twice");
    refused("a\t\n", 3, "column 2 has no name");
    refused("a\n1\0"
            "2\n",
            6, "NUL");
    CU_ASSERT_EQUAL(tsv_read("/nowhere/t.tsv", &t), BEN_E_IO);
}

/* Any bytes either make a table whose every cell can be asked for, or are refused. */
static void test_random(void)
{
    static const char letters[] = "ab\t\t\n\n\r n/a\xef\xbb\xbf";
    struct random_stream random = random_open(1, BEN_RANDOM_TEST, 0, 0);
    uint32_t index = 0;
    long tables = 0;
    for (int i = 0; i < 5000; i++) {
        char text[40];
        struct tsv *t = NULL;
        size_t n = random_u32(&random, index++) % sizeof text;
        for (size_t k = 0; k < n; k++)
            text[k] = letters[random_u32(&random, index++) % (sizeof letters - 1)];
        if (tsv_parse("t", text, n, &t) != BEN_OK)
            continue;
        tables++;
        for (long r = 0; r < tsv_rows(t); r++)
            for (int c = 0; c < tsv_columns(t); c++)
                CU_ASSERT_TRUE(!tsv_cell(t, r, c) || strlen(tsv_cell(t, r, c)) < sizeof text);
        tsv_free(&t);
    }
    CU_ASSERT_TRUE(tables > 100);
}

static const struct check_test tests[] = {
    {"cells", test_cells},
    {"find a row", test_find},
    {"what is no table", test_bad},
    {"random bytes", test_random},
};

CHECK_MAIN("tsv", tests)
