/* SPDX-License-Identifier: BSD-3-Clause */
/* Made-up heads, slices painted from them, artefacts: what must hold whatever is drawn. */
#include "check.h"
#include "train/artefact.h"
#include "train/head_make.h"
#include "train/synth.h"

#include <stdlib.h>
#include <string.h>

#define SIZE   48
#define PIXELS (SIZE * SIZE)
#define TRIES  60

static float x[PIXELS], y[PIXELS], again[PIXELS], mask_again[PIXELS], scratch[2 * PIXELS];

static size_t voxels_of(const int dim[3])
{
    return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}

/* A ball of radius 6 mm on slices of 3 mm. */
static uint8_t *make_ball(const int dim[3], const double mm[3])
{
    uint8_t *mask = calloc(voxels_of(dim), 1);
    for (int k = 0, i = 0; k < dim[2]; k++)
        for (int j = 0; j < dim[1]; j++)
            for (int l = 0; l < dim[0]; l++, i++) {
                double p[3] = {(l + .5) * mm[0], (j + .5) * mm[1], (k + .5) * mm[2]};
                for (int a = 0; a < 3; a++)
                    p[a] -= dim[a] * mm[a] / 2;
                mask[i] = p[0] * p[0] + p[1] * p[1] + p[2] * p[2] < 36;
            }
    return mask;
}

/* Thick slices become a ball again: its volume within 15 % of the mask's, whose end slices taper off. */
static void test_brain_of_mask(void)
{
    const int dim[3] = {40, 40, 9};
    const double mm[3] = {.5, .5, 3};
    uint8_t *mask = make_ball(dim, mm);
    struct brain_field field;
    CHECK_OK(brain_of_mask(dim, mm, mask, .5, &field));
    double volume = 0, expected = 0;
    for (size_t i = 0; i < voxels_of(field.dim); i++)
        volume += (field.distance[i] < 0) * pow(field.mm, 3);
    for (size_t i = 0; i < voxels_of(dim); i++)
        expected += mask[i] * mm[0] * mm[1] * mm[2];
    CU_ASSERT_DOUBLE_EQUAL(volume, expected, .15 * expected);
    brain_field_free(&field);
    memset(mask, 0, voxels_of(dim));
    CU_ASSERT_EQUAL(brain_of_mask(dim, mm, mask, .5, &field), BEN_E_INPUT);
    free(mask);
}

static void make(uint32_t number, struct head *head, uint8_t **voxels)
{
    const struct random_stream stream = random_open(3, BEN_RANDOM_TEST, number, 0);
    struct brain_field field;
    CHECK_OK(brain_shape(&stream, &field));
    CHECK_OK(head_around(&stream, &field, head, voxels));
    brain_field_free(&field);
}

/* The brain lies inside the grid, something lies around it and air around that. */
static void test_made_head(void)
{
    if (getenv("BEN_TEST_QUICK")) /* the next test makes one too */
        return;
    for (uint32_t number = 0; number < 3; number++) {
        struct head head;
        uint8_t *voxels;
        size_t brain = 0, around = 0, air = 0, unknown = 0;
        make(number, &head, &voxels);
        for (int a = 0; a < 3; a++) {
            CU_ASSERT_TRUE(head.brain.first[a] > 0);
            CU_ASSERT_TRUE(head.brain.first[a] + head.brain.size[a] < head.dim[a]);
        }
        size_t n = voxels_of(head.dim);
        for (size_t i = 0; i < n; i++) {
            int label = voxels[i] & (BEN_HEAD_BRAIN - 1);
            unknown += label >= head.n_labels;
            brain += voxels[i] >= BEN_HEAD_BRAIN;
            around += label > 0 && voxels[i] < BEN_HEAD_BRAIN;
            air += label == 0;
        }
        CU_ASSERT_EQUAL(unknown, 0);
        CU_ASSERT_TRUE(brain > n / 50);
        CU_ASSERT_TRUE(around > n / 20);
        CU_ASSERT_TRUE(air > n / 20);
        free(voxels);
    }
}

/* The same numbers for the same sample, whatever came before; others for another one; brain is
 * seen in most slices and never fills one. */
static void test_painted(void)
{
    struct head head;
    uint8_t *voxels;
    int with_brain = 0;
    make(1, &head, &voxels);
    head.plane = BEN_CORONAL;
    head.share[1] = 1;
    const struct heads heads = {.n = 1, .list = &head, .voxels = voxels};
    for (uint32_t s = 0; s < TRIES; s++) {
        double brain = 0;
        int bad = 0;
        synth_slice(&heads, &(struct sample_key){8, 1, s}, SIZE, x, y, scratch);
        for (int i = 0; i < PIXELS; i++) {
            bad += !(isfinite(x[i]) && x[i] >= 0 && (y[i] == 0 || y[i] == 1));
            brain += y[i];
        }
        CU_ASSERT_EQUAL(bad, 0);
        with_brain += brain > 0;
        CU_ASSERT_TRUE(brain < .97 * PIXELS);
    }
    CU_ASSERT_TRUE(with_brain > TRIES / 2);
    CU_ASSERT_TRUE(with_brain < TRIES);
    synth_slice(&heads, &(struct sample_key){8, 1, 5}, SIZE, x, y, scratch);
    synth_slice(&heads, &(struct sample_key){8, 1, 6}, SIZE, again, mask_again, scratch);
    CU_ASSERT_NOT_EQUAL(memcmp(x, again, sizeof x), 0);
    synth_slice(&heads, &(struct sample_key){8, 1, 5}, SIZE, again, mask_again, scratch);
    CU_ASSERT_EQUAL(memcmp(x, again, sizeof x), 0);
    CU_ASSERT_EQUAL(memcmp(y, mask_again, sizeof y), 0);
    free(voxels);
}

static void make_disc(void)
{
    for (int r = 0; r < SIZE; r++)
        for (int c = 0; c < SIZE; c++) {
            double d = hypot(r - 22, c - 25);
            y[r * SIZE + c] = d < 12;
            x[r * SIZE + c] = d < 12 ? .6F : d < 18 ? .3F : 0;
        }
}

static double mean_where(const float *of, float inside)
{
    double sum = 0, n = 0;
    for (int i = 0; i < PIXELS; i++)
        if (y[i] == inside && x[i] >= 0) {
            sum += of[i];
            n++;
        }
    return sum / n;
}

/* Averages keep the mean of what is constant, and smooth a step by their width. */
static void test_average(void)
{
    for (int i = 0; i < PIXELS; i++)
        x[i] = i % SIZE < 20 ? 0 : 1;
    artefact_average(SIZE, 2, x, again);
    CU_ASSERT_DOUBLE_EQUAL(again[5 * SIZE + 17], 0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(again[5 * SIZE + 18], .2, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(again[5 * SIZE + 21], .8, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(again[5 * SIZE + 47], 1, 1e-6);
}

/* Air stays dark; brain and surroundings go their own ways: both orders of brightness occur. */
static void test_repaint(void)
{
    int brighter = 0;
    for (uint32_t s = 0; s < TRIES; s++) {
        struct draws draws = {random_open(1, BEN_RANDOM_TEST, 2, s), 0};
        make_disc();
        artefact_repaint(&draws, SIZE, y, x, scratch);
        CU_ASSERT_DOUBLE_EQUAL(x[0], 0, 1e-6);
        brighter += x[22 * SIZE + 25] > x[22 * SIZE + 25 + 16];
    }
    CU_ASSERT_TRUE(brighter > TRIES / 5);
    CU_ASSERT_TRUE(brighter < TRIES - TRIES / 5);
}

static void test_losses(void)
{
    struct draws draws = {random_open(1, BEN_RANDOM_TEST, 3, 0), 0};
    make_disc();
    memcpy(again, x, sizeof x);
    artefact_loss(&draws, SIZE, x);
    double lost = 0;
    for (int i = 0; i < PIXELS; i++) {
        CU_ASSERT_TRUE_FATAL(x[i] >= 0 && x[i] <= again[i]);
        lost += again[i] - x[i];
    }
    CU_ASSERT_TRUE(lost > 0);
    make_disc();
    artefact_strip(&draws, SIZE, y, x, scratch);
    CU_ASSERT_DOUBLE_EQUAL(mean_where(x, 1), .6, .02);
    CU_ASSERT_EQUAL(x[2 * SIZE + 25], 0);
}

/* The brain nearly stays as it is, far from it all becomes darker in the same measure. */
static void test_dim(void)
{
    double darker = 0;
    for (uint32_t s = 0; s < TRIES; s++) {
        struct draws draws = {random_open(1, BEN_RANDOM_TEST, 8, s), 0};
        make_disc();
        memcpy(again, x, sizeof x);
        artefact_dim(&draws, SIZE, y, x, scratch);
        int bad = 0;
        for (int i = 0; i < PIXELS; i++)
            bad += !(x[i] >= 0 && x[i] <= again[i]);
        CU_ASSERT_EQUAL(bad, 0);
        CU_ASSERT_DOUBLE_EQUAL(x[22 * SIZE + 25], .6, .1);
        darker += 1 - x[22 * SIZE + 25 + 16] / .3;
    }
    CU_ASSERT_TRUE(darker > .2 * TRIES);
    CU_ASSERT_TRUE(darker < .9 * TRIES);
}

/* A coil sees one side brighter than the other, and the middle as it was. */
static void test_coil(void)
{
    for (uint32_t s = 0; s < 10; s++) {
        struct draws draws = {random_open(1, BEN_RANDOM_TEST, 4, s), 0};
        float low = 1e9F, high = 0;
        for (int i = 0; i < PIXELS; i++)
            x[i] = .5F;
        artefact_coil(&draws, SIZE, x);
        for (int i = 0; i < PIXELS; i++) {
            low = fminf(low, x[i]);
            high = fmaxf(high, x[i]);
        }
        CU_ASSERT_TRUE(high > 1.2F * low);
        CU_ASSERT_DOUBLE_EQUAL(x[SIZE / 2 * SIZE + SIZE / 2], .5, .05);
    }
}

/* Coarse pixels keep the sum of the image, nearly, and lose its detail. */
static void test_resolution(void)
{
    struct draws draws = {random_open(1, BEN_RANDOM_TEST, 5, 1), 0};
    double before = 0, after = 0, rough = 0;
    for (int i = 0; i < PIXELS; i++)
        before += x[i] = (i % SIZE + i / SIZE) % 2;
    artefact_resolution(&draws, .25, SIZE, x, scratch);
    for (int i = 0; i < PIXELS; i++) {
        after += x[i];
        rough = fmax(rough, i % SIZE ? fabsf(x[i] - x[i - 1]) : 0);
    }
    CU_ASSERT_DOUBLE_EQUAL(after / before, 1, .03);
    CU_ASSERT_TRUE(rough < .95);
}

static void test_frame_and_ghost(void)
{
    struct draws draws = {random_open(1, BEN_RANDOM_TEST, 6, 0), 0};
    make_disc();
    memcpy(again, x, sizeof x);
    artefact_ghost(&draws, SIZE, x, scratch);
    double more = 0;
    for (int i = 0; i < PIXELS; i++) {
        CU_ASSERT_TRUE_FATAL(x[i] >= again[i]);
        more += x[i] - again[i];
    }
    CU_ASSERT_TRUE(more > 0);
    for (int i = 0; i < PIXELS; i++)
        x[i] = y[i] = 1;
    artefact_frame(&draws, SIZE, x, y);
    CU_ASSERT_EQUAL(memcmp(x, y, sizeof x), 0);
    CU_ASSERT_TRUE(memchr(x, 0, sizeof x) != NULL);
    CU_ASSERT_EQUAL(x[SIZE / 2 * SIZE + SIZE / 2], 1);
}

static const struct check_test tests[] = {
    {"brain of a mask", test_brain_of_mask},
    {"made-up heads", test_made_head},
    {"painted slices", test_painted},
    {"averages", test_average},
    {"repainting", test_repaint},
    {"signal loss and stripping", test_losses},
    {"dim surroundings", test_dim},
    {"surface coil", test_coil},
    {"resolution", test_resolution},
    {"frame and ghost", test_frame_and_ghost},
};

CHECK_MAIN("train/synth", tests)
