/* SPDX-License-Identifier: BSD-3-Clause */
/* Pseudo-labels for unlabelled scans (the self-training of Yu et al. 2022): a round predicts all
 * of their slices by Monte Carlo dropout, scores how uncertain each is, ranks the candidates of
 * all ranks in one list, and keeps the most certain ones, whose masks then serve as labels.
 *
 *   round: { net_monte_carlo -> score -> share -> clean by scan -> rank -> keep }
 *
 * What a round gives is a function of the network's values, the slices and the configuration
 * alone: the same for any number of ranks. Masks are held once per node, 64 KiB per slice of
 * 256 x 256. */
#ifndef BEN_TRAIN_SELFTRAIN_H
#define BEN_TRAIN_SELFTRAIN_H

#include "nn/net.h"
#include "train/dataset.h"

#define SELFTRAIN_PARTS 16 /* numbers that a scorer may keep of a slice */

/* How uncertain a prediction is. The functions are pure: threads call them. */
struct selftrain_scorer {
    /* What the score needs of one slice, maps [size][size] from that many samples; the parts of a
     * scan are the sums of its slices'. */
    void (*measure)(int size, int samples, double threshold, const struct net_certainty *maps,
                    double parts[SELFTRAIN_PARTS]);
    /* Uncertainty: the lower, the better; not finite: never to be kept. */
    double (*judge_slice)(const double parts[SELFTRAIN_PARTS]);
    double (*judge_scan)(const double parts[SELFTRAIN_PARTS]);
};

enum selftrain_rule {
    BEN_KEEP_SLICES,  /* the most certain share of all slices */
    BEN_KEEP_SCANS,   /* all slices of the most certain share of the scans */
    BEN_KEEP_MINIMUM, /* slices dealt into minibatches, the most certain of each: the paper's */
};

#define SELFTRAIN_RULE_CHOICES "slices|scans|minimum"

struct selftrain_config {
    int batch;            /* pseudo-labelled slices of a training step; 0: no self-training */
    int start;            /* T_sl: first epoch that uses them */
    int refresh;          /* epochs from a round to the next; 0: one round */
    double weight;        /* lambda_sl: of the Dice loss against pseudo-labels */
    double cross_entropy; /* of the cross-entropy against them, times lambda_sl; the paper: 0 */
    int samples;          /* T: Monte Carlo passes */
    enum selftrain_rule rule;
    double keep; /* SLICES, SCANS: share that is kept, (0, 1]; at least one */
    double zeta; /* SLICES, MINIMUM: a slice that is more uncertain is never kept; 0: any */
    double scan_limit; /* of a scan that is more uncertain nothing is kept; 0: any is taken */
    double quorum;    /* share of the scans that must be within that limit, else none is kept */
    bool clean;       /* mend slices, keep each scan's largest region, without holes */
    double threshold; /* of the mean probability */
};

struct selftrain_report {
    long candidates, kept;    /* slices */
    int scans, scans_sure;    /* within the limit */
    int scans_kept;           /* that any slice was kept of */
    double worst_kept;        /* uncertainty; NAN where nothing was kept */
    int references;           /* scans whose masks are known and say how good it was */
    double dice, dice_lowest; /* of all slices of those scans: mean over scans, lowest */
    double kept_dice;         /* of their kept slices together; NAN where there are none */
};

struct selftrain;

/* For the scans with unlabelled[scan]; no scan of that kind is fine. max_batch as the net is
 * created. Collective. Fails: BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status selftrain_create(const struct comm *world, const struct dataset *dataset,
                                 const bool *unlabelled, const struct selftrain_config *config,
                                 const struct selftrain_scorer *scorer, int max_batch,
                                 struct selftrain **selftrain);

/* Collective; NULL-safe where NULL on all ranks. */
void selftrain_free(struct selftrain **selftrain);

/* Round number round (from 0) with the net's present values; stop, asked between batches, ends
 * it early (NULL: never). Nobody may read the masks of the round before any more. Collective.
 * Fails: BEN_E_INTERRUPTED, then without kept slices; BEN_E_MEMORY, BEN_E_MPI. */
enum ben_status selftrain_round(struct selftrain *selftrain, struct net *net, uint64_t seed,
                                int round, bool (*stop)(void), struct selftrain_report *report);

/* The data set with the pseudo-labels as masks, and which of its slices were kept [n_slices].
 * Owned by selftrain. Local. */
const struct dataset *selftrain_dataset(const struct selftrain *selftrain);
const bool *selftrain_kept(const struct selftrain *selftrain);

/* Slices of the unlabelled scans. Local. */
long selftrain_slices(const struct selftrain *selftrain);

/* The ranking by itself: uncertainty [n] of slices, scans [n] whose they are (ascending), kept
 * [n] is set. Ties go to the earlier one; what is not finite, or above zeta, or of a scan above the
 * scans' limit, is never kept, and nothing without the quorum. seed and round: for MINIMUM's
 * dealing. Local.
 * Fails: BEN_E_MEMORY. */
struct selftrain_candidates {
    long n;
    const double *uncertainty;      /* [n] */
    const int *scans;               /* [n] */
    int n_scans;                    /* of the data set */
    const double *scan_uncertainty; /* [n_scans] */
};
enum ben_status selftrain_select(const struct selftrain_config *config,
                                 const struct selftrain_candidates *candidates, uint64_t seed,
                                 int round, bool *kept);

/* How many scans the candidates are of, and how many of these are within the limit. Local. */
void selftrain_count_scans(const struct selftrain_config *config,
                           const struct selftrain_candidates *candidates, int *scans,
                           int *sure);

#endif
