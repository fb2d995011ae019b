/* SPDX-License-Identifier: BSD-3-Clause */
/* One rank reads the file, every rank gets the weights, or all get the same error. */
#include "base/util.h"
#include "check_ranks.h"
#include "io/weights.h"

#include <string.h>

static void test_shared(void)
{
    const float values[3] = {1.0f, 2.0f, 3.0f};
    struct weights_file *file;
    char *path = util_format("%s/w.h5", folder);
    if (world.rank == 0) {
        CHECK_OK(weights_create(BEN_WEIGHTS_NET, &file));
        CHECK_OK(weights_add_value(file, "bias", 1, (int[]){3}, values));
        CHECK_OK(weights_write(file, path, false));
        weights_free(&file);
    }
    CHECK_OK(weights_read_shared(&world, path, &file));
    CU_ASSERT_EQUAL(memcmp(weights_find_value(file, "bias")->data, values, sizeof values), 0);
    weights_free(&file);
    free(path);
}

static void test_refused(void)
{
    struct weights_file *file = NULL;
    char *path = util_format("%s/text.h5", folder);
    CU_ASSERT_EQUAL(weights_read_shared(&world, "no/such.h5", &file), BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "no/such.h5"));
    CU_ASSERT_PTR_NULL(file);
    if (world.rank == 0)
        CHECK_OK(util_write_file(path, "not weights\n", 12));
    CU_ASSERT_EQUAL(weights_read_shared(&world, path, &file), BEN_E_ARG);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "not a weights file"));
    free(path);
}

static const struct check_test tests[] = {
    {"every rank gets the weights", test_shared},
    {"every rank gets the error", test_refused},
};

CHECK_MAIN_RANKS("weights over ranks", tests)
