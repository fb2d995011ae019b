/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/h5.h"

#include "base/clones.h"

#include <stdio.h>
#include <string.h>

void h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

static herr_t take_reason(unsigned depth, const H5E_error2_t *error, void *context)
{
    (void)depth;
    snprintf(context, 200, "%s", error->desc ? error->desc : "");
    return 1; /* the innermost comes first and is enough */
}

enum ben_status h5_raise(const char *file, int line, const char *func, const char *call)
{
    char reason[200] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, reason);
    H5Eclear2(H5E_DEFAULT);
    return ben_raise(BEN_E_HDF5, file, line, func, "HDF5: %.*s: %s",
                     (int)strcspn(call, "(") > 80 ? 80 : (int)strcspn(call, "("), call,
                     *reason ? reason : "no reason given");
}

void h5_free(hid_t *id)
{
    if (*id > 0)
        H5Idec_ref(*id);
    *id = H5_NONE;
}

static enum ben_status text_type(hid_t *type)
{
    enum ben_status st = BEN_OK;
    TRY_H5(*type = H5Tcopy(H5T_C_S1));
    TRY_H5(H5Tset_size(*type, H5T_VARIABLE));
    TRY_H5(H5Tset_cset(*type, H5T_CSET_UTF8));
out:
    return st;
}

/* n of 0 or 1 is a scalar. */
static enum ben_status set_attribute(hid_t at, const char *name, hid_t file_type,
                                     hid_t memory_type, const void *values, size_t n)
{
    enum ben_status st = BEN_OK;
    hid_t space = H5_NONE, attribute = H5_NONE;
    hsize_t count = n;
    TRY_H5(space = n > 1 ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR));
    TRY_H5(attribute = H5Acreate2(at, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT));
    TRY_H5(H5Awrite(attribute, memory_type, values));
out:
    h5_free(&attribute);
    h5_free(&space);
    return st;
}

enum ben_status h5_set_text(hid_t at, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE;
    TRY(text_type(&type));
    TRY(set_attribute(at, name, type, type, &text, 1));
out:
    h5_free(&type);
    return st;
}

enum ben_status h5_fixed_type(size_t n, hid_t *type)
{
    enum ben_status st = BEN_OK;
    TRY_H5(*type = H5Tcopy(H5T_C_S1));
    TRY_H5(H5Tset_size(*type, n));
    TRY_H5(H5Tset_strpad(*type, H5T_STR_NULLTERM));
    TRY_H5(H5Tset_cset(*type, H5T_CSET_UTF8));
out:
    return st;
}

enum ben_status h5_set_fixed_text(hid_t at, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE;
    TRY(h5_fixed_type(strlen(text) + 1, &type));
    TRY(set_attribute(at, name, type, type, text, 1));
out:
    h5_free(&type);
    return st;
}

enum ben_status h5_set_integers(hid_t at, const char *name, const int64_t *values, size_t n)
{
    return set_attribute(at, name, H5T_STD_I64LE, H5T_NATIVE_INT64, values, n);
}

enum ben_status h5_set_reals(hid_t at, const char *name, const double *values, size_t n)
{
    return set_attribute(at, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values, n);
}

/* Opens attribute name after checking that it holds n elements of that class. */
static enum ben_status open_attribute(hid_t at, const char *name, H5T_class_t class, size_t n,
                                      hid_t *attribute)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE, space = H5_NONE;
    htri_t there;
    TRY_H5(there = H5Aexists(at, name));
    if (!there)
        FAIL(BEN_E_INPUT, "the attribute %s is missing", name);
    TRY_H5(*attribute = H5Aopen(at, name, H5P_DEFAULT));
    TRY_H5(type = H5Aget_type(*attribute));
    TRY_H5(space = H5Aget_space(*attribute));
    hssize_t count = H5Sget_simple_extent_npoints(space);
    if (H5Tget_class(type) != class || count != (hssize_t)n)
        FAIL(BEN_E_INPUT, "the attribute %s is not of the kind and size it should be", name);
out:
    h5_free(&space);
    h5_free(&type);
    return st;
}

enum ben_status h5_get_text(hid_t at, const char *name, char *text, size_t room)
{
    enum ben_status st = BEN_OK;
    hid_t attribute = H5_NONE, type = H5_NONE, stored = H5_NONE;
    char *found = NULL;
    TRY(open_attribute(at, name, H5T_STRING, 1, &attribute));
    TRY_H5(stored = H5Aget_type(attribute));
    if (H5Tis_variable_str(stored) <= 0)
        FAIL(BEN_E_INPUT, "the attribute %s is not a text of variable length", name);
    TRY(text_type(&type));
    TRY_H5(H5Aread(attribute, type, &found));
    if (!found || strlen(found) >= room)
        FAIL(BEN_E_INPUT, "the attribute %s is longer than %zu characters", name, room - 1);
    strcpy(text, found);
out:
    if (found)
        H5free_memory(found);
    h5_free(&stored);
    h5_free(&type);
    h5_free(&attribute);
    return st;
}

enum ben_status h5_get_fixed_text(hid_t at, const char *name, char *text, size_t room)
{
    enum ben_status st = BEN_OK;
    hid_t attribute = H5_NONE, stored = H5_NONE;
    TRY(open_attribute(at, name, H5T_STRING, 1, &attribute));
    TRY_H5(stored = H5Aget_type(attribute));
    if (H5Tis_variable_str(stored) != 0 || H5Tget_size(stored) >= room)
        FAIL(BEN_E_INPUT, "the attribute %s is not a text of at most %zu characters", name,
             room - 1);
    memset(text, 0, room);
    TRY_H5(H5Aread(attribute, stored, text));
out:
    h5_free(&stored);
    h5_free(&attribute);
    return st;
}

enum ben_status h5_get_integers(hid_t at, const char *name, int64_t *values, size_t n)
{
    enum ben_status st = BEN_OK;
    hid_t attribute = H5_NONE;
    TRY(open_attribute(at, name, H5T_INTEGER, n, &attribute));
    TRY_H5(H5Aread(attribute, H5T_NATIVE_INT64, values));
out:
    h5_free(&attribute);
    return st;
}

enum ben_status h5_get_reals(hid_t at, const char *name, double *values, size_t n)
{
    enum ben_status st = BEN_OK;
    hid_t attribute = H5_NONE;
    TRY(open_attribute(at, name, H5T_FLOAT, n, &attribute));
    TRY_H5(H5Aread(attribute, H5T_NATIVE_DOUBLE, values));
out:
    h5_free(&attribute);
    return st;
}

enum ben_status h5_half_type(hid_t *type)
{
    enum ben_status st = BEN_OK;
    TRY_H5(*type = H5Tcopy(H5T_IEEE_F32LE));
    TRY_H5(H5Tset_fields(*type, 15, 10, 5, 0, 10));
    TRY_H5(H5Tset_size(*type, 2));
    TRY_H5(H5Tset_ebias(*type, 15));
out:
    return st;
}

void h5_to_half(const float *from, size_t n, uint16_t *to)
{
    for (size_t i = 0; i < n; i++) {
        _Float16 half = (_Float16)from[i];
        memcpy(to + i, &half, sizeof half);
    }
}

/* The exponent moves from half's place and bias to single's by a product, which is exact for
 * numbers too small for half's exponent too; in loops, unlike the compiler's own conversion where
 * the processor is not known to have one. */
static inline float from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, bits = (uint32_t)(half & 0x7fff) << 13;
    uint32_t special = (half & 0x7c00) == 0x7c00 ? 0x7f800000 : 0; /* infinite or no number */
    float value;
    memcpy(&value, &bits, sizeof value);
    value *= 0x1p112f;
    memcpy(&bits, &value, sizeof bits);
    bits |= sign | special;
    memcpy(&value, &bits, sizeof value);
    return value;
}

BEN_CLONES
void h5_from_half(const uint16_t *from, size_t n, float *to)
{
    for (size_t i = 0; i < n; i++)
        to[i] = from_half(from[i]);
}
