/* SPDX-License-Identifier: BSD-3-Clause */
#include "phantom_set.h"

#include "base/random.h"
#include "base/util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a modality brings along. */
static const struct modality {
    double noise, loss, warp; /* loss and warp at 7 T */
} modalities[BEN_PHANTOM_CONTRASTS] = {
    [BEN_PHANTOM_T1W] = {0.020, 0, 0},       [BEN_PHANTOM_T2W] = {0.025, 0, 0},
    [BEN_PHANTOM_EPI] = {0.035, 0.60, 0.10}, [BEN_PHANTOM_SWI] = {0.030, 0.45, 0},
    [BEN_PHANTOM_ASL] = {0.050, 0.30, 0.05},
};

/* Reads a list "4.7; 3; 1.5", of which the animals take turns, or a range "0.3-0.6", from which
 * they draw; NaN where it is neither. */
static double draw(const char *text, int animal, double uniform)
{
    double value[8];
    int n = 0;
    char *end = NULL;
    for (const char *at = text; at && n < 8; at = *end ? end + 1 : NULL) {
        value[n++] = strtod(at, &end);
        if (end == at)
            return NAN;
        if (*end == '-' && n == 1)
            return value[0] + uniform * (strtod(end + 1, NULL) - value[0]);
    }
    return n > 0 ? value[animal % n] : NAN;
}

/* Slices of a usual scan of the set. */
static int usual_slices(const struct study_set *set)
{
    double scans = study_value(set->scans), slices = study_value(set->slices);
    return scans > 0 && slices > 0 ? (int)fmax(1, rint(slices / scans)) : 0;
}

/* A grid that holds the head in its slices, with the usual number of them; limits enlarge the
 * voxels. across: the world axis that slices follow each other along. */
static void make_grid(const double head_mm[3], int n, double in_plane_mm, double thickness_mm,
                      const struct phantom_limits *limits, struct phantom_options *o)
{
    int across = species_plane(o->species), up = across == BEN_CORONAL ? 2 : 1;
    double wide_mm = 1.15 * head_mm[0], high_mm = 1.15 * head_mm[up], f = 1;
    double deep_mm = fmin(n > 0 ? n * thickness_mm : INFINITY, 1.1 * head_mm[across]);
    double largest = fmax(wide_mm, high_mm) / in_plane_mm;
    if (limits->matrix > 0)
        f = fmax(1, largest / limits->matrix);
    n = (int)fmax(1, rint(deep_mm / thickness_mm));
    if (limits->slices > 0 && n > limits->slices)
        n = limits->slices;
    o->dim[0] = (int)ceil(wide_mm / (f * in_plane_mm) - 1e-9);
    o->dim[1] = (int)ceil(high_mm / (f * in_plane_mm) - 1e-9);
    o->dim[2] = n;
    o->voxel_mm[0] = o->voxel_mm[1] = f * in_plane_mm;
    o->voxel_mm[2] = n > 1 ? fmax(thickness_mm, deep_mm / n) : thickness_mm;
}

static uint64_t name_hash(const char *name)
{
    return util_hash(UTIL_HASH_START, name, strlen(name));
}

enum ben_status phantom_of_set(const struct study_set *set, int animal,
                               const struct phantom_limits *limits,
                               struct phantom_options *options)
{
    enum ben_status st = BEN_OK;
    uint64_t seed = name_hash(set->id);
    struct random_stream random = random_open(seed, BEN_RANDOM_TEST, 3, (uint32_t)animal);
    double in_plane_mm = draw(set->in_plane_mm, animal, random_uniform(&random, 0));
    double thickness_mm = draw(set->thickness_mm, animal, random_uniform(&random, 0));
    double field_t = draw(set->field_t, animal, random_uniform(&random, 1));
    double head_mm[3];
    struct phantom_options o = phantom_defaults(set->species);
    if (!set->species || !set->modality || phantom_contrast_find(set->modality, &o.contrast) ||
        !(in_plane_mm > 0) || !(thickness_mm > 0) || !(field_t > 0))
        FAIL(BEN_E_ARG, "%s: species, modality, field and voxel size are needed", set->id);
    const struct modality *modality = &modalities[o.contrast];
    phantom_head_mm(o.species, head_mm);
    make_grid(head_mm, usual_slices(set), in_plane_mm, thickness_mm, limits, &o);
    o.shaped = true;
    o.cropped = true;
    o.bias = 0.05 + 0.025 * field_t;
    o.noise = modality->noise;
    o.loss = fmin(0.9, modality->loss * (0.5 + field_t / 14));
    o.warp = modality->warp * (0.5 + field_t / 14);
    o.scanner = seed;
    o.seed = seed + 1 + (uint64_t)animal;
    *options = o;
out:
    return st;
}
