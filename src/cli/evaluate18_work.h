/* SPDX-License-Identifier: BSD-3-Clause */
/* One row of the plan, done by a team: train, adapt and segment as those commands do it, called
 * with their own words, then the scores. Each part goes on where it was cut short. */
#ifndef BEN_CLI_EVALUATE18_WORK_H
#define BEN_CLI_EVALUATE18_WORK_H

#include "cli/evaluate18.h"

#include <stdint.h>

struct evaluate18_team {
    const struct evaluate18_config *config;
    const char *output;
    struct comm comm;
};

/* A hash of all that shapes the outcome: words, options files, manifests with their scans' sizes and
 * times, first weights; on every rank. Collective on the team. Fails: BEN_E_INPUT where the weights to begin with are not there. */
enum ben_status evaluate18_work_hash(const struct evaluate18_team *team,
                                     const struct evaluate18_work *work, uint64_t *hash);

/* Collective on the team; all ranks return the same. Fails as the commands do. */
enum ben_status evaluate18_work_do(const struct evaluate18_team *team,
                                   const struct evaluate18_work *work);

/* The file that a finished work leaves: weights or scores; the caller frees. */
char *evaluate18_work_result(const char *output, const struct evaluate18_work *work);

#endif
