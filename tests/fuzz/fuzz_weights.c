/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights files as bytes, ahead of the seal: whatever is damaged must be refused before HDF5 sees
 * it. What passes must be one of the files that were written. */
#include "fuzz.h"

#include "base/util.h"
#include "io/weights.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "weights";

enum { SEEDS = 3 };
static uint64_t sums[SEEDS];

static void seed(int i, enum weights_kind kind, bool half)
{
    static const float numbers[12] = {0.5F, -1.25F, 3e-6F, 7};
    struct weights_file *file;
    char *bytes;
    size_t n;
    const char *path = fuzz_path("w.h5");
    FUZZ_ENSURE(weights_create(kind, &file) == BEN_OK);
    file->arch = (struct weights_arch){.size = 32, .channels = 16, .norm_eps = 1e-3};
    file->prep = (struct weights_prep){.plane = "axial", .species = "rat", .threshold = 0.5};
    FUZZ_ENSURE(weights_add_value(file, "a.weight", 3, (int[]){3, 2, 2}, numbers) == BEN_OK);
    FUZZ_ENSURE(weights_add_state(file, "m", 1, (int[]){2}, numbers) == BEN_OK);
    FUZZ_ENSURE(weights_add_integer(file, "step", i) == BEN_OK);
    FUZZ_ENSURE(weights_add_text(file, "log", "text") == BEN_OK);
    FUZZ_ENSURE(weights_write(file, path, half) == BEN_OK);
    FUZZ_ENSURE(util_read_file(path, 1 << 20, &bytes, &n) == BEN_OK);
    sums[i] = file->checksum;
    fuzz_seed(bytes, n);
    free(bytes);
    weights_free(&file);
}

void fuzz_start(void)
{
    seed(0, BEN_WEIGHTS_NET, false);
    seed(1, BEN_WEIGHTS_NET, true);
    seed(2, BEN_WEIGHTS_CHECKPOINT, false);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct weights_file *file = NULL;
    if (!fuzz_fine(weights_decode("w.h5", data, n, &file), "w.h5"))
        return;
    FUZZ_ENSURE(file->checksum == sums[0] || file->checksum == sums[1] ||
                file->checksum == sums[2]);
    weights_free(&file);
}
