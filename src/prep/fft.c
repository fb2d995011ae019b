/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/fft.h"

#include <math.h>
#include <stdlib.h>

struct fft {
    int n;
    int *reversed;      /* [n] index with its bits in reverse order */
    double *cosine;     /* [n] pass by pass: from half on, of pi k / half for k below half */
    double *minus_sine; /* [n] the same */
};

static void fill_tables(struct fft *fft)
{
    int n = fft->n;
    for (int i = 1; i < n; i++)
        fft->reversed[i] = (fft->reversed[i / 2] | (i % 2 ? n : 0)) / 2;
    for (int half = 1; half < n; half *= 2)
        for (int k = 0; k < half; k++) {
            fft->cosine[half + k] = cos(M_PI * k / half);
            fft->minus_sine[half + k] = -sin(M_PI * k / half);
        }
}

enum ben_status fft_create(int n, struct fft **fft)
{
    enum ben_status st = BEN_OK;
    struct fft *f = NULL;
    ENSURE(n >= 1 && (n & (n - 1)) == 0);
    TRY_NEW(f = calloc(1, sizeof *f));
    f->n = n;
    TRY_NEW(f->reversed = calloc((size_t)n, sizeof *f->reversed));
    TRY_NEW(f->cosine = calloc((size_t)n, sizeof *f->cosine));
    TRY_NEW(f->minus_sine = calloc((size_t)n, sizeof *f->minus_sine));
    fill_tables(f);
    *fft = f;
    f = NULL;
out:
    fft_free(&f);
    return st;
}

void fft_free(struct fft **fft)
{
    if (!*fft)
        return;
    free((*fft)->reversed);
    free((*fft)->cosine);
    free((*fft)->minus_sine);
    free(*fft);
    *fft = NULL;
}

static void swap_values(double *a, double *b)
{
    double keep = *a;
    *a = *b;
    *b = keep;
}

/* The butterflies of one block: pairs half apart. */
static void combine(int half, const double *restrict cosine, const double *restrict minus_sine,
                    double *restrict re, double *restrict im)
{
    double *restrict upper_re = re + half, *restrict upper_im = im + half;
    for (int k = 0; k < half; k++) {
        double c = cosine[k], s = minus_sine[k];
        double x = upper_re[k] * c - upper_im[k] * s, y = upper_re[k] * s + upper_im[k] * c;
        upper_re[k] = re[k] - x;
        upper_im[k] = im[k] - y;
        re[k] += x;
        im[k] += y;
    }
}

void fft_forward(const struct fft *fft, double *re, double *im)
{
    for (int i = 0; i < fft->n; i++) {
        int j = fft->reversed[i];
        if (i < j) {
            swap_values(re + i, re + j);
            swap_values(im + i, im + j);
        }
    }
    for (int half = 1; half < fft->n; half *= 2)
        for (int block = 0; block < fft->n; block += 2 * half)
            combine(half, fft->cosine + half, fft->minus_sine + half, re + block, im + block);
}
