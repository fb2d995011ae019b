#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes training heads from whole-head label maps: a random grey for each tissue after the manner of
T1w, T2w, FLAIR or of nothing at all, texture, bias field, thick slices, noise; masks by the rule
"brain with its ventricles and closed sulci, without the fluid around". A developer's tool (numpy,
scipy, nibabel) that weights/human.h5 was trained with.

  tools/made_heads.py LABELS OUT [--per-map 2] [--seed 1]

LABELS holds *_labels.nii.gz and labels.tsv (value, tissue, is_brain, is_csf). OUT gets the images,
their masks, a manifest heads.tsv and dataset_description.json."""
import argparse
import csv
import json
import pathlib

import nibabel as nib
import numpy as np
from scipy import ndimage

WHITE = {2, 41, 7, 46, 16, 28, 60, 13, 52, 85, 512}
FLUID = {4, 5, 14, 15, 24, 43, 44, 72, 506}
# Lowest and highest grey of each group of tissues in each manner.
GREYS = {
    "T1w": dict(white=(.65, .8), grey=(.45, .6), fluid=(.1, .3), muscle=(.35, .55),
                fat=(.8, 1.2), bone=(.02, .1), marrow=(.4, .9), vein=(.1, .6)),
    "T2w": dict(white=(.3, .42), grey=(.42, .6), fluid=(.75, 1.), muscle=(.12, .3),
                fat=(.45, .9), bone=(.02, .1), marrow=(.3, .6), vein=(.05, .4)),
    "FLAIR": dict(white=(.38, .5), grey=(.48, .65), fluid=(.04, .2), muscle=(.22, .4),
                  fat=(.5, .95), bone=(.02, .1), marrow=(.3, .6), vein=(.05, .4)),
    "any": dict.fromkeys(("white", "grey", "fluid", "muscle", "fat", "bone", "marrow", "vein"),
                         (0., 1.)),
}
OUTER = {507: "muscle", 511: "fat", 508: "fat", 515: "bone", 516: "marrow", 514: "vein",
         509: "muscle", 502: "bone", 530: "muscle"}


def legend(folder):
    """The values that are brain, and those that are CSF."""
    with open(folder / "labels.tsv") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return ([int(r["value"]) for r in rows if r["is_brain"] == "1"],
            [int(r["value"]) for r in rows if r["is_csf"] == "1"])


def rician(image, sd, rng):
    return np.hypot(image + rng.normal(0, sd, image.shape), rng.normal(0, sd, image.shape))


def largest(mask, structure=None):
    parts, n = ndimage.label(mask, structure)
    return parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if n else mask


def brain_mask(labels, is_brain, is_csf):
    brain = largest(np.isin(labels, is_brain))
    r = max(1, round(.03 * np.cbrt(brain.sum())))
    grid = np.indices((2 * r + 1,) * 3) - r
    padded = np.pad(brain, r + 1)
    closed = ndimage.binary_closing(padded, (grid ** 2).sum(0) <= r * r)
    closed = closed[(slice(r + 1, -r - 1),) * 3]
    mask = brain | closed & np.isin(labels, is_brain + is_csf)
    return largest(ndimage.binary_fill_holes(mask))


def smooth_field(rng, shape, knots, sd):
    field = rng.normal(0, sd, (knots,) * 3)
    return ndimage.zoom(field, [n / knots for n in shape], order=3)[:shape[0], :shape[1], :shape[2]]


def group_of(value, is_brain):
    if value in FLUID:
        return "fluid"
    if value in WHITE:
        return "white"
    return "grey" if value in is_brain else OUTER.get(value, "bone")


def paint(labels, is_brain, manner, rng):
    greys = {g: rng.uniform(*span) for g, span in GREYS[manner].items()}
    spread = rng.uniform(.01, .05)
    image = np.zeros(labels.shape, np.float32)
    for value in np.unique(labels):
        if value == 0:
            continue
        inside = labels == value
        mean = greys[group_of(value, is_brain)] * rng.uniform(.93, 1.07)
        image[inside] = mean + rng.normal(0, spread, inside.sum())
    soft = labels == 507  # muscle with fat between
    fat = smooth_field(rng, labels.shape, 24, 1.) > rng.uniform(.2, 1.)
    image[soft & fat] = greys["fat"] * rng.uniform(.7, 1.)
    return image


def spoil(image, rng):
    """Blur, bias, thick slices, noise, a field of view that ends above or below."""
    image = ndimage.gaussian_filter(image, [rng.uniform(.3, .8)] * 2 + [.3])
    image = image * np.exp(smooth_field(rng, image.shape, 4, rng.uniform(0, .35)))
    return np.clip(image, 0, None)


def thicken(volume, k):
    n = volume.shape[2] // k * k
    return volume[:, :, :n].reshape(*volume.shape[:2], n // k, k).mean(3)


def make(path, is_brain, is_csf, manner, rng):
    scan = nib.as_closest_canonical(nib.load(path))
    labels = np.asarray(scan.dataobj).astype(int)
    mask = brain_mask(labels, is_brain, is_csf)
    labels = np.where(ndimage.binary_dilation(largest(labels > 0), iterations=2), labels, 0)
    image = spoil(paint(labels, is_brain, manner, rng), rng)
    k = int(rng.integers(2, 5))
    image, mask = thicken(image, k), thicken(mask.astype(np.float32), k) > .5
    image = rician(image, rng.uniform(.005, .04), rng)
    zs = np.flatnonzero(mask.any((0, 1)))
    low = max(0, zs[0] - int(rng.integers(0, 60 // k)))
    affine = scan.affine @ np.diag([1, 1, k, 1])
    affine[:3, 3] += affine[:3, 2] * low
    return ((image[:, :, low:] * 1000).astype(np.int16), mask[:, :, low:].astype(np.uint8), affine)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    args.add_argument("labels", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--per-map", type=int, default=2)
    args.add_argument("--seed", type=int, default=1)
    a = args.parse_args()
    is_brain, is_csf = legend(a.labels)
    a.out.mkdir(parents=True, exist_ok=True)
    table = ["image\tmask\tspecies\tparticipant\tdataset\tmodality\tsplit"]
    manners = list(GREYS)
    for m, path in enumerate(sorted(a.labels.glob("*_labels.nii.gz"))):
        for i in range(a.per_map):
            rng = np.random.default_rng([a.seed, m, i])
            manner = manners[(m + i * 2) % len(manners)]
            name = path.name.replace("_labels.nii.gz", "") + f"_{i}{manner}"
            image, mask, affine = make(path, is_brain, is_csf, manner, rng)
            nib.save(nib.Nifti1Image(image, affine), a.out / f"{name}.nii.gz")
            nib.save(nib.Nifti1Image(mask, affine), a.out / f"{name}_mask.nii.gz")
            table.append(f"{name}.nii.gz\t{name}_mask.nii.gz\thomo sapiens\t{name.split('_')[0]}"
                         f"\tmade-heads\t{manner}\ttrain")
    (a.out / "heads.tsv").write_text("\n".join(table) + "\n")
    (a.out / "dataset_description.json").write_text(json.dumps({
        "Name": "Heads made from the training label maps of SynthSeg", "BIDSVersion": "1.8.0",
        "DatasetType": "derivative", "License": "Apache-2.0",
        "SourceDatasets": [{"URL": "https://github.com/BBillot/SynthSeg"}]}, indent=2) + "\n")


if __name__ == "__main__":
    main()
