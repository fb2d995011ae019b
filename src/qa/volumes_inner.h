/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of qa/volumes share; nobody else needs this. All Local. */
#ifndef BEN_QA_VOLUMES_INNER_H
#define BEN_QA_VOLUMES_INNER_H

#include "io/table.h"
#include "io/tsv.h"
#include "qa/volumes.h"

/* A number, or a date in days since 1970; false where text is neither. */
bool volumes_parse_time(const char *text, double *time, bool *date);

/* One volume: of the brain (label 0) or of a region. Scans that failed or whose mask is empty have
 * none. */
struct volumes_value {
    long label, scan;
    double mm3;
};

/* By label, then scan. */
struct volumes_values {
    struct volumes_value *list;
    long n;
};
enum ben_status volumes_collect(const struct volumes *volumes, struct volumes_values *values);

/* The end of the run of values from first on that are of one label. */
long volumes_label_end(const struct volumes_values *values, long first);

/* What regions are called. */
struct volumes_names {
    struct tsv *table; /* NULL: labels have no names */
    int name;          /* column */
};
enum ben_status volumes_open_names(const char *path, struct volumes_names *names);

/* "brain" for label 0, its name, or the number. The caller frees; NULL without memory. */
char *volumes_region(const struct volumes_names *names, long label);

/* The groups of all scans, sorted, each once; texts are volumes' own. None where none was asked for. */
struct volumes_groups {
    const char **list;
    long n;
};
enum ben_status volumes_find_groups(const struct volumes *volumes,
                                    struct volumes_groups *groups);

/* Whether the scan is in that group; all are in NULL. */
bool volumes_in_group(const struct volumes *volumes, long scan, const char *group);

/* A visit: what was measured of one animal in one session or at one time. */
struct volumes_visit {
    const char *participant, *session, *group; /* volumes' own; session NULL where unknown */
    long scan;                                 /* the first of it */
    long label, n;                             /* n: scans, whose mean is: */
    double mm3, time;
};

/* Visits of animals that have several, by label, participant and order in time. */
struct volumes_visits {
    struct volumes_visit *list;
    long n;
};
enum ben_status volumes_find_visits(const struct volumes *volumes,
                                    const struct volumes_values *values,
                                    struct volumes_visits *visits);

/* The end of the run of visits from first on that are of one label and animal. */
long volumes_animal_end(const struct volumes_visits *visits, long first);

/* z [n] of volumes and of uncertainties within equal groups and species. */
enum ben_status volumes_scores(const struct volumes *volumes, double *volume_z,
                               double *uncertainty_z);

/* Two tables of values by group: their summaries, and groups against each other (where there are
 * several). */
struct volumes_group_tables {
    const char *path, *tests_path;
    const char *unit, *counted; /* of the values, and what each is one of: "scans" */
    int decimals;
};
enum ben_status volumes_write_groups(const struct volumes_group_tables *tables,
                                     const struct volumes *volumes,
                                     const struct volumes_values *values,
                                     const struct volumes_names *names);

/* How fast the animals of each group change: of each animal with visits at different times the slope
 * of its volumes over time by least squares, in percent of their mean. Writes nothing where there is
 * no such animal. */
enum ben_status volumes_write_rates(const char *path, const char *tests_path,
                                    const struct volumes *volumes,
                                    const struct volumes_values *values,
                                    const struct volumes_names *names,
                                    const struct volumes_options *options);
enum ben_status volumes_write_change(const char *path, const struct volumes *volumes,
                                     const struct volumes_values *values,
                                     const struct volumes_names *names,
                                     const struct volumes_options *options);

/* "day" of dates, else what the user says. */
const char *volumes_time_unit(const struct volumes *volumes,
                              const struct volumes_options *options);

#endif
