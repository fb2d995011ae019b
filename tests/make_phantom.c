/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes made heads for tests of the program: one image with its mask, or a BIDS dataset.
 *   make-phantom [options] IMAGE [MASK]
 *   make-phantom [options] --bids DIR --subjects N */
#include "phantom.h"

#include "base/util.h"
#include "io/nifti.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SPECIES 8

struct job {
    struct phantom_options phantom;
    enum species species[MAX_SPECIES]; /* given in turn to the subjects of a dataset */
    int n_species;
    enum nifti_type type;
    int volumes;
    const char *bids;
    int subjects;
};

static const char usage[] =
    "make-phantom [options] IMAGE [MASK]\n"
    "make-phantom [options] --bids DIR --subjects N\n"
    "  --species NAME[,NAME...]  mouse rat marmoset macaque human (default human)\n"
    "  --contrast T1w|T2w|EPI    (default T2w)\n"
    "  --dims XxYxZ --voxel XxYxZ  grid and mm (default: a usual scan of the species)\n"
    "  --axes RAS                where i, j, k run to (default LSA for rodents)\n"
    "  --oblique DEG --bias B --noise S --seed N\n"
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
            job->type = (enum nifti_type)i;
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
    if (option == 'n')
        p->noise = atof(text);
    if (option == 'r')
        p->seed = strtoull(text, NULL, 10);
    if (option == 'V')
        job->volumes = atoi(text);
    if (option == 'B')
        job->bids = text;
    if (option == 'N')
        job->subjects = atoi(text);
    if (option == '?' || option == 'h')
        quit("", "");
}

static struct job parse(int argc, char **argv)
{
    static const struct option options[] = {{"species", required_argument, NULL, 's'},
                                            {"contrast", required_argument, NULL, 'c'},
                                            {"dims", required_argument, NULL, 'd'},
                                            {"voxel", required_argument, NULL, 'v'},
                                            {"axes", required_argument, NULL, 'a'},
                                            {"oblique", required_argument, NULL, 'o'},
                                            {"bias", required_argument, NULL, 'b'},
                                            {"noise", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 'r'},
                                            {"volumes", required_argument, NULL, 'V'},
                                            {"dtype", required_argument, NULL, 't'},
                                            {"bids", required_argument, NULL, 'B'},
                                            {"subjects", required_argument, NULL, 'N'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    struct job job = {.type = BEN_NIFTI_I16, .volumes = 1, .subjects = 2};
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
    if (job.volumes < 1 || job.subjects < 1)
        quit("volumes and subjects must be above zero", "");
    return job;
}

/* The image's values in the type of the file, in place. */
static const void *convert(enum nifti_type type, struct volume *v)
{
    size_t n = volume_voxels(v);
    uint8_t *bytes = (uint8_t *)v->data;
    for (size_t i = 0; i < n && type == BEN_NIFTI_U8; i++)
        bytes[i] = (uint8_t)fminf(255, rintf(0.2f * v->data[i]));
    for (size_t i = 0; i < n && type == BEN_NIFTI_I16; i++) {
        int16_t value = (int16_t)rintf(v->data[i]);
        memcpy(bytes + 2 * i, &value, 2);
    }
    return v->data;
}

static enum ben_status write_scan(const struct job *job, const struct phantom_options *phantom,
                                  const char *image_path, const char *mask_path)
{
    enum ben_status st = BEN_OK;
    struct phantom_options p = *phantom;
    struct nifti_geometry geometry;
    struct nifti_output output = {
        .type = job->type, .n_volumes = job->volumes, .descrip = "made head"};
    struct nifti_writer *writer = NULL;
    struct volume *v = NULL;
    uint8_t *mask = NULL;
    for (p.volume = 0; p.volume < job->volumes; p.volume++) {
        free(mask);
        mask = NULL;
        volume_free(&v);
        TRY(phantom_make(&p, &v, &mask));
        nifti_geometry_make(v, &geometry);
        if (!writer)
            TRY(nifti_create(image_path, &geometry, &output, &writer));
        TRY(nifti_put(writer, convert(job->type, v)));
    }
    TRY(nifti_finish(&writer));
    if (mask_path)
        TRY(nifti_write_u8(mask_path, &geometry, mask, "brain mask of a made head"));
out:
    nifti_abandon(&writer);
    free(mask);
    volume_free(&v);
    return st;
}

static enum ben_status write_text(const char *folder, const char *name, const char *text)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY(util_make_parents(path));
    TRY(util_write_file(path, text, strlen(text)));
out:
    free(path);
    return st;
}

static enum ben_status write_subject(const struct job *job, int subject)
{
    enum ben_status st = BEN_OK;
    struct phantom_options p = job->phantom;
    char *stem = NULL, *image = NULL, *mask = NULL, *sidecar = NULL, *text = NULL;
    bool epi = p.contrast == BEN_PHANTOM_EPI;
    const char *suffix = !epi               ? phantom_contrast_name(p.contrast)
                         : job->volumes > 1 ? "bold"
                                            : "sbref";
    if (job->n_species > 1) {
        struct phantom_options d = phantom_defaults(job->species[subject % job->n_species]);
        d.contrast = p.contrast;
        d.seed = p.seed;
        p = d;
    }
    p.seed += (uint64_t)subject;
    TRY_NEW(stem = util_format("sub-%02d/%s/sub-%02d%s", subject + 1, epi ? "func" : "anat",
                               subject + 1, epi ? "_task-rest" : ""));
    TRY_NEW(image = util_format("%s/%s_%s.nii.gz", job->bids, stem, suffix));
    TRY_NEW(mask = util_format("%s/derivatives/reference/%s_desc-brain_mask.nii.gz", job->bids,
                               stem));
    TRY_NEW(sidecar = util_format("derivatives/reference/%s_desc-brain_mask.json", stem));
    TRY_NEW(text = util_format("{\"Type\": \"Brain\", \"Sources\": "
                               "[\"bids:raw:%s_%s.nii.gz\"]}\n",
                               stem, suffix));
    TRY(util_make_parents(image));
    TRY(util_make_parents(mask));
    TRY(write_scan(job, &p, image, mask));
    TRY(write_text(job->bids, sidecar, text));
out:
    free(stem);
    free(image);
    free(mask);
    free(sidecar);
    free(text);
    return st;
}

static enum ben_status write_dataset(const struct job *job)
{
    enum ben_status st = BEN_OK;
    char *table = NULL;
    TRY_NEW(table = strdup("participant_id\tspecies\n"));
    for (int s = 0; s < job->subjects; s++) {
        char *longer = util_format("%ssub-%02d\t%s\n", table, s + 1,
                                   species_latin(job->species[s % job->n_species]));
        TRY_NEW(longer);
        free(table);
        table = longer;
        TRY(write_subject(job, s));
    }
    TRY(write_text(job->bids, "participants.tsv", table));
    TRY(write_text(job->bids, "dataset_description.json",
                   "{\"Name\": \"Made heads\", \"BIDSVersion\": \"1.8.0\", "
                   "\"DatasetType\": \"raw\"}\n"));
    TRY(write_text(job->bids, "derivatives/reference/dataset_description.json",
                   "{\"Name\": \"Masks of made heads\", \"BIDSVersion\": \"1.8.0\", "
                   "\"DatasetType\": \"derivative\", "
                   "\"GeneratedBy\": [{\"Name\": \"make-phantom\"}]}\n"));
out:
    free(table);
    return st;
}

int main(int argc, char **argv)
{
    struct job job = parse(argc, argv);
    int n = argc - optind;
    if (job.bids ? n != 0 : n < 1 || n > 2)
        quit("wrong number of files", "");
    enum ben_status st = job.bids ? write_dataset(&job)
                                  : write_scan(&job, &job.phantom, argv[optind],
                                               n > 1 ? argv[optind + 1] : NULL);
    if (st)
        fprintf(stderr, "make-phantom: %s\n", ben_error_text());
    return st ? EXIT_FAILURE : EXIT_SUCCESS;
}
