/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights files come back as written, to the bit, and whatever is wrong with one is said. */
#include "base/util.h"
#include "check.h"
#include "io/weights.h"

#include <string.h>
#include <unistd.h>

#define SEAL 512 /* bytes of the user block */

static char folder[256];
static const float enc[18] = {0.5f, -1.25f, 3e-6f, 65504.0f, 1.0f / 3.0f, -0.0f, 7.0f};
static const float head[3] = {1.0f, 2.0f, 3.0f};

static char *in_folder(const char *name)
{
    char *path = util_format("%s/%s", folder, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    return path;
}

static struct weights_file *example(enum weights_kind kind)
{
    struct weights_file *file;
    CHECK_OK(weights_create(kind, &file));
    file->arch = (struct weights_arch){.size = 256,
                                       .channels = 16,
                                       .nonlocal = true,
                                       .dropout = {0, 0.1, 0.2},
                                       .norm_eps = 1e-3,
                                       .norm_momentum = 0.8};
    file->prep = (struct weights_prep){.plane = "coronal",
                                       .species = "rat",
                                       .n4 = true,
                                       .percentile_low = 1.0,
                                       .percentile_high = 99.0,
                                       .threshold = 0.5};
    CHECK_OK(weights_add_value(file, "enc1.conv1.weight", 4, (int[]){2, 1, 3, 3}, enc));
    CHECK_OK(weights_add_value(file, "a.last.bias", 1, (int[]){3}, head));
    CHECK_OK(weights_add_text(file, "provenance", "{\"data\": [\"rat-epi\"]}"));
    CHECK_OK(weights_add_text(file, "empty", ""));
    return file;
}

static struct weights_file *example_checkpoint(void)
{
    struct weights_file *file = example(BEN_WEIGHTS_CHECKPOINT);
    CHECK_OK(weights_add_state(file, "adam.m", 1, (int[]){3}, head));
    CHECK_OK(weights_add_integer(file, "step", INT64_C(1) << 40));
    CHECK_OK(weights_add_integer(file, "epoch", -3));
    CHECK_OK(weights_add_real(file, "best", 0.1));
    return file;
}

static char *write_example(const char *name, bool half)
{
    struct weights_file *file = example(BEN_WEIGHTS_NET);
    char *path = in_folder(name);
    CHECK_OK(weights_write(file, path, half));
    weights_free(&file);
    return path;
}

static void test_round_trip(void)
{
    struct weights_file *file = example_checkpoint(), *back;
    char *path = in_folder("sub/w.h5");
    int64_t step, epoch;
    double best;
    CHECK_OK(weights_write(file, path, false));
    CHECK_OK(weights_read(path, &back));
    CU_ASSERT_EQUAL(back->kind, BEN_WEIGHTS_CHECKPOINT);
    CU_ASSERT_EQUAL(back->checksum, file->checksum);
    CU_ASSERT_EQUAL(memcmp(back->arch.dropout, file->arch.dropout, sizeof back->arch.dropout),
                    0);
    CU_ASSERT(back->arch.size == 256 && back->arch.channels == 16 && back->arch.nonlocal);
    CU_ASSERT(back->arch.norm_eps == 1e-3 && back->arch.norm_momentum == 0.8);
    CU_ASSERT_STRING_EQUAL(back->prep.plane, "coronal");
    CU_ASSERT_STRING_EQUAL(back->prep.species, "rat");
    CU_ASSERT_STRING_EQUAL(back->prep.modality, "");
    CU_ASSERT(back->prep.n4 && back->prep.percentile_high == 99.0);
    CU_ASSERT_STRING_EQUAL(back->values.items[0].name, "enc1.conv1.weight"); /* order kept */
    CU_ASSERT_EQUAL(
        memcmp(weights_find_value(back, "enc1.conv1.weight")->data, enc, sizeof enc), 0);
    CU_ASSERT_EQUAL(weights_find_state(back, "adam.m")->count, 3);
    CU_ASSERT_PTR_NULL(weights_find_value(back, "adam.m"));
    CHECK_OK(weights_get_integer(back, "step", &step));
    CHECK_OK(weights_get_integer(back, "epoch", &epoch));
    CHECK_OK(weights_get_real(back, "best", &best));
    CU_ASSERT(step == INT64_C(1) << 40 && epoch == -3 && best == 0.1);
    CU_ASSERT_EQUAL(weights_get_real(back, "worst", &best), BEN_E_ARG);
    CU_ASSERT_STRING_EQUAL(weights_find_text(back, "provenance"), "{\"data\": [\"rat-epi\"]}");
    CU_ASSERT_STRING_EQUAL(weights_find_text(back, "empty"), "");
    weights_free(&back);
    weights_free(&file);
    free(path);
}

static void test_half(void)
{
    struct weights_file *file = example(BEN_WEIGHTS_NET), *back;
    char *path = in_folder("half.h5");
    file->values.items[1].data[0] = 811163.0f;
    CHECK_OK(weights_write(file, path, true));
    CHECK_OK(weights_read(path, &back));
    const float *got = weights_find_value(back, "enc1.conv1.weight")->data;
    CU_ASSERT_EQUAL(memcmp(got, file->values.items[0].data, sizeof enc), 0);
    CU_ASSERT_EQUAL(got[0], 0.5f);
    CU_ASSERT_EQUAL(got[3], 65504.0f);
    CU_ASSERT_EQUAL(got[4], 0x1.554p-2f);   /* 1/3 to 11 bits */
    CU_ASSERT_EQUAL(got[2], 50 * 0x1p-24f); /* a subnormal of float16 */
    const float *vector = weights_find_value(back, "a.last.bias")->data;
    CU_ASSERT_EQUAL(vector[0], 811163.0f); /* vectors stay float32 */
    weights_free(&back);
    file->values.items[0].data[0] = 70000.0f;
    CU_ASSERT_EQUAL(weights_write(file, path, true), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "float16"));
    CHECK_OK(weights_read(path, &back)); /* the old file stays */
    weights_free(&back);
    weights_free(&file);
    free(path);
}

static void test_not_finite(void)
{
    struct weights_file *file = example(BEN_WEIGHTS_NET);
    char *path = in_folder("nan.h5");
    file->values.items[1].data[1] = NAN;
    CU_ASSERT_EQUAL(weights_write(file, path, false), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "a.last.bias"));
    CU_ASSERT_FALSE(util_is_file(path));
    weights_free(&file);
    free(path);
}

static void test_same_bytes(void)
{
    char *first = write_example("first.h5", false), *a;
    size_t n, m;
    sleep(1); /* a time stamp would show */
    char *second = write_example("second.h5", false), *b;
    CHECK_OK(util_read_file(first, 1 << 20, &a, &n));
    CHECK_OK(util_read_file(second, 1 << 20, &b, &m));
    CU_ASSERT(n == m && memcmp(a, b, n) == 0);
    free(a);
    free(b);
    free(first);
    free(second);
}

static void check_refused(const char *bytes, size_t n, const char *reason)
{
    struct weights_file *file = NULL;
    CU_ASSERT_EQUAL(weights_decode("there/w.h5", bytes, n, &file), BEN_E_ARG);
    CU_ASSERT_PTR_NULL(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "there/w.h5"));
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), reason));
}

static void test_damaged(void)
{
    char *path = write_example("w.h5", false), *bytes;
    size_t n;
    CHECK_OK(util_read_file(path, 1 << 20, &bytes, &n));
    check_refused(bytes, 0, "not a weights file");
    check_refused("participant_id\tage\n", 19, "not a weights file");
    for (size_t cut = 0; cut < n; cut += 97)
        check_refused(bytes, cut, cut < SEAL ? "not a weights file" : "cut short or damaged");
    for (size_t at = 0; at < n; at += 61) {
        bytes[at] ^= 16;
        check_refused(bytes, n, at < 16 ? "not a weights file" : "");
        bytes[at] ^= 16;
    }
    char *digit = strstr(bytes, "format ") + 7;
    *digit = '9';
    check_refused(bytes, n, "newer");
    free(bytes);
    free(path);
}

/* Whoever changes a value and seals the file again is caught by the content's checksum. */
static void test_sealed_again(void)
{
    char *path = write_example("w.h5", false), *bytes, *at = NULL, hash[32];
    size_t n;
    CHECK_OK(util_read_file(path, 1 << 20, &bytes, &n));
    for (char *p = bytes; p + sizeof head <= bytes + n; p++)
        if (memcmp(p, head, sizeof head) == 0)
            at = p;
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    for (int round = 0; round < 2; round++) {
        const float value = round ? NAN : 4.0f;
        memcpy(at, &value, sizeof value);
        snprintf(hash, sizeof hash, "%016llx",
                 (unsigned long long)util_hash(UTIL_HASH_START, bytes + SEAL, n - SEAL));
        memcpy(strstr(bytes, "hash ") + 5, hash, 16);
        check_refused(bytes, n, round ? "not a number" : "checksum");
    }
    free(bytes);
    free(path);
}

static void test_missing_file(void)
{
    struct weights_file *file;
    CU_ASSERT_EQUAL(weights_read("no/such/w.h5", &file), BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "no/such/w.h5"));
}

static void test_load(void)
{
    char *path = write_example("w.h5", false);
    struct weights_file *file;
    float a[18] = {0}, b[3] = {0};
    struct weights_want want[3] = {{"a.last.bias", 1, {3}, b},
                                   {"enc1.conv1.weight", 4, {2, 1, 3, 3}, a},
                                   {"more", 1, {1}, NULL}};
    CHECK_OK(weights_read(path, &file));
    CU_ASSERT_EQUAL(weights_load_values(file, want, 3), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "more is missing"));
    CU_ASSERT_EQUAL(b[0], 0.0f); /* nothing copied */
    CU_ASSERT_EQUAL(weights_load_values(file, want, 1), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "no tensor enc1.conv1.weight"));
    CHECK_OK(weights_load_values(file, want, 2));
    CU_ASSERT(memcmp(a, enc, sizeof enc) == 0 && memcmp(b, head, sizeof head) == 0);
    want[1].shape[0] = 4;
    CU_ASSERT_EQUAL(weights_load_values(file, want, 2), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "is 2x1x3x3, this network needs 4x1x3x3"));
    CHECK_OK(weights_load_state(file, NULL, 0));
    weights_free(&file);
    weights_free(&file);
    free(path);
}

static const struct check_test tests[] = {
    {"everything comes back", test_round_trip},
    {"float16", test_half},
    {"values that are not finite", test_not_finite},
    {"equal content, equal bytes", test_same_bytes},
    {"cut short, damaged, newer", test_damaged},
    {"changed and sealed again", test_sealed_again},
    {"no such file", test_missing_file},
    {"into the network's places", test_load},
};

int main(void)
{
    check_folder_create(folder);
    int code = check_run("weights", tests, sizeof tests / sizeof tests[0]);
    check_folder_remove(folder);
    return code;
}
