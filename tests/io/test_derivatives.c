/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of derivatives by a table of cases, and the files that go with them. */
#include "base/util.h"
#include "check.h"
#include "io/derivatives.h"

#include <jansson.h>

#include <string.h>

static void test_names(void)
{
    static const struct {
        struct derivative_source source;
        enum derivative_kind kind;
        const char *stem;
    } cases[] = {
        {{"sub-01/anat/sub-01_T1w.nii.gz", true, false},
         BEN_DERIVATIVE_MASK,
         "sub-01/anat/sub-01_desc-brain_mask"},
        {{"sub-01/anat/sub-01_T1w.nii.gz", true, false},
         BEN_DERIVATIVE_BRAIN,
         "sub-01/anat/sub-01_desc-brain_T1w"},
        {{"sub-04/ses-01/anat/sub-04_ses-01_FLAIR.nii.gz", true, true},
         BEN_DERIVATIVE_MASK,
         "sub-04/ses-01/anat/sub-04_ses-01_space-FLAIR_desc-brain_mask"},
        {{"sub-04/ses-01/anat/sub-04_ses-01_FLAIR.nii.gz", true, true},
         BEN_DERIVATIVE_PROBABILITY,
         "sub-04/ses-01/anat/sub-04_ses-01_space-FLAIR_label-brain_probseg"},
        {{"sub-04/ses-01/anat/sub-04_ses-01_FLAIR.nii.gz", true, true},
         BEN_DERIVATIVE_UNCERTAINTY,
         "sub-04/ses-01/anat/sub-04_ses-01_desc-uncertainty_FLAIR"},
        {{"sub-1/func/sub-1_task-rest_run-2_sbref.nii", true, false},
         BEN_DERIVATIVE_MASK,
         "sub-1/func/sub-1_task-rest_run-2_desc-brain_mask"},
        {{"sub-1/anat/sub-1_space-MNI_desc-preproc_T1w.nii.gz", true, true},
         BEN_DERIVATIVE_MASK,
         "sub-1/anat/sub-1_space-MNI_desc-brain_mask"},
        {{"sub-1_desc-preproc_T1w.nii.gz", true, false},
         BEN_DERIVATIVE_ATTENTION,
         "sub-1_desc-attention_T1w"},
        {{"mouse 7.nii.gz", false, false}, BEN_DERIVATIVE_MASK, "mouse 7_mask"},
        {{"a.b/scan_1.v2.hdr", false, true}, BEN_DERIVATIVE_BRAIN, "a.b/scan_1.v2_brain"},
        {{"scan.img.gz", false, false}, BEN_DERIVATIVE_PROBABILITY, "scan_probability"},
        {{"scan", false, false}, BEN_DERIVATIVE_UNCERTAINTY, "scan_uncertainty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *stem = derivative_stem(&cases[i].source, cases[i].kind);
        CU_ASSERT_STRING_EQUAL(stem, cases[i].stem);
        free(stem);
    }
    char *path = derivative_path("out", &cases[0].source, BEN_DERIVATIVE_MASK, ".nii.gz");
    CU_ASSERT_STRING_EQUAL(path, "out/sub-01/anat/sub-01_desc-brain_mask.nii.gz");
    free(path);
    path = derivative_path("", &cases[8].source, BEN_DERIVATIVE_MASK, ".png");
    CU_ASSERT_STRING_EQUAL(path, "mouse 7_mask.png");
    free(path);
}

static json_t *read_json(const char *folder, const char *name)
{
    char *path = util_format("%s/%s", folder, name), *text = NULL;
    CHECK_OK(util_read_file(path, 100000, &text, NULL));
    json_t *json = json_loads(text, 0, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(json);
    free(text);
    free(path);
    return json;
}

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

static void test_sidecars(void)
{
    const struct derivative_source source = {"sub-01/anat/sub-01_T1w.nii.gz", true, false};
    const struct derivative_source plain = {"scan.nii.gz", false, false};
    char folder[256];
    check_folder_create(folder);
    CHECK_OK(derivative_write_sidecar(folder, &source, BEN_DERIVATIVE_MASK, 0.5));
    json_t *json = read_json(folder, "sub-01/anat/sub-01_desc-brain_mask.json");
    CU_ASSERT_STRING_EQUAL(text_of(json, "Type"), "Brain");
    CU_ASSERT_STRING_EQUAL(text_of(json, "SpatialReference"),
                           "bids:raw:sub-01/anat/sub-01_T1w.nii.gz");
    CU_ASSERT_STRING_EQUAL(
        json_string_value(json_array_get(json_object_get(json, "Sources"), 0)),
        "bids:raw:sub-01/anat/sub-01_T1w.nii.gz");
    CU_ASSERT_PTR_NULL(json_object_get(json, "SkullStripped"));
    json_decref(json);
    CHECK_OK(derivative_write_sidecar(folder, &source, BEN_DERIVATIVE_BRAIN, 0.5));
    json = read_json(folder, "sub-01/anat/sub-01_desc-brain_T1w.json");
    CU_ASSERT_TRUE(json_is_true(json_object_get(json, "SkullStripped")));
    json_decref(json);
    CHECK_OK(derivative_write_sidecar(folder, &plain, BEN_DERIVATIVE_MASK, 0.5));
    char *none = util_format("%s/scan_mask.json", folder);
    CU_ASSERT_FALSE(util_is_file(none));
    free(none);
    check_folder_remove(folder);
}

/* A file system takes any bytes for a name, JSON only UTF-8. */
static void test_odd_name(void)
{
    const struct derivative_source source = {"sub-r\xe4t/anat/sub-r\xe4t_T1w.nii", true, false};
    char folder[256];
    check_folder_create(folder);
    CHECK_OK(derivative_write_sidecar(folder, &source, BEN_DERIVATIVE_MASK, 0.5));
    json_t *json = read_json(folder, "sub-r\xe4t/anat/sub-r\xe4t_desc-brain_mask.json");
    CU_ASSERT_STRING_EQUAL(text_of(json, "SpatialReference"),
                           "bids:raw:sub-r\xef\xbf\xbdt/anat/sub-r\xef\xbf\xbdt_T1w.nii");
    json_decref(json);
    check_folder_remove(folder);
}

static void test_dataset(void)
{
    const struct derivative_dataset dataset = {"Rats \"7 T\"",   "../raw", "10.1/x", "0.1",
                                               "weights rat.h5", true,     7};
    char folder[256], *ignore, *readme, *citation, *text;
    check_folder_create(folder);
    CHECK_OK(derivative_write_dataset(folder, &dataset));
    readme = util_format("%s/README", folder);
    CHECK_OK(util_read_file(readme, 10000, &text, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "Brain masks of Rats"));
    free(text);
    free(readme);
    citation = util_format("%s/logs/CITATION.md", folder);
    CHECK_OK(util_read_file(citation, 10000, &text, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "with ben-mpi 0.1 (weights rat.h5)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "with 7 samples."));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "29:1310-1320"));
    free(text);
    free(citation);
    json_t *json = read_json(folder, "dataset_description.json");
    CU_ASSERT_STRING_EQUAL(text_of(json, "Name"), "Brain masks of Rats \"7 T\"");
    CU_ASSERT_STRING_EQUAL(text_of(json, "DatasetType"), "derivative");
    const json_t *by = json_array_get(json_object_get(json, "GeneratedBy"), 0);
    CU_ASSERT_STRING_EQUAL(text_of(by, "Name"), "ben-mpi");
    CU_ASSERT_STRING_EQUAL(text_of(by, "Version"), "0.1");
    CU_ASSERT_STRING_EQUAL(text_of(json_object_get(json, "DatasetLinks"), "raw"), "../raw");
    const json_t *from = json_array_get(json_object_get(json, "SourceDatasets"), 0);
    CU_ASSERT_STRING_EQUAL(text_of(from, "DOI"), "10.1/x");
    json_decref(json);
    json_decref(read_json(folder, "descriptions.json"));
    ignore = util_format("%s/.bidsignore", folder);
    CHECK_OK(util_read_file(ignore, 10000, &text, NULL));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "*_desc-uncertainty_*\n"));
    free(text);
    free(ignore);
    check_folder_remove(folder);
}

static const struct check_test tests[] = {
    {"names", test_names},
    {"sidecars", test_sidecars},
    {"a name that is not UTF-8", test_odd_name},
    {"the data set's own files", test_dataset},
};

CHECK_MAIN("derivatives", tests)
