/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/segment_output.h"
#include "base/util.h"
#include "io/derivatives.h"
#include "io/results.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum row_column {
    PARTICIPANT,
    SESSION,
    SCAN,
    SPECIES,
    STATUS,
    REASON,
    VOLUME,
    VOLUMES,
    SLICES,
    PLANE,
    BIAS,
    SMOOTHING,
    SHARPENING,
    UNCERTAINTY,
    FLAG,
    EXPECTED,
    AGREEMENT,
    ALEATORIC,
    EPISTEMIC,
    MASK,
    READ,
    N4,
    PREPARE,
    NETWORK,
    POST,
    WRITE,
    ROW_COLUMNS
};

static const struct table_level status_levels[] = {
    {"ok", "the mask is written"},
    {"empty", "the mask is written and holds no voxel: no brain was found, look at the scan"},
    {"failed", "no mask, the column reason says why"},
    {NULL, NULL},
};

static const struct table_level flag_levels[] = {
    {"pass", "the network is sure of the mask"},
    {"review", "it is less sure: look at the mask"},
    {"fail", "it is not sure, or found no brain: do not use the mask unseen"},
    {NULL, NULL},
};

static const struct table_level n4_levels[] = {
    {"no", "not at all"},
    {"usual", "by N4"},
    {"strong", "by N4 twice, strongly first, because the network was far surer then"},
    {NULL, NULL},
};

static const struct table_column columns[ROW_COLUMNS] = {
    [PARTICIPANT] = {"participant_id", BEN_TABLE_TEXT, 0, NULL, "the animal or person", NULL},
    [SESSION] = {"session_id", BEN_TABLE_TEXT, 0, NULL, "session of the scan", NULL},
    [SCAN] = {"scan", BEN_TABLE_TEXT, 0, NULL, "path of the scan in its data set", NULL},
    [SPECIES] = {"species", BEN_TABLE_TEXT, 0, NULL, "as the data or the user say", NULL},
    [STATUS] = {"status", BEN_TABLE_TEXT, 0, NULL, "how it ended", status_levels},
    [REASON] = {"reason", BEN_TABLE_TEXT, 0, NULL, "why it failed", NULL},
    [VOLUME] = {"volume_mm3", BEN_TABLE_REAL, 3, "mm^3",
                "volume of the brain mask; the mean over time points of a 4-D scan", NULL},
    [VOLUMES] = {"n_volumes", BEN_TABLE_INTEGER, 0, NULL, "time points segmented", NULL},
    [SLICES] = {"slices", BEN_TABLE_INTEGER, 0, NULL, "slices the network saw of each", NULL},
    [PLANE] = {"plane", BEN_TABLE_TEXT, 0, NULL, "that they were cut in, by the header's axes",
               NULL},
    [BIAS] = {"n4", BEN_TABLE_TEXT, 0, NULL, "how the bias field was corrected", n4_levels},
    [SMOOTHING] = {"smoothing", BEN_TABLE_REAL, 1, "voxels",
                   "standard deviation of the Gaussian through which the network saw them, for "
                   "noise; 0: as they are",
                   NULL},
    [SHARPENING] = {"sharpening", BEN_TABLE_REAL, 1, "voxels",
                    "that of an unsharp mask, for coarse voxels; 0: none", NULL},
    [UNCERTAINTY] =
        {"uncertainty", BEN_TABLE_REAL, 6, NULL,
         "1 - expected_dice^2 agreement^6, about 1 - Dice, from the Monte Carlo samples; 0 "
         "sure, 1 not; this and what follows: the mean over time points of a 4-D scan; n/a "
         "without --mc",
         NULL},
    [FLAG] = {"flag", BEN_TABLE_TEXT, 0, NULL,
              "what the uncertainty says of the mask, by --review-from and --fail-from; n/a "
              "without --mc",
              flag_levels},
    [EXPECTED] =
        {"expected_dice", BEN_TABLE_REAL, 6, NULL,
         "Dice to be expected of the mask, if each pixel is brain with the samples' mean "
         "probability; n/a without --mc",
         NULL},
    [AGREEMENT] = {"agreement", BEN_TABLE_REAL, 6, NULL,
                   "mean Dice of the masks of two samples; n/a without --mc", NULL},
    [ALEATORIC] =
        {"aleatoric", BEN_TABLE_REAL, 6, NULL,
         "aleatoric part of the samples' variance, summed over the scan, of each pixel "
         "of brain; n/a without --mc",
         NULL},
    [EPISTEMIC] = {"epistemic", BEN_TABLE_REAL, 6, NULL, "the epistemic part likewise", NULL},
    [MASK] = {"mask", BEN_TABLE_TEXT, 0, NULL, "the mask, relative to this table", NULL},
    [READ] = {"seconds_read", BEN_TABLE_REAL, 3, "s", "time to read the scan", NULL},
    [N4] = {"seconds_n4", BEN_TABLE_REAL, 3, "s", "time of bias-field correction", NULL},
    [PREPARE] = {"seconds_prepare", BEN_TABLE_REAL, 3, "s",
                 "time of orientation, normalisation and slicing", NULL},
    [NETWORK] = {"seconds_network", BEN_TABLE_REAL, 3, "s",
                 "time of the network with resampling to its grid and back", NULL},
    [POST] = {"seconds_post", BEN_TABLE_REAL, 3, "s", "time of post-processing", NULL},
    [WRITE] = {"seconds_write", BEN_TABLE_REAL, 3, "s", "time to write the results", NULL},
};

enum mcqa_flag segment_flag(const struct mcqa_limits *limits,
                            const struct segment_result *result)
{
    return result->volume_mm3 > 0 ? mcqa_flag_of(limits, result->uncertainty) : BEN_MCQA_FAIL;
}

static enum ben_status set_certainty(struct table *table, const struct segment_result *result,
                                     const struct mcqa_limits *limits, long row)
{
    enum ben_status st = BEN_OK;
    const struct mcqa_figures *figures = &result->figures;
    TRY(table_set_real(table, row, UNCERTAINTY, result->uncertainty));
    TRY(table_set_text(table, row, FLAG, mcqa_flag_name(segment_flag(limits, result))));
    TRY(table_set_real(table, row, EXPECTED, figures->expected_dice));
    TRY(table_set_real(table, row, AGREEMENT, figures->agreement));
    TRY(table_set_real(table, row, ALEATORIC, figures->aleatoric));
    TRY(table_set_real(table, row, EPISTEMIC, figures->epistemic));
out:
    return st;
}

/* One of n4_levels. */
static const char *bias_correction(const struct segment_result *result)
{
    if (!result->n4)
        return "no";
    return result->n4_strong ? "strong" : "usual";
}

static enum ben_status set_outcome(struct table *table, const struct scan *scan,
                                   const struct segment_result *result,
                                   const struct mcqa_limits *limits, long row)
{
    enum ben_status st = BEN_OK;
    const struct derivative_source source = {scan->relative, scan->bids, scan->suffix_needed};
    char *mask = NULL;
    TRY_NEW(mask = derivative_path("", &source, BEN_DERIVATIVE_MASK, ".nii.gz"));
    const char *local = mask + strspn(mask, "/");
    TRY(table_set_text(table, row, STATUS, result->volume_mm3 > 0 ? "ok" : "empty"));
    TRY(table_set_text(table, row, MASK, local));
    TRY(table_set_real(table, row, VOLUME, result->volume_mm3));
    TRY(table_set_integer(table, row, VOLUMES, result->n_volumes));
    TRY(table_set_integer(table, row, SLICES, result->slices));
    TRY(table_set_text(table, row, PLANE, species_plane_name(result->plane)));
    TRY(table_set_text(table, row, BIAS, bias_correction(result)));
    const struct filter *filter = &result->filter;
    TRY(table_set_real(table, row, SMOOTHING, filter->sharpen > 0 ? 0 : filter->sd));
    TRY(table_set_real(table, row, SHARPENING, filter->sharpen > 0 ? filter->sd : 0));
    if (!isnan(result->uncertainty))
        TRY(set_certainty(table, result, limits, row));
    TRY(table_set_real(table, row, READ, result->read_s));
    TRY(table_set_real(table, row, N4, result->n4_s));
    TRY(table_set_real(table, row, PREPARE, result->prepare_s));
    TRY(table_set_real(table, row, NETWORK, result->network_s));
    TRY(table_set_real(table, row, POST, result->post_s));
    TRY(table_set_real(table, row, WRITE, result->write_s));
out:
    free(mask);
    return st;
}

char *segment_row(const struct scan *scan, const struct segment_result *result,
                  const struct mcqa_limits *limits, const char *reason)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    char *line = NULL;
    long row;
    TRY(table_create(columns, ROW_COLUMNS, &table));
    TRY(table_add_row(table, &row));
    TRY(table_set_text(table, row, PARTICIPANT, scan->participant));
    TRY(table_set_text(table, row, SESSION, scan->session));
    TRY(table_set_text(table, row, SCAN, scan->relative));
    TRY(table_set_text(table, row, SPECIES, species_name(scan->species)));
    if (reason) {
        TRY(table_set_text(table, row, STATUS, "failed"));
        TRY(table_set_text(table, row, REASON, reason));
    } else {
        TRY(set_outcome(table, scan, result, limits, row));
    }
    line = table_line(table, row);
out:
    table_free(&table);
    return line;
}

char *segment_key(const struct scan *scan, uint64_t configuration)
{
    const struct scan_stamp *stamp = &scan->stamp;
    return util_format("%s %016" PRIx64 " %" PRId64 " %" PRId64 ".%09" PRId64, scan->id,
                       configuration, stamp->bytes, stamp->time_s, stamp->time_ns);
}

/* Rows of the table in the cohort's order, and for each its place there. */
static enum ben_status collect(const struct segment_assembly *assembly,
                               const struct journal_book *book, struct table *table,
                               long *of_row)
{
    enum ben_status st = BEN_OK;
    char *key = NULL;
    for (long i = 0; i < assembly->cohort->n; i++) {
        const struct scan *scan = &assembly->cohort->scans[i];
        TRY_NEW(key = segment_key(scan, assembly->configuration[scan->species]));
        const struct journal_entry *entry = journal_find(book, key);
        free(key);
        key = NULL;
        if (!entry)
            continue;
        of_row[table_rows(table)] = i;
        TRY(table_add_line(table, entry->payload));
    }
out:
    free(key);
    return st;
}

/* The grids of the masks, and their voxels while the cohort file is written. */
struct mask_source {
    const struct segment_assembly *assembly;
    const struct table *table;
    const long *of_row;
    struct results_scan *grids;
};

static char *output_path(const struct mask_source *source, long row, enum derivative_kind kind)
{
    const struct scan *scan = &source->assembly->cohort->scans[source->of_row[row]];
    const struct derivative_source names = {scan->relative, scan->bids, scan->suffix_needed};
    return derivative_path(source->assembly->folder, &names, kind, ".nii.gz");
}

static enum ben_status load_mask(void *context, long row, uint8_t *voxels)
{
    enum ben_status st = BEN_OK;
    const struct mask_source *source = context;
    const int *dim = source->grids[row].dim;
    struct nifti_info info;
    uint8_t *mask = NULL;
    char *path;
    TRY_NEW(path = output_path(source, row, BEN_DERIVATIVE_MASK));
    TRY(nifti_read_mask(path, BEN_VOLUME_DEFAULT, &mask, &info, NULL));
    if (memcmp(info.dim, dim, sizeof info.dim) != 0)
        FAIL(BEN_E_INPUT, "%s: changed while the cohort file was written", path);
    memcpy(voxels, mask, (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2]);
out:
    free(mask);
    free(path);
    return st;
}

static enum ben_status load_map(const struct mask_source *source, long row,
                                enum derivative_kind kind, float *voxels)
{
    enum ben_status st = BEN_OK;
    struct volume *volume = NULL;
    char *path;
    TRY_NEW(path = output_path(source, row, kind));
    TRY(nifti_read(path, BEN_VOLUME_DEFAULT, &volume, NULL));
    if (memcmp(volume->dim, source->grids[row].dim, sizeof volume->dim) != 0)
        FAIL(BEN_E_INPUT, "%s: changed while the cohort file was written", path);
    memcpy(voxels, volume->data, volume_voxels(volume) * sizeof *voxels);
out:
    volume_free(&volume);
    free(path);
    return st;
}

static enum ben_status load_probability(void *context, long row, float *voxels)
{
    return load_map(context, row, BEN_DERIVATIVE_PROBABILITY, voxels);
}

static enum ben_status load_uncertainty(void *context, long row, float *voxels)
{
    return load_map(context, row, BEN_DERIVATIVE_UNCERTAINTY, voxels);
}

enum ben_status segment_table_create(struct table **table)
{
    return table_create(columns, ROW_COLUMNS, table);
}

bool segment_row_failed(const struct table *table, long row)
{
    return strcmp(table_cell(table, row, STATUS), "failed") == 0;
}

/* Each rank reads the headers of its share of the masks; all get all. */
static enum ben_status inspect_masks(const struct comm *world, struct mask_source *source)
{
    enum ben_status st = BEN_OK;
    long n = table_rows(source->table), first, count;
    char *path = NULL;
    comm_share(n, world->rank, world->size, &first, &count);
    for (long row = first; row < first + count && st == BEN_OK; row++) {
        struct nifti_info info;
        if (segment_row_failed(source->table, row))
            continue;
        path = output_path(source, row, BEN_DERIVATIVE_MASK);
        st = path ? nifti_inspect(path, &info) : BEN_E_MEMORY;
        free(path);
        if (st)
            break;
        memcpy(source->grids[row].dim, info.dim, sizeof info.dim);
        memcpy(source->grids[row].voxel_mm, info.voxel_mm, sizeof info.voxel_mm);
        memcpy(source->grids[row].affine, info.affine, sizeof info.affine);
    }
    TRY(comm_agree(world, st));
    TRY(comm_share_rows(world, source->grids, n, sizeof *source->grids));
out:
    return st;
}

static enum ben_status write_hdf5(const struct comm *world, struct mask_source *source)
{
    enum ben_status st = BEN_OK;
    const struct segment_assembly *assembly = source->assembly;
    const struct results_attribute attributes[] = {
        {"configuration", assembly->effective},
        {"weights", assembly->weights},
        {"version", BEN_VERSION},
    };
    char *path = NULL;
    source->grids = calloc((size_t)table_rows(source->table) + 1, sizeof *source->grids);
    path = util_format("%s/cohort.h5", assembly->folder);
    TRY(comm_agree(world, source->grids && path ? BEN_OK
                                                : ben_raise(BEN_E_MEMORY, __FILE__, __LINE__,
                                                            __func__, "out of memory")));
    TRY(inspect_masks(world, source));
    const struct results_cohort cohort = {.table = source->table,
                                          .scans = source->grids,
                                          .attributes = attributes,
                                          .n_attributes = 3,
                                          .deflate = 4};
    const struct results_source voxels = {
        .mask = load_mask,
        .probability = assembly->probability ? load_probability : NULL,
        .uncertainty = assembly->uncertainty ? load_uncertainty : NULL,
        .context = source};
    TRY(results_write(world, path, &cohort, &voxels));
out:
    free(source->grids);
    free(path);
    return st;
}

static enum ben_status write_table(const char *folder, const struct table *table)
{
    enum ben_status st = BEN_OK;
    char *path;
    TRY_NEW(path = util_format("%s/results.tsv", folder));
    TRY(table_write(table, path));
out:
    free(path);
    return st;
}

enum ben_status segment_assemble(const struct comm *world,
                                 const struct segment_assembly *assembly, long *done,
                                 long *failed)
{
    enum ben_status st = BEN_OK;
    struct journal_book *book = NULL;
    struct table *table = NULL;
    long *of_row = calloc((size_t)assembly->cohort->n + 1, sizeof *of_row);
    char *folder = util_format("%s/logs/journal", assembly->folder);
    *done = *failed = 0;
    TRY(comm_agree(world, of_row && folder ? table_create(columns, ROW_COLUMNS, &table)
                                           : BEN_E_MEMORY));
    TRY(journal_load_shared(world, folder, &book));
    TRY(comm_agree(world, collect(assembly, book, table, of_row)));
    for (long row = 0; row < table_rows(table); row++)
        ++*(segment_row_failed(table, row) ? failed : done);
    TRY(comm_agree(world, world->rank == 0 ? write_table(assembly->folder, table) : BEN_OK));
    struct mask_source source = {assembly, table, of_row, NULL};
    if (assembly->hdf5)
        TRY(write_hdf5(world, &source));
out:
    journal_free(&book);
    table_free(&table);
    free(of_row);
    free(folder);
    return st;
}
