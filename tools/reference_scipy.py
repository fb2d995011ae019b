#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Developers' tool: makes tests/ref/statistics.txt and tests/ref/metrics.txt, the small cases with
SciPy's results that the unit tests read. Needs python3-numpy, python3-scipy, python3-nibabel.

    tools/reference_scipy.py tests/ref
"""
import pathlib
import sys

import numpy as np
from scipy import stats

from check_metrics import metrics, smooth

ORDER = ("dice", "jaccard", "sensitivity", "specificity", "hd_mm", "hd_voxels", "hd95_mm", "asd_mm",
         "assd_mm", "pred_mm3", "ref_mm3")


def line(kind, x, y, expected):
    words = [kind, str(len(x)), str(len(y))]
    return " ".join(words + [repr(float(v)) for v in (*x, *y, *expected)])


def ties(values):
    return len(np.unique(values)) < len(values)


def mann_whitney(x, y):
    exact = min(len(x), len(y)) <= 8 and not ties(np.concatenate([x, y]))
    found = stats.mannwhitneyu(x, y, method="auto")
    same = stats.mannwhitneyu(x, y, method="exact" if exact else "asymptotic")
    assert found.pvalue == same.pvalue
    return line("mannwhitney", x, y, (found.statistic, found.pvalue, exact))


def wilcoxon(x, y):
    d = x - y
    exact = len(d) <= 50 and not ties(np.abs(d)) and not (d == 0).any()
    found = stats.wilcoxon(x, y, method="exact" if exact else "approx")
    return line("wilcoxon", x, y, (found.statistic, found.pvalue, exact))


def agreement(x, y):
    d = x - y
    n, bias, sd = len(d), d.mean(), d.std(ddof=1)
    t = stats.t.ppf(0.975, n - 1)
    values = [bias, *stats.t.interval(0.95, n - 1, bias, stats.sem(d)), sd]
    for limit in (bias - 1.96 * sd, bias + 1.96 * sd):
        values += [limit, limit - t * sd * np.sqrt(3 / n), limit + t * sd * np.sqrt(3 / n)]
    return line("agreement", x, y, values)


def regression(x, y):
    f = stats.linregress(x, y)
    t = stats.t.ppf(0.975, len(x) - 2)
    return line("regression", x, y,
                (f.slope, f.slope - t * f.stderr, f.slope + t * f.stderr, f.intercept,
                 f.intercept - t * f.intercept_stderr, f.intercept + t * f.intercept_stderr,
                 f.rvalue ** 2))


def proportion(x, y):
    slope = np.linalg.lstsq(x[:, None], y, rcond=None)[0][0]
    error = np.sqrt(((y - slope * x) ** 2).sum() / (len(x) - 1) / (x ** 2).sum())
    half = stats.t.ppf(0.975, len(x) - 1) * error
    return line("proportion", x, y, (slope, slope - half, slope + half))


def paired(x, y):
    return [line("ttest", x, y, tuple(stats.ttest_rel(x, y))), wilcoxon(x, y), agreement(x, y),
            line("pearson", x, y, tuple(stats.pearsonr(x, y))),
            line("spearman", x, y, tuple(stats.spearmanr(x, y))), regression(x, y),
            proportion(x, y)]


def statistics():
    rng = np.random.default_rng(11)
    lines = []
    for n in (3, 5, 9, 14, 50, 51):
        x = rng.normal(0.95, 0.03, n).round(6)
        y = (x + rng.normal(0.004, 0.02, n)).round(6)
        lines += paired(x, y)
        coarse = (x.round(2), y.round(2))
        if n > 5 and (coarse[0] != coarse[1]).any():
            lines += paired(*coarse)
    for n_x, n_y in ((1, 1), (3, 4), (8, 8), (7, 30), (40, 8), (9, 9), (20, 35)):
        x, y = rng.normal(0, 1, n_x).round(6), rng.normal(0.6, 1.3, n_y).round(6)
        lines.append(mann_whitney(x, y))
        if n_x > 2:
            lines.append(mann_whitney(x.round(1), y.round(1)))
    return lines


def bits(mask):
    return np.packbits(mask.ravel()).tobytes().hex()


def mask_pairs():
    rng = np.random.default_rng(12)
    for shape in ((9, 8, 7), (14, 12, 4), (11, 1, 13), (6, 5, 1)):
        for spacing in ((1.0, 1.0, 1.0), (0.25, 0.25, 1.0), (0.5134, 0.7, 4.0)):
            empty, full, one = np.zeros(shape, bool), np.ones(shape, bool), np.zeros(shape, bool)
            one[tuple(s // 2 for s in shape)] = True
            for pred, ref in ((empty, empty), (full, full), (empty, full), (full, one),
                              (one, empty), (one, full),
                              (rng.random(shape) < 0.1, rng.random(shape) < 0.8),
                              (smooth(rng, shape, 0.4), smooth(rng, shape, 0.3))):
                yield pred, ref, spacing


def mask_lines():
    """dims (x fastest), edges in mm, both masks as bits in hexadecimal, the metrics."""
    for pred, ref, spacing in mask_pairs():
        values = metrics(pred, ref, spacing)
        words = [*map(str, pred.shape[::-1]), *map(repr, spacing[::-1]), bits(pred), bits(ref)]
        yield " ".join(words + [repr(float(values[name])) for name in ORDER])


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "statistics.txt").write_text("\n".join(statistics()) + "\n")
    (folder / "metrics.txt").write_text("\n".join(mask_lines()) + "\n")


if __name__ == "__main__":
    main()
