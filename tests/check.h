/* SPDX-License-Identifier: BSD-3-Clause */
/* What every CUnit test shares: a table of tests run as one suite, with the exit status that
 * CTest reads (CUnit's own run call returns 0 although a test failed). */
#ifndef BEN_TESTS_CHECK_H
#define BEN_TESTS_CHECK_H

#include "base/status.h"

#include <CUnit/Basic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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
