/* SPDX-License-Identifier: BSD-3-Clause */
/* Augmentation of prepared slices: one affine resampling of image and mask, then changes of the
 * image's intensities that stand for other contrasts, coils, noise levels and resolutions. What
 * a sample becomes is a function of (seed, epoch, sample) alone, never of rank or batch.
 *
 * The geometry's ranges are the paper's (Yu et al. 2022): rotation +-10 degrees, scale 90 to
 * 110 %, translation +-10 pixels per axis. */
#ifndef BEN_TRAIN_AUGMENT_H
#define BEN_TRAIN_AUGMENT_H

#include "train/knots.h"

#include <stddef.h>
#include <stdint.h>

/* Zero switches a change off; all zero is the identity. Ranges are uniform. */
struct augment_config {
    double rotate_deg;   /* rotation within +- this */
    double scale;        /* size within 1 +- this */
    double translate_px; /* shift within +- this per axis */
    double flip;         /* probability of exchanging left and right */
    double gamma;        /* exponent within exp(+- this) */
    double contrast;     /* factor around mid-grey within 1 +- this */
    double brightness;   /* added within +- this */
    double remap;        /* probability of a random curve from old to new intensity */
    double invert;       /* probability of exchanging dark and bright inside the head */
    double bias;         /* smooth multiplicative field: sd of its logarithm, up to this */
    double noise;        /* sd of added noise, up to this */
    double noiseless;    /* probability of none of it */
    double blur_px;      /* sd of a Gaussian per axis, up to this */
    double blur;         /* probability of the blur */
    /* Probabilities of what train/artefact.h has, and of coarser geometry. */
    double turn;          /* rotation by any angle */
    double flip_vertical; /* exchanging top and bottom */
    double elastic;       /* a smooth random deformation */
    double elastic_px;    /* its sd, up to this */
    double repaint, loss, coil, strip, resolution, ghost, frame, dim;
};

/* Floats of scratch that one call needs. */
size_t augment_scratch_floats(int size);

/* The same changes but for the geometry and the repainting, on a painted slice (train/synth.h). */
void augment_painted(const struct augment_config *config, const struct sample_key *key,
                     int size, float *x, float *y, float *scratch);

struct augment_source {
    int size;
    const uint16_t *image; /* [size][size], 65535 = intensity 1 */
    const uint8_t *mask;   /* [size][size], 0 or 1 */
};

/* The slice -> x, y [size][size]; x within [0, 1], y 0 or 1 (linear interpolation, brain from one
 * half). Pixels from outside are zero. Local; each thread with its own scratch. */
void augment_slice(const struct augment_config *config, const struct sample_key *key,
                   const struct augment_source *source, float *x, float *y, float *scratch);

#endif
