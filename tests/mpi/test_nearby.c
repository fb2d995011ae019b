/* SPDX-License-Identifier: BSD-3-Clause */
/* One node or several, by what launchers leave in the environment. */
#include "check.h"
#include "mpi/nearby.h"

#include <stdint.h>
#include <string.h>

#define MOST 5

static const struct launch {
    const char *what;
    bool sure;
    const char *set[MOST][2];
} launches[] = {
    {"no launcher", true, {{NULL, NULL}}},
    {"within a batch script", true, {{"SLURM_JOB_ID", "7"}, {"SLURM_NNODES", "4"}}},
    {"mpirun, one node",
     true,
     {{"PMIX_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}}},
    {"mpirun, several nodes",
     false,
     {{"PMIX_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}},
    {"an mpirun that does not say", false, {{"OMPI_COMM_WORLD_SIZE", "4"}}},
    {"srun, one node", true, {{"PMIX_RANK", "1"}, {"SLURM_STEP_NUM_NODES", "1"}}},
    {"srun, several nodes", false, {{"PMIX_RANK", "1"}, {"SLURM_STEP_NUM_NODES", "12"}}},
    {"srun, a heterogeneous job",
     false,
     {{"PMIX_RANK", "0"}, {"SLURM_STEP_NUM_NODES", "1"}, {"SLURM_HET_SIZE", "2"}}},
    {"mpirun on one node, started by an srun on several",
     false,
     {{"OMPI_COMM_WORLD_SIZE", "2"},
      {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
      {"SLURM_STEP_NUM_NODES", "2"}}},
    {"mpirun on several nodes, whose ranks are each a step of their own",
     false,
     {{"OMPI_COMM_WORLD_SIZE", "2"},
      {"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
      {"SLURM_STEP_NUM_NODES", "1"}}},
    {"another launcher, with PMIx", false, {{"PMIX_RANK", "0"}}},
    {"another launcher, with PMI", false, {{"PMI_RANK", "0"}}},
    {"the user chose", false, {{"OMPI_MCA_pml", "ucx"}}},
};

static const struct launch *launch;

static char *look(const char *name)
{
    for (int i = 0; i < MOST && launch->set[i][0]; i++)
        if (strcmp(launch->set[i][0], name) == 0)
            return (char *)(uintptr_t)launch->set[i][1];
    return NULL;
}

static void test_launches(void)
{
    for (size_t i = 0; i < sizeof launches / sizeof launches[0]; i++) {
        launch = &launches[i];
        if (nearby_sure(look) != launch->sure)
            fprintf(stderr, "%s\n", launch->what);
        CU_ASSERT_EQUAL(nearby_sure(look), launch->sure);
    }
}

/* The user's choice stays; ours is made once. */
static void test_prepare(void)
{
    setenv("OMPI_MCA_pml", "cm", 1);
    nearby_prepare();
    CU_ASSERT_STRING_EQUAL(getenv("OMPI_MCA_pml"), "cm");
    unsetenv("OMPI_MCA_pml");
    setenv("OMPI_COMM_WORLD_SIZE", "2", 1);
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "1", 1);
    nearby_prepare();
    CU_ASSERT_PTR_NULL(getenv("OMPI_MCA_pml"));
    setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "2", 1);
    unsetenv("SLURM_STEP_NUM_NODES");
    nearby_prepare();
    const char *layer = getenv("OMPI_MCA_pml");
    CU_ASSERT_PTR_NOT_NULL_FATAL(layer);
    CU_ASSERT_STRING_EQUAL(layer, "ob1");
}

static const struct check_test tests[] = {
    {"what launchers say", test_launches},
    {"the environment", test_prepare},
};

CHECK_MAIN("nearby", tests)
