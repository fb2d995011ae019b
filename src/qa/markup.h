/* SPDX-License-Identifier: BSD-3-Clause */
/* What HTML pages and SVG pictures are written with. All Local. */
#ifndef BEN_QA_MARKUP_H
#define BEN_QA_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* Writes text so that it is text in HTML and XML, in elements and in quoted attributes, whatever
 * it holds: < > & " ' become references; control characters and bytes that are not UTF-8 become
 * U+FFFD. NULL is "". */
void markup_text(FILE *to, const char *text);

/* bytes [n] as base64 (RFC 4648), padded, in one line. */
void markup_base64(FILE *to, const void *bytes, size_t n);

#endif
