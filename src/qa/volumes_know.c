/* SPDX-License-Identifier: BSD-3-Clause */
/* What tables say of the scans. */
#include "base/util.h"
#include "io/results_read.h"
#include "io/species.h"
#include "qa/evaluate.h"
#include "qa/facts.h"
#include "qa/volumes_inner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400.0

/* text's copy into *to, unless something is there already or text is NULL. */
static enum ben_status keep(char **to, const char *text)
{
    enum ben_status st = BEN_OK;
    if (!*to && text)
        TRY_NEW(*to = strdup(text));
out:
    return st;
}

/* Days since 1970 of a date of the Gregorian calendar (Hinnant's days_from_civil). */
static double days_of(int year, int month, int day)
{
    int y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int of_400 = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return (double)era * 146097 + of_400 - 719468;
}

/* "2024-05-31" or "2024-05-31T12:30:00" in days. */
static bool parse_date(const char *text, double *days)
{
    int y, mo, d, h = 0, mi = 0, used = 0;
    double s = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &y, &mo, &d, &used) != 3 || mo < 1 || mo > 12 || d < 1 ||
        d > 31)
        return false;
    text += used;
    if (*text != '\0' && sscanf(text, "%*1[T ]%2d:%2d:%lf", &h, &mi, &s) < 2)
        return false;
    *days = days_of(y, mo, d) + (h * 3600.0 + mi * 60.0 + s) / DAY_S;
    return true;
}

bool volumes_parse_time(const char *text, double *time, bool *date)
{
    char *end;
    *date = parse_date(text, time);
    if (*date)
        return true;
    *time = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*time);
}

static enum ben_status open_facts(const struct volumes *volumes,
                                  const struct volumes_options *options, struct facts **facts)
{
    enum ben_status st = BEN_OK;
    char *folder = NULL;
    TRY(facts_create(facts));
    for (int i = 0; i < options->n_tables; i++)
        TRY(facts_add_table(*facts, options->tables[i]));
    for (int i = 0; i < volumes->n_inputs; i++) {
        const char *input = volumes->inputs[i];
        size_t length = strlen(input);
        if (length > 4 && strcmp(input + length - 4, ".tsv") == 0)
            TRY(facts_add_table(*facts, input));
        free(folder);
        TRY_NEW(folder = util_is_dir(input) ? strdup(input) : util_folder(input));
        if (util_is_dir(input) || volumes->files[i])
            TRY(facts_add_dataset(*facts, folder));
    }
out:
    free(folder);
    return st;
}

/* What a row of a cohort file says itself. */
static enum ben_status know_row(const struct results_row *row, struct volumes_known *known)
{
    enum ben_status st = BEN_OK;
    TRY(keep(&known->participant, row->participant));
    TRY(keep(&known->session, row->session));
    TRY(keep(&known->species, row->species));
    known->uncertainty = row->uncertainty;
out:
    return st;
}

/* Who it is: by tables that name the mask, else by the mask's name. */
static enum ben_status know_who(struct facts *facts, const struct volumes_scan *scan,
                                struct volumes_known *known)
{
    enum ben_status st = BEN_OK;
    const struct facts_scan by_file = {{scan->path, NULL}, NULL, NULL};
    static const char *const participants[] = {"participant_id", "participant", "subject"};
    static const char *const sessions[] = {"session_id", "session"};
    const char *text;
    for (int i = 0; i < 3; i++) {
        TRY(facts_text(facts, &by_file, participants[i], &text));
        TRY(keep(&known->participant, text));
    }
    for (int i = 0; i < 2; i++) {
        TRY(facts_text(facts, &by_file, sessions[i], &text));
        TRY(keep(&known->session, text));
    }
    if (!known->participant)
        TRY_NEW(known->participant = evaluate_participant(scan->id));
    if (!known->session)
        known->session = evaluate_session(scan->id);
out:
    return st;
}

static const char *time_column(const struct facts *facts, const struct volumes_options *options)
{
    if (options->time)
        return options->time;
    return facts_has(facts, "age") ? "age" : "acq_time";
}

static enum ben_status know_more(struct volumes *volumes, struct facts *facts, long i,
                                 const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct volumes_known *known = &volumes->known[i];
    const struct facts_scan scan = {
        {volumes->scans[i].path, NULL}, known->participant, known->session};
    const char *text;
    bool date = false;
    TRY(facts_text(facts, &scan, "species", &text));
    TRY(keep(&known->species, text));
    if (!isfinite(known->uncertainty))
        TRY(facts_number(facts, &scan, options->uncertainty, &known->uncertainty));
    TRY(facts_text(facts, &scan, time_column(facts, options), &text));
    if (!text || !volumes_parse_time(text, &known->time, &date))
        known->time = NAN;
    volumes->dates = volumes->dates || date;
out:
    return st;
}

/* The common name of a species that this program knows, another name as it is; "unknown" is none. */
static enum ben_status settle_species(char **species)
{
    enum ben_status st = BEN_OK;
    enum species found = species_find(*species);
    char *name = NULL;
    if (found != BEN_SPECIES_UNKNOWN)
        TRY_NEW(name = strdup(species_name(found)));
    else if (*species && strcmp(*species, "unknown") != 0)
        TRY_NEW(name = strdup(*species));
    free(*species);
    *species = name;
out:
    return st;
}

static bool has_several_species(const struct volumes *volumes)
{
    const char *first = NULL;
    for (long i = 0; i < volumes->n; i++) {
        const char *species = volumes->known[i].species;
        if (first && species && strcmp(first, species) != 0)
            return true;
        first = first ? first : species;
    }
    return false;
}

/* The group of scan i: its species, where there are several, and the columns. */
static enum ben_status know_group(struct volumes *volumes, struct facts *facts, long i,
                                  const struct volumes_options *options, bool several)
{
    enum ben_status st = BEN_OK;
    struct volumes_known *known = &volumes->known[i];
    const struct facts_scan scan = {
        {volumes->scans[i].path, NULL}, known->participant, known->session};
    const char *species = known->species ? known->species : "n/a";
    char *columns = NULL;
    if (options->n_group_by > 0)
        TRY(facts_group(facts, &scan, volumes->scans[i].id, options->group_by,
                        options->n_group_by, &columns));
    if (several || columns)
        TRY_NEW(known->group =
                    util_format("%s%s%s", several ? species : "",
                                several && columns ? ", " : "", columns ? columns : ""));
out:
    free(columns);
    return st;
}

enum ben_status volumes_know(struct volumes *volumes, const struct volumes_options *options)
{
    enum ben_status st = BEN_OK;
    struct facts *facts = NULL;
    TRY_NEW(volumes->known = calloc((size_t)volumes->n + 1, sizeof *volumes->known));
    TRY(open_facts(volumes, options, &facts));
    TRY(facts_check_columns(facts, options->group_by, options->n_group_by));
    if (options->time && !facts_has(facts, options->time))
        FAIL(BEN_E_ARG, "no table has the column %s for the time of scans", options->time);
    for (long i = 0; i < volumes->n; i++) {
        const struct volumes_scan *scan = &volumes->scans[i];
        volumes->known[i].uncertainty = NAN;
        if (scan->row >= 0)
            TRY(know_row(results_row(volumes->files[scan->input], scan->row),
                         &volumes->known[i]));
        TRY(know_who(facts, scan, &volumes->known[i]));
        TRY(know_more(volumes, facts, i, options));
        TRY(settle_species(&volumes->known[i].species));
    }
    bool several = has_several_species(volumes);
    for (long i = 0; i < volumes->n; i++)
        TRY(know_group(volumes, facts, i, options, several));
out:
    facts_free(&facts);
    return st;
}
