#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Paints scans from whole-head label maps of animals: what a network makes of heads, contrasts and fields
of view that it never saw. Each tissue gets a grey (T1: muscle from a third of the brain's to brighter;
T2: muscle darker; EPI: next to nothing but the brain; random: anything), with texture, bias field, slices
as thick as in the field, Rician noise; once as the whole head and once with the field of view close to
the brain. Masks by the rule of tools/made_heads.py. Deterministic. A developer's tool (numpy, scipy,
nibabel); the maps may be evaluated on, no weights are trained on them.

  tools/paint_animals.py HEADLABELS OUT [--each 12]

HEADLABELS has the folders mouse_icfem, rat_icfem, rat_sigma and monkey_icfem, each with *_labels.nii.gz
and labels.tsv. OUT gets images, masks and scans.tsv."""
import argparse
import pathlib

import nibabel as nib
import numpy as np
from scipy import ndimage

from made_heads import brain_mask, legend, rician

# Species, the label of bone, voxels in mm (across, across, along the slices) of even and odd scans.
MAPS = {"mouse_icfem": ("mus musculus", 2, (.1, .1, .5), (.15, .15, .75)),
        "rat_icfem": ("rattus norvegicus", 3, (.2, .2, 1.), (.3, .3, .5)),
        "rat_sigma": ("rattus norvegicus", 4, (.2, .2, 1.), (.3, .3, .3)),
        "monkey_icfem": ("macaca", 4, (1., 1., 1.), (1.2, 1.2, 2.))}
# Of other tissue: lowest and highest grey; then outer and inner brain, and fluid.
MANNERS = {"T1": ((.3, .9), .6, .8, .2), "T2": ((.1, .6), .65, .5, 1.),
           "EPI": ((.03, .3), .8, .7, .9), "random": None}
FLESH_MM = 4.5  # in rat_sigma muscle and air share a label: what is nearer to the brain is muscle
NEAR = .2       # of the brain's length to each side


def greys(n, manner, brain, fluid, bone, bone_is_dark, rng):
    span = MANNERS[manner]
    low, high = span[0] if span else (.1, 1.)
    grey = rng.uniform(low, high, n)
    if span:
        for value, mean in zip(brain, span[1:3]):
            grey[value] = mean * rng.uniform(.9, 1.1)
        grey[fluid] = span[3]
    if bone_is_dark:
        grey[bone] = rng.uniform(0, .3)
    grey[0] = rng.uniform(0, .05)
    return grey


def bias_field(shape, rng):
    slopes = rng.uniform(-.5, .5, 3)
    axes = np.ix_(*(np.linspace(-1, 1, n) for n in shape))
    return np.exp(sum(slope * axis for slope, axis in zip(slopes, axes))).astype(np.float32)


def resample(volume, zoom):
    shape = np.round(np.array(volume.shape) * zoom).astype(int)
    at = np.indices(shape, np.float32)
    at = [(at[a] + .5) / zoom[a] - .5 for a in range(3)]
    return ndimage.map_coordinates(volume, at, order=1, mode="nearest")


def paint(labels, mask, voxel, target, grey, is_sigma, rng):
    texture = ndimage.gaussian_filter(rng.standard_normal(labels.shape, np.float32), 1.)
    spread = rng.uniform(.03, .1, len(grey))
    spread[0] = .005
    image = (grey[labels] + spread[labels] * texture / texture.std()).astype(np.float32)
    if is_sigma:
        far = ndimage.distance_transform_edt(~mask, sampling=voxel)
        image /= 1 + np.exp((far - FLESH_MM) / .3)
    image = ndimage.gaussian_filter(image * bias_field(labels.shape, rng),
                                    np.clip(.4 * target / voxel - .2, 0, None))
    zoom = voxel / target
    image = rician(resample(image, zoom), rng.uniform(.01, .06), rng)
    return image, resample(mask.astype(np.float32), zoom) > .5


def near_box(mask):
    box = []
    for axis in range(3):
        at = np.flatnonzero(mask.any(tuple(a for a in range(3) if a != axis)))
        margin = int(NEAR * (at[-1] - at[0]))
        box.append(slice(max(0, at[0] - margin), at[-1] + 1 + margin))
    return tuple(box)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    args.add_argument("labels", type=pathlib.Path)
    args.add_argument("out", type=pathlib.Path)
    args.add_argument("--each", type=int, default=12)
    a = args.parse_args()
    for folder in "images", "masks":
        (a.out / folder).mkdir(parents=True, exist_ok=True)
    table = ["image\tmask\tspecies\tdataset\tkind\tview"]
    for m, (name, (species, bone, *targets)) in enumerate(MAPS.items()):
        brain, fluid = legend(a.labels / name)
        scan = nib.as_closest_canonical(nib.load(a.labels / name / f"{name}_labels.nii.gz"))
        labels = np.asarray(scan.dataobj).astype(int)
        voxel = np.array(scan.header.get_zooms()[:3], float)
        mask = brain_mask(labels, brain, fluid)
        for i in range(a.each):
            rng = np.random.default_rng([m, i])
            manner = list(MANNERS)[i % len(MANNERS)]
            target = np.array(targets[i // len(MANNERS) % 2])
            if species != "macaca":
                target = target[[0, 2, 1]]  # coronal slices
            grey = greys(labels.max() + 1, manner, brain, fluid, bone, i >= len(MANNERS), rng)
            image, truth = paint(labels, mask, voxel, target, grey, name == "rat_sigma", rng)
            whole = nib.Nifti1Image((image * 1000).astype(np.int16),
                                    scan.affine @ np.diag([*target / voxel, 1]))
            truth = nib.Nifti1Image(truth.astype(np.uint8), whole.affine)
            for view in "whole", "near":
                box = near_box(np.asarray(truth.dataobj) > 0) if view == "near" else np.s_[:, :, :]
                file = f"{name}_{i}{manner}_{view}"
                nib.save(whole.slicer[box], a.out / f"images/{file}.nii.gz")
                nib.save(truth.slicer[box], a.out / f"masks/{file}_mask.nii.gz")
                table.append(f"images/{file}.nii.gz\tmasks/{file}_mask.nii.gz\t{species}\t{name}"
                             f"\t{manner}\t{view}")
    (a.out / "scans.tsv").write_text("\n".join(table) + "\n")


if __name__ == "__main__":
    main()
