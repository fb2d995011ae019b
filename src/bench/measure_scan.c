/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/util.h"
#include "bench/head.h"
#include "bench/measure.h"
#include "prep/post.h"
#include "prep/prepare.h"
#include "qa/predict.h"

#include <stdlib.h>
#include <string.h>

struct job {
    const struct comm *team;
    struct net *net;
    struct volume *head;
    float *prob;
    uint8_t *mask;
    int slices;
    struct sample n4, rest, network, post;
};

static enum ben_status open_job(struct job *job, const struct measure_config *config)
{
    enum ben_status st = BEN_OK;
    TRY(net_create(&config->net, BEN_PREDICT_BATCH, false, &job->net));
    net_init(job->net, config->seed);
    TRY(head_make(config->seed, &job->head, NULL));
    TRY_NEW(job->prob = malloc(volume_voxels(job->head) * sizeof *job->prob));
    TRY_NEW(job->mask = malloc(volume_voxels(job->head)));
out:
    return st;
}

static void close_job(struct job *job)
{
    net_free(&job->net);
    volume_free(&job->head);
    free(job->prob);
    free(job->mask);
}

static enum ben_status copy_head(const struct job *job, struct volume **copy)
{
    enum ben_status st = BEN_OK;
    TRY(volume_create(job->head->dim, job->head->voxel_mm, copy));
    memcpy((*copy)->data, job->head->data, volume_voxels(job->head) * sizeof(float));
out:
    return st;
}

/* keep: this run is no warm-up. */
static enum ben_status run(struct job *job, const struct prepare_config *config, bool keep)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    struct prepared prepared = {0};
    struct post_config post = post_defaults();
    long voxels;
    TRY(comm_agree(job->team, copy_head(job, &volume)));
    TRY(prepare_volume(job->team, config, &volume, &prepared));
    double start = util_now_s();
    TRY(predict_volume(job->team, job->net, &prepared, job->prob));
    double network_s = util_now_s() - start;
    start += network_s;
    post.mend_plane = (int)prepared.slices.plane;
    TRY(comm_agree(job->team, post_mask(&post, prepared.volume->dim, prepared.volume->voxel_mm,
                                        job->prob, job->mask, &voxels)));
    if (keep) {
        sample_add(&job->post, util_now_s() - start);
        sample_add(&job->network, network_s);
        sample_add(&job->n4, prepared.n4_s);
        sample_add(&job->rest, prepared.rest_s);
    }
    job->slices = prepared.slices.count;
out:
    volume_free(&volume);
    prepare_clear(&prepared);
    return st;
}

enum ben_status measure_scan(const struct comm *comm, struct measure_result *result)
{
    enum ben_status st = BEN_OK;
    struct measure_scan *scan = &result->scan;
    struct job job = {.team = comm};
    const struct prepare_config config = prepare_defaults(BEN_AXIAL, result->config.net.size);
    sample_forget_peak();
    TRY(comm_agree(comm, open_job(&job, &result->config)));
    for (int r = 0; r <= result->config.repeat; r++)
        TRY(run(&job, &config, r > 0));
    memcpy(scan->dim, job.head->dim, sizeof scan->dim);
    scan->slices = job.slices;
    scan->n4 = sample_summary(&job.n4, 1);
    scan->rest = sample_summary(&job.rest, 1);
    scan->network = sample_summary(&job.network, 1);
    scan->post = sample_summary(&job.post, 1);
    scan->peak_bytes = util_peak_bytes();
out:
    close_job(&job);
    return st;
}
