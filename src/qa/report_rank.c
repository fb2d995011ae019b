/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/outlier.h"
#include "qa/report_inner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "sub-01/anat/sub-01_T1w.nii.gz" -> "T1w.nii.gz"; names without an underscore have none. */
static const char *suffix_of(const char *name)
{
    const char *underscore = strrchr(name, '_');
    return underscore && !strchr(underscore, '/') ? underscore + 1 : "";
}

static bool comparable(const struct report_scan *a, const struct report_scan *b)
{
    const char *species_a = a->species ? a->species : "",
               *species_b = b->species ? b->species : "";
    bool bids = a->mask && b->mask && strstr(a->mask, "_desc-brain_mask") != NULL;
    return strcmp(species_a, species_b) == 0 &&
           (!bids || strcmp(suffix_of(a->name), suffix_of(b->name)) == 0);
}

/* Scans of a kind get the index of the first of them. */
static void form_groups(struct report *report)
{
    for (long i = 0; i < report->n; i++) {
        long j = 0;
        while (j < i && !(report->scans[j].group == j &&
                          comparable(&report->scans[j], &report->scans[i])))
            j++;
        report->scans[i].group = (int)j;
    }
}

static enum ben_status add_measured(struct report *report)
{
    enum ben_status st = BEN_OK;
    TRY(report_add_metric(report, "Signal", "",
                          "mean of the intensities inside the mask by "
                          "their standard deviation"));
    TRY(report_add_metric(report, "Border contrast", "",
                          "difference of the voxels just inside and just outside the mask by "
                          "their sum, 0 to 1"));
    report->metrics[report->n_metrics - 1].watch = -1;
    TRY(report_add_metric(report, "Cut at the edge", "%",
                          "share of the mask's voxels on the faces of the image"));
    report->metrics[report->n_metrics - 1].decimals = 2;
    report->metrics[report->n_metrics - 1].watch = 1;
    struct report_metric *metrics = &report->metrics[report->n_metrics - 3];
    for (long i = 0; i < report->n; i++) {
        const struct report_measured *m = &report->measured[i];
        bool seen = *m->trouble == '\0' && strcmp(report->scans[i].status, "failed") != 0;
        metrics[0].values[i] = seen ? m->signal : NAN;
        metrics[1].values[i] = seen ? m->contrast : NAN;
        metrics[2].values[i] = seen ? 100 * m->edge : NAN;
    }
out:
    return st;
}

bool report_off(const struct report_metric *metric, long scan)
{
    double z = metric->z[scan];
    return (metric->watch > 0 && z > BEN_OUTLIER_Z) ||
           ((metric->watch < 0 || metric->watch == 2) && z < -BEN_OUTLIER_Z);
}

static unsigned flags_of(const struct report *report, long i)
{
    const struct report_scan *scan = &report->scans[i];
    unsigned flags = 0;
    if (strcmp(scan->status, "failed") == 0)
        return REPORT_FAILED;
    flags |= strcmp(scan->status, "empty") == 0 ? REPORT_EMPTY : 0;
    flags |= *report->measured[i].trouble ? REPORT_UNSEEN : 0;
    flags |= scan->flag && strcmp(scan->flag, "pass") != 0 ? REPORT_UNSURE : 0;
    for (int m = 0; m < report->n_metrics; m++)
        flags |= report_off(&report->metrics[m], i) ? REPORT_OUTLIER : 0;
    flags |= report->measured[i].redrawn ? REPORT_REDRAWN : 0;
    return flags;
}

/* How much a scan asks for correction: its uncertainty; without one, how far it lies off. */
static double need_of(const struct report *report, long i)
{
    double need = 0;
    if (report->scans[i].flags & REPORT_EMPTY)
        return INFINITY;
    if (report->uncertainty >= 0)
        return fmax(report->metrics[report->uncertainty].values[i], 0);
    for (int m = 0; m < report->n_metrics; m++)
        if (report_off(&report->metrics[m], i))
            need = fmax(need, fabs(report->metrics[m].z[i]));
    return need;
}

struct need {
    double need;
    long scan;
};

static int neediest_first(const void *a, const void *b)
{
    const struct need *x = a, *y = b;
    if (x->need != y->need)
        return x->need > y->need ? -1 : 1;
    return (x->scan > y->scan) - (x->scan < y->scan);
}

static enum ben_status list_worst(struct report *report)
{
    enum ben_status st = BEN_OK;
    struct need *needs = NULL;
    long n = 0;
    TRY_NEW(needs = malloc(((size_t)report->n + 1) * sizeof *needs));
    TRY_NEW(report->worst = malloc(((size_t)report->n + 1) * sizeof *report->worst));
    for (long i = 0; i < report->n; i++) {
        double need = need_of(report, i);
        const struct report_scan *scan = &report->scans[i];
        if (need > 0 && scan->mask && !(scan->flags & (REPORT_FAILED | REPORT_REDRAWN)))
            needs[n++] = (struct need){need, i};
    }
    qsort(needs, (size_t)n, sizeof *needs, neediest_first);
    report->n_worst = n < report->options->worst ? n : report->options->worst;
    for (long i = 0; i < report->n_worst; i++)
        report->worst[i] = needs[i].scan;
out:
    free(needs);
    return st;
}

enum ben_status report_rank(struct report *report)
{
    enum ben_status st = BEN_OK;
    int *groups = NULL;
    TRY_NEW(groups = malloc(((size_t)report->n + 1) * sizeof *groups));
    form_groups(report);
    for (long i = 0; i < report->n; i++)
        groups[i] = report->scans[i].group;
    TRY(add_measured(report));
    for (int m = 0; m < report->n_metrics; m++)
        TRY(outlier_z(report->metrics[m].values, groups, report->n, report->metrics[m].z));
    for (long i = 0; i < report->n; i++)
        report->scans[i].flags = flags_of(report, i);
    TRY(list_worst(report));
out:
    free(groups);
    return st;
}
