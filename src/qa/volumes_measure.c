/* SPDX-License-Identifier: BSD-3-Clause */
/* What the masks and label maps hold. */
#include "base/log.h"
#include "io/nifti.h"
#include "io/results_read.h"
#include "mpi/spread.h"
#include "qa/volumes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LABEL     16777215 /* above it, a float does not tell whole numbers apart */
#define GRID_TOLERANCE 0.1      /* of the smallest voxel edge */

/* A mask and its grid; space NONE where nothing but the size is known. */
struct mask_image {
    uint8_t *mask;
    struct nifti_info info;
};

static size_t voxels_of(const int dim[3])
{
    return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}

/* A scan of a cohort file: its grid is in its row. */
static enum ben_status load_row(const struct results_file *file, long row,
                                struct mask_image *image)
{
    enum ben_status st = BEN_OK;
    const struct results_row *r = results_row(file, row);
    if (r->voxels == 0)
        FAIL(BEN_E_INPUT, "%s", r->reason ? r->reason : "no mask: the scan failed");
    TRY_NEW(image->mask = malloc(r->voxels));
    TRY(results_read_mask(file, row, image->mask));
    memcpy(image->info.dim, r->dim, sizeof r->dim);
    memcpy(image->info.voxel_mm, r->voxel_mm, sizeof r->voxel_mm);
    image->info.space = BEN_SPACE_NONE;
out:
    return st;
}

static enum ben_status load_mask(const struct volumes *volumes, long i,
                                 struct mask_image *image)
{
    const struct volumes_scan *scan = &volumes->scans[i];
    if (scan->row >= 0)
        return load_row(volumes->files[scan->input], scan->row, image);
    return nifti_read_mask(scan->path, BEN_VOLUME_DEFAULT, &image->mask, &image->info, NULL);
}

static uint64_t count_mask(const uint8_t *mask, size_t n)
{
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += mask[i] != 0;
    return count;
}

/* ---- regions ---- */

/* Voxels of each label 0 ... most, and those inside the mask. */
struct label_counts {
    long most;
    uint64_t *all, *inside;
};

static enum ben_status check_grid(const char *path, const struct mask_image *image)
{
    enum ben_status st = BEN_OK;
    struct nifti_info info;
    const double *mm = image->info.voxel_mm;
    TRY(nifti_inspect(path, &info));
    if (memcmp(info.dim, image->info.dim, sizeof info.dim) != 0)
        FAIL(BEN_E_INPUT, "%s: has %d x %d x %d voxels, the mask %d x %d x %d", path,
             info.dim[0], info.dim[1], info.dim[2], image->info.dim[0], image->info.dim[1],
             image->info.dim[2]);
    if (image->info.space != BEN_SPACE_NONE && info.space != BEN_SPACE_NONE &&
        !nifti_same_grid(&info, &image->info, GRID_TOLERANCE * fmin(mm[0], fmin(mm[1], mm[2]))))
        FAIL(BEN_E_INPUT, "%s: lies elsewhere in the world than the mask", path);
out:
    return st;
}

static enum ben_status count_labels(const char *path, const struct volume *map,
                                    const uint8_t *mask, struct label_counts *counts)
{
    enum ben_status st = BEN_OK;
    size_t n = volume_voxels(map);
    float most = 0;
    for (size_t i = 0; i < n; i++) {
        float v = map->data[i];
        if (!(v >= 0 && v <= MOST_LABEL) || v != floorf(v))
            FAIL(BEN_E_INPUT, "%s: a voxel holds %g; labels are whole numbers from 0 to %d",
                 path, (double)v, MOST_LABEL);
        most = fmaxf(most, v);
    }
    counts->most = (long)most;
    TRY_NEW(counts->all = calloc(2 * ((size_t)counts->most + 1), sizeof *counts->all));
    counts->inside = counts->all + counts->most + 1;
    for (size_t i = 0; i < n; i++) {
        counts->all[(long)map->data[i]]++;
        counts->inside[(long)map->data[i]] += mask[i] != 0;
    }
out:
    return st;
}

/* One line per label: how rank 0 learns of them. */
static enum ben_status measure_regions(const char *path, long scan,
                                       const struct mask_image *image, FILE *text)
{
    enum ben_status st = BEN_OK;
    struct volume *map = NULL;
    struct label_counts counts = {0};
    TRY(check_grid(path, image));
    TRY(nifti_read(path, BEN_VOLUME_DEFAULT, &map, NULL));
    TRY(count_labels(path, map, image->mask, &counts));
    for (long label = 1; label <= counts.most; label++)
        if (counts.all[label] > 0)
            fprintf(text, "%ld %ld %" PRIu64 " %" PRIu64 "\n", scan, label, counts.all[label],
                    counts.inside[label]);
out:
    free(counts.all);
    volume_free(&map);
    return st;
}

/* ---- scans ---- */

static double cost_of_scan(void *context, long item)
{
    const struct volumes *volumes = context;
    const struct volumes_scan *scan = &volumes->scans[item];
    struct nifti_info info;
    if (scan->row >= 0)
        return (double)results_row(volumes->files[scan->input], scan->row)->voxels;
    if (nifti_inspect(scan->path, &info) != BEN_OK)
        return 0;
    return (double)info.dim[0] * info.dim[1] * info.dim[2];
}

static void note_reason(struct volumes_row *row, const char *id)
{
    snprintf(row->reason, sizeof row->reason, "%s", ben_error_text());
    log_warn("%s: %s", id, row->reason);
}

static void measure_mask(const struct mask_image *image, struct volumes_row *row)
{
    const double *mm = image->info.voxel_mm;
    memcpy(row->dim, image->info.dim, sizeof row->dim);
    memcpy(row->voxel_mm, mm, sizeof row->voxel_mm);
    row->voxels = count_mask(image->mask, voxels_of(row->dim));
    row->mm3 = (double)row->voxels * (mm[0] * mm[1] * mm[2]);
    row->status = row->voxels > 0 ? BEN_VOLUMES_OK : BEN_VOLUMES_EMPTY;
}

static enum ben_status work_on_scan(void *context, long item, void *to, FILE *text)
{
    enum ben_status st = BEN_OK;
    const struct volumes *volumes = context;
    const struct volumes_scan *scan = &volumes->scans[item];
    struct volumes_row *row = to;
    struct mask_image image = {0};
    row->status = BEN_VOLUMES_FAILED;
    st = load_mask(volumes, item, &image);
    if (st == BEN_OK) {
        measure_mask(&image, row);
        if (scan->labels)
            st = measure_regions(scan->labels, item, &image, text);
    }
    if (st != BEN_OK && st != BEN_E_MEMORY)
        note_reason(row, scan->id);
    free(image.mask);
    return st == BEN_E_MEMORY ? st : BEN_OK;
}

/* ---- all ---- */

static long count_lines(const char *text)
{
    long n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static enum ben_status take_regions(struct volumes *volumes, const char *text)
{
    enum ben_status st = BEN_OK;
    size_t lines = (size_t)count_lines(text);
    TRY_NEW(volumes->regions = calloc(lines + 1, sizeof *volumes->regions));
    for (size_t i = 0; i < lines; i++, text = strchr(text, '\n') + 1) {
        struct volumes_region *r = &volumes->regions[volumes->n_regions++];
        ENSURE(sscanf(text, "%ld %ld %" SCNu64 " %" SCNu64, &r->scan, &r->label, &r->voxels,
                      &r->inside) == 4);
        const double *mm = volumes->rows[r->scan].voxel_mm;
        r->mm3 = (double)r->voxels * (mm[0] * mm[1] * mm[2]);
        r->inside_mm3 = (double)r->inside * (mm[0] * mm[1] * mm[2]);
    }
out:
    return st;
}

enum ben_status volumes_measure(const struct comm *comm, struct volumes *volumes)
{
    enum ben_status st = BEN_OK;
    const struct spread spread = {volumes->n, sizeof *volumes->rows, volumes, cost_of_scan,
                                  work_on_scan};
    char *text = NULL;
    volumes->rows = calloc((size_t)volumes->n + 1, sizeof *volumes->rows);
    TRY(comm_agree(comm, volumes->rows ? BEN_OK
                                       : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__,
                                                   "out of memory")));
    TRY(spread_work(comm, &spread, volumes->rows, &text));
    TRY(comm_agree(comm, comm->rank == 0 ? take_regions(volumes, text) : BEN_OK));
out:
    free(text);
    return st;
}
