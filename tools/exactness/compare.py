#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The comparison that run.sh starts: compare.py EXACT [options].

Each scan is prepared as segment does it; its slices go through the network here, with every set of
instructions, and in PyTorch in double precision; PyTorch's probabilities become a mask by the
same way as ours.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import performance_page  # noqa: E402
import reference  # noqa: E402

WEIGHTS = {"rat-epi": "rat.h5", "human-ms": "human.h5"}
QUANTILE, MOST_ERROR, LEAST_DICE = 0.9999, 1e-5, 0.9999


def load(path):
    with h5py.File(path, "r") as file:
        arch = dict(file["architecture"].attrs)
        values = {name: torch.from_numpy(data[...].astype(np.float64))
                  for name, data in file["values"].items()}
    assert arch["channels"] == reference.CHANNELS and arch["norm_eps"] == 1e-3
    net = reference.Net(bool(arch["nonlocal"])).double().eval()
    state = net.state_dict()
    assert values.keys() == state.keys()
    net.load_state_dict(values)
    return net, int(arch["size"])


def scans(data, dataset, every):
    with open(f"{data}/datasets.tsv") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["dataset"] == dataset]
    return [f"{data}/{row['image']}" for row in rows][::every]


def probabilities(net, x):
    """In double precision, slice by slice."""
    with torch.inference_mode():
        return np.concatenate([torch.sigmoid(net(torch.from_numpy(s)[None, None].double())).numpy()
                               for s in x])


def dice(a, b):
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


class Scan:
    """One scan: errors of each set of instructions, masks by name."""

    def __init__(self, exact, weights, path, net, size):
        with tempfile.TemporaryDirectory() as folder:
            words = [weights, path, folder]
            said = subprocess.run([exact, "predict"] + words, check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            x = np.fromfile(f"{folder}/slices.f32", np.float32).reshape(-1, size, size)
            prob = probabilities(net, x)
            prob.astype(np.float32).tofile(f"{folder}/other.f32")
            subprocess.run([exact, "mask"] + words, check=True)
            self.sets = said.split()
            self.errors = {isa: abs(np.fromfile(f"{folder}/{isa}.f32", np.float32).reshape(
                x.shape) - prob).astype(np.float32).ravel() for isa in self.sets}
            masks = {name: np.fromfile(f"{folder}/{name}.mask", np.uint8)
                     for name in self.sets + ["other"]}
        self.name, self.slices = os.path.basename(path), len(x)
        self.range = float(prob.max() - prob.min())
        self.dice = {isa: dice(masks[isa], masks["other"]) for isa in self.sets}
        self.between = {isa: dice(masks[isa], masks[self.sets[0]]) for isa in self.sets[1:]}


def report(dataset, found):
    """Lines of the table, and whether all is as wanted."""
    lines, good = [], True
    for isa in found[0].sets:
        errors = np.concatenate([scan.errors[isa] for scan in found])
        at = float(np.quantile(errors, QUANTILE))
        low = min(scan.dice[isa] for scan in found)
        between = min((scan.between[isa] for scan in found if isa in scan.between), default=None)
        shown = "" if between is None else f"{between:.6f}"
        slices = sum(scan.slices for scan in found)
        lines.append(f"| {dataset} | {len(found)}, {slices} | {isa} | {at:.1e} | "
                     f"{errors.max():.1e} | {low:.6f} | {shown} |")
        good &= at <= MOST_ERROR and low >= LEAST_DICE and (between or 1) >= LEAST_DICE
    return lines, good


def study(options, dataset):
    """All scans of a data set, or every Nth."""
    weights = f"{options.weights}/{WEIGHTS[dataset]}"
    net, size = load(weights)
    found = []
    for path in scans(options.data, dataset, options.every):
        found.append(Scan(options.exact, weights, path, net, size))
        print(f"{found[-1].name}: " + ", ".join(
            f"{isa} {found[-1].errors[isa].max():.1e}, Dice {found[-1].dice[isa]:.6f}"
            for isa in found[-1].sets), file=sys.stderr)
    if not any(scan.range > 0.5 for scan in found):
        sys.exit("compare.py: the probabilities are all alike: they prove nothing")
    return found


def options_read():
    parser = argparse.ArgumentParser()
    parser.add_argument("exact")
    parser.add_argument("--every", type=int, default=1, help="every Nth scan only")
    parser.add_argument("--weights", default=f"{ROOT}/weights", help="folder with the weights")
    parser.add_argument("--dataset", choices=list(WEIGHTS), action="append")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md too")
    parser.set_defaults(data=os.environ.get("BEN_DATA", f"{ROOT}/../shared/data"))
    return parser.parse_args()


def main():
    options = options_read()
    command = "tools/exactness/run.sh " + " ".join(sys.argv[2:])
    lines = [f"`{command.strip()}`:", ""] + [f"- {line}" for line in performance_page.machine()]
    lines += [f"- PyTorch {torch.__version__}, double precision", "",
              "| scans | how many, slices | instructions | error, 99.99 % below | largest | "
              "lowest Dice with PyTorch | lowest with the first |", "|---|---|---|---|---|---|---|"]
    all_good = True
    for dataset in options.dataset or WEIGHTS:
        more, good = report(dataset, study(options, dataset))
        lines += more
        all_good &= good
    print("\n".join(lines))
    if options.write:
        performance_page.write("tools/exactness/run.sh", lines)
    sys.exit(not all_good)


if __name__ == "__main__":
    main()
