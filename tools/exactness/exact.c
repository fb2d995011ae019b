/* SPDX-License-Identifier: BSD-3-Clause */
/* What compare.py asks about one scan, prepared as segment does it:
 *   exact predict WEIGHTS SCAN FOLDER   slices.f32, what the network sees, and for each set of
 *                                       instructions that the CPU has its probabilities of them,
 *                                       ISA.f32, and its mask in canonical order, ISA.mask;
 *                                       prints the sets
 *   exact mask WEIGHTS SCAN FOLDER      FOLDER/other.f32, probabilities that another program gives
 *                                       for those slices, to other.mask, by the same way */
#include "base/util.h"
#include "io/nifti.h"
#include "io/weights.h"
#include "nn/isa.h"
#include "prep/post.h"
#include "prep/prepare.h"
#include "train/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 8 };

struct job {
    const char *folder;
    struct comm self;
    struct weights_file *file;
    struct net *net;
    struct prepared prepared;
    size_t floats; /* of all slices */
    float *x, *y, *prob;
    uint8_t *mask;
};

static char *path_of(const struct job *job, const char *name, const char *ending)
{
    return util_format("%s/%s.%s", job->folder, name, ending);
}

static enum ben_status write_out(const struct job *job, const char *name, const char *ending,
                                 const void *data, size_t bytes)
{
    enum ben_status st = BEN_OK;
    char *path = path_of(job, name, ending);
    TRY_NEW(path);
    TRY(util_write_file(path, data, bytes));
out:
    free(path);
    return st;
}

static enum ben_status prepare(struct job *job, const char *scan)
{
    enum ben_status st = BEN_OK;
    const struct weights_prep *prep = &job->file->prep;
    struct volume *volume = NULL;
    enum slice_plane plane;
    if (species_plane_find(prep->plane, &plane) != 0)
        FAIL(BEN_E_ARG, "%s: plane '%s' is unknown", job->file->path, prep->plane);
    struct prepare_config config = prepare_defaults(plane, job->file->arch.size);
    config.n4 = prep->n4;
    config.normalise.low_percent = prep->percentile_low;
    config.normalise.high_percent = prep->percentile_high;
    TRY(nifti_read(scan, BEN_VOLUME_DEFAULT, &volume, NULL));
    TRY(prepare_volume(&job->self, &config, &volume, &job->prepared));
    size_t side = (size_t)job->prepared.slices.size,
           voxels = volume_voxels(job->prepared.volume);
    job->floats = (size_t)job->prepared.slices.count * side * side;
    TRY_NEW(job->x = aligned_alloc(64, job->floats * sizeof *job->x));
    TRY_NEW(job->y = aligned_alloc(64, job->floats * sizeof *job->y));
    TRY_NEW(job->prob = malloc(voxels * sizeof *job->prob));
    TRY_NEW(job->mask = malloc(voxels));
    slices_extract(&job->prepared.slices, job->prepared.volume, 0, job->prepared.slices.count,
                   job->x);
out:
    volume_free(&volume);
    return st;
}

static enum ben_status write_mask(struct job *job, const char *name)
{
    enum ben_status st = BEN_OK;
    const struct volume *v = job->prepared.volume;
    const struct post_config post = post_defaults();
    long inside;
    slices_restore(&job->prepared.slices, job->y, 0, job->prepared.slices.count, job->prob);
    TRY(post_mask(&post, v->dim, v->voxel_mm, job->prob, job->mask, &inside));
    TRY(write_out(job, name, "mask", job->mask, volume_voxels(v)));
out:
    return st;
}

static enum ben_status predict_with(struct job *job, enum isa isa)
{
    enum ben_status st = BEN_OK;
    int slices = job->prepared.slices.count;
    size_t pixels = job->floats / (size_t)slices;
    if (!isa_force(isa))
        return BEN_OK;
    net_refresh(job->net);
    for (int at = 0; at < slices; at += BATCH)
        net_predict(job->net, job->x + (size_t)at * pixels,
                    slices - at < BATCH ? slices - at : BATCH, job->y + (size_t)at * pixels);
    TRY(write_out(job, isa_text(isa), "f32", job->y, job->floats * sizeof *job->y));
    TRY(write_mask(job, isa_text(isa)));
    printf("%s\n", isa_text(isa));
out:
    return st;
}

static enum ben_status predict(struct job *job)
{
    enum ben_status st = BEN_OK;
    TRY(model_from_weights(job->file, BATCH, false, &job->net));
    TRY(write_out(job, "slices", "f32", job->x, job->floats * sizeof *job->x));
    for (int isa = BEN_ISA_AVX512; isa >= BEN_ISA_GENERIC; isa--)
        TRY(predict_with(job, (enum isa)isa));
out:
    return st;
}

static enum ben_status mask_other(struct job *job)
{
    enum ben_status st = BEN_OK;
    char *path = path_of(job, "other", "f32"), *data = NULL;
    size_t bytes, wanted = job->floats * sizeof *job->y;
    TRY_NEW(path);
    TRY(util_read_file(path, wanted, &data, &bytes));
    if (bytes != wanted)
        FAIL(BEN_E_INPUT, "%s: has %zu bytes, not %zu", path, bytes, wanted);
    memcpy(job->y, data, bytes);
    TRY(write_mask(job, "other"));
out:
    free(path);
    free(data);
    return st;
}

static enum ben_status run(struct job *job, char **argv)
{
    enum ben_status st = BEN_OK;
    TRY(weights_read(argv[2], &job->file));
    TRY(prepare(job, argv[3]));
    TRY(strcmp(argv[1], "predict") == 0 ? predict(job) : mask_other(job));
out:
    prepare_clear(&job->prepared);
    net_free(&job->net);
    weights_free(&job->file);
    free(job->x);
    free(job->y);
    free(job->prob);
    free(job->mask);
    return st;
}

int main(int argc, char **argv)
{
    if (argc != 5 || (strcmp(argv[1], "predict") != 0 && strcmp(argv[1], "mask") != 0)) {
        fprintf(stderr, "usage: exact predict|mask WEIGHTS SCAN FOLDER\n");
        return 2;
    }
    struct job job = {.folder = argv[4]};
    if (comm_open(&argc, &argv, &job.self) != BEN_OK)
        return EXIT_FAILURE;
    enum ben_status st = run(&job, argv);
    if (st)
        fprintf(stderr, "exact: %s\n", ben_error_text());
    comm_close(&job.self);
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
