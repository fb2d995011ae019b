/* SPDX-License-Identifier: BSD-3-Clause */
/* Volumes over ranks: every rank gets the rows of one rank alone, rank 0 the regions, from files of known
 * size; visits in order of time; what the tables hold of outliers is tested by the program's tests. */
#include "check_ranks.h"

#include "base/util.h"
#include "io/nifti.h"
#include "qa/volumes_inner.h"

#include <string.h>

enum { SCANS = 6 };

/* size^3 voxels of 10^3, edges 0.5 x 0.5 x 2 mm: 1, or, where label is not 0, label in the first slice and
 * label + 1 in the others. */
static void make_cube(const char *name, int size, int label)
{
    const int dim[3] = {10, 10, 10};
    const double mm[3] = {0.5, 0.5, 2};
    struct volume *v = NULL;
    struct nifti_geometry geometry;
    static uint8_t voxels[1000];
    char *path = util_format("%s/%s", folder, name);
    CHECK_OK(volume_create(dim, mm, &v));
    nifti_geometry_make(v, &geometry);
    for (int i = 0; i < 1000; i++) {
        bool inside = i % 10 < size && i / 10 % 10 < size && i / 100 < size;
        voxels[i] = inside ? (uint8_t)(label ? label + (i / 100 > 0) : 1) : 0;
    }
    CHECK_OK(util_make_parents(path));
    CHECK_OK(nifti_write_u8(path, &geometry, voxels, "test"));
    volume_free(&v);
    free(path);
}

static void write_text(const char *name, const char *text)
{
    char *path = util_format("%s/%s", folder, name);
    CHECK_OK(util_write_file(path, text, strlen(text)));
    free(path);
}

/* sub-a has three visits, sub-b two without times, the last scan cannot be read. */
static void test_files_are_made(void)
{
    if (world.rank == 0) {
        make_cube("masks/sub-a_ses-10_mask.nii.gz", 4, 0);
        make_cube("masks/sub-a_ses-2_mask.nii.gz", 3, 0);
        make_cube("masks/sub-a_ses-x_mask.nii.gz", 5, 0);
        make_cube("masks/sub-b_ses-1_mask.nii.gz", 6, 0);
        make_cube("masks/sub-b_ses-2_mask.nii.gz", 0, 0);
        make_cube("labels/sub-a_ses-10_dseg.nii.gz", 5, 7);
        write_text("masks/sub-c_ses-1_mask.nii.gz", "no mask");
        write_text("masks/participants.tsv", "participant_id\tspecies\tsex\n"
                                             "sub-a\tMus musculus\tF\nsub-b\tmouse\tM\n");
        write_text("more.tsv", "participant_id\tsession_id\tage\n"
                               "sub-a\tses-10\t8\nsub-a\tses-2\t4\nsub-a\tses-x\t6\n");
    }
    MPI_Barrier(world.mpi);
}

static struct volumes *measure(const struct comm *comm)
{
    struct volumes *volumes = NULL;
    char *masks = util_format("%s/masks", folder), *labels = util_format("%s/labels", folder);
    const char *inputs[] = {masks};
    CHECK_OK(volumes_find(comm, inputs, 1, labels, &volumes));
    CHECK_OK(volumes_measure(comm, volumes));
    free(masks);
    free(labels);
    return volumes;
}

static void test_rows_equal_those_of_one_rank(void)
{
    static const long sizes[SCANS] = {64, 27, 125, 216, 0, 0};
    const struct comm self = comm_self();
    struct volumes *shared = measure(&world), *alone = measure(&self);
    CU_ASSERT_EQUAL_FATAL(shared->n, SCANS);
    for (int i = 0; i < SCANS; i++) {
        CU_ASSERT_EQUAL(shared->rows[i].voxels, (uint64_t)sizes[i]);
        CHECK_NEAR(shared->rows[i].mm3, 0.5 * (double)sizes[i], 1e-9);
        CU_ASSERT_STRING_EQUAL(shared->scans[i].id, alone->scans[i].id);
    }
    CU_ASSERT_STRING_EQUAL(shared->scans[0].id, "sub-a_ses-10");
    CU_ASSERT_EQUAL(shared->rows[3].status, BEN_VOLUMES_OK);
    CU_ASSERT_EQUAL(shared->rows[4].status, BEN_VOLUMES_EMPTY);
    CU_ASSERT_EQUAL(shared->rows[5].status, BEN_VOLUMES_FAILED);
    CU_ASSERT_EQUAL(memcmp(shared->rows, alone->rows, SCANS * sizeof *alone->rows), 0);
    CU_ASSERT_EQUAL(shared->n_regions, world.rank == 0 ? 2 : 0);
    volumes_free(&shared);
    volumes_free(&alone);
}

static void test_regions(void)
{
    struct volumes *volumes = measure(&world);
    if (world.rank == 0) {
        const struct volumes_region *r = volumes->regions;
        CU_ASSERT_EQUAL_FATAL(volumes->n_regions, 2);
        CU_ASSERT(r[0].scan == 0 && r[0].label == 7 && r[1].label == 8);
        CU_ASSERT_EQUAL(r[0].voxels, 25);
        CU_ASSERT_EQUAL(r[0].inside, 16);
        CU_ASSERT_EQUAL(r[1].voxels, 100);
        CU_ASSERT_EQUAL(r[1].inside, 48);
        CHECK_NEAR(r[1].mm3, 50, 1e-9);
        CHECK_NEAR(r[1].inside_mm3, 24, 1e-9);
    }
    volumes_free(&volumes);
}

static void check_visits(const struct volumes_visits *visits)
{
    CU_ASSERT_EQUAL_FATAL(visits->n, 3); /* of sub-a alone: sub-b's second mask is empty */
    const struct volumes_visit *v = visits->list;
    CU_ASSERT_STRING_EQUAL(v[0].session, "ses-2"); /* by age, not by session */
    CU_ASSERT_STRING_EQUAL(v[1].session, "ses-x");
    CU_ASSERT_STRING_EQUAL(v[2].session, "ses-10");
    CHECK_NEAR(v[0].mm3, 13.5, 1e-9);
    CU_ASSERT_EQUAL(v[2].time, 8);
    CU_ASSERT_EQUAL(volumes_animal_end(visits, 0), 3);
}

static void test_visits_follow_time(void)
{
    struct volumes *volumes = measure(&world);
    struct volumes_values values = {0};
    struct volumes_visits visits = {0};
    char *table = util_format("%s/more.tsv", folder);
    const char *tables[] = {table}, *by[] = {"sex"};
    const struct volumes_options options = {.tables = tables,
                                            .n_tables = 1,
                                            .group_by = by,
                                            .n_group_by = 1,
                                            .uncertainty = "uncertainty"};
    if (world.rank == 0) {
        CHECK_OK(volumes_know(volumes, &options));
        CU_ASSERT_STRING_EQUAL(volumes->known[0].species, "mouse");
        CU_ASSERT_STRING_EQUAL(volumes->known[3].group, "M");
        CU_ASSERT_STRING_EQUAL(volumes->known[5].group, "n/a");
        CU_ASSERT(isnan(volumes->known[3].time));
        CHECK_OK(volumes_collect(volumes, &values));
        CU_ASSERT_EQUAL(values.n, 6); /* four brains, two regions */
        CHECK_OK(volumes_find_visits(volumes, &values, &visits));
        check_visits(&visits);
    }
    free(values.list);
    free(visits.list);
    free(table);
    volumes_free(&volumes);
}

static void test_times(void)
{
    double a, b;
    bool date;
    CU_ASSERT(volumes_parse_time("12.5", &a, &date) && !date && a == 12.5);
    CU_ASSERT(volumes_parse_time("1970-01-01", &a, &date) && date && a == 0);
    CU_ASSERT(volumes_parse_time("2000-03-01", &a, &date) && a == 11017);
    CU_ASSERT(volumes_parse_time("2024-02-28T12:00:00", &a, &date));
    CU_ASSERT(volumes_parse_time("2024-03-01T18:00:00", &b, &date));
    CHECK_NEAR(b - a, 2.25, 1e-9);
    CU_ASSERT(!volumes_parse_time("89+", &a, &date));
    CU_ASSERT(!volumes_parse_time("2024-13-01", &a, &date));
    CU_ASSERT(!volumes_parse_time("2024-02-01 noon", &a, &date));
}

static const struct check_test tests[] = {
    {"files are made", test_files_are_made},
    {"rows equal those of one rank", test_rows_equal_those_of_one_rank},
    {"regions", test_regions},
    {"visits follow time", test_visits_follow_time},
    {"times", test_times},
};

CHECK_MAIN_RANKS("qa/volumes on ranks", tests)
