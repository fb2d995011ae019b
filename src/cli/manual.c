/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/manual.h"

#include <ctype.h>
#include <string.h>

#define PAPER                                                                                  \
    "Yu et al., A generalizable brain extraction net (BEN) for multimodal MRI data from "      \
    "rodents, nonhuman primates, and humans, eLife 2022;11:e81217."

struct note {
    const char *term, *text;
};

static const struct note exit_codes[] = {
    {"0", "All good."},
    {"1", "Some scan failed; the results table says which and why."},
    {"2", "Bad start: arguments, configuration, weights or folders; nothing was done."},
    {"75", "Interrupted by a signal; the same command goes on."},
};

static const struct note environment[] = {
    {"BEN_WEIGHTS",
     "Folder with weights files (rat.h5, human.h5 ...) that is looked into before "
     "the installed ones."},
    {"BEN_ISA",
     "Instruction set of the kernels: avx512, avx2 or generic; by default the widest "
     "that the processor has."},
};

void manual_help(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    fputs("ben-mpi " BEN_VERSION ": brain extraction of MRI, from one scan to a cohort\n\n"
          "usage: ben-mpi COMMAND [OPTION]... ARGUMENT...\n\n"
          "commands (ben-mpi COMMAND --help tells more):\n",
          to);
    for (size_t i = 0; i < n; i++)
        fprintf(to, "  %-10s %s\n", all[i]->name, all[i]->summary);
    fputs("  help       this; help COMMAND, help --man [COMMAND],\n"
          "             help --completion bash|zsh|fish, help --write FOLDER\n"
          "\nExit codes: 0 all good, 1 some scan failed, 2 bad start, 75 interrupted: run the\n"
          "same command again to go on.\n",
          to);
}

void manual_command_help(const struct command *command, FILE *to)
{
    fprintf(to, "usage: ben-mpi %s %s\n\n%s\n", command->name, command->usage,
            command->summary);
    option_help(&command->options, to);
}

/* Text that troff takes as it stands. */
static void put(FILE *to, const char *text)
{
    static const char special[] = "\\-'`^~\"";
    static const char *const names[] = {"\\e",   "\\-",   "\\(aq", "\\(ga",
                                        "\\(ha", "\\(ti", "\\(dq"};
    for (; *text; text++) {
        const char *found = strchr(special, *text);
        if (found)
            fputs(names[found - special], to);
        else
            fputc(*text, to);
    }
}

/* A sentence: begins with a capital, ends with a full stop. */
static void put_sentence(FILE *to, const char *text)
{
    char first[2] = {(char)toupper((unsigned char)*text), '\0'};
    size_t n = strlen(text);
    put(to, first);
    put(to, text + 1);
    fputs(n > 0 && text[n - 1] == '.' ? "\n" : ".\n", to);
}

static void put_notes(FILE *to, const struct note *notes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        fputs(".TP\n.B ", to);
        put(to, notes[i].term);
        fputc('\n', to);
        put(to, notes[i].text);
        fputc('\n', to);
    }
}

static void put_option(FILE *to, const struct option *row)
{
    bool flag = row->type == BEN_OPTION_FLAG;
    bool number = row->type == BEN_OPTION_INT || row->type == BEN_OPTION_REAL ||
                  row->type == BEN_OPTION_REALS;
    fputs(".TP\n\\fB\\-\\-", to);
    put(to, row->name);
    fputs(flag ? "\\fR, \\fB\\-\\-no\\-" : "\\fR \\fI", to);
    put(to, flag ? row->name : row->unit ? row->unit : "N");
    fputs("\\fR\n", to);
    put_sentence(to, row->help);
    if (number) {
        char bounds[80];
        snprintf(bounds, sizeof bounds, "From %g to %g.\n", row->min, row->max);
        put(to, bounds);
    }
    if (row->initial) {
        fputs("Default: ", to);
        put(to, row->initial);
        fputs(".\n", to);
    }
}

static void put_title(FILE *to, const char *part)
{
    fputs(".TH BEN\\-MPI", to);
    for (; *part; part++)
        fputc(toupper((unsigned char)*part), to);
    fputs(" 1 \"\" \"ben\\-mpi " BEN_VERSION "\" \"ben\\-mpi manual\"\n.SH NAME\n", to);
}

static void command_page(const struct command *command, FILE *to)
{
    char part[64];
    snprintf(part, sizeof part, "-%s", command->name);
    put_title(to, part);
    fprintf(to, "ben\\-mpi\\-%s \\- ", command->name);
    put(to, command->summary);
    fprintf(to, "\n.SH SYNOPSIS\n.B ben\\-mpi %s\n[\\fIOPTION\\fR]...\n", command->name);
    put(to, command->usage);
    fputs("\n.SH DESCRIPTION\n", to);
    put_sentence(to, command->summary);
    fputs("Runs on any number of ranks: alone, under\n.B mpirun\nor\n.BR srun .\n"
          ".SH OPTIONS\n"
          "Options may stand anywhere; words behind\n.B \\-\\-\nare none.\n",
          to);
    for (size_t i = 0; i < command->options.n; i++)
        put_option(to, &command->options.rows[i]);
    fputs(".TP\n.B \\-\\-help\nPrint the options and stop.\n", to);
}

static void program_page(FILE *to)
{
    size_t n;
    const struct command *const *all = command_list(&n);
    put_title(to, "");
    fputs("ben\\-mpi \\- brain extraction of MRI, from one scan to a cohort\n.SH SYNOPSIS\n"
          ".B ben\\-mpi\n\\fICOMMAND\\fR [\\fIOPTION\\fR]... \\fIARGUMENT\\fR...\n"
          ".SH DESCRIPTION\n"
          "Extracts brains from MRI of mice, rats, marmosets, macaques and humans, over any "
          "number of ranks\n.RB ( mpirun\nor\n.BR srun ),\n"
          "trains the network that does so, and judges the masks.\n.SH COMMANDS\n",
          to);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, ".TP\n.B %s\n", all[i]->name);
        put_sentence(to, all[i]->summary);
        fprintf(to, "See\n.BR ben\\-mpi\\-%s (1).\n", all[i]->name);
    }
    fputs(".TP\n\\fBhelp\\fR [\\fICOMMAND\\fR]\nPrint what\n.B \\-\\-help\nprints.\n"
          ".TP\n\\fBhelp \\-\\-man\\fR [\\fICOMMAND\\fR]\nPrint a manual page.\n"
          ".TP\n\\fBhelp \\-\\-completion\\fR \\fIbash|zsh|fish\\fR\n"
          "Print what completes commands and options in that shell.\n"
          ".TP\n\\fBhelp \\-\\-write\\fR \\fIFOLDER\\fR\n"
          "Write all of these as files, laid out as\n.I /usr/share\nis.\n",
          to);
}

void manual_page(const struct command *command, FILE *to)
{
    if (command)
        command_page(command, to);
    else
        program_page(to);
    fputs(".SH EXIT STATUS\n", to);
    put_notes(to, exit_codes, sizeof exit_codes / sizeof exit_codes[0]);
    fputs(".SH ENVIRONMENT\n", to);
    put_notes(to, environment, sizeof environment / sizeof environment[0]);
    fputs(".SH REFERENCES\n", to);
    put(to, PAPER);
    fputs(command ? "\n.SH SEE ALSO\n.BR ben\\-mpi (1)\n" : "\n", to);
}
