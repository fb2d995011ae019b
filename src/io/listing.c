/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/cohort_build.h"

#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Most file systems tell the kind with the name, which saves a stat per file. A link counts as
 * what it is asked for: looking behind it is left to who opens it. */
static bool is_kind(const char *folder, const struct dirent *entry, bool folders)
{
    struct stat s;
    if (entry->d_type == DT_DIR)
        return folders;
    if (entry->d_type == DT_REG)
        return !folders;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return false;
    if (entry->d_type == DT_LNK && !folders)
        return true;
    char *path = util_format("%s/%s", folder, entry->d_name);
    bool found =
        path && stat(path, &s) == 0 && (folders ? S_ISDIR(s.st_mode) : S_ISREG(s.st_mode));
    free(path);
    return found;
}

static enum ben_status append(struct listing *l, long *room, const char *name)
{
    enum ben_status st = BEN_OK;
    if (l->n == *room) {
        char **more;
        *room = *room ? 2 * *room : 32;
        TRY_NEW(more = realloc(l->names, (size_t)*room * sizeof *more));
        l->names = more;
    }
    TRY_NEW(l->names[l->n] = strdup(name));
    l->n++;
out:
    return st;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum ben_status listing_read(const char *folder, bool folders, struct listing *listing)
{
    enum ben_status st = BEN_OK;
    long room = 0;
    *listing = (struct listing){0};
    DIR *d = opendir(folder);
    if (!d && (errno == ENOENT || errno == ENOTDIR))
        return BEN_OK;
    if (!d)
        FAIL(BEN_E_IO, "%s: cannot read the folder: %s", folder, strerror(errno));
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(d);
        if (!entry)
            break;
        if (entry->d_name[0] != '.' && is_kind(folder, entry, folders))
            TRY(append(listing, &room, entry->d_name));
    }
    if (errno)
        FAIL(BEN_E_IO, "%s: cannot read the folder: %s", folder, strerror(errno));
    if (listing->n > 0)
        qsort(listing->names, (size_t)listing->n, sizeof *listing->names, compare_names);
out:
    if (d)
        closedir(d);
    if (st)
        listing_free(listing);
    return st;
}

bool listing_has(const struct listing *listing, const char *name)
{
    return listing->n > 0 && bsearch(&name, listing->names, (size_t)listing->n,
                                     sizeof *listing->names, compare_names);
}

void listing_free(struct listing *listing)
{
    for (long i = 0; i < listing->n; i++)
        free(listing->names[i]);
    free(listing->names);
    *listing = (struct listing){0};
}
