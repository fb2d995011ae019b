/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/evaluate18_plan.h"
#include "base/log.h"
#include "base/util.h"
#include "cli/evaluate18_data.h"
#include "io/table.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXTERNAL "external-" /* folders of other programs' masks begin so */

static const char *const plan_columns[] = {"kind",   "folder", "dataset", "source",
                                           "method", "labels", "weights", "cost"};
enum { KIND, FOLDER, DATASET, SOURCE, METHOD, LABELS, WEIGHTS, COST, N_COLUMNS };

static const char *const kind_names[] = {"source", "run", "external"};

/* The ways of adapting. */
static const struct method {
    const char *name;
    bool without_labels, with_labels; /* runs with 0, with more */
    bool source;                      /* its outcome depends on the source */
} methods[] = {{"none", true, false, true},
               {"adabn", true, false, true},
               {"ben", true, true, true},
               {"finetune", false, true, true},
               {"scratch", false, true, false}};
#define N_METHODS (sizeof methods / sizeof methods[0])

struct planning {
    const struct evaluate18_config *config;
    const struct study *study;
    const char *output;
    char *root;
    struct evaluate18_data *data; /* [study->n] */
    bool wanted[N_METHODS];
    int labels[STUDY_LIST], n_labels; /* of --labels; 0: the table's */
    FILE *to;
};

static enum ben_status parse_methods(struct planning *p)
{
    enum ben_status st = BEN_OK;
    const char *list = p->config->methods ? p->config->methods : "";
    for (const char *at = list; *at;) {
        size_t n = strcspn(at, ","), m = 0;
        while (m < N_METHODS &&
               (strlen(methods[m].name) != n || strncmp(methods[m].name, at, n) != 0))
            m++;
        if (m == N_METHODS)
            FAIL(BEN_E_ARG, "--methods %s: give some of none,adabn,ben,finetune,scratch", list);
        p->wanted[m] = true;
        at += n + (at[n] == ',');
    }
out:
    return st;
}

static enum ben_status parse_labels(struct planning *p)
{
    enum ben_status st = BEN_OK;
    const char *list = p->config->labels ? p->config->labels : "";
    for (const char *at = list; *at;) {
        char *end = NULL;
        long value = strtol(at, &end, 10);
        int n = p->n_labels;
        if (end == at || (*end && *end != ',') || n == STUDY_LIST || value > 1000000 ||
            value <= (n > 0 ? p->labels[n - 1] : -1))
            FAIL(BEN_E_ARG, "--labels %s: give ascending numbers, such as 0,5", list);
        p->labels[p->n_labels++] = (int)value;
        at = end + (*end == ',');
    }
out:
    return st;
}

static bool set_wanted(const struct planning *p, const char *id)
{
    for (int i = 0; i < p->config->only.n; i++)
        if (strcmp(p->config->only.text[i], id) == 0)
            return true;
    return p->config->only.n == 0;
}

static enum ben_status check_only(const struct planning *p)
{
    enum ben_status st = BEN_OK;
    for (int i = 0; i < p->config->only.n; i++)
        if (!study_find(p->study, p->config->only.text[i]))
            FAIL(BEN_E_ARG, "--only %s: no row of the table", p->config->only.text[i]);
out:
    return st;
}

/* The numbers of labels of a set: those of --labels, else its row's, else 0. */
static int labels_of(const struct planning *p, const struct study_set *set, const int **labels)
{
    static const int zero[] = {0};
    *labels = p->n_labels > 0 ? p->labels : set->n_labels > 0 ? set->labels : zero;
    return p->n_labels > 0 ? p->n_labels : set->n_labels > 0 ? set->n_labels : 1;
}

static enum ben_status open_data(struct planning *p)
{
    enum ben_status st = BEN_OK;
    int there = 0;
    TRY_NEW(p->data = calloc((size_t)p->study->n + 1, sizeof *p->data));
    for (int i = 0; i < p->study->n; i++) {
        const struct study_set *set = &p->study->sets[i];
        const int *labels;
        char *folder = NULL;
        p->data[i].set = set;
        if (!set_wanted(p, set->id))
            continue;
        TRY(evaluate18_data_open(set, p->config, p->root, &p->data[i]));
        if (!p->data[i].cohort) {
            log_info("%s: left out: %s", set->id, p->data[i].why);
            continue;
        }
        there++;
        TRY_NEW(folder = util_format("%s/%s", p->output, set->id));
        int n = labels_of(p, set, &labels);
        st = evaluate18_data_write(&p->data[i], p->config, folder, labels, n);
        free(folder);
        TRY(st);
    }
    if (there == 0)
        FAIL(BEN_E_ARG,
             "none of the data sets is there; name their folders in the table, or lay them "
             "below %s by their ids",
             p->root[0] ? p->root : ".");
out:
    return st;
}

static const struct evaluate18_data *data_of(const struct planning *p, const char *id)
{
    return &p->data[study_find(p->study, id) - p->study->sets];
}

static void put(const struct planning *p, const struct evaluate18_work *w)
{
    fprintf(p->to, "%s\t%s\t%s\t%s\t%s\t", kind_names[w->kind], w->folder, w->set,
            w->source ? w->source : "n/a", w->method);
    if (w->labels >= 0)
        fprintf(p->to, "%d", w->labels);
    else
        fputs("n/a", p->to);
    fprintf(p->to, "\t%s\t%.0f\n", w->weights ? w->weights : "n/a", w->cost);
}

/* Where a source's weights are or will be; NULL: there are none. The caller frees. */
static enum ben_status source_weights(const struct planning *p, const char *id, char **weights)
{
    enum ben_status st = BEN_OK;
    const struct evaluate18_data *data = data_of(p, id);
    const char *given =
        p->config->common.weights ? p->config->common.weights : data->set->weights;
    *weights = NULL;
    if (p->config->common.weights)
        TRY_NEW(*weights = strdup(given));
    else if (given)
        TRY_NEW(*weights = given[0] == '/' || !p->root[0]
                               ? strdup(given)
                               : util_format("%s/%s", p->root, given));
    else if (data->n_train > 0)
        TRY_NEW(*weights = util_format("%s/%s/source/weights.h5", p->output, id));
out:
    return st;
}

static enum ben_status plan_sources(const struct planning *p)
{
    enum ben_status st = BEN_OK;
    char *weights = NULL, *folder = NULL;
    for (int i = 0; i < p->study->n; i++) {
        const struct evaluate18_data *data = &p->data[i];
        const char *id = data->set->id;
        if (!data->set->source || data->n_train == 0 || data->set->weights ||
            p->config->common.weights)
            continue;
        TRY(source_weights(p, id, &weights));
        TRY_NEW(folder = util_format("%s/source", id));
        put(p, &(struct evaluate18_work){.kind = EVALUATE18_SOURCE,
                                         .folder = folder,
                                         .set = id,
                                         .method = "train",
                                         .labels = -1,
                                         .weights = weights,
                                         .cost = 10.0 * (double)data->n_train});
        free(weights);
        free(folder);
        weights = folder = NULL;
    }
out:
    free(weights);
    free(folder);
    return st;
}

/* One run of a method. source NULL: it does not depend on one. begin: the source whose weights it
 * begins with, or, from scratch, whose network it has the shape of; NULL: what ships. */
static enum ben_status plan_run(const struct planning *p, const struct evaluate18_data *data,
                                const char *method, int labels, const char *source,
                                const char *begin)
{
    enum ben_status st = BEN_OK;
    char *weights = NULL, *folder = NULL, number[16] = "";
    double scans = (double)(data->n_test + data->n_plain + data->n_train);
    if (labels >= 0)
        snprintf(number, sizeof number, "-%d", labels);
    if (begin)
        TRY(source_weights(p, begin, &weights));
    if (begin && !weights)
        goto out;
    TRY_NEW(folder = util_format("%s/%s%s%s%s", data->set->id, method, number,
                                 source ? "-from-" : "", source ? source : ""));
    put(p, &(struct evaluate18_work){.kind = EVALUATE18_RUN,
                                     .folder = folder,
                                     .set = data->set->id,
                                     .source = source,
                                     .method = method,
                                     .labels = labels,
                                     .weights = weights,
                                     .cost = (double)data->n_test +
                                             (strcmp(method, "none") == 0 ? 0 : 4 * scans)});
out:
    free(weights);
    free(folder);
    return st;
}

/* A method with every number of labels that it takes and the data have. */
static enum ben_status plan_method(const struct planning *p, const struct evaluate18_data *data,
                                   const struct method *method, const char *source,
                                   const char *begin)
{
    enum ben_status st = BEN_OK;
    const int *labels;
    int n = labels_of(p, data->set, &labels);
    for (int i = 0; i < n; i++)
        if ((labels[i] == 0 ? method->without_labels : method->with_labels) &&
            labels[i] <= data->n_train)
            TRY(plan_run(p, data, method->name, labels[i], source, begin));
out:
    return st;
}

static enum ben_status plan_target(const struct planning *p, const struct evaluate18_data *data)
{
    enum ben_status st = BEN_OK;
    const struct study_words *origin = &data->set->origin;
    const char *first = origin->n > 0 ? origin->word[0] : NULL;
    for (size_t m = 0; m < N_METHODS; m++) {
        if (!p->wanted[m])
            continue;
        if (!methods[m].source || origin->n == 0)
            TRY(plan_method(p, data, &methods[m], NULL, first));
        for (int s = 0; methods[m].source && s < origin->n; s++)
            TRY(plan_method(p, data, &methods[m], origin->word[s], origin->word[s]));
    }
out:
    return st;
}

static enum ben_status plan_external(const struct planning *p,
                                     const struct evaluate18_data *data)
{
    enum ben_status st = BEN_OK;
    struct dirent **found = NULL;
    char *folder = NULL, *work = NULL;
    int n = 0;
    TRY_NEW(folder = util_format("%s/%s", p->output, data->set->id));
    n = scandir(folder, &found, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = found[i]->d_name;
        if (strncmp(name, EXTERNAL, strlen(EXTERNAL)) != 0)
            continue;
        free(work);
        TRY_NEW(work = util_format("%s/%s", data->set->id, name));
        put(p, &(struct evaluate18_work){.kind = EVALUATE18_EXTERNAL,
                                         .folder = work,
                                         .set = data->set->id,
                                         .method = name + strlen(EXTERNAL),
                                         .labels = -1,
                                         .cost = (double)data->n_test});
    }
out:
    for (int i = 0; i < n; i++)
        free(found[i]);
    free(found);
    free(folder);
    free(work);
    return st;
}

static enum ben_status plan_all(const struct planning *p)
{
    enum ben_status st = BEN_OK;
    for (int c = 0; c < N_COLUMNS; c++)
        fprintf(p->to, "%s%c", plan_columns[c], c + 1 < N_COLUMNS ? '\t' : '\n');
    TRY(plan_sources(p));
    for (int i = 0; i < p->study->n; i++) {
        const struct evaluate18_data *data = &p->data[i];
        if (data->n_test == 0)
            continue;
        if (data->set->source)
            TRY(plan_run(p, data, "source", -1, data->set->id, data->set->id));
        if (data->set->target)
            TRY(plan_target(p, data));
        TRY(plan_external(p, data));
    }
out:
    return st;
}

/* datasets.tsv: the facts of the table and what was found. */
static const struct table_column set_columns[] = {
    {"dataset", BEN_TABLE_TEXT, 0, NULL, "id of the data set", NULL},
    {"species", BEN_TABLE_TEXT, 0, NULL, "of its animals or people", NULL},
    {"modality", BEN_TABLE_TEXT, 0, NULL, "of its scans", NULL},
    {"field_t", BEN_TABLE_TEXT, 0, "T", "field strength", NULL},
    {"scans", BEN_TABLE_TEXT, 0, NULL, "scans that the table tells of", NULL},
    {"access", BEN_TABLE_TEXT, 0, NULL, "how to get it", NULL},
    {"status", BEN_TABLE_TEXT, 0, NULL, "present, absent, or left out by --only", NULL},
    {"reason", BEN_TABLE_TEXT, 0, NULL, "why it is absent", NULL},
    {"measured", BEN_TABLE_INTEGER, 0, NULL, "scans with masks that are measured", NULL},
    {"labelled", BEN_TABLE_INTEGER, 0, NULL, "other scans with masks", NULL},
    {"unlabelled", BEN_TABLE_INTEGER, 0, NULL, "scans without masks", NULL},
};

static enum ben_status put_set(struct table *table, const struct planning *p,
                               const struct evaluate18_data *data)
{
    enum ben_status st = BEN_OK;
    const struct study_set *set = data->set;
    const char *texts[] = {set->id,
                           species_name(set->species),
                           set->modality,
                           set->field_t,
                           set->scans,
                           set->access,
                           !set_wanted(p, set->id) ? "left out"
                           : data->cohort          ? "present"
                                                   : "absent",
                           data->why};
    const int n_texts = sizeof texts / sizeof texts[0];
    long row;
    TRY(table_add_row(table, &row));
    for (int c = 0; c < n_texts; c++)
        TRY(table_set_text(table, row, c, texts[c]));
    if (data->cohort) {
        TRY(table_set_integer(table, row, n_texts, data->n_test));
        TRY(table_set_integer(table, row, n_texts + 1, data->n_train));
        TRY(table_set_integer(table, row, n_texts + 2, data->n_plain));
    }
out:
    return st;
}

static enum ben_status write_sets(const struct planning *p)
{
    enum ben_status st = BEN_OK;
    struct table *table = NULL;
    char *path = NULL;
    TRY_NEW(path = util_format("%s/datasets.tsv", p->output));
    TRY(table_create(set_columns, sizeof set_columns / sizeof set_columns[0], &table));
    for (int i = 0; i < p->study->n; i++)
        TRY(put_set(table, p, &p->data[i]));
    TRY(table_write(table, path));
out:
    free(path);
    table_free(&table);
    return st;
}

/* --root, else the folder of the table; "" for the present one. */
static char *root_of(const struct evaluate18_config *config, const char *table)
{
    const char *name = util_basename(table);
    if (config->root)
        return strdup(config->root);
    return name == table ? strdup("") : strndup(table, (size_t)(name - table - 1));
}

enum ben_status evaluate18_plan_make(const struct evaluate18_config *config, const char *table,
                                     const struct study *study, const char *output, char **text,
                                     size_t *n)
{
    enum ben_status st = BEN_OK;
    struct planning p = {.config = config, .study = study, .output = output};
    char *made = NULL;
    TRY_NEW(p.root = root_of(config, table));
    TRY(parse_methods(&p));
    TRY(parse_labels(&p));
    TRY(check_only(&p));
    TRY(util_make_dirs(output));
    TRY(open_data(&p));
    TRY(write_sets(&p));
    TRY_NEW(p.to = open_memstream(&made, n));
    st = plan_all(&p);
    if (fclose(p.to) != 0 && st == BEN_OK)
        st = ben_raise(BEN_E_MEMORY, __FILE__, __LINE__, __func__, "out of memory");
    TRY(st);
    *text = made;
    made = NULL;
out:
    free(made);
    for (int i = 0; p.data && i < study->n; i++)
        evaluate18_data_free(&p.data[i]);
    free(p.data);
    free(p.root);
    return st;
}

static double real(const char *text)
{
    return text ? strtod(text, NULL) : 0;
}

enum ben_status evaluate18_plan_parse(const char *path, const char *text, size_t n,
                                      struct evaluate18_plan *plan)
{
    enum ben_status st = BEN_OK;
    *plan = (struct evaluate18_plan){0};
    TRY(tsv_parse(path, text, n, &plan->table));
    const struct tsv *t = plan->table;
    TRY_NEW(plan->works = calloc((size_t)tsv_rows(t) + 1, sizeof *plan->works));
    for (; plan->n < tsv_rows(t); plan->n++) {
        long row = plan->n;
        const char *labels = tsv_cell(t, row, LABELS);
        int kind = 0;
        while (kind < EVALUATE18_EXTERNAL &&
               strcmp(tsv_cell(t, row, KIND), kind_names[kind]) != 0)
            kind++;
        plan->works[row] =
            (struct evaluate18_work){.kind = (enum evaluate18_kind)kind,
                                     .folder = tsv_cell(t, row, FOLDER),
                                     .set = tsv_cell(t, row, DATASET),
                                     .source = tsv_cell(t, row, SOURCE),
                                     .method = tsv_cell(t, row, METHOD),
                                     .labels = labels ? (int)strtol(labels, NULL, 10) : -1,
                                     .weights = tsv_cell(t, row, WEIGHTS),
                                     .cost = real(tsv_cell(t, row, COST))};
    }
out:
    return st;
}

void evaluate18_plan_free(struct evaluate18_plan *plan)
{
    free(plan->works);
    tsv_free(&plan->table);
    *plan = (struct evaluate18_plan){0};
}
