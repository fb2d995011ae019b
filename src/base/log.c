/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum log_level log_level_now = BEN_LOG_INFO;
static int log_rank;
static FILE *log_stream;
static int progress_width;

void log_setup(enum log_level level, int rank)
{
    log_level_now = level;
    log_rank = rank;
}

int log_file(const char *path)
{
    if (log_stream)
        fclose(log_stream);
    log_stream = path ? fopen(path, "a") : NULL;
    return path && !log_stream ? -1 : 0;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error: ", "warning: ", "", ""};
    enum log_level limit = log_rank == 0 ? log_level_now : BEN_LOG_WARN;
    if (level > limit && !(log_stream && level <= BEN_LOG_INFO))
        return;
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    char prefix[32] = "";
    if (log_rank > 0)
        snprintf(prefix, sizeof prefix, "[rank %d] ", log_rank);
    if (level <= limit) {
        log_progress_end();
        fprintf(stderr, "%s%s%s\n", prefix, names[level], text);
    }
    if (log_stream) {
        char stamp[32];
        time_t now = time(NULL);
        struct tm parts;
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", localtime_r(&now, &parts));
        fprintf(log_stream, "%s %s%s%s\n", stamp, prefix, names[level], text);
        fflush(log_stream);
    }
}

void log_progress(const char *what, double done, double total, double start_s)
{
    if (log_rank != 0 || log_level_now < BEN_LOG_INFO || !isatty(STDERR_FILENO))
        return;
    double left_s = done > 0 ? (util_now_s() - start_s) * (total - done) / done : 0;
    char text[160];
    int n = snprintf(text, sizeof text, "%s: %.0f of %.0f (%.0f %%), %d:%02d:%02d left", what,
                     done, total, total > 0 ? 100 * done / total : 100, (int)left_s / 3600,
                     (int)left_s / 60 % 60, (int)left_s % 60);
    fprintf(stderr, "\r%-*s", progress_width, text);
    fflush(stderr);
    progress_width = n;
}

void log_progress_end(void)
{
    if (progress_width > 0)
        fputc('\n', stderr);
    progress_width = 0;
}
