/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/checkpoint.h"
#include "io/weights.h"
#include "train/model.h"

#include <stdlib.h>
#include <string.h>

enum ben_status train_state_create(struct net *net, bool average, struct train_state *state)
{
    enum ben_status st = BEN_OK;
    *state = (struct train_state){.net = net, .best_dice = -1};
    net_values(net, &state->n, &state->n_trainable);
    TRY(adam_create(state->n_trainable, &state->adam));
    if (average)
        TRY_NEW(state->average = calloc(state->n, sizeof *state->average));
    TRY_NEW(state->best = calloc(state->n, sizeof *state->best));
    TRY_NEW(state->log = strdup(""));
out:
    if (st)
        train_state_free(state);
    return st;
}

void train_state_free(struct train_state *state)
{
    adam_free(&state->adam);
    free(state->average);
    free(state->best);
    free(state->log);
    *state = (struct train_state){0};
}

/* The arrays, whole numbers and reals of a state by their names in the file: one list for
 * writing and reading. */
struct arrays {
    struct weights_want list[4];
    int n;
};

static struct arrays list_arrays(const struct train_state *state)
{
    struct arrays a = {.n = 3};
    int trainable = (int)state->n_trainable, all = (int)state->n;
    a.list[0] = (struct weights_want){"adam.m", 1, {trainable}, state->adam.m};
    a.list[1] = (struct weights_want){"adam.v", 1, {trainable}, state->adam.v};
    a.list[2] = (struct weights_want){"best", 1, {all}, state->best};
    if (state->average)
        a.list[a.n++] = (struct weights_want){"average", 1, {all}, state->average};
    return a;
}

struct named_integer {
    const char *name;
    int64_t *value;
};

struct named_real {
    const char *name;
    double *value;
};

#define N_INTEGERS 5
#define N_REALS    6

static void list_numbers(struct train_state *s, int64_t *adam_step,
                         struct named_integer integers[N_INTEGERS],
                         struct named_real reals[N_REALS])
{
    integers[0] = (struct named_integer){"epoch", &s->epoch};
    integers[1] = (struct named_integer){"step", &s->step};
    integers[2] = (struct named_integer){"place", &s->place};
    integers[3] = (struct named_integer){"best_epoch", &s->best_epoch};
    integers[4] = (struct named_integer){"adam_step", adam_step};
    reals[0] = (struct named_real){"entropy", &s->entropy};
    reals[1] = (struct named_real){"dice", &s->dice};
    reals[2] = (struct named_real){"norm", &s->norm};
    reals[3] = (struct named_real){"best_dice", &s->best_dice};
    reals[4] = (struct named_real){"last_entropy", &s->last_entropy};
    reals[5] = (struct named_real){"last_dice", &s->last_dice};
}

static enum ben_status fill_file(const struct train_state *state, const char *identity,
                                 struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    struct train_state copy =
        *state; /* its numbers' addresses are wanted, nothing is changed */
    struct named_integer integers[N_INTEGERS];
    struct named_real reals[N_REALS];
    int64_t adam_step = (int64_t)state->adam.step;
    struct arrays arrays = list_arrays(state);
    list_numbers(&copy, &adam_step, integers, reals);
    TRY(model_to_weights(state->net, file));
    for (int i = 0; i < arrays.n; i++)
        TRY(weights_add_state(file, arrays.list[i].name, arrays.list[i].rank,
                              arrays.list[i].shape, arrays.list[i].into));
    for (int i = 0; i < N_INTEGERS; i++)
        TRY(weights_add_integer(file, integers[i].name, *integers[i].value));
    for (int i = 0; i < N_REALS; i++)
        TRY(weights_add_real(file, reals[i].name, *reals[i].value));
    TRY(weights_add_text(file, "identity", identity));
    TRY(weights_add_text(file, "log", state->log));
out:
    return st;
}

static enum ben_status write_here(const char *path, const char *identity,
                                  const struct train_state *state)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    TRY(weights_create(BEN_WEIGHTS_CHECKPOINT, &file));
    TRY(fill_file(state, identity, file));
    TRY(weights_write(file, path, false));
out:
    weights_free(&file);
    return st;
}

enum ben_status checkpoint_write(const struct comm *world, const char *path,
                                 const char *identity, const struct train_state *state)
{
    enum ben_status st = world->rank == 0 ? write_here(path, identity, state) : BEN_OK;
    return comm_agree(world, st);
}

/* The first line in which two texts differ, from a. */
static int differing_line(const char *a, const char *b, const char **line)
{
    *line = a;
    for (; *a && *a == *b; a++, b++)
        if (*a == '\n')
            *line = a + 1;
    return (int)strcspn(*line, "\n");
}

static enum ben_status check_identity(const struct weights_file *file, const char *path,
                                      const char *identity)
{
    enum ben_status st = BEN_OK;
    const char *theirs = weights_find_text(file, "identity"), *line;
    if (file->kind != BEN_WEIGHTS_CHECKPOINT || !theirs)
        FAIL(BEN_E_ARG, "%s: not a checkpoint of a training run; remove it or use --restart",
             path);
    if (strcmp(theirs, identity) != 0) {
        int length = differing_line(identity, theirs, &line);
        FAIL(BEN_E_ARG,
             "%s: belongs to a run with other options or data (now: %.*s); run with the same "
             "ones to go on, or with --restart to start over",
             path, length, line);
    }
out:
    return st;
}

static enum ben_status take(const struct weights_file *file, struct train_state *state)
{
    enum ben_status st = BEN_OK;
    struct named_integer integers[N_INTEGERS];
    struct named_real reals[N_REALS];
    int64_t adam_step = 0;
    struct arrays arrays = list_arrays(state);
    const char *log = weights_find_text(file, "log");
    list_numbers(state, &adam_step, integers, reals);
    TRY(model_load(file, state->net));
    TRY(weights_load_state(file, arrays.list, arrays.n));
    for (int i = 0; i < N_INTEGERS; i++)
        TRY(weights_get_integer(file, integers[i].name, integers[i].value));
    for (int i = 0; i < N_REALS; i++)
        TRY(weights_get_real(file, reals[i].name, reals[i].value));
    state->adam.step = (uint64_t)adam_step;
    free(state->log);
    TRY_NEW(state->log = strdup(log ? log : ""));
out:
    return st;
}

enum ben_status checkpoint_read(const struct comm *world, const char *path,
                                const char *identity, struct train_state *state)
{
    enum ben_status st = BEN_OK;
    struct weights_file *file = NULL;
    TRY(weights_read_shared(world, path, &file));
    st = check_identity(file, path, identity);
    TRY(comm_agree(world, st));
    TRY(comm_agree(world, take(file, state)));
out:
    weights_free(&file);
    return st;
}
