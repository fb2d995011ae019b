/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/sample.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sample_add(struct sample *sample, double s)
{
    ENSURE(sample->n < SAMPLE_MOST);
    sample->s[sample->n++] = s;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct sample_summary sample_summary(const struct sample *sample, double count)
{
    int n = sample->n;
    double s[SAMPLE_MOST];
    if (n == 0)
        return (struct sample_summary){0};
    memcpy(s, sample->s, (size_t)n * sizeof *s);
    qsort(s, (size_t)n, sizeof *s, by_value);
    return (struct sample_summary){s[0] / count, (s[(n - 1) / 2] + s[n / 2]) / (2 * count)};
}

void sample_forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (!file)
        return;
    fputs("5", file);
    fclose(file);
}
