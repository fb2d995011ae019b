/* SPDX-License-Identifier: BSD-3-Clause */
/* What every CUnit test shares: a table of tests run as one suite, with the exit status that
 * CTest reads (CUnit's own run call returns 0 although a test failed). */
#ifndef BEN_TESTS_CHECK_H
#define BEN_TESTS_CHECK_H

#include "base/status.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define CHECK_SKIPPED 77 /* CTest's skip code */

struct check_test {
    const char *name;
    void (*run)(void);
};

/* Runs the tests; returns the program's exit status. */
static inline int check_run(const char *suite_name, const struct check_test *tests, size_t n)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        CU_add_test(suite, tests[i].name, tests[i].run);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define CHECK_MAIN(suite, tests)                                                               \
    int main(void)                                                                             \
    {                                                                                          \
        return check_run(suite, tests, sizeof tests / sizeof tests[0]);                        \
    }

/* A fresh folder for a test's files in BEN_TEST_TMP (or here), and its removal. */
static inline void check_folder_create(char path[256])
{
    const char *parent = getenv("BEN_TEST_TMP");
    snprintf(path, 256, "%s/scratch.XXXXXX", parent ? parent : ".");
    if (!mkdtemp(path)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static inline int check_remove_entry(const char *path, const struct stat *s, int kind,
                                     struct FTW *walk)
{
    (void)s, (void)kind, (void)walk;
    return remove(path);
}

static inline void check_folder_remove(const char *path)
{
    nftw(path, check_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The call must succeed; its error text is printed where it does not. */
#define CHECK_OK(call)                                                                         \
    do {                                                                                       \
        enum ben_status check_st_ = (call);                                                    \
        if (check_st_)                                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, ben_error_text());              \
        CU_ASSERT_EQUAL_FATAL(check_st_, BEN_OK);                                              \
    } while (0)

#define CHECK_NEAR(a, b, tolerance)                                                            \
    do {                                                                                       \
        double check_a_ = (a), check_b_ = (b);                                                 \
        if (!(fabs(check_a_ - check_b_) <= (tolerance)))                                       \
            fprintf(stderr, "%s:%d: %.9g is not %.9g\n", __FILE__, __LINE__, check_a_,         \
                    check_b_);                                                                 \
        CU_ASSERT(fabs(check_a_ - check_b_) <= (tolerance));                                   \
    } while (0)

#endif
