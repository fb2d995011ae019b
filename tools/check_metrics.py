#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Developers' tool: compares `ben-mpi evaluate` with NumPy and SciPy on random, smooth and
degenerate masks, by volume and by slice, the statistics of several methods and of volumes too; and
with ITK where its program is given (tools/metrics_itk/run.sh builds it). Needs python3-nibabel,
python3-numpy, python3-scipy.

    tools/check_metrics.py build/ben-mpi [METRICS-ITK]

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
    faces = ndimage.generate_binary_structure(mask.ndim, 1)
    return mask & ~ndimage.binary_erosion(mask, faces, border_value=0)


def directed(a, b, spacing):
    return ndimage.distance_transform_edt(~boundary(b), sampling=spacing)[boundary(a)]


def slice_metrics(pred, ref, spacing):
    """Of a slice [1][y][x]: the boundary is that of the shape in the plane."""
    values = metrics(pred, ref, spacing)
    if pred.any() and ref.any():
        flat = metrics(pred[:, :, 0], ref[:, :, 0], spacing[:2])
        values.update({name: flat[name] for name in DISTANCES})
    return values


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
        ones = (1,) * pred.ndim
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


def check_slices(rows, masks):
    """The largest difference of a slice's distances, and of its other values."""
    worst = [0.0, 0.0]
    seen = 0
    for row in rows:
        pred, ref, spacing = masks[row["id"]]
        axis = "ijk".index(row["axis"])
        edges = [s for a, s in enumerate(spacing) if a != axis] + [spacing[axis]]
        at = int(row["slice"])
        cut = [np.take(mask, at, axis=axis)[:, :, None] for mask in (pred, ref)]
        for name, value in slice_metrics(*cut, edges).items():
            apart = difference(name, number(row[name]), value)
            worst[name not in DISTANCES] = max(worst[name not in DISTANCES], apart)
        seen += 1
    assert seen > 1000
    return worst


def check_itk(itk, folder, rows):
    """The largest difference from ITK's distances, and from its overlaps."""
    names = [row["id"] for row in rows]
    out = subprocess.run([itk, "pairs", folder / "pred", folder / "ref", *names], check=True,
                         capture_output=True, text=True).stdout
    worst = [0.0, 0.0]
    both = 0
    for row, line in zip(rows, out.splitlines()):
        name, *values = line.split("\t")
        assert name == row["id"]
        dice, jaccard, sensitivity, hd, voxels, asd, _ = map(float, values)
        for column, value in (("dice", dice), ("jaccard", jaccard),
                              ("sensitivity", sensitivity)):
            if value >= 0:
                worst[1] = max(worst[1], difference(column, number(row[column]), value))
        for column, value in (("hd_mm", hd), ("hd_voxels", voxels), ("asd_mm", asd)):
            if value >= 0:
                worst[0] = max(worst[0], difference(column, number(row[column]), value))
                both += 1
    assert both > 100
    return worst


def check_methods(values, tests, volumes):
    """The largest difference of tests between methods and of volumes' statistics. values: of each
    method, the metrics of every pair. Distances are left to the other checks: their last bits, which
    are not ours, decide ties between ranks."""
    worst = 0.0
    for line in tests:
        if line["metric"] in DISTANCES:
            continue
        a, b = (np.array([v[line["metric"]] for v in values[m]]) for m in ("one", "two"))
        good = np.isfinite(a) & np.isfinite(b)
        t = stats.ttest_rel(a[good], b[good])
        w = stats.wilcoxon(a[good] - b[good], method="approx")
        u = stats.mannwhitneyu(a[np.isfinite(a)], b[np.isfinite(b)], method="asymptotic")
        assert good.sum() == int(line["n_pairs"])
        expected = {"difference": (a[good] - b[good]).mean(), "t": t.statistic, "t_p": t.pvalue,
                    "wilcoxon_w": w.statistic, "wilcoxon_p": w.pvalue,
                    "mann_whitney_u": u.statistic, "mann_whitney_p": u.pvalue}
        for name, value in expected.items():
            worst = max(worst, abs(number(line[name]) - value) / max(1.0, abs(value)))
    for line in volumes:
        pred, ref = (np.array([v[c] for v in values[line["method"]]])
                     for c in ("pred_mm3", "ref_mm3"))
        f = stats.linregress(ref, pred)
        sd = (pred - ref).std(ddof=1)
        half = stats.t.ppf(0.975, len(pred) - 2) * f.stderr
        expected = {"slope": f.slope, "slope_ci95_low": f.slope - half, "intercept": f.intercept,
                    "r2": f.rvalue ** 2, "bias": (pred - ref).mean(), "sd": sd,
                    "limit_high": (pred - ref).mean() + 1.96 * sd}
        for name, value in expected.items():
            worst = max(worst, abs(number(line[name]) - value) / max(1.0, abs(value)))
    return worst


def main():
    program = sys.argv[1]
    itk = sys.argv[2] if len(sys.argv) > 2 else None
    worst = {}
    masks, moved = {}, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        expected = {}
        for i, (pred, ref, spacing) in enumerate(cases()):
            name = f"s{i:04d}"
            spacing = write(folder / "pred" / f"{name}.nii.gz", pred, spacing)
            write(folder / "ref" / f"{name}.nii.gz", ref, spacing)
            other = np.roll(pred, 1, axis=0)
            write(folder / "other" / f"{name}.nii.gz", other, spacing)
            moved.append(metrics(other, ref, spacing))
            expected[name] = metrics(pred, ref, spacing)
            masks[name] = pred, ref, spacing
        table = folder / "out.tsv"
        subprocess.run([program, "evaluate", "--quiet", "--slices", folder / "pred",
                        folder / "ref", table], check=True, stderr=subprocess.DEVNULL)
        rows = read(table)
        summary = check_summary(rows, read(folder / "out_summary.tsv"))
        slices = check_slices(read(folder / "out_slices.tsv"), masks)
        others = [("slices", slices)]
        if itk:
            others.append(("ITK", check_itk(itk, folder, rows)))
        both = folder / "both.tsv"
        subprocess.run([program, "evaluate", "--quiet", f"one={folder / 'pred'}",
                        f"two={folder / 'other'}", folder / "ref", both], check=True,
                       stderr=subprocess.DEVNULL)
        values = {"one": list(expected.values()), "two": moved}
        tests = check_methods(values, read(folder / "both_tests.tsv"),
                              read(folder / "both_volumes.tsv"))
    assert len(rows) == len(expected)
    for row in rows:
        for name, value in expected[row["id"]].items():
            apart = difference(name, number(row[name]), value)
            worst[name] = max(worst.get(name, 0.0), apart)
    failed = not (summary <= TOLERANCE and tests <= TOLERANCE)
    print(f"{len(rows)} pairs")
    for name, apart in worst.items():
        bound = TOLERANCE_MM if name in DISTANCES else TOLERANCE
        failed |= not apart <= bound
        print(f"{name:12s} largest difference {apart:.2e} (bound {bound:g})")
    print(f"{'summary':12s} largest difference {summary:.2e} (bound {TOLERANCE:g})")
    print(f"{'statistics':12s} largest difference {tests:.2e} (bound {TOLERANCE:g})")
    for about, found in others:
        failed |= not (found[0] <= TOLERANCE_MM and found[1] <= TOLERANCE)
        print(f"{about:12s} largest difference {found[0]:.2e} of distances, {found[1]:.2e} of "
              "other values")
    sys.exit(failed)


if __name__ == "__main__":
    main()
