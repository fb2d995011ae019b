/* SPDX-License-Identifier: BSD-3-Clause */
/* Components against a flood fill, and each step of the cleaning. */
#include "check.h"

#include "base/random.h"
#include "prep/components.h"
#include "prep/post.h"

static const double unit_mm[3] = {1, 1, 1};

/* The slow twin: relaxes labels until nothing changes. Returns the number of components. */
static long flood_label(const int dim[3], const uint8_t *mask, bool inside, int *label)
{
    const int step[3] = {1, dim[0], dim[0] * dim[1]};
    int n = dim[0] * dim[1] * dim[2];
    bool changed = true;
    for (int i = 0; i < n; i++)
        label[i] = (mask[i] != 0) == inside ? i : -1;
    while (changed) {
        changed = false;
        for (int i = 0; i < n; i++)
            for (int a = 0; a < 3; a++) {
                int at = i / step[a] % dim[a], next = i + step[a];
                if (label[i] < 0 || at + 1 == dim[a] || label[next] < 0 ||
                    label[i] == label[next])
                    continue;
                int low = label[i] < label[next] ? label[i] : label[next];
                label[i] = label[next] = low;
                changed = true;
            }
    }
    long count = 0;
    for (int i = 0; i < n; i++)
        count += label[i] == i;
    return count;
}

static bool on_border(const int dim[3], int i)
{
    const int at[3] = {i % dim[0], i / dim[0] % dim[1], i / dim[0] / dim[1]};
    for (int a = 0; a < 3; a++)
        if (dim[a] > 1 && (at[a] == 0 || at[a] == dim[a] - 1))
            return true;
    return false;
}

/* Component number c of found must be the voxels labelled with the c-th smallest label. */
static void check_component(const int dim[3], const struct components *found, long c, int root,
                            const int *label)
{
    int n = dim[0] * dim[1] * dim[2];
    uint8_t *painted = calloc((size_t)n, 1);
    bool *chosen = calloc((size_t)found->count, sizeof *chosen), border = false;
    long voxels = 0, wrong = 0;
    chosen[c] = true;
    components_paint(found, chosen, 9, painted);
    for (int i = 0; i < n; i++) {
        wrong += (painted[i] == 9) != (label[i] == root);
        voxels += label[i] == root;
        border |= label[i] == root && on_border(dim, i);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(found->list[c].voxels, voxels);
    CU_ASSERT_EQUAL(found->list[c].at_border, border);
    free(painted);
    free(chosen);
}

static void check_labels(const int dim[3], const uint8_t *mask, bool inside)
{
    int n = dim[0] * dim[1] * dim[2];
    int *label = malloc((size_t)n * sizeof *label);
    struct components found;
    long expected = flood_label(dim, mask, inside, label), c = 0;
    CHECK_OK(components_find(dim, mask, inside, &found));
    CU_ASSERT_EQUAL_FATAL(found.count, expected);
    for (int i = 0; i < n; i++)
        if (label[i] == i)
            check_component(dim, &found, c++, i, label);
    components_free(&found);
    free(label);
}

static void test_components_equal_a_flood_fill(void)
{
    const int dims[][3] = {{1, 1, 1}, {9, 1, 1}, {1, 7, 5}, {12, 11, 1}, {10, 9, 8}};
    const double densities[] = {0, 0.2, 0.35, 0.6, 1};
    struct random_stream stream = random_open(2, BEN_RANDOM_TEST, 0, 0);
    uint8_t mask[10 * 9 * 8];
    for (int d = 0; d < 5; d++)
        for (int p = 0; p < 5; p++) {
            int n = dims[d][0] * dims[d][1] * dims[d][2];
            for (int i = 0; i < n; i++)
                mask[i] = random_uniform(&stream, (uint32_t)(1000 * p + i)) < densities[p];
            check_labels(dims[d], mask, true);
            check_labels(dims[d], mask, false);
        }
}

/* A mask drawn as text, rows of one slice after the other. */
static void check_clean(const struct post_config *config, const int dim[3], const char *before,
                        const char *after)
{
    uint8_t mask[256];
    int n = dim[0] * dim[1] * dim[2];
    long voxels = -1, expected = 0;
    char result[257] = {0};
    for (int i = 0; i < n; i++)
        mask[i] = before[i] == '#' ? 7 : 0;
    CHECK_OK(post_clean(config, dim, unit_mm, mask, &voxels));
    for (int i = 0; i < n; i++) {
        result[i] = mask[i] ? '#' : '.';
        CU_ASSERT(mask[i] <= 1);
        expected += after[i] == '#';
    }
    CU_ASSERT_STRING_EQUAL(result, after);
    CU_ASSERT_EQUAL(voxels, expected);
}

static void test_largest_components_stay(void)
{
    struct post_config config = post_defaults();
    const int dim[3] = {10, 1, 1};
    const char *line = "##.###.#.#";
    config.fill_holes = false;
    check_clean(&config, dim, line, "...###....");
    config.components = 2;
    check_clean(&config, dim, line, "##.###....");
    config.components = 3; /* of equal ones the earlier stays */
    check_clean(&config, dim, line, "##.###.#..");
    config.components = 0;
    check_clean(&config, dim, line, line);
    config.min_voxels = 2;
    check_clean(&config, dim, line, "##.###....");
    config.min_mm3 = 2.5;
    check_clean(&config, dim, line, "...###....");
    config.min_mm3 = 3.5;
    check_clean(&config, dim, line, "..........");
}

static void test_diagonal_neighbours_are_apart(void)
{
    struct post_config config = post_defaults();
    const int dim[3] = {3, 3, 1};
    check_clean(&config, dim,
                "##."
                "..#"
                "..#",
                "##."
                "..."
                "...");
}

static void test_holes_are_filled(void)
{
    struct post_config config = post_defaults();
    const int flat[3] = {5, 4, 1};
    const char *ring = "####."
                       "#..#."
                       "####."
                       ".....";
    const char *disc = "####."
                       "####."
                       "####."
                       ".....";
    check_clean(&config, flat, ring, disc);
    config.fill_holes = false;
    check_clean(&config, flat, ring, ring);
    const int dim[3] = {3, 3, 3}; /* a tunnel through the middle, then a closed cavity */
    const char *pipe = "####.####"
                       "####.####"
                       "####.####";
    const char *shell = "#########"
                        "####.####"
                        "#########";
    const char *block = "#########"
                        "#########"
                        "#########";
    config.fill_holes = true;
    check_clean(&config, dim, pipe, pipe);
    check_clean(&config, dim, shell, block);
    config.fill_plane = 2;
    check_clean(&config, dim, pipe, block);
    config.fill_plane = 1; /* within slices along the pipe it reaches the border */
    check_clean(&config, dim, pipe, pipe);
    config.fill_plane = 0;
    check_clean(&config, dim, pipe, pipe);
}

static void test_slices_are_filled_across_every_axis(void)
{
    const int dims[3][3] = {{2, 3, 3}, {3, 2, 3}, {3, 3, 2}};
    const char *rings[3] = {"######"
                            "##..##"
                            "######",
                            "######"
                            "#.##.#"
                            "######",
                            "####.####"
                            "####.####"};
    for (int axis = 0; axis < 3; axis++) {
        struct post_config config = post_defaults();
        config.fill_holes = false;
        config.fill_plane = axis;
        check_clean(&config, dims[axis], rings[axis], "##################");
    }
}

static void test_slices_are_mended_first(void)
{
    struct post_config config = post_defaults();
    const int dim[3] = {3, 2, 7}; /* the middle slice is missing */
    const char *apart = "##################......##################";
    const char *first = "##################........................";
    check_clean(&config, dim, apart, first);
    config.mend_plane = 2;
    check_clean(&config, dim, apart, "##########################################");
    config.mend_plane = 1; /* no slice of these contradicts its neighbours */
    check_clean(&config, dim, apart, first);
}

/* A neck at the field of view's end, one voxel of waist, the brain. */
static void test_slices_beyond_a_waist_go(void)
{
    struct post_config config = post_defaults();
    const int dim[3] = {3, 2, 8};
    const char *head = "#############.....##################............";
    check_clean(&config, dim, head, head);
    config.mend_plane = 2;
    check_clean(&config, dim, head, "............#.....##################............");
}

static void test_threshold_and_bad_configurations(void)
{
    const float prob[4] = {0.2F, 0.5F, 0.50001F, NAN};
    const int dim[3] = {4, 1, 1};
    struct post_config config = post_defaults();
    uint8_t mask[4];
    long voxels;
    CHECK_OK(post_mask(&config, dim, unit_mm, prob, mask, &voxels));
    CU_ASSERT_EQUAL(voxels, 1);
    CU_ASSERT_EQUAL(mask[2], 1);
    config.threshold = 1;
    CU_ASSERT_EQUAL(post_mask(&config, dim, unit_mm, prob, mask, &voxels), BEN_E_ARG);
    config = post_defaults();
    config.components = -1;
    CU_ASSERT_EQUAL(post_mask(&config, dim, unit_mm, prob, mask, &voxels), BEN_E_ARG);
    config = post_defaults();
    config.fill_plane = 3;
    CU_ASSERT_EQUAL(post_mask(&config, dim, unit_mm, prob, mask, &voxels), BEN_E_ARG);
    config = post_defaults();
    config.mend_plane = 3;
    CU_ASSERT_EQUAL(post_mask(&config, dim, unit_mm, prob, mask, &voxels), BEN_E_ARG);
}

/* A mask in its probability's place is the same. */
static void test_in_place(void)
{
    enum { SIDE = 29, VOXELS = SIDE * SIDE * SIDE };
    const int dim[3] = {SIDE, SIDE, SIDE};
    const struct post_config config = post_defaults();
    struct random_stream stream = random_open(3, BEN_RANDOM_TEST, 0, 0);
    float *prob = malloc(VOXELS * sizeof *prob);
    uint8_t *mask = malloc(VOXELS);
    long apart = 0, in_place = 0;
    CU_ASSERT_FATAL(prob && mask);
    for (uint32_t i = 0; i < VOXELS; i++)
        prob[i] = (float)random_uniform(&stream, i);
    CHECK_OK(post_mask(&config, dim, unit_mm, prob, mask, &apart));
    CHECK_OK(post_mask(&config, dim, unit_mm, prob, (uint8_t *)prob, &in_place));
    CU_ASSERT(apart > VOXELS / 4 && apart == in_place);
    CU_ASSERT_EQUAL(memcmp(mask, prob, VOXELS), 0);
    free(mask);
    free(prob);
}

static const struct check_test tests[] = {
    {"components equal a flood fill", test_components_equal_a_flood_fill},
    {"the largest components stay", test_largest_components_stay},
    {"diagonal neighbours are apart", test_diagonal_neighbours_are_apart},
    {"holes are filled", test_holes_are_filled},
    {"slices are filled across every axis", test_slices_are_filled_across_every_axis},
    {"slices are mended first", test_slices_are_mended_first},
    {"slices beyond a waist go", test_slices_beyond_a_waist_go},
    {"threshold and bad configurations", test_threshold_and_bad_configurations},
    {"a mask in its probability's place", test_in_place},
};

CHECK_MAIN("prep/post", tests)
