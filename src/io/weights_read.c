/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/weights.h"

#include "base/util.h"
#include "io/h5.h"
#include "io/weights_format.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum ben_status check_seal(const char *path, const char *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    char seal[BEN_WEIGHTS_SEAL_BYTES], expected[BEN_WEIGHTS_SEAL_BYTES];
    int format = 0;
    if (n < BEN_WEIGHTS_SEAL_BYTES ||
        memcmp(bytes, BEN_WEIGHTS_SEAL_MAGIC, strlen(BEN_WEIGHTS_SEAL_MAGIC)) != 0)
        FAIL(BEN_E_ARG,
             "%s: not a weights file of ben-mpi; --weights takes a file that ben-mpi train or "
             "adapt wrote",
             path);
    memcpy(seal, bytes, BEN_WEIGHTS_SEAL_BYTES);
    seal[BEN_WEIGHTS_SEAL_BYTES - 1] = '\0';
    if (sscanf(seal + strlen(BEN_WEIGHTS_SEAL_MAGIC), "format %d", &format) != 1 ||
        format > BEN_WEIGHTS_FORMAT)
        FAIL(BEN_E_ARG,
             "%s: weights of format %d, this ben-mpi %s reads formats up to %d; use a newer "
             "ben-mpi",
             path, format, BEN_VERSION, BEN_WEIGHTS_FORMAT);
    weights_seal(bytes, n, format, expected);
    if (memcmp(bytes, expected, BEN_WEIGHTS_SEAL_BYTES) != 0)
        FAIL(BEN_E_ARG,
             "%s: the weights file is cut short or damaged (length or hash differ); copy or "
             "make it again",
             path);
out:
    return st;
}

static enum ben_status get_field(hid_t at, const struct weights_field *field, void *value)
{
    enum ben_status st = BEN_OK;
    int64_t number = 0;
    if (field->type == BEN_FIELD_TEXT)
        return h5_get_text(at, field->name, value, field->room);
    if (field->type == BEN_FIELD_REAL)
        return h5_get_reals(at, field->name, value, field->room);
    TRY(h5_get_integers(at, field->name, &number, 1));
    if (number < 0 || number > (field->type == BEN_FIELD_SWITCH ? 1 : INT_MAX))
        FAIL(BEN_E_INPUT, "the attribute %s is out of range", field->name);
    if (field->type == BEN_FIELD_SWITCH)
        *(bool *)value = number != 0;
    else
        *(int *)value = (int)number;
out:
    return st;
}

static enum ben_status read_fields(hid_t h5, struct weights_file *file, const char *group_name)
{
    enum ben_status st = BEN_OK;
    hid_t group = H5_NONE;
    TRY_H5(group = H5Gopen2(h5, group_name, H5P_DEFAULT));
    for (size_t i = 0; i < BEN_WEIGHTS_FIELDS; i++)
        if (strcmp(weights_fields[i].group, group_name) == 0)
            TRY(get_field(group, &weights_fields[i], (char *)file + weights_fields[i].offset));
out:
    h5_free(&group);
    return st;
}

/* The shape of a data set of numbers, checked against the bytes it occupies. */
static enum ben_status read_shape(hid_t set, hid_t space, size_t width,
                                  struct weights_tensor *tensor)
{
    enum ben_status st = BEN_OK;
    hsize_t shape[4];
    tensor->rank = H5Sget_simple_extent_ndims(space);
    if (tensor->rank < 1 || tensor->rank > 4)
        FAIL(BEN_E_INPUT, "the tensor %s has %d dimensions, 1 to 4 are known", tensor->name,
             tensor->rank);
    TRY_H5(H5Sget_simple_extent_dims(space, shape, NULL));
    tensor->count = 1;
    for (int d = 0; d < tensor->rank; d++) {
        if (shape[d] < 1 || shape[d] > INT_MAX ||
            tensor->count > BEN_WEIGHTS_MOST_BYTES / shape[d])
            FAIL(BEN_E_INPUT, "the tensor %s has no credible shape", tensor->name);
        tensor->shape[d] = (int)shape[d];
        tensor->count *= shape[d];
    }
    if (H5Dget_storage_size(set) != tensor->count * width)
        FAIL(BEN_E_INPUT, "the tensor %s is not as long as its shape says", tensor->name);
out:
    return st;
}

/* The numbers as float, fresh. */
static enum ben_status read_numbers(hid_t set, hid_t type, struct weights_tensor *tensor)
{
    enum ben_status st = BEN_OK;
    uint16_t *bits = NULL;
    bool half = H5Tget_size(type) == 2;
    TRY_NEW(tensor->data = malloc(tensor->count * sizeof *tensor->data));
    if (half)
        TRY_NEW(bits = malloc(tensor->count * sizeof *bits));
    TRY_H5(H5Dread(set, half ? type : H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                   half ? (void *)bits : tensor->data));
    if (half)
        h5_from_half(bits, tensor->count, tensor->data);
    for (size_t k = 0; k < tensor->count; k++)
        if (!isfinite(tensor->data[k]))
            FAIL(BEN_E_INPUT, "the tensor %s holds a value that is not a number", tensor->name);
out:
    free(bits);
    return st;
}

static enum ben_status read_tensor(hid_t group, struct weights_tensor *tensor)
{
    enum ben_status st = BEN_OK;
    hid_t set = H5_NONE, type = H5_NONE, space = H5_NONE, half = H5_NONE;
    TRY_H5(set = H5Dopen2(group, tensor->name, H5P_DEFAULT));
    TRY_H5(type = H5Dget_type(set));
    TRY_H5(space = H5Dget_space(set));
    TRY(h5_half_type(&half));
    if (H5Tequal(type, half) <= 0 && H5Tequal(type, H5T_IEEE_F32LE) <= 0)
        FAIL(BEN_E_INPUT, "the tensor %s is neither float32 nor float16", tensor->name);
    TRY(read_shape(set, space, H5Tget_size(type), tensor));
    TRY(read_numbers(set, type, tensor));
out:
    h5_free(&half);
    h5_free(&space);
    h5_free(&type);
    h5_free(&set);
    return st;
}

/* The k-th member's name in order of making. */
static enum ben_status member_name(hid_t group, hsize_t k, char name[BEN_WEIGHTS_NAME])
{
    enum ben_status st = BEN_OK;
    ssize_t n;
    TRY_H5(n = H5Lget_name_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, k, name,
                                  BEN_WEIGHTS_NAME, H5P_DEFAULT));
    if (n >= BEN_WEIGHTS_NAME || !weights_name_good(name))
        FAIL(BEN_E_INPUT, "the name %.40s is not one of ours", name);
out:
    return st;
}

static enum ben_status read_list(hid_t group, struct weights_list *list)
{
    enum ben_status st = BEN_OK;
    struct weights_tensor tensor = {.data = NULL};
    H5G_info_t info;
    TRY_H5(H5Gget_info(group, &info));
    for (hsize_t k = 0; k < info.nlinks; k++) {
        TRY(member_name(group, k, tensor.name));
        TRY(read_tensor(group, &tensor));
        TRY(weights_adopt(list, &tensor));
    }
out:
    free(tensor.data);
    return st;
}

static enum ben_status read_number(hid_t group, hsize_t k, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t attribute = H5_NONE, type = H5_NONE;
    char name[BEN_WEIGHTS_NAME] = "";
    int64_t integer;
    double real;
    TRY_H5(attribute = H5Aopen_by_idx(group, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, k,
                                      H5P_DEFAULT, H5P_DEFAULT));
    TRY_H5(H5Aget_name(attribute, sizeof name, name));
    TRY_H5(type = H5Aget_type(attribute));
    if (!weights_name_good(name))
        FAIL(BEN_E_INPUT, "the name %.40s is not one of ours", name);
    if (H5Tget_class(type) == H5T_INTEGER) {
        TRY(h5_get_integers(group, name, &integer, 1));
        TRY(weights_add_integer(file, name, integer));
    } else {
        TRY(h5_get_reals(group, name, &real, 1));
        TRY(weights_add_real(file, name, real));
    }
out:
    h5_free(&type);
    h5_free(&attribute);
    return st;
}

static enum ben_status read_state(hid_t h5, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t group = H5_NONE;
    H5O_info_t info;
    TRY_H5(group = H5Gopen2(h5, "state", H5P_DEFAULT));
    TRY(read_list(group, &file->state));
    TRY_H5(H5Oget_info2(group, &info, H5O_INFO_NUM_ATTRS));
    for (hsize_t k = 0; k < info.num_attrs; k++)
        TRY(read_number(group, k, file));
out:
    h5_free(&group);
    return st;
}

static enum ben_status read_text(hid_t group, const char *name, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t set = H5_NONE, type = H5_NONE;
    char *text = NULL;
    TRY_H5(set = H5Dopen2(group, name, H5P_DEFAULT));
    TRY_H5(type = H5Dget_type(set));
    size_t n = H5Tget_size(type);
    if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) != 0 ||
        H5Dget_storage_size(set) != n)
        FAIL(BEN_E_INPUT, "the text %s is not a single text of fixed length", name);
    TRY_NEW(text = calloc(n + 1, 1));
    TRY_H5(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text));
    TRY(weights_add_text(file, name, text));
out:
    free(text);
    h5_free(&type);
    h5_free(&set);
    return st;
}

static enum ben_status read_texts(hid_t h5, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t group = H5_NONE;
    H5G_info_t info;
    char name[BEN_WEIGHTS_NAME];
    TRY_H5(group = H5Gopen2(h5, "text", H5P_DEFAULT));
    TRY_H5(H5Gget_info(group, &info));
    for (hsize_t k = 0; k < info.nlinks; k++) {
        TRY(member_name(group, k, name));
        TRY(read_text(group, name, file));
    }
out:
    h5_free(&group);
    return st;
}

static enum ben_status read_root(hid_t h5, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    char magic[32], kind[16], sum[17];
    TRY(h5_get_text(h5, "magic", magic, sizeof magic));
    TRY(h5_get_text(h5, "kind", kind, sizeof kind));
    TRY(h5_get_text(h5, "checksum", sum, sizeof sum));
    bool net = strcmp(kind, weights_kind_names[BEN_WEIGHTS_NET]) == 0;
    if (strcmp(magic, BEN_WEIGHTS_MAGIC) != 0 ||
        (!net && strcmp(kind, weights_kind_names[BEN_WEIGHTS_CHECKPOINT]) != 0))
        FAIL(BEN_E_INPUT, "the attributes magic and kind are not as they should be");
    file->kind = net ? BEN_WEIGHTS_NET : BEN_WEIGHTS_CHECKPOINT;
    file->checksum = strtoull(sum, NULL, 16);
out:
    return st;
}

static enum ben_status read_content(hid_t h5, struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    hid_t values = H5_NONE;
    TRY(read_root(h5, file));
    TRY(read_fields(h5, file, "architecture"));
    TRY(read_fields(h5, file, "preparation"));
    TRY_H5(values = H5Gopen2(h5, "values", H5P_DEFAULT));
    TRY(read_list(values, &file->values));
    TRY(read_state(h5, file));
    TRY(read_texts(h5, file));
    if (weights_checksum(file) != file->checksum)
        FAIL(BEN_E_INPUT, "the checksum of its content does not fit");
out:
    h5_free(&values);
    return st;
}

/* HDF5 keeps an image of its own for the property list and one for the file, unless told where the
 * only one is: these hand out and take back the caller's bytes, which nobody changes. */
static void *image_place(size_t n, H5FD_file_image_op_t op, void *bytes)
{
    (void)n, (void)op;
    return bytes;
}

static void *image_copy(void *to, const void *from, size_t n, H5FD_file_image_op_t op,
                        void *bytes)
{
    (void)from, (void)n, (void)op, (void)bytes;
    return to;
}

static void *image_grow(void *image, size_t n, H5FD_file_image_op_t op, void *bytes)
{
    (void)image, (void)n, (void)op, (void)bytes;
    return NULL;
}

static herr_t image_free(void *image, H5FD_file_image_op_t op, void *bytes)
{
    (void)image, (void)op, (void)bytes;
    return 0;
}

static void *bytes_again(void *bytes)
{
    return bytes;
}

static herr_t bytes_keep(void *bytes)
{
    (void)bytes;
    return 0;
}

static enum ben_status open_image(const void *bytes, size_t n, hid_t *h5)
{
    enum ben_status st = BEN_OK;
    hid_t access = H5_NONE;
    H5FD_file_image_callbacks_t only = {image_place,
                                        image_copy,
                                        image_grow,
                                        image_free,
                                        bytes_again,
                                        bytes_keep,
                                        (void *)(uintptr_t)bytes};
    h5_quiet();
    TRY_H5(access = H5Pcreate(H5P_FILE_ACCESS));
    TRY_H5(H5Pset_fapl_core(access, (size_t)1 << 20, 0));
    TRY_H5(H5Pset_file_image_callbacks(access, &only));
    TRY_H5(H5Pset_file_image(access, (void *)(uintptr_t)bytes, n));
    /* HDF5 refuses an image whose name is a file's; below /dev/null there can be none. */
    TRY_H5(*h5 = H5Fopen("/dev/null/weights", H5F_ACC_RDONLY, access));
out:
    h5_free(&access);
    return st;
}

enum ben_status weights_decode(const char *path, const void *bytes, size_t n,
                               struct weights_file **file)
{
    enum ben_status st = BEN_OK;
    struct weights_file *f = NULL;
    hid_t h5 = H5_NONE;
    TRY(check_seal(path, bytes, n));
    TRY(weights_create(BEN_WEIGHTS_NET, &f));
    TRY_NEW(f->path = strdup(path));
    st = open_image(bytes, n, &h5);
    if (!st)
        st = read_content(h5, f);
    if (st && st != BEN_E_MEMORY)
        FAIL(BEN_E_ARG, "%s: not a usable weights file: %s; get or make it again", path,
             ben_error_text());
    if (st)
        goto out;
    *file = f;
    f = NULL;
out:
    h5_free(&h5);
    weights_free(&f);
    return st;
}

enum ben_status weights_read(const char *path, struct weights_file **file)
{
    enum ben_status st = BEN_OK;
    char *bytes = NULL;
    size_t n = 0;
    TRY(util_read_file(path, BEN_WEIGHTS_MOST_BYTES, &bytes, &n));
    TRY(weights_decode(path, bytes, n, file));
out:
    free(bytes);
    return st;
}

enum ben_status weights_read_shared(const struct comm *comm, const char *path,
                                    struct weights_file **file)
{
    enum ben_status st = BEN_OK;
    struct weights_file *f = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (comm->rank == 0)
        st = util_read_file(path, BEN_WEIGHTS_MOST_BYTES, &bytes, &n);
    TRY(comm_agree(comm, st));
    TRY(comm_broadcast_block(comm, &bytes, &n, 0));
    st = weights_decode(path, bytes, n, &f);
    TRY(comm_agree(comm, st));
    *file = f;
    f = NULL;
out:
    free(bytes);
    weights_free(&f);
    return st;
}
