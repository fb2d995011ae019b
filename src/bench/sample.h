/* SPDX-License-Identifier: BSD-3-Clause */
/* Repeated measurements, and the memory that a part of the program needed. All Local. */
#ifndef BEN_BENCH_SAMPLE_H
#define BEN_BENCH_SAMPLE_H

#include <stddef.h>

#define SAMPLE_MOST 64

/* Measurements of one thing; further ones beyond SAMPLE_MOST are a bug. */
struct sample {
    int n;
    double s[SAMPLE_MOST]; /* seconds */
};

struct sample_summary {
    double min_s, median_s; /* 0 of none */
};

void sample_add(struct sample *sample, double s);

/* Minimum and median, divided by count: the slices that each measurement took. */
struct sample_summary sample_summary(const struct sample *sample, double count);

/* From now on util_peak_bytes tells of what comes after. Where the system does not allow it,
 * peaks include what came before. */
void sample_forget_peak(void);

#endif
