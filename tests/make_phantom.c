/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes made heads for tests of the program: one image with its mask, or a BIDS dataset.
 *   make-phantom [options] IMAGE [MASK]
 *   make-phantom [options] --bids DIR --subjects N */
#include "phantom_bids.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SPECIES 8

struct job {
    struct phantom_options phantom;
    enum species species[MAX_SPECIES]; /* given in turn to the subjects of a dataset */
    int n_species;
    struct phantom_bids bids;
    int subjects;
};

static const char usage[] =
    "make-phantom [options] IMAGE [MASK]\n"
    "make-phantom [options] --bids DIR --subjects N\n"
    "  --species NAME[,NAME...]  mouse rat marmoset macaque human (default human)\n"
    "  --contrast T1w|T2w|EPI|SWI|ASL  (default T2w)\n"
    "  --dims XxYxZ --voxel XxYxZ  grid and mm (default: a usual scan of the species)\n"
    "  --axes RAS                where i, j, k run to (default LSA for rodents)\n"
    "  --oblique DEG --bias B --noise S --seed N\n"
    "  --coil C                  a surface coil's fall-off with that power of the distance\n"
    "  --volumes N               time points: 4-D\n"
    "  --dtype uint8|int16|float32 (default int16)\n";

static void quit(const char *text, const char *value)
{
    fprintf(stderr, "make-phantom: %s%s\n%s", text, value, usage);
    exit(2);
}

static void parse_species(char *list, struct job *job)
{
    for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
        enum species s = species_find(name);
        if (s == BEN_SPECIES_UNKNOWN || job->n_species == MAX_SPECIES)
            quit("unknown species ", name);
        job->species[job->n_species++] = s;
    }
}

static void parse_type(const char *name, struct job *job)
{
    static const char *const names[] = {"uint8", "int16", "float32"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            job->bids.type = (enum nifti_type)i;
            return;
        }
    quit("unknown type ", name);
}

static void parse_axes(const char *text, struct job *job)
{
    if (strlen(text) != 3)
        quit("axes ", text);
    memcpy(job->phantom.axes, text, 4);
}

/* One option; those of the grid come after the species, whose defaults they change. */
static void parse_one(int option, char *text, struct job *job)
{
    struct phantom_options *p = &job->phantom;
    int *d = p->dim;
    double *v = p->voxel_mm;
    if (option == 'd' && sscanf(text, "%dx%dx%d", &d[0], &d[1], &d[2]) != 3)
        quit("dims ", text);
    if (option == 'v' && sscanf(text, "%lfx%lfx%lf", &v[0], &v[1], &v[2]) != 3)
        quit("voxel ", text);
    if (option == 'c' && phantom_contrast_find(text, &p->contrast) != 0)
        quit("unknown contrast ", text);
    if (option == 'a')
        parse_axes(text, job);
    if (option == 't')
        parse_type(text, job);
    if (option == 'o')
        p->oblique_deg = atof(text);
    if (option == 'b')
        p->bias = atof(text);
    if (option == 'C')
        p->coil = atof(text);
    if (option == 'n')
        p->noise = atof(text);
    if (option == 'r')
        p->seed = strtoull(text, NULL, 10);
    if (option == 'V')
        job->bids.volumes = atoi(text);
    if (option == 'B')
        job->bids.folder = text;
    if (option == 'N')
        job->subjects = atoi(text);
    if (option == '?' || option == 'h')
        quit("", "");
}

static struct job parse(int argc, char **argv)
{
    static const struct option options[] = {
        {"species", required_argument, NULL, 's'}, {"contrast", required_argument, NULL, 'c'},
        {"dims", required_argument, NULL, 'd'},    {"voxel", required_argument, NULL, 'v'},
        {"axes", required_argument, NULL, 'a'},    {"oblique", required_argument, NULL, 'o'},
        {"bias", required_argument, NULL, 'b'},    {"coil", required_argument, NULL, 'C'},
        {"noise", required_argument, NULL, 'n'},   {"seed", required_argument, NULL, 'r'},
        {"volumes", required_argument, NULL, 'V'}, {"dtype", required_argument, NULL, 't'},
        {"bids", required_argument, NULL, 'B'},    {"subjects", required_argument, NULL, 'N'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    struct job job = {.bids = {.name = "Made heads", .type = BEN_NIFTI_I16, .volumes = 1},
                      .subjects = 2};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (c == 's')
            parse_species(optarg, &job);
    if (job.n_species == 0)
        job.species[job.n_species++] = BEN_HUMAN;
    job.phantom = phantom_defaults(job.species[0]);
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
        parse_one(c, optarg, &job);
    for (int i = 0; i < 3; i++)
        if (job.phantom.dim[i] < 1 || !(job.phantom.voxel_mm[i] > 0))
            quit("dims and voxel must be above zero", "");
    if (job.bids.volumes < 1 || job.subjects < 1)
        quit("volumes and subjects must be above zero", "");
    return job;
}

/* The subjects of a data set take the species in turn. */
static enum ben_status write_subjects(const struct job *job)
{
    enum ben_status st = BEN_OK;
    enum species *species = calloc((size_t)job->subjects, sizeof *species);
    TRY_NEW(species);
    for (int s = 0; s < job->subjects; s++) {
        struct phantom_options p = job->phantom;
        species[s] = job->species[s % job->n_species];
        if (job->n_species > 1) {
            p = phantom_defaults(species[s]);
            p.contrast = job->phantom.contrast;
            p.seed = job->phantom.seed;
        }
        p.seed += (uint64_t)s;
        TRY(phantom_write_subject(&job->bids, &p, s + 1));
    }
    TRY(phantom_write_dataset(&job->bids, species, job->subjects));
out:
    free(species);
    return st;
}

int main(int argc, char **argv)
{
    struct job job = parse(argc, argv);
    int n = argc - optind;
    if (job.bids.folder ? n != 0 : n < 1 || n > 2)
        quit("wrong number of files", "");
    enum ben_status st = job.bids.folder
                             ? write_subjects(&job)
                             : phantom_write_scan(&job.bids, &job.phantom, argv[optind],
                                                  n > 1 ? argv[optind + 1] : NULL);
    if (st)
        fprintf(stderr, "make-phantom: %s\n", ben_error_text());
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
