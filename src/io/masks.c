/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort_build.h"

#include "base/log.h"
#include "base/util.h"
#include "io/derivatives.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* A folder of the masks' data set as last read: scans come folder by folder. */
struct shelf {
    char *folder;
    struct listing files;
};

static enum ben_status open_shelf(struct shelf *shelf, const char *folder)
{
    enum ben_status st = BEN_OK;
    char *copy = NULL;
    if (shelf->folder && strcmp(shelf->folder, folder) == 0)
        return BEN_OK;
    TRY_NEW(copy = strdup(folder));
    listing_free(&shelf->files);
    free(shelf->folder);
    shelf->folder = copy;
    TRY(listing_read(folder, false, &shelf->files));
out:
    return st;
}

static void close_shelf(struct shelf *shelf)
{
    listing_free(&shelf->files);
    free(shelf->folder);
}

/* The file called stem with a NIfTI ending, if the shelf has it and it is not the image. */
static enum ben_status take(const struct shelf *shelf, const char *stem, struct scan *scan)
{
    static const char *const endings[] = {".nii.gz", ".nii", ".hdr"};
    enum ben_status st = BEN_OK;
    char *name = NULL, *path = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && !scan->mask; i++) {
        free(name);
        TRY_NEW(name = util_format("%s%s", util_basename(stem), endings[i]));
        if (!listing_has(&shelf->files, name))
            continue;
        TRY_NEW(path = util_format("%s/%s", shelf->folder, name));
        if (strcmp(path, scan->path) != 0) {
            scan->mask = path;
            path = NULL;
        }
        free(path);
        path = NULL;
    }
out:
    free(name);
    return st;
}

/* By name: as this program would call the mask, with and without space-; in a plain folder also
 * the image's own name. A mask without space- where several images differ by suffix alone could
 * be any one's, so it is left to the sidecars. */
static enum ben_status take_by_name(const struct shelf *shelf, const char *relative,
                                    struct scan *scan)
{
    enum ben_status st = BEN_OK;
    char *stem = NULL;
    struct derivative_source source = {
        .path = relative, .bids = scan->bids, .suffix_needed = scan->suffix_needed};
    TRY_NEW(stem = derivative_stem(&source, BEN_DERIVATIVE_MASK));
    TRY(take(shelf, stem, scan));
    if (scan->bids && !scan->suffix_needed) {
        free(stem);
        source.suffix_needed = true;
        TRY_NEW(stem = derivative_stem(&source, BEN_DERIVATIVE_MASK));
        TRY(take(shelf, stem, scan));
    }
    if (!scan->bids) {
        free(stem);
        TRY_NEW(stem = strndup(relative, strlen(relative) - nifti_ending(relative)));
        TRY(take(shelf, stem, scan));
    }
out:
    free(stem);
    return st;
}

/* Whether a source ("bids:raw:sub-01/anat/x.nii.gz" or a plain path) is the image: one path ends
 * with the other. */
static bool same_source(const char *source, const char *relative)
{
    if (strncmp(source, "bids:", 5) == 0) {
        const char *colon = strchr(source + 5, ':');
        source = colon ? colon + 1 : source + 5;
    }
    size_t a = strlen(source), b = strlen(relative), n = a < b ? a : b;
    if (n == 0 || strcmp(source + a - n, relative + b - n) != 0)
        return false;
    return a == b || (a > b ? source[a - n - 1] : relative[b - n - 1]) == '/';
}

static bool names_source(const char *path, const char *relative)
{
    json_error_t error;
    json_t *json = json_load_file(path, 0, &error);
    if (!json) {
        log_warn("%s: line %d: %s; left out", path, error.line, error.text);
        return false;
    }
    bool found = false;
    size_t i;
    json_t *sources = json_object_get(json, "Sources"), *source;
    if (json_is_string(sources))
        found = same_source(json_string_value(sources), relative);
    json_array_foreach(sources, i, source)
    {
        const char *text = json_string_value(source);
        found = found || (text && same_source(text, relative));
    }
    json_decref(json);
    return found;
}

static enum ben_status take_by_sidecar(const struct shelf *shelf, const char *relative,
                                       struct scan *scan)
{
    static const char ending[] = "_mask.json";
    enum ben_status st = BEN_OK;
    char *path = NULL;
    for (long i = 0; i < shelf->files.n && !scan->mask; i++) {
        const char *name = shelf->files.names[i];
        size_t n = strlen(name);
        if (n < sizeof ending || strcmp(name + n - (sizeof ending - 1), ending) != 0)
            continue;
        free(path);
        TRY_NEW(path = util_format("%s/%s", shelf->folder, name));
        if (!names_source(path, relative))
            continue;
        path[strlen(path) - strlen(".json")] = '\0';
        TRY(take(shelf, path, scan));
    }
out:
    free(path);
    return st;
}

static enum ben_status find_one(const char *folder, struct shelf *shelf, const char *relative,
                                struct scan *scan)
{
    enum ben_status st = BEN_OK;
    int n = (int)(util_basename(relative) - relative);
    char *path = NULL;
    TRY_NEW(path =
                util_format("%s%s%.*s", folder, n > 0 ? "/" : "", n > 0 ? n - 1 : 0, relative));
    TRY(open_shelf(shelf, path));
    TRY(take_by_name(shelf, relative, scan));
    if (!scan->mask)
        TRY(take_by_sidecar(shelf, relative, scan));
out:
    free(path);
    return st;
}

/* The part of an image's path from its sub- folder on; NULL where it lies in none. */
static const char *from_subject(const char *path)
{
    const char *at = strncmp(path, "sub-", 4) == 0 ? path : strstr(path, "/sub-");
    at += at && *at == '/';
    return at && strchr(at, '/') ? at : NULL;
}

/* A mask in the folder counts before the one that a manifest names. */
static enum ben_status search(const char *folder, struct shelf shelves[2], struct scan *scan,
                              bool *found)
{
    enum ben_status st = BEN_OK;
    const char *inner = scan->bids ? from_subject(scan->path) : NULL;
    char *named = scan->mask;
    scan->mask = NULL;
    TRY(find_one(folder, &shelves[0], scan->relative, scan));
    if (!scan->mask && inner && strcmp(scan->relative, inner) != 0)
        TRY(find_one(folder, &shelves[1], inner, scan));
out:
    *found = scan->mask != NULL;
    if (*found)
        free(named);
    else
        scan->mask = named;
    return st;
}

enum ben_status masks_find(const char *folder, struct scan *scans, long n)
{
    enum ben_status st = BEN_OK;
    struct shelf shelves[2] = {{0}};
    long found = 0;
    if (!util_is_dir(folder))
        FAIL(BEN_E_ARG, "%s: no such folder; --masks names a data set with masks", folder);
    for (long i = 0; i < n; i++) {
        bool here;
        TRY(search(folder, shelves, &scans[i], &here));
        found += here;
    }
    if (found == 0)
        log_warn("%s: holds no mask of the %ld scans; masks are named like "
                 "sub-01/anat/sub-01_desc-brain_mask.nii.gz",
                 folder, n);
out:
    close_shelf(&shelves[0]);
    close_shelf(&shelves[1]);
    return st;
}
