/* SPDX-License-Identifier: BSD-3-Clause */
#include "phantom_bids.h"

#include "base/util.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The image's values in the type of the file, in place. */
static const void *convert(enum nifti_type type, struct volume *v)
{
    size_t n = volume_voxels(v);
    uint8_t *bytes = (uint8_t *)v->data;
    for (size_t i = 0; i < n && type == BEN_NIFTI_U8; i++)
        bytes[i] = (uint8_t)fminf(255, rintf(0.2f * v->data[i]));
    for (size_t i = 0; i < n && type == BEN_NIFTI_I16; i++) {
        int16_t value = (int16_t)rintf(v->data[i]);
        memcpy(bytes + 2 * i, &value, 2);
    }
    return v->data;
}

enum ben_status phantom_write_scan(const struct phantom_bids *bids,
                                   const struct phantom_options *phantom, const char *image,
                                   const char *mask_path)
{
    enum ben_status st = BEN_OK;
    struct phantom_options p = *phantom;
    struct nifti_geometry geometry;
    struct nifti_output output = {
        .type = bids->type, .n_volumes = bids->volumes, .descrip = "made head"};
    struct nifti_writer *writer = NULL;
    struct volume *v = NULL;
    uint8_t *mask = NULL;
    for (p.volume = 0; p.volume < bids->volumes; p.volume++) {
        free(mask);
        mask = NULL;
        volume_free(&v);
        TRY(phantom_make(&p, &v, &mask));
        nifti_geometry_make(v, &geometry);
        if (!writer)
            TRY(nifti_create(image, &geometry, &output, &writer));
        TRY(nifti_put(writer, convert(bids->type, v)));
    }
    TRY(nifti_finish(&writer));
    if (mask_path)
        TRY(nifti_write_u8(mask_path, &geometry, mask, "brain mask of a made head"));
out:
    nifti_abandon(&writer);
    free(mask);
    volume_free(&v);
    return st;
}

static enum ben_status write_text(const char *folder, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY(util_make_parents(path));
    TRY(util_write_file(path, text, strlen(text)));
out:
    free(path);
    return st;
}

/* Where BIDS puts a contrast and how it calls it. */
static const struct place {
    const char *folder, *entity, *suffix, *suffix_4d;
} places[BEN_PHANTOM_CONTRASTS] = {
    [BEN_PHANTOM_T1W] = {"anat", "", "T1w", "T1w"},
    [BEN_PHANTOM_T2W] = {"anat", "", "T2w", "T2w"},
    [BEN_PHANTOM_EPI] = {"func", "_task-rest", "sbref", "bold"},
    [BEN_PHANTOM_SWI] = {"swi", "", "swi", "swi"},
    [BEN_PHANTOM_ASL] = {"perf", "", "m0scan", "asl"},
};

enum ben_status phantom_write_subject(const struct phantom_bids *bids,
                                      const struct phantom_options *phantom, int subject)
{
    enum ben_status st = BEN_OK;
    const struct place *place = &places[phantom->contrast];
    const char *suffix = bids->volumes > 1 ? place->suffix_4d : place->suffix;
    char *stem = NULL, *image = NULL, *mask = NULL, *sidecar = NULL, *text = NULL;
    TRY_NEW(stem = util_format("sub-%02d/%s/sub-%02d%s", subject, place->folder, subject,
                               place->entity));
    TRY_NEW(image = util_format("%s/%s_%s.nii.gz", bids->folder, stem, suffix));
    TRY_NEW(mask = util_format("%s/derivatives/reference/%s_desc-brain_mask.nii.gz",
                               bids->folder, stem));
    TRY_NEW(sidecar = util_format("derivatives/reference/%s_desc-brain_mask.json", stem));
    TRY_NEW(text = util_format("{\"Type\": \"Brain\", \"Sources\": "
                               "[\"bids:raw:%s_%s.nii.gz\"]}\n",
                               stem, suffix));
    TRY(util_make_parents(image));
    TRY(util_make_parents(mask));
    TRY(phantom_write_scan(bids, phantom, image, mask));
    TRY(write_text(bids->folder, sidecar, text));
out:
    free(stem);
    free(image);
    free(mask);
    free(sidecar);
    free(text);
    return st;
}

static enum ben_status write_descriptions(const struct phantom_bids *bids)
{
    enum ben_status st = BEN_OK;
    char *raw = NULL, *masks = NULL;
    TRY_NEW(raw = util_format("{\"Name\": \"%s\", \"BIDSVersion\": \"1.8.0\", "
                              "\"DatasetType\": \"raw\"}\n",
                              bids->name));
    TRY_NEW(masks = util_format("{\"Name\": \"Masks: %s\", \"BIDSVersion\": \"1.8.0\", "
                                "\"DatasetType\": \"derivative\", "
                                "\"GeneratedBy\": [{\"Name\": \"make-phantom\"}]}\n",
                                bids->name));
    TRY(write_text(bids->folder, "dataset_description.json", raw));
    TRY(write_text(bids->folder, "derivatives/reference/dataset_description.json", masks));
out:
    free(raw);
    free(masks);
    return st;
}

enum ben_status phantom_write_dataset(const struct phantom_bids *bids,
                                      const enum species *species, int n)
{
    enum ben_status st = BEN_OK;
    char *table = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&table, &size);
    TRY_NEW(to);
    fputs("participant_id\tspecies\n", to);
    for (int s = 0; s < n; s++)
        fprintf(to, "sub-%02d\t%s\n", s + 1, species_latin(species[s]));
    if (fclose(to) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(write_text(bids->folder, "participants.tsv", table));
    TRY(write_descriptions(bids));
out:
    free(table);
    return st;
}
