/* SPDX-License-Identifier: BSD-3-Clause */
#include "odd_h5.h"

#include "io/h5.h"

#include <string.h>

enum { MOST_ELEMENTS = 3 * 3 * 3 * 3 * 3 }; /* of a space of five dimensions */

void odd_start(void)
{
    h5_quiet();
    FUZZ_ENSURE(H5set_free_list_limits(-1, -1, -1, -1, -1, -1) >= 0);
}

hid_t odd_type(uint8_t choice, hid_t usual)
{
    hid_t type;
    switch (choice) {
    case 1:
        return H5Tcopy(H5T_STD_I64LE);
    case 2:
        return H5Tcopy(H5T_IEEE_F64LE);
    case 3:
        return H5Tcopy(H5T_STD_U8LE);
    case 4:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        return type;
    case 5:
        type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, 5);
        return type;
    case 6:
        type = H5Tcreate(H5T_COMPOUND, 8);
        H5Tinsert(type, "a", 0, H5T_IEEE_F32LE);
        H5Tinsert(type, "b", 4, H5T_STD_I32LE);
        return type;
    case 7:
        return H5Tarray_create2(H5T_IEEE_F32LE, 1, (hsize_t[]){3});
    case 8:
        return H5Tvlen_create(H5T_IEEE_F32LE);
    case 9:
        type = H5Tcreate(H5T_OPAQUE, 3);
        H5Tset_tag(type, "x");
        return type;
    case 10:
        return H5Tcopy(H5T_IEEE_F32BE);
    case 11:
        return H5Tcopy(H5T_STD_REF_OBJ);
    case 12:
        type = H5Tenum_create(H5T_STD_I32LE);
        H5Tenum_insert(type, "one", (int[]){1});
        return type;
    case 13:
        return h5_half_type(&type) == BEN_OK ? type : H5Tcopy(usual);
    default:
        H5Iinc_ref(usual); /* as good as a copy, which would take more time */
        return usual;
    }
}

hid_t odd_space(struct fuzz_source *from, uint8_t choice, hsize_t usual)
{
    static hid_t scalar = H5_NONE;
    hsize_t dims[6];
    if (choice == 1)
        return H5Screate(H5S_NULL);
    if (choice == 2 || (choice != 3 && usual == 1)) {
        scalar = scalar > 0 ? scalar : H5Screate(H5S_SCALAR);
        H5Iinc_ref(scalar);
        return scalar;
    }
    int rank = choice == 3 ? fuzz_byte(from) % 6 : 1;
    for (int d = 0; d < rank; d++)
        dims[d] = choice == 3 ? fuzz_byte(from) % 4 : usual;
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, dims, NULL);
}

const void *odd_bytes(struct fuzz_source *from, hid_t type)
{
    static uint8_t bytes[MOST_ELEMENTS * 16];
    static const char *texts[MOST_ELEMENTS];
    uint8_t odd = fuzz_byte(from);
    if (H5Tis_variable_str(type) > 0) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
            texts[i] = odd ? "a text longer than any that belongs into a field of weights, of "
                             "which none holds more than 63 letters"
                           : "1";
        return texts;
    }
    memset(bytes, odd, sizeof bytes);
    return H5Tget_class(type) == H5T_VLEN ? NULL : bytes;
}

void odd_attribute(struct fuzz_source *from, hid_t at, const char *name, hid_t usual,
                   hsize_t count, const void *value)
{
    uint8_t choice = fuzz_byte(from);
    if (choice == 14)
        return;
    hid_t type = odd_type(choice, usual), space = odd_space(from, choice >> 4, count);
    hid_t attribute = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const void *bytes = choice == 0 && value ? value : odd_bytes(from, type);
    if (attribute >= 0 && bytes)
        H5Awrite(attribute, type, bytes);
    h5_free(&attribute);
    h5_free(&space);
    h5_free(&type);
}

hid_t odd_layout(struct fuzz_source *from, hid_t space)
{
    static const hsize_t threes[6] = {3, 3, 3, 3, 3, 3};
    static hid_t usual = H5_NONE;
    uint8_t choice = fuzz_byte(from);
    if (choice < 1 || choice > 5) {
        usual = usual > 0 ? usual : H5Pcreate(H5P_DATASET_CREATE);
        H5Iinc_ref(usual);
        return usual;
    }
    hid_t options = H5Pcreate(H5P_DATASET_CREATE);
    int rank = H5Sget_simple_extent_ndims(space);
    if ((choice == 1 || choice == 2) && rank > 0)
        H5Pset_chunk(options, rank, threes);
    if (choice == 2 && rank > 0)
        H5Pset_deflate(options, 1);
    if (choice == 3)
        H5Pset_layout(options, H5D_COMPACT);
    if (choice == 4)
        H5Pset_external(options, "/dev/null/elsewhere", 0, 1 << 20);
    if (choice == 5)
        H5Pset_fill_time(options, H5D_FILL_TIME_NEVER);
    return options;
}
