/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/plan.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

struct item {
    double cost;
    long index;
};

static int longest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost > y->cost ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static bool less_loaded(const struct item *a, const struct item *b)
{
    return a->cost != b->cost ? a->cost < b->cost : a->index < b->index;
}

/* A heap of teams with the least loaded on top; the top has changed and sinks to its place. */
static void sink(struct item *heap, long n)
{
    for (long at = 0, child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && less_loaded(&heap[child + 1], &heap[child]))
            child++;
        if (!less_loaded(&heap[child], &heap[at]))
            return;
        struct item swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

static enum ben_status new_plan(long n, int size, int n_teams, struct plan **plan)
{
    enum ben_status st = BEN_OK;
    struct plan *p;
    TRY_NEW(p = calloc(1, sizeof *p));
    *plan = p;
    p->size = size;
    p->n_teams = n_teams;
    TRY_NEW(p->team_of_rank = calloc((size_t)size, sizeof *p->team_of_rank));
    TRY_NEW(p->start = calloc((size_t)n_teams + 1, sizeof *p->start));
    TRY_NEW(p->scans = calloc((size_t)n + 1, sizeof *p->scans));
    TRY_NEW(p->load = calloc((size_t)n_teams, sizeof *p->load));
out:
    return st;
}

/* owner[k]: team of the k-th longest scan. Lays the teams' lists out one after the other. */
static void fill_lists(struct plan *plan, const struct item *sorted, const int *owner, long n)
{
    for (long k = 0; k < n; k++)
        plan->start[owner[k] + 1]++;
    for (int t = 0; t < plan->n_teams; t++)
        plan->start[t + 1] += plan->start[t];
    for (long k = n - 1; k >= 0; k--) /* from the end: start[t + 1] becomes list t's begin */
        plan->scans[--plan->start[owner[k] + 1]] = sorted[k].index;
    for (int t = 0; t < plan->n_teams; t++)
        plan->start[t] = plan->start[t + 1];
    plan->start[plan->n_teams] = n;
}

/* Teams of one: each scan, longest first, to the team with least work so far. */
static enum ben_status deal(struct plan *plan, const struct item *sorted, long n)
{
    enum ben_status st = BEN_OK;
    struct item *heap = NULL;
    int *owner = NULL;
    TRY_NEW(heap = calloc((size_t)plan->size, sizeof *heap));
    TRY_NEW(owner = calloc((size_t)n + 1, sizeof *owner));
    for (int r = 0; r < plan->size; r++) {
        plan->team_of_rank[r] = r;
        heap[r] = (struct item){0.0, r};
    }
    for (long k = 0; k < n; k++) {
        owner[k] = (int)heap[0].index;
        heap[0].cost += sorted[k].cost;
        plan->load[owner[k]] = heap[0].cost;
        sink(heap, plan->size);
    }
    fill_lists(plan, sorted, owner, n);
out:
    free(heap);
    free(owner);
    return st;
}

/* A team per scan: spare ranks one by one to the scan with the largest cost per rank, which
 * makes the largest as small as it can be. Without costs the smallest team is served first. */
static int neediest(const double *costs, const int *ranks, long n)
{
    int best = 0;
    for (int s = 1; s < n; s++) {
        double mine = costs[s] * ranks[best], other = costs[best] * ranks[s];
        if (mine > other || (mine == other && ranks[s] < ranks[best]))
            best = s;
    }
    return best;
}

static enum ben_status spread(struct plan *plan, const double *costs, long n)
{
    enum ben_status st = BEN_OK;
    int *ranks;
    TRY_NEW(ranks = calloc((size_t)n, sizeof *ranks));
    for (long s = 0; s < n; s++)
        ranks[s] = 1;
    for (long spare = plan->size - n; spare > 0; spare--)
        ranks[neediest(costs, ranks, n)]++;
    for (int s = 0, r = 0; s < n; s++) {
        for (int k = 0; k < ranks[s]; k++)
            plan->team_of_rank[r++] = s;
        plan->scans[s] = s;
        plan->start[s + 1] = s + 1;
        plan->load[s] = costs[s] / ranks[s];
    }
out:
    free(ranks);
    return st;
}

enum ben_status plan_share(const double *costs, long n, int size, struct plan **plan)
{
    enum ben_status st = BEN_OK;
    struct item *sorted = NULL;
    struct plan *p = NULL;
    ENSURE(size >= 1 && n >= 0);
    for (long s = 0; s < n; s++)
        ENSURE(isfinite(costs[s]) && costs[s] >= 0.0);
    bool scarce = n > 0 && n < size;
    TRY(new_plan(n, size, scarce ? (int)n : size, &p));
    TRY_NEW(sorted = calloc((size_t)n + 1, sizeof *sorted));
    for (long s = 0; s < n; s++)
        sorted[s] = (struct item){costs[s], s};
    qsort(sorted, (size_t)n, sizeof *sorted, longest_first);
    TRY(scarce ? spread(p, costs, n) : deal(p, sorted, n));
    *plan = p;
    p = NULL;
out:
    free(sorted);
    plan_free(&p);
    return st;
}

const long *plan_scans(const struct plan *plan, int rank, long *count)
{
    ENSURE(rank >= 0 && rank < plan->size);
    int team = plan->team_of_rank[rank];
    *count = plan->start[team + 1] - plan->start[team];
    return plan->scans + plan->start[team];
}

int plan_team_size(const struct plan *plan, int team)
{
    int n = 0;
    for (int r = 0; r < plan->size; r++)
        n += plan->team_of_rank[r] == team;
    return n;
}

void plan_free(struct plan **plan)
{
    if (!*plan)
        return;
    free((*plan)->team_of_rank);
    free((*plan)->start);
    free((*plan)->scans);
    free((*plan)->load);
    free(*plan);
    *plan = NULL;
}
