/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/n4.h"

#include "base/log.h"
#include "base/util.h"
#include "prep/n4_lines.h"
#include "prep/n4_sharpen.h"
#include "prep/n4_spline.h"
#include "prep/otsu.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_SAMPLES 8    /* along an axis, so that the finest usual mesh has one an element */
#define LEAST_RANGE   1e-6 /* of log intensity: below this there is nothing to sharpen */
#define LEAST_WEIGHT  1e-8 /* of a control point: below this no voxel says anything about it */
#define DARKEST       1e-4F /* of the highest intensity; what is below counts as that, as logs */
#define PARALLEL_WORK 16384 /* voxels below which threads cost more than they save */
#define SHARED_WORK   32768 /* below which sharing does so too: each rank finds the field alone */

/* Per slice of the shrunken grid, as every rank needs to know it. */
struct slice_stats {
    double low, high;       /* log intensity less the field; low > high without foreground */
    double change, squares; /* sums of exp(field before - after) - 1 and of its square */
    double voxels;          /* in the foreground */
};

/* One thread's, sized for the finest mesh. */
struct scratch {
    double *plane, *columns; /* spline_slice, spline_collect_line */
    struct n4_columns sums;  /* [dim[0]] */
    float *rows, *line;      /* spline_slice; [dim[0]] */
    int *keys;               /* [dim[0]] */
    unsigned long *counts;   /* [2][bins + 3] as n4_lines_count has it */
};

struct work {
    const struct comm *team; /* shares the full grid */
    struct comm solvers;     /* share the shrunken grid */
    const struct n4_config *config;
    struct n4_report report;
    int dim[3], offset[3];     /* of the shrunken grid; its voxel 0 in the full grid */
    int mesh[3];               /* elements at the present level */
    long first, count;         /* own slices of the shrunken grid */
    struct n4_span *spans;     /* [count][dim[1]] */
    float *logs, *field;       /* [count][dim[1]][dim[0]] */
    struct slice_stats *stats; /* [dim[2]] */
    double *planes;            /* [dim[2]][controls of a plane] */
    double *lattice, *weights, *fit, *spare; /* [controls]: the field; sums of a fit */
    unsigned long *counts;                   /* [bins] */
    double *histogram, *expected;            /* [bins] */
    float *gain;      /* [bins][2]: expected, and how much more in the next bin */
    double low, high; /* of the whole foreground */
    struct sharpen *sharpen;
    struct spline_axis axes[3]; /* of the shrunken grid at the present level */
    struct scratch *scratch;    /* [threads] */
    int threads;
};

struct n4_config n4_config_default(void)
{
    return (struct n4_config){
        .shrink = 4,
        .levels = 4,
        .iterations = {50, 50, 50, 50},
        .threshold = 0.001,
        .bins = 200,
        .fwhm = 0.15,
        .noise = 0.01,
        .mesh = {1, 1, 1},
        .foreground = BEN_N4_OTSU,
        .otsu_bins = 200,
    };
}

struct n4_config n4_config_strong(void)
{
    struct n4_config config = n4_config_default();
    config.foreground = BEN_N4_OTSU_LOGS;
    config.threshold = 0.0001;
    for (int i = 0; i < config.levels; i++)
        config.iterations[i] = 200;
    return config;
}

static bool within(int value, int low, int high)
{
    return value >= low && value <= high;
}

static enum ben_status check_config(const struct n4_config *c)
{
    enum ben_status st = BEN_OK;
    if (!within(c->shrink, 1, 64))
        FAIL(BEN_E_ARG, "N4: shrink factor %d: give 1 to 64", c->shrink);
    if (!within(c->levels, 1, BEN_N4_MAX_LEVELS))
        FAIL(BEN_E_ARG, "N4: %d levels: give 1 to %d", c->levels, BEN_N4_MAX_LEVELS);
    if (!within(c->bins, 2, 4096) || !within(c->otsu_bins, 2, BEN_OTSU_MAX_BINS))
        FAIL(BEN_E_ARG, "N4: %d histogram bins, %d for Otsu: give 2 to 4096, 2 to %d", c->bins,
             c->otsu_bins, BEN_OTSU_MAX_BINS);
    if (!(c->fwhm > 0) || !(c->noise > 0) || !(c->threshold >= 0))
        FAIL(BEN_E_ARG, "N4: fwhm %g and noise %g must be above 0, threshold %g not below",
             c->fwhm, c->noise, c->threshold);
    for (int a = 0; a < 3; a++)
        if (!within(c->mesh[a], 1, BEN_N4_MAX_MESH >> (c->levels - 1)))
            FAIL(BEN_E_ARG, "N4: %d mesh elements: with %d levels give 1 to %d", c->mesh[a],
                 c->levels, BEN_N4_MAX_MESH >> (c->levels - 1));
    for (int i = 0; i < c->levels; i++)
        if (c->iterations[i] < 0)
            FAIL(BEN_E_ARG, "N4: %d iterations: give 0 or more", c->iterations[i]);
out:
    return st;
}

void n4_shrink(int shrink, const struct volume *volume, int factor[3])
{
    const double *mm = volume->voxel_mm;
    double finest = fmin(mm[0], fmin(mm[1], mm[2]));
    for (int a = 0; a < 3; a++) {
        int most = volume->dim[a] / LEAST_SAMPLES;
        int wanted = (int)lround(fmin(shrink * finest / mm[a], shrink));
        factor[a] = wanted < most ? wanted : most;
        factor[a] = factor[a] < 1 ? 1 : factor[a];
    }
}

/* ---- The plan: grid, mesh, memory ---- */

static void plan_grid(struct work *w, const struct volume *volume)
{
    const struct n4_config *c = w->config;
    int most = BEN_N4_MAX_MESH >> (c->levels - 1);
    n4_shrink(c->shrink, volume, w->report.factor);
    for (int a = 0; a < 3; a++) {
        int n = volume->dim[a], factor = w->report.factor[a];
        double mm = volume->voxel_mm[a] * (n - 1);
        w->dim[a] = n / factor;
        w->offset[a] = (n - 1 - factor * (w->dim[a] - 1) + 1) / 2;
        w->mesh[a] =
            c->spline_mm > 0 ? (int)fmin(most, fmax(1, ceil(mm / c->spline_mm))) : c->mesh[a];
    }
    long voxels = (long)w->dim[0] * w->dim[1] * w->dim[2];
    w->solvers = voxels < SHARED_WORK ? comm_self() : *w->team;
    comm_share(w->dim[2], w->solvers.rank, w->solvers.size, &w->first, &w->count);
    w->threads = omp_get_max_threads();
}

static size_t plane_controls(const struct work *w)
{
    return (size_t)w->axes[0].controls * (size_t)w->axes[1].controls;
}

static size_t lattice_controls(const struct work *w)
{
    return plane_controls(w) * (size_t)w->axes[2].controls;
}

static enum ben_status create_scratch(struct scratch *s, size_t n, size_t rows, size_t bins,
                                      size_t plane)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(s->plane = calloc(plane, sizeof *s->plane));
    TRY_NEW(s->columns = calloc(rows * n, sizeof *s->columns));
    TRY_NEW(s->sums.change = calloc(n, sizeof *s->sums.change));
    TRY_NEW(s->sums.squares = calloc(n, sizeof *s->sums.squares));
    TRY_NEW(s->sums.low = calloc(n, sizeof *s->sums.low));
    TRY_NEW(s->sums.high = calloc(n, sizeof *s->sums.high));
    TRY_NEW(s->line = calloc(n, sizeof *s->line));
    TRY_NEW(s->rows = calloc(rows * n, sizeof *s->rows));
    TRY_NEW(s->keys = calloc(n, sizeof *s->keys));
    TRY_NEW(s->counts = calloc(2 * (bins + 3), sizeof *s->counts));
out:
    return st;
}

static void free_scratch(struct scratch *s)
{
    free(s->plane);
    free(s->columns);
    free(s->sums.change);
    free(s->sums.squares);
    free(s->sums.low);
    free(s->sums.high);
    free(s->line);
    free(s->rows);
    free(s->keys);
    free(s->counts);
}

static enum ben_status create_lattices(struct work *w, size_t plane, size_t all)
{
    enum ben_status st = BEN_OK;
    TRY_NEW(w->planes = calloc(plane * (size_t)w->dim[2], sizeof *w->planes));
    TRY_NEW(w->lattice = calloc(all, sizeof *w->lattice));
    TRY_NEW(w->weights = calloc(all, sizeof *w->weights));
    TRY_NEW(w->fit = calloc(all, sizeof *w->fit));
    TRY_NEW(w->spare = calloc(all, sizeof *w->spare));
out:
    return st;
}

static enum ben_status create_histogram(struct work *w)
{
    enum ben_status st = BEN_OK;
    const struct n4_config *c = w->config;
    const struct sharpen_config sharpen = {.bins = c->bins, .fwhm = c->fwhm, .noise = c->noise};
    size_t bins = (size_t)c->bins;
    TRY_NEW(w->counts = calloc(bins, sizeof *w->counts));
    TRY_NEW(w->histogram = calloc(2 * bins, sizeof *w->histogram));
    w->expected = w->histogram + bins;
    TRY_NEW(w->gain = calloc(2 * bins, sizeof *w->gain));
    TRY(sharpen_create(&sharpen, &w->sharpen));
out:
    return st;
}

/* Everything that is sized, for the finest mesh. Scratch serves the full grid too. */
static enum ben_status create_work(struct work *w, const struct volume *volume)
{
    enum ben_status st = BEN_OK;
    size_t finest[3], voxels = (size_t)w->count * (size_t)w->dim[1] * (size_t)w->dim[0];
    for (int a = 0; a < 3; a++)
        finest[a] = ((size_t)w->mesh[a] << (w->config->levels - 1)) + 3;
    size_t plane = finest[0] * finest[1];
    TRY_NEW(w->spans = calloc((size_t)(w->count * w->dim[1]) + 1, sizeof *w->spans));
    TRY_NEW(w->logs = calloc(voxels + 1, sizeof *w->logs));
    TRY_NEW(w->field = calloc(voxels + 1, sizeof *w->field));
    TRY_NEW(w->stats = calloc((size_t)w->dim[2], sizeof *w->stats));
    TRY(create_lattices(w, plane, plane * finest[2]));
    TRY(create_histogram(w));
    TRY_NEW(w->scratch = calloc((size_t)w->threads, sizeof *w->scratch));
    for (int i = 0; i < w->threads; i++)
        TRY(create_scratch(w->scratch + i, (size_t)volume->dim[0], finest[1],
                           (size_t)w->config->bins, plane));
out:
    return st;
}

static void free_work(struct work *w)
{
    for (int i = 0; w->scratch && i < w->threads; i++)
        free_scratch(w->scratch + i);
    for (int a = 0; a < 3; a++)
        spline_axis_free(w->axes + a);
    sharpen_free(&w->sharpen);
    free(w->scratch);
    free(w->gain);
    free(w->histogram);
    free(w->counts);
    free(w->spare);
    free(w->fit);
    free(w->weights);
    free(w->lattice);
    free(w->planes);
    free(w->stats);
    free(w->field);
    free(w->logs);
    free(w->spans);
}

static float highest(const float *v, size_t n)
{
    float high = 0;
#pragma omp parallel for schedule(static) reduction(max : high)
    for (size_t i = 0; i < n; i++)
        high = v[i] > high ? v[i] : high;
    return high;
}

static enum ben_status take_logs(const struct volume *volume, float **logs)
{
    enum ben_status st = BEN_OK;
    const size_t n = volume_voxels(volume);
    const float *v = volume->data, least = fmaxf(DARKEST * highest(v, n), FLT_MIN);
    TRY_NEW(*logs = util_room(n * sizeof **logs));
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        (*logs)[i] = logf(fmaxf(v[i], least));
out:
    return st;
}

static enum ben_status threshold_of_logs(const struct comm *team, const struct volume *volume,
                                         int bins, float *above)
{
    enum ben_status st = BEN_OK;
    struct volume logs = *volume;
    logs.data = NULL;
    TRY(comm_agree(team, take_logs(volume, &logs.data)));
    TRY(otsu_threshold(team, &logs, bins, above));
    *above = expf(*above);
out:
    free(logs.data);
    return st;
}

/* The intensity above which voxels are foreground, at least zero. */
static enum ben_status find_foreground(const struct comm *team, const struct volume *volume,
                                       enum n4_foreground kind, int bins, float *above)
{
    enum ben_status st = BEN_OK;
    *above = 0;
    if (kind == BEN_N4_OTSU)
        TRY(otsu_threshold(team, volume, bins, above));
    if (kind == BEN_N4_OTSU_LOGS)
        TRY(threshold_of_logs(team, volume, bins, above));
    *above = *above > 0 ? *above : 0;
out:
    return st;
}

static size_t count_above(const struct volume *volume, float above)
{
    const size_t n = volume_voxels(volume);
    size_t count = 0;
#pragma omp parallel for schedule(static) reduction(+ : count)
    for (size_t i = 0; i < n; i++)
        count += volume->data[i] > above;
    return count;
}

enum ben_status n4_shading(const struct comm *team, const struct volume *volume, double *ratio)
{
    enum ben_status st = BEN_OK;
    const struct n4_config usual = n4_config_default(), strong = n4_config_strong();
    float bright, all;
    TRY(find_foreground(team, volume, usual.foreground, usual.otsu_bins, &bright));
    TRY(find_foreground(team, volume, strong.foreground, strong.otsu_bins, &all));
    *ratio = (double)count_above(volume, all) / fmax(1, (double)count_above(volume, bright));
out:
    return st;
}

static void sample_line(const struct work *w, const float *from, const uint8_t *mask, float *to)
{
    int step = w->report.factor[0];
    for (int x = 0; x < w->dim[0]; x++) {
        size_t at = (size_t)(w->offset[0] + x * step);
        bool inside = from[at] > w->report.foreground_above && (!mask || mask[at]);
        to[x] = inside ? logf(from[at]) : N4_OUTSIDE;
    }
}

static void sample_logs(struct work *w, const struct volume *volume, const uint8_t *mask)
{
    const int *factor = w->report.factor;
#pragma omp parallel for schedule(static)
    for (long z = 0; z < w->count; z++)
        for (int y = 0; y < w->dim[1]; y++) {
            size_t k = (size_t)(w->offset[2] + (w->first + z) * factor[2]);
            size_t j = (size_t)(w->offset[1] + y * factor[1]);
            size_t from = (k * (size_t)volume->dim[1] + j) * (size_t)volume->dim[0];
            size_t to = (size_t)(z * w->dim[1] + y) * (size_t)w->dim[0];
            sample_line(w, volume->data + from, mask ? mask + from : NULL, w->logs + to);
        }
}

/* ---- The steps of an iteration ---- */

static bool threads_pay(const struct work *w)
{
    return w->count * w->dim[1] * w->dim[0] >= PARALLEL_WORK;
}

/* Where own slice z, line y starts. */
static size_t line_at(const struct work *w, long z, int y)
{
    return (size_t)(z * w->dim[1] + y) * (size_t)w->dim[0];
}

static void start_columns(int n, const struct n4_columns *sums)
{
    for (int x = 0; x < n; x++) {
        sums->change[x] = sums->squares[x] = 0;
        sums->low[x] = FLT_MAX;
        sums->high[x] = -FLT_MAX;
    }
}

/* Voxels outside the foreground are far below all others: they are never the highest of a slice
 * that has any. */
static struct slice_stats finish_columns(int n, const struct n4_columns *sums, double voxels)
{
    struct slice_stats all = {.low = DBL_MAX, .high = -DBL_MAX, .voxels = voxels};
    for (int x = 0; x < n; x++) {
        all.change += sums->change[x];
        all.squares += sums->squares[x];
        all.low = sums->low[x] < all.low ? sums->low[x] : all.low;
        all.high = sums->high[x] > all.high ? sums->high[x] : all.high;
    }
    return all;
}

static void update_slice(struct work *w, const struct scratch *s, long z)
{
    struct slice_stats *stats = w->stats + w->first + z;
    if (stats->voxels == 0)
        return;
    spline_slice(w->axes, w->lattice, (int)(w->first + z), s->plane, s->rows);
    start_columns(w->dim[0], &s->sums);
    for (int y = 0; y < w->dim[1]; y++) {
        size_t at = line_at(w, z, y);
        struct n4_span span = w->spans[z * w->dim[1] + y];
        spline_line(w->axes, s->rows, y, span.begin, span.end, s->line);
        n4_lines_compare(span, w->logs + at, s->line, w->field + at, &s->sums);
    }
    *stats = finish_columns(w->dim[0], &s->sums, stats->voxels);
}

/* All slices' stats -> low, high, and how much the field changed: the coefficient of variation
 * of the ratio of the two fields. */
static void sum_stats(struct work *w)
{
    double change = 0, squares = 0, n = (double)w->report.voxels;
    w->low = DBL_MAX;
    w->high = -DBL_MAX;
    for (int z = 0; z < w->dim[2]; z++) {
        const struct slice_stats *s = w->stats + z;
        if (s->voxels == 0)
            continue;
        change += s->change;
        squares += s->squares;
        w->low = s->low < w->low ? s->low : w->low;
        w->high = s->high > w->high ? s->high : w->high;
    }
    double mean = change / n, variance = (squares - change * mean) / (n - 1);
    w->report.change = sqrt(fmax(variance, 0)) / (1 + mean);
}

/* The field from the lattice, and what follows from it. Collective. */
static enum ben_status update_field(struct work *w)
{
    enum ben_status st = BEN_OK;
#pragma omp parallel for schedule(static) if (threads_pay(w))
    for (long z = 0; z < w->count; z++)
        update_slice(w, w->scratch + omp_get_thread_num(), z);
    TRY(comm_share_rows(&w->solvers, w->stats, w->dim[2], sizeof *w->stats));
    sum_stats(w);
out:
    return st;
}

static struct n4_scale histogram_scale(const struct work *w)
{
    int bins = w->config->bins;
    double per_unit = (bins - 1) * (double)N4_KEY_ONE / (w->high - w->low);
    return (struct n4_scale){.low = (float)w->low, .per_unit = (float)per_unit, .bins = bins};
}

static void count_slice(const struct work *w, const struct scratch *s, long z)
{
    const struct n4_scale scale = histogram_scale(w);
    for (int y = 0; y < w->dim[1]; y++) {
        size_t at = line_at(w, z, y);
        n4_lines_count(w->spans[z * w->dim[1] + y], &scale, w->logs + at, w->field + at,
                       s->keys, s->counts);
    }
}

/* Integers, so that the order of adding does not show. */
static void count_voxels(struct work *w)
{
    size_t bins = (size_t)w->config->bins;
    for (int t = 0; t < w->threads; t++)
        memset(w->scratch[t].counts, 0, 2 * (bins + 3) * sizeof *w->counts);
#pragma omp parallel for schedule(static) if (threads_pay(w))
    for (long z = 0; z < w->count; z++)
        count_slice(w, w->scratch + omp_get_thread_num(), z);
    for (size_t i = 0; i < bins; i++) {
        w->counts[i] = 0;
        for (int t = 0; t < w->threads; t++)
            w->counts[i] += w->scratch[t].counts[i] + w->scratch[t].counts[bins + 3 + i];
    }
}

/* gain := the log intensity to expect for each bin. Collective. */
static enum ben_status sharpen_histogram(struct work *w)
{
    enum ben_status st = BEN_OK;
    int bins = w->config->bins;
    count_voxels(w);
    TRY(comm_sum_u64(&w->solvers, w->counts, (size_t)bins));
    for (int i = 0; i < bins; i++)
        w->histogram[i] = (double)w->counts[i] / N4_KEY_ONE;
    sharpen_map(w->sharpen, w->histogram, w->low, (w->high - w->low) / (bins - 1), w->expected);
    for (int i = 0; i < bins; i++) {
        double next = i + 1 < bins ? w->expected[i + 1] : w->expected[i];
        w->gain[2 * i] = (float)w->expected[i];
        w->gain[2 * i + 1] = (float)(next - w->expected[i]) / N4_KEY_ONE;
    }
out:
    return st;
}

static void collect_slice(struct work *w, const struct scratch *s, enum spline_weight kind,
                          long z)
{
    const struct n4_scale scale = histogram_scale(w);
    size_t columns = (size_t)w->axes[1].controls * (size_t)w->dim[0];
    memset(s->columns, 0, columns * sizeof *s->columns);
    for (int y = 0; y < w->dim[1]; y++) {
        size_t at = line_at(w, z, y);
        struct n4_span span = w->spans[z * w->dim[1] + y];
        if (kind == SPLINE_SQUARE)
            n4_lines_inside(span, w->logs + at, s->line);
        else
            n4_lines_residual(span, &scale, w->gain, w->logs + at, w->field + at, s->keys,
                              s->line);
        spline_collect_line(w->axes, kind, y, span.begin, span.end, s->line, s->columns);
    }
    spline_collect_slice(w->axes, kind, s->columns,
                         w->planes + (size_t)(w->first + z) * plane_controls(w));
}

/* lattice := the sums of the fit: of the residuals (SPLINE_CUBE) or of the weights. Collective. */
static enum ben_status collect(struct work *w, enum spline_weight kind, double *lattice)
{
    enum ben_status st = BEN_OK;
#pragma omp parallel for schedule(static) if (threads_pay(w))
    for (long z = 0; z < w->count; z++)
        collect_slice(w, w->scratch + omp_get_thread_num(), kind, z);
    TRY(comm_share_rows(&w->solvers, w->planes, w->dim[2], plane_controls(w) * sizeof(double)));
    spline_collect(w->axes, kind, w->planes, lattice);
out:
    return st;
}

/* ---- Levels ---- */

static enum ben_status create_axes(const int dim[3], const int mesh[3],
                                   struct spline_axis axes[3])
{
    enum ben_status st = BEN_OK;
    for (int a = 0; a < 3; a++) {
        spline_axis_free(axes + a);
        TRY(spline_axis_create(dim[a], mesh[a], axes + a));
    }
out:
    return st;
}

/* The mesh becomes twice as fine, the field stays. */
static void refine_mesh(struct work *w)
{
    const int controls[3] = {w->axes[0].controls, w->axes[1].controls, w->axes[2].controls};
    double *refined = w->fit;
    spline_refine(controls, w->lattice, w->spare, refined);
    w->fit = w->lattice;
    w->lattice = refined;
    for (int a = 0; a < 3; a++)
        w->mesh[a] *= 2;
}

static enum ben_status iterate(struct work *w)
{
    enum ben_status st = BEN_OK;
    TRY(sharpen_histogram(w));
    TRY(collect(w, SPLINE_CUBE, w->fit));
    for (size_t i = 0; i < lattice_controls(w); i++)
        if (w->weights[i] > LEAST_WEIGHT)
            w->lattice[i] += w->fit[i] / w->weights[i];
    TRY(update_field(w));
out:
    return st;
}

static enum ben_status run_level(struct work *w, int level)
{
    enum ben_status st = BEN_OK;
    int *done = &w->report.iterations[level];
    TRY(comm_agree(&w->solvers, create_axes(w->dim, w->mesh, w->axes)));
    TRY(collect(w, SPLINE_SQUARE, w->weights));
    w->report.change = DBL_MAX;
    while (*done < w->config->iterations[level] && w->report.change > w->config->threshold &&
           w->high - w->low > LEAST_RANGE) {
        TRY(iterate(w));
        ++*done;
    }
    log_debug("N4: level %d: %d iterations, change %.3g", level + 1, *done, w->report.change);
out:
    return st;
}

/* Own slices' spans and voxels, then the total and the range of logs: whether there is anything
 * to correct. Collective. */
static enum ben_status look_at_foreground(struct work *w)
{
    enum ben_status st = BEN_OK;
    for (long z = 0; z < w->count; z++)
        for (int y = 0; y < w->dim[1]; y++)
            w->spans[z * w->dim[1] + y] = n4_lines_span(w->logs + line_at(w, z, y), w->dim[0],
                                                        &w->stats[w->first + z].voxels);
    TRY(comm_share_rows(&w->solvers, w->stats, w->dim[2], sizeof *w->stats));
    for (int z = 0; z < w->dim[2]; z++)
        w->report.voxels += (unsigned long)w->stats[z].voxels;
    if (w->report.voxels < 2)
        goto out;
    TRY(comm_agree(&w->solvers, create_axes(w->dim, w->mesh, w->axes)));
    TRY(update_field(w));
    w->report.corrected = w->high - w->low > LEAST_RANGE;
out:
    return st;
}

/* Collective on solvers. */
static enum ben_status estimate_field(struct work *w)
{
    enum ben_status st = BEN_OK;
    TRY(look_at_foreground(w));
    for (int level = 0; level < w->config->levels && w->report.corrected; level++) {
        if (level > 0)
            refine_mesh(w);
        TRY(run_level(w, level));
    }
out:
    return st;
}

/* ---- The full grid ---- */

static void apply_slice(const struct work *w, const struct spline_axis axes[3], int z,
                        struct volume *volume, float *log_field)
{
    const struct scratch *s = w->scratch + omp_get_thread_num();
    int n = axes[0].n;
    spline_slice(axes, w->lattice, z, s->plane, s->rows);
    for (int y = 0; y < axes[1].n; y++) {
        size_t at = ((size_t)z * (size_t)axes[1].n + (size_t)y) * (size_t)n;
        float *field = log_field ? log_field + at : s->line;
        spline_line(axes, s->rows, y, 0, n, field);
        n4_lines_apply(n, field, volume->data + at);
    }
}

/* Own slices of the full grid, then everybody's. Collective. */
static enum ben_status apply_field(struct work *w, struct volume *volume, float *log_field)
{
    enum ben_status st = BEN_OK;
    struct spline_axis axes[3] = {{0}, {0}, {0}};
    size_t slice_bytes = (size_t)volume->dim[0] * (size_t)volume->dim[1] * sizeof(float);
    long first, count;
    TRY(comm_agree(w->team, create_axes(volume->dim, w->mesh, axes)));
    comm_share(volume->dim[2], w->team->rank, w->team->size, &first, &count);
#pragma omp parallel for schedule(static)
    for (long z = first; z < first + count; z++)
        apply_slice(w, axes, (int)z, volume, log_field);
    TRY(comm_share_rows(w->team, volume->data, volume->dim[2], slice_bytes));
    if (log_field)
        TRY(comm_share_rows(w->team, log_field, volume->dim[2], slice_bytes));
out:
    for (int a = 0; a < 3; a++)
        spline_axis_free(axes + a);
    return st;
}

enum ben_status n4_correct(const struct comm *team, const struct n4_config *config,
                           struct volume *volume, const uint8_t *mask, float *log_field,
                           struct n4_report *report)
{
    enum ben_status st = BEN_OK;
    struct work w = {.team = team, .config = config};
    TRY(check_config(config));
    plan_grid(&w, volume);
    TRY(comm_agree(team, create_work(&w, volume)));
    TRY(find_foreground(team, volume, mask ? BEN_N4_POSITIVE : config->foreground,
                        config->otsu_bins, &w.report.foreground_above));
    sample_logs(&w, volume, mask);
    TRY(comm_agree(team, estimate_field(&w)));
    if (w.report.corrected) {
        TRY(apply_field(&w, volume, log_field));
    } else {
        log_debug("N4: left as it is: %lu voxels in the foreground, or no contrast among them",
                  w.report.voxels);
        if (log_field)
            memset(log_field, 0, volume_voxels(volume) * sizeof *log_field);
    }
    if (report)
        *report = w.report;
out:
    free_work(&w);
    return st;
}
