/* SPDX-License-Identifier: BSD-3-Clause */
/* What a methods section says of how masks were made, sentence by sentence, and the works it cites:
 * for the README of an output folder and for the report, each in its own markup. */
#ifndef BEN_IO_METHODS_H
#define BEN_IO_METHODS_H

/* "Brains were extracted with ben-mpi VERSION" goes ahead, what was sliced ("each scan.") behind. */
#define METHODS_NETWORK                                                                        \
    ", an implementation of BEN (Yu et al. 2022): a U-Net with a non-local block (Wang et "    \
    "al. 2018) on the slices of "
#define METHODS_N4     " Bias fields were corrected by N4 (Tustison et al. 2010)."
#define METHODS_SCALED " Intensities were scaled from their 1st to their 99th percentile."
/* The number of samples and " samples." go behind. */
#define METHODS_DROPOUT                                                                        \
    " How sure the network is was estimated by Monte Carlo dropout (Gal and Ghahramani 2016) " \
    "with "

enum { METHODS_BEN, METHODS_TUSTISON, METHODS_WANG, METHODS_GAL, METHODS_WORKS };

struct methods_work {
    const char *title; /* authors, year and title */
    const char *journal;
    const char *place; /* volume and pages, with what parts them from the journal */
};

extern const struct methods_work methods_works[METHODS_WORKS];

#endif
