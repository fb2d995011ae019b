#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Spoils scans as scanners and subjects do, to see what a measure of quality makes of it: noise (Rician),
motion (ghosts of a head that moves to and fro), bias (a surface coil's fall-off), crop (a field of view
that cuts the brain), lowres (coarse voxels), faint (next to nothing but the brain is seen, coarse and
smoothly interpolated, as in EPI of small animals). Deterministic. A developer's tool (numpy, scipy,
nibabel).

  tools/degrade.py OUT MANIFEST... [--kinds noise,bias] [--levels 1,2,3] [--seed 1] [--where COLUMN=VALUE]
      [--only REGEX, of the names to be written]

MANIFEST is a TSV with the columns image, mask, species and dataset, paths relative to it. OUT gets each
chosen scan as it is and in every kind and level (1 mild to 3 severe) under images, its mask under masks,
and scans.tsv with all of them."""
import argparse
import csv
import pathlib
import re
import zlib

import nibabel as nib
import numpy as np
from scipy import ndimage

COLUMNS = ["image", "mask", "species", "dataset", "source", "kind", "level"]


def phase_axis(image):
    """The longer of the two axes that have the smallest voxels."""
    in_plane = np.argsort(image.header.get_zooms()[:3], kind="stable")[:2]
    return int(max(in_plane, key=lambda axis: image.shape[axis]))


def others(axis):
    return tuple(a for a in range(3) if a != axis)


def along(axis, values):
    """Of a volume's shape, to be multiplied with one."""
    return np.expand_dims(values, others(axis))


def noise(image, mask, level, rng):
    data = image.get_fdata(dtype=np.float32)
    sd = (.04, .1, .25)[level] * np.percentile(data, 99)
    real = data + rng.normal(0, sd, data.shape)
    return like(image, np.hypot(real, rng.normal(0, sd, data.shape))), mask


def motion(image, mask, level, rng):
    """Each line of k-space is taken where the head is at that time: a shift along the phase axis."""
    data = image.get_fdata(dtype=np.float32)
    axis = phase_axis(image)
    n = data.shape[axis]
    frequency = np.fft.fftfreq(n)
    line = np.argsort(np.argsort(frequency))
    shift = (.01, .03, .08)[level] * n * np.sin(2 * np.pi * line / rng.uniform(3, 9) + rng.uniform(0, 6))
    phase = along(axis, np.exp(-2j * np.pi * frequency * shift))
    return like(image, np.abs(np.fft.ifft(np.fft.fft(data, axis=axis) * phase, axis=axis))), mask


def bias(image, mask, level, rng):
    """A coil at a point of the head's surface; sensitivity falls with the distance."""
    data = image.get_fdata(dtype=np.float32)
    size = np.array(image.header.get_zooms()[:3]) * data.shape
    direction = rng.normal(size=3)
    coil = (.5 + .5 * direction / np.abs(direction).max()) * size
    grid = np.indices(data.shape, dtype=np.float32).reshape(3, -1)
    place = (grid.T + .5) * np.array(image.header.get_zooms()[:3], np.float32)
    distance = np.linalg.norm(place - coil, axis=1).reshape(data.shape) / size.max()
    return like(image, data / (.1 + distance) ** (1, 2, 3.5)[level]), mask


def crop(image, mask, level, rng):
    """Cuts 8, 20 or 40 % of the brain's extent away, at one of the six sides."""
    brain = np.asarray(mask.dataobj) > .5
    axis, low = int(rng.integers(3)), bool(rng.integers(2))
    inside = np.flatnonzero(brain.any(axis=others(axis)))
    cut = round((.08, .2, .4)[level] * (inside[-1] - inside[0] + 1))
    keep = slice(inside[0] + cut, None) if low else slice(0, inside[-1] + 1 - cut)
    part = tuple(keep if a == axis else slice(None) for a in range(3))
    return image.slicer[part], mask.slicer[part]


def lowres(image, mask, level, rng):
    """Voxels of 2, 4 or 7 times the smallest edge, back on the scan's own grid."""
    data = image.get_fdata(dtype=np.float32)
    voxel = np.array(image.header.get_zooms()[:3])
    coarse = np.maximum(voxel, (2, 4, 7)[level] * voxel.min())
    wide = ndimage.gaussian_filter(data, np.where(coarse > voxel, .42 * coarse / voxel, 0))
    small = ndimage.zoom(wide, voxel / coarse, order=1, grid_mode=True, mode="nearest")
    back = np.array(data.shape) / small.shape
    return like(image, ndimage.zoom(small, back, order=1, grid_mode=True, mode="nearest")), mask


def faint(image, mask, level, rng):
    """All but the brain fades to 30, 12 or 5 %, the brain has 60, 40 or 28 voxels across (thick slices stay
    as they are), and a coil above it sees its top 3.3 times as bright as its base."""
    data = image.get_fdata(dtype=np.float32)
    brain = np.asarray(mask.dataobj) > .5
    voxel = np.array(image.header.get_zooms()[:3])
    places = np.argwhere(brain)
    low, extent = places.min(axis=0), np.ptp(places, axis=0) + 1
    thin = voxel < 1.5 * voxel.min()
    near = ndimage.gaussian_filter(brain.astype(np.float32), np.where(thin, extent / 40, 0))
    rest = (.3, .12, .05)[level]
    data = np.maximum(data - np.percentile(data, 1), 0) * (rest + (1 - rest) * np.minimum(1.6 * near, 1))
    factor = np.where(thin, np.minimum((60, 40, 28)[level] / extent, 1), 1)
    coarse = ndimage.zoom(ndimage.gaussian_filter(data, np.where(factor < 1, .35 / factor, 0)), factor, order=1)
    coarse += rng.normal(0, .01 * np.percentile(coarse, 99), coarse.shape)
    fine = np.abs(ndimage.zoom(coarse, np.array(data.shape) / coarse.shape, order=3))
    up = int(np.abs(image.affine[2, :3] / voxel).argmax())
    height = (np.arange(data.shape[up]) - low[up]) / extent[up] * np.sign(image.affine[2, up])
    return like(image, fine * along(up, np.exp(1.2 * height))), mask


KINDS = {"noise": noise, "motion": motion, "bias": bias, "crop": crop, "lowres": lowres, "faint": faint}


def like(image, data):
    fresh = nib.Nifti1Image(np.ascontiguousarray(data, np.float32), image.affine, image.header)
    fresh.set_data_dtype(np.float32)
    fresh.header.set_slope_inter(1, 0)
    return fresh


def first_volume(image):
    return image.slicer[..., min(4, image.shape[3] - 1)] if image.ndim > 3 else image


def name_of(row, kind, level):
    return f"{row['source']}_{kind}{level or ''}"


def put(out, row, image, mask, kind, level):
    name = name_of(row, kind, level)
    image.to_filename(out / "images" / f"{name}.nii.gz")
    mask.to_filename(out / "masks" / f"{name}_mask.nii.gz")
    return dict(row, image=f"images/{name}.nii.gz", mask=f"masks/{name}_mask.nii.gz", kind=kind,
                level=level)


def spoil(out, row, folder, args):
    image = first_volume(nib.load(folder / row["image"]))
    mask = nib.load(folder / row["mask"])
    name = pathlib.Path(row["image"]).name.split(".nii")[0]
    row = dict(species=row["species"], dataset=row["dataset"], source=f"{row['dataset']}_{name}")
    versions = [("clean", 0)] + [(kind, level) for kind in args.kinds.split(",")
                                 for level in map(int, args.levels.split(","))]
    for kind, level in versions:
        if not re.search(args.only, name_of(row, kind, level)):
            continue
        key = zlib.crc32(f"{row['source']} {kind} {level}".encode())
        rng = np.random.default_rng([args.seed, key])
        spoilt = KINDS[kind](image, mask, level - 1, rng) if level else (image, mask)
        yield put(out, row, *spoilt, kind, level)


def chosen(row, conditions):
    return row["mask"] != "n/a" and all(row[column] == value for column, value in conditions)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("manifests", nargs="+", type=pathlib.Path)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--levels", default="1,2,3")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--where", action="append", default=[])
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    for folder in ("images", "masks"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    conditions = [condition.split("=", 1) for condition in args.where]
    rows = []
    for manifest in args.manifests:
        with manifest.open() as file:
            for row in csv.DictReader(file, delimiter="\t"):
                if chosen(row, conditions):
                    rows += spoil(args.out, row, manifest.parent, args)
    with (args.out / "scans.tsv").open("w") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
