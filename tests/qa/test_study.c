/* SPDX-License-Identifier: BSD-3-Clause */
/* From scores to results: a study of three sets whose every number is known. */
#include "qa/study_results.h"

#include "base/util.h"
#include "check.h"

#include <string.h>

static const char table[] = "id\tspecies\trole\tsources\tlabels\n"
                            "home\tmouse\tsource\tn/a\tn/a\n"
                            "near\trat\ttarget\thome\t0,2,5\n"
                            "far\trat\ttarget\thome\t0\n";

static const char numbers[] =
    "dataset\tsource\tmethod\tlabels\tmetric\tstatistic\tvalue\tnote\n"
    "home\tn/a\tsource\tn/a\tdice\tn/a\t0.99\tn/a\n"
    "near\thome\tben\t5\tdice\tmedian\t0.97-0.99\tn/a\n"
    "near\thome\tben\t5\thd95_mm\tn/a\t0.5\tn/a\n"
    "near\thome\tben\t9\tdice\tn/a\t0.9\tn/a\n"
    "rat\tn/a\tben\tn/a\tvolume_slope\tn/a\t1.00\tn/a\n"
    "rat\tn/a\tben\tn/a\tlabels_for_dice_0.95\tn/a\t2\tn/a\n"
    "near\tn/a\tother\tn/a\tdice\tn/a\t0.91\tn/a\n";

static const char sets[] = "dataset\tstatus\nhome\tpresent\n";

static char output[256];
static struct study *study;

#define SCANS 3

/* Scores of SCANS scans: Dice given, distances 10 (1 - Dice), volumes 100, 200, 300 and slope times
 * these, uncertainty falling with Dice. */
static void put(const char *folder, const double dice[SCANS], double slope)
{
    struct study_score list[SCANS];
    char path[512], names[SCANS][16];
    for (int i = 0; i < SCANS; i++) {
        snprintf(names[i], sizeof names[i], "scan%d", i);
        list[i] = (struct study_score){.scan = names[i], .participant = names[i]};
        for (int f = 0; f < METRICS_FIELDS; f++)
            *(double *)((char *)&list[i].metrics + metrics_fields[f].offset) = 0.5;
        list[i].metrics.dice = dice[i];
        list[i].metrics.hd95_mm = 10 * (1 - dice[i]);
        list[i].metrics.ref_mm3 = 100 * (i + 1);
        list[i].metrics.pred_mm3 = slope * 100 * (i + 1);
        list[i].uncertainty = 1 - dice[i];
    }
    snprintf(path, sizeof path, "%s/%s/scores.tsv", output, folder);
    CHECK_OK(util_make_parents(path));
    CHECK_OK(study_scores_write(&(struct study_scores){SCANS, list}, path));
}

static struct study_run runs[8];
static int n_runs;

static void add_run(const char *set, const char *source, const char *method, int labels,
                    const char *folder)
{
    runs[n_runs++] = (struct study_run){.set = study_find(study, set),
                                        .source = source,
                                        .method = method,
                                        .labels = labels,
                                        .external = strcmp(method, "other") == 0,
                                        .folder = folder};
}

static void make(void)
{
    char path[512];
    check_folder_create(output);
    CHECK_OK(
        study_parse("t.tsv", table, strlen(table), "p.tsv", numbers, strlen(numbers), &study));
    add_run("home", "home", "source", -1, "home/own");
    add_run("near", "home", "none", 0, "near/none");
    add_run("near", "home", "ben", 0, "near/ben-0");
    add_run("near", "home", "ben", 2, "near/ben-2");
    add_run("near", "home", "ben", 5, "near/ben-5");
    add_run("near", NULL, "other", -1, "near/other");
    add_run("far", "home", "ben", 0, "far/ben-0");
    add_run("far", "home", "none", 0, "far/none");
    runs[7].reason = "it rained";
    put("home/own", (const double[]){0.97, 0.98, 0.99}, 1);
    put("near/none", (const double[]){0.4, 0.5, 0.9}, 1);
    put("near/ben-0", (const double[]){0.7, 0.8, 0.9}, 1);
    put("near/ben-2", (const double[]){0.9, 0.96, 0.97}, 1);
    put("near/ben-5", (const double[]){0.94, 0.97, 0.98}, 1.1);
    put("near/other", (const double[]){0.9, 0.9, 0.9}, 1);
    put("far/ben-0", (const double[]){0.95, 0.96, 0.99}, 1.1);
    snprintf(path, sizeof path, "%s/datasets.tsv", output);
    CHECK_OK(util_write_file(path, sets, strlen(sets)));
}

static void test_scores(void)
{
    struct study_scores scores = {0};
    char path[512];
    put("again", (const double[]){0.1, 1.0 / 3, NAN}, 2);
    snprintf(path, sizeof path, "%s/again/scores.tsv", output);
    CHECK_OK(study_scores_read(path, &scores));
    CU_ASSERT_EQUAL_FATAL(scores.n, SCANS);
    CU_ASSERT_STRING_EQUAL(scores.list[1].scan, "scan1");
    CU_ASSERT_EQUAL(scores.list[1].metrics.dice, 1.0 / 3);
    CU_ASSERT(isnan(scores.list[2].metrics.dice));
    CU_ASSERT_PTR_NULL(scores.list[0].reason);
    study_scores_free(&scores);
    snprintf(path, sizeof path, "%s/datasets.tsv", output);
    CU_ASSERT_EQUAL(study_scores_read(path, &scores), BEN_E_INPUT);
    CU_ASSERT_PTR_NULL(scores.list);
}

static double here(const struct study_results *results, int number, long *n)
{
    double value;
    CHECK_OK(study_results_here(results, &study->published[number], &value, n));
    return value;
}

static void test_beside_published(void)
{
    struct study_results results;
    long n;
    int labels;
    CHECK_OK(study_results_read(study, runs, n_runs, output, &results));
    CHECK_NEAR(here(&results, 0, &n), 0.98, 1e-12); /* mean where nothing is said */
    CU_ASSERT_EQUAL(n, SCANS);
    CHECK_NEAR(here(&results, 1, &n), 0.97, 1e-12); /* median */
    CHECK_NEAR(here(&results, 2, &n), 10 * (1 - (0.94 + 0.97 + 0.98) / 3), 1e-9);
    CU_ASSERT(isnan(here(&results, 3, &n)));      /* nobody tried 9 labels */
    CHECK_NEAR(here(&results, 4, &n), 1.1, 1e-9); /* near with 5 and far with 0 labels */
    CU_ASSERT_EQUAL(n, 2 * SCANS);
    CHECK_NEAR(here(&results, 5, &n), 2, 0); /* 0: 0.8 and 0.96 pooled have a median of 0.925 */
    CHECK_NEAR(here(&results, 6, &n), 0.9, 1e-12);
    CHECK_OK(study_results_labels(&results, study_find(study, "far"), BEN_SPECIES_UNKNOWN,
                                  "ben", &labels));
    CU_ASSERT_EQUAL(labels, 0);
    CHECK_OK(study_results_labels(&results, study_find(study, "near"), BEN_SPECIES_UNKNOWN,
                                  "scratch", &labels));
    CU_ASSERT_EQUAL(labels, -1);
    CU_ASSERT_PTR_EQUAL(study_results_best(&results, study_find(study, "near"), "ben"),
                        &results.list[4]);
    CU_ASSERT_PTR_EQUAL(study_results_best(&results, study_find(study, "home"), "ben"),
                        &results.list[0]);
    CU_ASSERT_PTR_EQUAL(study_results_stand(&results, study_find(study, "near")),
                        &results.list[4]);
    CHECK_NEAR(results.list[4].volume.slope, 1.1, 1e-9);
    CHECK_NEAR(results.list[4].agreement.bias, 20, 1e-9);
    CHECK_NEAR(results.list[4].uncertainty.r, -1, 1e-9);
    study_results_free(&results);
}

static char *text_of(const char *name)
{
    char path[512], *text = NULL;
    snprintf(path, sizeof path, "%s/%s", output, name);
    CHECK_OK(util_read_file(path, 1 << 24, &text, NULL));
    return text;
}

static void contains(const char *name, const char *words)
{
    char *text = text_of(name);
    if (!strstr(text, words))
        fprintf(stderr, "%s: no '%s'\n", name, words);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, words));
    free(text);
}

static void test_report(void)
{
    static const struct study_settings settings = {
        "Two <runs>.", 1, {{"Options", "; why\n[data]\nseed = 7\nteam = 3\n"}}};
    long failed = 0;
    CHECK_OK(study_report(study, runs, n_runs, &settings, output, &failed));
    CU_ASSERT_EQUAL(failed, 0);
    contains("results.tsv", "near\trat\tn/a\tn/a\thome\tben\t5\t3\t0\t0.9700\t0.9633\t");
    contains("results.tsv", "it rained");
    contains("comparison.tsv", "near\thome\tben\t5\tdice\tmedian\t0.97-0.99\t0.9700\t3\tn/a");
    contains("labels.tsv", "rat\tspecies\tben\t0, 2, 5\t2\t2\n");
    contains("labels.tsv", "near\tdata set\tben\t0, 2, 5\t2\tn/a\n");
    contains("scans.tsv", "near\tn/a\tother\tn/a\tscan0");
    /* ben against none and other with 0 labels, against other with 2 and 5; far against nothing */
    contains("tests.tsv", "near\thome\t0\tben\tnone\t3\t0.2000\t");
    contains("tests.tsv", "near\thome\t5\tben\tother\t3\t0.0633\t");
    contains("evaluate18.md", "![rat: agreement of volumes");
    contains("evaluate18.md", "slope 1.100 (95 % CI 1.100 to 1.100), n = 6]");
    contains("evaluate18.md", "bias 20 mm³ (limits of agreement");
    contains("evaluate18.md", "r = -1.000");
    contains("evaluate18.md", "Options\n\n```ini\n[data]\nseed = 7\n```\n");
    contains("evaluate18.html", "<p>Two &lt;runs&gt;.</p>");
    contains("evaluate18.html", "<svg");
    contains("figures/curve_near_from_home_dice.svg", "<svg");
    contains("figures/zero-labels_rat.svg", "<svg");
    contains("figures/uncertainty_rat.svg", "<svg");
}

static void end(void)
{
    study_free(&study);
    check_folder_remove(output);
}

static const struct check_test tests[] = {
    {"a study", make},
    {"scores", test_scores},
    {"beside published numbers", test_beside_published},
    {"report", test_report},
    {"its end", end},
};

CHECK_MAIN("study results", tests)
