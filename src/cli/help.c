/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/help.h"

#include "base/util.h"
#include "cli/completion.h"
#include "cli/manual.h"

#include <stdlib.h>
#include <string.h>

/* Takes what was printed to a memory stream over, also on failure. */
static enum ben_status write_page(const char *path, FILE *page, char **text)
{
    enum ben_status st = BEN_OK;
    if (fclose(page) != 0)
        FAIL(BEN_E_MEMORY, "out of memory");
    TRY(util_make_parents(path));
    TRY(util_write_file(path, *text, strlen(*text)));
out:
    free(*text);
    return st;
}

/* command NULL: the program's own page. */
static enum ben_status write_manual(const char *folder, const struct command *command)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *text = NULL;
    size_t n;
    FILE *page;
    TRY_NEW(path = util_format("%s/man/man1/ben-mpi%s%s.1", folder, command ? "-" : "",
                               command ? command->name : ""));
    TRY_NEW(page = open_memstream(&text, &n));
    manual_page(command, page);
    TRY(write_page(path, page, &text));
out:
    free(path);
    return st;
}

static enum ben_status write_completion(const char *folder, const char *shell, const char *name)
{
    enum ben_status st = BEN_OK;
    char *path = NULL, *text = NULL;
    size_t n;
    FILE *page;
    TRY_NEW(path = util_format("%s/%s", folder, name));
    TRY_NEW(page = open_memstream(&text, &n));
    completion_write(shell, page);
    TRY(write_page(path, page, &text));
out:
    free(path);
    return st;
}

static enum ben_status write_all(const char *folder)
{
    enum ben_status st = BEN_OK;
    size_t n;
    const struct command *const *all = command_list(&n);
    TRY(write_manual(folder, NULL));
    for (size_t i = 0; i < n; i++)
        TRY(write_manual(folder, all[i]));
    TRY(write_completion(folder, "bash", "bash-completion/completions/ben-mpi"));
    TRY(write_completion(folder, "zsh", "zsh/site-functions/_ben-mpi"));
    TRY(write_completion(folder, "fish", "fish/vendor_completions.d/ben-mpi.fish"));
out:
    return st;
}

static int refuse(void)
{
    fputs("error: usage: ben-mpi help [COMMAND], help --man [COMMAND], help --completion "
          "bash|zsh|fish, or help --write FOLDER; ben-mpi --help lists the commands\n",
          stderr);
    return BEN_EXIT_START;
}

int help_answer(int n, char **words)
{
    bool man = n > 0 && strcmp(words[0], "--man") == 0;
    if (n == 2 && strcmp(words[0], "--completion") == 0)
        return completion_write(words[1], stdout) ? EXIT_SUCCESS : refuse();
    if (n == 2 && strcmp(words[0], "--write") == 0) {
        if (write_all(words[1]) == BEN_OK)
            return EXIT_SUCCESS;
        fprintf(stderr, "error: %s\n", ben_error_text());
        return BEN_EXIT_START;
    }
    const char *name = n > man ? words[man] : NULL;
    const struct command *command = name ? command_find(name) : NULL;
    if ((name && !command) || n > man + 1)
        return refuse();
    if (man)
        manual_page(command, stdout);
    else if (command)
        manual_command_help(command, stdout);
    else
        manual_help(stdout);
    return EXIT_SUCCESS;
}
