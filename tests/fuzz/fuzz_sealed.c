/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights files as bytes, with the seal made to fit whatever lies behind it. No damage gets here,
 * only who means it; what HDF5 itself does with such bytes is HDF5's. */
#include "fuzz.h"

#include "base/util.h"
#include "io/weights.h"
#include "io/weights_format.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "sealed";

void fuzz_start(void)
{
    static const float numbers[12] = {0.5F, -1.25F, 3e-6F, 7};
    struct weights_file *file;
    char *bytes;
    size_t n;
    const char *path = fuzz_path("w.h5");
    FUZZ_ENSURE(weights_create(BEN_WEIGHTS_CHECKPOINT, &file) == BEN_OK);
    FUZZ_ENSURE(weights_add_value(file, "a.weight", 3, (int[]){3, 2, 2}, numbers) == BEN_OK);
    FUZZ_ENSURE(weights_add_state(file, "m", 1, (int[]){2}, numbers) == BEN_OK);
    FUZZ_ENSURE(weights_add_integer(file, "step", 7) == BEN_OK);
    FUZZ_ENSURE(weights_add_text(file, "log", "text") == BEN_OK);
    FUZZ_ENSURE(weights_write(file, path, true) == BEN_OK);
    FUZZ_ENSURE(util_read_file(path, 1 << 20, &bytes, &n) == BEN_OK);
    fuzz_seed(bytes + BEN_WEIGHTS_SEAL_BYTES, n - BEN_WEIGHTS_SEAL_BYTES);
    free(bytes);
    weights_free(&file);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct weights_file *file = NULL;
    size_t size = BEN_WEIGHTS_SEAL_BYTES + n;
    char *bytes = malloc(size);
    FUZZ_ENSURE(bytes);
    memset(bytes, 0, BEN_WEIGHTS_SEAL_BYTES);
    memcpy(bytes + BEN_WEIGHTS_SEAL_BYTES, data, n);
    weights_seal(bytes, size, BEN_WEIGHTS_FORMAT, bytes);
    if (fuzz_fine(weights_decode("w.h5", bytes, size, &file), "w.h5"))
        weights_free(&file);
    free(bytes);
}
