/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/weights_format.h"

#include "base/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct weights_field weights_fields[BEN_WEIGHTS_FIELDS] = {
#define AT(member) offsetof(struct weights_file, member)
    {"architecture", "size", BEN_FIELD_INTEGER, AT(arch.size), 1},
    {"architecture", "channels", BEN_FIELD_INTEGER, AT(arch.channels), 1},
    {"architecture", "nonlocal", BEN_FIELD_SWITCH, AT(arch.nonlocal), 1},
    {"architecture", "dropout", BEN_FIELD_REAL, AT(arch.dropout), BEN_WEIGHTS_DROPOUT},
    {"architecture", "norm_eps", BEN_FIELD_REAL, AT(arch.norm_eps), 1},
    {"architecture", "norm_momentum", BEN_FIELD_REAL, AT(arch.norm_momentum), 1},
    {"preparation", "plane", BEN_FIELD_TEXT, AT(prep.plane),
     sizeof(((struct weights_prep *)0)->plane)},
    {"preparation", "species", BEN_FIELD_TEXT, AT(prep.species),
     sizeof(((struct weights_prep *)0)->species)},
    {"preparation", "modality", BEN_FIELD_TEXT, AT(prep.modality),
     sizeof(((struct weights_prep *)0)->modality)},
    {"preparation", "n4", BEN_FIELD_SWITCH, AT(prep.n4), 1},
    {"preparation", "percentile_low", BEN_FIELD_REAL, AT(prep.percentile_low), 1},
    {"preparation", "percentile_high", BEN_FIELD_REAL, AT(prep.percentile_high), 1},
    {"preparation", "threshold", BEN_FIELD_REAL, AT(prep.threshold), 1},
#undef AT
};

const char *const weights_kind_names[2] = {"weights", "checkpoint"};

static uint64_t hash_text(uint64_t hash, const char *text)
{
    return util_hash(hash, text, strlen(text) + 1);
}

static uint64_t hash_list(uint64_t hash, const struct weights_list *list)
{
    for (int i = 0; i < list->n; i++) {
        const struct weights_tensor *t = &list->items[i];
        hash = hash_text(hash, t->name);
        hash = util_hash(hash, t->shape, (size_t)t->rank * sizeof t->shape[0]);
        hash = util_hash(hash, t->data, t->count * sizeof *t->data);
    }
    return hash_text(hash, "/");
}

static size_t field_bytes(const struct weights_field *field, const void *at)
{
    switch (field->type) {
    case BEN_FIELD_INTEGER:
        return field->room * sizeof(int);
    case BEN_FIELD_SWITCH:
        return field->room * sizeof(bool);
    case BEN_FIELD_REAL:
        return field->room * sizeof(double);
    default:
        return strlen(at) + 1;
    }
}

uint64_t weights_checksum(const struct weights_file *file)
{
    uint64_t hash = hash_text(UTIL_HASH_START, weights_kind_names[file->kind]);
    for (size_t i = 0; i < BEN_WEIGHTS_FIELDS; i++) {
        const char *at = (const char *)file + weights_fields[i].offset;
        hash = util_hash(hash_text(hash, weights_fields[i].name), at,
                         field_bytes(&weights_fields[i], at));
    }
    hash = hash_list(hash_list(hash, &file->values), &file->state);
    for (int i = 0; i < file->n_integers; i++)
        hash = util_hash(hash_text(hash, file->integers[i].name), &file->integers[i].value,
                         sizeof file->integers[i].value);
    for (int i = 0; i < file->n_reals; i++)
        hash = util_hash(hash_text(hash, file->reals[i].name), &file->reals[i].value,
                         sizeof file->reals[i].value);
    for (int i = 0; i < file->n_texts; i++)
        hash = hash_text(hash_text(hash, file->texts[i].name), file->texts[i].text);
    return hash;
}

void weights_seal(const char *bytes, size_t n, int format, char seal[BEN_WEIGHTS_SEAL_BYTES])
{
    memset(seal, 0, BEN_WEIGHTS_SEAL_BYTES);
    snprintf(
        seal, BEN_WEIGHTS_SEAL_BYTES,
        BEN_WEIGHTS_SEAL_MAGIC
        "format %d\nbytes %zu\nhash %016" PRIx64
        "\nBehind these 512 bytes this is an HDF5 file: h5dump, h5py and HDFView open it "
        "as it is.\n",
        format, n,
        util_hash(UTIL_HASH_START, bytes + BEN_WEIGHTS_SEAL_BYTES, n - BEN_WEIGHTS_SEAL_BYTES));
}
