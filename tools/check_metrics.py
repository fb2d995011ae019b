#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Developers' tool: compares `ben-mpi evaluate` with NumPy and SciPy on random, smooth and
degenerate masks. Needs python3-nibabel, python3-numpy, python3-scipy.

    tools/check_metrics.py build/ben-mpi

Exits with 1 where a distance differs by more than 1e-4 mm or another value by more than 1e-6
(volumes: relative to their size).
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

import nibabel
import numpy as np
from scipy import ndimage, stats

DISTANCES = ("hd_mm", "hd_voxels", "hd95_mm", "asd_mm", "assd_mm")
TOLERANCE_MM, TOLERANCE = 1e-4, 1e-6


def boundary(mask):
    faces = ndimage.generate_binary_structure(3, 1)
    return mask & ~ndimage.binary_erosion(mask, faces, border_value=0)


def directed(a, b, spacing):
    return ndimage.distance_transform_edt(~boundary(b), sampling=spacing)[boundary(a)]


def metrics(pred, ref, spacing):
    """The definitions, straight from the header's words."""
    both, either = (pred & ref).sum(), (pred | ref).sum()
    outside, voxel = (~ref).sum(), float(np.prod(spacing))
    values = {
        "dice": 2 * both / (pred.sum() + ref.sum()) if either else 1.0,
        "jaccard": both / either if either else 1.0,
        "sensitivity": both / ref.sum() if ref.any() else np.nan,
        "specificity": (~pred & ~ref).sum() / outside if outside else np.nan,
        "pred_mm3": pred.sum() * voxel,
        "ref_mm3": ref.sum() * voxel,
    }
    values.update(dict.fromkeys(DISTANCES, np.nan))
    if pred.any() and ref.any():
        there, back = directed(pred, ref, spacing), directed(ref, pred, spacing)
        ones = (1, 1, 1)
        values["hd_mm"] = max(there.max(), back.max())
        values["hd_voxels"] = max(directed(pred, ref, ones).max(), directed(ref, pred, ones).max())
        values["hd95_mm"] = max(np.percentile(there, 95), np.percentile(back, 95))
        values["asd_mm"] = there.mean()
        values["assd_mm"] = np.concatenate([there, back]).mean()
    return values


def smooth(rng, shape, share):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 3)
    return field > np.quantile(field, 1 - share)


def cases():
    rng = np.random.default_rng(7)
    shapes = [(31, 27, 12), (64, 60, 20), (5, 4, 3), (40, 1, 30), (20, 20, 1), (1, 1, 1)]
    spacings = [(1, 1, 1), (0.25, 0.25, 1), (0.5134, 0.5134, 4), (0.1, 0.73, 2.5)]
    for shape in shapes:
        for spacing in spacings:
            empty, full = np.zeros(shape, bool), np.ones(shape, bool)
            one, other = empty.copy(), empty.copy()
            one.flat[0] = other.flat[-1] = True
            rare, dense = rng.random(shape) < 0.02, rng.random(shape) < 0.9
            blob, second = smooth(rng, shape, 0.3), smooth(rng, shape, 0.3)
            moved = np.roll(blob, 2, axis=0)
            for pred, ref in [(empty, empty), (full, full), (empty, full), (full, empty),
                              (one, other), (one, full), (full, one), (one, empty),
                              (rare, dense), (dense, rare), (blob, second), (moved, blob)]:
                yield pred, ref, spacing


def write(path, mask, spacing):
    image = nibabel.Nifti1Image(mask.astype(np.uint8), np.diag([*spacing, 1.0]))
    image.header.set_zooms(spacing)
    path.parent.mkdir(exist_ok=True)
    nibabel.save(image, path)
    return tuple(float(z) for z in image.header.get_zooms())


def number(text):
    return np.nan if text == "n/a" else float(text)


def difference(name, found, expected):
    if np.isnan(found) or np.isnan(expected):
        return 0.0 if np.isnan(found) and np.isnan(expected) else np.inf
    scale = max(1.0, expected) if name.endswith("mm3") else 1.0
    return abs(found - expected) / scale


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def check_summary(rows, summary):
    """The largest difference of the summary from SciPy's of the same table."""
    worst = 0.0
    for line in summary:
        values = np.array([number(row[line["metric"]]) for row in rows])
        values = values[np.isfinite(values)]
        low, high = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values))
        quartiles = np.percentile(values, [0, 25, 50, 75, 100])
        expected = dict(zip(("min", "quartile1", "median", "quartile3", "max"), quartiles))
        expected.update(n=len(values), mean=values.mean(), sd=values.std(ddof=1), ci95_low=low,
                        ci95_high=high)
        for name, value in expected.items():
            scale = max(1.0, abs(value))
            worst = max(worst, abs(number(line[name]) - value) / scale)
    return worst


def main():
    program = sys.argv[1]
    worst = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        expected = {}
        for i, (pred, ref, spacing) in enumerate(cases()):
            name = f"s{i:04d}"
            spacing = write(folder / "pred" / f"{name}.nii.gz", pred, spacing)
            write(folder / "ref" / f"{name}.nii.gz", ref, spacing)
            expected[name] = metrics(pred, ref, spacing)
        table = folder / "out.tsv"
        subprocess.run([program, "evaluate", "--quiet", folder / "pred", folder / "ref", table],
                       check=True, stderr=subprocess.DEVNULL)
        rows = read(table)
        summary = check_summary(rows, read(folder / "out_summary.tsv"))
    assert len(rows) == len(expected)
    for row in rows:
        for name, value in expected[row["id"]].items():
            apart = difference(name, number(row[name]), value)
            worst[name] = max(worst.get(name, 0.0), apart)
    failed = not summary <= TOLERANCE
    print(f"{len(rows)} pairs")
    for name, apart in worst.items():
        bound = TOLERANCE_MM if name in DISTANCES else TOLERANCE
        failed |= not apart <= bound
        print(f"{name:12s} largest difference {apart:.2e} (bound {bound:g})")
    print(f"{'summary':12s} largest difference {summary:.2e} (bound {TOLERANCE:g})")
    sys.exit(failed)


if __name__ == "__main__":
    main()
