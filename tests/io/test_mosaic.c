/* SPDX-License-Identifier: BSD-3-Clause */
/* The picture is read back as PNG: the outline lies where the mask's edge is and nowhere else,
 * the patient's right is at the left, and no volume is too odd. */
#include "base/util.h"
#include "check.h"
#include "io/mosaic.h"

#include <png.h>

#include <string.h>

struct pixels {
    int width, height;
    uint8_t *rgb;
};

static struct pixels draw(const struct volume *volume, const uint8_t *mask,
                          const uint8_t *reference, const struct mosaic_options *options)
{
    char folder[256];
    png_image image = {.version = PNG_IMAGE_VERSION};
    struct pixels pixels;
    check_folder_create(folder);
    char *path = util_format("%s/m.png", folder);
    CHECK_OK(mosaic_write(path, volume, mask, reference, options));
    CU_ASSERT_FATAL(png_image_begin_read_from_file(&image, path));
    image.format = PNG_FORMAT_RGB;
    pixels.width = (int)image.width;
    pixels.height = (int)image.height;
    pixels.rgb = malloc(PNG_IMAGE_SIZE(image));
    CU_ASSERT_FATAL(png_image_finish_read(&image, NULL, pixels.rgb, 0, NULL));
    free(path);
    check_folder_remove(folder);
    return pixels;
}

/* Pixels whose channel c stands out, and their bounding box. */
static long count_colour(const struct pixels *p, int c, int box[4])
{
    long n = 0;
    box[0] = box[1] = 1 << 20;
    box[2] = box[3] = -1;
    for (int i = 0; i < p->width * p->height; i++) {
        const uint8_t *rgb = p->rgb + 3 * i;
        int x = i % p->width, y = i / p->width;
        if (rgb[c] < 150 || rgb[c] < rgb[(c + 1) % 3] + 80 || rgb[c] < rgb[(c + 2) % 3] + 80)
            continue;
        n++;
        box[0] = x < box[0] ? x : box[0];
        box[1] = y < box[1] ? y : box[1];
        box[2] = x > box[2] ? x : box[2];
        box[3] = y > box[3] ? y : box[3];
    }
    return n;
}

static struct volume *new_volume(int x, int y, int z, double mm)
{
    struct volume *volume;
    CHECK_OK(volume_create((int[3]){x, y, z}, (double[3]){1.0, 1.0, mm}, &volume));
    for (size_t i = 0; i < volume_voxels(volume); i++)
        volume->data[i] = (float)(i % 7);
    return volume;
}

/* A box of 20 x 10 voxels at 8 pixels each: the outline is its edge. */
static void test_outline(void)
{
    struct volume *volume = new_volume(64, 40, 4, 1.0);
    uint8_t *mask = calloc(volume_voxels(volume), 1);
    int box[4];
    for (int j = 15; j < 25; j++)
        for (int i = 6; i < 26; i++)
            mask[(2 * 40 + j) * 64 + i] = 1;
    const struct mosaic_options options = {.across = 2, .width_px = 1000};
    struct pixels p = draw(volume, mask, NULL, &options);
    CU_ASSERT_EQUAL(p.width, 64 * 8 + 8); /* only one slice holds the mask */
    CU_ASSERT_EQUAL(p.height, 40 * 8 + 8);
    long n = count_colour(&p, 0, box);
    CU_ASSERT(n >= 2 * (160 + 80) - 80 && n <= 2 * 2 * (160 + 80)); /* one or two pixels thin */
    /* i falls to the right, j falls downwards; the tile begins at pixel 4 */
    CHECK_NEAR(box[0], 4 + (64 - 26) * 8, 1.5);
    CHECK_NEAR(box[2], 4 + (64 - 6) * 8 - 1, 1.5);
    CHECK_NEAR(box[1], 4 + (40 - 25) * 8, 1.5);
    CHECK_NEAR(box[3], 4 + (40 - 15) * 8 - 1, 1.5);
    CU_ASSERT_EQUAL(count_colour(&p, 1, box), 0);
    free(p.rgb);
    free(mask);
    volume_free(&volume);
}

static void test_two_masks(void)
{
    struct volume *volume = new_volume(30, 30, 30, 2.0);
    uint8_t *mask = calloc(volume_voxels(volume), 1), *other = calloc(volume_voxels(volume), 1);
    int box[4];
    memset(mask + 9000, 1, 9000);
    memset(other + 12000, 1, 9000);
    for (int across = 0; across < 3; across++) {
        const struct mosaic_options options = {
            .across = across, .tiles = 6, .width_px = 500, .caption = "caption \xc3\xa9"};
        struct pixels p = draw(volume, mask, other, &options);
        CU_ASSERT(p.width <= 500);
        CU_ASSERT(count_colour(&p, 0, box) > 20);
        CU_ASSERT(count_colour(&p, 1, box) > 20);
        free(p.rgb);
    }
    free(other);
    free(mask);
    volume_free(&volume);
}

/* Empty masks, one voxel, nothing but NaN, a long thin volume. */
static void test_odd(void)
{
    static const int dims[][3] = {{1, 1, 1}, {3, 200, 2}, {256, 2, 1}};
    const struct mosaic_options options = {.across = 1};
    int box[4];
    for (int k = 0; k < 3; k++) {
        struct volume *volume = new_volume(dims[k][0], dims[k][1], dims[k][2], 0.1);
        uint8_t *mask = calloc(volume_voxels(volume), 1);
        struct pixels p = draw(volume, mask, NULL, &options);
        CU_ASSERT(p.width <= 1600 && p.height <= 4000);
        CU_ASSERT_EQUAL(count_colour(&p, 0, box), 0);
        free(p.rgb);
        for (size_t i = 0; i < volume_voxels(volume); i++)
            volume->data[i] = NAN;
        p = draw(volume, NULL, NULL, &options);
        CU_ASSERT(p.width > 0);
        free(p.rgb);
        free(mask);
        volume_free(&volume);
    }
}

static void test_not_writable(void)
{
    struct volume *volume = new_volume(4, 4, 4, 1.0);
    const struct mosaic_options options = {.across = 2};
    CU_ASSERT_EQUAL(mosaic_write("no/such/m.png", volume, NULL, NULL, &options), BEN_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(ben_error_text(), "no/such/m.png"));
    volume_free(&volume);
}

static const struct check_test tests[] = {
    {"the outline is the mask's edge", test_outline},
    {"two masks in every plane", test_two_masks},
    {"odd volumes", test_odd},
    {"a place that is not there", test_not_writable},
};

CHECK_MAIN("mosaic", tests)
