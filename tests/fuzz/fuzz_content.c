/* SPDX-License-Identifier: BSD-3-Clause */
/* Weights files behind the seal: sound HDF5 files with the right seal, whose content the input makes
 * up: attributes and data sets that are absent, of other types, shapes and layouts, other names,
 * groups and links instead of data sets. What is taken for good is looked up as a network and a
 * checkpoint are. */
#include "fuzz.h"
#include "odd_h5.h"

#include "io/h5.h"
#include "io/weights.h"
#include "io/weights_format.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "content";

#define CHECKSUM 0x0123456789abcdefU

/* What every file is made with. */
static struct {
    hid_t access, creation;   /* of files */
    hid_t ordered, unordered; /* of groups */
    hid_t text, five;         /* types: texts of variable length, of five letters */
} kept;

static void keep(void)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    kept.access = H5Pcreate(H5P_FILE_ACCESS);
    kept.creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_fapl_core(kept.access, (size_t)1 << 16, 0);
    H5Pset_userblock(kept.creation, BEN_WEIGHTS_SEAL_BYTES);
    kept.unordered = H5Pcreate(H5P_GROUP_CREATE);
    kept.ordered = H5Pcopy(kept.unordered);
    H5Pset_link_creation_order(kept.ordered, order);
    H5Pset_attr_creation_order(kept.ordered, order);
    kept.text = H5Tcopy(H5T_C_S1);
    H5Tset_size(kept.text, H5T_VARIABLE);
    H5Tset_cset(kept.text, H5T_CSET_UTF8);
    kept.five = H5Tcopy(H5T_C_S1);
    H5Tset_size(kept.five, 5);
}

void fuzz_start(void)
{
    uint8_t zeros[160] = {0}, turns[160];
    for (size_t i = 0; i < sizeof turns; i++)
        turns[i] = (uint8_t)(i % 7 == 0 ? i : 0);
    odd_start();
    keep();
    fuzz_seed(zeros, sizeof zeros);
    fuzz_seed(turns, sizeof turns);
    for (uint8_t k = 1; k < 24; k++) {
        memset(turns, 0, sizeof turns);
        turns[6 * k] = k;
        turns[6 * k + 1] = (uint8_t)(k * 37);
        fuzz_seed(turns, sizeof turns);
    }
}

static void put_text(struct fuzz_source *from, hid_t at, const char *name, const char *text)
{
    odd_attribute(from, at, name, kept.text, 1, &text);
}

static void put_fields(struct fuzz_source *from, hid_t group, const char *name)
{
    static const int64_t one = 1;
    static const double tenths[BEN_WEIGHTS_DROPOUT] = {0.1, 0.2};
    for (size_t i = 0; i < BEN_WEIGHTS_FIELDS; i++) {
        const struct weights_field *field = &weights_fields[i];
        if (strcmp(field->group, name) != 0)
            continue;
        if (field->type == BEN_FIELD_TEXT)
            put_text(from, group, field->name, "axial");
        else if (field->type == BEN_FIELD_REAL)
            odd_attribute(from, group, field->name, H5T_IEEE_F64LE, field->room, tenths);
        else
            odd_attribute(from, group, field->name, H5T_STD_I64LE, 1, &one);
    }
}

static void put_set(struct fuzz_source *from, hid_t group, const char *name, hid_t usual,
                    hsize_t count)
{
    uint8_t choice = fuzz_byte(from);
    hid_t type = odd_type(choice, usual), space = odd_space(from, choice >> 4, count);
    hid_t options = odd_layout(from, space);
    hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, options, H5P_DEFAULT);
    const void *bytes = odd_bytes(from, type);
    if (set >= 0 && bytes && choice != 15)
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
    h5_free(&set);
    h5_free(&options);
    h5_free(&space);
    h5_free(&type);
}

/* The members of values, state or text: up to eight, of any name. */
static void put_members(struct fuzz_source *from, hid_t group, hid_t usual, hsize_t count)
{
    int n = fuzz_byte(from) % 8;
    put_set(from, group, "a.weight", usual, count);
    for (int i = 0; i < n; i++) {
        uint8_t kind = fuzz_byte(from);
        char *name = fuzz_text(from, 0, 1 + kind % 80);
        hid_t inner = H5_NONE;
        if (kind >> 5 == 1)
            inner = H5Gcreate2(group, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        else if (kind >> 5 == 2)
            H5Lcreate_soft("/values/a.weight", group, name, H5P_DEFAULT, H5P_DEFAULT);
        else if (kind >> 5 == 3)
            H5Lcreate_external("/dev/null/other", "/x", group, name, H5P_DEFAULT, H5P_DEFAULT);
        else if (kind >> 5 == 4)
            H5Lcreate_hard(group, ".", group, name, H5P_DEFAULT, H5P_DEFAULT);
        else
            put_set(from, group, name, usual, count);
        h5_free(&inner);
        free(name);
    }
}

static void put_group(struct fuzz_source *from, hid_t h5, const char *name)
{
    uint8_t choice = fuzz_byte(from);
    hid_t options = choice == 2 ? kept.unordered : kept.ordered;
    hid_t group =
        choice == 1 ? H5_NONE : H5Gcreate2(h5, name, H5P_DEFAULT, options, H5P_DEFAULT);
    if (group >= 0) {
        put_fields(from, group, name);
        if (strcmp(name, "text") == 0)
            put_members(from, group, kept.five, 1);
        else if (*name == 'v' || *name == 's')
            put_members(from, group, H5T_IEEE_F32LE, 3);
        if (*name == 's')
            for (int i = fuzz_byte(from) % 8; i > 0; i--) {
                char *attribute = fuzz_text(from, 0, 70);
                odd_attribute(from, group, attribute, H5T_STD_I64LE, 1, NULL);
                free(attribute);
            }
    }
    h5_free(&group);
}

static uint8_t *make_file(struct fuzz_source *from, size_t *n)
{
    static const char *const groups[] = {"architecture", "preparation", "values", "state",
                                         "text"};
    hid_t h5 = H5Fcreate("/dev/null/weights", H5F_ACC_TRUNC, kept.creation, kept.access);
    FUZZ_ENSURE(h5 >= 0);
    put_text(from, h5, "magic", BEN_WEIGHTS_MAGIC);
    put_text(from, h5, "kind", fuzz_byte(from) & 1 ? "checkpoint" : "weights");
    put_text(from, h5, "checksum", "0123456789abcdef");
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        put_group(from, h5, groups[i]);
    H5Fflush(h5, H5F_SCOPE_GLOBAL);
    ssize_t size = H5Fget_file_image(h5, NULL, 0);
    uint8_t *bytes = size > 0 ? calloc(1, BEN_WEIGHTS_SEAL_BYTES + (size_t)size) : NULL;
    FUZZ_ENSURE(bytes);
    FUZZ_ENSURE(H5Fget_file_image(h5, bytes + BEN_WEIGHTS_SEAL_BYTES, (size_t)size) == size);
    h5_free(&h5);
    *n = BEN_WEIGHTS_SEAL_BYTES + (size_t)size;
    return bytes;
}

/* In place of weights_checksum (by the linker): the checksum that every file claims. */
uint64_t __wrap_weights_checksum(const struct weights_file *file);
uint64_t __wrap_weights_checksum(const struct weights_file *file)
{
    FUZZ_ENSURE(file->values.n >= 0);
    return CHECKSUM;
}

static void look_up(const struct weights_file *file)
{
    float room[3];
    int64_t integer;
    double real;
    const struct weights_want want = {"a.weight", 1, {3}, room};
    fuzz_fine(weights_load_values(file, &want, 1), "w.h5");
    fuzz_fine(weights_load_state(file, &want, 1), "w.h5");
    fuzz_fine(weights_get_integer(file, "step", &integer), "w.h5");
    fuzz_fine(weights_get_real(file, "step", &real), "w.h5");
    const char *text = weights_find_text(file, "a.weight");
    FUZZ_ENSURE(!text || strlen(text) <= 5);
    FUZZ_ENSURE(strlen(file->prep.plane) < sizeof file->prep.plane);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct weights_file *file = NULL;
    size_t size;
    uint8_t *bytes = make_file(&from, &size);
    weights_seal((const char *)bytes, size, BEN_WEIGHTS_FORMAT, (char *)bytes);
    H5Eclear2(H5E_DEFAULT);
    if (fuzz_fine(weights_decode("w.h5", bytes, size, &file), "w.h5"))
        look_up(file);
    weights_free(&file);
    free(bytes);
}
