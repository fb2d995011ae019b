/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes the data sets of a table (configs/datasets18.tsv) from made heads, each a BIDS data set
 * in a folder named after its id:  make-datasets [options] TABLE DIR [ID...]
 *   --subjects N  animals of each (default 4)
 *   --matrix N --slices N  larger voxels where a grid is larger (default: the true resolution) */
#include "phantom_bids.h"
#include "phantom_set.h"

#include "base/util.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    int subjects;
    struct phantom_limits limits;
    const char *table, *folder;
    char *const *ids;
    int n_ids;
};

static void quit(const char *text)
{
    fprintf(stderr,
            "make-datasets: %s\n"
            "make-datasets [--subjects N] [--matrix N] [--slices N] TABLE DIR [ID...]\n",
            text);
    exit(2);
}

static struct job parse(int argc, char **argv)
{
    static const struct option options[] = {{"subjects", required_argument, NULL, 'n'},
                                            {"matrix", required_argument, NULL, 'm'},
                                            {"slices", required_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    struct job job = {.subjects = 4};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (c == 'n')
            job.subjects = atoi(optarg);
        else if (c == 'm')
            job.limits.matrix = atoi(optarg);
        else if (c == 's')
            job.limits.slices = atoi(optarg);
        else
            quit("unknown option");
    if (argc - optind < 2 || job.subjects < 1)
        quit("give a table, a folder and at least one subject");
    job.table = argv[optind];
    job.folder = argv[optind + 1];
    job.ids = argv + optind + 2;
    job.n_ids = argc - optind - 2;
    return job;
}

static bool wanted(const struct job *job, const char *id)
{
    for (int i = 0; i < job->n_ids; i++)
        if (strcmp(job->ids[i], id) == 0)
            return true;
    return job->n_ids == 0;
}

static enum ben_status make_set(const struct job *job, const struct study_set *set)
{
    enum ben_status st = BEN_OK;
    struct phantom_bids bids = {.name = set->id, .type = BEN_NIFTI_I16, .volumes = 1};
    char *folder = NULL;
    enum species *species = calloc((size_t)job->subjects, sizeof *species);
    TRY_NEW(species);
    TRY_NEW(folder = util_format("%s/%s", job->folder, set->id));
    bids.folder = folder;
    for (int s = 0; s < job->subjects; s++) {
        struct phantom_options phantom;
        TRY(phantom_of_set(set, s, &job->limits, &phantom));
        TRY(phantom_write_subject(&bids, &phantom, s + 1));
        species[s] = set->species;
    }
    TRY(phantom_write_dataset(&bids, species, job->subjects));
out:
    free(folder);
    free(species);
    return st;
}

int main(int argc, char **argv)
{
    enum ben_status st = BEN_OK;
    const struct job job = parse(argc, argv);
    struct study *study = NULL;
    char *text = NULL;
    size_t n = 0;
    TRY(util_read_file(job.table, 1 << 20, &text, &n));
    TRY(study_parse(job.table, text, n, NULL, NULL, 0, &study));
    for (int i = 0; i < study->n; i++)
        if (wanted(&job, study->sets[i].id))
            TRY(make_set(&job, &study->sets[i]));
out:
    if (st)
        fprintf(stderr, "make-datasets: %s\n", ben_error_text());
    study_free(&study);
    free(text);
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
