/* SPDX-License-Identifier: BSD-3-Clause */
#include "qa/report.h"
#include "base/log.h"
#include "base/util.h"
#include "qa/report_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIDDLE_MOST ((size_t)1 << 30)

/* Where a scan's pictures wait for the cohort's numbers. The caller frees. */
static char *middle_path(const struct report *report, long scan, bool temporary)
{
    char *path = util_format("%s/%s", report->options->folder, report->scans[scan].page),
         *other = NULL;
    if (path && temporary) {
        other = util_temporary(path);
        free(path);
        path = other;
    }
    return path;
}

static enum ben_status check_stop(const struct report *report)
{
    enum ben_status st = BEN_OK;
    if (report->options->stop && report->options->stop())
        FAIL(BEN_E_INTERRUPTED, "stopped by a signal; the same command starts the report anew");
out:
    return st;
}

/* Without waiting for the disk: it is read again at once, and worthless after a crash. */
static enum ben_status put_aside(const char *path, const char *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    FILE *file = fopen(path, "wb");
    bool good = file && fwrite(bytes, 1, n, file) == n;
    good = file && fclose(file) == 0 && good;
    if (!good)
        FAIL(BEN_E_IO, "%s: cannot write: %s", path, strerror(errno));
out:
    return st;
}

static void discard_middle(const struct report *report, long scan)
{
    char *path = middle_path(report, scan, true);
    util_discard(path);
    free(path);
}

static enum ben_status look_at(const struct report *report, long scan)
{
    enum ben_status st = BEN_OK;
    struct report_measured *measured = &report->measured[scan];
    char *path = NULL, *html = NULL;
    size_t n = 0;
    FILE *to = NULL;
    TRY(check_stop(report));
    TRY_NEW(path = middle_path(report, scan, true));
    TRY_NEW(to = open_memstream(&html, &n));
    TRY(report_look(report, scan, to, measured));
    if (!report_finish(&to))
        FAIL(BEN_E_MEMORY, "out of memory");
    if (*measured->trouble)
        log_warn("%s: %s", report->scans[scan].name, measured->trouble);
    TRY(put_aside(path, html, *measured->trouble ? 0 : n));
out:
    if (to)
        fclose(to);
    free(html);
    free(path);
    return st;
}

static enum ben_status write_page(const struct report *report, long scan)
{
    enum ben_status st = BEN_OK;
    char *middle_at = NULL, *path = NULL, *middle = NULL, *html = NULL;
    size_t n = 0;
    TRY(check_stop(report));
    TRY_NEW(middle_at = middle_path(report, scan, true));
    TRY_NEW(path = middle_path(report, scan, false));
    TRY(util_read_file(middle_at, MIDDLE_MOST, &middle, NULL));
    TRY(report_scan_page(report, scan, middle, &html, &n));
    TRY(util_write_file(path, html, n));
out:
    free(middle_at);
    free(path);
    free(middle);
    free(html);
    return st;
}

static enum ben_status write_group(const struct report *report)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *html = NULL;
    size_t n = 0;
    TRY_NEW(path = util_format("%s/" REPORT_PAGE, report->options->folder));
    TRY(report_group_page(report, &html, &n));
    TRY(util_write_file(path, html, n));
out:
    free(path);
    free(html);
    return st;
}

static void count_outcome(const struct report *report, struct report_outcome *outcome)
{
    *outcome = (struct report_outcome){.scans = report->n};
    for (long i = 0; i < report->n; i++) {
        unsigned flags = report->scans[i].flags;
        outcome->failed += (flags & REPORT_FAILED) != 0;
        outcome->unseen += (flags & REPORT_UNSEEN) != 0;
        outcome->flagged += (flags & (REPORT_EMPTY | REPORT_OUTLIER | REPORT_UNSURE)) != 0;
        outcome->redrawn += (flags & REPORT_REDRAWN) != 0;
    }
}

enum ben_status report_write(const struct comm *world, const struct report_options *options,
                             struct report_outcome *outcome)
{
    enum ben_status st = BEN_OK;
    struct report report = {0};
    long first = 0, n = 0;
    double start_s = util_now_s();
    TRY(report_open(world, options, &report));
    if (world->rank == 0)
        util_sweep(options->folder);
    comm_share(report.n, world->rank, world->size, &first, &n);
    for (long i = first; i < first + n && st == BEN_OK; i++) {
        st = look_at(&report, i);
        log_progress("scans of rank 0", (double)(i - first) + 1, (double)n, start_s);
    }
    log_progress_end();
    TRY(comm_agree(world, st));
    TRY(comm_share_rows(world, report.measured, report.n, sizeof *report.measured));
    TRY(comm_agree(world, report_rank(&report)));
    for (long i = first; i < first + n && st == BEN_OK; i++)
        st = write_page(&report, i);
    if (world->rank == 0 && st == BEN_OK)
        st = write_group(&report);
    TRY(comm_agree(world, st));
    count_outcome(&report, outcome);
out:
    for (long i = first; st && i < first + n; i++)
        discard_middle(&report, i);
    report_close(&report);
    return st;
}
