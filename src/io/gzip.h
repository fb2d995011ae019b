/* SPDX-License-Identifier: BSD-3-Clause */
/* A gzip file inflated at once, where its size is known beforehand: by libdeflate, in less than
 * half the time of zlib's stream, which remains for what is too large and for telling what is
 * wrong with a file. */
#ifndef BEN_IO_GZIP_H
#define BEN_IO_GZIP_H

#include <stdbool.h>
#include <stddef.h>

/* The open file of file_bytes, whose place stays, -> to [bytes]. stored: room for the file's bytes;
 * NULL: it takes its own. False, and to undefined, unless the file is one gzip member that inflates
 * to exactly that many bytes and fits its checksum. Local. */
bool gzip_inflate(int fd, size_t file_bytes, void *stored, void *to, size_t bytes);

#endif
