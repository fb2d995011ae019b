/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/completion.h"

#include "cli/command.h"

#include <string.h>

/* Words parted by bars ("a|b|c") as words parted by blanks. */
static void put_choices(FILE *to, const char *choices)
{
    for (; *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, to);
}

/* "--name", and "--no-name" of a flag, each with a blank ahead. */
static void put_names(FILE *to, const struct option *row)
{
    fprintf(to, " --%s", row->name);
    if (row->type == BEN_OPTION_FLAG)
        fprintf(to, " --no-%s", row->name);
}

static void put_commands(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%s ", all[i]->name);
    fputs("help", to);
}

static void bash_values(FILE *to, const struct command *command)
{
    for (size_t i = 0; i < command->options.n; i++) {
        const struct option *row = &command->options.rows[i];
        if (row->type != BEN_OPTION_CHOICE)
            continue;
        fprintf(to, "    '%s --%s') words='", command->name, row->name);
        put_choices(to, row->unit);
        fputs("' ;;\n", to);
    }
}

static void bash_options(FILE *to, const struct command *command)
{
    fprintf(to, "    %s) words='", command->name);
    for (size_t i = 0; i < command->options.n; i++)
        put_names(to, &command->options.rows[i]);
    fputs(" --help' ;;\n", to);
}

/* bash parts words at '=' too: --name = value. Where no word fits, bash completes file names. */
static void write_bash(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    fputs("# bash completion of ben-mpi\n"
          "_ben_mpi() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} words=\n"
          "    COMPREPLY=()\n"
          "    if [[ $word == = ]]; then\n"
          "        word=\n"
          "    elif [[ $before == = ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        COMPREPLY=($(compgen -W '",
          to);
    put_commands(to);
    fputs(" --help --version' -- \"$word\"))\n        return\n    fi\n"
          "    case \"$command $before\" in\n",
          to);
    for (size_t i = 0; i < n; i++)
        bash_values(to, all[i]);
    fputs("    'help help' | 'help --man') words='", to);
    put_commands(to);
    fputs(" --man --completion' ;;\n"
          "    'help --completion') words='bash zsh fish' ;;\n    esac\n"
          "    [[ -z $words && $word == -* ]] && case $command in\n",
          to);
    for (size_t i = 0; i < n; i++)
        bash_options(to, all[i]);
    fputs("    esac\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "}\n"
          "complete -o default -F _ben_mpi ben-mpi\n",
          to);
}

/* Text between single quotes where brackets and colons have a meaning. */
static void zsh_text(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("[]:\\", *text))
            fputc('\\', to);
        fputs(*text == '\'' ? "'\\''" : (const char[]){*text, '\0'}, to);
    }
}

static void zsh_option(FILE *to, const struct option *row)
{
    bool flag = row->type == BEN_OPTION_FLAG;
    fprintf(to, "        '--%s%s[", row->name, flag ? "" : "=");
    zsh_text(to, row->help);
    fputc(']', to);
    if (flag) {
        fprintf(to, "' '--no-%s[not: ", row->name);
        zsh_text(to, row->help);
        fputc(']', to);
    } else if (row->type == BEN_OPTION_CHOICE) {
        fprintf(to, ":%s:(", row->name);
        put_choices(to, row->unit);
        fputc(')', to);
    } else {
        fprintf(to, ":%s:_files", row->name);
    }
    fputs("' \\\n", to);
}

static void write_zsh(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    fputs(
        "#compdef ben-mpi\n_ben_mpi() {\n    local line state\n    _arguments -C "
        "'--help[what there is]' '--version[which version this is]' \\\n        '1:command:((",
        to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "%s\\:\"", all[i]->name);
        zsh_text(to, all[i]->summary);
        fputs("\" ", to);
    }
    fputs("help\\:\"what there is\"))' '*::argument:->arguments'\n"
          "    [[ $state == arguments ]] || return\n    case $line[1] in\n",
          to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "    %s) _arguments \\\n", all[i]->name);
        for (size_t k = 0; k < all[i]->options.n; k++)
            zsh_option(to, &all[i]->options.rows[k]);
        fputs("        '--help[the options]' '*:file:_files' ;;\n", to);
    }
    fputs("    help) _arguments '--man[a manual page]' "
          "'--completion=[for a shell]:shell:(bash zsh fish)' '*:command:(",
          to);
    put_commands(to);
    fputs(")' ;;\n    esac\n}\n_ben_mpi \"$@\"\n", to);
}

/* Text between single quotes. */
static void fish_text(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("'\\", *text))
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void fish_option(FILE *to, const char *command, const struct option *row)
{
    bool flag = row->type == BEN_OPTION_FLAG;
    for (int no = 0; no <= (flag ? 1 : 0); no++) {
        fprintf(to, "complete -c ben-mpi -n '__fish_seen_subcommand_from %s' -l %s%s", command,
                no ? "no-" : "", row->name);
        if (row->type == BEN_OPTION_CHOICE) {
            fputs(" -x -a '", to);
            put_choices(to, row->unit);
            fputc('\'', to);
        } else if (!flag) {
            fputs(" -r", to);
        }
        fprintf(to, " -d '%s", no ? "not: " : "");
        fish_text(to, row->help);
        fputs("'\n", to);
    }
}

static void write_fish(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    fputs("# fish completion of ben-mpi\n", to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "complete -c ben-mpi -n __fish_use_subcommand -f -a %s -d '", all[i]->name);
        fish_text(to, all[i]->summary);
        fputs("'\n", to);
        for (size_t k = 0; k < all[i]->options.n; k++)
            fish_option(to, all[i]->name, &all[i]->options.rows[k]);
    }
    fputs(
        "complete -c ben-mpi -n __fish_use_subcommand -f -a help -d 'what there is'\n"
        "complete -c ben-mpi -n '__fish_seen_subcommand_from help' -l man -d 'a manual page'\n"
        "complete -c ben-mpi -n '__fish_seen_subcommand_from help' -l completion -x -a "
        "'bash zsh fish' -d 'for a shell'\n",
        to);
}

bool completion_write(const char *shell, FILE *to)
{
    static const struct {
        const char *shell;
        void (*write)(FILE *);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
        if (strcmp(shells[i].shell, shell) == 0) {
            shells[i].write(to);
            return true;
        }
    return false;
}
