/* SPDX-License-Identifier: BSD-3-Clause */
#include "mpi/journal.h"

#include "base/util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENDING     ".journal"
#define LINE_MARK  "ben1" /* magic and format of a line */
#define MOST_BYTES ((size_t)1 << 31)

/* A line: ben1 <hash, 16 hex> <length of the body, 16 hex> <body>\n where
 * body = <status> <time_ns> <key>\t<payload>, key and payload without control characters. */
#define HEAD_BYTES (sizeof LINE_MARK + 17 + 17)

struct journal {
    char *folder, *name;
    int fd;    /* -1 before the first entry */
    bool torn; /* the last write failed part-way: the next one starts a new line */
};

struct lines {
    struct journal_entry *items;
    size_t n, room, ignored;
};

static enum ben_status sync_folder(const char *folder)
{
    enum ben_status st = BEN_OK;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        FAIL(BEN_E_IO, "%s: cannot bring the folder to the disk: %s", folder, strerror(errno));
out:
    if (fd >= 0)
        close(fd);
    return st;
}

enum ben_status journal_open(const char *folder, const char *name, struct journal **journal)
{
    enum ben_status st = BEN_OK;
    struct journal *j = NULL;
    TRY(util_make_dirs(folder));
    TRY_NEW(j = calloc(1, sizeof *j));
    j->fd = -1;
    TRY_NEW(j->folder = strdup(folder));
    TRY_NEW(j->name = strdup(name));
    *journal = j;
    j = NULL;
out:
    journal_close(&j);
    return st;
}

void journal_close(struct journal **journal)
{
    if (!*journal)
        return;
    if ((*journal)->fd >= 0)
        close((*journal)->fd);
    free((*journal)->folder);
    free((*journal)->name);
    free(*journal);
    *journal = NULL;
}

/* The first file name that nobody has: NAME, NAME-1, NAME-2 ... */
static enum ben_status create_file(struct journal *j)
{
    enum ben_status st = BEN_OK;
    char *path = NULL;
    for (int k = 0; j->fd < 0; k++) {
        free(path);
        TRY_NEW(path = k == 0 ? util_format("%s/%s" ENDING, j->folder, j->name)
                              : util_format("%s/%s-%d" ENDING, j->folder, j->name, k));
        j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (j->fd < 0 && errno != EEXIST)
            FAIL(BEN_E_IO, "%s: cannot create the journal: %s", path, strerror(errno));
    }
    TRY(sync_folder(j->folder));
out:
    free(path);
    return st;
}

/* Copies text with \ \t \n \r as two characters each; returns the end. */
static char *escape(char *to, const char *text)
{
    static const char plain[] = "\\\t\n\r", coded[] = "\\tnr";
    for (; *text; text++) {
        const char *special = strchr(plain, *text);
        if (special)
            *to++ = '\\';
        *to++ = special ? coded[special - plain] : *text;
    }
    return to;
}

/* The way back, in place. */
static void unescape(char *text)
{
    static const char plain[] = "\\\t\n\r", coded[] = "\\tnr";
    char *to = text;
    for (; *text; text++) {
        const char *special = *text == '\\' && text[1] ? strchr(coded, text[1]) : NULL;
        *to++ = special ? plain[special - coded] : *text;
        text += special != NULL;
    }
    *to = '\0';
}

/* The whole line of an entry, its end included; the caller frees. */
static enum ben_status format_line(const struct journal_entry *entry, char **line, size_t *n)
{
    enum ben_status st = BEN_OK;
    char *text, head[HEAD_BYTES + 1];
    size_t room = HEAD_BYTES + 40 + 2 * (strlen(entry->key) + strlen(entry->payload));
    TRY_NEW(text = malloc(room));
    char *body = text + HEAD_BYTES;
    char *end = body + sprintf(body, "%d %lld ", (int)entry->status, (long long)entry->time_ns);
    end = escape(end, entry->key);
    *end++ = '\t';
    end = escape(end, entry->payload);
    size_t length = (size_t)(end - body);
    unsigned long long hash = util_hash(UTIL_HASH_START, body, length);
    snprintf(head, sizeof head, LINE_MARK " %016llx %016zx ", hash, length);
    memcpy(text, head, HEAD_BYTES);
    *end++ = '\n';
    *line = text;
    *n = (size_t)(end - text);
out:
    return st;
}

static enum ben_status write_all(struct journal *j, const char *bytes, size_t n)
{
    enum ben_status st = BEN_OK;
    while (n > 0) {
        ssize_t done = write(j->fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            FAIL(BEN_E_IO, "%s/%s" ENDING ": cannot append to the journal: %s", j->folder,
                 j->name, strerror(errno));
        bytes += done;
        n -= (size_t)done;
    }
out:
    return st;
}

enum ben_status journal_append(struct journal *journal, const char *key,
                               enum journal_status status, const char *payload)
{
    enum ben_status st = BEN_OK;
    char *line = NULL;
    size_t n = 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct journal_entry entry = {key, payload, status,
                                  now.tv_sec * INT64_C(1000000000) + now.tv_nsec};
    TRY(format_line(&entry, &line, &n));
    if (journal->fd < 0)
        TRY(create_file(journal));
    if (journal->torn)
        TRY(write_all(journal, "\n", 1));
    journal->torn = true;
    TRY(write_all(journal, line, n));
    if (fsync(journal->fd) != 0)
        FAIL(BEN_E_IO, "%s/%s" ENDING ": cannot bring the journal to the disk: %s",
             journal->folder, journal->name, strerror(errno));
    journal->torn = false;
out:
    free(line);
    return st;
}

/* Checks one line (NUL-terminated, n characters) and takes it apart in place. */
static bool parse_line(char *line, size_t n, struct journal_entry *entry)
{
    char head[HEAD_BYTES + 1];
    if (n < HEAD_BYTES)
        return false;
    char *body = line + HEAD_BYTES;
    size_t length = n - HEAD_BYTES;
    snprintf(head, sizeof head, LINE_MARK " %016llx %016zx ",
             (unsigned long long)util_hash(UTIL_HASH_START, body, length), length);
    if (memcmp(head, line, HEAD_BYTES) != 0 || strlen(body) != length)
        return false;
    char *end, *tab = strchr(body, '\t');
    long status = strtol(body, &end, 10);
    if (!tab || *end != ' ' || status < BEN_JOURNAL_DONE || status > BEN_JOURNAL_FAILED)
        return false;
    entry->status = (enum journal_status)status;
    entry->time_ns = strtoll(end + 1, &end, 10);
    if (*end != ' ' || end > tab)
        return false;
    *tab = '\0';
    unescape(end + 1);
    unescape(tab + 1);
    entry->key = end + 1;
    entry->payload = tab + 1;
    return true;
}

static enum ben_status parse_text(char *text, size_t n, struct lines *lines)
{
    enum ben_status st = BEN_OK;
    for (char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        bool whole = end != NULL;
        end = end ? end : text + n;
        if (end == line)
            continue;
        if (lines->n == lines->room) {
            struct journal_entry *more;
            lines->room = lines->room ? 2 * lines->room : 256;
            TRY_NEW(more = realloc(lines->items, lines->room * sizeof *more));
            lines->items = more;
        }
        *end = '\0';
        if (whole && parse_line(line, (size_t)(end - line), &lines->items[lines->n]))
            lines->n++;
        else
            lines->ignored++;
    }
out:
    return st;
}

/* By key, then the latest last; lines come in order of file name and place, so that their
 * addresses decide among equal times. */
static int by_key_and_time(const void *a, const void *b)
{
    const struct journal_entry *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->key < y->key ? -1 : 1;
}

/* Keeps the last of each key's entries. */
static size_t keep_latest(struct journal_entry *items, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (i + 1 == n || strcmp(items[i].key, items[i + 1].key) != 0)
            items[kept++] = items[i];
    return kept;
}

/* Takes text (n bytes and a NUL) over, also on failure. */
static enum ben_status make_book(char *text, size_t n, struct journal_book **book)
{
    enum ben_status st = BEN_OK;
    struct lines lines = {0};
    struct journal_book *b = NULL;
    TRY(parse_text(text, n, &lines));
    TRY_NEW(b = calloc(1, sizeof *b));
    if (lines.n > 0)
        qsort(lines.items, lines.n, sizeof *lines.items, by_key_and_time);
    b->n = keep_latest(lines.items, lines.n);
    b->ignored = lines.ignored;
    b->entries = lines.items;
    lines.items = NULL;
    b->text = text;
    text = NULL;
    *book = b;
out:
    free(lines.items);
    free(text);
    return st;
}

static int is_journal(const struct dirent *entry)
{
    size_t n = strlen(entry->d_name), ending = strlen(ENDING);
    return n > ending && strcmp(entry->d_name + n - ending, ENDING) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Appends a file's bytes and a line end to text. */
static enum ben_status append_file(const char *folder, const char *name, char **text, size_t *n)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *bytes = NULL, *more;
    size_t size = 0;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY(util_read_file(path, MOST_BYTES, &bytes, &size));
    TRY_NEW(more = realloc(*text, *n + size + 2));
    *text = more;
    memcpy(more + *n, bytes, size);
    *n += size;
    if (size > 0 && bytes[size - 1] != '\n') {
        more[(*n)++] = ' '; /* a line without its end stays torn */
        more[(*n)++] = '\n';
    }
out:
    free(path);
    free(bytes);
    return st;
}

/* All journals of the folder, one after the other in order of name; NUL-terminated. */
static enum ben_status read_folder(const char *folder, char **text, size_t *n)
{
    enum ben_status st = BEN_OK;
    struct dirent **names = NULL;
    char *all = NULL, *more;
    size_t size = 0;
    int n_names = scandir(folder, &names, is_journal, by_name);
    if (n_names < 0 && errno != ENOENT)
        FAIL(BEN_E_IO, "%s: cannot list the journals: %s", folder, strerror(errno));
    for (int i = 0; i < n_names; i++)
        TRY(append_file(folder, names[i]->d_name, &all, &size));
    TRY_NEW(more = realloc(all, size + 1));
    all = more;
    all[size] = '\0';
    *text = all;
    *n = size;
    all = NULL;
out:
    for (int i = 0; i < n_names; i++)
        free(names[i]);
    free(names);
    free(all);
    return st;
}

enum ben_status journal_load(const char *folder, struct journal_book **book)
{
    enum ben_status st = BEN_OK;
    char *text = NULL;
    size_t n = 0;
    TRY(read_folder(folder, &text, &n));
    TRY(make_book(text, n, book));
out:
    return st;
}

enum ben_status journal_load_shared(const struct comm *comm, const char *folder,
                                    struct journal_book **book)
{
    enum ben_status st = BEN_OK;
    struct journal_book *b = NULL;
    char *text = NULL;
    size_t n = 0;
    if (comm->rank == 0)
        st = read_folder(folder, &text, &n);
    TRY(comm_agree(comm, st));
    TRY(comm_broadcast_block(comm, &text, &n, 0));
    st = make_book(text, n, &b);
    text = NULL;
    TRY(comm_agree(comm, st));
    *book = b;
    b = NULL;
out:
    free(text);
    journal_free(&b);
    return st;
}

const struct journal_entry *journal_find(const struct journal_book *book, const char *key)
{
    size_t low = 0, high = book->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, book->entries[middle].key);
        if (order == 0)
            return &book->entries[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void journal_free(struct journal_book **book)
{
    if (!*book)
        return;
    free((*book)->entries);
    free((*book)->text);
    free(*book);
    *book = NULL;
}
