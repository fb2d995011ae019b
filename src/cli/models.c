/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/models.h"
#include "base/util.h"
#include "train/model.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* For each species its own weights, then the general ones, then the nearest relative's. */
static const char *const shipped[BEN_SPECIES_COUNT][3] = {
    [BEN_SPECIES_UNKNOWN] = {"general", "human"},
    [BEN_MOUSE] = {"mouse", "general", "rat"},
    [BEN_RAT] = {"rat", "general"},
    [BEN_MARMOSET] = {"marmoset", "general", "human"},
    [BEN_MACAQUE] = {"macaque", "general", "human"},
    [BEN_HUMAN] = {"human", "general"},
};

static char *beside_program(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return util_format("%.*s../share/ben-mpi/weights", (int)(util_basename(path) - path), path);
}

static char *find_in(const char *folder, enum species species, bool *fallback)
{
    for (int i = 0; folder && i < 3 && shipped[species][i]; i++) {
        char *path = util_format("%s/%s.h5", folder, shipped[species][i]);
        if (path && util_is_file(path)) {
            *fallback = i > 0 && strcmp(shipped[species][i], "general") != 0;
            return path;
        }
        free(path);
    }
    return NULL;
}

char *models_shipped(enum species species, bool *fallback)
{
    char *installed = beside_program();
    const char *folders[] = {getenv("BEN_WEIGHTS"), installed, BEN_WEIGHTS_SOURCE};
    char *path = NULL;
    for (int i = 0; i < 3 && !path; i++)
        path = find_in(folders[i], species, fallback);
    free(installed);
    return path;
}

/* Rank 0 looks, all ranks learn the path. */
static enum ben_status choose_path(const struct comm *world, const char *given,
                                   enum species species, char **path, bool *fallback)
{
    enum ben_status st = BEN_OK;
    size_t n = 0;
    char *chosen = NULL;
    *fallback = false;
    if (world->rank == 0) {
        chosen = given ? strdup(given) : models_shipped(species, fallback);
        n = chosen ? strlen(chosen) : 0;
        if (!chosen)
            st = ben_raise(BEN_E_ARG, __FILE__, __LINE__, __func__,
                           "no weights for species %s are installed; give --weights FILE or "
                           "set BEN_WEIGHTS to the folder that has them",
                           species_name(species));
    }
    TRY(comm_agree(world, st));
    TRY(comm_broadcast_block(world, &chosen, &n, 0));
    TRY(comm_broadcast(world, fallback, sizeof *fallback, 0));
    *path = chosen;
    chosen = NULL;
out:
    free(chosen);
    return st;
}

static int find_loaded(const struct models *models, const char *path)
{
    for (int i = 0; i < models->n; i++)
        if (strcmp(models->loaded[i].path, path) == 0)
            return i;
    return -1;
}

static enum ben_status load(const struct comm *world, const char *given, enum species species,
                            int max_batch, struct models *models)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    bool fallback = false;
    TRY(choose_path(world, given, species, &path, &fallback));
    int index = find_loaded(models, path);
    if (index < 0) {
        struct model *m = &models->loaded[models->n];
        index = models->n++;
        m->path = path;
        path = NULL;
        TRY(weights_read_shared(world, m->path, &m->file));
        TRY(comm_agree(world, model_from_weights(m->file, max_batch, false, &m->net)));
        weights_drop_tensors(m->file);
    }
    models->of_species[species] = index;
    models->fallback[species] = fallback;
out:
    free(path);
    return st;
}

enum ben_status models_open(const struct comm *world, const char *path,
                            const bool wanted[BEN_SPECIES_COUNT], int max_batch,
                            struct models *models)
{
    enum ben_status st = BEN_OK;
    memset(models, 0, sizeof *models);
    for (int s = 0; s < BEN_SPECIES_COUNT; s++)
        models->of_species[s] = -1;
    for (int s = 0; s < BEN_SPECIES_COUNT; s++)
        if (wanted[s])
            TRY(load(world, path, (enum species)s, max_batch, models));
out:
    if (st)
        models_close(models);
    return st;
}

const struct model *models_find(const struct models *models, enum species species)
{
    int index = models->of_species[species];
    return index < 0 ? NULL : &models->loaded[index];
}

void models_close(struct models *models)
{
    for (int i = 0; i < models->n; i++) {
        net_free(&models->loaded[i].net);
        weights_free(&models->loaded[i].file);
        free(models->loaded[i].path);
    }
    models->n = 0;
}
