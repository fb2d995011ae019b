/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/paint.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static bool is_first_of_participant(const struct selection *s, int i)
{
    for (int k = 0; k < i; k++)
        if (!s->validates[k] &&
            strcmp(s->sources[k].participant, s->sources[i].participant) == 0)
            return false;
    return !s->validates[i];
}

enum ben_status paint_heads(const struct comm *world, const struct paint_options *options,
                            double share, uint64_t seed, const struct selection *selection,
                            struct heads **heads)
{
    enum ben_status st = BEN_OK;
    struct head_brain *brains = NULL;
    struct heads_config config = {.seed = seed,
                                  .folders = options->folders.text,
                                  .n_folders = options->folders.n,
                                  .made = options->made};
    *heads = NULL;
    if (share <= 0)
        return BEN_OK;
    TRY_NEW(brains = calloc((size_t)selection->n + 1, sizeof *brains));
    for (int i = 0; options->around && i < selection->n; i++)
        if (is_first_of_participant(selection, i))
            brains[config.n_brains++] = (struct head_brain){
                .mask = selection->sources[i].mask, .plane = selection->sources[i].plane};
    config.brains = brains;
    if (config.n_folders + config.n_brains + config.made == 0)
        FAIL(BEN_E_ARG,
             "--painted %g has no heads to paint from: give --heads, --around-brains "
             "or --made-heads",
             share);
    TRY(heads_create(world, &config, heads));
    log_info("%d heads to paint from: %d around brains, %d made up, the others from label maps",
             (*heads)->n, config.n_brains, config.made);
out:
    free(brains);
    return st;
}
