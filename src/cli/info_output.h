/* SPDX-License-Identifier: BSD-3-Clause */
/* What info tells of an output folder of segment: what is done, failed and left, and how long
 * the rest will take; also while runs are going on in it. */
#ifndef BEN_CLI_INFO_OUTPUT_H
#define BEN_CLI_INFO_OUTPUT_H

#include "base/status.h"

#include <stdbool.h>

/* Whether a segmentation wrote into the folder. Local. */
bool info_is_output(const char *folder);

/* Prints it. Fails: BEN_E_IO where the journal cannot be read, BEN_E_MEMORY. Local. */
enum ben_status info_output(const char *folder);

#endif
