/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/segment_scan.h"
#include "base/log.h"
#include "base/util.h"
#include "io/mosaic.h"
#include "io/nifti.h"
#include "qa/doubt.h"
#include "qa/frame.h"
#include "qa/plane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one scan needs from its first volume to its last; files are open on the team's rank 0. */
struct pass {
    const struct comm *team;
    struct net *net;
    const struct segment_job *job;
    struct segment_result *result;
    struct prepare_config prepare; /* the job's; then as the first volume was settled */
    struct nifti_reader *reader;
    struct nifti_geometry geometry;
    struct nifti_writer *mask, *probability, *brain, *uncertainty, *attention;
    struct extent {
        int first, count; /* volumes to segment */
        int dim[3];       /* of each */
    } extent;
};

static double lap(double *since_s)
{
    double now_s = util_now_s(), spent_s = now_s - *since_s;
    *since_s = now_s;
    return spent_s;
}

static enum ben_status open_output(const struct pass *pass, const char *path,
                                   enum nifti_type type, struct nifti_writer **writer)
{
    struct nifti_output output = {.type = type,
                                  .n_volumes = pass->extent.count,
                                  .cal_max = type == BEN_NIFTI_F32 ? 0 : 1,
                                  .descrip = "ben-mpi " BEN_VERSION};
    return path ? nifti_create(path, &pass->geometry, &output, writer) : BEN_OK;
}

/* On rank 0 of the team: the reader, which volumes, and the writers. */
static enum ben_status open_files(struct pass *pass)
{
    enum ben_status st = BEN_OK;
    const struct segment_job *job = pass->job;
    TRY(nifti_open(job->image, &pass->reader));
    nifti_reader_geometry(pass->reader, &pass->geometry);
    const struct nifti_info *info = nifti_reader_info(pass->reader);
    int n = info->n_volumes;
    struct extent *extent = &pass->extent;
    memcpy(extent->dim, info->dim, sizeof extent->dim);
    extent->first = job->volume == BEN_VOLUME_ALL ? 0 : nifti_volume_index(job->volume, n);
    extent->count = job->volume == BEN_VOLUME_ALL ? n : 1;
    if (extent->first < 0)
        FAIL(BEN_E_INPUT, "%s: has %d volumes, there is no volume %d (they count from 0)",
             job->image, n, job->volume);
    TRY(open_output(pass, job->mask, BEN_NIFTI_U8, &pass->mask));
    TRY(open_output(pass, job->probability, BEN_NIFTI_F32, &pass->probability));
    TRY(open_output(pass, job->brain, BEN_NIFTI_F32, &pass->brain));
    TRY(open_output(pass, job->uncertainty, BEN_NIFTI_F32, &pass->uncertainty));
    TRY(open_output(pass, job->attention, BEN_NIFTI_F32, &pass->attention));
out:
    return st;
}

/* While rank 0 reads, the others get the pages that its voxels will come into. */
static enum ben_status expect_volume(const struct pass *pass, struct volume **volume)
{
    enum ben_status st = BEN_OK;
    const double later[3] = {1, 1, 1};
    TRY(volume_create(pass->extent.dim, later, volume));
    util_touch((*volume)->data, volume_voxels(*volume) * sizeof(float));
out:
    return st;
}

/* Rank 0's volume goes to the team. */
static enum ben_status share_volume(const struct comm *team, struct volume *volume)
{
    enum ben_status st = BEN_OK;
    float *data = volume->data;
    if (team->size == 1)
        return BEN_OK;
    TRY(comm_broadcast(team, volume, sizeof *volume, 0));
    volume->data = data;
    TRY(comm_broadcast(team, data, volume_voxels(volume) * sizeof *data, 0));
out:
    volume->data = data;
    return st;
}

static enum ben_status read_volume(const struct pass *pass, int index, struct volume **volume)
{
    enum ben_status st = BEN_OK;
    if (pass->team->rank == 0) {
        st = nifti_next(pass->reader, index, volume);
        if (st == BEN_OK && index == pass->extent.first + pass->extent.count - 1)
            st = nifti_verify(pass->reader);
    } else {
        st = expect_volume(pass, volume);
    }
    TRY(comm_agree(pass->team, st));
    TRY(share_volume(pass->team, *volume));
out:
    return st;
}

/* The voxels outside the mask become 0. */
static void cut_out(const uint8_t *mask, float *voxels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        voxels[i] = mask[i] ? voxels[i] : 0;
}

/* What one volume needs from prediction to files, canonical but for raw; owned. */
struct found {
    struct prepared prepared;
    size_t voxels;
    struct predict_maps maps;
    struct mcqa_sums sums; /* with samples */
    float *raw;            /* the scan's own intensities; NULL where no brain is wanted */
};

static void drop(float **floats)
{
    free(*floats);
    *floats = NULL;
}

static void clear_found(struct found *found)
{
    prepare_clear(&found->prepared);
    drop(&found->maps.prob);
    drop(&found->maps.uncertainty);
    drop(&found->maps.attention);
    drop(&found->raw);
}

/* A canonical map, which is freed, back in the scan's grid and into its file. */
static enum ben_status write_map(struct nifti_writer *writer, const struct found *found,
                                 float **map)
{
    enum ben_status st = BEN_OK;
    float *own = NULL;
    if (writer && orient_is_own(&found->prepared.orientation)) {
        TRY(nifti_put(writer, *map));
    } else if (writer) {
        TRY_NEW(own = util_room(found->voxels * sizeof *own));
        orient_back_f32(&found->prepared.orientation, *map, own);
        drop(map);
        TRY(nifti_put(writer, own));
    }
out:
    drop(map);
    free(own);
    return st;
}

static enum ben_status write_attention(struct nifti_writer *writer, const struct found *found)
{
    enum ben_status st = BEN_OK;
    float *map = NULL;
    if (!writer)
        return BEN_OK;
    TRY_NEW(map = util_room(found->voxels * sizeof *map));
    TRY(predict_attention_map(&found->prepared, found->maps.attention, map));
    TRY(write_map(writer, found, &map));
out:
    free(map);
    return st;
}

static enum ben_status write_mask(struct pass *pass, struct found *found,
                                  const uint8_t *canonical)
{
    enum ben_status st = BEN_OK;
    uint8_t *turned = NULL;
    const uint8_t *mask = canonical;
    if (!orient_is_own(&found->prepared.orientation)) {
        TRY_NEW(turned = util_room(found->voxels));
        orient_back_u8(&found->prepared.orientation, canonical, turned);
        mask = turned;
    }
    TRY(nifti_put(pass->mask, mask));
    if (pass->brain) {
        cut_out(mask, found->raw, found->voxels);
        TRY(nifti_put(pass->brain, found->raw));
    }
out:
    free(turned);
    return st;
}

/* Mask and maps in the scan's grid into the files. What is written, or served to make it, is
 * freed at once: of a large scan there are never more than a few volumes. */
static enum ben_status write_volume(struct pass *pass, struct found *found,
                                    const uint8_t *canonical)
{
    enum ben_status st = BEN_OK;
    volume_free(&found->prepared.volume);
    TRY(write_mask(pass, found, canonical));
    drop(&found->raw);
    TRY(write_map(pass->probability, found, &found->maps.prob));
    TRY(write_map(pass->uncertainty, found, &found->maps.uncertainty));
    TRY(write_attention(pass->attention, found));
out:
    return st;
}

/* What the scan's name is in its picture, with what was found out about it. */
static char *caption_of(const struct segment_job *job, const struct mcqa_sums *sums)
{
    const char *name = util_basename(job->image);
    if (!sums)
        return strdup(name);
    double score = mcqa_scan_score(sums);
    return util_format("%s  %s (uncertainty %.3f)", name,
                       mcqa_flag_name(mcqa_flag_of(&job->limits, score)), score);
}

static enum ben_status draw(const struct segment_job *job, const struct prepared *prepared,
                            const uint8_t *mask, const struct mcqa_sums *sums)
{
    enum ben_status st = BEN_OK;
    struct mosaic_options options = {.across = (int)prepared->slices.plane};
    char *caption;
    TRY_NEW(caption = caption_of(job, sums));
    options.caption = caption;
    TRY(mosaic_write(job->mosaic, prepared->volume, mask, NULL, &options));
out:
    free(caption);
    return st;
}

/* The mask takes the place of a probability that is not to be written. */
static enum ben_status finish_volume(struct pass *pass, struct found *found, bool is_first)
{
    enum ben_status st = BEN_OK;
    const struct volume *v = found->prepared.volume;
    struct post_config post = pass->job->post;
    double since_s = util_now_s();
    uint8_t *own = NULL, *mask = (uint8_t *)found->maps.prob;
    long kept = 0;
    if (pass->job->mend_slices)
        post.mend_plane = (int)found->prepared.slices.plane;
    if (pass->probability)
        TRY_NEW(mask = own = util_room(volume_voxels(v)));
    TRY(post_mask(&post, v->dim, v->voxel_mm, found->maps.prob, mask, &kept));
    pass->result->volume_mm3 +=
        (double)kept * v->voxel_mm[0] * v->voxel_mm[1] * v->voxel_mm[2] / pass->extent.count;
    pass->result->post_s += lap(&since_s);
    if (pass->job->mosaic && is_first)
        TRY(draw(pass->job, &found->prepared, mask,
                 pass->job->predict.samples ? &found->sums : NULL));
    TRY(write_volume(pass, found, mask));
    pass->result->write_s += lap(&since_s);
out:
    free(own);
    return st;
}

/* Is more than what the network says of the scan as it is to be tried? */
static bool may_doubt(const struct segment_job *job)
{
    return job->settle_bias || job->settle_noise || job->settle_blur;
}

static enum ben_status reserve_maps(const struct pass *pass, struct found *found)
{
    enum ben_status st = BEN_OK;
    const struct segment_job *job = pass->job;
    size_t bytes = found->voxels * sizeof(float);
    bool room = true;
    found->maps.on_root = true;
    if (job->mosaic || job->settle_frame || may_doubt(job))
        room &= (found->maps.prob = util_room(bytes)) != NULL;
    if (job->uncertainty)
        room &= (found->maps.uncertainty = util_room(bytes)) != NULL;
    if (job->attention)
        room &= (found->maps.attention =
                     calloc(predict_attention_floats(&found->prepared), sizeof(float))) != NULL;
    if (!room)
        FAIL(BEN_E_MEMORY, "%s: out of memory", job->image);
out:
    return st;
}

static void note_certainty(struct pass *pass, const struct mcqa_sums *sums)
{
    struct mcqa_figures figures;
    const int count = pass->extent.count;
    mcqa_figures_of(sums, &figures);
    pass->result->uncertainty += mcqa_scan_score(sums) / count;
    pass->result->figures.expected_dice += figures.expected_dice / count;
    pass->result->figures.agreement += figures.agreement / count;
    pass->result->figures.aleatoric += figures.aleatoric / count;
    pass->result->figures.epistemic += figures.epistemic / count;
}

static enum ben_status predict_once(struct pass *pass, struct found *found,
                                    const struct predict_maps *maps)
{
    const struct predict_config *config = &pass->job->predict;
    struct mcqa_sums *sums = config->samples ? &found->sums : NULL;
    return pass->job->settle_frame
               ? frame_predict(pass->team, pass->net, config, pass->job->image,
                               &found->prepared, maps, sums)
               : predict_scan(pass->team, pass->net, config, &found->prepared, maps, sums);
}

/* The scan's first volume as prepare says, and in the plane that suits it. */
static enum ben_status prepare_first(const struct pass *pass,
                                     const struct prepare_config *prepare,
                                     struct volume **volume, struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    const struct segment_job *job = pass->job;
    struct plane_choice choice;
    TRY(prepare_volume(pass->team, prepare, volume, prepared));
    if (!job->settle_plane)
        goto out;
    TRY(plane_settle(pass->team, pass->net, job->predict.threshold, prepared, &choice));
    if (pass->team->rank == 0)
        plane_tell(job->image, &choice);
out:
    return st;
}

/* The first volume, read once more; nothing where it is not shaded. */
static enum ben_status correct_strongly(void *context, struct prepared *corrected)
{
    enum ben_status st = BEN_OK;
    const struct pass *pass = context;
    struct prepare_config prepare = pass->job->prepare;
    struct volume *volume = NULL;
    double shading;
    prepare.n4_strong = true;
    TRY(read_volume(pass, pass->extent.first, &volume));
    TRY(n4_shading(pass->team, volume, &shading));
    if (pass->team->rank == 0)
        log_debug("%s: %.1f times as much foreground by logarithms", pass->job->image, shading);
    if (shading >= DOUBT_SHADED)
        TRY(prepare_first(pass, &prepare, &volume, corrected));
out:
    volume_free(&volume);
    return st;
}

static void settle_slices(struct pass *pass, const struct slice_geometry *slices)
{
    pass->result->slices = slices->count;
    pass->result->plane = pass->prepare.plane = slices->plane;
    pass->prepare.follow_thick = false;
}

/* And again where the network is far surer of the scan otherwise. */
static enum ben_status predict_first(struct pass *pass, struct found *found,
                                     const struct predict_maps *maps)
{
    enum ben_status st = BEN_OK;
    const struct segment_job *job = pass->job;
    const struct slice_geometry planned = found->prepared.slices;
    const struct doubt_config config = {.threshold = job->predict.threshold,
                                        .normalise = job->prepare.normalise,
                                        .smooth = job->settle_noise,
                                        .sharpen = job->settle_blur,
                                        .correct = job->settle_bias ? correct_strongly : NULL,
                                        .context = pass};
    struct doubt_choice choice;
    settle_slices(pass, &planned);
    TRY(predict_once(pass, found, maps));
    if (!may_doubt(job))
        goto out;
    TRY(doubt_settle(pass->team, pass->net, &config, &planned, maps->prob, &found->prepared,
                     &choice));
    if (pass->team->rank == 0)
        doubt_tell(job->image, &choice);
    if (!doubt_changed(&choice))
        goto out;
    settle_slices(pass, &found->prepared.slices);
    pass->prepare.n4_strong = pass->result->n4_strong = choice.strong;
    pass->result->filter = choice.filter.filter;
    TRY(predict_once(pass, found, maps));
out:
    return st;
}

/* The probability takes the place of the intensities, unless these are needed again. */
static enum ben_status predict(struct pass *pass, struct found *found, bool is_first)
{
    enum ben_status st = BEN_OK;
    TRY(comm_agree(pass->team, reserve_maps(pass, found)));
    struct predict_maps maps = found->maps;
    if (!maps.prob)
        maps.prob = found->prepared.volume->data;
    if (is_first)
        TRY(predict_first(pass, found, &maps));
    else
        TRY(predict_once(pass, found, &maps));
    if (maps.prob == found->prepared.volume->data)
        found->prepared.volume->data = NULL;
    found->maps = maps;
    if (pass->job->predict.samples)
        note_certainty(pass, &found->sums);
out:
    return st;
}

/* As the first volume was settled. */
static enum ben_status prepare_another(const struct pass *pass, struct volume **volume,
                                       struct prepared *prepared)
{
    enum ben_status st = BEN_OK;
    TRY(prepare_volume(pass->team, &pass->prepare, volume, prepared));
    TRY(filter_apply(pass->team, &pass->prepare.normalise, &pass->result->filter,
                     prepared->volume));
out:
    return st;
}

static enum ben_status segment_volume(struct pass *pass, int index)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    struct found found = {0};
    double since_s = util_now_s();
    TRY(read_volume(pass, index, &volume));
    pass->result->read_s += lap(&since_s);
    TRY(comm_agree(pass->team, pass->brain ? volume_copy_voxels(volume, &found.raw) : BEN_OK));
    const bool is_first = index == pass->extent.first;
    lap(&since_s);
    if (is_first)
        TRY(prepare_first(pass, &pass->job->prepare, &volume, &found.prepared));
    else
        TRY(prepare_another(pass, &volume, &found.prepared));
    pass->result->n4_s += found.prepared.n4_s;
    pass->result->prepare_s += found.prepared.rest_s;
    since_s += found.prepared.n4_s + found.prepared.rest_s;
    found.voxels = volume_voxels(found.prepared.volume);
    TRY(predict(pass, &found, is_first));
    pass->result->network_s += lap(&since_s);
    if (pass->team->rank == 0)
        st = finish_volume(pass, &found, is_first);
    TRY(comm_agree(pass->team, st));
out:
    volume_free(&volume);
    clear_found(&found);
    return st;
}

static enum ben_status publish(struct pass *pass)
{
    enum ben_status st = BEN_OK;
    double since_s = util_now_s();
    struct nifti_writer **const writers[] = {&pass->probability, &pass->brain,
                                             &pass->uncertainty, &pass->attention,
                                             &pass->mask}; /* which comes last */
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
        if (*writers[i])
            TRY(nifti_finish(writers[i]));
    pass->result->write_s += lap(&since_s);
out:
    return st;
}

enum ben_status segment_scan(const struct comm *team, struct net *net,
                             const struct segment_job *job, struct segment_result *result)
{
    enum ben_status st = BEN_OK;
    struct pass pass = {
        .team = team, .net = net, .job = job, .result = result, .prepare = job->prepare};
    memset(result, 0, sizeof *result);
    result->n4 = job->prepare.n4;
    if (!job->predict.samples)
        result->uncertainty = NAN;
    TRY(comm_agree(team, team->rank == 0 ? open_files(&pass) : BEN_OK));
    TRY(comm_broadcast(team, &pass.extent, sizeof pass.extent, 0));
    result->n_volumes = pass.extent.count;
    for (int i = 0; i < pass.extent.count; i++)
        TRY(segment_volume(&pass, pass.extent.first + i));
    TRY(comm_agree(team, team->rank == 0 ? publish(&pass) : BEN_OK));
out:
    nifti_close(&pass.reader);
    nifti_abandon(&pass.mask);
    nifti_abandon(&pass.probability);
    nifti_abandon(&pass.brain);
    nifti_abandon(&pass.uncertainty);
    nifti_abandon(&pass.attention);
    return st;
}
