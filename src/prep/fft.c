/* SPDX-License-Identifier: BSD-3-Clause */
#include "prep/fft.h"

#include <math.h>
#include <stdlib.h>

struct fft {
    int n;
    int *reversed;      /* [n] index with its bits in reverse order */
    double *cosine;     /* [n/2] of 2 pi k / n */
    double *minus_sine; /* [n/2] */
};

static void fill_tables(struct fft *fft)
{
    int n = fft->n;
    for (int i = 1; i < n; i++)
        fft->reversed[i] = (fft->reversed[i / 2] | (i % 2 ? n : 0)) / 2;
    for (int k = 0; k < n / 2; k++) {
        fft->cosine[k] = cos(2 * M_PI * k / n);
        fft->minus_sine[k] = -sin(2 * M_PI * k / n);
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

/* All butterflies of one pass: pairs half apart in blocks of 2 half. */
static void pass(const struct fft *fft, int half, double *restrict re, double *restrict im)
{
    int stride = fft->n / (2 * half);
    for (int block = 0; block < fft->n; block += 2 * half)
        for (int k = 0; k < half; k++) {
            int a = block + k, b = a + half;
            double c = fft->cosine[k * stride], s = fft->minus_sine[k * stride];
            double x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
            re[b] = re[a] - x;
            im[b] = im[a] - y;
            re[a] += x;
            im[a] += y;
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
        pass(fft, half, re, im);
}
