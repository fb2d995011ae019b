/* SPDX-License-Identifier: BSD-3-Clause */
/* Predictions find their references in folders of every layout, and never by a guess. */
#include "check.h"

#include "base/util.h"
#include "qa/pairs.h"

#include <stdint.h>
#include <string.h>

static char folder[256];

static void make_file(const char *side, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", folder, side, name);
    CHECK_OK(util_make_parents(path));
    CHECK_OK(util_write_file(path, "x", 1));
}

static void make_files(const char *side, const char *const *names)
{
    for (; *names; names++)
        make_file(side, *names);
}

/* The sides are folders (or files in them) of the scratch folder. */
static enum ben_status match(const char *pred, const char *ref, bool complete,
                             struct pairs **pairs)
{
    char paths[2][512];
    snprintf(paths[0], sizeof paths[0], "%s/%s", folder, pred);
    snprintf(paths[1], sizeof paths[1], "%s/%s", folder, ref);
    return pairs_match(paths[0], paths[1], complete, pairs);
}

static void check_pair(const struct pair *pair, const char *id, const char *pred,
                       const char *ref)
{
    size_t skip = strlen(folder) + 1;
    CU_ASSERT_STRING_EQUAL(pair->id, id);
    CU_ASSERT_STRING_EQUAL(pair->ref + skip, ref);
    if (pred)
        CU_ASSERT_STRING_EQUAL(pair->pred + skip, pred)
    else
        CU_ASSERT_PTR_NULL(pair->pred);
}

static void test_bids_derivatives(void)
{
    const char *preds[] = {"dataset_description.json",
                           "sub-02/anat/sub-02_desc-brain_mask.nii.gz",
                           "sub-02/anat/sub-02_desc-brain_T1w.nii.gz",
                           "sub-01/anat/sub-01_desc-brain_mask.nii.gz",
                           "sub-01/anat/sub-01_label-brain_probseg.nii.gz",
                           "sub-04/anat/sub-04_desc-brain_mask.nii.gz",
                           ".cache/sub-03_desc-brain_mask.nii.gz",
                           NULL};
    const char *refs[] = {"sub-01/anat/sub-01_desc-brain_mask.nii.gz",
                          "sub-02/anat/sub-02_desc-expert_mask.nii",
                          "sub-03/anat/sub-03_desc-brain_mask.nii.gz", NULL};
    struct pairs *p = NULL;
    make_files("bids/p", preds);
    make_files("bids/r", refs);
    CHECK_OK(match("bids/p", "bids/r", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 2);
    CU_ASSERT_EQUAL(p->extra, 1);
    CU_ASSERT_EQUAL(p->missing, 1);
    check_pair(&p->list[0], "sub-01/anat/sub-01",
               "bids/p/sub-01/anat/sub-01_desc-brain_mask.nii.gz",
               "bids/r/sub-01/anat/sub-01_desc-brain_mask.nii.gz");
    check_pair(&p->list[1], "sub-02/anat/sub-02",
               "bids/p/sub-02/anat/sub-02_desc-brain_mask.nii.gz",
               "bids/r/sub-02/anat/sub-02_desc-expert_mask.nii");
    pairs_free(&p);
    CHECK_OK(match("bids/p", "bids/r", true, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 3);
    check_pair(&p->list[2], "sub-03/anat/sub-03", NULL,
               "bids/r/sub-03/anat/sub-03_desc-brain_mask.nii.gz");
    pairs_free(&p);
}

/* A single suffix needs no space- entity; two do, and then nothing is guessed. */
static void test_space_entity_is_dropped_only_where_clear(void)
{
    const char *preds[] = {"sub-01_desc-brain_mask.nii.gz", "sub-02_desc-brain_mask.nii.gz",
                           NULL};
    const char *refs[] = {"anat/sub-01_space-T2w_desc-brain_mask.nii.gz",
                          "anat/sub-02_space-T1w_desc-brain_mask.nii.gz",
                          "anat/sub-02_space-T2w_desc-brain_mask.nii.gz", NULL};
    struct pairs *p = NULL;
    make_files("space/p", preds);
    make_files("space/r", refs);
    CHECK_OK(match("space/p", "space/r", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 1);
    CU_ASSERT_EQUAL(p->extra, 1);
    CU_ASSERT_EQUAL(p->missing, 2);
    check_pair(&p->list[0], "anat/sub-01_space-T2w", "space/p/sub-01_desc-brain_mask.nii.gz",
               "space/r/anat/sub-01_space-T2w_desc-brain_mask.nii.gz");
    pairs_free(&p);
}

static void test_plain_names(void)
{
    const char *preds[] = {"deep/a_mask.nii.gz", "b_mask.nii.gz", "deep/a.nii.gz", NULL};
    const char *refs[] = {"a.nii.gz", "b.hdr", "b.img", "notes.txt", NULL};
    struct pairs *p = NULL;
    make_files("plain/p", preds);
    make_files("plain/r", refs);
    CHECK_OK(match("plain/p", "plain/r", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 2);
    check_pair(&p->list[0], "a", "plain/p/deep/a_mask.nii.gz", "plain/r/a.nii.gz");
    check_pair(&p->list[1], "b", "plain/p/b_mask.nii.gz", "plain/r/b.hdr");
    pairs_free(&p);
}

/* Two raters' masks of one scan: their full names tell them apart, and are the ids. */
static void test_clashing_names_keep_what_tells_them_apart(void)
{
    const char *names[] = {"s_desc-one_mask.nii", "s_desc-two_mask.nii", NULL};
    struct pairs *p = NULL;
    make_files("raters/p", names);
    make_files("raters/r", names);
    CHECK_OK(match("raters/p", "raters/r", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 2);
    check_pair(&p->list[0], "s_desc-one_mask", "raters/p/s_desc-one_mask.nii",
               "raters/r/s_desc-one_mask.nii");
    check_pair(&p->list[1], "s_desc-two_mask", "raters/p/s_desc-two_mask.nii",
               "raters/r/s_desc-two_mask.nii");
    pairs_free(&p);
}

static void test_files(void)
{
    struct pairs *p = NULL;
    make_file("files/p", "x.nii.gz");
    make_file("files/r", "y_mask.nii");
    make_file("files/r", "x_mask.nii");
    CHECK_OK(match("files/p/x.nii.gz", "files/r/y_mask.nii", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 1);
    check_pair(&p->list[0], "y", "files/p/x.nii.gz", "files/r/y_mask.nii");
    pairs_free(&p);
    CHECK_OK(match("files/p/x.nii.gz", "files/r", false, &p));
    CU_ASSERT_EQUAL_FATAL(p->n, 1);
    check_pair(&p->list[0], "x", "files/p/x.nii.gz", "files/r/x_mask.nii");
    pairs_free(&p);
}

static void test_nothing_to_match_fails(void)
{
    struct pairs *p = NULL;
    make_file("none/p", "a.nii");
    make_file("none/r", "b.nii");
    make_file("none/empty", "notes.txt");
    CU_ASSERT_EQUAL(match("none/p", "none/r", true, &p), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "counterpart"));
    CU_ASSERT_EQUAL(match("none/p", "none/empty", false, &p), BEN_E_ARG);
    CU_ASSERT_EQUAL(match("none/absent", "none/r", false, &p), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "none/absent"));
    CU_ASSERT_PTR_NULL(p);
}

static void test_pairs_travel_as_bytes(void)
{
    struct pair list[2] = {{(char *)"one", NULL, (char *)"r 1", NULL},
                           {(char *)"two", (char *)"p", (char *)"r2", (char *)"bet 2"}};
    const struct pairs sent = {.list = list, .n = 2, .extra = 3, .missing = 1};
    struct pairs *got = NULL;
    char *bytes = NULL;
    size_t n;
    CHECK_OK(pairs_pack(&sent, &bytes, &n));
    CHECK_OK(pairs_unpack(bytes, n, &got));
    CU_ASSERT_EQUAL(got->n, 2);
    CU_ASSERT_EQUAL(got->extra, 3);
    CU_ASSERT_EQUAL(got->missing, 1);
    CU_ASSERT_PTR_NULL(got->list[0].pred);
    CU_ASSERT_STRING_EQUAL(got->list[0].ref, "r 1");
    CU_ASSERT_STRING_EQUAL(got->list[1].id, "two");
    CU_ASSERT_STRING_EQUAL(got->list[1].pred, "p");
    CU_ASSERT_PTR_NULL(got->list[0].method);
    CU_ASSERT_STRING_EQUAL(got->list[1].method, "bet 2");
    free(bytes);
    pairs_free(&got);
}

static struct pairs *one_pair(const char *id)
{
    struct pair list[1] = {{(char *)(uintptr_t)id, NULL, (char *)"r", NULL}};
    const struct pairs made = {.list = list, .n = 1, .extra = 1, .missing = 2};
    struct pairs *copy = NULL;
    char *bytes = NULL;
    size_t n;
    CHECK_OK(pairs_pack(&made, &bytes, &n));
    CHECK_OK(pairs_unpack(bytes, n, &copy));
    free(bytes);
    return copy;
}

static void test_pairs_of_methods_are_joined(void)
{
    struct pairs *all = one_pair("a"), *more = one_pair("b");
    CHECK_OK(pairs_join(all, more, "m"));
    CU_ASSERT_EQUAL_FATAL(all->n, 2);
    CU_ASSERT_EQUAL(all->extra, 2);
    CU_ASSERT_EQUAL(all->missing, 4);
    CU_ASSERT_EQUAL(more->n, 0);
    CU_ASSERT_PTR_NULL(all->list[0].method);
    CU_ASSERT_STRING_EQUAL(all->list[1].method, "m");
    CU_ASSERT_STRING_EQUAL(all->list[1].id, "b");
    pairs_free(&all);
    pairs_free(&more);
}

static const struct check_test tests[] = {
    {"BIDS derivatives", test_bids_derivatives},
    {"the space entity is dropped only where clear",
     test_space_entity_is_dropped_only_where_clear},
    {"plain names", test_plain_names},
    {"clashing names keep what tells them apart",
     test_clashing_names_keep_what_tells_them_apart},
    {"files", test_files},
    {"nothing to match fails", test_nothing_to_match_fails},
    {"pairs travel as bytes", test_pairs_travel_as_bytes},
    {"pairs of methods are joined", test_pairs_of_methods_are_joined},
};

int main(void)
{
    check_folder_create(folder);
    int status = check_run("qa/pairs", tests, sizeof tests / sizeof tests[0]);
    check_folder_remove(folder);
    return status;
}
