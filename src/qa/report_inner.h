/* SPDX-License-Identifier: BSD-3-Clause */
/* What the report_*.c files share: the cohort as it was read, and the parts of a page. Nobody
 * else needs this. All Local. */
#ifndef BEN_QA_REPORT_INNER_H
#define BEN_QA_REPORT_INNER_H

#include "io/tsv.h"
#include "qa/report.h"

#include <stdint.h>
#include <stdio.h>

#define REPORT_PAGE "report.html" /* of the cohort */

enum report_flag {
    REPORT_FAILED = 1,
    REPORT_EMPTY = 2,
    REPORT_UNSEEN = 4,
    REPORT_OUTLIER = 8, /* of a metric that is watched */
    REPORT_UNSURE = 16, /* segment's own flag is review or fail */
    REPORT_REDRAWN = 32,
};

/* One scan: texts are the table's, NULL where missing. */
struct report_scan {
    const char *participant, *session, *name, *species, *status, *reason, *mask, *flag;
    char *page; /* its file's name */
    int group;  /* scans of one species and suffix are compared */
    unsigned flags;
};

/* What was found by looking at a scan: plain bytes that ranks send to each other. */
struct report_measured {
    double signal;     /* mean / SD of the intensities inside the mask */
    double contrast;   /* of the voxels just inside against those just outside the mask */
    double edge;       /* share of the mask's voxels on the image's faces */
    bool redrawn;      /* somebody corrected the mask */
    char trouble[240]; /* why there are no pictures; "" where there are */
};

/* A number per scan. */
struct report_metric {
    char *label, *unit, *description; /* owned; unit "" without */
    int decimals;
    int watch;          /* outliers that are flagged: -1 low, 1 high, 2 both, 0 none */
    double *values, *z; /* [n] */
};

struct report {
    const struct report_options *options;
    struct tsv *table, *evaluation;
    struct report_scan *scans;
    struct report_measured *measured; /* [n] */
    long n;
    struct report_metric *metrics;
    int n_metrics, uncertainty, dice; /* their metrics, -1: none */
    long *worst;                      /* [n_worst] scans worth correcting, first ones first */
    long n_worst;
    char *name, *version, *raw, *weights; /* of the data set description; never NULL */
    char *settings;                       /* logs/segment.ini, "" without */
    char *corrected;                      /* folder of corrected masks */
    uint64_t key;                         /* tells this cohort's ratings from another's */
};

/* report_read.c: everything but what looking at the scans gives. The same on every rank.
 * Collective. */
enum ben_status report_open(const struct comm *world, const struct report_options *options,
                            struct report *report);
void report_close(struct report *report);

/* Appends a metric without values; unit and description may be NULL. Fails: BEN_E_MEMORY. */
enum ben_status report_add_metric(struct report *report, const char *label, const char *unit,
                                  const char *description);

/* The value of a setting of segment, "" where it is not there; into text [size]. */
void report_setting(const struct report *report, const char *key, char *text, size_t size);

/* Finds the scan's file; *path NULL where it is not found; the caller frees. Fails:
 * BEN_E_MEMORY. */
enum ben_status report_image(const struct report *report, const struct report_scan *scan,
                             char **path);

/* Where a file of the scan's derivatives is; kind as in io/derivatives.h. The caller frees; NULL
 * where it is not there or without memory. */
char *report_derivative(const struct report *report, const struct report_scan *scan, int kind);

/* The mask that somebody corrected, NULL where there is none; the caller frees. */
char *report_redrawn(const struct report *report, const struct report_scan *scan);

/* report_look.c: reads the scan and writes its pictures and metadata as HTML; what cannot be
 * read becomes measured->trouble. Fails only without memory for the text. */
enum ben_status report_look(const struct report *report, long scan, FILE *to,
                            struct report_measured *measured);

/* report_facts.c: what the sidecars of a BIDS image say of the scanner and the sequence, as
 * <dt>/<dd> pairs; more general sidecars hold where more special ones are silent (the inheritance
 * principle). root: the data set's folder, of which image is part. */
enum ben_status report_facts(FILE *to, const char *root, const char *name);

/* report_rank.c: metrics of all scans, z scores, flags, and the order of worst. */
enum ben_status report_rank(struct report *report);

/* Whether the scan is an outlier of that metric which the metric is watched for. */
bool report_off(const struct report_metric *metric, long scan);

/* report_scan.c, report_group.c: whole pages; middle is what report_look wrote. */
enum ben_status report_scan_page(const struct report *report, long scan, const char *middle,
                                 char **html, size_t *bytes);
enum ben_status report_group_page(const struct report *report, char **html, size_t *bytes);

/* report_runs.c: a table of the runs that made the masks; nothing where they left no record. */
enum ben_status report_runs(FILE *to, const struct report *report);

/* report_page.c: parts of pages. */
void report_head(FILE *to, const struct report *report, const char *title, const char *page);
void report_foot(FILE *to, const struct report *report);
void report_link(FILE *to, const char *file); /* a file's name as an href's value */
void report_fact(FILE *to, const char *name, const char *value); /* nothing where NULL or "" */
void report_flags(FILE *to, const struct report *report, const struct report_scan *scan);
void report_number(FILE *to, const struct report_metric *metric, double value);
void report_methods(FILE *to, const struct report *report);

/* fclose of a memory stream; false without memory. */
bool report_finish(FILE **to);

#endif
