/* SPDX-License-Identifier: BSD-3-Clause */
#include "train/checkpoint.h"
#include "io/weights.h"
#include "train/model.h"

#include <stdlib.h>
#include <string.h>

enum ben_status train_state_create(struct net *net, bool average, bool selftrain,
                                   struct train_state *state)
{
    enum ben_status st = BEN_OK;
    *state = (struct train_state){.net = net, .best_dice = -1};
    net_values(net, &state->n, &state->n_trainable);
    TRY(adam_create(state->n_trainable, &state->adam));
    if (average)
        TRY_NEW(state->average = calloc(state->n, sizeof *state->average));
    TRY_NEW(state->best = calloc(state->n, sizeof *state->best));
    TRY_NEW(state->log = strdup(""));
    TRY_NEW(state->round_log = strdup(""));
    if (selftrain)
        TRY_NEW(state->teacher = calloc(state->n, sizeof *state->teacher));
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
    free(state->teacher);
    free(state->round_log);
    *state = (struct train_state){0};
}

/* The arrays, whole numbers and reals of a state by their names in the file: one list for
 * writing and reading. */
struct arrays {
    struct weights_want list[5];
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
    if (state->teacher)
        a.list[a.n++] = (struct weights_want){"teacher", 1, {all}, state->teacher};
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

struct numbers {
    struct named_integer integers[8];
    struct named_real reals[7];
    int n_integers, n_reals;
};

static struct numbers list_numbers(struct train_state *s, int64_t *adam_step)
{
    struct numbers list = {
        .integers = {{"epoch", &s->epoch},
                     {"step", &s->step},
                     {"place", &s->place},
                     {"best_epoch", &s->best_epoch},
                     {"adam_step", adam_step},
                     {"rounds", &s->rounds},
                     {"round_epoch", &s->round_epoch},
                     {"pseudo_place", &s->pseudo_place}},
        .reals = {{"entropy", &s->entropy},
                  {"dice", &s->dice},
                  {"norm", &s->norm},
                  {"best_dice", &s->best_dice},
                  {"last_entropy", &s->last_entropy},
                  {"last_dice", &s->last_dice},
                  {"pseudo", &s->pseudo}},
        .n_integers = s->teacher ? 8 : 5, /* the last ones are self-training's */
        .n_reals = s->teacher ? 7 : 6,
    };
    return list;
}

static enum ben_status fill_file(const struct train_state *state, const char *identity,
                                 struct weights_file *file)
{
    enum ben_status st = BEN_OK;
    struct train_state copy =
        *state; /* its numbers' addresses are wanted, nothing is changed */
    int64_t adam_step = (int64_t)state->adam.step;
    struct arrays arrays = list_arrays(state);
    struct numbers numbers = list_numbers(&copy, &adam_step);
    TRY(model_to_weights(state->net, file));
    for (int i = 0; i < arrays.n; i++)
        TRY(weights_add_state(file, arrays.list[i].name, arrays.list[i].rank,
                              arrays.list[i].shape, arrays.list[i].into));
    for (int i = 0; i < numbers.n_integers; i++)
        TRY(weights_add_integer(file, numbers.integers[i].name, *numbers.integers[i].value));
    for (int i = 0; i < numbers.n_reals; i++)
        TRY(weights_add_real(file, numbers.reals[i].name, *numbers.reals[i].value));
    TRY(weights_add_text(file, "identity", identity));
    TRY(weights_add_text(file, "log", state->log));
    if (state->teacher)
        TRY(weights_add_text(file, "round_log", state->round_log));
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

static enum ben_status take_text(const struct weights_file *file, const char *name, char **to)
{
    enum ben_status st = BEN_OK;
    const char *text = weights_find_text(file, name);
    free(*to);
    TRY_NEW(*to = strdup(text ? text : ""));
out:
    return st;
}

/* All whole numbers of a state count something, or are a place. */
static enum ben_status take_count(const struct weights_file *file,
                                  const struct named_integer *integer)
{
    enum ben_status st = BEN_OK;
    TRY(weights_get_integer(file, integer->name, integer->value));
    if (*integer->value < 0)
        FAIL(BEN_E_ARG, "%s: its %s is below zero; remove the file or use --restart",
             file->path, integer->name);
out:
    return st;
}

static enum ben_status take(const struct weights_file *file, struct train_state *state)
{
    enum ben_status st = BEN_OK;
    int64_t adam_step = 0;
    struct arrays arrays = list_arrays(state);
    struct numbers numbers = list_numbers(state, &adam_step);
    TRY(model_load(file, state->net));
    TRY(weights_load_state(file, arrays.list, arrays.n));
    for (int i = 0; i < numbers.n_integers; i++)
        TRY(take_count(file, &numbers.integers[i]));
    for (int i = 0; i < numbers.n_reals; i++)
        TRY(weights_get_real(file, numbers.reals[i].name, numbers.reals[i].value));
    state->adam.step = (uint64_t)adam_step;
    TRY(take_text(file, "log", &state->log));
    TRY(take_text(file, "round_log", &state->round_log));
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
