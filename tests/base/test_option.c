/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include "base/option.h"

#include <string.h>

struct sample {
    bool brain;
    int batch;
    double rate;
    const char *weights;
    int plane;
    struct option_texts labels;
    double dropout[3];
};

static const struct option rows[] = {
    {"brain", "out", BEN_OPTION_FLAG, offsetof(struct sample, brain), "no", 0, 0, NULL, "b", 0},
    {"batch", "net", BEN_OPTION_INT, offsetof(struct sample, batch), "16", 1, 64, "N", "n", 0},
    {"rate", "net", BEN_OPTION_REAL, offsetof(struct sample, rate), "1e-4", 0, 1, "N", "r", 0},
    {"weights", "net", BEN_OPTION_TEXT, offsetof(struct sample, weights), NULL, 0, 0, "FILE",
     "w", 0},
    {"plane", "net", BEN_OPTION_CHOICE, offsetof(struct sample, plane), "auto", 0, 0,
     "auto|coronal|axial", "p", 0},
    {"label", "net", BEN_OPTION_TEXTS, offsetof(struct sample, labels), NULL, 0, 0, "L...", "l",
     0},
    {"dropout", "net", BEN_OPTION_REALS, offsetof(struct sample, dropout), "0,0,0.5", 0, 0.9,
     "P,...", "d", 3},
};
static const struct option_table table = {rows, sizeof rows / sizeof rows[0]};

static void test_order(void)
{
    struct sample s = {0};
    const char *args[9];
    int n_args = 0;
    const char *argv[] = {"in.nii", "--batch", "8",  "--brain", "--label",
                          "01",     "02",      "--", "--out"};
    option_defaults(&table, &s);
    CU_ASSERT_EQUAL(s.batch, 16);
    CHECK_OK(
        option_read_ini(&table, "[net]\nbatch = 4\nplane = axial\ndropout = 0.2\n", "f", &s));
    CU_ASSERT_EQUAL(s.batch, 4);
    CU_ASSERT_EQUAL(s.plane, 2);
    CU_ASSERT_EQUAL(s.dropout[2], 0.2);
    CHECK_OK(option_read_argv(&table, 9, argv, &s, args, &n_args));
    CU_ASSERT_EQUAL(s.batch, 8);
    CU_ASSERT(s.brain);
    CU_ASSERT_EQUAL(s.labels.n, 2);
    CU_ASSERT_EQUAL(n_args, 2);
    CU_ASSERT_STRING_EQUAL(args[1], "--out");
    option_free(&table, &s);
}

static void test_dump_reads_back(void)
{
    struct sample s = {0}, t = {0};
    const char *argv[] = {"--weights=a b.h5", "--rate",  "0.125", "--no-brain", "--dropout",
                          "0,0.1,0",          "--label", "one",   "two words"};
    const char *args[9];
    int n_args;
    option_defaults(&table, &s);
    CHECK_OK(option_read_argv(&table, 9, argv, &s, args, &n_args));
    char *text = option_dump(&table, &s);
    option_defaults(&table, &t);
    CHECK_OK(option_read_ini(&table, text, "dump", &t));
    char *again = option_dump(&table, &t);
    CU_ASSERT_STRING_EQUAL(text, again);
    CU_ASSERT_EQUAL(t.rate, 0.125);
    CU_ASSERT_EQUAL_FATAL(t.labels.n, 2);
    CU_ASSERT_STRING_EQUAL(t.labels.text[1], "two words");
    free(text);
    free(again);
    option_free(&table, &s);
    option_free(&table, &t);
}

/* Every wrong line says where it is and what is wrong. */
static void test_refused(void)
{
    static const struct {
        const char *ini, *says;
    } bad[] = {
        {"[net]\nbatches = 4\n", "unknown key 'batches'"},
        {"[net]\nbatches = 4\n", "(line 2)"},
        {"[nett]\nbatch = 4\n", "section [nett]"},
        {"[net]\nbatch = 4.5\n", "not a whole number"},
        {"[net]\nbatch = 65\n", "out of bounds"},
        {"[net]\nrate = nan\n", "not a number"},
        {"[net]\nplane = oblique\n", "auto|coronal|axial"},
        {"[net]\ndropout = 0.1,0.2\n", "wants 1 or 3"},
        {"[out]\nbrain = maybe\n", "yes or no"},
        {"batch\n", "neither 'key = value'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct sample s = {0};
        option_defaults(&table, &s);
        CU_ASSERT_EQUAL(option_read_ini(&table, bad[i].ini, "x.ini", &s), BEN_E_ARG);
        CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), bad[i].says));
        CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "x.ini"));
        option_free(&table, &s);
    }
    static const char *const words[] = {"--batch", "-x", "--unknown", "--no-batch",
                                        "--batch=x"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct sample s = {0};
        const char *args[2];
        int n_args;
        CU_ASSERT_EQUAL(option_read_argv(&table, 1, &words[i], &s, args, &n_args), BEN_E_ARG);
    }
}

static const struct check_test tests[] = {
    {"default, file, argv", test_order},
    {"a dump reads back the same", test_dump_reads_back},
    {"bad input is refused with its place", test_refused},
};
CHECK_MAIN("option", tests)
