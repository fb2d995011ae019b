/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/n4_sharpen.h"
#include "prep/fft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Below this fraction of the largest density, rounding of the transforms is all there is. */
#define NOTHING 1e-12

struct sharpen {
    struct sharpen_config config;
    int n;      /* padded bins, a power of two: the transform's circle must not close */
    int offset; /* where the bins start in it */
    struct fft *fft;
    double *re, *im; /* [n] the signal in work */
    double *blur;    /* [n] the Gaussian's transform, real because the Gaussian is even */
};

enum ben_status sharpen_create(const struct sharpen_config *config, struct sharpen **sharpen)
{
    enum ben_status st = BEN_OK;
    struct sharpen *s = NULL;
    TRY_NEW(s = calloc(1, sizeof *s));
    s->config = *config;
    s->n = 2;
    while (s->n < 2 * config->bins)
        s->n *= 2;
    s->offset = (s->n - config->bins) / 2;
    TRY(fft_create(s->n, &s->fft));
    TRY_NEW(s->re = calloc((size_t)s->n, sizeof *s->re));
    TRY_NEW(s->im = calloc((size_t)s->n, sizeof *s->im));
    TRY_NEW(s->blur = calloc((size_t)s->n, sizeof *s->blur));
    *sharpen = s;
    s = NULL;
out:
    sharpen_free(&s);
    return st;
}

void sharpen_free(struct sharpen **sharpen)
{
    if (!*sharpen)
        return;
    fft_free(&(*sharpen)->fft);
    free((*sharpen)->re);
    free((*sharpen)->im);
    free((*sharpen)->blur);
    free(*sharpen);
    *sharpen = NULL;
}

/* to [n] := the Gaussian of unit sum around index 0, on the circle. */
static void lay_gaussian(double fwhm_bins, int n, double *to)
{
    double rate = 4 * M_LN2 / (fwhm_bins * fwhm_bins);
    double scale = 2 * sqrt(M_LN2 / M_PI) / fwhm_bins;
    for (int i = 0; i <= n / 2; i++) {
        double value = scale * exp(-rate * i * i);
        to[i] = value;
        to[(n - i) % n] = value;
    }
}

/* One transform for two real signals: counts in re, Gaussian in im. Leaves the counts' transform
 * in re and im and the Gaussian's in blur. */
static void transform_both(struct sharpen *s, const double *counts, double step)
{
    int n = s->n;
    memset(s->re, 0, (size_t)n * sizeof *s->re);
    memcpy(s->re + s->offset, counts, (size_t)s->config.bins * sizeof *s->re);
    lay_gaussian(s->config.fwhm / step, n, s->im);
    fft_forward(s->fft, s->re, s->im);
    for (int k = 0; k <= n / 2; k++) {
        int mirror = (n - k) % n;
        double re = 0.5 * (s->re[k] + s->re[mirror]), im = 0.5 * (s->im[k] - s->im[mirror]);
        s->blur[k] = s->blur[mirror] = 0.5 * (s->im[k] + s->im[mirror]);
        s->re[k] = s->re[mirror] = re;
        s->im[k] = im;
        s->im[mirror] = -im;
    }
}

/* re := the deconvolved histogram, never negative, times a constant. */
static void deconvolve(struct sharpen *s)
{
    for (int k = 0; k < s->n; k++) {
        double blur = s->blur[k], wiener = blur / (blur * blur + s->config.noise);
        s->re[k] *= wiener;
        s->im[k] *= wiener;
    }
    fft_forward(s->fft, s->im, s->re);
    for (int i = 0; i < s->n; i++)
        s->re[i] = s->re[i] > 0 ? s->re[i] : 0;
}

/* re, im := density and first moment (around low, in bins), both blurred: again two real signals
 * in one transform, whose product with the real blur keeps them apart. */
static void blur_moments(struct sharpen *s)
{
    for (int i = 0; i < s->n; i++)
        s->im[i] = s->re[i] * (i - s->offset);
    fft_forward(s->fft, s->re, s->im);
    for (int k = 0; k < s->n; k++) {
        s->re[k] *= s->blur[k];
        s->im[k] *= s->blur[k];
    }
    fft_forward(s->fft, s->im, s->re);
}

void sharpen_map(struct sharpen *s, const double *counts, double low, double step,
                 double *expected)
{
    double most = 0;
    transform_both(s, counts, step);
    deconvolve(s);
    blur_moments(s);
    for (int i = 0; i < s->n; i++)
        most = s->re[i] > most ? s->re[i] : most;
    for (int i = 0; i < s->config.bins; i++) {
        double density = s->re[s->offset + i], moment = s->im[s->offset + i];
        expected[i] = low + step * (density > NOTHING * most ? moment / density : i);
    }
}
