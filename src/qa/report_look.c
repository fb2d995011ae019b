/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/util.h"
#include "io/derivatives.h"
#include "io/nifti.h"
#include "io/species.h"
#include "prep/n4.h"
#include "prep/orient.h"
#include "qa/markup.h"
#include "qa/report_inner.h"
#include "qa/tiles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILES_MAIN  16 /* slices of the plane that the network works in */
#define TILES_OTHER 8

/* A scan as it was read, all in one canonical grid. */
struct look {
    const struct report *report;
    const struct report_scan *scan;
    char *path;             /* of the scan's file */
    struct nifti_info info; /* of it */
    struct orientation orientation;
    struct volume *image, *corrected, *uncertainty, *attention;
    uint8_t *mask, *redrawn;
};

static int wanted_volume(const struct report *report)
{
    char text[32];
    report_setting(report, "volume", text, sizeof text);
    return *text >= '0' && *text <= '9' ? atoi(text) : BEN_VOLUME_DEFAULT;
}

static enum ben_status read_image(struct look *look)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    TRY(report_image(look->report, look->scan, &look->path));
    if (!look->path)
        FAIL(BEN_E_INPUT,
             "the scan is not where the output folder says (%s): name its data set's folder "
             "with --images",
             *look->report->raw ? look->report->raw : "nowhere");
    TRY(nifti_inspect(look->path, &look->info));
    TRY(nifti_read(look->path, wanted_volume(look->report), &volume, NULL));
    look->orientation = orient_find(volume);
    TRY(orient_apply(&look->orientation, volume, &look->image));
out:
    volume_free(&volume);
    return st;
}

/* A mask in the scan's grid, made canonical. */
static enum ben_status read_mask(const struct look *look, const char *path, uint8_t **mask)
{
    enum ben_status st = BEN_OK;
    struct nifti_info info;
    struct volume *own = NULL, *canonical = NULL;
    uint8_t *raw = NULL;
    size_t n = volume_voxels(look->image);
    TRY(nifti_read_mask(path, BEN_VOLUME_DEFAULT, &raw, &info, NULL));
    if (memcmp(info.dim, look->info.dim, sizeof info.dim) != 0)
        FAIL(BEN_E_INPUT, "%s: %d x %d x %d voxels, but the scan has %d x %d x %d", path,
             info.dim[0], info.dim[1], info.dim[2], look->info.dim[0], look->info.dim[1],
             look->info.dim[2]);
    TRY(volume_create(info.dim, info.voxel_mm, &own));
    for (size_t i = 0; i < n; i++)
        own->data[i] = raw[i];
    TRY(orient_apply(&look->orientation, own, &canonical));
    TRY_NEW(*mask = malloc(n));
    for (size_t i = 0; i < n; i++)
        (*mask)[i] = canonical->data[i] > 0.5F;
out:
    free(raw);
    volume_free(&own);
    volume_free(&canonical);
    return st;
}

/* A map that is there, made canonical; what cannot be shown is passed over. */
static enum ben_status read_map(const struct look *look, enum derivative_kind kind,
                                struct volume **map)
{
    enum ben_status st = BEN_OK;
    struct volume *own = NULL;
    char *path = report_derivative(look->report, look->scan, (int)kind);
    if (!path)
        return BEN_OK;
    if (nifti_read(path, BEN_VOLUME_DEFAULT, &own, NULL) != BEN_OK ||
        memcmp(own->dim, look->info.dim, sizeof own->dim) != 0)
        log_debug("%s: not shown", path);
    else
        TRY(orient_apply(&look->orientation, own, map));
out:
    volume_free(&own);
    free(path);
    return st;
}

static enum ben_status correct_bias(struct look *look)
{
    enum ben_status st = BEN_OK;
    const struct comm self = comm_self();
    struct n4_config config = n4_config_default();
    const struct volume *image = look->image;
    char done[32], shrink[32];
    report_setting(look->report, "n4", done, sizeof done);
    if (!look->report->options->n4 || strcmp(done, "yes") != 0)
        return BEN_OK;
    report_setting(look->report, "n4-shrink", shrink, sizeof shrink);
    config.shrink = *shrink ? atoi(shrink) : config.shrink;
    TRY(volume_create(image->dim, image->voxel_mm, &look->corrected));
    memcpy(look->corrected->data, image->data, volume_voxels(image) * sizeof(float));
    TRY(n4_correct(&self, &config, look->corrected, NULL, NULL, NULL));
out:
    return st;
}

static enum ben_status read_all(struct look *look, const char *redrawn)
{
    enum ben_status st = BEN_OK;
    char *mask = NULL;
    if (!look->scan->mask)
        FAIL(BEN_E_INPUT, "there is no mask");
    TRY(read_image(look));
    TRY_NEW(mask = util_format("%s/%s", look->report->options->folder, look->scan->mask));
    TRY(read_mask(look, mask, &look->mask));
    if (redrawn)
        TRY(read_mask(look, redrawn, &look->redrawn));
    TRY(read_map(look, BEN_DERIVATIVE_UNCERTAINTY, &look->uncertainty));
    TRY(read_map(look, BEN_DERIVATIVE_ATTENTION, &look->attention));
    TRY(correct_bias(look));
out:
    free(mask);
    return st;
}

static void clear(struct look *look)
{
    volume_free(&look->image);
    volume_free(&look->corrected);
    volume_free(&look->uncertainty);
    volume_free(&look->attention);
    free(look->path);
    free(look->mask);
    free(look->redrawn);
}

/* Whether a face neighbour of voxel i, which is at index, is on the other side of the mask. */
static bool at_border(const struct look *look, size_t i, const int index[3])
{
    const int *dim = look->image->dim;
    const size_t strides[3] = {1, (size_t)dim[0], (size_t)dim[0] * (size_t)dim[1]};
    for (int d = 0; d < 3; d++) {
        if (index[d] > 0 && !look->mask[i - strides[d]] != !look->mask[i])
            return true;
        if (index[d] < dim[d] - 1 && !look->mask[i + strides[d]] != !look->mask[i])
            return true;
    }
    return false;
}

static bool at_face(const int dim[3], const int index[3])
{
    for (int d = 0; d < 3; d++)
        if (dim[d] > 1 && (index[d] == 0 || index[d] == dim[d] - 1))
            return true;
    return false;
}

/* Sums over the mask and the shells on both sides of its border. */
struct tally {
    double n, sum, squares, faces;
    double shell_n[2], shell_sum[2]; /* outside, inside */
};

static void count_voxel(const struct look *look, size_t i, const int index[3], struct tally *t)
{
    double value = look->image->data[i];
    int inside = look->mask[i] != 0;
    if (inside) {
        t->n++;
        t->sum += value;
        t->squares += value * value;
        t->faces += at_face(look->image->dim, index);
    }
    if (at_border(look, i, index)) {
        t->shell_n[inside]++;
        t->shell_sum[inside] += value;
    }
}

static void measure(const struct look *look, struct report_measured *measured)
{
    const int *dim = look->image->dim;
    struct tally t = {0};
    size_t i = 0;
    for (int k = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++)
            for (int c = 0; c < dim[0]; c++, i++)
                count_voxel(look, i, (const int[3]){c, j, k}, &t);
    double mean = t.sum / t.n, variance = t.squares / t.n - mean * mean;
    double outer = t.shell_sum[0] / t.shell_n[0], inner = t.shell_sum[1] / t.shell_n[1];
    measured->signal = variance > 0 ? mean / sqrt(variance) : NAN;
    measured->contrast = fabs(inner - outer) / (fabs(inner) + fabs(outer));
    measured->edge = t.faces / t.n;
}

static void write_switch(FILE *to, const char *id, const char *label, const char *key,
                         const char *colour, bool on)
{
    fprintf(to, "<input type=\"checkbox\" id=\"%s\"%s><label for=\"%s\">", id,
            on ? " checked" : "", id);
    if (colour)
        fprintf(to, "<span class=\"key %s\"></span>", colour);
    fprintf(to, "%s <kbd>%s</kbd></label>\n", label, key);
}

static void write_switches(FILE *to, const struct look *look)
{
    write_switch(to, "show-mask", "mask", "m", "mask", true);
    if (look->redrawn)
        write_switch(to, "show-redrawn", "corrected mask", "c", "redrawn", true);
    write_switch(to, "flicker", "flicker with and without", "f", NULL, false);
    if (look->corrected) {
        write_switch(to, "show-n4", "after bias-field correction", "n", NULL, false);
        write_switch(to, "flicker-n4", "flicker before and after", "b", NULL, false);
    }
    if (look->uncertainty)
        write_switch(to, "show-uncertainty", "uncertainty, 0 to 0.25", "u", "uncertainty",
                     false);
    if (look->attention)
        write_switch(to, "show-attention", "attention", "a", "attention", false);
}

/* The plane the network worked in, by the run's options or the species. */
static enum slice_plane main_plane(const struct look *look)
{
    char text[32];
    enum slice_plane plane = species_plane(species_find(look->scan->species));
    report_setting(look->report, "plane", text, sizeof text);
    if (*text && strcmp(text, "auto") != 0)
        species_plane_find(text, &plane);
    return plane;
}

static enum ben_status write_pictures(FILE *to, const struct look *look)
{
    static const char *const notes[] = {"front is left", "patient's left is right",
                                        "patient's left is right"};
    enum ben_status st = BEN_OK;
    const struct tiles_input input = {
        .image = look->image,
        .corrected = look->corrected,
        .mask = look->mask,
        .redrawn = look->redrawn,
        .uncertainty = look->uncertainty ? look->uncertainty->data : NULL,
        .attention = look->attention ? look->attention->data : NULL};
    struct tiles_view view;
    int plane = (int)main_plane(look);
    TRY(tiles_open(&input, &view));
    fputs("<section class=\"looks\" id=\"pictures\" aria-label=\"Mask on the scan\">\n"
          "<h2>Mask on the scan</h2>\n",
          to);
    write_switches(to, look);
    fputs("<div class=\"planes\">\n", to);
    for (int i = 0; i < 3; i++) {
        int across = i == 0 ? plane : (plane + i) % 3;
        fprintf(to, "<h3>%s <span class=\"soft\">(%s)</span></h3>\n<div class=\"tiles\">\n",
                species_plane_name((enum slice_plane)across), notes[across]);
        TRY(tiles_write(to, &view, across, i == 0 ? TILES_MAIN : TILES_OTHER));
        fputs("</div>\n", to);
    }
    fputs("</div></section>\n", to);
out:
    return st;
}

static void write_header_facts(FILE *to, const struct look *look)
{
    const struct nifti_info *info = &look->info;
    static const char *const spaces[] = {"none: axes taken as right, front, top", "qform",
                                         "sform"};
    char text[160];
    snprintf(text, sizeof text, "%d \xC3\x97 %d \xC3\x97 %d", info->dim[0], info->dim[1],
             info->dim[2]);
    report_fact(to, "Voxels", text);
    snprintf(text, sizeof text, "%.4g \xC3\x97 %.4g \xC3\x97 %.4g mm", info->voxel_mm[0],
             info->voxel_mm[1], info->voxel_mm[2]);
    report_fact(to, "Voxel size", text);
    snprintf(text, sizeof text, "%.4g \xC3\x97 %.4g \xC3\x97 %.4g mm",
             info->dim[0] * info->voxel_mm[0], info->dim[1] * info->voxel_mm[1],
             info->dim[2] * info->voxel_mm[2]);
    report_fact(to, "Field of view", text);
    snprintf(text, sizeof text, "%d", info->n_volumes);
    report_fact(to, "Time points", info->n_volumes > 1 ? text : NULL);
    snprintf(text, sizeof text, "%s%s", info->axes, info->oblique ? ", oblique" : "");
    report_fact(to, "Axes run to", text);
    report_fact(to, "Orientation from", spaces[info->space]);
    report_fact(to, "Stored as", info->type_name);
    report_fact(to, "Header's description", info->descrip);
}

static enum ben_status write_metadata(FILE *to, const struct look *look)
{
    enum ben_status st = BEN_OK;
    const char *name = look->scan->name, *image = look->path;
    size_t n = strlen(image) - strlen(name);
    char *root = NULL;
    TRY_NEW(root = strndup(image, n > 0 ? n - 1 : 0));
    fputs("<section id=\"metadata\"><h2>Scan</h2>\n<dl class=\"facts\">\n", to);
    write_header_facts(to, look);
    TRY(report_facts(to, n > 0 ? root : ".", name));
    fputs("</dl></section>\n", to);
out:
    free(root);
    return st;
}

enum ben_status report_look(const struct report *report, long scan, FILE *to,
                            struct report_measured *measured)
{
    enum ben_status st = BEN_OK;
    struct look look = {.report = report, .scan = &report->scans[scan]};
    *measured = (struct report_measured){.signal = NAN, .contrast = NAN, .edge = NAN};
    if (strcmp(look.scan->status, "failed") == 0)
        return BEN_OK;
    char *redrawn = report_redrawn(report, look.scan);
    measured->redrawn = redrawn != NULL;
    TRY(read_all(&look, redrawn));
    measure(&look, measured);
    TRY(write_pictures(to, &look));
    TRY(write_metadata(to, &look));
out:
    if (st)
        snprintf(measured->trouble, sizeof measured->trouble, "%s", ben_error_text());
    clear(&look);
    free(redrawn);
    return BEN_OK;
}
