/* SPDX-License-Identifier: BSD-3-Clause */
/* Who works on what. From the scans' costs and the number of ranks alone, every rank computes
 * the same plan: teams of contiguous ranks, and for each team an ordered list of scans.
 *
 * With at least as many scans as ranks each rank is a team of one and scans are dealt longest
 * first, each to the team with least work so far (Graham 1969: at most 4/3 of the optimum).
 * With fewer scans than ranks each scan gets a team of its own whose size follows its cost, so
 * that the largest cost per rank is as small as it can be. Life: plan_share, comm_split by
 * plan->team_of_rank[rank], work through the team's scans, plan_free. */
#ifndef BEN_MPI_PLAN_H
#define BEN_MPI_PLAN_H

#include "base/status.h"

struct plan {
    int size;          /* ranks */
    int n_teams;       /* at least 1 */
    int *team_of_rank; /* [size], non-decreasing: the color for comm_split */
    long *start;       /* [n_teams + 1]; team t works on scans[start[t]..start[t+1]) */
    long *scans;       /* [n] indices of scans, longest first within a team */
    double *load;      /* [n_teams] sum of its scans' costs divided by its ranks */
};

/* costs [n], each finite and >= 0 (else a bug), n may be 0; size >= 1. Ties go to the lower
 * index. Fails: BEN_E_MEMORY. Local, and the same on every rank that asks with the same
 * numbers. */
enum ben_status plan_share(const double *costs, long n, int size, struct plan **plan);

/* The scans of that rank's team, in order; sets their number. Owned by the plan. Local. */
const long *plan_scans(const struct plan *plan, int rank, long *count);

/* How many ranks the team has. Local. */
int plan_team_size(const struct plan *plan, int team);

void plan_free(struct plan **plan);

#endif
