/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/study.h"

#include "check.h"

#include <string.h>

static const char good[] =
    "id\tspecies\tmodality\trole\tsources\tlabels\tfolder\twhere\n"
    "a\tmouse\tT2w\tsource\tn/a\tn/a\tx/a\tn/a\n"
    "b\tmouse\tT2w\tsource, target\ta\t0,5\tn/a\tn/a\n"
    "c-1\trat\tEPI\tn/a\ta,b\t0, 1,12\tx/s.tsv\tdataset=rats; split=!bad\n";

static const char numbers[] =
    "dataset\tsource\tmethod\tlabels\tmetric\tstatistic\tvalue\tnote\n"
    "c-1\ta\tben\t0\tdice\tmedian\t0.97-0.99\tn/a\n"
    "c-1\tb\tben\t0\tdice\tn/a\t0.9\tn/a\n"
    "rat\tn/a\tben\tn/a\tvolume_slope\tn/a\t1.00\tof the species\n";

static struct study *parse(void)
{
    struct study *study = NULL;
    CHECK_OK(
        study_parse("t.tsv", good, strlen(good), "p.tsv", numbers, strlen(numbers), &study));
    return study;
}

static void test_rows(void)
{
    struct study *study = parse();
    const struct study_set *a = study_find(study, "a"), *b = study_find(study, "b"),
                           *c = study_find(study, "c-1");
    CU_ASSERT_EQUAL(study->n, 3);
    CU_ASSERT(a->source && !a->target);
    CU_ASSERT(b->source && b->target);
    CU_ASSERT(!c->source && c->target);
    CU_ASSERT_EQUAL(c->species, BEN_RAT);
    CU_ASSERT_EQUAL_FATAL(c->origin.n, 2);
    CU_ASSERT_STRING_EQUAL(c->origin.word[1], "b");
    CU_ASSERT_EQUAL_FATAL(c->n_labels, 3);
    CU_ASSERT_EQUAL(c->labels[2], 12);
    CU_ASSERT_EQUAL_FATAL(c->where.n, 2);
    CU_ASSERT_STRING_EQUAL(c->where.word[1], "split=!bad");
    CU_ASSERT_PTR_NULL(b->folder);
    CU_ASSERT_PTR_NULL(c->masks);
    CU_ASSERT_PTR_NULL(study_find(study, "d"));
    study_free(&study);
    study_free(&study);
}

static void test_numbers(void)
{
    struct study *study = parse();
    const struct study_set *c = study_find(study, "c-1"), *a = study_find(study, "a");
    const struct study_published *from_a = study_number(study, c, "a", "ben", 0, "dice");
    const struct study_published *from_b = study_number(study, c, "b", "ben", 0, "dice");
    CU_ASSERT_PTR_NOT_NULL_FATAL(from_a);
    CU_ASSERT_PTR_NOT_NULL_FATAL(from_b);
    CU_ASSERT_STRING_EQUAL(from_a->value, "0.97-0.99");
    CU_ASSERT_STRING_EQUAL(from_b->value, "0.9");
    CU_ASSERT_PTR_NULL(study_number(study, c, "a", "ben", 5, "dice"));
    CU_ASSERT_PTR_NULL(study_number(study, c, "a", "none", 0, "dice"));
    CU_ASSERT_PTR_NOT_NULL(study_number(study, c, "a", "ben", -1, "volume_slope"));
    CU_ASSERT_PTR_NULL(study_number(study, a, "a", "ben", -1, "volume_slope"));
    study_free(&study);
    CHECK_NEAR(study_value("0.97-0.99"), 0.98, 1e-12);
    CHECK_NEAR(study_value("-0.75"), -0.75, 0);
    CU_ASSERT(isnan(study_value("many")));
    CU_ASSERT(isnan(study_value("1-")));
    CU_ASSERT(isnan(study_value(NULL)));
}

static void refused(const char *table, const char *published, const char *reason)
{
    struct study *study = NULL;
    CU_ASSERT_EQUAL(study_parse("t.tsv", table, strlen(table), "p.tsv", published,
                                strlen(published), &study),
                    BEN_E_ARG);
    CU_ASSERT_PTR_NULL(study);
    if (!strstr(ben_error_text(), reason))
        fprintf(stderr, "'%s' does not say '%s'\n", ben_error_text(), reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), reason));
}

static void test_bad(void)
{
    static const char head[] = "dataset\tmethod\tmetric\tvalue\tlabels\n";
    char text[256];
    refused("species\nrat\n", "", "no column called id");
    refused("id\tcolour\na\tred\n", "", "unknown column colour");
    refused("id\na/b\n", "", "line 2: id");
    refused("id\t species\na\tcat\n", "", "species cat");
    refused("id\trole\na\tteacher\n", "", "role teacher");
    refused("id\tlabels\na\t5,0\n", "", "labels 5,0");
    refused("id\tlabels\na\tfew\n", "", "labels few");
    refused("id\na\na\n", "", "line 3: a is there twice");
    refused("id\tsources\na\tb\nb\tn/a\n", "", "line 2: b is no row with the role of a source");
    snprintf(text, sizeof text, "%sx\tben\tdice\t1\t0\n", head);
    refused("id\na\n", text, "line 2: x is neither a row of t.tsv nor a species");
    snprintf(text, sizeof text, "%sa\tben\tdice\tn/a\t0\n", head);
    refused("id\na\n", text, "a number needs");
    snprintf(text, sizeof text, "%sa\tben\tdice\t1\tfew\n", head);
    refused("id\na\n", text, "a number needs");
}

static void test_modalities(void)
{
    CU_ASSERT(study_modality_fits("T2w", "T2w"));
    CU_ASSERT(!study_modality_fits("T2w", "T1w"));
    CU_ASSERT(study_modality_fits("EPI", "bold"));
    CU_ASSERT(!study_modality_fits("EPI", "T2w"));
    CU_ASSERT(study_modality_fits("ASL", "m0scan"));
    CU_ASSERT(study_modality_fits("SWI", "swi"));
    CU_ASSERT(study_modality_fits(NULL, "T2w"));
}

static const struct check_test tests[] = {
    {"rows", test_rows},
    {"published numbers", test_numbers},
    {"bad tables", test_bad},
    {"modalities", test_modalities},
};

CHECK_MAIN("study", tests)
