/* SPDX-License-Identifier: BSD-3-Clause */
/* A small colour picture in memory: blend pixels, write text, save as PNG. All Local. */
#ifndef BEN_IO_PICTURE_H
#define BEN_IO_PICTURE_H

#include "base/status.h"

#include <stdint.h>

#define BEN_FONT_WIDTH  6 /* of a character at scale 1, the gap to the next included */
#define BEN_FONT_HEIGHT 7

struct picture {
    int width, height;
    uint8_t *rgb; /* [height][width][3], owned */
};

struct colour {
    uint8_t r, g, b;
};

/* A black picture. Fails: BEN_E_MEMORY. */
enum ben_status picture_create(int width, int height, struct picture **picture);
void picture_free(struct picture **picture);

/* The pixel becomes (1 - alpha) * itself + alpha * colour; outside is ignored. */
void picture_blend(struct picture *picture, int x, int y, struct colour colour, double alpha);

/* Text with its upper left corner at (x, y), each dot scale pixels wide. Bytes that are not
 * printable ASCII show as '?'. Cut off at the picture's edge. */
void picture_text(struct picture *picture, int x, int y, int scale, struct colour colour,
                  const char *text);

/* Writes a PNG, atomically. Fails: BEN_E_IO, BEN_E_MEMORY. */
enum ben_status picture_write(const struct picture *picture, const char *path);

#endif
