#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""How well the uncertainty of scans predicts their Dice: for each STUDY (a folder as tools/uncertainty.sh
makes it: scans.tsv, out/results.tsv, dice.tsv), for each kind of degradation and for all of them together,
the correlation and the area under the curve for finding the scans of a Dice below a limit; what the flags
did; and what other columns of results.tsv would have predicted. Prints Markdown.

  tools/uncertainty.py STUDY... [--limit 0.9]"""
import argparse
import csv
import math
import pathlib

MEASURES = {
    "uncertainty": lambda row: row["uncertainty"],
    "1 - expected_dice": lambda row: 1 - row["expected_dice"],
    "1 - agreement": lambda row: 1 - row["agreement"],
    "aleatoric + epistemic": lambda row: row["aleatoric"] + row["epistemic"],
    "epistemic": lambda row: row["epistemic"],
}
NUMBERS = ("uncertainty", "expected_dice", "agreement", "aleatoric", "epistemic")


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def name_of(path):
    return pathlib.PurePath(path).name.split(".nii")[0]


def number(text):
    return math.nan if text == "n/a" else float(text)


def read(study):
    """The scans that have a Dice and an uncertainty."""
    dice = {row["id"]: number(row["dice"]) for row in rows_of(study / "dice.tsv")}
    results = {name_of(row["scan"]): row for row in rows_of(study / "out" / "results.tsv")}
    for row in rows_of(study / "scans.tsv"):
        name = name_of(row["image"])
        result = results.get(name)
        if not result or math.isnan(dice.get(name, math.nan)) or result["uncertainty"] == "n/a":
            print(f"left out: {name}: no Dice or no uncertainty\n")
            continue
        numbers = {column: number(result[column]) for column in NUMBERS}
        yield dict(numbers, study=study.name, kind=row["kind"], dice=dice[name], flag=result["flag"])


def correlation(pairs):
    pairs = [pair for pair in pairs if math.isfinite(pair[0])]
    if not pairs:
        return math.nan
    mx, my = (sum(values) / len(pairs) for values in zip(*pairs))
    xx, yy = sum((x - mx) ** 2 for x, _ in pairs), sum((y - my) ** 2 for _, y in pairs)
    return sum((x - mx) * (y - my) for x, y in pairs) / math.sqrt(xx * yy) if xx * yy else math.nan


def area(pairs, limit):
    """The chance that a bad scan has a higher score than a good one; empty masks have the highest."""
    pairs = [(math.inf if math.isnan(x) else x, y) for x, y in pairs]
    bad, good = [x for x, y in pairs if y < limit], [x for x, y in pairs if y >= limit]
    wins = sum((b > g) + .5 * (b == g) for b in bad for g in good)
    return wins / (len(bad) * len(good)) if bad and good else math.nan


def text(value):
    return "-" if math.isnan(value) else f"{value:.3f}"


def line(name, rows, limit):
    def count(flag, bad):
        return sum(row["flag"] == flag and (row["dice"] < limit) == bad for row in rows)
    pairs = [(row["uncertainty"], row["dice"]) for row in rows]
    flags = " | ".join(f"{count(f, False)}, {count(f, True)}" for f in ("pass", "review", "fail"))
    bad = sum(row["dice"] < limit for row in rows)
    print(f"| {name} | {len(rows)} | {bad} | {text(correlation(pairs))} | {text(area(pairs, limit))} | {flags} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", type=pathlib.Path)
    parser.add_argument("--limit", type=float, default=.9)
    args = parser.parse_args()
    rows = [row for study in args.studies for row in read(study)]
    print(f"| scans | n | Dice < {args.limit:g} | r | AUC | pass: good, bad | review | fail |")
    print("|---|---|---|---|---|---|---|---|")
    for study in args.studies:
        line(study.name, [row for row in rows if row["study"] == study.name], args.limit)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        line(kind, [row for row in rows if row["kind"] == kind], args.limit)
    line("all", rows, args.limit)
    print("\n| measure, all scans | r | AUC |\n|---|---|---|")
    for name, measure in MEASURES.items():
        pairs = [(measure(row), row["dice"]) for row in rows]
        print(f"| {name} | {text(correlation(pairs))} | {text(area(pairs, args.limit))} |")


if __name__ == "__main__":
    main()
