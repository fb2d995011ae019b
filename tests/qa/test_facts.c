/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows are found by file, session and participant, the most special first. */
#include "check.h"

#include "base/util.h"
#include "qa/facts.h"

#include <string.h>

static char folder[256];

static void write_text(const char *name, const char *text)
{
    char *path = util_format("%s/%s", folder, name);
    CHECK_OK(util_make_parents(path));
    CHECK_OK(util_write_file(path, text, strlen(text)));
    free(path);
}

static void test_files_are_made(void)
{
    write_text("raw/participants.tsv", "participant_id\tage\tgroup\n"
                                       "sub-01\t12\tcontrol\n"
                                       "sub-02\tn/a\ttreated\n");
    write_text("raw/sub-01/sub-01_sessions.tsv", "session_id\tage\nses-b\t16.5\n");
    write_text("raw/derivatives/x/results.tsv",
               "participant_id\tmask\tuncertainty\n"
               "sub-01\tsub-01/ses-a/m.nii.gz\t0.25\nsub-01\tsub-01/ses-b/m.nii.gz\thigh\n");
    write_text("raw/derivatives/x/sub-01/ses-a/m.nii.gz", "");
    write_text("raw/derivatives/x/sub-01/ses-b/m.nii.gz", "");
    write_text("out/dataset_description.json", "{\"DatasetLinks\": {\"raw\": \"../raw\"}}");
    write_text("more.tsv", "participant_id\tgroup\tsite\n01\tfirst\tA\n");
    write_text("bad.tsv", "name\tage\nx\t1\n");
}

static struct facts *open_dataset(const char *name)
{
    struct facts *facts = NULL;
    char *path = util_format("%s/%s", folder, name);
    CHECK_OK(facts_create(&facts));
    CHECK_OK(facts_add_dataset(facts, path));
    free(path);
    return facts;
}

static const char *text_of(struct facts *facts, const struct facts_scan *scan,
                           const char *column)
{
    const char *text;
    CHECK_OK(facts_text(facts, scan, column, &text));
    return text ? text : "nothing";
}

static double number_of(struct facts *facts, const struct facts_scan *scan, const char *column)
{
    double number;
    CHECK_OK(facts_number(facts, scan, column, &number));
    return number;
}

static void test_the_most_special_row_counts(void)
{
    struct facts *facts = open_dataset("raw/derivatives/x");
    char *a = util_format("%s/raw/derivatives/x/sub-01/ses-a/m.nii.gz", folder);
    char *b = util_format("%s/raw/sub-01/../derivatives/x/sub-01/ses-b/m.nii.gz", folder);
    const struct facts_scan first = {{NULL, a}, "sub-01", "a"};
    const struct facts_scan second = {{b, NULL}, "01", "ses-b"};
    const struct facts_scan other = {{NULL, NULL}, "02", NULL};
    CU_ASSERT_EQUAL(number_of(facts, &first, "age"), 12);
    CU_ASSERT_EQUAL(number_of(facts, &second, "age"), 16.5);
    CU_ASSERT_EQUAL(number_of(facts, &first, "uncertainty"), 0.25);
    CU_ASSERT(isnan(number_of(facts, &second, "uncertainty")));
    CU_ASSERT_STRING_EQUAL(text_of(facts, &second, "uncertainty"), "high");
    CU_ASSERT(isnan(number_of(facts, &other, "age")));
    CU_ASSERT_STRING_EQUAL(text_of(facts, &other, "group"), "treated");
    CU_ASSERT_STRING_EQUAL(text_of(facts, &other, "site"), "nothing");
    CU_ASSERT(facts_has(facts, "group") && !facts_has(facts, "site"));
    free(a);
    free(b);
    facts_free(&facts);
}

static void test_links_and_tables_by_hand(void)
{
    struct facts *facts = NULL;
    char *table = util_format("%s/more.tsv", folder), *out = util_format("%s/out", folder);
    char *bad = util_format("%s/bad.tsv", folder);
    const struct facts_scan scan = {{NULL, NULL}, "sub-01", "b"};
    CHECK_OK(facts_create(&facts));
    CHECK_OK(facts_add_table(facts, table));
    CHECK_OK(facts_add_dataset(facts, out));
    CU_ASSERT_STRING_EQUAL(text_of(facts, &scan, "group"), "first");
    CU_ASSERT_STRING_EQUAL(text_of(facts, &scan, "site"), "A");
    CU_ASSERT_STRING_EQUAL(text_of(facts, &scan, "age"), "16.5");
    CU_ASSERT_EQUAL(facts_add_table(facts, bad), BEN_E_ARG);
    CU_ASSERT(strstr(ben_error_text(), "participant_id") != NULL);
    free(table);
    free(out);
    free(bad);
    facts_free(&facts);
}

static const struct check_test tests[] = {
    {"files are made", test_files_are_made},
    {"the most special row counts", test_the_most_special_row_counts},
    {"links, and tables by hand", test_links_and_tables_by_hand},
};

int main(void)
{
    check_folder_create(folder);
    int status = check_run("qa/facts", tests, sizeof tests / sizeof tests[0]);
    check_folder_remove(folder);
    return status;
}
