/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort.h"

#include "base/util.h"
#include "raw_nifti.h"

#include <unistd.h>

static char root[256];

static const char *at(const char *name)
{
    static char paths[64][600];
    static int next;
    char *path = paths[next++ % 64];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

/* A file with that text; parents are made. */
static void put(const char *name, const char *text)
{
    CHECK_OK(util_make_parents(at(name)));
    raw_plain(at(name), text, strlen(text));
}

static void touch(const char *const *names)
{
    for (; *names; names++)
        put(*names, "");
}

static struct cohort *open_with(const char *input, const struct cohort_options *options)
{
    struct cohort *c = NULL;
    CHECK_OK(cohort_open(&input, 1, options, &c));
    return c;
}

static struct cohort *open_plainly(const char *input)
{
    const struct cohort_options options = {0};
    return open_with(input, &options);
}

static void refused_with(const char *input, const struct cohort_options *options,
                         enum ben_status status, const char *reason)
{
    struct cohort *c = NULL;
    enum ben_status st = cohort_open(&input, 1, options, &c);
    CU_ASSERT_EQUAL(st, status);
    CU_ASSERT_PTR_NULL(c);
    if (st && !strstr(ben_error_text(), reason))
        fprintf(stderr, "wanted \"%s\" in \"%s\"\n", reason, ben_error_text());
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), reason));
    cohort_free(&c);
}

static void refused(const char *input, enum ben_status status, const char *reason)
{
    const struct cohort_options options = {0};
    refused_with(input, &options, status, reason);
}

static void check_ids(const struct cohort *c, const char *const *ids)
{
    long n = 0;
    for (; ids[n]; n++)
        if (n < c->n)
            CU_ASSERT_STRING_EQUAL(c->scans[n].id, ids[n]);
    CU_ASSERT_EQUAL(c->n, n);
}

static void make_dataset(void)
{
    check_folder_create(root);
    put("set/dataset_description.json", "{}");
    put("set/participants.tsv", "participant_id\tsex\tspecies\r\n"
                                "sub-02\tF\tRattus norvegicus\r\n"
                                "sub-01\tM\tmouse\r\n"
                                "sub-03\tn/a\tn/a\r\n");
    touch((const char *const[]){"set/sub-01/anat/sub-01_T2w.nii.gz",
                                "set/sub-01/anat/sub-01_T1w.nii",
                                "set/sub-01/anat/sub-01_acq-low_T1w.nii.gz",
                                "set/sub-01/anat/sub-01_T1w.json",
                                "set/sub-01/anat/sub-01_T1map.nii.gz",
                                "set/sub-01/anat/.sub-01_PDw.nii.gz",
                                "set/sub-01/anat/sub-01_part-phase_T2starw.nii.gz",
                                "set/sub-01/anat/notes.txt",
                                "set/sub-01/fmap/sub-01_magnitude.nii.gz",
                                "set/sub-01/beh/sub-01_T1w.nii.gz",
                                "set/sub-02/ses-b/func/sub-02_ses-b_task-rest_bold.nii.gz",
                                "set/sub-02/ses-b/func/sub-02_ses-b_task-rest_run-2_bold.hdr",
                                "set/sub-02/ses-b/func/sub-02_ses-b_task-rest_run-2_bold.img",
                                "set/sub-02/ses-a/perf/sub-02_ses-a_m0scan.nii.gz",
                                "set/sub-03/dwi/sub-03_dwi.nii.gz",
                                "set/derivatives/x/sub-01/anat/sub-01_T1w.nii.gz",
                                "set/code/sub-09_T1w.nii.gz",
                                "set/sourcedata/sub-01/anat/sub-01_T1w.nii.gz",
                                "set/.hidden/sub-01/anat/sub-01_T1w.nii.gz",
                                NULL});
}

static void test_bids(void)
{
    make_dataset();
    struct cohort *c = open_plainly(at("set/"));
    check_ids(c, (const char *const[]){"sub-01/anat/sub-01_T1w", "sub-01/anat/sub-01_T2w",
                                       "sub-01/anat/sub-01_acq-low_T1w",
                                       "sub-02/ses-a/perf/sub-02_ses-a_m0scan",
                                       "sub-02/ses-b/func/sub-02_ses-b_task-rest_bold",
                                       "sub-02/ses-b/func/sub-02_ses-b_task-rest_run-2_bold",
                                       "sub-03/dwi/sub-03_dwi", NULL});
    const struct scan *s = c->scans;
    CU_ASSERT_TRUE(c->bids && s[0].bids);
    CU_ASSERT_STRING_EQUAL(c->root, at("set/"));
    CU_ASSERT_STRING_EQUAL(s[0].path, at("set/sub-01/anat/sub-01_T1w.nii"));
    CU_ASSERT_STRING_EQUAL(s[0].relative, "sub-01/anat/sub-01_T1w.nii");
    CU_ASSERT_STRING_EQUAL(s[0].dataset, "set");
    CU_ASSERT_STRING_EQUAL(s[0].participant, "sub-01");
    CU_ASSERT_STRING_EQUAL(s[0].suffix, "T1w");
    CU_ASSERT_PTR_NULL(s[0].session);
    CU_ASSERT_PTR_NULL(s[0].mask);
    CU_ASSERT_STRING_EQUAL(s[3].session, "ses-a");
    CU_ASSERT_TRUE(s[0].suffix_needed && s[1].suffix_needed);
    CU_ASSERT_FALSE(s[2].suffix_needed || s[3].suffix_needed || s[4].suffix_needed);
    CU_ASSERT_EQUAL(s[0].species, BEN_MOUSE);
    CU_ASSERT_EQUAL(s[4].species, BEN_RAT);
    CU_ASSERT_EQUAL(s[6].species, BEN_SPECIES_UNKNOWN);
    cohort_free(&c);
    check_folder_remove(root);
}

static void test_filters(void)
{
    make_dataset();
    struct cohort_options o = {.participant_label = (const char *const[]){"02", "sub-03"},
                               .n_participant_label = 2};
    struct cohort *c = open_with(at("set"), &o);
    CU_ASSERT_EQUAL(c->n, 4);
    cohort_free(&c);
    o.where = (const char *const[]){"suffix=bold"};
    o.n_where = 1;
    o.species = BEN_HUMAN;
    c = open_with(at("set"), &o);
    CU_ASSERT_EQUAL(c->n, 2);
    CU_ASSERT_EQUAL(c->scans[0].species, BEN_HUMAN);
    cohort_free(&c);
    o = (struct cohort_options){.where = (const char *const[]){"sex=F", "session=ses-a"},
                                .n_where = 2};
    c = open_with(at("set"), &o);
    check_ids(c, (const char *const[]){"sub-02/ses-a/perf/sub-02_ses-a_m0scan", NULL});
    cohort_free(&c);
    o.where = (const char *const[]){"species=mus_musculus", "sex=M"};
    c = open_with(at("set"), &o);
    CU_ASSERT_EQUAL(c->n, 3);
    cohort_free(&c);
    o.where = (const char *const[]){"species=!mus_musculus", "sex=!M"};
    c = open_with(at("set"), &o);
    for (long i = 0; i < c->n; i++)
        CU_ASSERT_NOT_EQUAL(c->scans[i].species, BEN_MOUSE);
    CU_ASSERT_EQUAL(c->n, 4); /* sub-02 and sub-03 */
    cohort_free(&c);
    o.where = (const char *const[]){"age=3", "sex=M"};
    refused_with(at("set"), &o, BEN_E_ARG, "participants.tsv: no column age");
    o.where = (const char *const[]){"sex=F", "sex=M"};
    refused_with(at("set"), &o, BEN_E_ARG, "no scan is left");
    o.where = (const char *const[]){"sexF", "sex=M"};
    refused_with(at("set"), &o, BEN_E_ARG, "sexF");
    o = (struct cohort_options){.split = "test"};
    refused_with(at("set"), &o, BEN_E_ARG, "no column split");
    o = (struct cohort_options){.participant_label = (const char *const[]){"02", "77"},
                                .n_participant_label = 2};
    refused_with(at("set"), &o, BEN_E_ARG, "no participant 77");
    check_folder_remove(root);
}

static void test_bids_bad(void)
{
    make_dataset();
    put("set/participants.tsv", "participant_id\tspecies\nsub-01\n");
    refused(at("set"), BEN_E_INPUT, "participants.tsv: line 2 has 1 cells");
    put("set/participants.tsv", "name\tspecies\nsub-01\trat\n");
    refused(at("set"), BEN_E_INPUT, "participant_id");
    put("none/dataset_description.json", "{}");
    put("none/sub-01/anat/sub-01_T1map.nii.gz", "");
    refused(at("none"), BEN_E_ARG, "none: no scan in it");
    put("set/participants.tsv", "participant_id\tspecies\nsub-01\tunicorn\n");
    put("set/sub-03/dwi/sub-03_dwi.nii", "");
    refused(at("set"), BEN_E_ARG, "would both write sub-03/dwi/sub-03_desc-brain_mask");
    check_folder_remove(root);
}

static void test_masks(void)
{
    make_dataset();
    touch((const char *const[]){
        "m/sub-01/anat/sub-01_space-T2w_desc-brain_mask.nii.gz",
        "m/sub-01/anat/sub-01_desc-brain_mask.nii.gz", /* of T1w or T2w? its name is no answer */
        "m/sub-01/anat/sub-01_acq-low_desc-brain_mask.nii",
        "m/sub-02/ses-b/func/sub-02_ses-b_task-rest_space-bold_desc-brain_mask.nii.gz",
        "m/sub-02/ses-a/perf/odd_mask.nii.gz", NULL});
    put("m/sub-02/ses-a/perf/odd_mask.json",
        "{\"Sources\": [\"x\", \"bids:raw:sub-02/ses-a/perf/sub-02_ses-a_m0scan.nii.gz\"]}");
    put("m/sub-02/ses-a/perf/bad_mask.json", "{");
    struct cohort_options o = {.masks = at("m")};
    struct cohort *c = open_with(at("set"), &o);
    const struct scan *s = c->scans;
    CU_ASSERT_PTR_NULL(s[0].mask);
    CU_ASSERT_STRING_EQUAL(s[1].mask,
                           at("m/sub-01/anat/sub-01_space-T2w_desc-brain_mask.nii.gz"));
    CU_ASSERT_STRING_EQUAL(s[2].mask, at("m/sub-01/anat/sub-01_acq-low_desc-brain_mask.nii"));
    CU_ASSERT_STRING_EQUAL(s[3].mask, at("m/sub-02/ses-a/perf/odd_mask.nii.gz"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(s[4].mask);
    CU_ASSERT_PTR_NOT_NULL(strstr(s[4].mask, "_space-bold_desc-brain_mask.nii.gz"));
    CU_ASSERT_PTR_NULL(s[5].mask);
    cohort_free(&c);
    put("m/sub-01/anat/sub-01_desc-brain_mask.json",
        "{\"Sources\": [\"bids::sub-01/anat/sub-01_T1w.nii\"]}");
    c = open_with(at("set/sub-01/anat/sub-01_T1w.nii"), &o);
    CU_ASSERT_STRING_EQUAL(c->scans[0].mask, at("m/sub-01/anat/sub-01_desc-brain_mask.nii.gz"));
    CU_ASSERT_EQUAL(c->scans[0].species, BEN_MOUSE);
    CU_ASSERT_FALSE(c->bids);
    cohort_free(&c);
    o.masks = at("nowhere");
    refused_with(at("set"), &o, BEN_E_ARG, "nowhere: no such folder");
    check_folder_remove(root);
}

/* Masks that somebody corrected, dropped into a folder, take the place of a manifest's. */
static void test_masks_override(void)
{
    check_folder_create(root);
    touch((const char *const[]){"i/a.nii.gz", "i/b.nii.gz", "i/old1.nii.gz", "i/old2.nii.gz",
                                "fixed/b_mask.nii.gz", NULL});
    put("i/list.tsv", "image\tmask\na.nii.gz\told1.nii.gz\n"
                      "b.nii.gz\told2.nii.gz\n");
    struct cohort_options o = {.masks = at("fixed")};
    struct cohort *c = open_with(at("i/list.tsv"), &o);
    CU_ASSERT_EQUAL_FATAL(c->n, 2);
    CU_ASSERT_STRING_EQUAL(c->scans[0].mask, at("i/old1.nii.gz"));
    CU_ASSERT_STRING_EQUAL(c->scans[1].mask, at("fixed/b_mask.nii.gz"));
    cohort_free(&c);
    check_folder_remove(root);
}

static void test_folder(void)
{
    check_folder_create(root);
    touch((const char *const[]){"f/b.nii", "f/a.nii.gz", "f/a_mask.nii.gz", "f/a_brain.nii.gz",
                                "f/c_mask.nii.gz", "f/p.hdr", "f/p.img", "f/x.txt",
                                "f/.tmp1.b.nii", "f/deeper/d.nii", "m/b.nii", NULL});
    struct cohort *c = open_plainly(at("f"));
    check_ids(c, (const char *const[]){"a", "b", "c_mask", "p", NULL});
    CU_ASSERT_FALSE(c->bids || c->scans[0].bids || c->scans[0].suffix_needed);
    CU_ASSERT_STRING_EQUAL(c->scans[0].participant, "a");
    CU_ASSERT_STRING_EQUAL(c->scans[0].suffix, "");
    cohort_free(&c);
    struct cohort_options o = {.masks = at("f")};
    c = open_with(at("f"), &o); /* its own folder: NAME_mask, but never the image itself */
    CU_ASSERT_STRING_EQUAL(c->scans[0].mask, at("f/a_mask.nii.gz"));
    CU_ASSERT_PTR_NULL(c->scans[1].mask);
    cohort_free(&c);
    o.masks = at("m"); /* another folder: also the same name */
    c = open_with(at("f"), &o);
    CU_ASSERT_STRING_EQUAL(c->scans[1].mask, at("m/b.nii"));
    cohort_free(&c);
    put("f/a.nii", "");
    refused(at("f"), BEN_E_ARG, "would both write a_mask");
    CHECK_OK(util_make_dirs(at("empty")));
    refused(at("empty"), BEN_E_ARG, "empty: no scan in it");
    refused(at("gone"), BEN_E_ARG, "gone: no such file or folder");
    refused(at("gone.nii.gz"), BEN_E_ARG, "gone.nii.gz: no such file or folder");
    refused(at("f/x.txt"), BEN_E_ARG, "x.txt: neither a NIfTI file");
    check_folder_remove(root);
}

static void test_several(void)
{
    make_dataset();
    touch((const char *const[]){"f/b.nii", "g/b.nii", NULL});
    const struct cohort_options o = {0};
    struct cohort *c = NULL;
    const char *folders[] = {at("f"), at("g")};
    CHECK_OK(cohort_open(folders, 2, &o, &c));
    check_ids(c, (const char *const[]){"f/b", "g/b", NULL});
    CU_ASSERT_STRING_EQUAL(c->root, at("f"));
    cohort_free(&c);
    const char *files[] = {at("set/sub-03/dwi/sub-03_dwi.nii.gz"), at("f/b.nii")};
    CHECK_OK(cohort_open(files, 2, &o, &c));
    check_ids(c, (const char *const[]){"b", "sub-03_dwi", NULL});
    CU_ASSERT_STRING_EQUAL(c->scans[1].participant, "sub-03");
    cohort_free(&c);
    files[0] = at("g/b.nii");
    CU_ASSERT_EQUAL(cohort_open(files, 2, &o, &c), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "would both write b_mask"));
    CU_ASSERT_EQUAL(cohort_open(files, 0, &o, &c), BEN_E_ARG);
    check_folder_remove(root);
}

static void test_shards(void)
{
    make_dataset();
    struct cohort *all = open_plainly(at("set"));
    long seen = 0;
    for (long shard = 1; shard <= 3; shard++) {
        struct cohort_options o = {.shard = shard, .n_shards = 3};
        struct cohort *c = open_with(at("set"), &o);
        for (long i = 0; i < c->n; i++) {
            const struct scan *twin = &all->scans[i * 3 + shard - 1];
            CU_ASSERT_STRING_EQUAL(c->scans[i].id, twin->id);
            CU_ASSERT_EQUAL(c->scans[i].suffix_needed, twin->suffix_needed);
        }
        seen += c->n;
        cohort_free(&c);
    }
    CU_ASSERT_EQUAL(seen, all->n);
    struct cohort_options o = {.shard = all->n + 1, .n_shards = all->n + 1};
    refused_with(at("set"), &o, BEN_E_ARG, "there is none");
    o = (struct cohort_options){.shard = 4, .n_shards = 3};
    refused_with(at("set"), &o, BEN_E_ARG, "there is none");
    cohort_free(&all);
    check_folder_remove(root);
}

static void test_manifest(void)
{
    check_folder_create(root);
    put("m/list.tsv",
        "subject\tmodality\timage\tmask\tspecies\tsplit\tdataset\n"
        "sub-02\tT1w\tx/sub-02/anat/sub-02_T1w.nii.gz\tk.nii\tHomo sapiens\ttest\tx\n"
        "a\tT2w\t/abs/y.nii\tn/a\trat\ttrain\ty\n"
        "a\tn/a\t../z.nii\t\tn/a\ttrain\tn/a\n"
        "sub-02\tT2w\tx/sub-02/anat/sub-02_T2w.nii.gz\tn/a\thuman\ttest\tx\n");
    struct cohort *c = open_plainly(at("m/list.tsv"));
    check_ids(c, (const char *const[]){"y", "z", "x/sub-02/anat/sub-02_T1w",
                                       "x/sub-02/anat/sub-02_T2w", NULL});
    const struct scan *s = c->scans;
    CU_ASSERT_STRING_EQUAL(s[0].path, "/abs/y.nii");
    CU_ASSERT_PTR_NULL(s[0].mask);
    CU_ASSERT_STRING_EQUAL(s[1].path, at("m/../z.nii"));
    CU_ASSERT_STRING_EQUAL(s[1].participant, "a");
    CU_ASSERT_STRING_EQUAL(s[1].dataset, "");
    CU_ASSERT_STRING_EQUAL(s[2].mask, at("m/k.nii"));
    CU_ASSERT_STRING_EQUAL(s[2].split, "test");
    CU_ASSERT_STRING_EQUAL(s[2].suffix, "T1w");
    CU_ASSERT_TRUE(s[2].bids && s[2].suffix_needed && !c->bids);
    CU_ASSERT_EQUAL(s[2].species, BEN_HUMAN);
    cohort_free(&c);
    struct cohort_options o = {.split = "test"};
    c = open_with(at("m/list.tsv"), &o);
    CU_ASSERT_EQUAL(c->n, 2);
    cohort_free(&c);
    o = (struct cohort_options){.where = (const char *const[]){"modality=T2w", "subject=02"},
                                .n_where = 2};
    c = open_with(at("m/list.tsv"), &o);
    check_ids(c, (const char *const[]){"x/sub-02/anat/sub-02_T2w", NULL});
    CU_ASSERT_TRUE(c->scans[0].suffix_needed); /* by what is there, not by what is chosen */
    cohort_free(&c);
    check_folder_remove(root);
}

static void test_manifest_bad(void)
{
    check_folder_create(root);
    put("a.tsv", "mask\tspecies\nx\trat\n");
    refused(at("a.tsv"), BEN_E_INPUT, "a.tsv: line 1: no column called image");
    put("a.tsv", "image\tspecies\nx.nii\trat\n\nn/a\trat\n");
    refused(at("a.tsv"), BEN_E_INPUT, "a.tsv: line 4: no image");
    put("a.tsv", "image\nx.nii\n/scans/\n");
    refused(at("a.tsv"), BEN_E_INPUT,
            "a.tsv: line 3: no image is named, but a folder: /scans/");
    put("a.tsv", "image\tspecies\nx.nii\tdragon\n");
    refused(at("a.tsv"), BEN_E_INPUT, "a.tsv: line 2: species dragon");
    put("a.tsv", "image\tspecies\nx.nii\n");
    refused(at("a.tsv"), BEN_E_INPUT, "a.tsv: line 2 has 1 cells");
    put("a.tsv", "image\tspecies\n");
    refused(at("a.tsv"), BEN_E_ARG, "a.tsv: no scan in it");
    put("a.tsv", "image\nx.nii\nx.nii\n");
    refused(at("a.tsv"), BEN_E_ARG, "would both write");
    put("a.tsv", "");
    refused(at("a.tsv"), BEN_E_INPUT, "a.tsv: the table is empty");
    check_folder_remove(root);
}

static void test_inspect(void)
{
    check_folder_create(root);
    const int dim[3] = {5, 4, 3};
    struct nifti_1_header h = raw_header(dim, DT_UINT8);
    uint8_t voxels[60] = {1};
    raw_write(at("a.nii"), &h, voxels, sizeof voxels, false);
    raw_write(at("b.nii"), &h, voxels, 40, false);
    put("c.nii", "");
    put("list.tsv", "image\na.nii\nb.nii\nc.nii\ngone.nii\nd.mgz\n");
    struct cohort *c = open_plainly(at("list.tsv"));
    CU_ASSERT_EQUAL_FATAL(c->n, 5);
    CHECK_OK(cohort_inspect(c, 0, 1));
    CHECK_OK(cohort_inspect(c, 1, 4));
    CHECK_OK(cohort_inspect(c, 1, 4));
    const struct scan *s = c->scans;
    CU_ASSERT_PTR_NULL(s[0].failed);
    CU_ASSERT_EQUAL(cohort_cost(&s[0]), 60);
    static const char *const reasons[] = {"cut", "empty", "not a NIfTI name", "No such file"};
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(s[1 + i].failed);
        CU_ASSERT_PTR_NOT_NULL(strstr(s[1 + i].failed, reasons[i]));
        CU_ASSERT_EQUAL(cohort_cost(&s[1 + i]), 0);
    }
    cohort_free(&c);
    check_folder_remove(root);
}

static void check_same(const struct scan *a, const struct scan *b)
{
    CU_ASSERT_STRING_EQUAL(a->id, b->id);
    CU_ASSERT_STRING_EQUAL(a->path, b->path);
    CU_ASSERT_STRING_EQUAL(a->relative, b->relative);
    CU_ASSERT_STRING_EQUAL(a->participant, b->participant);
    CU_ASSERT_STRING_EQUAL(a->suffix, b->suffix);
    CU_ASSERT_STRING_EQUAL(a->dataset, b->dataset);
    CU_ASSERT_TRUE(!a->session == !b->session && !a->mask == !b->mask);
    CU_ASSERT_TRUE(!a->failed == !b->failed && !a->split == !b->split);
    CU_ASSERT_TRUE(a->species == b->species && a->bids == b->bids);
    CU_ASSERT_TRUE(a->suffix_needed == b->suffix_needed);
    CU_ASSERT_EQUAL(memcmp(a->info.dim, b->info.dim, sizeof a->info.dim), 0);
}

static void test_pack(void)
{
    make_dataset();
    struct cohort *c = open_plainly(at("set")), *back = NULL;
    char *bytes = NULL;
    size_t n = 0;
    CHECK_OK(cohort_inspect(c, 0, 2));
    CHECK_OK(cohort_pack(c, &bytes, &n));
    CHECK_OK(cohort_unpack(bytes, n, &back));
    CU_ASSERT_EQUAL_FATAL(back->n, c->n);
    CU_ASSERT_STRING_EQUAL(back->root, c->root);
    CU_ASSERT_TRUE(back->bids);
    for (long i = 0; i < c->n; i++)
        check_same(&c->scans[i], &back->scans[i]);
    CU_ASSERT_STRING_EQUAL(back->scans[0].failed, c->scans[0].failed);
    CU_ASSERT_STRING_EQUAL(back->scans[3].session, "ses-a");
    cohort_free(&back);
    for (size_t k = 0; k < n; k++) {
        char *part = malloc(k + 1); /* of that very size, so that a checker sees reads beyond */
        CU_ASSERT_PTR_NOT_NULL_FATAL(part);
        memcpy(part, bytes, k);
        CU_ASSERT_EQUAL(cohort_unpack(part, k, &back), BEN_E_INPUT);
        free(part);
    }
    free(bytes);
    cohort_free(&c);
    check_folder_remove(root);
}

static void test_species(void)
{
    static const struct {
        const char *name;
        enum species species;
    } cases[] = {
        {"mouse", BEN_MOUSE},
        {"Mus musculus", BEN_MOUSE},
        {"RATTUS_NORVEGICUS", BEN_RAT},
        {"rat ", BEN_RAT},
        {"Callithrix-jacchus", BEN_MARMOSET},
        {"macaca fascicularis", BEN_MACAQUE},
        {"rhesus", BEN_MACAQUE},
        {" Homo  sapiens", BEN_HUMAN},
        {"n/a", BEN_SPECIES_UNKNOWN},
        {"", BEN_SPECIES_UNKNOWN},
        {NULL, BEN_SPECIES_UNKNOWN},
        {"homosapiens", BEN_SPECIES_UNKNOWN},
        {"rat2", BEN_SPECIES_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CU_ASSERT_EQUAL(species_find(cases[i].name), cases[i].species);
    for (int s = BEN_MOUSE; s < BEN_SPECIES_COUNT; s++) {
        CU_ASSERT_EQUAL(species_find(species_name((enum species)s)), s);
        CU_ASSERT_EQUAL(species_find(species_latin((enum species)s)), s);
        CU_ASSERT_EQUAL(species_plane((enum species)s), s <= BEN_RAT ? BEN_CORONAL : BEN_AXIAL);
    }
    enum slice_plane plane;
    CU_ASSERT_TRUE(species_plane_find("Coronal", &plane) == 0 && plane == BEN_CORONAL);
    CU_ASSERT_EQUAL(species_plane_find("oblique", &plane), -1);
}

static const struct check_test tests[] = {
    {"a BIDS data set", test_bids},
    {"choosing scans", test_filters},
    {"shards", test_shards},
    {"bad BIDS data sets", test_bids_bad},
    {"masks by name and by sidecar", test_masks},
    {"masks in a folder go before a manifest's", test_masks_override},
    {"a folder of files", test_folder},
    {"several inputs", test_several},
    {"a manifest", test_manifest},
    {"bad manifests", test_manifest_bad},
    {"headers read, bad ones marked", test_inspect},
    {"packed and back", test_pack},
    {"names of species", test_species},
};

CHECK_MAIN("cohort", tests)
