/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/gzip.h"

#include "base/util.h"

#include <libdeflate.h>

#include <stdlib.h>
#include <unistd.h>

static bool read_all(int fd, char *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = pread(fd, to + at, n - at, (off_t)at);
        if (got <= 0)
            return false;
        at += (size_t)got;
    }
    return true;
}

bool gzip_inflate(int fd, size_t file_bytes, void *stored, void *to, size_t bytes)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    void *own = stored ? NULL : util_room(file_bytes);
    const void *from = stored ? stored : own;
    size_t taken = 0;
    bool good = inflater && from && read_all(fd, stored ? stored : own, file_bytes) &&
                libdeflate_gzip_decompress_ex(inflater, from, file_bytes, to, bytes, &taken,
                                              NULL) == LIBDEFLATE_SUCCESS &&
                taken == file_bytes; /* nothing behind the member */
    libdeflate_free_decompressor(inflater);
    free(own);
    return good;
}
