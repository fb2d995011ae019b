/* SPDX-License-Identifier: BSD-3-Clause */
/* Configurations. First byte: odd, the rest is an INI file; even, its lines are words of a command
 * line. What was understood must be printed so that it is understood again, to the same. */
#include "fuzz.h"

#include "base/option.h"

#include <stdlib.h>
#include <string.h>

const char fuzz_name[] = "options";

struct options {
    bool flag;
    int count, choice;
    double real, reals[3];
    const char *text;
    struct option_texts texts;
};

#define ROW(name, section, type, field, initial, min, max, unit, n)                            \
    {                                                                                          \
        name, section, type, offsetof(struct options, field), initial, min, max, unit, "help", \
            n                                                                                  \
    }
static const struct option rows[] = {
    ROW("flag", "a", BEN_OPTION_FLAG, flag, "no", 0, 0, NULL, 0),
    ROW("count", "a", BEN_OPTION_INT, count, "3", -5, 1000, "N", 0),
    ROW("choice", "a", BEN_OPTION_CHOICE, choice, "one", 0, 0, "one|two|three", 0),
    ROW("real", "b", BEN_OPTION_REAL, real, "0.5", 0, 1e300, "X", 0),
    ROW("reals", "b", BEN_OPTION_REALS, reals, "1,2,3", -10, 10, "A,B,C", 3),
    ROW("text", "b", BEN_OPTION_TEXT, text, NULL, 0, 0, "FILE", 0),
    ROW("texts", "b", BEN_OPTION_TEXTS, texts, NULL, 0, 0, "NAME...", 0),
};
static const struct option_table table = {rows, sizeof rows / sizeof rows[0]};

void fuzz_start(void)
{
    fuzz_seed_text("1[a]\nflag = yes\ncount = 7 ; seven\n; no\nchoice = two\n[b]\nreal = 1e-3\n"
                   "reals = 1, 2,3\ntext = a b.nii\ntexts = a \"b c\" d\n");
    fuzz_seed_text("1[b]\nreals=4\ntexts=\n");
    fuzz_seed_text("0--flag\n--count\n12\n--texts\na\nb c\n--no-flag\n--real=0x1p-3\nfile\n--\n"
                   "--file\n");
    fuzz_seed_text("0--choice\nthree\n--reals\n1,2,3\n--text=x\n-\n");
}

static int read_ini(const char *text, struct options *options)
{
    option_defaults(&table, options);
    return fuzz_fine(option_read_ini(&table, text, "x.ini", options), "x.ini");
}

static int read_words(struct fuzz_source *from, struct options *options)
{
    enum { MOST = 32 };
    char *words[MOST];
    const char *args[MOST];
    int n = 0, n_args;
    while (from->left > 0 && n < MOST)
        words[n++] = fuzz_text(from, '\n', 400);
    option_defaults(&table, options);
    enum ben_status st =
        option_read_argv(&table, n, (const char *const *)words, options, args, &n_args);
    FUZZ_ENSURE(st || n_args <= n);
    for (int i = 0; i < n; i++)
        free(words[i]);
    return fuzz_fine(st, NULL);
}

/* Texts that an INI file can hold: inih ends lines at 200 bytes, and takes blanks off the ends and
 * comments off the rest. */
static int printable(const char *dump)
{
    for (const char *line = dump; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strcspn(line, "\n") > 190)
            return 0;
    }
    return 1;
}

static int plain(const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (n == 0)
        return !text;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || strchr("\";", text[i]))
            return 0;
    return text[0] != ' ' && text[n - 1] != ' ';
}

static void print_again(const struct options *options)
{
    struct options again = {0};
    int same = plain(options->text) || !options->text;
    for (int i = 0; i < options->texts.n; i++)
        same = same && plain(options->texts.text[i]);
    char *dump = option_dump(&table, options);
    FUZZ_ENSURE(dump);
    if (same && printable(dump)) {
        FUZZ_ENSURE(read_ini(dump, &again));
        char *second = option_dump(&table, &again);
        FUZZ_ENSURE(second && strcmp(dump, second) == 0);
        free(second);
    }
    free(dump);
    option_free(&table, &again);
}

void fuzz_one(const uint8_t *data, size_t n)
{
    struct fuzz_source from = {data, n};
    struct options options = {0};
    char *text = NULL;
    int good;
    if (fuzz_byte(&from) & 1)
        good = read_ini(text = fuzz_text(&from, '\0', n), &options);
    else
        good = read_words(&from, &options);
    if (good) {
        FUZZ_ENSURE(options.count >= -5 && options.count <= 1000);
        FUZZ_ENSURE(options.choice >= 0 && options.choice < 3 && options.real >= 0);
        print_again(&options);
    }
    option_free(&table, &options);
    free(text);
}
