/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local char error_text[2048];
static _Thread_local char error_place[256];
void (*ben_abort_hook)(void);

enum ben_status ben_raise(enum ben_status status, const char *file, int line, const char *func,
                          const char *format, ...)
{
    char text[sizeof error_text]; /* the arguments may point into error_text */
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(error_text, sizeof error_text, "%s", text);
    snprintf(error_place, sizeof error_place, "%s:%d (%s)", file, line, func);
    return status;
}

const char *ben_error_text(void)
{
    return error_text;
}

const char *ben_error_place(void)
{
    return error_place;
}

void ben_error_set(const char *text, const char *place)
{
    snprintf(error_text, sizeof error_text, "%s", text);
    snprintf(error_place, sizeof error_place, "%s", place);
}

void ben_bug(const char *file, int line, const char *condition)
{
    fprintf(stderr, "ben-mpi: bug: %s:%d: %s does not hold; please report it\n", file, line,
            condition);
    if (ben_abort_hook)
        ben_abort_hook();
    abort();
}
