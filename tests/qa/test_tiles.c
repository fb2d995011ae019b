/* SPDX-License-Identifier: BSD-3-Clause */
/* Slices as HTML: right, front and top are where readers expect them, maps and outlines lie where
 * their voxels are, large slices are averaged down, and the same voxels give the same bytes. */
#include "check.h"
#include "markup.h"
#include "qa/tiles.h"

#include <png.h>
#include <string.h>

static const double mm[3] = {1, 2, 3};

static int count(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

/* All bright but for voxel 0. */
static struct volume *make(int nx, int ny, int nz)
{
    struct volume *v = NULL;
    CHECK_OK(volume_create((const int[3]){nx, ny, nz}, mm, &v));
    for (size_t i = 0; i < volume_voxels(v); i++)
        v->data[i] = i == 0 ? 0 : 100;
    return v;
}

static char *tiles_of(const struct tiles_input *input, int across, int most)
{
    struct tiles_view view;
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    CHECK_OK(tiles_open(input, &view));
    CHECK_OK(tiles_write(to, &view, across, most));
    fclose(to);
    CU_ASSERT(markup_good(text));
    return text;
}

/* The mask is the one voxel that is most to the right, front and top: in each plane it must be
 * in the upper left corner, where patients' right and fronts are. */
static void test_directions(void)
{
    struct volume *v = make(4, 5, 6);
    uint8_t mask[4 * 5 * 6] = {0};
    mask[4 * 5 * 6 - 1] = 1;
    const struct tiles_input input = {.image = v, .mask = mask};
    static const char *const labels[] = {"sagittal slice 3", "coronal slice 4",
                                         "axial slice 5"};
    static const char *const boxes[] = {"0 0 10 18", "0 0 4 18", "0 0 4 10"};
    for (int across = 0; across < 3; across++) {
        char *html = tiles_of(&input, across, 9);
        CU_ASSERT_EQUAL(count(html, "<figure"), 1); /* slices go over the mask's extent */
        CU_ASSERT(strstr(html, labels[across]) != NULL);
        CU_ASSERT(strstr(html, boxes[across]) != NULL); /* in mm */
        const char *path = strstr(html, " d=\"M");
        long x, y;
        CU_ASSERT_FATAL(path != NULL && sscanf(path, " d=\"M%ld %ldl", &x, &y) == 2);
        CU_ASSERT(x >= 0 && x <= 2 && y >= 0 && y <= 2); /* the first pixel's half units */
        free(html);
    }
    volume_free(&v);
}

/* The pixels of the first PNG of that class, decoded; width 0 where there is none. */
static png_image decode(const char *html, const char *class, uint8_t *pixels)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    png_image image = {.version = PNG_IMAGE_VERSION};
    char start[64];
    snprintf(start, sizeof start, "<image class=\"%s\"", class);
    const char *at = strstr(html, start);
    at = at ? strstr(at, "base64,") : NULL;
    if (!at)
        return image;
    static uint8_t bytes[1 << 20];
    size_t n = 0;
    unsigned word = 0;
    int held = 0;
    for (at += 7; *at != '"' && *at != '='; at++) {
        word = (word << 6 | (unsigned)(strchr(digits, *at) - digits)) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[n++] = (uint8_t)(word >> held);
        }
    }
    CU_ASSERT_FATAL(png_image_begin_read_from_memory(&image, bytes, n) != 0);
    image.format = PNG_FORMAT_RGBA;
    CU_ASSERT_FATAL(png_image_finish_read(&image, NULL, pixels, 0, NULL) != 0);
    return image;
}

/* Voxel 0 is left, back and bottom: dark, in the lower right corner; a map that is hot there
 * covers that pixel alone. */
static void test_pixels(void)
{
    static uint8_t pixels[1 << 20];
    struct volume *v = make(3, 4, 2);
    float hot[24] = {0.25F}, cold[24] = {0};
    const struct tiles_input input = {
        .image = v, .corrected = v, .uncertainty = hot, .attention = cold};
    char *html = tiles_of(&input, 2, 2);
    CU_ASSERT_EQUAL(count(html, "<figure"), 2);
    CU_ASSERT_EQUAL(count(html, "class=\"n4\""), 2);
    CU_ASSERT_EQUAL(count(html, "class=\"uncertainty\""), 1); /* slice 1 has none */
    CU_ASSERT_EQUAL(count(html, "class=\"attention\""), 0);
    png_image image = decode(html, "image", pixels);
    CU_ASSERT(image.width == 3 && image.height == 4);
    CU_ASSERT_EQUAL(pixels[4 * 11], 0);
    for (int i = 0; i < 11; i++)
        CU_ASSERT_EQUAL(pixels[4 * i], 255);
    image = decode(html, "uncertainty", pixels);
    CU_ASSERT(image.width == 3 && image.height == 4);
    for (int i = 0; i < 12; i++)
        CU_ASSERT_EQUAL(pixels[4 * i + 3] > 128, i == 11);
    char *again = tiles_of(&input, 2, 2);
    CU_ASSERT_STRING_EQUAL(html, again);
    free(again);
    free(html);
    volume_free(&v);
}

static void test_large_slices(void)
{
    static uint8_t pixels[1 << 22];
    struct volume *v = make(1200, 900, 1);
    const struct tiles_input input = {.image = v};
    char *html = tiles_of(&input, 2, 4);
    png_image image = decode(html, "image", pixels);
    CU_ASSERT(strstr(html, "width=\"1200\" height=\"900\"") != NULL);
    CU_ASSERT(image.width == 600 && image.height == 450);
    free(html);
    volume_free(&v);
}

static void test_no_contrast(void)
{
    struct volume *v = make(3, 3, 3);
    struct tiles_view view;
    v->data[0] = 100;
    const struct tiles_input input = {.image = v};
    CU_ASSERT_EQUAL(tiles_open(&input, &view), BEN_E_INPUT);
    volume_free(&v);
}

static const struct check_test tests[] = {
    {"directions", test_directions},
    {"pixels of image and maps", test_pixels},
    {"large slices are averaged", test_large_slices},
    {"an image without contrast", test_no_contrast},
};

CHECK_MAIN("tiles", tests)
