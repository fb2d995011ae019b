/* SPDX-License-Identifier: BSD-3-Clause */
/* The plane that a head is cut in, where its header may be wrong. Rodents lie otherwise in the
 * scanner than its software believes, and unless somebody corrected the header, their coronal
 * slices are called axial. Of slices cut as those that it was trained on the network is far surer,
 * as its expected Dice has it; docs/results.md has the numbers, and those of monkeys,
 * of whom it is not. */
#ifndef BEN_QA_PLANE_H
#define BEN_QA_PLANE_H

#include "prep/prepare.h"
#include "qa/look.h"

#define PLANE_SURE   0.96 /* with this expected Dice no other plane is looked at */
#define PLANE_MARGIN 0.7  /* another plane's 1 - expected Dice must be less than this times */

/* What was looked at (qa/look.h). */
struct plane_choice {
    enum slice_plane planned, taken;
    double expected[3]; /* by enum slice_plane; NaN: not looked at */
};

/* Cuts the prepared scan anew, prepared->slices, where another plane than the planned one does
 * better by the margin. A plane that thick slices tell (prepared->by_thickness) stays. Collective on
 * team. Fails: BEN_E_MEMORY. */
enum ben_status plane_settle(const struct comm *team, struct net *net, float threshold,
                             struct prepared *prepared, struct plane_choice *choice);

/* Logs a choice other than the planned one, and in detail what was looked at. Local. */
void plane_tell(const char *scan, const struct plane_choice *choice);

#endif
