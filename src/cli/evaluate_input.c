/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/evaluate_input.h"
#include "base/log.h"
#include "base/util.h"
#include "qa/evaluate.h"
#include "qa/facts.h"

#include <stdlib.h>
#include <string.h>

/* ---- methods and their pairs ---- */

/* A word NAME=PATH, or a path alone. */
struct method_word {
    char *name; /* owned; NULL: not given */
    const char *path;
};

static enum ben_status split_word(const char *word, struct method_word *method)
{
    enum ben_status st = BEN_OK;
    const char *equals = strchr(word, '=');
    *method = (struct method_word){NULL, word};
    if (equals && equals > word && !util_is_dir(word) && !util_is_file(word)) {
        method->path = equals + 1;
        TRY_NEW(method->name = strndup(word, (size_t)(equals - word)));
    }
out:
    return st;
}

/* The last part of a path, slashes at its end left out. The caller frees; NULL without memory. */
static char *name_of_path(const char *path)
{
    char *copy = strdup(path), *name = NULL;
    for (size_t n = copy ? strlen(copy) : 0; n > 1 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    if (copy)
        name = strdup(util_basename(copy));
    free(copy);
    return name;
}

static bool has_method(const struct pairs *pairs, const char *name)
{
    for (long i = 0; i < pairs->n; i++)
        if (pairs->list[i].method && strcmp(pairs->list[i].method, name) == 0)
            return true;
    return false;
}

/* The pairs of one word; several: methods need names. */
static enum ben_status add_word(const char *word, const char *ref, bool several, bool complete,
                                struct pairs *all)
{
    enum ben_status st = BEN_OK;
    struct method_word method = {0};
    struct pairs *found = NULL;
    TRY(split_word(word, &method));
    if (several && !method.name)
        TRY_NEW(method.name = name_of_path(method.path));
    if (method.name && has_method(all, method.name))
        FAIL(BEN_E_ARG, "two methods are called %s; give them names: NAME=%s", method.name,
             method.path);
    TRY(pairs_match(method.path, ref, complete, &found));
    TRY(pairs_join(all, found, method.name));
out:
    free(method.name);
    pairs_free(&found);
    return st;
}

/* Methods, then raters. */
static enum ben_status match_all(const struct command_context *context,
                                 const struct evaluate_config *config, struct pairs **pairs,
                                 long *first_rater)
{
    enum ben_status st = BEN_OK;
    const int methods = context->n_args - 2;
    const char *word = context->args[methods];
    bool several = methods > 1 || config->raters.n > 0;
    struct method_word ref = {0};
    struct pairs *all;
    TRY_NEW(all = calloc(1, sizeof *all));
    *pairs = all;
    TRY(split_word(word, &ref));
    for (int i = 0; i < methods; i++)
        TRY(add_word(context->args[i], ref.path, several, config->complete, all));
    *first_rater = all->n;
    if (config->raters.n > 0)
        TRY(add_word(word, ref.path, true, config->complete, all));
    for (int i = 0; i < config->raters.n; i++)
        TRY(add_word(config->raters.text[i], ref.path, true, config->complete, all));
out:
    free(ref.name);
    return st;
}

static void say_what_is_left_out(const struct pairs *pairs, bool complete)
{
    if (pairs->extra > 0)
        log_warn("%ld predictions have no reference, or none that is clear from their names: "
                 "left out",
                 pairs->extra);
    if (pairs->missing > 0 && !complete)
        log_info("%ld references have no prediction: left out (--complete counts them as "
                 "failed)",
                 pairs->missing);
}

/* Rank 0 reads names; all ranks get the same list. */
enum ben_status evaluate_inputs(const struct command_context *context,
                                const struct evaluate_config *config, struct pairs **pairs,
                                long *first_rater)
{
    enum ben_status st = BEN_OK;
    struct pairs *found = NULL;
    char *bytes = NULL;
    size_t n = 0;
    if (context->world.rank == 0)
        st = match_all(context, config, &found, first_rater);
    if (found && st == BEN_OK)
        st = pairs_pack(found, &bytes, &n);
    TRY(comm_agree(&context->world, st));
    TRY(comm_broadcast(&context->world, first_rater, sizeof *first_rater, 0));
    TRY(comm_broadcast_block(&context->world, &bytes, &n, 0));
    TRY(comm_agree(&context->world, pairs_unpack(bytes, n, pairs)));
    say_what_is_left_out(*pairs, config->complete);
out:
    free(bytes);
    pairs_free(&found);
    return st;
}

/* ---- what tables know ---- */

static enum ben_status open_facts(const struct command_context *context,
                                  const struct evaluate_config *config, struct facts **facts)
{
    enum ben_status st = BEN_OK;
    struct method_word method = {0};
    TRY(facts_create(facts));
    for (int i = 0; i < config->tables.n; i++)
        TRY(facts_add_table(*facts, config->tables.text[i]));
    for (int i = 0; i < context->n_args - 1; i++) {
        free(method.name);
        TRY(split_word(context->args[i], &method));
        size_t length = strlen(method.path);
        if (util_is_dir(method.path))
            TRY(facts_add_dataset(*facts, method.path));
        else if (length > 4 && strcmp(method.path + length - 4, ".tsv") == 0)
            TRY(facts_add_table(*facts, method.path));
    }
out:
    free(method.name);
    return st;
}

static enum ben_status know_pair(struct facts *facts, const struct evaluate_config *config,
                                 const struct pair *pair, char **group, double *uncertainty)
{
    enum ben_status st = BEN_OK;
    static const char *const by[] = {"dataset"};
    char *participant = evaluate_participant(pair->id), *session = evaluate_session(pair->id);
    const struct facts_scan scan = {{pair->pred, pair->ref}, participant, session};
    TRY_NEW(participant);
    TRY(facts_group(facts, &scan, pair->id, config->group_by.n > 0 ? config->group_by.text : by,
                    config->group_by.n > 0 ? config->group_by.n : 1, group));
    TRY(facts_number(facts, &scan, config->uncertainty, uncertainty));
out:
    free(participant);
    free(session);
    return st;
}

enum ben_status evaluate_know(const struct command_context *context,
                              const struct evaluate_config *config, const struct pairs *pairs,
                              struct evaluate_known *known)
{
    enum ben_status st = BEN_OK;
    struct facts *facts = NULL;
    TRY_NEW(known->groups = calloc((size_t)pairs->n + 1, sizeof *known->groups));
    TRY_NEW(known->uncertainty = calloc((size_t)pairs->n + 1, sizeof *known->uncertainty));
    TRY(open_facts(context, config, &facts));
    TRY(facts_check_columns(facts, config->group_by.text, config->group_by.n));
    for (long i = 0; i < pairs->n; i++)
        TRY(know_pair(facts, config, &pairs->list[i], &known->groups[i],
                      &known->uncertainty[i]));
out:
    facts_free(&facts);
    return st;
}

void evaluate_forget(struct evaluate_known *known, long n)
{
    for (long i = 0; known->groups && i < n; i++)
        free(known->groups[i]);
    free(known->groups);
    free(known->uncertainty);
    *known = (struct evaluate_known){0};
}
