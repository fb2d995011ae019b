/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi evaluate18: the evaluation of the paper, over whichever of a table's data sets are
 * there. The options. */
#include "cli/evaluate18.h"

#define ROW(section, name, type, field, initial, min, max, unit, help)                         \
    {                                                                                          \
        name, section, type, offsetof(struct evaluate18_config, field), initial, min, max,     \
            unit, help, 0                                                                      \
    }
#define TEXT(section, name, field, initial, unit, help)                                        \
    ROW(section, name, BEN_OPTION_TEXT, field, initial, 0, 0, unit, help)
#define INT(section, name, field, initial, min, max, help)                                     \
    ROW(section, name, BEN_OPTION_INT, field, initial, min, max, "N", help)
#define FLAG(section, name, field, help)                                                       \
    ROW(section, name, BEN_OPTION_FLAG, field, "no", 0, 0, NULL, help)

static const struct option rows[] = {
    COMMON_OPTIONS,

    TEXT("data", "root", root, NULL, "DIR",
         "where relative paths of the table begin and data sets lie that name no folder, as "
         "DIR/ID; none: the table's folder"),
    ROW("data", "only", BEN_OPTION_TEXTS, only, NULL, 0, 0, "ID...", "these data sets alone"),
    ROW("data", "test-fraction", BEN_OPTION_REAL, test_fraction, "0.2", 0.01, 0.99, "F",
        "share of the participants that is measured, where the data name no split"),
    INT("data", "test-scans", test_scans, "0", 0, 1000000000,
        "scans of a data set that are measured at most; 0: all of that share"),
    INT("data", "unlabelled-scans", unlabelled_scans, "125", 0, 1000000000,
        "scans without labels that a network is adapted with at most; 0: all"),
    FLAG("data", "inductive", inductive,
         "never adapt with the scans that are measured, not even without their masks"),

    TEXT("runs", "methods", methods, "none,adabn,ben,finetune,scratch", "LIST",
         "ways of adapting: those without labels with 0, the others with each number"),
    TEXT("runs", "labels", labels, NULL, "LIST",
         "numbers of labelled scans, such as 0,1,5; none: as the table says"),
    TEXT("runs", "train", train, NULL, "FILE", "INI of ben-mpi train for the sources"),
    TEXT("runs", "adapt", adapt, NULL, "FILE", "INI of ben-mpi adapt"),
    TEXT("runs", "segment", segment, NULL, "FILE", "INI of ben-mpi segment"),
    INT("runs", "mc", mc, "10", 0, 10000,
        "Monte Carlo passes for the uncertainty of the scans measured; 0: none"),
    INT("runs", "team", team, "0", 0, 65536,
        "ranks that work on one run together; 0: by the number of runs, 16 at most"),

    FLAG(NULL, "plan", plan, "only look at the data and write what would be done"),
    FLAG(NULL, "restart", restart, "do everything anew"),
};

const struct command command_evaluate18 = {
    .name = "evaluate18",
    .usage = "TABLE.tsv OUTPUT",
    .summary = "train, adapt and measure over many data sets, as the paper over 18",
    .min_args = 2,
    .max_args = 2,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct evaluate18_config),
    .run = evaluate18_run,
};
