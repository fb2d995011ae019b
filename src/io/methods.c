/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/methods.h"

const struct methods_work methods_works[METHODS_WORKS] = {
    [METHODS_BEN] = {"Yu Z. et al. (2022). A generalizable brain extraction net (BEN) for "
                     "multimodal MRI data from rodents, nonhuman primates, and humans.",
                     "eLife", " 11:e81217."},
    [METHODS_TUSTISON] = {"Tustison N. J. et al. (2010). N4ITK: improved N3 bias correction.",
                          "IEEE Transactions on Medical Imaging", " 29:1310-1320."},
    [METHODS_WANG] = {"Wang X. et al. (2018). Non-local neural networks.", "CVPR",
                      ", 7794-7803."},
    [METHODS_GAL] = {"Gal Y., Ghahramani Z. (2016). Dropout as a Bayesian approximation.",
                     "ICML", ", 1050-1059."},
};
