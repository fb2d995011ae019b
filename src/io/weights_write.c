/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/weights.h"

#include "base/util.h"
#include "io/h5.h"
#include "io/weights_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ben_status set_field(hid_t at, const struct weights_field *field, const void *value)
{
    int64_t number = 0;
    switch (field->type) {
    case BEN_FIELD_INTEGER:
        number = *(const int *)value;
        return h5_set_integers(at, field->name, &number, 1);
    case BEN_FIELD_SWITCH:
        number = *(const bool *)value;
        return h5_set_integers(at, field->name, &number, 1);
    case BEN_FIELD_REAL:
        return h5_set_reals(at, field->name, value, field->room);
    default:
        return h5_set_text(at, field->name, value);
    }
}

/* A group whose members and attributes come back in the order of their making; like all we
 * make without time stamps, so that equal content gives equal bytes. */
static enum ben_status create_group(hid_t h5, const char *name, hid_t *group)
{
    enum ben_status st = BEN_OK;
    const unsigned ordered = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t options = H5_NONE;
    TRY_H5(options = H5Pcreate(H5P_GROUP_CREATE));
    TRY_H5(H5Pset_link_creation_order(options, ordered));
    TRY_H5(H5Pset_attr_creation_order(options, ordered));
    TRY_H5(H5Pset_obj_track_times(options, 0));
    TRY_H5(*group = H5Gcreate2(h5, name, H5P_DEFAULT, options, H5P_DEFAULT));
out:
    h5_free(&options);
    return st;
}

static enum ben_status write_fields(hid_t h5, const struct weights_file *file,
                                    const char *group_name)
{
    enum ben_status st = BEN_OK;
    hid_t group = H5_NONE;
    TRY(create_group(h5, group_name, &group));
    for (size_t i = 0; i < BEN_WEIGHTS_FIELDS; i++)
        if (strcmp(weights_fields[i].group, group_name) == 0)
            TRY(set_field(group, &weights_fields[i],
                          (const char *)file + weights_fields[i].offset));
out:
    h5_free(&group);
    return st;
}

static enum ben_status write_data(hid_t group, const char *name, hid_t type, hid_t space,
                                  const void *data)
{
    enum ben_status st = BEN_OK;
    hid_t options = H5_NONE, set = H5_NONE;
    TRY_H5(options = H5Pcreate(H5P_DATASET_CREATE));
    TRY_H5(H5Pset_obj_track_times(options, 0));
    TRY_H5(set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, options, H5P_DEFAULT));
    TRY_H5(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
out:
    h5_free(&set);
    h5_free(&options);
    return st;
}

/* Vectors (biases, norm statistics) are small and may be large in value: they stay float32. */
static bool goes_half(const struct weights_tensor *tensor, bool half)
{
    return half && tensor->rank > 1;
}

static enum ben_status write_tensor(hid_t group, const struct weights_tensor *tensor, bool half)
{
    enum ben_status st = BEN_OK;
    half = goes_half(tensor, half);
    hid_t type = H5_NONE, space = H5_NONE;
    uint16_t *bits = NULL;
    hsize_t shape[4];
    for (int d = 0; d < tensor->rank; d++)
        shape[d] = (hsize_t)tensor->shape[d];
    TRY_H5(space = H5Screate_simple(tensor->rank, shape, NULL));
    if (half) {
        TRY_NEW(bits = malloc(tensor->count * sizeof *bits));
        h5_to_half(tensor->data, tensor->count, bits);
        TRY(h5_half_type(&type));
    } else {
        TRY_H5(type = H5Tcopy(H5T_IEEE_F32LE));
    }
    TRY(write_data(group, tensor->name, type, space, half ? (const void *)bits : tensor->data));
out:
    free(bits);
    h5_free(&space);
    h5_free(&type);
    return st;
}

static enum ben_status write_list(hid_t group, const struct weights_list *list, bool half)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < list->n; i++)
        TRY(write_tensor(group, &list->items[i], half));
out:
    return st;
}

static enum ben_status write_state(hid_t h5, const struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t group = H5_NONE;
    TRY(create_group(h5, "state", &group));
    TRY(write_list(group, &file->state, false));
    for (int i = 0; i < file->n_integers; i++)
        TRY(h5_set_integers(group, file->integers[i].name, &file->integers[i].value, 1));
    for (int i = 0; i < file->n_reals; i++)
        TRY(h5_set_reals(group, file->reals[i].name, &file->reals[i].value, 1));
out:
    h5_free(&group);
    return st;
}

static enum ben_status write_text(hid_t group, const struct weights_text *text)
{
    enum ben_status st = BEN_OK;
    hid_t type = H5_NONE, space = H5_NONE;
    size_t n = strlen(text->text);
    TRY_H5(type = H5Tcopy(H5T_C_S1));
    TRY_H5(H5Tset_size(type, n ? n : 1));
    TRY_H5(H5Tset_strpad(type, H5T_STR_NULLPAD));
    TRY_H5(H5Tset_cset(type, H5T_CSET_UTF8));
    TRY_H5(space = H5Screate(H5S_SCALAR));
    TRY(write_data(group, text->name, type, space, text->text));
out:
    h5_free(&space);
    h5_free(&type);
    return st;
}

static enum ben_status write_root(hid_t h5, const struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    const int64_t format = BEN_WEIGHTS_FORMAT;
    char sum[17];
    snprintf(sum, sizeof sum, "%016" PRIx64, file->checksum);
    TRY(h5_set_text(h5, "magic", BEN_WEIGHTS_MAGIC));
    TRY(h5_set_integers(h5, "format", &format, 1));
    TRY(h5_set_text(h5, "kind", weights_kind_names[file->kind]));
    TRY(h5_set_text(h5, "version", BEN_VERSION));
    TRY(h5_set_text(h5, "checksum", sum));
out:
    return st;
}

static enum ben_status write_content(hid_t h5, const struct weights_file *file, bool half)
{
    enum ben_status st = BEN_OK;
    hid_t values = H5_NONE, texts = H5_NONE;
    TRY(write_root(h5, file));
    TRY(write_fields(h5, file, "architecture"));
    TRY(write_fields(h5, file, "preparation"));
    TRY(create_group(h5, "values", &values));
    TRY(write_list(values, &file->values, half));
    TRY(write_state(h5, file));
    TRY(create_group(h5, "text", &texts));
    for (int i = 0; i < file->n_texts; i++)
        TRY(write_text(texts, &file->texts[i]));
out:
    h5_free(&texts);
    h5_free(&values);
    return st;
}

/* The open file's bytes, room for the seal in front. */
static enum ben_status take_image(hid_t h5, char **bytes, size_t *n)
{
    enum ben_status st = BEN_OK;
    char *image = NULL;
    ssize_t size;
    TRY_H5(H5Fflush(h5, H5F_SCOPE_GLOBAL));
    TRY_H5(size = H5Fget_file_image(h5, NULL, 0));
    TRY_NEW(image = calloc(1, BEN_WEIGHTS_SEAL_BYTES + (size_t)size));
    TRY_H5(H5Fget_file_image(h5, image + BEN_WEIGHTS_SEAL_BYTES, (size_t)size));
    *bytes = image;
    *n = BEN_WEIGHTS_SEAL_BYTES + (size_t)size;
    image = NULL;
out:
    free(image);
    return st;
}

/* The whole file as bytes, made in memory; the caller frees. */
static enum ben_status encode(const struct weights_file *file, bool half, char **bytes,
                              size_t *n)
{
    enum ben_status st = BEN_OK;
    hid_t access = H5_NONE, creation = H5_NONE, h5 = H5_NONE;
    h5_quiet();
    TRY_H5(access = H5Pcreate(H5P_FILE_ACCESS));
    TRY_H5(H5Pset_fapl_core(access, (size_t)1 << 20, 0));
    TRY_H5(creation = H5Pcreate(H5P_FILE_CREATE));
    TRY_H5(H5Pset_userblock(creation, BEN_WEIGHTS_SEAL_BYTES));
    TRY_H5(h5 = H5Fcreate("/dev/null/weights", H5F_ACC_TRUNC, creation, access));
    TRY(write_content(h5, file, half));
    TRY(take_image(h5, bytes, n));
    weights_seal(*bytes, *n, BEN_WEIGHTS_FORMAT, *bytes);
out:
    h5_free(&h5);
    h5_free(&creation);
    h5_free(&access);
    return st;
}

static float half_of(float value)
{
    uint16_t bits;
    h5_to_half(&value, 1, &bits);
    h5_from_half(&bits, 1, &value);
    return value;
}

/* Fails where a value is not finite; rounds to float16 where that is asked for. */
static enum ben_status settle(const char *path, struct weights_list *list, bool half)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < list->n; i++) {
        struct weights_tensor *t = &list->items[i];
        bool rounds = goes_half(t, half);
        for (size_t k = 0; k < t->count; k++) {
            float rounded = rounds ? half_of(t->data[k]) : t->data[k];
            if (!isfinite(rounded))
                FAIL(BEN_E_ARG, "%s: not written: the tensor %s holds %g%s", path, t->name,
                     (double)t->data[k],
                     isfinite(t->data[k]) ? ", too large for float16; write float32" : "");
            t->data[k] = rounded;
        }
    }
out:
    return st;
}

enum ben_status weights_write(struct weights_file *file, const char *path, bool half)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL;
    size_t n = 0;
    TRY(settle(path, &file->values, half));
    TRY(settle(path, &file->state, false));
    file->checksum = weights_checksum(file);
    TRY(encode(file, half, &bytes, &n));
    TRY(util_make_parents(path));
    TRY(util_write_file(path, bytes, n));
out:
    free(bytes);
    return st;
}
