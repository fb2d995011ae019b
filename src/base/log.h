/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines to stderr and, where opened, to a file. Rank 0 writes at the chosen level; ranks
 * above 0 only warnings and errors, with their rank in front. */
#ifndef BEN_BASE_LOG_H
#define BEN_BASE_LOG_H

enum log_level { BEN_LOG_ERROR, BEN_LOG_WARN, BEN_LOG_INFO, BEN_LOG_DEBUG };

void log_setup(enum log_level level, int rank);

/* Lines also go to the file at path (appended) from now on; NULL closes it. 0 or -1 (errno). */
int log_file(const char *path);

void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(BEN_LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(BEN_LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(BEN_LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(BEN_LOG_DEBUG, __VA_ARGS__)

/* Progress: rewrites one line on rank 0 where stderr is a terminal, silent elsewhere and below
 * level INFO. done of total, what is counted, time left from the rate since start_s. */
void log_progress(const char *what, double done, double total, double start_s);
void log_progress_end(void);

#endif
