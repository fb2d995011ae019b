/* SPDX-License-Identifier: BSD-3-Clause */
/* ben-mpi segment: brain masks for one scan or a cohort. */
#include "cli/segment_run.h"
#include "qa/mcqa.h"

#include <string.h>

#define ROW(name, type, field, initial, min, max, unit, help)                                  \
    {                                                                                          \
        name, "segment", type, offsetof(struct segment_config, field), initial, min, max,      \
            unit, help, 0                                                                      \
    }
#define RUN_ROW(name, type, field, initial, unit, help)                                        \
    {                                                                                          \
        name, "run", type, offsetof(struct segment_config, field), initial, 0, 0, unit, help,  \
            0                                                                                  \
    }

static const struct option rows[] = {
    COMMON_OPTIONS,
    ROW("volume", BEN_OPTION_TEXT, volume, NULL, 0, 0, "N|all",
        "time point of 4-D scans, from 0, or all; none: the fifth, or the last of fewer"),
    ROW("plane", BEN_OPTION_CHOICE, plane, "auto", 0, 0, "auto|sagittal|coronal|axial",
        "slice plane; auto: by species, as the weights were trained; of rodents and unknown "
        "animals another one where the network is far surer in it"),
    ROW("n4", BEN_OPTION_FLAG, n4, "yes", 0, 0, NULL, "correct the bias field first"),
    ROW("n4-shrink", BEN_OPTION_INT, n4_shrink, "4", 1, 16, "N",
        "shrink factor of the bias-field fit"),
    ROW("n4-strong", BEN_OPTION_FLAG, n4_strong, "yes", 0, 0, NULL,
        "correct it strongly, as near a surface coil, where the network is far surer then"),
    ROW("denoise", BEN_OPTION_FLAG, denoise, "yes", 0, 0, NULL,
        "smooth a scan of which the network is far surer then"),
    ROW("sharpen", BEN_OPTION_FLAG, sharpen, "yes", 0, 0, NULL,
        "sharpen a scan of which the network is far surer then"),
    ROW("threshold", BEN_OPTION_REAL, threshold, "0.5", 0, 1, "P",
        "voxels of a higher probability are brain"),
    ROW("mend-slices", BEN_OPTION_FLAG, mend_slices, "yes", 0, 0, NULL,
        "remove what few slices have against both neighbours, fill what they lack, cut off "
        "necks"),
    ROW("components", BEN_OPTION_INT, components, "1", 0, 1000000, "K",
        "keep the K largest connected regions; 0: all"),
    ROW("min-mm3", BEN_OPTION_REAL, min_mm3, "0", 0, 1e12, "MM3", "drop smaller regions"),
    ROW("fill-holes", BEN_OPTION_FLAG, fill_holes, "yes", 0, 0, NULL, "fill holes in the mask"),
    ROW("probability", BEN_OPTION_FLAG, probability, "no", 0, 0, NULL,
        "write the probability map too"),
    ROW("brain", BEN_OPTION_FLAG, brain, "no", 0, 0, NULL, "write the extracted brain too"),
    ROW("mosaic", BEN_OPTION_FLAG, mosaic, "no", 0, 0, NULL,
        "write a picture of slices with the mask's outline too (PNG)"),
    ROW("mc", BEN_OPTION_INT, mc, "0", 0, 10000, "T",
        "Monte Carlo samples, whose scatter tells how sure the network is; 0: none"),
    ROW("uncertainty", BEN_OPTION_FLAG, uncertainty, "no", 0, 0, NULL,
        "write the uncertainty map too (with --mc)"),
    ROW("attention", BEN_OPTION_FLAG, attention, "no", 0, 0, NULL,
        "write the map of what the network looks at too"),
    ROW("review-from", BEN_OPTION_REAL, review_from, BEN_MCQA_REVIEW_FROM, 0, 2, "U",
        "scans of that uncertainty and more are flagged review"),
    ROW("fail-from", BEN_OPTION_REAL, fail_from, BEN_MCQA_FAIL_FROM, 0, 2, "U",
        "scans of that uncertainty and more are flagged fail"),
    RUN_ROW("participant-label", BEN_OPTION_TEXTS, participants, NULL, "LABEL...",
            "only these participants, with or without sub-"),
    RUN_ROW("split", BEN_OPTION_TEXT, split, NULL, "NAME",
            "rows of a manifest with that split"),
    RUN_ROW("where", BEN_OPTION_TEXTS, where, NULL, "COLUMN=VALUE...",
            "rows of a manifest for which all of these hold; column=!value: that are not"),
    RUN_ROW("shard", BEN_OPTION_TEXT, shard, NULL, "I/N",
            "every Nth scan from the Ith, as the tasks of a job array share them"),
    RUN_ROW("hdf5", BEN_OPTION_FLAG, hdf5, "yes", NULL,
            "write cohort.h5 with all masks at the end"),
    RUN_ROW("restart", BEN_OPTION_FLAG, restart, "no", NULL,
            "do all scans anew, also those that are done"),
    RUN_ROW("strict", BEN_OPTION_FLAG, strict, "no", NULL, "stop at the first scan that fails"),
};

const struct command command_segment = {
    .name = "segment",
    .usage = "INPUT... OUTPUT [participant|group]",
    .summary = "make brain masks of scans: NIfTI files, folders, BIDS, manifests",
    .min_args = 2,
    .max_args = 1 << 20,
    .options = {rows, sizeof rows / sizeof rows[0]},
    .config_bytes = sizeof(struct segment_config),
    .run = segment_run,
};
