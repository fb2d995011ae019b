/* SPDX-License-Identifier: BSD-3-Clause */
/* Errors. Whatever can fail returns enum ben_status and leaves a text that a user understands:
 * the file, the reason, what to do. A function declares `enum ben_status st = BEN_OK;`, calls
 * through TRY, raises with FAIL, and has one label `out:` that frees in reverse and returns st.
 *
 *   enum ben_status f(const char *path)
 *   {
 *       enum ben_status st = BEN_OK;
 *       struct volume *v = NULL;
 *       TRY(volume_read(path, &v));
 *       if (!good(v))
 *           FAIL(BEN_E_INPUT, "%s: no good; do this", path);
 *   out:
 *       volume_free(&v);
 *       return st;
 *   }
 */
#ifndef BEN_BASE_STATUS_H
#define BEN_BASE_STATUS_H

enum ben_status {
    BEN_OK = 0,
    BEN_E_INPUT,       /* this scan or table cannot be used: a failed row, others go on */
    BEN_E_ARG,         /* bad start: option, configuration, weights */
    BEN_E_IO,          /* the system refused a read or a write */
    BEN_E_MEMORY,      /* out of memory */
    BEN_E_MPI,         /* an MPI call failed */
    BEN_E_HDF5,        /* an HDF5 call failed */
    BEN_E_INTERRUPTED, /* a signal asked to stop; state is saved */
};

/* Records the text (printf form) of a new error for this thread and returns status. Local. */
enum ben_status ben_raise(enum ben_status status, const char *file, int line, const char *func,
                          const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The text of this thread's last error, "" before any. Never NULL. Local. */
const char *ben_error_text(void);

/* "file:line (function)" where that error was raised. Local. */
const char *ben_error_place(void);

/* Replaces this thread's error text, as when another rank's error is taken over. Local. */
void ben_error_set(const char *text, const char *place);

/* Our own bug: prints and aborts (all ranks, by the hook that mpi/comm sets). */
_Noreturn void ben_bug(const char *file, int line, const char *condition);
extern void (*ben_abort_hook)(void);

#define ENSURE(condition)                                                                      \
    do {                                                                                       \
        if (!(condition))                                                                      \
            ben_bug(__FILE__, __LINE__, #condition);                                           \
    } while (0)

#define FAIL(status, ...)                                                                      \
    do {                                                                                       \
        st = ben_raise(status, __FILE__, __LINE__, __func__, __VA_ARGS__);                     \
        goto out;                                                                              \
    } while (0)

#define TRY(call)                                                                              \
    do {                                                                                       \
        st = (call);                                                                           \
        if (st != BEN_OK)                                                                      \
            goto out;                                                                          \
    } while (0)

/* An allocation: TRY_NEW(p = malloc(n)). */
#define TRY_NEW(assignment)                                                                    \
    do {                                                                                       \
        if ((assignment) == NULL)                                                              \
            FAIL(BEN_E_MEMORY, "out of memory");                                               \
    } while (0)

#endif
